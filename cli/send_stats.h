/* SPDX-License-Identifier: Apache-2.0
 *
 * send_stats.h - what `orderly send` counts, and how long answers took.
 *
 * Times go into a histogram of fixed size: 32 steps for each power of two of microseconds, so that
 * a percentile is right to about three parts in a hundred.
 */
#ifndef ORDERLY_SEND_STATS_H
#define ORDERLY_SEND_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "send_outcome.h"

enum { SEND_STEPS = 32, SEND_BUCKETS = SEND_STEPS * 40 };

struct send_stats {
    uint64_t messages; /* ended, by outcome; those of a batch each count */
    uint64_t accepted;
    uint64_t errors;
    uint64_t rejected;
    uint64_t failed;
    uint64_t sent; /* without an answer being awaited */
    uint64_t not_sent;
    uint64_t problems; /* what could not be read: no one knows how many messages that is */
    uint64_t answers;  /* times counted */
    uint64_t times[SEND_BUCKETS];
};

/* Counts how a message, or a batch of so many, ended. */
void send_stats_count(struct send_stats *stats, const struct send_verdict *verdict,
                      size_t messages);

void send_stats_time(struct send_stats *stats, uint64_t microseconds);

/* The time that `percent` of the answers did not exceed, in microseconds; 0 without answers. */
uint64_t send_stats_percentile(const struct send_stats *stats, unsigned percent);

/* The exit status that says the worst of it. */
int send_stats_status(const struct send_stats *stats);

#endif
