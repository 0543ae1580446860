/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose the metrics are: gathers the structs that listeners, lanes and the store count in, with their
 * names, and adds up the lanes of each destination. What is going away is left out: its name may be
 * somebody else's already. */
#include "broker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "../base/clock.h"

struct gathered {
    struct metrics_set sets[METRIC_SCOPES];
    struct metrics_member *members; /* of all sets, one after the other */
    struct metrics_destination *destinations;
    struct metrics_store store;
    char (*numbers)[24]; /* of the lanes */
};

/* ---- Gathering ------------------------------------------------------------------------------ */

static size_t count_lanes(const struct broker *broker)
{
    size_t count = 0;

    for (const struct lane *at = broker->deliver.lanes; at != NULL; at = at->next) {
        count += !at->retiring;
    }
    return count;
}

static size_t count_listeners(const struct broker *broker)
{
    size_t count = 0;

    for (const struct ingest_listener *at = broker->ingest.listeners; at != NULL; at = at->next) {
        count += at->config != NULL;
    }
    return count;
}

/* The next member, of the set that is being filled. */
static void add(struct gathered *all, enum metric_scope scope, const struct metrics_member *member)
{
    struct metrics_set *set = &all->sets[scope];

    if (set->count == 0) {
        set->members = all->members;
    }
    *all->members++ = *member;
    set->count++;
}

static void add_listeners(struct gathered *all, const struct broker *broker)
{
    for (const struct ingest_listener *at = broker->ingest.listeners; at != NULL; at = at->next) {
        if (at->config != NULL) {
            const struct metrics_member member = {
                .values = &at->counters, .labels = {"listener"}, .texts = {at->config->name}};

            add(all, METRICS_LISTENER, &member);
        }
    }
}

static void add_lanes(struct gathered *all, const struct broker *broker)
{
    int64_t now = clock_wall();
    size_t count = 0;

    for (struct lane *at = broker->deliver.lanes; at != NULL; at = at->next) {
        if (at->retiring) {
            continue;
        }
        char *number = all->numbers[count++];
        at->counters.oldest_age =
            at->oldest != 0 && now > at->oldest ? (uint64_t)(now - at->oldest) : 0;
        (void)snprintf(number, sizeof all->numbers[0], "%lld", (long long)at->number);
        const struct metrics_member member = {.values = &at->counters,
                                              .labels = {"route", "destination", "lane"},
                                              .texts = {at->route->name, at->to->name, number}};

        add(all, METRICS_LANE, &member);
        metrics_sum(METRICS_DESTINATION, &all->destinations[at->to - broker->config->destinations],
                    &at->timing);
    }
}

static void add_destinations(struct gathered *all, const struct broker *broker)
{
    for (size_t i = 0; i < broker->config->destination_count; i++) {
        const struct metrics_member member = {.values = &all->destinations[i],
                                              .labels = {"destination"},
                                              .texts = {broker->config->destinations[i].name}};

        add(all, METRICS_DESTINATION, &member);
    }
}

static void add_store(struct gathered *all, const struct broker *broker)
{
    const struct metrics_member member = {.values = &all->store};
    struct statvfs space;

    all->store = store_count(broker->store);
    all->store.journal = broker->journal.file_bytes;
    all->store.journal_log = broker->journal.log_bytes;
    if (statvfs(broker->config->orderly.data, &space) == 0) {
        all->store.disk_free = (uint64_t)space.f_bavail * space.f_frsize;
    }
    add(all, METRICS_STORE, &member);
}

/* Calls back with everything. False when memory is short. */
static bool gather(const struct broker *broker,
                   void (*on_sets)(const struct metrics_set *sets, void *context), void *context)
{
    size_t lanes = count_lanes(broker);
    size_t destinations = broker->config->destination_count;
    size_t count = count_listeners(broker) + lanes + destinations + 1;
    struct metrics_member *members = calloc(count, sizeof *members);
    struct gathered all = {.members = members,
                           .destinations = calloc(destinations + 1, sizeof *all.destinations),
                           .numbers = calloc(lanes + 1, sizeof *all.numbers)};
    bool good = members != NULL && all.destinations != NULL && all.numbers != NULL;

    if (good) {
        add_listeners(&all, broker);
        add_lanes(&all, broker);
        add_destinations(&all, broker);
        add_store(&all, broker);
        on_sets(all.sets, context);
    }
    free(members);
    free(all.destinations);
    free(all.numbers);
    return good;
}

/* ---- Records -------------------------------------------------------------------------------- */

static void put_record(struct record_writer *out, const struct metric *metric,
                       const struct metrics_member *member)
{
    static const char *const units[] = {[METRICS_NONE] = NULL,
                                        [METRICS_SECONDS] = "microseconds",
                                        [METRICS_BYTES] = "bytes",
                                        [METRICS_PIECES] = "pieces"};

    record_begin(out, metrics_kind_name(metric->kind));
    record_string(out, "of", metrics_scope_name(metric->scope));
    record_string(out, "name", metric->name);
    for (size_t i = 0; i < METRIC_LABELS && member->labels[i] != NULL; i++) {
        record_string(out, member->labels[i], member->texts[i]);
    }
    record_string(out, "unit", units[metric->unit]);
    if (metric->kind != METRICS_HISTOGRAM) {
        record_number(out, "value", (int64_t)metric_value(metric, member->values));
    } else {
        const struct histogram *histogram = metric_histogram(metric, member->values);

        record_number(out, "count", (int64_t)histogram->count);
        record_number(out, "sum", (int64_t)histogram->sum);
        record_number(out, "half", (int64_t)(histogram_quantile(histogram, 500) & INT64_MAX));
        record_number(out, "most", (int64_t)(histogram_quantile(histogram, 990) & INT64_MAX));
    }
    record_end(out);
}

static void put_records(const struct metrics_set *sets, void *context)
{
    size_t count = 0;
    const struct metric *table = metrics_table(&count);

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sets[table[i].scope].count; k++) {
            put_record(context, &table[i], &sets[table[i].scope].members[k]);
        }
    }
}

void broker_metrics(const struct broker *broker, struct record_writer *out)
{
    if (!gather(broker, put_records, out)) {
        out->failed = true;
    }
}

/* ---- Text ----------------------------------------------------------------------------------- */

static void put_text(const struct metrics_set *sets, void *context)
{
    metrics_write(context, sets);
}

/* The text goes out as records, one for each of its lines. */
static void put_lines(struct record_writer *out, const char *text, size_t len)
{
    const char *end = text + len;

    while (text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));
        size_t line_len = line_end != NULL ? (size_t)(line_end - text) : (size_t)(end - text);

        record_begin(out, "line");
        record_text(out, "text", (hl7_slice){text, line_len});
        record_end(out);
        text += line_len + (line_end != NULL);
    }
}

void broker_metrics_text(const struct broker *broker, struct record_writer *out)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    bool good = file != NULL && gather(broker, put_text, file);

    good = (file == NULL || fclose(file) == 0) && good;
    if (good) {
        put_lines(out, text, len);
    } else {
        out->failed = true;
    }
    free(text);
}
