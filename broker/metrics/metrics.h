/* SPDX-License-Identifier: Apache-2.0
 *
 * metrics.h - counters, gauges and histograms: what they are (metrics.tbl), where they are kept, how they are
 * written.
 *
 * Each listener, lane and store has a struct of its own, a plain member that its owner counts in; who has
 * none but the sum of others (a destination, of its lanes) adds them up when somebody asks. Nothing here
 * allocates, locks or forgets: a struct belongs to one thread, and its counters only grow. Gauges
 * are what their owners last saw.
 *
 * A histogram has a bucket for each power of two: 41 numbers, whatever is measured, wrong by a factor of
 * two at most. Microseconds reach to six days, pieces to a million and more; what is beyond is counted, and
 * known to be beyond. */
#ifndef BROKER_METRICS_METRICS_H
#define BROKER_METRICS_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { HISTOGRAM_BUCKETS = 41 };

/* Bucket i holds values above 2^(i-1) and up to 2^i; the last one everything above 2^39. */
struct histogram {
    uint64_t count;
    uint64_t sum;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* A value below 0, of a clock that was set, counts as 0. */
void histogram_add(struct histogram *histogram, int64_t value);

/* A bound that `share` thousandths of the values do not exceed, a power of two: 500 is the median. 0 when
 * there are no values, UINT64_MAX when it lies in the last bucket. */
uint64_t histogram_quantile(const struct histogram *histogram, unsigned share);

/* ---- One struct for each scope --------------------------------------------------------------- */

#define METRIC_TYPE_COUNTER uint64_t
#define METRIC_TYPE_GAUGE uint64_t
#define METRIC_TYPE_HISTOGRAM struct histogram

struct metrics_listener {
#define LISTENER_METRIC(kind, id, unit, help) METRIC_TYPE_##kind id;
#include "metrics.tbl"
};

struct metrics_lane {
#define LANE_METRIC(kind, id, unit, help) METRIC_TYPE_##kind id;
#include "metrics.tbl"
};

struct metrics_destination {
#define DESTINATION_METRIC(kind, id, unit, help) METRIC_TYPE_##kind id;
#include "metrics.tbl"
};

struct metrics_store {
#define STORE_METRIC(kind, id, unit, help) METRIC_TYPE_##kind id;
#include "metrics.tbl"
};

/* ---- The table ------------------------------------------------------------------------------- */

enum metric_scope {
    METRICS_LISTENER,
    METRICS_LANE,
    METRICS_DESTINATION,
    METRICS_STORE,
    METRIC_SCOPES
};

enum metric_kind { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };
enum metric_unit { METRICS_NONE, METRICS_SECONDS, METRICS_BYTES, METRICS_PIECES };

struct metric {
    enum metric_scope scope;
    enum metric_kind kind;
    enum metric_unit unit;
    const char *name; /* without the scope */
    const char *help;
    size_t offset; /* in the scope's struct */
};

/* All rows, in the order of metrics.tbl. */
const struct metric *metrics_table(size_t *ret_count);

/* The word of a scope: "listener". */
const char *metrics_scope_name(enum metric_scope scope);

/* Adds all counters, gauges and histograms of a scope's struct to another. */
void metrics_sum(enum metric_scope scope, void *into, const void *from);

/* "counter", "gauge", "histogram". */
const char *metrics_kind_name(enum metric_kind kind);

/* The value of a counter or gauge, or the histogram, of a scope's struct. */
uint64_t metric_value(const struct metric *metric, const void *values);
const struct histogram *metric_histogram(const struct metric *metric, const void *values);

/* ---- As text: metrics_text.c ----------------------------------------------------------------- */

enum { METRIC_LABELS = 3 };

/* Somebody's struct, and whose it is. */
struct metrics_member {
    const void *values;
    const char *labels[METRIC_LABELS]; /* names; NULL behind the last */
    const char *texts[METRIC_LABELS];  /* the value of each */
};

struct metrics_set {
    const struct metrics_member *members;
    size_t count;
};

/* Writes all as OpenMetrics 1.0 text, `# EOF` included. */
void metrics_write(FILE *file, const struct metrics_set sets[METRIC_SCOPES]);

#endif
