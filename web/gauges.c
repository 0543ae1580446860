/* SPDX-License-Identifier: Apache-2.0
 *
 * gauges.c - see gauges.h. Samples of a family stand together in the text, and records come one after the
 * other: so each family is written into a text of its own. */
#include "gauges.h"

#include <stdlib.h>
#include <string.h>

struct gauge {
    const char *record;
    const char *field;
    const char *name;
    const char *unit;
    const char *help;
};

static const struct gauge table[] = {
#define GAUGE(record, field, name, unit, help) {record, field, name, unit, help},
#include "gauges.tbl"
#undef GAUGE
};

enum { GAUGES = sizeof table / sizeof table[0] };

struct gauges {
    FILE *files[GAUGES];
    char *texts[GAUGES]; /* malloc'd by the files */
    size_t lens[GAUGES];
};

struct gauges *gauges_new(void)
{
    struct gauges *gauges = calloc(1, sizeof *gauges);

    for (size_t i = 0; gauges != NULL && i < GAUGES; i++) {
        gauges->files[i] = open_memstream(&gauges->texts[i], &gauges->lens[i]);
        if (gauges->files[i] == NULL) {
            gauges_free(gauges);
            gauges = NULL;
        }
    }
    return gauges;
}

void gauges_free(struct gauges *gauges)
{
    for (size_t i = 0; gauges != NULL && i < GAUGES; i++) {
        if (gauges->files[i] != NULL) {
            (void)fclose(gauges->files[i]);
        }
        free(gauges->texts[i]);
    }
    free(gauges);
}

/* name="value", with what the format wants escaped. */
static void put_label(FILE *file, const char *mark, const char *name, hl7_slice value)
{
    (void)fprintf(file, "%s%s=\"", mark, name);
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '\n') {
            (void)fputs("\\n", file);
        } else if (value.ptr[i] == '"' || value.ptr[i] == '\\') {
            (void)fprintf(file, "\\%c", value.ptr[i]);
        } else {
            (void)fputc(value.ptr[i], file);
        }
    }
    (void)fputc('"', file);
}

static void put_labels(FILE *file, const struct record *record)
{
    if (record_is(record, "lane")) {
        put_label(file, "{", "route", record_get(record, "route"));
        put_label(file, ",", "destination", record_get(record, "destination"));
        (void)fprintf(file, ",lane=\"%lld\"}", (long long)record_get_number(record, "number"));
    } else if (record_is(record, "listener")) {
        put_label(file, "{", "listener", record_get(record, "name"));
        (void)fputc('}', file);
    }
}

static void put_sample(const struct gauge *gauge, FILE *file, const struct record *record,
                       int64_t now)
{
    const struct record_field *field = record_find(record, gauge->field);

    /* Without a time nothing waits. */
    if (field == NULL && strcmp(gauge->unit, "seconds") != 0) {
        return;
    }
    (void)fputs(gauge->name, file);
    put_labels(file, record);
    if (field == NULL) {
        (void)fputs(" 0\n", file);
    } else if (field->type == RECORD_TIME) {
        int64_t age = now > field->number ? now - field->number : 0;
        (void)fprintf(file, " %lld.%03d\n", (long long)(age / 1000000), (int)(age / 1000 % 1000));
    } else if (field->type == RECORD_TEXT) {
        (void)fprintf(file, " %d\n", hl7_slice_equal(field->text, HL7_TEXT("running")));
    } else {
        (void)fprintf(file, " %lld\n", (long long)field->number);
    }
}

void gauges_take(struct gauges *gauges, const struct record *record, int64_t now)
{
    for (size_t i = 0; i < GAUGES; i++) {
        if (record_is(record, table[i].record)) {
            put_sample(&table[i], gauges->files[i], record, now);
        }
    }
}

bool gauges_write(const struct gauges *gauges, FILE *file)
{
    for (size_t i = 0; i < GAUGES; i++) {
        if (fflush(gauges->files[i]) != 0) {
            return false;
        }
        if (gauges->lens[i] == 0) {
            continue;
        }
        (void)fprintf(file, "# TYPE %s gauge\n", table[i].name);
        if (table[i].unit[0] != '\0') {
            (void)fprintf(file, "# UNIT %s %s\n", table[i].name, table[i].unit);
        }
        (void)fprintf(file, "# HELP %s %s.\n", table[i].name, table[i].help);
        (void)fwrite(gauges->texts[i], 1, gauges->lens[i], file);
    }
    return ferror(file) == 0;
}
