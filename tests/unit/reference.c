/* SPDX-License-Identifier: Apache-2.0
 *
 * The naive reader that properties compare the library with. Slow on purpose: every question is
 * answered by counting separators from the front. */
#include "reference.h"

#include <assert.h>
#include <string.h>

static const hl7_slice nothing = {NULL, 0};

static bool holds(hl7_slice text, char byte)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == byte) {
            return true;
        }
    }
    return false;
}

static hl7_slice cut(hl7_slice text, size_t from, size_t to)
{
    return (hl7_slice){text.ptr + from, to - from};
}

/* Piece n of a value, from 1; absent when there are fewer. */
static hl7_slice piece(hl7_slice value, char separator, size_t n)
{
    size_t start = 0;
    size_t number = 1;

    if (value.ptr == NULL) {
        return nothing;
    }
    for (size_t i = 0; i <= value.len; i++) {
        bool split = i < value.len && separator != '\0' && value.ptr[i] == separator;
        if (i < value.len && !split) {
            continue;
        }
        if (number == n) {
            return cut(value, start, i);
        }
        number++;
        start = i + 1;
    }
    return nothing;
}

static size_t piece_count(hl7_slice value, char separator)
{
    size_t count = 1;

    for (size_t i = 0; i < value.len; i++) {
        count += separator != '\0' && value.ptr[i] == separator ? 1 : 0;
    }
    return count;
}

static bool is_header(hl7_slice line, char separator)
{
    return line.len > 3 && line.ptr[3] == separator &&
           (memcmp(line.ptr, "MSH", 3) == 0 || memcmp(line.ptr, "FHS", 3) == 0 ||
            memcmp(line.ptr, "BHS", 3) == 0);
}

static void read_delimiters(struct reference *reference)
{
    hl7_slice header = reference->lines[0].text;
    struct hl7_delimiters *found = &reference->delimiters;
    char *const places[] = {&found->component, &found->repetition, &found->escape,
                            &found->subcomponent, &found->truncation};

    *found = (struct hl7_delimiters){.field = header.ptr[3]};
    for (size_t i = 0; 4 + i < header.len && header.ptr[4 + i] != found->field; i++) {
        assert(i < sizeof places / sizeof *places);
        *places[i] = header.ptr[4 + i];
    }
}

/* The offset behind the line end, and the blank lines, that begin at `at`. */
static size_t behind_line_ends(hl7_slice text, size_t at, bool has_cr)
{
    while (at < text.len && (text.ptr[at] == '\n' || (has_cr && text.ptr[at] == '\r'))) {
        at++;
    }
    return at;
}

void reference_read(hl7_slice text, struct reference *ret_reference)
{
    bool has_cr = holds(text, '\r');
    size_t at = text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    *ret_reference = (struct reference){.before = cut(text, 0, at)};
    while (at < text.len) {
        size_t end = at;
        while (end < text.len && text.ptr[end] != (has_cr ? '\r' : '\n')) {
            end++;
        }
        size_t next = behind_line_ends(text, end, has_cr);
        assert(ret_reference->count < REFERENCE_LINES);
        ret_reference->lines[ret_reference->count].text = cut(text, at, end);
        ret_reference->lines[ret_reference->count].ending = cut(text, end, next);
        ret_reference->count++;
        at = next;
    }
    read_delimiters(ret_reference);
}

hl7_slice reference_field(const struct reference *reference, hl7_slice line, size_t n)
{
    char separator = reference->delimiters.field;

    if (is_header(line, separator) && n > 0) {
        return n == 1 ? cut(line, 3, 4) : piece(line, separator, n);
    }
    return piece(line, separator, n + 1);
}

size_t reference_field_count(const struct reference *reference, hl7_slice line)
{
    char separator = reference->delimiters.field;

    return piece_count(line, separator) + (is_header(line, separator) ? 1 : 0);
}

size_t reference_find(const struct reference *reference, const struct hl7_path *path)
{
    size_t found = HL7_NONE;
    size_t seen = 0;

    for (size_t i = 0; i < reference->count; i++) {
        hl7_slice name = piece(reference->lines[i].text, reference->delimiters.field, 1);
        if (name.len != 3 || memcmp(name.ptr, path->segment, 3) != 0) {
            continue;
        }
        seen++;
        if (path->occurrence == HL7_LAST) {
            found = i;
        } else if (seen == (path->occurrence == 0 ? 1 : path->occurrence)) {
            return i;
        }
    }
    return found;
}

static hl7_slice repetition_of(hl7_slice field, char separator, uint32_t n)
{
    if (n == HL7_LAST) {
        return piece(field, separator, piece_count(field, separator));
    }
    return piece(field, separator, n == 0 ? 1 : n);
}

hl7_slice reference_get(const struct reference *reference, const struct hl7_path *path)
{
    size_t line = reference_find(reference, path);
    struct hl7_delimiters delimiters = reference->delimiters;

    if (line == HL7_NONE) {
        return nothing;
    }
    hl7_slice text = reference->lines[line].text;
    if (path->field == 0) {
        return text;
    }
    if (path->field <= 2 && is_header(text, delimiters.field)) {
        delimiters = (struct hl7_delimiters){.field = delimiters.field};
    }
    hl7_slice value = reference_field(reference, text, path->field);
    if (path->repetition != 0 || path->component != 0) {
        value = repetition_of(value, delimiters.repetition, path->repetition);
    }
    if (path->component != 0) {
        value = piece(value, delimiters.component, path->component);
    }
    if (path->subcomponent != 0) {
        value = piece(value, delimiters.subcomponent, path->subcomponent);
    }
    return value;
}
