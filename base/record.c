/* SPDX-License-Identifier: Apache-2.0
 *
 * record.c - see record.h. There is one way to write a record, and reading takes no other: what was
 * read and is written again is the same line. */
#include "record.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789ABCDEF";

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-';
}

/* ---- Writing -------------------------------------------------------------------------------- */

enum { FIRST_SIZE = 1024 };

static bool make_room(struct record_writer *writer, size_t len)
{
    if (writer->failed) {
        return false;
    }
    if (writer->size - writer->len >= len) {
        return true;
    }
    size_t size = writer->size < FIRST_SIZE ? FIRST_SIZE : writer->size;
    while (size - writer->len < len) {
        if (size > SIZE_MAX / 2) {
            writer->failed = true;
            return false;
        }
        size *= 2;
    }
    char *ptr = realloc(writer->ptr, size);
    if (ptr == NULL) {
        writer->failed = true;
        return false;
    }
    writer->ptr = ptr;
    writer->size = size;
    return true;
}

static void add(struct record_writer *writer, hl7_slice bytes)
{
    if (bytes.len > 0 && make_room(writer, bytes.len)) {
        memcpy(writer->ptr + writer->len, bytes.ptr, bytes.len);
        writer->len += bytes.len;
    }
}

/* The letter behind the backslash; 'x' for a byte without one; 0 for a byte that stands for itself. */
static char escape_letter(unsigned char byte)
{
    switch (byte) {
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\\':
        return '\\';
    default:
        return byte < 0x20 || byte == 0x7f ? 'x' : '\0';
    }
}

static void add_escaped(struct record_writer *writer, hl7_slice text)
{
    size_t plain = 0; /* where the bytes begin that stand for themselves */

    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        char letter = escape_letter(byte);
        char escape[4] = {'\\', letter, digits[byte >> 4], digits[byte & 15]};

        if (letter != '\0') {
            add(writer, hl7_slice_part(text, plain, i - plain));
            add(writer, (hl7_slice){escape, letter == 'x' ? 4 : 2});
            plain = i + 1;
        }
    }
    add(writer, hl7_slice_part(text, plain, text.len - plain));
}

static void add_name(struct record_writer *writer, const char *name, const char *mark)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        assert(i < RECORD_NAME_MAX && is_name_byte(name[i]));
    }
    if (writer->started) {
        add(writer, HL7_TEXT("\t"));
    }
    writer->started = true;
    add(writer, hl7_slice_of(name));
    add(writer, hl7_slice_of(mark));
}

static void add_number(struct record_writer *writer, const char *name, const char *mark,
                       int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    add_name(writer, name, mark);
    add(writer, hl7_slice_of(text));
}

void record_begin(struct record_writer *writer, const char *kind)
{
    assert(!writer->started);
    record_string(writer, "record", kind);
}

void record_text(struct record_writer *writer, const char *name, hl7_slice value)
{
    if (value.ptr != NULL) {
        add_name(writer, name, "=");
        add_escaped(writer, value);
    }
}

void record_string(struct record_writer *writer, const char *name, const char *value)
{
    if (value != NULL) {
        record_text(writer, name, hl7_slice_of(value));
    }
}

void record_number(struct record_writer *writer, const char *name, int64_t value)
{
    add_number(writer, name, "#=", value);
}

void record_bool(struct record_writer *writer, const char *name, bool value)
{
    add_number(writer, name, "?=", value ? 1 : 0);
}

void record_time(struct record_writer *writer, const char *name, int64_t microseconds)
{
    if (microseconds != 0) {
        add_number(writer, name, "@=", microseconds);
    }
}

void record_end(struct record_writer *writer)
{
    writer->started = false;
    add(writer, HL7_TEXT("\n"));
}

void record_line(struct record_writer *writer, const char *text)
{
    assert(!writer->started);
    add(writer, hl7_slice_of(text));
    record_end(writer);
}

hl7_slice record_slice(const struct record_writer *writer)
{
    return (hl7_slice){writer->ptr, writer->len};
}

void record_cut(struct record_writer *writer, size_t len)
{
    assert(len <= writer->len);
    writer->len = len;
    writer->started = false;
}

void record_release(struct record_writer *writer)
{
    free(writer->ptr);
    *writer = (struct record_writer){0};
}

/* ---- Reading -------------------------------------------------------------------------------- */

static int hex_value(char byte)
{
    const char *at = byte == '\0' ? NULL : strchr(digits, byte);

    return at == NULL ? -1 : (int)(at - digits);
}

/* Reads the escape at the front of `text`; how long it is, 0 when it is none. Only those that are
 * written are taken. */
static size_t read_escape(hl7_slice text, char *ret_byte)
{
    static const char letters[] = "tnr\\";
    static const char bytes[] = "\t\n\r\\";

    if (text.len < 2) {
        return 0;
    }
    if (text.ptr[1] != 'x') {
        const char *at = memchr(letters, text.ptr[1], 4);
        if (at == NULL) {
            return 0;
        }
        *ret_byte = bytes[at - letters];
        return 2;
    }
    if (text.len < 4) {
        return 0;
    }
    int high = hex_value(text.ptr[2]);
    int low = hex_value(text.ptr[3]);
    if (high < 0 || low < 0 || escape_letter((unsigned char)(high * 16 + low)) != 'x') {
        return 0;
    }
    *ret_byte = (char)(unsigned char)(high * 16 + low);
    return 4;
}

/* Decodes text in place. */
static bool decode(char *text, size_t len, hl7_slice *ret_text)
{
    size_t to = 0;

    for (size_t from = 0; from < len;) {
        size_t step = 1;
        char byte = text[from];

        if (byte == '\\') {
            step = read_escape((hl7_slice){text + from, len - from}, &byte);
        } else if (escape_letter((unsigned char)byte) != '\0') {
            step = 0;
        }
        if (step == 0) {
            return false;
        }
        text[to++] = byte;
        from += step;
    }
    *ret_text = (hl7_slice){text, to};
    return true;
}

/* A number as it is written: no sign but '-', no zeros in front. */
static bool read_number(hl7_slice text, int64_t *ret_number)
{
    bool negative = text.len > 0 && text.ptr[0] == '-';
    hl7_slice rest = negative ? hl7_slice_part(text, 1, text.len - 1) : text;
    int64_t number = 0;

    if (rest.len == 0 || rest.len > 19 || (rest.ptr[0] == '0' && text.len > 1)) {
        return false;
    }
    for (size_t i = 0; i < rest.len; i++) {
        int digit = rest.ptr[i] - '0';

        if (digit < 0 || digit > 9 || number < (INT64_MIN + digit) / 10) {
            return false;
        }
        number = number * 10 - digit; /* the negative numbers reach one further */
    }
    if (!negative && number == INT64_MIN) {
        return false;
    }
    *ret_number = negative ? number : -number;
    return true;
}

static bool read_name(hl7_slice name)
{
    if (name.len == 0 || name.len > RECORD_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!is_name_byte(name.ptr[i])) {
            return false;
        }
    }
    return true;
}

static enum record_type type_of(char mark)
{
    switch (mark) {
    case '#':
        return RECORD_NUMBER;
    case '?':
        return RECORD_BOOL;
    case '@':
        return RECORD_TIME;
    default:
        return RECORD_TEXT;
    }
}

static bool read_field(char *text, size_t len, struct record_field *ret_field)
{
    char *equals = memchr(text, '=', len);
    struct record_field field = {.type = RECORD_TEXT};

    if (equals == NULL || equals == text) {
        return false;
    }
    field.name = (hl7_slice){text, (size_t)(equals - text)};
    field.type = type_of(equals[-1]);
    field.name.len -= field.type != RECORD_TEXT;
    field.text = (hl7_slice){equals + 1, len - (size_t)(equals + 1 - text)};
    if (!read_name(field.name)) {
        return false;
    }
    bool good = field.type == RECORD_TEXT ? decode(equals + 1, field.text.len, &field.text)
                                          : read_number(field.text, &field.number);
    if (!good || (field.type == RECORD_BOOL && field.number != 0 && field.number != 1)) {
        return false;
    }
    *ret_field = field;
    return true;
}

bool record_read(char *line, size_t len, struct record *ret_record)
{
    size_t count = 0;
    size_t start = 0;

    while (start <= len) {
        char *tab = start < len ? memchr(line + start, '\t', len - start) : NULL;
        size_t end = tab == NULL ? len : (size_t)(tab - line);

        if (count == RECORD_FIELDS_MAX ||
            !read_field(line + start, end - start, &ret_record->fields[count])) {
            return false;
        }
        count++;
        start = end + 1;
    }
    ret_record->count = count;
    return true;
}

const struct record_field *record_find(const struct record *record, const char *name)
{
    for (size_t i = 0; i < record->count; i++) {
        if (hl7_slice_equal(record->fields[i].name, hl7_slice_of(name))) {
            return &record->fields[i];
        }
    }
    return NULL;
}

hl7_slice record_get(const struct record *record, const char *name)
{
    const struct record_field *field = record_find(record, name);

    return field != NULL ? field->text : (hl7_slice){NULL, 0};
}

int64_t record_get_number(const struct record *record, const char *name)
{
    const struct record_field *field = record_find(record, name);

    return field != NULL ? field->number : 0;
}

bool record_is(const struct record *record, const char *kind)
{
    return record->count > 0 && hl7_slice_equal(record->fields[0].name, HL7_TEXT("record")) &&
           hl7_slice_equal(record->fields[0].text, hl7_slice_of(kind));
}
