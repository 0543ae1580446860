/* SPDX-License-Identifier: Apache-2.0
 *
 * rate.h - how much happens in a minute, from a count that only grows: what came in the last full minute,
 * weighed with what has come since. Two numbers each, for thousands of them.
 *
 * It has to be looked at now and then, once a second is plenty: a count that grew unseen is taken to have
 * grown just now. */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include <stdint.h>

/* Begin with {0}. */
struct rate {
    uint64_t minute; /* when the minute at hand began, in milliseconds; 0: not yet */
    uint64_t count;  /* what the count was then */
    uint64_t before; /* what came in the minute before */
};

/* Takes note of the count at this time (milliseconds of a clock that does not go back). */
void rate_look(struct rate *rate, uint64_t now, uint64_t count);

/* How much came in the last sixty seconds, about. */
uint64_t rate_per_minute(const struct rate *rate, uint64_t now, uint64_t count);

#endif
