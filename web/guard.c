/* SPDX-License-Identifier: Apache-2.0
 *
 * guard.c - see guard.h. */
#include "guard.h"

#include <stdio.h>
#include <string.h>

#define SECOND ((int64_t)1000000)
#define LONGEST (3600 * SECOND)
#define FORGOTTEN (24 * 3600 * SECOND)

void guard_init(struct guard *guard, unsigned after, int64_t first)
{
    memset(guard, 0, sizeof *guard);
    guard->after = after;
    guard->first = first;
    (void)pthread_mutex_init(&guard->lock, NULL);
}

void guard_release(struct guard *guard)
{
    (void)pthread_mutex_destroy(&guard->lock);
}

static struct guard_entry *find(struct guard *guard, const char *key)
{
    for (size_t i = 0; i < GUARD_KEYS; i++) {
        if (guard->entries[i].key[0] != '\0' &&
            strncmp(guard->entries[i].key, key, GUARD_KEY_MAX) == 0) {
            return &guard->entries[i];
        }
    }
    return NULL;
}

/* A place for a new key: a free one, or that of the key that failed longest ago. */
static struct guard_entry *find_place(struct guard *guard)
{
    struct guard_entry *oldest = &guard->entries[0];

    for (size_t i = 0; i < GUARD_KEYS; i++) {
        if (guard->entries[i].key[0] == '\0') {
            return &guard->entries[i];
        }
        if (guard->entries[i].failed < oldest->failed) {
            oldest = &guard->entries[i];
        }
    }
    return oldest;
}

int64_t guard_wait(struct guard *guard, const char *key, int64_t now)
{
    (void)pthread_mutex_lock(&guard->lock);
    const struct guard_entry *entry = find(guard, key);
    int64_t wait = entry != NULL && entry->until > now ? entry->until - now : 0;
    (void)pthread_mutex_unlock(&guard->lock);
    return wait;
}

static int64_t pause_after(const struct guard *guard, unsigned failures)
{
    int64_t pause = guard->first;

    if (failures < guard->after) {
        return 0;
    }
    for (unsigned i = guard->after; i < failures && pause < LONGEST; i++) {
        pause *= 2;
    }
    return pause < LONGEST ? pause : LONGEST;
}

void guard_failed(struct guard *guard, const char *key, int64_t now)
{
    (void)pthread_mutex_lock(&guard->lock);
    struct guard_entry *entry = find(guard, key);
    if (entry == NULL || now - entry->failed > FORGOTTEN) {
        entry = entry != NULL ? entry : find_place(guard);
        *entry = (struct guard_entry){.failures = 0};
        (void)snprintf(entry->key, sizeof entry->key, "%s", key);
    }
    entry->failures++;
    entry->failed = now;
    entry->until = now + pause_after(guard, entry->failures);
    (void)pthread_mutex_unlock(&guard->lock);
}

void guard_passed(struct guard *guard, const char *key)
{
    (void)pthread_mutex_lock(&guard->lock);
    struct guard_entry *entry = find(guard, key);
    if (entry != NULL) {
        memset(entry, 0, sizeof *entry);
    }
    (void)pthread_mutex_unlock(&guard->lock);
}
