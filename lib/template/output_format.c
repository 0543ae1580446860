/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON, XML and CSV. A small machine reads the template's text as it is written and knows whether
 * the next byte is in a string, a tag, a cell in quotes. A value is encoded for that place:
 *
 *   JSON, in quotes     the inside of a string
 *   JSON, as a name     a string
 *   JSON, elsewhere     a number, true or false as it is; an empty one as null; else a string
 *   XML, text, quotes   with entities
 *   XML, in a tag       only as (a part of) a name
 *   CSV, in quotes      with quotes doubled
 *   CSV, elsewhere      the whole cell gets quotes at its end if a value in it needs them */
#include "template/output_format.h"

#include "template/encode.h"
#include "template/lexer.h"

#include <string.h>

static hl7_slice written(const struct format_state *state, const struct hl7_buffer *buffer)
{
    return hl7_slice_part(hl7_buffer_slice(buffer), state->start, buffer->len);
}

static bool ends_with(hl7_slice text, hl7_slice end)
{
    return text.len >= end.len &&
           hl7_slice_equal(hl7_slice_part(text, text.len - end.len, end.len), end);
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static const char json_place[] = "a value stands in quotes, or behind ':', ',' or '['";

/* A byte outside of strings. */
static void json_structure(struct format_state *state, char byte)
{
    if (byte == '"') {
        state->place = PLACE_QUOTED;
    } else if (byte == '{' || byte == '[') {
        state->objects = state->objects << 1 | (byte == '{' ? 1 : 0);
    } else if (byte == '}' || byte == ']') {
        state->objects >>= 1;
    }
}

static void json_byte(struct format_state *state, char byte)
{
    if (state->place == PLACE_ESCAPE) {
        state->escaped = byte == 'u' && state->escaped == 1 ? 4 : state->escaped - 1;
        state->place = state->escaped == 0 ? PLACE_QUOTED : PLACE_ESCAPE;
    } else if (state->place == PLACE_PLAIN) {
        json_structure(state, byte);
    } else if (byte == '\\') {
        state->place = PLACE_ESCAPE;
        state->escaped = 1;
    } else if (byte == '"') {
        state->place = PLACE_PLAIN;
    }
}

static size_t digits_at(hl7_slice text, size_t at)
{
    size_t count = 0;

    while (at + count < text.len && lexer_is_digit(text.ptr[at + count])) {
        count++;
    }
    return count;
}

/* RFC 8259, section 6, without the exponent. */
static bool is_json_number(hl7_slice text)
{
    size_t at = hl7_slice_starts(text, HL7_TEXT("-")) ? 1 : 0;
    size_t whole = digits_at(text, at);

    if (whole == 0 || (whole > 1 && text.ptr[at] == '0')) {
        return false;
    }
    at += whole;
    if (at == text.len) {
        return true;
    }
    size_t fraction = text.ptr[at] == '.' ? digits_at(text, at + 1) : 0;
    return fraction > 0 && at + 1 + fraction == text.len;
}

/* The last byte that is no blank; ',' when there is none. */
static char json_before(hl7_slice text)
{
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t' ||
                            lexer_is_line_end(text.ptr[text.len - 1]))) {
        text.len--;
    }
    return text.len == 0 ? ',' : text.ptr[text.len - 1];
}

static void json_string(hl7_slice text, struct hl7_buffer *buffer)
{
    hl7_buffer_add_byte(buffer, '"');
    encode_json(text, buffer);
    hl7_buffer_add_byte(buffer, '"');
}

/* A value that brings its own quotes. */
static enum hl7_code json_plain(const struct format_state *state, hl7_slice text,
                                struct hl7_buffer *buffer, const char **ret_problem)
{
    char before = json_before(written(state, buffer));
    bool name = before == '{' || (before == ',' && (state->objects & 1) != 0);

    if (!name && before != ':' && before != '[' && before != ',') {
        *ret_problem = json_place;
        return HL7_BAD_VALUE;
    }
    if (!name && text.len == 0) {
        hl7_buffer_add(buffer, HL7_TEXT("null"));
    } else if (!name && (is_json_number(text) || hl7_slice_equal(text, HL7_TEXT("true")) ||
                         hl7_slice_equal(text, HL7_TEXT("false")))) {
        hl7_buffer_add(buffer, text);
    } else {
        json_string(text, buffer);
    }
    return HL7_OK;
}

static enum hl7_code json_value(const struct format_state *state, hl7_slice text,
                                struct hl7_buffer *buffer, const char **ret_problem)
{
    switch (state->place) {
    case PLACE_QUOTED:
        encode_json(text, buffer);
        return HL7_OK;
    case PLACE_ESCAPE:
        *ret_problem = json_place;
        return HL7_BAD_VALUE;
    default:
        return json_plain(state, text, buffer, ret_problem);
    }
}

/* ---- XML ----------------------------------------------------------------------------------- */

/* What opens in content, and what closes it. */
static const struct {
    enum place place;
    hl7_slice open;
    hl7_slice close;
} xml_parts[] = {
    {PLACE_COMMENT, {"<!--", 4}, {"-->", 3}},
    {PLACE_CDATA, {"<![CDATA[", 9}, {"]]>", 3}},
    {PLACE_PROCESS, {"<?", 2}, {"?>", 2}},
};

static void xml_tag_byte(struct format_state *state, hl7_slice text, char byte)
{
    for (size_t i = 0; i < sizeof xml_parts / sizeof *xml_parts; i++) {
        if (ends_with(text, xml_parts[i].open)) {
            state->place = xml_parts[i].place;
            return;
        }
    }
    if (byte == '>') {
        state->place = PLACE_PLAIN;
    } else if (byte == '"') {
        state->place = PLACE_QUOTED;
    } else if (byte == '\'') {
        state->place = PLACE_QUOTED_1;
    }
}

/* `text` ends with the byte. */
static void xml_byte(struct format_state *state, hl7_slice text, char byte)
{
    switch (state->place) {
    case PLACE_PLAIN:
        state->place = byte == '<' ? PLACE_TAG : PLACE_PLAIN;
        return;
    case PLACE_TAG:
        xml_tag_byte(state, text, byte);
        return;
    case PLACE_QUOTED:
        state->place = byte == '"' ? PLACE_TAG : PLACE_QUOTED;
        return;
    case PLACE_QUOTED_1:
        state->place = byte == '\'' ? PLACE_TAG : PLACE_QUOTED_1;
        return;
    default:
        break;
    }
    for (size_t i = 0; i < sizeof xml_parts / sizeof *xml_parts; i++) {
        if (state->place == xml_parts[i].place && ends_with(text, xml_parts[i].close)) {
            state->place = PLACE_PLAIN;
        }
    }
}

static bool is_xml_name_byte(char c)
{
    return lexer_is_letter(c) || lexer_is_digit(c) || c == '_' || c == '-' || c == '.';
}

/* A name, or what continues one that stands before it. */
static bool is_xml_name(hl7_slice before, hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_xml_name_byte(text.ptr[i])) {
            return false;
        }
    }
    if (text.len == 0 || (before.len > 0 && is_xml_name_byte(before.ptr[before.len - 1]))) {
        return text.len > 0;
    }
    return lexer_is_letter(text.ptr[0]) || text.ptr[0] == '_';
}

static enum hl7_code xml_value(const struct format_state *state, hl7_slice text,
                               struct hl7_buffer *buffer, const char **ret_problem)
{
    switch (state->place) {
    case PLACE_PLAIN:
    case PLACE_QUOTED:
    case PLACE_QUOTED_1:
        encode_xml(text, buffer);
        return HL7_OK;
    case PLACE_TAG:
        if (is_xml_name(written(state, buffer), text)) {
            hl7_buffer_add(buffer, text);
            return HL7_OK;
        }
        *ret_problem = "in a tag, outside of quotes, only a name can stand";
        return HL7_BAD_VALUE;
    default:
        *ret_problem = "no value can stand in a comment, CDATA or a processing instruction";
        return HL7_BAD_VALUE;
    }
}

/* ---- CSV ----------------------------------------------------------------------------------- */

/* The cell in which a value needed quotes gets them, and its own quotes are doubled: from the end,
 * in place. */
static void csv_end_cell(struct format_state *state, struct hl7_buffer *buffer)
{
    size_t from = state->cell;
    size_t quotes = 2;

    if (state->wrap) {
        for (size_t i = from; i < buffer->len; i++) {
            quotes += buffer->ptr[i] == '"' ? 1 : 0;
        }
        if (quotes > buffer->size - buffer->len) {
            buffer->full = true;
            return;
        }
        size_t read = buffer->len;
        size_t write = buffer->len + quotes;
        buffer->len = write;
        buffer->ptr[--write] = '"';
        while (read > from) {
            char byte = buffer->ptr[--read];
            buffer->ptr[--write] = byte;
            if (byte == '"') {
                buffer->ptr[--write] = '"';
            }
        }
        buffer->ptr[from] = '"';
    }
    state->wrap = false;
}

static void csv_byte(struct format_state *state, char byte, struct hl7_buffer *buffer)
{
    if (state->place == PLACE_QUOTED) {
        state->place = byte == '"' ? PLACE_PLAIN : PLACE_QUOTED;
    } else if (byte == '"') {
        state->place = PLACE_QUOTED;
    } else if (byte == state->separator || lexer_is_line_end(byte)) {
        csv_end_cell(state, buffer);
        hl7_buffer_add_byte(buffer, byte);
        state->cell = buffer->len;
        return;
    }
    hl7_buffer_add_byte(buffer, byte);
}

/* A blank at either end, too, is kept by quotes. */
static bool csv_needs_quotes(const struct format_state *state, hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '"' || c == ',' || c == ';' || c == '\t' || c == state->separator ||
            lexer_is_line_end(c)) {
            return true;
        }
    }
    return text.len > 0 && (text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' ');
}

static void csv_value(struct format_state *state, hl7_slice text, struct hl7_buffer *buffer)
{
    if (state->place == PLACE_QUOTED) {
        encode_csv_quoted(text, buffer);
        return;
    }
    state->wrap = state->wrap || csv_needs_quotes(state, text);
    hl7_buffer_add(buffer, text);
}

/* ---- All ----------------------------------------------------------------------------------- */

void format_template(struct format_state *state, hl7_slice text, struct hl7_buffer *buffer)
{
    if (state->format == HL7_FORMAT_JSON) {
        hl7_buffer_add(buffer, text);
        for (size_t i = 0; i < text.len; i++) {
            json_byte(state, text.ptr[i]);
        }
        return;
    }
    for (size_t i = 0; i < text.len && !buffer->full; i++) {
        if (state->format == HL7_FORMAT_CSV) {
            csv_byte(state, text.ptr[i], buffer);
            continue;
        }
        hl7_buffer_add_byte(buffer, text.ptr[i]);
        xml_byte(state, written(state, buffer), text.ptr[i]);
    }
}

enum hl7_code format_value(struct format_state *state, hl7_slice text, struct hl7_buffer *buffer,
                           const char **ret_problem)
{
    if (state->format == HL7_FORMAT_JSON) {
        return json_value(state, text, buffer, ret_problem);
    }
    if (state->format == HL7_FORMAT_XML) {
        return xml_value(state, text, buffer, ret_problem);
    }
    csv_value(state, text, buffer);
    return HL7_OK;
}

void format_end(struct format_state *state, struct hl7_buffer *buffer)
{
    if (state->format == HL7_FORMAT_CSV) {
        csv_end_cell(state, buffer);
    }
}
