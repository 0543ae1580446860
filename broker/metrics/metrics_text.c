/* SPDX-License-Identifier: Apache-2.0
 *
 * Metrics as OpenMetrics 1.0 text (which Prometheus reads): one family after the other, all samples of a
 * family together. */
#include "metrics.h"

#include <inttypes.h>
#include <stdbool.h>

enum { NAME_MAX_LEN = 100 };

/* Which buckets of a unit are shown: what is below the first is in it, what is above the last is in +Inf
 * only. The bounds are the same for all members, so that sums over them can be made. */
static const struct {
    size_t first;
    size_t last;
} shown[] = {
    [METRICS_SECONDS] = {6, 39}, /* 64 microseconds to six days */
    [METRICS_PIECES] = {0, 10},
};

/* A number of a unit: seconds are kept in microseconds. */
static void put_number(FILE *file, enum metric_unit unit, uint64_t value)
{
    if (unit == METRICS_SECONDS) {
        (void)fprintf(file, "%" PRIu64 ".%06" PRIu64, value / 1000000, value % 1000000);
    } else {
        (void)fprintf(file, "%" PRIu64, value);
    }
}

static void put_escaped(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            (void)fputs("\\n", file);
            continue;
        }
        if (*text == '\\' || *text == '"') {
            (void)fputc('\\', file);
        }
        (void)fputc(*text, file);
    }
}

/* {listener="in",le="0.000064"}; the last one when there is a bound, UINT64_MAX is +Inf. */
static void put_labels(FILE *file, const struct metrics_member *member, enum metric_unit unit,
                       const uint64_t *bound)
{
    const char *before = "{";

    for (size_t i = 0; i < METRIC_LABELS && member->labels[i] != NULL; i++) {
        (void)fprintf(file, "%s%s=\"", before, member->labels[i]);
        put_escaped(file, member->texts[i]);
        (void)fputc('"', file);
        before = ",";
    }
    if (bound != NULL) {
        (void)fprintf(file, "%sle=\"", before);
        if (*bound == UINT64_MAX) {
            (void)fputs("+Inf", file);
        } else {
            put_number(file, unit, *bound);
        }
        (void)fputc('"', file);
        before = ",";
    }
    if (*before == ',') {
        (void)fputc('}', file);
    }
}

static void put_bucket(FILE *file, const char *name, const struct metrics_member *member,
                       enum metric_unit unit, uint64_t bound, uint64_t count)
{
    (void)fprintf(file, "%s_bucket", name);
    put_labels(file, member, unit, &bound);
    (void)fprintf(file, " %" PRIu64 "\n", count);
}

static void put_histogram(FILE *file, const char *name, const struct metric *metric,
                          const struct metrics_member *member)
{
    const struct histogram *histogram = metric_histogram(metric, member->values);
    uint64_t count = 0;

    for (size_t i = 0; i <= shown[metric->unit].last; i++) {
        count += histogram->buckets[i];
        if (i >= shown[metric->unit].first) {
            put_bucket(file, name, member, metric->unit, (uint64_t)1 << i, count);
        }
    }
    put_bucket(file, name, member, metric->unit, UINT64_MAX, histogram->count);
    (void)fprintf(file, "%s_count", name);
    put_labels(file, member, metric->unit, NULL);
    (void)fprintf(file, " %" PRIu64 "\n%s_sum", histogram->count, name);
    put_labels(file, member, metric->unit, NULL);
    (void)fputc(' ', file);
    put_number(file, metric->unit, histogram->sum);
    (void)fputc('\n', file);
}

static void put_value(FILE *file, const char *name, const struct metric *metric,
                      const struct metrics_member *member)
{
    (void)fprintf(file, "%s%s", name, metric->kind == METRICS_COUNTER ? "_total" : "");
    put_labels(file, member, metric->unit, NULL);
    (void)fputc(' ', file);
    put_number(file, metric->unit, metric_value(metric, member->values));
    (void)fputc('\n', file);
}

/* The name of a unit that stands in the name of what is measured; NULL: it does not. */
static const char *unit_name(enum metric_unit unit)
{
    static const char *const names[] = {
        [METRICS_SECONDS] = "seconds", [METRICS_BYTES] = "bytes", [METRICS_PIECES] = NULL};

    return names[unit];
}

static void put_family(FILE *file, const struct metric *metric, const struct metrics_set *set)
{
    const char *unit = unit_name(metric->unit);
    char name[NAME_MAX_LEN];

    (void)snprintf(name, sizeof name, "orderly_%s_%s%s%s", metrics_scope_name(metric->scope),
                   metric->name, unit != NULL ? "_" : "", unit != NULL ? unit : "");
    (void)fprintf(file, "# TYPE %s %s\n", name, metrics_kind_name(metric->kind));
    if (unit != NULL) {
        (void)fprintf(file, "# UNIT %s %s\n", name, unit);
    }
    (void)fprintf(file, "# HELP %s %s.\n", name, metric->help);
    for (size_t i = 0; i < set->count; i++) {
        if (metric->kind == METRICS_HISTOGRAM) {
            put_histogram(file, name, metric, &set->members[i]);
        } else {
            put_value(file, name, metric, &set->members[i]);
        }
    }
}

void metrics_write(FILE *file, const struct metrics_set sets[METRIC_SCOPES])
{
    size_t count = 0;
    const struct metric *table = metrics_table(&count);

    for (size_t i = 0; i < count; i++) {
        if (sets[table[i].scope].count > 0) {
            put_family(file, &table[i], &sets[table[i].scope]);
        }
    }
    (void)fputs("# EOF\n", file);
}
