/* SPDX-License-Identifier: Apache-2.0
 *
 * session.h - who is logged in. Sessions live in this process and die with it. Any thread may call.
 *
 * A session is found by 256 random bits in a cookie, ends when it is idle for too long or simply too old,
 * and has a second secret, the token, which requests that change something show in a header. There are
 * SESSIONS_MAX at most, SESSIONS_PER_USER of one user: one more ends the one that was idle longest.
 *
 * Times are microseconds of clock_steady(). */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include <pthread.h>
#include <stdint.h>

#include "secret.h"
#include "users.h"

enum { SESSIONS_MAX = 256, SESSIONS_PER_USER = 8 };

struct session {
    char id[SECRET_SIZE]; /* "": a free place */
    char token[SECRET_SIZE];
    char user[USER_NAME_MAX + 1];
    enum role role;
    int64_t began;
    int64_t used;
};

struct sessions {
    pthread_mutex_t lock;
    int64_t idle; /* microseconds */
    int64_t max;
    struct session items[SESSIONS_MAX];
};

void sessions_init(struct sessions *sessions, int64_t idle, int64_t max);
void sessions_release(struct sessions *sessions);

/* Begins one; false when there is no randomness. */
bool sessions_begin(struct sessions *sessions, const struct user *user, int64_t now,
                    struct session *ret_session);

/* The one with this id, a copy; it is used now. False when there is none any more. */
bool sessions_find(struct sessions *sessions, hl7_slice id, int64_t now,
                   struct session *ret_session);

void sessions_end(struct sessions *sessions, hl7_slice id);

/* Ends those whose user is not among these with the same role. */
void sessions_keep(struct sessions *sessions, const struct users *users);

/* When the session ends at the latest. */
int64_t sessions_last(const struct sessions *sessions, const struct session *session);

#endif
