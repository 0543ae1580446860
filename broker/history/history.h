/* SPDX-License-Identifier: Apache-2.0
 *
 * history.h - how busy listeners and lanes were in the past hour: for each a ring of steps, in memory.
 *
 *     history_step(&history, now);                       every HISTORY_STEP_SECONDS
 *     history_note(&history, &who, &values);             for each listener and lane
 *     history_put(&history, 120, out);                   when somebody asks
 *
 * What is noted are counts since the start; a step has their difference to those of the step before. One
 * that is seen for the first time has no step before, and its first step counts nothing. A series that was
 * not noted in all of the ring's steps is forgotten. Bounds: HISTORY_SERIES_MAX series of about 9 KiB; more
 * are left out. Belongs to one thread. */
#ifndef BROKER_HISTORY_HISTORY_H
#define BROKER_HISTORY_HISTORY_H

#include "../../base/record.h"

enum {
    HISTORY_STEPS = 720,
    HISTORY_STEP_SECONDS = 5,
    HISTORY_SERIES_MAX = 1024,
    HISTORY_NAME_MAX = 64
};

/* Whose. Of a listener: its name; of a lane: its number in the journal, and names for people. */
struct history_who {
    int64_t lane; /* 0: a listener */
    const char *listener;
    const char *route;
    const char *destination;
};

/* Since the start, but for the depth. */
struct history_values {
    uint64_t count;        /* messages or deliveries */
    uint64_t microseconds; /* that `timed` of them took, together */
    uint64_t timed;
    int64_t depth; /* what waits now; -1: does not apply */
};

struct history_series;

/* Begin with {0}. */
struct history {
    struct history_series *first;
    size_t series;
    size_t at;    /* the step at hand, of the ring */
    size_t steps; /* how many there have been, HISTORY_STEPS at most */
    int64_t end;  /* microseconds since 1970: when it began, and the one before ended */
};

/* Begins a step at this time (microseconds since 1970). */
void history_step(struct history *history, int64_t now);

/* What happened until now; for the step before the one that has just begun. */
void history_note(struct history *history, const struct history_who *who,
                  const struct history_values *values);

/* Adds the records of the last `steps` steps: one `history`, then one `series` for each. */
void history_put(const struct history *history, size_t steps, struct record_writer *out);

void history_release(struct history *history);

#endif
