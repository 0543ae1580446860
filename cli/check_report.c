/* SPDX-License-Identifier: Apache-2.0
 *
 * check_report.c - what `orderly check` prints. See check.h.
 */
#include <limits.h>
#include <stdio.h>

#include "check.h"
#include "../base/templates.h"

void check_report_open(struct check_report *report, const struct verb *verb, bool as_json)
{
    *report = (struct check_report){.verb = verb, .as_json = as_json};
    if (as_json) {
        json_to_file(&report->json, stdout);
        json_open_object(&report->json);
        json_key(&report->json, "findings");
        json_open_array(&report->json);
    }
}

static void add_json(struct check_report *report, const char *path,
                     const struct hl7_diagnostic *finding)
{
    struct json *json = &report->json;
    char name[PATH_MAX];

    template_finding_file(path, finding, name, sizeof name);
    json_open_object(json);
    json_key(json, "file");
    json_text_of(json, name);
    json_key(json, "line");
    json_number(json, finding->line);
    json_key(json, "column");
    json_number(json, finding->column);
    json_key(json, "severity");
    json_text_of(json, finding->severity == HL7_WARNING ? "warning" : "error");
    json_key(json, "text");
    json_text_of(json, finding->text);
    json_end(json);
}

void check_report_add(struct check_report *report, const char *path,
                      const struct hl7_diagnostic *finding)
{
    if (finding->severity == HL7_WARNING) {
        report->warnings++;
    } else {
        report->errors++;
    }
    if (report->as_json) {
        add_json(report, path, finding);
    } else {
        template_print_diagnostic(stdout, path, finding);
    }
}

void check_report_unreadable(struct check_report *report, const char *path, const char *reason)
{
    report->unreadable++;
    (void)fflush(stdout);
    if (path == NULL) {
        (void)verb_failed(report->verb, "cannot read %s", reason);
    } else {
        (void)verb_failed(report->verb, "cannot read %s: %s", path, reason);
    }
}

/* "3 files: 1 error, 2 warnings" */
static void print_summary(const struct check_report *report)
{
    printf("%zu file%s: ", report->files, report->files == 1 ? "" : "s");
    if (report->errors + report->warnings + report->unreadable == 0) {
        puts("no mistakes");
        return;
    }
    printf("%zu error%s, %zu warning%s", report->errors, report->errors == 1 ? "" : "s",
           report->warnings, report->warnings == 1 ? "" : "s");
    if (report->unreadable > 0) {
        printf(", %zu not read", report->unreadable);
    }
    (void)putchar('\n');
}

void check_report_close(struct check_report *report)
{
    static const char *const names[] = {"files", "errors", "warnings", "unreadable"};
    const size_t numbers[] = {report->files, report->errors, report->warnings, report->unreadable};

    if (!report->as_json) {
        print_summary(report);
        return;
    }
    json_end(&report->json);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_key(&report->json, names[i]);
        json_number(&report->json, numbers[i]);
    }
    json_end(&report->json);
    json_line(&report->json);
}
