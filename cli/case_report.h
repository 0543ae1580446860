/* SPDX-License-Identifier: Apache-2.0
 *
 * case_report.h - what `orderly test` says: a line for each template, the cases that failed with
 * what was wrong, and a line at the end; or a line of JSON for each case; and a JUnit file.
 *
 *     report_open(&report, terminal, flags)
 *         report_template_begin(&report, "oru-to-ris.hl7")
 *             report_case_begin(&report, "urgent")
 *                 report_difference(...), report_lines(...), report_says(...)
 *             report_case_end(&report, REPORT_FAILED)
 *         report_template_end(&report)
 *     report_close(&report)
 */
#ifndef ORDERLY_CASE_REPORT_H
#define ORDERLY_CASE_REPORT_H

#include <stdio.h>

#include "difference.h"
#include "hl7.h"
#include "../base/json.h"
#include "../base/text.h"

enum report_verdict {
    REPORT_PASSED,
    REPORT_UPDATED, /* failed, and what it gave is what is expected from now on */
    REPORT_FAILED,
    REPORT_MISTAKE /* the case or the template is not as it should be */
};
#define REPORT_VERDICTS 4

/* Text that grows. */
struct report_text {
    FILE *file;
    char *text;
    size_t len;
};

struct report {
    struct text_terminal terminal;
    bool quiet;
    bool as_json;
    struct json json;
    const char *template;
    const char *name;            /* of the case */
    struct report_text details;  /* of the case */
    struct report_text failures; /* of the template, for people */
    struct report_text suite;    /* of the template, for JUnit */
    struct report_text suites;   /* all before */
    size_t in_template[REPORT_VERDICTS];
    size_t total[REPORT_VERDICTS];
    size_t templates;
};

/* False when there is no memory. */
bool report_open(struct report *report, const struct text_terminal *terminal, bool quiet,
                 bool as_json);

void report_template_begin(struct report *report, const char *path);
void report_template_end(struct report *report);

void report_case_begin(struct report *report, const char *name);
void report_case_end(struct report *report, enum report_verdict verdict);

/* What is wrong with the case at hand. */
void report_difference(struct report *report, struct difference_text *text,
                       const struct hl7_difference *difference);
void report_lines(struct report *report, size_t line, hl7_slice expected, hl7_slice actual);
/* A sentence; bytes of messages in it are made safe. */
void report_says(struct report *report, const char *format, ...) HL7_FORMAT(2, 3);

/* Cases that were run, or should have been. */
size_t report_cases(const struct report *report);

/* Says how all of it went. */
void report_sum(struct report *report);

/* All of it as JUnit reads it. */
void report_junit(const struct report *report, FILE *file);

void report_close(struct report *report);

#endif
