/* SPDX-License-Identifier: Apache-2.0
 *
 * A histogram of durations with buckets that grow with the value: 128 buckets for each power of
 * two, so a percentile is right to under one percent. The largest value is kept as it is.
 *
 * Zeroed means empty. Nothing can fail; durations over about nine minutes share the last bucket.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum {
    HISTOGRAM_BITS = 7,
    HISTOGRAM_STEPS = 1 << HISTOGRAM_BITS,
    HISTOGRAM_OCTAVES = 32,
    HISTOGRAM_BUCKETS = (HISTOGRAM_OCTAVES + 1) * HISTOGRAM_STEPS
};

struct histogram {
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t count;
    uint64_t most;
};

static inline size_t histogram_index(uint64_t nanoseconds)
{
    unsigned shift;
    size_t index;

    if (nanoseconds < HISTOGRAM_STEPS) {
        return (size_t)nanoseconds;
    }
    shift = 63U - (unsigned)__builtin_clzll(nanoseconds) - HISTOGRAM_BITS;
    index = ((size_t)shift << HISTOGRAM_BITS) + (size_t)(nanoseconds >> shift);
    return index < HISTOGRAM_BUCKETS ? index : HISTOGRAM_BUCKETS - 1;
}

static inline void histogram_add(struct histogram *histogram, uint64_t nanoseconds)
{
    histogram->buckets[histogram_index(nanoseconds)]++;
    histogram->count++;
    if (nanoseconds > histogram->most) {
        histogram->most = nanoseconds;
    }
}

/* The middle of a bucket, in nanoseconds. */
static inline double histogram_middle(size_t index)
{
    size_t octave = index >> HISTOGRAM_BITS;
    size_t shift = octave > 1 ? octave - 1 : 0;
    uint64_t low = (uint64_t)(index - (shift << HISTOGRAM_BITS)) << shift;

    return (double)low + (double)((uint64_t)1 << shift) / 2;
}

/* The duration, in nanoseconds, that `part` (0 to 1) of all values do not exceed; 0 when empty. */
static inline double histogram_percentile(const struct histogram *histogram, double part)
{
    double rank = part * (double)histogram->count;
    uint64_t seen = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen > 0 && (double)seen >= rank) {
            double middle = histogram_middle(i);

            return middle < (double)histogram->most ? middle : (double)histogram->most;
        }
    }
    return 0;
}

#endif
