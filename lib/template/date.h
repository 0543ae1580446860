/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates for templates: reading what messages and JSON hold, writing by a pattern, adding, and ages.
 * What a value does not say is never made up: a pattern writes no more than the value's precision,
 * and a zone is kept as it is.
 */
#ifndef LIB_TEMPLATE_DATE_H
#define LIB_TEMPLATE_DATE_H

#include "hl7.h"

/* Reads an HL7 time (rule 30), or the same in ISO 8601's dress as JSON and XML have it: 2024-05,
 * 2024-05-31, 2024-05-31T10:30:00.25Z, with a blank for the T, a zone as Z, +02:00 or +0200. Digits of
 * a fraction beyond the fourth are cut off. */
bool date_read(hl7_slice text, struct hl7_time *ret_time);

/* Is every conversion of the pattern known? Else *ret_position is the offset of its '%'. */
bool date_pattern_valid(hl7_slice pattern, size_t *ret_position);

/* Writes a time by a pattern:
 *     %Y year  %y of two digits  %m month  %d day  %e without the zero  %j day of the year
 *     %H hour  %I of twelve  %p AM or PM  %M minute  %S second  %f fraction, as many digits as given
 *     %B January  %b Jan  %A Monday  %a Mon  %u 1 (Monday) to 7
 *     %z +0200  %:z +02:00  %% a percent sign
 * A conversion the value has nothing for is left out, with the text between it and its neighbour;
 * so 1980 by '%Y-%m-%d' or '%d.%m.%Y' is 1980. A zone belongs to an hour: without one it is left
 * out. An unknown conversion is written as it is. */
void date_write(const struct hl7_time *time, hl7_slice pattern, struct hl7_buffer *buffer);

enum date_unit {
    DATE_SECONDS,
    DATE_MINUTES,
    DATE_HOURS,
    DATE_DAYS,
    DATE_WEEKS,
    DATE_MONTHS,
    DATE_YEARS
};

/* "days" or "day". */
bool date_unit_read(hl7_slice text, enum date_unit *ret_unit);

enum date_result {
    DATE_OK,
    DATE_IMPRECISE,   /* the value does not say as much as the unit */
    DATE_OUT_OF_RANGE /* not in the years 1 to 9999 */
};

/* Adds to a time; precision and zone stay. A day the month does not have becomes its last. The amount
 * is within a billion either way. */
enum date_result date_add(struct hl7_time *time, int64_t amount, enum date_unit unit);

/* Whole units (days and longer) from a birth to another time, by the calendar dates as written:
 * neither hours nor zones count. Years of a value without month or day are the difference of the
 * years. DATE_OUT_OF_RANGE when the birth is later, or for a unit shorter than a day. */
enum date_result date_age(const struct hl7_time *birth, const struct hl7_time *at,
                          enum date_unit unit, int64_t *ret_age);

#endif
