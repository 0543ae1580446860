/* SPDX-License-Identifier: Apache-2.0
 *
 * case_report.c - see case_report.h.
 */
#include "case_report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "xml.h"

#define SENTENCE_MAX 1000

static const char *const verdict_words[] = {"passed", "updated", "failed", "mistake"};
static const enum text_style verdict_styles[] = {TEXT_GREEN, TEXT_YELLOW, TEXT_RED, TEXT_RED};

/* ---- Growing text --------------------------------------------------------------------------- */

static bool text_open(struct report_text *text)
{
    text->file = open_memstream(&text->text, &text->len);
    return text->file != NULL;
}

static void text_close(struct report_text *text)
{
    if (text->file != NULL) {
        (void)fclose(text->file);
    }
    free(text->text);
}

static hl7_slice text_take(const struct report_text *text)
{
    (void)fflush(text->file);
    return (hl7_slice){text->text, text->len};
}

static void text_clear(const struct report_text *text)
{
    rewind(text->file);
}

bool report_open(struct report *report, const struct text_terminal *terminal, bool quiet,
                 bool as_json)
{
    *report = (struct report){.terminal = *terminal, .quiet = quiet, .as_json = as_json};
    json_to_file(&report->json, terminal->file);
    return text_open(&report->details) && text_open(&report->failures) &&
           text_open(&report->suite) && text_open(&report->suites);
}

void report_close(struct report *report)
{
    text_close(&report->details);
    text_close(&report->failures);
    text_close(&report->suite);
    text_close(&report->suites);
}

/* ---- JUnit ---------------------------------------------------------------------------------- */

static void junit_case(const struct report *report, enum report_verdict verdict, hl7_slice details)
{
    FILE *file = report->suite.file;
    const char *element = verdict == REPORT_MISTAKE ? "error" : "failure";

    fputs("    <testcase", file);
    xml_attribute(file, "classname", report->template);
    xml_attribute(file, "name", report->name);
    if (verdict == REPORT_PASSED || verdict == REPORT_UPDATED) {
        fputs("/>\n", file);
        return;
    }
    const char *end = details.len == 0 ? NULL : memchr(details.ptr, '\n', details.len);
    fprintf(file, ">\n      <%s message=\"", element);
    xml_text(file,
             hl7_slice_part(details, 0, end == NULL ? details.len : (size_t)(end - details.ptr)));
    fputs("\">", file);
    xml_text(file, details);
    fprintf(file, "</%s>\n    </testcase>\n", element);
}

static void junit_counts(FILE *file, const size_t counts[REPORT_VERDICTS])
{
    fprintf(file, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\"",
            counts[REPORT_PASSED] + counts[REPORT_UPDATED] + counts[REPORT_FAILED] +
                counts[REPORT_MISTAKE],
            counts[REPORT_FAILED], counts[REPORT_MISTAKE]);
}

static void junit_suite(const struct report *report)
{
    FILE *file = report->suites.file;
    hl7_slice cases = text_take(&report->suite);

    fputs("  <testsuite", file);
    xml_attribute(file, "name", report->template);
    junit_counts(file, report->in_template);
    fputs(">\n", file);
    fwrite(cases.ptr, 1, cases.len, file);
    fputs("  </testsuite>\n", file);
}

void report_junit(const struct report *report, FILE *file)
{
    hl7_slice suites = text_take(&report->suites);

    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"orderly test\"", file);
    junit_counts(file, report->total);
    fputs(">\n", file);
    fwrite(suites.ptr, 1, suites.len, file);
    fputs("</testsuites>\n", file);
}

/* ---- Templates ------------------------------------------------------------------------------ */

void report_template_begin(struct report *report, const char *path)
{
    report->template = path;
    memset(report->in_template, 0, sizeof report->in_template);
    text_clear(&report->failures);
    text_clear(&report->suite);
    report->templates++;
}

static size_t sum_of(const size_t counts[REPORT_VERDICTS])
{
    size_t sum = 0;

    for (size_t i = 0; i < REPORT_VERDICTS; i++) {
        sum += counts[i];
    }
    return sum;
}

/* ", 2 failed" */
static void count_verdict(const struct text_terminal *terminal, enum report_verdict verdict,
                          size_t count)
{
    fprintf(terminal->file, ", %zu ", count);
    text_styled(terminal, count > 0 ? verdict_styles[verdict] : TEXT_NORMAL,
                verdict_words[verdict]);
    fputs(verdict == REPORT_MISTAKE && count != 1 ? "s" : "", terminal->file);
}

static void template_line(const struct report *report)
{
    const struct text_terminal *terminal = &report->terminal;
    size_t cases = sum_of(report->in_template);

    text_write_safe(terminal->file, hl7_slice_of(report->template), false);
    if (cases == 0) {
        fputs(": ", terminal->file);
        text_styled(terminal, TEXT_YELLOW, "no cases");
    } else {
        fprintf(terminal->file, ": %zu case%s", cases, cases == 1 ? "" : "s");
    }
    for (size_t i = REPORT_UPDATED; i < REPORT_VERDICTS; i++) {
        if (report->in_template[i] > 0) {
            count_verdict(terminal, (enum report_verdict)i, report->in_template[i]);
        }
    }
    fputc('\n', terminal->file);
}

void report_template_end(struct report *report)
{
    hl7_slice failures = text_take(&report->failures);

    for (size_t i = 0; i < REPORT_VERDICTS; i++) {
        report->total[i] += report->in_template[i];
    }
    junit_suite(report);
    if (!report->as_json && (!report->quiet || failures.len > 0)) {
        template_line(report);
        fwrite(failures.ptr, 1, failures.len, report->terminal.file);
    }
}

size_t report_cases(const struct report *report)
{
    return sum_of(report->total);
}

/* ---- Cases ---------------------------------------------------------------------------------- */

void report_case_begin(struct report *report, const char *name)
{
    report->name = name;
    text_clear(&report->details);
    if (report->as_json) {
        json_open_object(&report->json);
        json_key(&report->json, "template");
        json_text_of(&report->json, report->template);
        json_key(&report->json, "case");
        json_text_of(&report->json, name);
        json_key(&report->json, "differences");
        json_open_array(&report->json);
    }
}

/* The details of a case that failed, each line indented. */
static void keep_failure(const struct report *report, enum report_verdict verdict,
                         hl7_slice details)
{
    const struct text_terminal to = {.file = report->failures.file,
                                     .color = report->terminal.color};

    fputs("  ", to.file);
    text_write_safe(to.file, hl7_slice_of(report->name), false);
    fputs(": ", to.file);
    text_styled(&to, verdict_styles[verdict], verdict_words[verdict]);
    for (size_t i = 0; i < details.len; i++) {
        if (i == 0 || details.ptr[i - 1] == '\n') {
            fputs("\n    ", to.file);
        }
        if (details.ptr[i] != '\n') {
            fputc(details.ptr[i], to.file);
        }
    }
    fputc('\n', to.file);
}

void report_case_end(struct report *report, enum report_verdict verdict)
{
    hl7_slice details = text_take(&report->details);

    report->in_template[verdict]++;
    junit_case(report, verdict, details);
    if (report->as_json) {
        json_end(&report->json);
        json_key(&report->json, "result");
        json_text_of(&report->json, verdict_words[verdict]);
        json_end(&report->json);
        json_line(&report->json);
    } else if (verdict != REPORT_PASSED) {
        keep_failure(report, verdict, details);
    }
}

void report_difference(struct report *report, struct difference_text *text,
                       const struct hl7_difference *difference)
{
    const struct text_terminal to = {.file = report->details.file};

    difference_print(&to, &difference_expectation, text, difference);
    if (report->as_json) {
        json_open_object(&report->json);
        difference_json(&report->json, text, difference);
        json_end(&report->json);
    }
}

void report_lines(struct report *report, size_t line, hl7_slice expected, hl7_slice actual)
{
    difference_print_lines(report->details.file, line, expected, actual);
    if (report->as_json) {
        json_open_object(&report->json);
        json_key(&report->json, "line");
        json_number(&report->json, line);
        json_key(&report->json, "expected");
        json_text(&report->json, expected);
        json_key(&report->json, "actual");
        json_text(&report->json, actual);
        json_end(&report->json);
    }
}

void report_says(struct report *report, const char *format, ...)
{
    char text[SENTENCE_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_write_safe(report->details.file, hl7_slice_of(text), false);
    fputc('\n', report->details.file);
    if (report->as_json) {
        json_open_object(&report->json);
        json_key(&report->json, "message");
        json_text_of(&report->json, text);
        json_end(&report->json);
    }
}

/* ---- The end -------------------------------------------------------------------------------- */

static void sum_json(struct report *report)
{
    json_open_object(&report->json);
    json_key(&report->json, "templates");
    json_number(&report->json, report->templates);
    json_key(&report->json, "cases");
    json_number(&report->json, report_cases(report));
    for (size_t i = 0; i < REPORT_VERDICTS; i++) {
        json_key(&report->json, verdict_words[i]);
        json_number(&report->json, report->total[i]);
    }
    json_end(&report->json);
    json_line(&report->json);
}

void report_sum(struct report *report)
{
    const struct text_terminal *to = &report->terminal;
    size_t cases = report_cases(report);

    if (report->as_json) {
        sum_json(report);
        return;
    }
    if (report->quiet && report->total[REPORT_PASSED] == cases) {
        return;
    }
    fprintf(to->file, "%zu template%s, %zu case%s: %zu passed", report->templates,
            report->templates == 1 ? "" : "s", cases, cases == 1 ? "" : "s",
            report->total[REPORT_PASSED]);
    for (size_t i = REPORT_UPDATED; i < REPORT_VERDICTS; i++) {
        if (report->total[i] > 0 || i == REPORT_FAILED) {
            count_verdict(to, (enum report_verdict)i, report->total[i]);
        }
    }
    fputc('\n', to->file);
}
