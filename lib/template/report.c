/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings are made while the parser goes forward through the text, so their list is in the order
 * of the text. Line and column are counted only when there is something to say. Words of the
 * template are cut when they are long and shown without control bytes; message content is never
 * among them. */
#include "template/report.h"

#include "template/lexer.h"
#include "template/limits.h"

#include <string.h>

void report_init(struct report *report, hl7_slice text, struct hl7_arena *arena)
{
    *report = (struct report){.text = text, .arena = arena};
}

/* Line, column and the line's text for an offset. LF, CRLF and CR end lines, as for the lexer. */
static void locate(struct hl7_diagnostic *diagnostic, hl7_slice text, size_t position)
{
    size_t line = 1;
    size_t start = 0;

    for (size_t i = 0; i < position; i++) {
        bool crlf = text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n';
        if (lexer_is_line_end(text.ptr[i]) && !crlf) {
            line++;
            start = i + 1;
        }
    }
    size_t end = position;
    while (end < text.len && !lexer_is_line_end(text.ptr[end])) {
        end++;
    }
    diagnostic->line = line;
    diagnostic->column = position - start + 1;
    diagnostic->source = hl7_slice_part(text, start, end - start);
}

size_t report_line(const struct report *report, size_t position)
{
    struct hl7_diagnostic diagnostic;

    locate(&diagnostic, report->text, position);
    return diagnostic.line;
}

static bool is_visible(char c)
{
    return c >= 0x20 && c < 0x7f;
}

/* A word, made safe to print. */
static void add_word(struct hl7_buffer *buffer, hl7_slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        hl7_buffer_add_byte(buffer, is_visible(word.ptr[i]) ? word.ptr[i] : '?');
    }
}

/* The first word is the template's and may be long. */
static void add_first(struct hl7_buffer *buffer, hl7_slice word)
{
    hl7_slice shown = hl7_slice_part(word, 0, TEMPLATE_MAX_QUOTED);

    add_word(buffer, shown);
    if (shown.len < word.len) {
        hl7_buffer_add(buffer, HL7_TEXT("..."));
    }
}

void report_fill(struct hl7_diagnostic *diagnostic, hl7_slice text, size_t position,
                 const char *pattern, hl7_slice first, hl7_slice second)
{
    struct hl7_buffer buffer;
    bool is_first = true;

    memset(diagnostic, 0, sizeof *diagnostic);
    diagnostic->severity = HL7_ERROR;
    locate(diagnostic, text, position);
    hl7_buffer_init(&buffer, diagnostic->text, sizeof diagnostic->text - 1);
    for (const char *p = pattern; *p != '\0'; p++) {
        if (*p != '%') {
            hl7_buffer_add_byte(&buffer, *p);
        } else if (is_first) {
            add_first(&buffer, first);
            is_first = false;
        } else {
            add_word(&buffer, second);
        }
    }
}

/* Room for one more finding, behind the others; NULL when there is none. */
static struct hl7_diagnostic *append(struct report *report)
{
    report->count++;
    if (report->count > TEMPLATE_MAX_DIAGNOSTICS + 1 || report->no_memory) {
        return NULL;
    }
    struct hl7_diagnostic *added = hl7_arena_alloc(report->arena, sizeof *added);
    if (added == NULL) {
        report->no_memory = true;
        return NULL;
    }
    if (report->last == NULL) {
        report->first = added;
    } else {
        report->last->next = added;
    }
    report->last = added;
    added->next = NULL;
    return added;
}

void report_add(struct report *report, size_t position, const char *pattern, hl7_slice first,
                hl7_slice second)
{
    struct hl7_diagnostic *added = append(report);

    if (added != NULL) {
        bool last = report->count > TEMPLATE_MAX_DIAGNOSTICS;
        report_fill(added, report->text, position, last ? "more errors follow" : pattern, first,
                    second);
        added->file = report->file;
    }
}

void report_take(struct report *report, const struct hl7_diagnostic *finding)
{
    if (report->count >= TEMPLATE_MAX_DIAGNOSTICS) {
        report_add(report, 0, "more errors follow", finding->file, finding->file);
        return;
    }
    struct hl7_diagnostic *added = append(report);
    if (added != NULL) {
        *added = *finding;
        added->next = NULL;
    }
}

static bool is_same(const struct hl7_diagnostic *a, const struct hl7_diagnostic *b)
{
    return a->line == b->line && a->column == b->column && hl7_slice_equal(a->file, b->file) &&
           hl7_slice_equal(hl7_slice_of(a->text), hl7_slice_of(b->text));
}

/* Something before `finding` says the same. */
static bool is_said(const struct hl7_diagnostic *at, const struct hl7_diagnostic *finding)
{
    while (at != finding && !is_same(at, finding)) {
        at = at->next;
    }
    return at != finding;
}

void report_unique(struct report *report)
{
    struct hl7_diagnostic *last = report->first;

    while (last != NULL && last->next != NULL) {
        if (is_said(report->first, last->next)) {
            last->next = last->next->next;
        } else {
            last = last->next;
        }
    }
    report->last = last;
}

static bool is_behind(const struct hl7_diagnostic *a, const struct hl7_diagnostic *b)
{
    return hl7_slice_equal(a->file, b->file) &&
           (a->line > b->line || (a->line == b->line && a->column > b->column));
}

void report_warn(struct report *report, size_t position, const char *pattern, hl7_slice first,
                 hl7_slice second)
{
    struct hl7_diagnostic **place = &report->first;

    if (report->warnings == TEMPLATE_MAX_DIAGNOSTICS || report->no_memory) {
        return;
    }
    size_t used = report->arena->used;
    struct hl7_diagnostic *added = hl7_arena_alloc(report->arena, sizeof *added);
    if (added == NULL) {
        report->no_memory = true;
        return;
    }
    report_fill(added, report->text, position, pattern, first, second);
    added->severity = HL7_WARNING;
    added->file = report->file;
    while (*place != NULL && !is_behind(*place, added)) {
        if (is_same(*place, added)) {
            report->arena->used = used;
            return;
        }
        place = &(*place)->next;
    }
    report->warnings++;
    added->next = *place;
    *place = added;
    if (added->next == NULL) {
        report->last = added;
    }
}
