/* SPDX-License-Identifier: Apache-2.0
 *
 * web.h - all that the process holds. One struct, made by main.c, which its threads share: each member
 * has its own lock, or does not change. */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "connections.h"
#include "guard.h"
#include "session.h"
#include "setup.h"

struct MHD_Daemon;

/* The users file as it was read last. */
struct web_users {
    pthread_mutex_t lock;
    struct users users;
    struct stat seen;
    bool good; /* the last reading was */
    char nobody[USER_HASH_MAX +
                1];        /* what the password of a user that is not there is checked with */
    atomic_int checking;   /* passwords being checked */
    pthread_mutex_t check; /* one at a time: each takes much memory */
};

/* An answer that many ask for within one moment. */
struct web_cache {
    pthread_mutex_t lock;
    int64_t made; /* clock_steady(); 0: never */
    char *text;   /* malloc'd */
    char etag[24];
};

struct web {
    struct setup setup;
    char metrics_token[256]; /* "": there is none */
    struct web_users users;
    struct sessions sessions;
    struct guard guard;
    struct connections connections;
    struct web_cache flow;
    struct MHD_Daemon *daemon;
};

/* Gets all ready that a configuration asks for, but serves nothing yet. False with a line on standard
 * error. */
bool web_init(struct web *web);
void web_release(struct web *web);

/* Reads the users file again if it has changed; sessions of users that are gone end. */
void web_refresh_users(struct web *web);

/* A copy of a user; false when there is none of the name. */
bool web_find_user(struct web *web, const char *name, struct user *ret_user);

#endif
