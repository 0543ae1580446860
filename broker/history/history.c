/* SPDX-License-Identifier: Apache-2.0
 *
 * history.c - see history.h. */
#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct history_sample {
    uint32_t count;
    uint32_t latency; /* microseconds, on average; 0: nothing was timed */
    uint32_t depth;
};

struct history_series {
    struct history_series *next;
    int64_t lane;
    char listener[HISTORY_NAME_MAX + 1];
    char route[HISTORY_NAME_MAX + 1];
    char destination[HISTORY_NAME_MAX + 1];
    bool has_depth;
    size_t unseen; /* steps since it was noted last */
    struct history_values before;
    struct history_sample samples[HISTORY_STEPS];
};

/* ---- Noting ---------------------------------------------------------------------------------- */

static void forget(struct history *history, struct history_series **place)
{
    struct history_series *series = *place;

    *place = series->next;
    free(series);
    history->series--;
}

void history_step(struct history *history, int64_t now)
{
    history->at = (history->at + 1) % HISTORY_STEPS;
    history->steps += history->steps < HISTORY_STEPS;
    history->end = now;
    for (struct history_series **place = &history->first; *place != NULL;) {
        struct history_series *series = *place;

        series->samples[history->at] = (struct history_sample){0, 0, 0};
        if (++series->unseen > HISTORY_STEPS) {
            forget(history, place);
        } else {
            place = &series->next;
        }
    }
}

static bool is_of(const struct history_series *series, const struct history_who *who)
{
    return series->lane == who->lane &&
           (who->lane != 0 || strncmp(series->listener, who->listener, HISTORY_NAME_MAX) == 0);
}

static void copy_name(char into[HISTORY_NAME_MAX + 1], const char *name)
{
    (void)snprintf(into, HISTORY_NAME_MAX + 1, "%s", name != NULL ? name : "");
}

static struct history_series *make(struct history *history, const struct history_who *who,
                                   const struct history_values *values)
{
    struct history_series *series =
        history->series < HISTORY_SERIES_MAX ? calloc(1, sizeof *series) : NULL;

    if (series == NULL) {
        return NULL;
    }
    series->lane = who->lane;
    series->has_depth = values->depth >= 0;
    series->before = *values;
    copy_name(series->listener, who->listener);
    copy_name(series->route, who->route);
    copy_name(series->destination, who->destination);
    series->next = history->first;
    history->first = series;
    history->series++;
    return series;
}

/* A count that is smaller than before began anew. */
static uint64_t grown(uint64_t now, uint64_t before)
{
    return now >= before ? now - before : now;
}

static uint32_t bounded(uint64_t value)
{
    return value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
}

void history_note(struct history *history, const struct history_who *who,
                  const struct history_values *values)
{
    struct history_series *series = history->first;

    while (series != NULL && !is_of(series, who)) {
        series = series->next;
    }
    if (series == NULL) {
        series = make(history, who, values);
    }
    if (series == NULL) {
        return;
    }
    struct history_sample *sample = &series->samples[history->at];
    uint64_t timed = grown(values->timed, series->before.timed);
    sample->count = bounded(grown(values->count, series->before.count));
    sample->latency =
        timed > 0 ? bounded(grown(values->microseconds, series->before.microseconds) / timed) : 0;
    sample->depth = values->depth > 0 ? bounded((uint64_t)values->depth) : 0;
    series->before = *values;
    series->unseen = 0;
}

/* ---- Telling --------------------------------------------------------------------------------- */

enum which { COUNTS, LATENCIES, DEPTHS };

static uint32_t value_of(const struct history_sample *sample, enum which which)
{
    return which == COUNTS ? sample->count : which == LATENCIES ? sample->latency : sample->depth;
}

/* Numbers with commas between, oldest first. */
static void put_numbers(const struct history *history, const struct history_series *series,
                        enum which which, size_t steps, struct record_writer *out)
{
    static const char *const names[] = {"counts", "latencies", "depths"};
    char memory[HISTORY_STEPS * 11];
    struct hl7_buffer text;

    hl7_buffer_init(&text, memory, sizeof memory);
    for (size_t i = steps; i > 0; i--) {
        size_t at = (history->at + HISTORY_STEPS - (i - 1)) % HISTORY_STEPS;

        hl7_buffer_add_number(&text, value_of(&series->samples[at], which));
        if (i > 1) {
            hl7_buffer_add_byte(&text, ',');
        }
    }
    record_text(out, names[which], hl7_buffer_slice(&text));
}

static void put_series(const struct history *history, const struct history_series *series,
                       size_t steps, struct record_writer *out)
{
    record_begin(out, "series");
    record_string(out, "of", series->lane != 0 ? "lane" : "listener");
    if (series->lane != 0) {
        record_number(out, "lane", series->lane);
        record_string(out, "route", series->route);
        record_string(out, "destination", series->destination);
    } else {
        record_string(out, "listener", series->listener);
    }
    put_numbers(history, series, COUNTS, steps, out);
    put_numbers(history, series, LATENCIES, steps, out);
    if (series->has_depth) {
        put_numbers(history, series, DEPTHS, steps, out);
    }
    record_end(out);
}

void history_put(const struct history *history, size_t steps, struct record_writer *out)
{
    size_t told = steps < history->steps ? steps : history->steps;

    record_begin(out, "history");
    record_number(out, "step-seconds", HISTORY_STEP_SECONDS);
    record_number(out, "steps", (int64_t)told);
    record_time(out, "end", history->end);
    record_end(out);
    for (const struct history_series *at = history->first; at != NULL && told > 0; at = at->next) {
        put_series(history, at, told, out);
    }
}

void history_release(struct history *history)
{
    while (history->first != NULL) {
        forget(history, &history->first);
    }
}
