/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of dates. What is empty stays empty and HL7's null stays null; any other text that is no
 * time is an error, never a guess. */
#include "template/function_parts.h"

#include "arena.h"
#include "template/date.h"
#include "template/number.h"

enum { AMOUNT_MAX = 1000000000 };

/* Writes a time by a pattern, or in HL7's form when there is none. */
static enum hl7_code write_time(const struct call *call, const struct hl7_time *time,
                                hl7_slice pattern, hl7_slice *ret_value)
{
    struct hl7_buffer buffer;
    size_t position;

    if (!date_pattern_valid(pattern, &position)) {
        return function_refuse(call, "the pattern has a '%' that begins no conversion");
    }
    arena_open(call->arena, &buffer);
    if (pattern.len == 0) {
        hl7_time_write(time, &buffer);
    } else {
        date_write(time, pattern, &buffer);
    }
    return function_keep(call, &buffer, ret_value);
}

static enum hl7_code read_now(const struct call *call, struct hl7_time *ret_time)
{
    if (call->services->now.year == 0) {
        return function_refuse(call, "there is no clock here");
    }
    *ret_time = call->services->now;
    return HL7_OK;
}

enum hl7_code function_now(const struct call *call, hl7_slice *ret_value)
{
    struct hl7_time now;
    enum hl7_code code = read_now(call, &now);

    return code == HL7_OK ? write_time(call, &now, function_argument(call, 0), ret_value) : code;
}

static enum hl7_code read_time(const struct call *call, hl7_slice text, struct hl7_time *ret_time)
{
    return date_read(text, ret_time) ? HL7_OK : function_refuse(call, "the value is not a time");
}

enum hl7_code function_date(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice value = function_argument(call, 0);
    struct hl7_time time;

    if (function_is_void(value)) {
        *ret_value = value;
        return HL7_OK;
    }
    enum hl7_code code = read_time(call, value, &time);
    return code == HL7_OK ? write_time(call, &time, function_argument(call, 1), ret_value) : code;
}

enum hl7_code function_add_time(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice value = function_argument(call, 0);
    struct hl7_time time;
    int64_t amount;
    enum date_unit unit;

    if (!number_integer(function_argument(call, 1), -AMOUNT_MAX, AMOUNT_MAX, &amount)) {
        return function_refuse(call, "the amount is not a whole number within a billion");
    }
    if (!date_unit_read(function_argument(call, 2), &unit)) {
        return function_refuse(
            call, "the unit is none of seconds, minutes, hours, days, weeks, months and years");
    }
    if (function_is_void(value)) {
        *ret_value = value;
        return HL7_OK;
    }
    enum hl7_code code = read_time(call, value, &time);
    if (code != HL7_OK) {
        return code;
    }
    enum date_result result = date_add(&time, amount, unit);
    if (result == DATE_OK) {
        return write_time(call, &time, (hl7_slice){NULL, 0}, ret_value);
    }
    return function_refuse(call, result == DATE_IMPRECISE
                                     ? "the time is not as precise as the unit"
                                     : "the result is not within the years 1 to 9999");
}

/* The time an age is asked for. */
static enum hl7_code read_at(const struct call *call, struct hl7_time *ret_time)
{
    hl7_slice at = function_argument(call, 1);

    return at.len == 0 ? read_now(call, ret_time) : read_time(call, at, ret_time);
}

enum hl7_code function_age(const struct call *call, hl7_slice *ret_value)
{
    hl7_slice value = function_argument(call, 0);
    enum date_unit unit = DATE_YEARS;
    struct hl7_time birth;
    struct hl7_time at;
    int64_t age;

    if (call->count > 2 &&
        (!date_unit_read(function_argument(call, 2), &unit) || unit < DATE_DAYS)) {
        return function_refuse(call, "the unit is none of days, weeks, months and years");
    }
    if (function_is_void(value)) {
        *ret_value = (hl7_slice){NULL, 0};
        return HL7_OK;
    }
    enum hl7_code code = read_time(call, value, &birth);
    if (code == HL7_OK) {
        code = read_at(call, &at);
    }
    if (code != HL7_OK) {
        return code;
    }
    enum date_result result = date_age(&birth, &at, unit, &age);
    if (result == DATE_OK) {
        return function_number(call, (uint64_t)age, ret_value);
    }
    return function_refuse(call, result == DATE_IMPRECISE ? "a time is not as precise as the unit"
                                                          : "the birth is later than the time");
}
