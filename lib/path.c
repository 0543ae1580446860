/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths: PID-3[2].1.2, OBX[last]-5. Reading one is a walk along a table of steps, each a mark and
 * the number behind it; getting a value is the same walk down the message. Numbers count from 1; a
 * number that was not given is 0 and stands for "the whole" at the end of a path and for "the
 * first" before its end (rules 15 and 16). */
#include "path.h"

#include "error.h"

#include <string.h>

/* ---- Reading and writing ------------------------------------------------------------------- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

struct reader {
    hl7_slice text;
    size_t at;
    struct hl7_error *error;
};

static bool next_is(const struct reader *reader, char c)
{
    return reader->at < reader->text.len && reader->text.ptr[reader->at] == c;
}

static enum hl7_code fail(const struct reader *reader, size_t at, const char *text)
{
    return error_set(reader->error, HL7_BAD_PATH, at, text);
}

static enum hl7_code read_segment(struct reader *reader, struct hl7_path *path)
{
    hl7_slice name = hl7_slice_part(reader->text, 0, 3);

    for (size_t i = 0; i < name.len; i++) {
        if (!is_upper(name.ptr[i]) && (i == 0 || !is_digit(name.ptr[i]))) {
            return fail(reader, i, "a path begins with a segment name: three capitals or digits");
        }
    }
    if (name.len < 3) {
        return fail(reader, name.len, "a segment name has three characters, as in PID-5.1");
    }
    memcpy(path->segment, name.ptr, 3);
    path->segment[3] = '\0';
    reader->at = 3;
    return HL7_OK;
}

/* A number from 1; the largest value is kept for HL7_LAST. */
static enum hl7_code read_number(struct reader *reader, uint32_t *ret_number)
{
    size_t start = reader->at;
    uint32_t number = 0;

    while (reader->at < reader->text.len && is_digit(reader->text.ptr[reader->at])) {
        uint32_t digit = (uint32_t)(reader->text.ptr[reader->at] - '0');
        if (number > (HL7_LAST - 1 - digit) / 10) {
            return fail(reader, start, "the number is too large");
        }
        number = number * 10 + digit;
        reader->at++;
    }
    if (reader->at == start) {
        return fail(reader, start, "a number is missing here");
    }
    if (number == 0) {
        return fail(reader, start, "numbers in a path count from 1");
    }
    *ret_number = number;
    return HL7_OK;
}

/* "[n]" or "[last]", if one stands here. */
static enum hl7_code read_brackets(struct reader *reader, uint32_t *ret_number)
{
    if (!next_is(reader, '[')) {
        return HL7_OK;
    }
    size_t open = reader->at++;
    hl7_slice rest = hl7_slice_part(reader->text, reader->at, reader->text.len);
    uint32_t number = HL7_LAST;

    if (hl7_slice_starts(rest, HL7_TEXT("last"))) {
        reader->at += 4;
    } else {
        enum hl7_code code = read_number(reader, &number);
        if (code != HL7_OK) {
            return code;
        }
    }
    if (!next_is(reader, ']')) {
        return fail(reader, open, "'[' without its ']'");
    }
    reader->at++;
    *ret_number = number;
    return HL7_OK;
}

/* A mark and the number behind it, if the mark stands here. */
static enum hl7_code read_step(struct reader *reader, char mark, uint32_t *ret_number)
{
    if (!next_is(reader, mark)) {
        return HL7_OK;
    }
    reader->at++;
    return read_number(reader, ret_number);
}

static enum hl7_code read_path(struct reader *reader, struct hl7_path *path)
{
    enum hl7_code code = read_segment(reader, path);
    if (code == HL7_OK) {
        code = read_brackets(reader, &path->occurrence);
    }
    if (code == HL7_OK) {
        code = read_step(reader, '-', &path->field);
    }
    if (code != HL7_OK || path->field == 0) {
        return code;
    }
    code = read_brackets(reader, &path->repetition);
    if (code == HL7_OK) {
        code = read_step(reader, '.', &path->component);
    }
    if (code == HL7_OK && path->component != 0) {
        code = read_step(reader, '.', &path->subcomponent);
    }
    return code;
}

enum hl7_code hl7_path_read(hl7_slice text, struct hl7_path *ret_path, size_t *ret_used,
                            struct hl7_error *error)
{
    struct reader reader = {.text = text, .error = error};
    struct hl7_path path = {0};

    enum hl7_code code = read_path(&reader, &path);
    if (code == HL7_OK) {
        *ret_path = path;
        *ret_used = reader.at;
    }
    return code;
}

enum hl7_code hl7_path_parse(hl7_slice text, struct hl7_path *ret_path, struct hl7_error *error)
{
    struct hl7_path path;
    size_t used = 0;

    enum hl7_code code = hl7_path_read(text, &path, &used, error);
    if (code != HL7_OK) {
        return code;
    }
    if (used < text.len) {
        return error_set(error, HL7_BAD_PATH, used,
                         "a path looks like PID-3[2].1.2 or OBX[3]-5; it cannot go on like this");
    }
    *ret_path = path;
    return HL7_OK;
}

static void write_step(struct hl7_buffer *buffer, char mark, uint32_t number)
{
    if (number != 0) {
        hl7_buffer_add_byte(buffer, mark);
        hl7_buffer_add_number(buffer, number);
    }
}

static void write_brackets(struct hl7_buffer *buffer, uint32_t number)
{
    if (number == HL7_LAST) {
        hl7_buffer_add(buffer, HL7_TEXT("[last]"));
    } else if (number != 0) {
        write_step(buffer, '[', number);
        hl7_buffer_add_byte(buffer, ']');
    }
}

void hl7_path_write(const struct hl7_path *path, struct hl7_buffer *buffer)
{
    hl7_buffer_add(buffer, hl7_slice_of(path->segment));
    write_brackets(buffer, path->occurrence);
    write_step(buffer, '-', path->field);
    write_brackets(buffer, path->repetition);
    write_step(buffer, '.', path->component);
    write_step(buffer, '.', path->subcomponent);
}

/* ---- Getting a value ----------------------------------------------------------------------- */

static hl7_slice last_piece(hl7_slice value, char separator)
{
    hl7_slice piece = value;

    for (hl7_slice rest = value; hl7_piece_next(&rest, separator, &piece);) {
    }
    return piece;
}

static hl7_slice piece_or_first(hl7_slice value, char separator, uint32_t n)
{
    if (n == HL7_LAST) {
        return last_piece(value, separator);
    }
    return hl7_piece(value, separator, n == 0 ? 1 : n);
}

hl7_slice path_within_field(const struct hl7_delimiters *delimiters, hl7_slice field,
                            const struct hl7_path *path)
{
    hl7_slice value = field;

    if (path->repetition != 0 || path->component != 0) {
        value = piece_or_first(value, delimiters->repetition, path->repetition);
    }
    if (path->component != 0) {
        value = hl7_piece(value, delimiters->component, path->component);
    }
    if (path->subcomponent != 0) {
        value = hl7_piece(value, delimiters->subcomponent, path->subcomponent);
    }
    return value;
}

const struct hl7_delimiters *path_delimiters(const struct hl7_delimiters *delimiters,
                                             hl7_slice segment_name, uint32_t field)
{
    static const struct hl7_delimiters none = {0};

    return field <= 2 && hl7_segment_is_header(segment_name) ? &none : delimiters;
}

hl7_slice hl7_segment_get(const struct hl7_message *message, size_t segment,
                          const struct hl7_path *path)
{
    if (path->field == 0) {
        return hl7_segment_bytes(message, segment);
    }
    hl7_slice name = hl7_segment_name(message, segment);
    hl7_slice field = hl7_segment_field(message, segment, path->field);
    return path_within_field(path_delimiters(&message->delimiters, name, path->field), field, path);
}

hl7_slice hl7_message_get(const struct hl7_message *message, const struct hl7_path *path)
{
    size_t segment = hl7_message_find(message, hl7_slice_of(path->segment), path->occurrence);

    return hl7_segment_get(message, segment, path);
}

hl7_slice hl7_message_at(const struct hl7_message *message, const char *path)
{
    struct hl7_path parsed = {0};

    if (hl7_path_parse(hl7_slice_of(path), &parsed, NULL) != HL7_OK) {
        return (hl7_slice){NULL, 0};
    }
    return hl7_message_get(message, &parsed);
}

hl7_slice hl7_first_leaf(const struct hl7_delimiters *delimiters, hl7_slice value)
{
    value = hl7_piece(value, delimiters->repetition, 1);
    value = hl7_piece(value, delimiters->component, 1);
    return hl7_piece(value, delimiters->subcomponent, 1);
}
