/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of functions, and what all of them share. A function is pure: its value depends on its
 * arguments and on what the caller lends, and its memory is the arena's. */
#include "template/function_parts.h"

#include "arena.h"

#define NAME(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* Sorted by name. */
static const struct function functions[] = {
    {NAME("add_time"), 3, 3, function_add_time, "add_time(time, amount, unit)",
     "the time so many seconds, minutes, hours, days, weeks, months or years later"},
    {NAME("age"), 1, 3, function_age, "age(birth, at, unit)",
     "whole years (or months, weeks, days) from a birth to a time, or to now"},
    {NAME("base64"), 1, 1, function_base64, "base64(text)", "the text in base64"},
    {NAME("base64_decode"), 1, 1, function_base64_decode, "base64_decode(text)",
     "what a base64 text stands for"},
    {NAME("concat"), 1, FUNCTION_ANY, function_concat, "concat(text, ...)",
     "the texts, one behind the other"},
    {NAME("control_id"), 0, 0, function_control_id, "control_id()", "a new control id for MSH-10"},
    {NAME("csv"), 1, 1, function_csv, "csv(text)", "the text as a cell of a CSV file"},
    {NAME("date"), 1, 2, function_date, "date(time, pattern)",
     "a time by a pattern such as '%d.%m.%Y', or in HL7's form"},
    {NAME("default"), 2, 2, function_default, "default(value, other)",
     "the value, or the other one if it is empty"},
    {NAME("first_of"), 1, FUNCTION_ANY, function_first_of, "first_of(value, ...)",
     "the first value that is not empty"},
    {NAME("hex"), 1, 1, function_hex, "hex(text)", "two digits for each byte"},
    {NAME("hl7"), 1, 1, function_hl7, "hl7(text)", "the text with the standard delimiters escaped"},
    {NAME("join"), 2, FUNCTION_ANY, function_join, "join(separator, value, ...)",
     "the values that are not empty, with the separator between them"},
    {NAME("json"), 1, 1, function_json, "json(text)", "the text as the inside of a JSON string"},
    {NAME("length"), 1, 1, function_length, "length(text)", "how many characters"},
    {NAME("lower"), 1, 1, function_lower, "lower(text)", "A to Z in small letters"},
    {NAME("now"), 0, 1, function_now, "now(pattern)",
     "the time of the conversion, in HL7's form or by a pattern"},
    {NAME("number"), 1, 1, function_number_of, "number(value)",
     "a number without blanks, plus, exponent and zeros in front"},
    {NAME("pad"), 2, 4, function_pad, "pad(text, length, fill, side)",
     "the text filled up to a length, with blanks on the left unless said otherwise"},
    {NAME("part"), 3, 3, function_part, "part(text, separator, n)",
     "the n-th piece of a text split at a separator; -1 is the last"},
    {NAME("replace"), 3, 3, function_replace, "replace(text, old, new)",
     "the text with every old replaced by new"},
    {NAME("round"), 1, 2, function_round, "round(value, digits)",
     "a number with so many digits behind the point, halves away from zero"},
    {NAME("sequence"), 1, 1, function_sequence, "sequence(name)",
     "the next number of the sequence of this name"},
    {NAME("sha256"), 1, 1, function_sha256, "sha256(text)", "the SHA-256 digest in hex"},
    {NAME("substr"), 2, 3, function_substr, "substr(text, start, length)",
     "characters from a place, counted from 1, or from the end if below 0"},
    {NAME("trim"), 1, 1, function_trim, "trim(text)", "the text without blanks around it"},
    {NAME("upper"), 1, 1, function_upper, "upper(text)", "a to z in capitals"},
    {NAME("url"), 1, 1, function_url, "url(text)", "the text as a part of a URL"},
    {NAME("uuid"), 0, 0, function_uuid, "uuid()", "a new random UUID"},
    {NAME("xml"), 1, 1, function_xml, "xml(text)", "the text as XML text or attribute value"},
};

const struct function *function_find(hl7_slice name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (hl7_slice_equal(name, functions[i].name)) {
            return &functions[i];
        }
    }
    return NULL;
}

const struct function *function_table(size_t *ret_count)
{
    *ret_count = sizeof functions / sizeof *functions;
    return functions;
}

hl7_slice function_argument(const struct call *call, size_t n)
{
    return n < call->count ? call->arguments[n] : (hl7_slice){NULL, 0};
}

enum hl7_code function_refuse(const struct call *call, const char *problem)
{
    *call->ret_problem = problem;
    return HL7_BAD_VALUE;
}

enum hl7_code function_keep(const struct call *call, const struct hl7_buffer *buffer,
                            hl7_slice *ret_value)
{
    if (buffer->full) {
        return HL7_NO_MEMORY;
    }
    *ret_value = arena_keep(call->arena, buffer);
    return HL7_OK;
}

enum hl7_code function_number(const struct call *call, uint64_t number, hl7_slice *ret_value)
{
    struct hl7_buffer buffer;

    arena_open(call->arena, &buffer);
    hl7_buffer_add_number(&buffer, number);
    return function_keep(call, &buffer, ret_value);
}

bool function_is_void(hl7_slice value)
{
    return value.len == 0 || hl7_state(value) == HL7_NULL;
}
