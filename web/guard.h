/* SPDX-License-Identifier: Apache-2.0
 *
 * guard.h - makes those wait who give wrong passwords: by the name of the user they tried, and by the
 * address they come from. Any thread may call.
 *
 * After `after` failures in a row a key waits `first`; each further failure doubles that, an hour at
 * most. A key is forgotten a day after its last failure, or when it gives the right password; when there
 * are too many keys, the one that failed longest ago. */
#ifndef WEB_GUARD_H
#define WEB_GUARD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { GUARD_KEYS = 1024, GUARD_KEY_MAX = 79 };

struct guard_entry {
    char key[GUARD_KEY_MAX + 1]; /* "": a free place */
    unsigned failures;
    int64_t failed; /* the last time, in microseconds of clock_steady() */
    int64_t until;
};

struct guard {
    pthread_mutex_t lock;
    unsigned after;
    int64_t first;
    struct guard_entry entries[GUARD_KEYS];
};

void guard_init(struct guard *guard, unsigned after, int64_t first);
void guard_release(struct guard *guard);

/* Microseconds that a key has still to wait; 0: none. A key longer than GUARD_KEY_MAX counts by its
 * front. */
int64_t guard_wait(struct guard *guard, const char *key, int64_t now);

void guard_failed(struct guard *guard, const char *key, int64_t now);
void guard_passed(struct guard *guard, const char *key);

#endif
