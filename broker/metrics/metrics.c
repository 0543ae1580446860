/* SPDX-License-Identifier: Apache-2.0
 *
 * Histograms, and the rows of metrics.tbl. See metrics.h. */
#include "metrics.h"

#include <assert.h>

/* ---- Histograms ----------------------------------------------------------------------------- */

static size_t bucket_of(uint64_t value)
{
    size_t bucket = 0;

    while (bucket < HISTOGRAM_BUCKETS - 1 && value > (uint64_t)1 << bucket) {
        bucket++;
    }
    return bucket;
}

void histogram_add(struct histogram *histogram, int64_t value)
{
    uint64_t counted = value > 0 ? (uint64_t)value : 0;

    histogram->count++;
    histogram->sum += counted;
    histogram->buckets[bucket_of(counted)]++;
}

uint64_t histogram_quantile(const struct histogram *histogram, unsigned share)
{
    uint64_t seen = 0;

    if (histogram->count == 0) {
        return 0;
    }
    for (size_t i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
        seen += histogram->buckets[i];
        if (seen > 0 && (double)seen * 1000 >= (double)histogram->count * share) {
            return (uint64_t)1 << i;
        }
    }
    return UINT64_MAX;
}

/* ---- The table ------------------------------------------------------------------------------ */

static const struct metric table[] = {
#define LISTENER_METRIC(kind, id, unit, help)                                                      \
    {METRICS_LISTENER,                                                                             \
     METRICS_##kind,                                                                               \
     METRICS_##unit,                                                                               \
     #id,                                                                                          \
     help,                                                                                         \
     offsetof(struct metrics_listener, id)},
#define LANE_METRIC(kind, id, unit, help)                                                          \
    {METRICS_LANE, METRICS_##kind, METRICS_##unit, #id, help, offsetof(struct metrics_lane, id)},
#define DESTINATION_METRIC(kind, id, unit, help)                                                   \
    {METRICS_DESTINATION,                                                                          \
     METRICS_##kind,                                                                               \
     METRICS_##unit,                                                                               \
     #id,                                                                                          \
     help,                                                                                         \
     offsetof(struct metrics_destination, id)},
#define STORE_METRIC(kind, id, unit, help)                                                         \
    {METRICS_STORE, METRICS_##kind, METRICS_##unit, #id, help, offsetof(struct metrics_store, id)},
#include "metrics.tbl"
};

const struct metric *metrics_table(size_t *ret_count)
{
    *ret_count = sizeof table / sizeof table[0];
    return table;
}

const char *metrics_scope_name(enum metric_scope scope)
{
    static const char *const names[METRIC_SCOPES] = {[METRICS_LISTENER] = "listener",
                                                     [METRICS_LANE] = "lane",
                                                     [METRICS_DESTINATION] = "destination",
                                                     [METRICS_STORE] = "store"};

    assert(scope < METRIC_SCOPES);
    return names[scope];
}

const char *metrics_kind_name(enum metric_kind kind)
{
    static const char *const names[] = {[METRICS_COUNTER] = "counter",
                                        [METRICS_GAUGE] = "gauge",
                                        [METRICS_HISTOGRAM] = "histogram"};

    return names[kind];
}

uint64_t metric_value(const struct metric *metric, const void *values)
{
    assert(metric->kind != METRICS_HISTOGRAM);
    return *(const uint64_t *)(const void *)((const char *)values + metric->offset);
}

const struct histogram *metric_histogram(const struct metric *metric, const void *values)
{
    assert(metric->kind == METRICS_HISTOGRAM);
    return (const struct histogram *)(const void *)((const char *)values + metric->offset);
}

static void add_histogram(struct histogram *into, const struct histogram *from)
{
    into->count += from->count;
    into->sum += from->sum;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        into->buckets[i] += from->buckets[i];
    }
}

void metrics_sum(enum metric_scope scope, void *into, const void *from)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        void *to = (char *)into + table[i].offset;

        if (table[i].scope != scope) {
            continue;
        }
        if (table[i].kind != METRICS_HISTOGRAM) {
            *(uint64_t *)to += metric_value(&table[i], from);
        } else {
            add_histogram(to, metric_histogram(&table[i], from));
        }
    }
}
