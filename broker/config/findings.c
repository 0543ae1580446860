/* SPDX-License-Identifier: Apache-2.0
 *
 * findings.c - see findings.h. Findings come in any order, because references can be checked only when
 * everything is read; they are sorted at the end.
 */
#include "findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/ini.h"
#include "pool.h"

/* More than are told, because those that come late may stand early in the text. */
#define FINDINGS_KEPT (20 * (size_t)CONFIG_FINDINGS_MAX)

/* Room for one more; NULL when there are enough, or memory is short. */
static struct config_finding *add_finding(struct config_report *report)
{
    if (report->count == FINDINGS_KEPT) {
        return NULL;
    }
    if (report->pool == NULL && !report->failed) {
        report->pool = pool_new();
    }
    if (report->count == report->size && report->pool != NULL) {
        size_t size = report->size == 0 ? 16 : report->size * 2;
        struct config_finding *larger =
            reallocarray(report->findings, size, sizeof *report->findings);
        if (larger != NULL) {
            report->findings = larger;
            report->size = size;
        }
    }
    if (report->count == report->size) {
        report->failed = true;
        return NULL;
    }
    struct config_finding *finding = &report->findings[report->count];
    *finding = (struct config_finding){.number = report->count};
    report->count++;
    return finding;
}

static hl7_slice keep(struct config_report *report, hl7_slice text)
{
    const char *copy = pool_text(report->pool, text);

    report->failed = report->failed || copy == NULL;
    return (hl7_slice){copy == NULL ? "" : copy, copy == NULL ? 0 : text.len};
}

static const char *keep_path(struct config_report *report, const char *path)
{
    return keep(report, hl7_slice_of(path)).ptr;
}

static void count(struct config_report *report, enum hl7_severity severity)
{
    if (severity == HL7_WARNING) {
        report->warnings++;
    } else {
        report->errors++;
    }
}

static void add(struct config_report *report, enum hl7_severity severity,
                const struct findings_file *file, size_t position, const char *format,
                va_list arguments) HL7_FORMAT(5, 0);

static void add(struct config_report *report, enum hl7_severity severity,
                const struct findings_file *file, size_t position, const char *format,
                va_list arguments)
{
    struct config_finding *finding = add_finding(report);

    count(report, severity);
    if (finding == NULL) {
        return;
    }
    struct hl7_diagnostic *what = &finding->what;
    hl7_slice source;
    finding->file = file->number;
    finding->position = position;
    finding->path = keep_path(report, file->path);
    what->severity = severity;
    ini_locate(file->text, position, &what->line, &what->column, &source);
    what->source = keep(report, source);
    (void)vsnprintf(what->text, sizeof what->text, format, arguments);
}

void findings_error(struct config_report *report, const struct findings_file *file, size_t position,
                    const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(report, HL7_ERROR, file, position, format, arguments);
    va_end(arguments);
}

void findings_warning(struct config_report *report, const struct findings_file *file,
                      size_t position, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add(report, HL7_WARNING, file, position, format, arguments);
    va_end(arguments);
}

void findings_unreadable(struct config_report *report, const struct findings_file *file,
                         size_t position, const char *path, const char *reason)
{
    findings_error(report, file, position, "cannot read %.80s: %.60s", path, reason);
    report->unreadable++;
}

void findings_foreign(struct config_report *report, const struct findings_file *file,
                      size_t position, const char *path, const struct hl7_diagnostic *what)
{
    struct config_finding *finding = add_finding(report);

    count(report, what->severity);
    if (finding != NULL) {
        finding->file = file->number;
        finding->position = position;
        finding->path = keep_path(report, path);
        finding->what = *what;
        finding->what.next = NULL;
        finding->what.source = keep(report, what->source);
        if (what->file.ptr != NULL) {
            finding->what.file = keep(report, what->file);
        }
    }
}

static int by_place(const void *first, const void *second)
{
    const struct config_finding *a = first;
    const struct config_finding *b = second;

    if (a->file != b->file) {
        return a->file < b->file ? -1 : 1;
    }
    if (a->position != b->position) {
        return a->position < b->position ? -1 : 1;
    }
    return a->number < b->number ? -1 : 1;
}

static bool is_same(const struct config_finding *a, const struct config_finding *b)
{
    return a->file == b->file && a->position == b->position && a->what.line == b->what.line &&
           a->what.column == b->what.column && strcmp(a->path, b->path) == 0 &&
           strcmp(a->what.text, b->what.text) == 0;
}

/* A value that several sections take from the defaults may have been doubted once for each. */
static void drop_repeated(struct config_report *report)
{
    size_t kept = 0;

    for (size_t i = 0; i < report->count; i++) {
        const struct config_finding *finding = &report->findings[i];
        bool repeats = false;
        for (size_t j = kept; j > 0 && !repeats; j--) {
            const struct config_finding *before = &report->findings[j - 1];
            if (before->file != finding->file || before->position != finding->position) {
                break;
            }
            repeats = is_same(before, finding);
        }
        if (!repeats) {
            report->findings[kept++] = *finding;
        } else if (finding->what.severity == HL7_WARNING) {
            report->warnings--;
        } else {
            report->errors--;
        }
    }
    report->count = kept;
}

void findings_finish(struct config_report *report)
{
    if (report->count > 0) {
        qsort(report->findings, report->count, sizeof *report->findings, by_place);
        drop_repeated(report);
    }
    if (report->count > CONFIG_FINDINGS_MAX) {
        struct config_finding *last = &report->findings[CONFIG_FINDINGS_MAX];
        (void)snprintf(last->what.text, sizeof last->what.text, "%zu more findings follow",
                       report->errors + report->warnings - CONFIG_FINDINGS_MAX);
        report->count = CONFIG_FINDINGS_MAX + 1;
    }
    report->failed = report->failed || (report->pool != NULL && pool_failed(report->pool));
}

void config_report_release(struct config_report *report)
{
    free(report->findings);
    if (report->pool != NULL) {
        pool_free(&report->pool);
    }
    *report = (struct config_report){.findings = NULL};
}
