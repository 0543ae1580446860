/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of text. Lengths and places are in characters of UTF-8; a byte that belongs to none is
 * one by itself. upper() and lower() change the letters of ASCII only: for the others the answer
 * depends on the language. */
#include "template/function_parts.h"

#include "arena.h"
#include "template/number.h"
#include "template/search.h"
#include "utf8.h"

#include <string.h>

enum { LENGTH_MAX = 10000 };

/* ---- Letters ------------------------------------------------------------------------------- */

/* Writes the text with the letters from `first` to `last` in their other form. */
static enum hl7_code other_case(const struct call *call, char first, char last,
                                hl7_slice *ret_value)
{
    hl7_slice text = function_argument(call, 0);
    struct hl7_buffer buffer;

    arena_open(call->arena, &buffer);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        hl7_buffer_add_byte(&buffer, c >= first && c <= last ? (char)(c ^ 0x20) : c);
    }
    return function_keep(call, &buffer, ret_value);
}

enum hl7_code function_upper(const struct call *call, hl7_slice *ret_value)
{
    return other_case(call, 'a', 'z', ret_value);
}

enum hl7_code function_lower(const struct call *call, hl7_slice *ret_value)
{
    return other_case(call, 'A', 'Z', ret_value);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum hl7_code function_trim(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice text = function_argument(call, 0);
    size_t start = 0;

    while (start < text.len && is_blank(text.ptr[start])) {
        start++;
    }
    while (text.len > start && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    *ret_value = hl7_slice_part(text, start, text.len);
    return HL7_OK;
}

/* ---- Places and lengths -------------------------------------------------------------------- */

enum hl7_code function_length(const struct call *call, hl7_slice *ret_value)
{
    return function_number(call, utf8_count(function_argument(call, 0)), ret_value);
}

enum hl7_code function_substr(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice text = function_argument(call, 0);
    int64_t start;
    int64_t length = INT64_MAX;

    if (!number_integer(function_argument(call, 1), INT64_MIN, INT64_MAX, &start) || start == 0) {
        return function_refuse(call, "the start is a whole number, from 1 or, from the end, -1");
    }
    if (call->count > 2 && !number_integer(function_argument(call, 2), 0, INT64_MAX, &length)) {
        return function_refuse(call, "the length is not a whole number from 0");
    }
    uint64_t before = (uint64_t)(start - 1);
    if (start < 0) {
        uint64_t count = utf8_count(text);
        before = count > (uint64_t)-start ? count - (uint64_t)-start : 0;
    }
    text = hl7_slice_part(text, utf8_offset(text, before), text.len);
    *ret_value = hl7_slice_part(text, 0, utf8_offset(text, (size_t)length));
    return HL7_OK;
}

static void add_often(struct hl7_buffer *buffer, hl7_slice fill, size_t times)
{
    for (; times > 0 && !buffer->full; times--) {
        hl7_buffer_add(buffer, fill);
    }
}

enum hl7_code function_pad(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice text = function_argument(call, 0);
    hl7_slice fill = call->count > 2 ? function_argument(call, 2) : HL7_TEXT(" ");
    hl7_slice side = call->count > 3 ? function_argument(call, 3) : HL7_TEXT("left");
    bool right = hl7_slice_equal(side, HL7_TEXT("right"));
    size_t count = utf8_count(text);
    struct hl7_buffer buffer;
    int64_t length;

    if (!number_integer(function_argument(call, 1), 0, LENGTH_MAX, &length)) {
        return function_refuse(call, "the length is not a whole number from 0 to 10000");
    }
    if (utf8_count(fill) != 1) {
        return function_refuse(call, "what to fill up with is not one character");
    }
    if (!right && !hl7_slice_equal(side, HL7_TEXT("left"))) {
        return function_refuse(call, "the side is neither 'left' nor 'right'");
    }
    size_t missing = (size_t)length > count ? (size_t)length - count : 0;
    arena_open(call->arena, &buffer);
    add_often(&buffer, fill, right ? 0 : missing);
    hl7_buffer_add(&buffer, text);
    add_often(&buffer, fill, right ? missing : 0);
    return function_keep(call, &buffer, ret_value);
}

/* ---- Separators ---------------------------------------------------------------------------- */

/* Takes the piece before the next separator from the front of *rest; the last one leaves it
 * absent. */
static hl7_slice take_piece(hl7_slice *rest, struct search *separator)
{
    size_t at = search_find(separator, *rest);
    hl7_slice piece = hl7_slice_part(*rest, 0, at);
    bool last = at == rest->len;

    *rest =
        last ? (hl7_slice){NULL, 0} : hl7_slice_part(*rest, at + separator->wanted.len, rest->len);
    return piece;
}

static int64_t count_pieces(hl7_slice text, struct search *separator)
{
    int64_t count = 0;

    while (text.ptr != NULL) {
        (void)take_piece(&text, separator);
        count++;
    }
    return count;
}

enum hl7_code function_part(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice text = function_argument(call, 0);
    hl7_slice separator = function_argument(call, 1);
    hl7_slice piece = {NULL, 0};
    struct search search;
    int64_t n;

    if (separator.len == 0) {
        return function_refuse(call, "the separator is empty");
    }
    if (!number_integer(function_argument(call, 2), INT64_MIN, INT64_MAX, &n) || n == 0) {
        return function_refuse(call, "the piece is a whole number, from 1 or, from the end, -1");
    }
    search_init(&search, separator);
    if (n < 0) {
        n += count_pieces(text, &search) + 1;
    }
    for (; n > 0; n--) {
        if (text.ptr == NULL) {
            piece = text;
            break;
        }
        piece = take_piece(&text, &search);
    }
    *ret_value = piece;
    return HL7_OK;
}

enum hl7_code function_replace(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice rest = function_argument(call, 0);
    hl7_slice old = function_argument(call, 1);
    struct search search;
    struct hl7_buffer buffer;

    if (old.len == 0) {
        return function_refuse(call, "what to replace is empty");
    }
    search_init(&search, old);
    arena_open(call->arena, &buffer);
    while (rest.ptr != NULL && !buffer.full) {
        hl7_buffer_add(&buffer, take_piece(&rest, &search));
        if (rest.ptr != NULL) {
            hl7_buffer_add(&buffer, function_argument(call, 2));
        }
    }
    return function_keep(call, &buffer, ret_value);
}

/* ---- Several values ------------------------------------------------------------------------ */

enum hl7_code function_concat(const struct call *call, hl7_slice *ret_value)
{
    struct hl7_buffer buffer;

    arena_open(call->arena, &buffer);
    for (size_t i = 0; i < call->count; i++) {
        hl7_buffer_add(&buffer, call->arguments[i]);
    }
    return function_keep(call, &buffer, ret_value);
}

enum hl7_code function_join(const struct call *call, hl7_slice *ret_value)
{
    struct hl7_buffer buffer;
    bool first = true;

    arena_open(call->arena, &buffer);
    for (size_t i = 1; i < call->count; i++) {
        if (call->arguments[i].len > 0) {
            hl7_buffer_add(&buffer, first ? (hl7_slice){NULL, 0} : call->arguments[0]);
            hl7_buffer_add(&buffer, call->arguments[i]);
            first = false;
        }
    }
    return function_keep(call, &buffer, ret_value);
}

enum hl7_code function_first_of(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice value = {NULL, 0};

    for (size_t i = 0; i < call->count && value.len == 0; i++) {
        value = call->arguments[i];
    }
    *ret_value = value;
    return HL7_OK;
}

enum hl7_code function_default(const struct call *call, hl7_slice *ret_value)
{
    return function_first_of(call, ret_value);
}
