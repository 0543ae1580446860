/* SPDX-License-Identifier: Apache-2.0
 *
 * session.c - see session.h. All places are looked at each time: there are few, and how long a look-up
 * takes says nothing about ids. */
#include "session.h"

#include <stdio.h>
#include <string.h>

void sessions_init(struct sessions *sessions, int64_t idle, int64_t max)
{
    memset(sessions, 0, sizeof *sessions);
    sessions->idle = idle;
    sessions->max = max;
    (void)pthread_mutex_init(&sessions->lock, NULL);
}

void sessions_release(struct sessions *sessions)
{
    (void)pthread_mutex_destroy(&sessions->lock);
    explicit_bzero(sessions->items, sizeof sessions->items);
}

static void end(struct session *session)
{
    explicit_bzero(session, sizeof *session);
}

static void end_old(struct sessions *sessions, int64_t now)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *at = &sessions->items[i];

        if (at->id[0] != '\0' &&
            (now - at->used >= sessions->idle || now - at->began >= sessions->max)) {
            end(at);
        }
    }
}

/* The place for one more: of the user's own when there are enough of them, else a free one, else that
 * of the one that was idle longest. */
static struct session *find_place(struct sessions *sessions, const char *user)
{
    struct session *oldest = NULL;
    struct session *own = NULL;
    struct session *unused = NULL;
    size_t count = 0;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *at = &sessions->items[i];

        if (at->id[0] == '\0') {
            unused = at;
            continue;
        }
        if (oldest == NULL || at->used < oldest->used) {
            oldest = at;
        }
        if (strcmp(at->user, user) == 0) {
            count++;
            own = own == NULL || at->used < own->used ? at : own;
        }
    }
    if (count >= SESSIONS_PER_USER) {
        return own;
    }
    return unused != NULL ? unused : oldest;
}

bool sessions_begin(struct sessions *sessions, const struct user *user, int64_t now,
                    struct session *ret_session)
{
    struct session made = {.role = user->role, .began = now, .used = now};

    if (!secret_make(made.id) || !secret_make(made.token)) {
        return false;
    }
    (void)snprintf(made.user, sizeof made.user, "%s", user->name);
    (void)pthread_mutex_lock(&sessions->lock);
    end_old(sessions, now);
    *find_place(sessions, made.user) = made;
    (void)pthread_mutex_unlock(&sessions->lock);
    *ret_session = made;
    return true;
}

/* NULL when there is none. */
static struct session *find(struct sessions *sessions, hl7_slice id)
{
    struct session *found = NULL;

    for (size_t i = 0; i < SESSIONS_MAX && id.len == SECRET_DIGITS; i++) {
        if (secret_same(id, hl7_slice_of(sessions->items[i].id))) {
            found = &sessions->items[i];
        }
    }
    return found;
}

bool sessions_find(struct sessions *sessions, hl7_slice id, int64_t now,
                   struct session *ret_session)
{
    (void)pthread_mutex_lock(&sessions->lock);
    end_old(sessions, now);
    struct session *found = find(sessions, id);
    if (found != NULL) {
        found->used = now;
        *ret_session = *found;
    }
    (void)pthread_mutex_unlock(&sessions->lock);
    return found != NULL;
}

void sessions_end(struct sessions *sessions, hl7_slice id)
{
    (void)pthread_mutex_lock(&sessions->lock);
    struct session *found = find(sessions, id);
    if (found != NULL) {
        end(found);
    }
    (void)pthread_mutex_unlock(&sessions->lock);
}

void sessions_keep(struct sessions *sessions, const struct users *users)
{
    (void)pthread_mutex_lock(&sessions->lock);
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *at = &sessions->items[i];
        const struct user *user = at->id[0] != '\0' ? users_find(users, at->user) : NULL;

        if (at->id[0] != '\0' && (user == NULL || user->role != at->role)) {
            end(at);
        }
    }
    (void)pthread_mutex_unlock(&sessions->lock);
}

int64_t sessions_last(const struct sessions *sessions, const struct session *session)
{
    return session->began + sessions->max;
}
