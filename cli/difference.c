/* SPDX-License-Identifier: Apache-2.0
 *
 * difference.c - see difference.h.
 */
#include "difference.h"

#include <string.h>

#define SHOWN_BEFORE 40 /* bytes of a long value before the place where it differs */
#define SHOWN_BEHIND 80

const struct difference_words difference_expectation = {
    "expected ", ", got ", "segment missing: ", "segment not expected: "};
const struct difference_words difference_change = {"", " -> ",
                                                   "segment removed: ", "segment added: "};

/* ---- Values --------------------------------------------------------------------------------- */

void difference_messages(struct difference_text *text, const struct hl7_message *expected,
                         const struct hl7_message *actual)
{
    (void)text_charset_for(&text->expected, expected, NULL);
    (void)text_charset_for(&text->actual, actual, NULL);
}

void difference_text_free(struct difference_text *text)
{
    text_charset_close(&text->expected);
    text_charset_close(&text->actual);
    memory_free(&text->memory);
}

/* The raw value as UTF-8, until the next call; as it is when there is no memory. */
static hl7_slice value_utf8(struct difference_text *text, struct text_charset *charset,
                            hl7_slice raw)
{
    struct hl7_buffer buffer;

    if (raw.len == 0 || raw.len > SIZE_MAX / TEXT_UTF8_GROWTH ||
        !memory_grow(&text->memory, raw.len * TEXT_UTF8_GROWTH)) {
        return raw;
    }
    hl7_buffer_init(&buffer, text->memory.ptr, text->memory.size);
    text_utf8(charset, raw, &buffer);
    return hl7_buffer_slice(&buffer);
}

static size_t common_front(hl7_slice a, hl7_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    size_t same = 0;

    while (same < len && a.ptr[same] == b.ptr[same]) {
        same++;
    }
    return same;
}

/* Moves an offset back to the start of a UTF-8 character. */
static size_t character_start(hl7_slice text, size_t at)
{
    while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xc0) == 0x80) {
        at--;
    }
    return at;
}

/* Shows a value between quotes, the part around byte `at` when it is long. */
static void print_value(const struct text_terminal *terminal, enum text_style style,
                        struct difference_text *text, struct text_charset *charset, hl7_slice raw,
                        size_t at)
{
    size_t from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
    size_t len = SHOWN_BEFORE + SHOWN_BEHIND;
    hl7_slice shown;

    if (raw.ptr == NULL) {
        fputs("nothing", terminal->file);
        return;
    }
    if (raw.len <= len) {
        from = 0;
    }
    from = character_start(raw, from);
    len = character_start(raw, from + len) - from;
    shown = value_utf8(text, charset, hl7_slice_part(raw, from, len));
    text_style(terminal, style);
    fputs(from > 0 ? "'..." : "'", terminal->file);
    text_write_safe(terminal->file, shown, false);
    fputs(raw.len - from > len ? "...'" : "'", terminal->file);
    text_style(terminal, TEXT_NORMAL);
}

/* ---- Messages ------------------------------------------------------------------------------- */

/* The path without [1]. */
static hl7_slice path_text(const struct hl7_difference *difference, char memory[HL7_PATH_SIZE])
{
    struct hl7_path path = difference->path;
    struct hl7_buffer buffer;

    path.occurrence = path.occurrence == 1 ? 0 : path.occurrence;
    hl7_buffer_init(&buffer, memory, HL7_PATH_SIZE);
    hl7_path_write(&path, &buffer);
    return hl7_buffer_slice(&buffer);
}

void difference_print(const struct text_terminal *terminal, const struct difference_words *words,
                      struct difference_text *text, const struct hl7_difference *difference)
{
    size_t at = common_front(difference->expected, difference->actual);
    char memory[HL7_PATH_SIZE];

    text_style(terminal, TEXT_BOLD);
    text_write_safe(terminal->file, path_text(difference, memory), false);
    text_style(terminal, TEXT_NORMAL);
    fputs(": ", terminal->file);
    switch (difference->kind) {
    case HL7_SEGMENT_MISSING:
        fputs(words->missing, terminal->file);
        print_value(terminal, TEXT_RED, text, &text->expected, difference->expected, 0);
        break;
    case HL7_SEGMENT_EXTRA:
        fputs(words->extra, terminal->file);
        print_value(terminal, TEXT_GREEN, text, &text->actual, difference->actual, 0);
        break;
    default:
        fputs(words->before, terminal->file);
        print_value(terminal, TEXT_RED, text, &text->expected, difference->expected, at);
        fputs(words->between, terminal->file);
        print_value(terminal, TEXT_GREEN, text, &text->actual, difference->actual, at);
        break;
    }
    fputc('\n', terminal->file);
}

void difference_json(struct json *json, struct difference_text *text,
                     const struct hl7_difference *difference)
{
    char memory[HL7_PATH_SIZE];

    json_key(json, "path");
    json_text(json, path_text(difference, memory));
    json_key(json, "kind");
    json_text_of(json, hl7_difference_name(difference->kind));
    json_key(json, "expected");
    json_text(json, value_utf8(text, &text->expected, difference->expected));
    json_key(json, "actual");
    json_text(json, value_utf8(text, &text->actual, difference->actual));
}

/* ---- Lines ---------------------------------------------------------------------------------- */

/* Takes a line from the front of the text; absent when nothing is left. */
static hl7_slice next_line(hl7_slice *text)
{
    hl7_slice line = {text->ptr, 0};

    if (text->len == 0) {
        return (hl7_slice){NULL, 0};
    }
    while (line.len < text->len && text->ptr[line.len] != '\r' && text->ptr[line.len] != '\n') {
        line.len++;
    }
    bool both =
        line.len + 1 < text->len && text->ptr[line.len] == '\r' && text->ptr[line.len + 1] == '\n';
    *text = hl7_slice_part(*text, line.len + (both ? 2 : 1), text->len);
    return line;
}

bool difference_of_lines(hl7_slice expected, hl7_slice actual, size_t *ret_line,
                         hl7_slice *ret_expected, hl7_slice *ret_actual)
{
    for (size_t line = 1; expected.len > 0 || actual.len > 0; line++) {
        hl7_slice a = next_line(&expected);
        hl7_slice b = next_line(&actual);

        if ((a.ptr == NULL) != (b.ptr == NULL) || !hl7_slice_equal(a, b)) {
            *ret_line = line;
            *ret_expected = a;
            *ret_actual = b;
            return true;
        }
    }
    return false;
}

static void print_line(FILE *file, char sign, hl7_slice line, size_t from)
{
    if (line.ptr == NULL) {
        fprintf(file, "%c (no more lines)\n", sign);
        return;
    }
    fprintf(file, "%c %s", sign, from > 0 ? "..." : "");
    text_write_safe(file, hl7_slice_part(line, from, SHOWN_BEFORE + SHOWN_BEHIND), false);
    fputs(line.len - from > SHOWN_BEFORE + SHOWN_BEHIND ? "...\n" : "\n", file);
}

void difference_print_lines(FILE *file, size_t line, hl7_slice expected, hl7_slice actual)
{
    char memory[TEXT_SAFE_GROWTH * (SHOWN_BEFORE + 4)];
    size_t at = character_start(expected, common_front(expected, actual));
    size_t from = character_start(expected, at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0);
    struct hl7_buffer before;

    fprintf(file, "line %zu:\n", line);
    print_line(file, '-', expected, from);
    print_line(file, '+', actual, from);
    if (expected.ptr != NULL && actual.ptr != NULL) {
        hl7_buffer_init(&before, memory, sizeof memory);
        text_safe(hl7_slice_part(actual, from, at - from), false, &before);
        fprintf(file, "%*s^\n", (int)(text_columns(hl7_buffer_slice(&before)) + (from > 0 ? 5 : 2)),
                "");
    }
}
