/* SPDX-License-Identifier: Apache-2.0
 *
 * web.c - see web.h. */
#include "web.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/log.h"

#define MICROSECONDS 1000

/* The first line of the file. */
static bool read_token(struct web *web)
{
    const char *path = web->setup.web.metrics_token;
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, web->metrics_token, sizeof web->metrics_token - 1);

    if (path == NULL) {
        return true;
    }
    if (len >= 0) {
        web->metrics_token[len] = '\0';
        web->metrics_token[strcspn(web->metrics_token, "\r\n")] = '\0';
    }
    if (len < 0 || strlen(web->metrics_token) < 16) {
        log_fatal("web-token", "%s: %s", path,
                  len < 0 ? strerror(errno) : "a token has 16 bytes at least, in the first line");
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return strlen(web->metrics_token) >= 16;
}

static bool init_users(struct web *web)
{
    char reason[USERS_REASON_MAX];
    char password[SECRET_SIZE];
    struct web_users *users = &web->users;

    (void)pthread_mutex_init(&users->lock, NULL);
    (void)pthread_mutex_init(&users->check, NULL);
    users->good = users_read(&users->users, web->setup.web.users, reason);
    if (!users->good) {
        log_fatal("web-users", "%s", reason);
        return false;
    }
    (void)stat(web->setup.web.users, &users->seen);
    if (!secret_make(password) || !user_hash(password, users->nobody)) {
        log_fatal("web-users", "this system's libcrypt has no yescrypt, or no randomness");
        return false;
    }
    return true;
}

bool web_init(struct web *web)
{
    const struct setup_web *setup = &web->setup.web;

    sessions_init(&web->sessions, (int64_t)setup->session_idle * MICROSECONDS,
                  (int64_t)setup->session_max * MICROSECONDS);
    guard_init(&web->guard, (unsigned)setup->lock_after, (int64_t)setup->lock_for * MICROSECONDS);
    (void)pthread_mutex_init(&web->flow.lock, NULL);
    connections_init(&web->connections, (int64_t)setup->request_timeout * MICROSECONDS);
    return init_users(web) && read_token(web);
}

void web_release(struct web *web)
{
    sessions_release(&web->sessions);
    guard_release(&web->guard);
    connections_release(&web->connections);
    users_release(&web->users.users);
    (void)pthread_mutex_destroy(&web->users.lock);
    (void)pthread_mutex_destroy(&web->users.check);
    (void)pthread_mutex_destroy(&web->flow.lock);
    free(web->flow.text);
    explicit_bzero(web->metrics_token, sizeof web->metrics_token);
    setup_release(&web->setup);
}

static bool is_other(const struct stat *a, const struct stat *b)
{
    return a->st_ino != b->st_ino || a->st_size != b->st_size ||
           a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

/* A file that is gone or wrong lets nobody in: the old one may have been taken away for a reason. */
static void read_again(struct web *web)
{
    struct web_users *users = &web->users;
    struct users fresh;
    char reason[USERS_REASON_MAX];

    users->good = users_read(&fresh, web->setup.web.users, reason);
    if (!users->good) {
        log_error("web-users", "%s; nobody may log in until that is mended", reason);
    }
    users_release(&users->users);
    users->users = fresh;
    sessions_keep(&web->sessions, &users->users);
}

void web_refresh_users(struct web *web)
{
    struct web_users *users = &web->users;
    struct stat now;

    memset(&now, 0, sizeof now);
    (void)stat(web->setup.web.users, &now);
    (void)pthread_mutex_lock(&users->lock);
    if (is_other(&now, &users->seen)) {
        users->seen = now;
        read_again(web);
    }
    (void)pthread_mutex_unlock(&users->lock);
}

bool web_find_user(struct web *web, const char *name, struct user *ret_user)
{
    (void)pthread_mutex_lock(&web->users.lock);
    const struct user *found = users_find(&web->users.users, name);
    if (found != NULL) {
        *ret_user = *found;
    }
    (void)pthread_mutex_unlock(&web->users.lock);
    return found != NULL;
}
