/* SPDX-License-Identifier: Apache-2.0
 *
 * send_stats.c - counters and the histogram of times. Bucket numbers: times below SEND_STEPS are
 * their own; above, the bits behind the highest one choose among the steps of its power of two.
 */
#include "send_stats.h"

#include "verb.h"

static size_t bucket_of(uint64_t time)
{
    unsigned power = 0;
    size_t bucket;

    while (time >> power >= (uint64_t)2 * SEND_STEPS) {
        power++;
    }
    bucket = (size_t)power * SEND_STEPS + (size_t)(time >> power);
    return bucket < SEND_BUCKETS ? bucket : SEND_BUCKETS - 1;
}

/* The largest time of a bucket. */
static uint64_t bucket_time(size_t bucket)
{
    size_t power = bucket < (size_t)2 * SEND_STEPS ? 0 : bucket / SEND_STEPS - 1;

    return (((uint64_t)(bucket - power * SEND_STEPS) + 1) << power) - 1;
}

void send_stats_time(struct send_stats *stats, uint64_t microseconds)
{
    stats->answers++;
    stats->times[bucket_of(microseconds)]++;
}

uint64_t send_stats_percentile(const struct send_stats *stats, unsigned percent)
{
    uint64_t below = 0;
    uint64_t wanted = stats->answers - stats->answers * (100 - percent) / 100;

    if (stats->answers == 0) {
        return 0;
    }
    for (size_t i = 0; i < SEND_BUCKETS; i++) {
        below += stats->times[i];
        if (below >= wanted) {
            return bucket_time(i);
        }
    }
    return bucket_time(SEND_BUCKETS - 1);
}

void send_stats_count(struct send_stats *stats, const struct send_verdict *verdict, size_t messages)
{
    size_t acknowledged = verdict->accepted + verdict->errors + verdict->rejected;

    stats->messages += messages;
    if (send_outcome_class(verdict->outcome) == SEND_NO_ANSWER) {
        stats->failed += messages;
        stats->problems += verdict->outcome == SEND_UNREADABLE;
    } else if (verdict->outcome == SEND_SENT) {
        stats->sent += messages;
    } else if (acknowledged > 0) {
        stats->accepted += verdict->accepted;
        stats->errors += verdict->errors;
        stats->rejected += verdict->rejected;
    } else if (verdict->outcome == SEND_ERROR) {
        stats->errors += messages;
    } else if (verdict->outcome == SEND_REJECTED) {
        stats->rejected += messages;
    } else {
        stats->accepted += messages;
    }
}

int send_stats_status(const struct send_stats *stats)
{
    if (stats->failed > 0 || stats->problems > 0) {
        return VERB_FAILED;
    }
    return stats->errors > 0 || stats->rejected > 0 ? VERB_NO : VERB_DONE;
}
