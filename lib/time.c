/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 times (rule 30): YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ], read strictly and written as
 * they were. Only days of the calendar pass, hours 00 to 23, minutes and seconds 00 to 59, and zones
 * from -1200 to +1400, the ones in use on earth; the zone may follow any precision. There is no year
 * 0000. -0000 and +0000 both mean UTC; both are written +0000. Any other text that is read comes out
 * again byte for byte.
 *
 * The calendar is the Gregorian one, extended to all years. Arithmetic is pure: no clock, no zone
 * data. Reading can fail with HL7_BAD_TIME; nothing else here can. */
#include "error.h"

/* ---- The calendar -------------------------------------------------------------------------- */

enum {
    SECONDS_PER_DAY = 86400,
    DAYS_PER_YEAR = 365,
    DAYS_PER_4_YEARS = 4 * DAYS_PER_YEAR + 1,
    DAYS_PER_100_YEARS = 25 * DAYS_PER_4_YEARS - 1,
    DAYS_PER_400_YEARS = 4 * DAYS_PER_100_YEARS + 1,
    DAYS_TO_1970 = 719162 /* from 0001-01-01 */
};

/* Days of a year before each month; the day of a leap year is added from March on. */
static const int days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Rounds down, where C's division rounds towards zero. The divisor is positive. */
static int64_t divide(int64_t number, int64_t divisor)
{
    int64_t quotient = number / divisor;

    return number % divisor < 0 ? quotient - 1 : quotient;
}

/* Days from 0001-01-01 to a date. A month past 12 counts into later years. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year += divide(month - 1, 12);
    month -= 12 * divide(month - 1, 12);
    int64_t before = year - 1;
    int64_t leap_days = divide(before, 4) - divide(before, 100) + divide(before, 400);

    if (month > 2 && is_leap(year)) {
        leap_days++;
    }
    return before * DAYS_PER_YEAR + leap_days + days_before[month - 1] + day - 1;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    return days_of(year, month + 1, 1) - days_of(year, month, 1);
}

int64_t hl7_time_seconds(const struct hl7_time *time)
{
    int64_t days = days_of(time->year, time->month, time->day) - DAYS_TO_1970;
    int64_t seconds = days * SECONDS_PER_DAY + (int64_t)time->hour * 3600 +
                      (int64_t)time->minute * 60 + time->second;

    return time->has_zone ? seconds - (int64_t)time->zone * 60 : seconds;
}

/* The part of `days` that whole periods make up; the last period of four is a day longer. */
static int64_t take_periods(int64_t *days, int64_t length, int64_t most)
{
    int64_t count = *days / length;

    if (count > most) {
        count = most;
    }
    *days -= count * length;
    return count;
}

/* Fills year, month and day from the days since 0001-01-01, which are not negative. */
static void set_date(struct hl7_time *time, int64_t days)
{
    int64_t year = 1;

    year += 400 * take_periods(&days, DAYS_PER_400_YEARS, INT64_MAX);
    year += 100 * take_periods(&days, DAYS_PER_100_YEARS, 3);
    year += 4 * take_periods(&days, DAYS_PER_4_YEARS, 24);
    year += take_periods(&days, DAYS_PER_YEAR, 3);
    time->year = (int)year;
    time->month = 1;
    while (days >= days_in_month(time->year, time->month)) {
        days -= days_in_month(time->year, time->month);
        time->month++;
    }
    time->day = (int)days + 1;
}

static int64_t clamp(int64_t number, int64_t least, int64_t most)
{
    if (number < least) {
        return least;
    }
    return number > most ? most : number;
}

struct hl7_time hl7_time_from_seconds(int64_t seconds, int zone)
{
    /* HL7 can write the years 1 to 9999. A second outside becomes the nearest one inside. */
    const int64_t first = -(int64_t)DAYS_TO_1970 * SECONDS_PER_DAY;
    const int64_t last = first + days_of(10000, 1, 1) * SECONDS_PER_DAY - 1;
    const int64_t shift = (int64_t)zone * 60;
    int64_t since = clamp(seconds, first - shift, last - shift) + shift - first;
    int second = (int)(since % SECONDS_PER_DAY);
    struct hl7_time time = {.hour = second / 3600,
                            .minute = second / 60 % 60,
                            .second = second % 60,
                            .precision = HL7_SECOND,
                            .has_zone = true,
                            .zone = zone};

    set_date(&time, since / SECONDS_PER_DAY);
    return time;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* The numbers of a time in their order; each is optional but the year. */
static const struct part {
    int digits;
    int first;
    int last;
    const char *missing; /* its digits are not there */
    const char *outside; /* they are no such number */
} parts[] = {
    [HL7_YEAR] = {4, 1, 9999, "expected a year of four digits", "there is no year 0000"},
    [HL7_MONTH] = {2, 1, 12, "expected a month of two digits", "expected a month from 01 to 12"},
    [HL7_DAY] = {2, 1, 31, "expected a day of two digits", "expected a day from 01 to 31"},
    [HL7_HOUR] = {2, 0, 23, "expected an hour of two digits", "expected an hour from 00 to 23"},
    [HL7_MINUTE] = {2, 0, 59, "expected minutes of two digits", "expected minutes from 00 to 59"},
    [HL7_SECOND] = {2, 0, 59, "expected seconds of two digits", "expected seconds from 00 to 59"},
};

/* The text and how far it was read. */
struct reader {
    hl7_slice text;
    size_t at;
    struct hl7_error *error;
};

static enum hl7_code refuse(const struct reader *reader, size_t position, const char *why)
{
    return error_set(reader->error, HL7_BAD_TIME, position, why);
}

static bool is_digit(const struct reader *reader)
{
    return reader->at < reader->text.len && reader->text.ptr[reader->at] >= '0' &&
           reader->text.ptr[reader->at] <= '9';
}

/* Takes exactly so many digits; false when one is missing, at which the reader then stands. */
static bool take_digits(struct reader *reader, int digits, int *ret_number)
{
    int number = 0;

    for (int i = 0; i < digits; i++) {
        if (!is_digit(reader)) {
            return false;
        }
        number = number * 10 + (reader->text.ptr[reader->at++] - '0');
    }
    *ret_number = number;
    return true;
}

static enum hl7_code read_part(struct reader *reader, const struct part *part, int *ret_number)
{
    size_t start = reader->at;
    int number;

    if (!take_digits(reader, part->digits, &number)) {
        return refuse(reader, reader->at, part->missing);
    }
    if (number < part->first || number > part->last) {
        return refuse(reader, start, part->outside);
    }
    *ret_number = number;
    return HL7_OK;
}

/* Year to second, as far as there are digits. */
static enum hl7_code read_parts(struct reader *reader, struct hl7_time *time)
{
    int *const places[] = {&time->year, &time->month,  &time->day,
                           &time->hour, &time->minute, &time->second};

    for (int i = HL7_YEAR; i <= HL7_SECOND && (i == HL7_YEAR || is_digit(reader)); i++) {
        size_t start = reader->at;
        enum hl7_code code = read_part(reader, &parts[i], places[i]);
        if (code != HL7_OK) {
            return code;
        }
        time->precision = (enum hl7_precision)i;
        if (i == HL7_DAY && time->day > days_in_month(time->year, time->month)) {
            return refuse(reader, start, "the month has no such day");
        }
    }
    return HL7_OK;
}

static enum hl7_code read_fraction(struct reader *reader, struct hl7_time *time)
{
    uint32_t fraction = 0;
    int digits = 0;

    reader->at++;
    for (; digits < 4 && is_digit(reader); digits++) {
        fraction = fraction * 10 + (uint32_t)(reader->text.ptr[reader->at++] - '0');
    }
    if (digits == 0) {
        return refuse(reader, reader->at, "expected one to four digits behind the point");
    }
    time->fraction_digits = digits;
    for (; digits < 4; digits++) {
        fraction *= 10;
    }
    time->fraction = fraction;
    time->precision = HL7_FRACTION;
    return HL7_OK;
}

/* ZZZZ: hours and minutes, in minutes from -1200 to +1400. */
static enum hl7_code read_zone(struct reader *reader, struct hl7_time *time)
{
    size_t start = reader->at;
    bool west = reader->text.ptr[reader->at++] == '-';
    int hours;
    int minutes;

    if (!take_digits(reader, 2, &hours) || !take_digits(reader, 2, &minutes)) {
        return refuse(reader, reader->at, "expected a zone of four digits");
    }
    int zone = hours * 60 + minutes;
    if (minutes > 59 || zone > (west ? 12 : 14) * 60) {
        return refuse(reader, start, "expected a zone from -1200 to +1400");
    }
    time->has_zone = true;
    time->zone = west ? -zone : zone;
    return HL7_OK;
}

static bool meets(const struct reader *reader, char a, char b)
{
    return reader->at < reader->text.len &&
           (reader->text.ptr[reader->at] == a || reader->text.ptr[reader->at] == b);
}

enum hl7_code hl7_time_parse(hl7_slice text, struct hl7_time *ret_time, struct hl7_error *error)
{
    struct reader reader = {.text = text, .error = error};
    struct hl7_time time = {.month = 1, .day = 1};
    enum hl7_code code = read_parts(&reader, &time);

    if (code == HL7_OK && time.precision == HL7_SECOND && meets(&reader, '.', '.')) {
        code = read_fraction(&reader, &time);
    }
    if (code == HL7_OK && meets(&reader, '+', '-')) {
        code = read_zone(&reader, &time);
    }
    if (code != HL7_OK) {
        return code;
    }
    if (reader.at < text.len) {
        return refuse(&reader, reader.at, "expected a zone or the end of the time");
    }
    *ret_time = time;
    return HL7_OK;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Writes the last digits of a number, two or four, with leading zeros. */
static void write_digits(struct hl7_buffer *buffer, int64_t number, int digits)
{
    for (int64_t unit = digits == 4 ? 1000 : 10; unit > 0; unit /= 10) {
        hl7_buffer_add_byte(buffer, (char)('0' + number / unit % 10));
    }
}

static void write_fraction(const struct hl7_time *time, struct hl7_buffer *buffer)
{
    static const uint32_t units[] = {1000, 100, 10, 1};
    const int most = (int)(sizeof units / sizeof *units);

    hl7_buffer_add_byte(buffer, '.');
    for (int i = 0; i < time->fraction_digits && i < most; i++) {
        hl7_buffer_add_byte(buffer, (char)('0' + time->fraction / units[i] % 10));
    }
}

static void write_zone(int64_t zone, struct hl7_buffer *buffer)
{
    int64_t minutes = zone < 0 ? -zone : zone;

    hl7_buffer_add_byte(buffer, zone < 0 ? '-' : '+');
    write_digits(buffer, minutes / 60, 2);
    write_digits(buffer, minutes % 60, 2);
}

void hl7_time_write(const struct hl7_time *time, struct hl7_buffer *buffer)
{
    const int numbers[] = {time->year, time->month,  time->day,
                           time->hour, time->minute, time->second};

    for (int i = HL7_YEAR; i <= HL7_SECOND && i <= (int)time->precision; i++) {
        write_digits(buffer, numbers[i], parts[i].digits);
    }
    if (time->precision == HL7_FRACTION) {
        write_fraction(time, buffer);
    }
    if (time->has_zone) {
        write_zone(time->zone, buffer);
    }
}
