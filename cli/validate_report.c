/* SPDX-License-Identifier: Apache-2.0
 *
 * validate_report.c - see validate_report.h.
 */
#include "validate_report.h"

#include <inttypes.h>

#include "../base/validation.h"

static const enum text_style severity_styles[] = {TEXT_RED, TEXT_YELLOW, TEXT_DIM};

/* Columns of the path and of the rule, and of a value that is shown. */
enum { PATH_WIDTH = 14, RULE_WIDTH = 19, VALUE_WIDTH = 60 };

bool validate_report_open(struct validate_report *report, enum text_when color, bool junit)
{
    text_terminal_open(&report->terminal, stdout, color);
    json_to_file(&report->json, stdout);
    return !junit || validate_junit_open(&report->junit);
}

void validate_report_close(struct validate_report *report)
{
    validate_sum_free(&report->sum);
    validate_junit_close(&report->junit);
    text_charset_close(&report->charset);
    memory_free(&report->text);
}

/* ---- Messages ------------------------------------------------------------------------------- */

/* Nothing is printed for each message. */
static bool is_silent(const struct validate_report *report)
{
    return report->quiet || report->summary;
}

/* The value of a path, safe to show; lasts until the next call. */
static hl7_slice safe_value(struct validate_report *report, hl7_slice value)
{
    size_t half = value.len * TEXT_UTF8_GROWTH;
    struct hl7_buffer utf8;
    struct hl7_buffer safe;

    if (!memory_grow(&report->text, half + half * TEXT_SAFE_GROWTH + 1)) {
        report->failed = true;
        return (hl7_slice){NULL, 0};
    }
    char *memory = report->text.ptr;
    hl7_buffer_init(&utf8, memory, half);
    text_utf8(&report->charset, value, &utf8);
    hl7_buffer_init(&safe, memory + half, half * TEXT_SAFE_GROWTH);
    text_safe(hl7_buffer_slice(&utf8), false, &safe);
    return hl7_buffer_slice(&safe);
}

static void write_value(struct validate_report *report, hl7_slice value)
{
    hl7_slice safe = safe_value(report, value);

    fwrite(safe.ptr, 1, safe.len, report->terminal.file);
}

/* FILE:LINE: TYPE */
static void announce(struct validate_report *report)
{
    FILE *file = report->terminal.file;

    report->announced = true;
    text_style(&report->terminal, TEXT_BOLD);
    text_write_safe(file, hl7_slice_of(report->item->file), false);
    fprintf(file, ":%zu", report->item->line);
    text_style(&report->terminal, TEXT_NORMAL);
    fputs(": ", file);
    write_value(report, hl7_message_at(report->message, "MSH-9"));
    fputs(", version ", file);
    write_value(report, hl7_message_at(report->message, "MSH-12.1"));
    fputc('\n', file);
}

static void begin_json(struct validate_report *report)
{
    struct json *json = &report->json;

    json_open_object(json);
    json_key(json, "file");
    json_text_of(json, report->item->file);
    json_key(json, "line");
    json_number(json, report->item->line);
    json_key(json, "message");
    json_number(json, report->item->ordinal);
    json_key(json, "type");
    json_text(json, safe_value(report, hl7_message_at(report->message, "MSH-9")));
    json_key(json, "findings");
    json_open_array(json);
}

void validate_report_begin(struct validate_report *report, const struct source_item *item,
                           const struct hl7_message *message)
{
    report->item = item;
    report->message = message;
    report->announced = false;
    report->messages++;
    (void)text_charset_for(&report->charset, message, NULL);
    validate_junit_begin(&report->junit, item);
    if (report->as_json && !is_silent(report)) {
        begin_json(report);
    }
}

static void end_json(struct validate_report *report, const struct hl7_validity *validity)
{
    struct json *json = &report->json;

    json_end(json);
    json_key(json, "version");
    json_text_of(json, hl7_version_name(validity->version));
    json_key(json, "structure");
    json_text(json, validity->structure == NULL ? (hl7_slice){NULL, 0}
                                                : hl7_dict_text(validity->structure->name));
    json_key(json, "errors");
    json_number(json, validity->counts[HL7_ERROR]);
    json_key(json, "warnings");
    json_number(json, validity->counts[HL7_WARNING]);
    json_key(json, "complete");
    json_bool(json, validity->complete);
    json_end(json);
    json_line(json);
}

void validate_report_end(struct validate_report *report, const struct hl7_validity *validity)
{
    report->wrong += validity->counts[HL7_ERROR] > 0 ? 1 : 0;
    for (size_t i = 0; i < sizeof report->counts / sizeof *report->counts; i++) {
        report->counts[i] += validity->counts[i];
    }
    validate_junit_end(&report->junit);
    if (is_silent(report)) {
        return;
    }
    if (report->as_json) {
        end_json(report, validity);
    } else if (!validity->complete) {
        fputs("  more findings are not listed; --max-findings sets how many are\n",
              report->terminal.file);
    }
}

void validate_report_unreadable(struct validate_report *report, const struct source_item *item,
                                const struct hl7_error *error)
{
    report->unread++;
    validate_junit_unreadable(&report->junit, item, error->text);
}

/* ---- Findings ------------------------------------------------------------------------------- */

static void pad(FILE *file, size_t len, size_t width)
{
    fprintf(file, "%*s", (int)(len < width ? width - len : 0) + 1, "");
}

static void print_finding(struct validate_report *report, const struct hl7_finding *finding,
                          hl7_slice path, hl7_slice sentence)
{
    FILE *file = report->terminal.file;
    const char *severity = hl7_severity_name(finding->severity);
    const char *rule = hl7_rule_name(finding->rule);

    if (!report->announced) {
        announce(report);
    }
    fputs("  ", file);
    fwrite(path.ptr, 1, path.len, file);
    pad(file, path.len, PATH_WIDTH);
    text_styled(&report->terminal, severity_styles[finding->severity], severity);
    fprintf(file, "%*s%-*s ", (int)(8 - hl7_slice_of(severity).len), "", RULE_WIDTH, rule);
    fwrite(sentence.ptr, 1, sentence.len, file);
    if (report->values && finding->value.len > 0) {
        hl7_slice value = safe_value(report, finding->value);
        hl7_slice front = text_front(value, VALUE_WIDTH);

        fprintf(file, ": '%.*s'%s", (int)front.len, front.ptr, front.len < value.len ? "..." : "");
    }
    fputc('\n', file);
}

static void json_finding(struct validate_report *report, const struct hl7_finding *finding,
                         hl7_slice path, hl7_slice sentence)
{
    struct json *json = &report->json;

    json_open_object(json);
    json_key(json, "path");
    json_text(json, path);
    json_key(json, "segment");
    json_number(json, finding->segment + 1);
    json_key(json, "severity");
    json_text_of(json, hl7_severity_name(finding->severity));
    json_key(json, "rule");
    json_text_of(json, hl7_rule_name(finding->rule));
    json_key(json, "condition");
    json_number(json, (uint64_t)hl7_rule_condition(finding->rule));
    json_key(json, "text");
    json_text(json, sentence);
    if (report->values && finding->value.ptr != NULL) {
        json_key(json, "value");
        json_text(json, safe_value(report, finding->value));
    }
    json_end(json);
}

/* "PID-7: Date/Time of Birth is not written as YYYY[MM[DD]] (type)" */
static void junit_finding(struct validate_report *report, const struct hl7_finding *finding,
                          hl7_slice path, hl7_slice sentence)
{
    char memory[HL7_FINDING_SIZE + HL7_PATH_SIZE + 64];
    struct hl7_buffer line;

    if (finding->severity != HL7_ERROR) {
        return;
    }
    hl7_buffer_init(&line, memory, sizeof memory);
    hl7_buffer_add(&line, path);
    hl7_buffer_add(&line, HL7_TEXT(": "));
    hl7_buffer_add(&line, sentence);
    hl7_buffer_add(&line, HL7_TEXT(" ("));
    hl7_buffer_add(&line, hl7_slice_of(hl7_rule_name(finding->rule)));
    hl7_buffer_add(&line, HL7_TEXT(")"));
    validate_junit_finding(&report->junit, hl7_buffer_slice(&line));
}

/* The name of what is no segment may be anything. */
static hl7_slice safe_path(const struct hl7_finding *finding, const struct hl7_message *message,
                           char *memory, size_t size)
{
    char raw[HL7_PATH_SIZE];
    struct hl7_buffer path;
    struct hl7_buffer safe;

    hl7_buffer_init(&path, raw, sizeof raw);
    validation_path(finding, message, &path);
    hl7_buffer_init(&safe, memory, size);
    text_safe(hl7_buffer_slice(&path), false, &safe);
    return hl7_buffer_slice(&safe);
}

void validate_report_finding(struct validate_report *report, const struct hl7_finding *finding)
{
    char path_memory[HL7_PATH_SIZE * TEXT_SAFE_GROWTH];
    char memory[HL7_FINDING_SIZE];
    hl7_slice path = safe_path(finding, report->message, path_memory, sizeof path_memory);
    struct hl7_buffer sentence;

    hl7_buffer_init(&sentence, memory, sizeof memory);
    hl7_finding_write(finding, &sentence);
    junit_finding(report, finding, path, hl7_buffer_slice(&sentence));
    if (report->summary && !validate_sum_add(&report->sum, finding)) {
        report->failed = true;
    }
    if (is_silent(report)) {
        return;
    }
    if (report->as_json) {
        json_finding(report, finding, path, hl7_buffer_slice(&sentence));
    } else {
        print_finding(report, finding, path, hl7_buffer_slice(&sentence));
    }
}

/* ---- The end -------------------------------------------------------------------------------- */

static void sum_json(struct validate_report *report)
{
    static const char *const names[] = {"messages", "valid",    "wrong", "unreadable",
                                        "errors",   "warnings", "infos"};
    const uint64_t numbers[] = {
        report->messages,        report->messages - report->wrong, report->wrong,
        report->unread,          report->counts[HL7_ERROR],        report->counts[HL7_WARNING],
        report->counts[HL7_INFO]};

    json_open_object(&report->json);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        json_key(&report->json, names[i]);
        json_number(&report->json, numbers[i]);
    }
    json_end(&report->json);
    json_line(&report->json);
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void validate_report_sum(struct validate_report *report)
{
    FILE *file = report->terminal.file;
    const uint64_t *counts = report->counts;

    if (report->quiet) {
        return;
    }
    if (report->as_json) {
        sum_json(report);
        return;
    }
    if (report->summary && !validate_sum_print(&report->sum, &report->terminal)) {
        report->failed = true;
    }
    if (report->sum.others > 0) {
        fprintf(file, "%" PRIu64 " findings of more kinds\n", report->sum.others);
    }
    fprintf(file, "%" PRIu64 " message%s: %" PRIu64 " valid, %" PRIu64 " with errors",
            report->messages, plural(report->messages), report->messages - report->wrong,
            report->wrong);
    if (report->unread > 0) {
        fprintf(file, ", %" PRIu64 " not readable", report->unread);
    }
    fprintf(file, "; %" PRIu64 " error%s, %" PRIu64 " warning%s\n", counts[HL7_ERROR],
            plural(counts[HL7_ERROR]), counts[HL7_WARNING], plural(counts[HL7_WARNING]));
}
