/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading tries HL7's form and then ISO's, which is brought into HL7's by leaving out its marks.
 * Arithmetic goes through seconds, by the calendar of hl7_time_seconds(), and never looks at zones:
 * a time plus a day is the same clock time of the next day. */
#include "template/date.h"

#include "template/lexer.h"

/* ---- Reading ------------------------------------------------------------------------------- */

static bool is_digit_at(hl7_slice text, size_t at)
{
    return at < text.len && lexer_is_digit(text.ptr[at]);
}

/* Copies the digits of a date and a time as far as their form fits. Returns what was read, or 0 when
 * the form does not end where a part ends. */
static size_t take_parts(hl7_slice text, struct hl7_buffer *buffer)
{
    static const char form[] = "0000-00-00T00:00:00";
    size_t at = 0;

    for (; at < sizeof form - 1 && at < text.len; at++) {
        bool blank = form[at] == 'T' && text.ptr[at] == ' ';
        if (form[at] != '0' && form[at] != text.ptr[at] && !blank) {
            break;
        }
        if (form[at] == '0') {
            if (!lexer_is_digit(text.ptr[at])) {
                return 0;
            }
            hl7_buffer_add_byte(buffer, text.ptr[at]);
        }
    }
    return at == 7 || at == 10 || at == 16 || at == 19 ? at : 0;
}

static size_t take_fraction(hl7_slice text, struct hl7_buffer *buffer)
{
    size_t at = 1;

    if (text.len == 0 || text.ptr[0] != '.' || !is_digit_at(text, 1)) {
        return 0;
    }
    hl7_buffer_add_byte(buffer, '.');
    for (; is_digit_at(text, at); at++) {
        if (at <= 4) {
            hl7_buffer_add_byte(buffer, text.ptr[at]);
        }
    }
    return at;
}

/* A zone that is all of the text, or nothing. */
static bool take_zone(hl7_slice text, struct hl7_buffer *buffer)
{
    if (text.len > 1 && text.ptr[0] != '+' && text.ptr[0] != '-') {
        return false;
    }
    if (text.len == 6 && text.ptr[3] == ':') {
        hl7_buffer_add(buffer, hl7_slice_part(text, 0, 3));
        hl7_buffer_add(buffer, hl7_slice_part(text, 4, 2));
        return true;
    }
    if (text.len == 1 && text.ptr[0] == 'Z') {
        hl7_buffer_add(buffer, HL7_TEXT("+0000"));
        return true;
    }
    hl7_buffer_add(buffer, text);
    return text.len == 5 || text.len == 0;
}

static bool read_iso(hl7_slice text, struct hl7_time *ret_time)
{
    char memory[32];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    size_t used = take_parts(text, &buffer);
    if (used == 0) {
        return false;
    }
    if (used == 19) {
        used += take_fraction(hl7_slice_part(text, used, text.len), &buffer);
    }
    hl7_slice zone = hl7_slice_part(text, used, text.len);
    if ((used <= 10 && zone.len > 0) || !take_zone(zone, &buffer)) {
        return false;
    }
    return hl7_time_parse(hl7_buffer_slice(&buffer), ret_time, NULL) == HL7_OK;
}

bool date_read(hl7_slice text, struct hl7_time *ret_time)
{
    return hl7_time_parse(text, ret_time, NULL) == HL7_OK || read_iso(text, ret_time);
}

/* ---- The calendar -------------------------------------------------------------------------- */

enum { SECONDS_PER_DAY = 86400 };

/* As if the time were UTC. */
static int64_t seconds_of(const struct hl7_time *time)
{
    struct hl7_time local = *time;

    local.has_zone = false;
    return hl7_time_seconds(&local);
}

static int64_t days_of(int year, int month, int day)
{
    struct hl7_time time = {.year = year, .month = month, .day = day};
    int64_t seconds = hl7_time_seconds(&time);

    return seconds / SECONDS_PER_DAY;
}

static int days_in_month(int year, int month)
{
    int64_t next = month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);

    return (int)(next - days_of(year, month, 1));
}

/* 0 is Monday. */
static size_t day_of_week(const struct hl7_time *time)
{
    /* 0001-01-01 was a Monday. */
    int64_t days = days_of(time->year, time->month, time->day) - days_of(1, 1, 1);

    return (size_t)(days % 7);
}

/* ---- Writing ------------------------------------------------------------------------------- */

static void write_padded(int64_t number, int digits, struct hl7_buffer *buffer)
{
    for (int64_t unit = digits == 4 ? 1000 : digits == 3 ? 100 : 10; unit > 0; unit /= 10) {
        hl7_buffer_add_byte(buffer, (char)('0' + number / unit % 10));
    }
}

/* A name, or its first three letters. */
static void write_name(const char *name, bool is_short, struct hl7_buffer *buffer)
{
    hl7_slice text = hl7_slice_of(name);

    hl7_buffer_add(buffer, is_short ? hl7_slice_part(text, 0, 3) : text);
}

static void write_month(const struct hl7_time *time, char kind, struct hl7_buffer *buffer)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

    write_name(names[time->month - 1], kind == 'b', buffer);
}

static void write_weekday(const struct hl7_time *time, char kind, struct hl7_buffer *buffer)
{
    static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
    size_t day = day_of_week(time);

    if (kind == 'u') {
        hl7_buffer_add_number(buffer, day + 1);
    } else {
        write_name(names[day], kind == 'a', buffer);
    }
}

static void write_year(const struct hl7_time *time, char kind, struct hl7_buffer *buffer)
{
    write_padded(time->year, kind == 'y' ? 2 : 4, buffer);
}

static void write_day(const struct hl7_time *time, char kind, struct hl7_buffer *buffer)
{
    if (kind == 'j') {
        int64_t day = days_of(time->year, time->month, time->day) - days_of(time->year, 1, 1);
        write_padded(day + 1, 3, buffer);
    } else if (kind == 'e') {
        hl7_buffer_add_number(buffer, (uint64_t)time->day);
    } else {
        write_padded(time->day, 2, buffer);
    }
}

static void write_hour(const struct hl7_time *time, char kind, struct hl7_buffer *buffer)
{
    if (kind == 'p') {
        hl7_buffer_add(buffer, time->hour < 12 ? HL7_TEXT("AM") : HL7_TEXT("PM"));
    } else if (kind == 'I') {
        write_padded(time->hour % 12 == 0 ? 12 : time->hour % 12, 2, buffer);
    } else {
        write_padded(time->hour, 2, buffer);
    }
}

static void write_part(const struct hl7_time *time, char kind, struct hl7_buffer *buffer)
{
    write_padded(kind == 'm' ? time->month : kind == 'M' ? time->minute : time->second, 2, buffer);
}

static void write_fraction(const struct hl7_time *time, char kind, struct hl7_buffer *buffer)
{
    uint32_t unit = 1000;

    (void)kind;
    for (int i = 0; i < time->fraction_digits; i++) {
        hl7_buffer_add_byte(buffer, (char)('0' + time->fraction / unit % 10));
        unit /= 10;
    }
}

static void write_zone(const struct hl7_time *time, char kind, struct hl7_buffer *buffer)
{
    int minutes = time->zone < 0 ? -time->zone : time->zone;

    hl7_buffer_add_byte(buffer, time->zone < 0 ? '-' : '+');
    write_padded(minutes / 60, 2, buffer);
    if (kind == ':') {
        hl7_buffer_add_byte(buffer, ':');
    }
    write_padded(minutes % 60, 2, buffer);
}

/* The conversions, and what a value must say for each. */
static const struct conversion {
    hl7_slice text;
    enum hl7_precision needs;
    void (*write)(const struct hl7_time *time, char kind, struct hl7_buffer *buffer);
} conversions[] = {
    {{"%Y", 2}, HL7_YEAR, write_year},         {{"%y", 2}, HL7_YEAR, write_year},
    {{"%m", 2}, HL7_MONTH, write_part},        {{"%B", 2}, HL7_MONTH, write_month},
    {{"%b", 2}, HL7_MONTH, write_month},       {{"%d", 2}, HL7_DAY, write_day},
    {{"%e", 2}, HL7_DAY, write_day},           {{"%j", 2}, HL7_DAY, write_day},
    {{"%A", 2}, HL7_DAY, write_weekday},       {{"%a", 2}, HL7_DAY, write_weekday},
    {{"%u", 2}, HL7_DAY, write_weekday},       {{"%H", 2}, HL7_HOUR, write_hour},
    {{"%I", 2}, HL7_HOUR, write_hour},         {{"%p", 2}, HL7_HOUR, write_hour},
    {{"%M", 2}, HL7_MINUTE, write_part},       {{"%S", 2}, HL7_SECOND, write_part},
    {{"%f", 2}, HL7_FRACTION, write_fraction}, {{"%z", 2}, HL7_HOUR, write_zone},
    {{"%:z", 3}, HL7_HOUR, write_zone},
};

static const hl7_slice percent = {"%%", 2};

static const struct conversion *conversion_at(hl7_slice pattern)
{
    for (size_t i = 0; i < sizeof conversions / sizeof *conversions; i++) {
        if (hl7_slice_starts(pattern, conversions[i].text)) {
            return &conversions[i];
        }
    }
    return NULL;
}

static hl7_slice behind(hl7_slice text, size_t at)
{
    return hl7_slice_part(text, at, text.len);
}

/* The next conversion of the pattern; *ret_text is the text before it. NULL when none is left; then
 * the text is all that is left. */
static const struct conversion *next_conversion(hl7_slice *pattern, hl7_slice *ret_text)
{
    const struct conversion *found = NULL;
    size_t at = 0;

    while (at < pattern->len && found == NULL) {
        if (hl7_slice_starts(behind(*pattern, at), percent)) {
            at += 2;
            continue;
        }
        found = conversion_at(behind(*pattern, at));
        at += found == NULL ? 1 : 0;
    }
    *ret_text = hl7_slice_part(*pattern, 0, at);
    *pattern = behind(*pattern, found == NULL ? at : at + found->text.len);
    return found;
}

bool date_pattern_valid(hl7_slice pattern, size_t *ret_position)
{
    for (size_t at = 0; at < pattern.len; at++) {
        if (pattern.ptr[at] != '%') {
            continue;
        }
        const struct conversion *found = conversion_at(behind(pattern, at));
        if (found == NULL && !hl7_slice_starts(behind(pattern, at), percent)) {
            *ret_position = at;
            return false;
        }
        at += found == NULL ? 1 : found->text.len - 1;
    }
    return true;
}

static bool says(const struct hl7_time *time, const struct conversion *conversion)
{
    return time->precision >= conversion->needs &&
           (conversion->write != write_zone || time->has_zone);
}

static void write_text(hl7_slice text, struct hl7_buffer *buffer)
{
    for (size_t i = 0; i < text.len; i++) {
        hl7_buffer_add_byte(buffer, text.ptr[i]);
        i += hl7_slice_starts(behind(text, i), percent) ? 1 : 0;
    }
}

void date_write(const struct hl7_time *time, hl7_slice pattern, struct hl7_buffer *buffer)
{
    hl7_slice first = {NULL, 0}; /* the text before the first conversion */
    hl7_slice text;
    const struct conversion *conversion;
    bool started = false; /* a conversion was met */
    bool written = false; /* one was written */
    bool kept = true;     /* the last one was */

    while ((conversion = next_conversion(&pattern, &text)) != NULL) {
        first = started ? first : text;
        started = true;
        kept = says(time, conversion);
        if (kept) {
            write_text(written ? text : first, buffer);
            conversion->write(time, conversion->text.ptr[1], buffer);
            written = true;
        }
    }
    if (kept) {
        write_text(text, buffer);
    }
}

/* ---- Adding and ages ----------------------------------------------------------------------- */

static const struct unit {
    const char *name;
    enum hl7_precision needs;
    int64_t seconds; /* 0: not by seconds */
} units[] = {
    [DATE_SECONDS] = {"seconds", HL7_SECOND, 1},
    [DATE_MINUTES] = {"minutes", HL7_MINUTE, 60},
    [DATE_HOURS] = {"hours", HL7_HOUR, 3600},
    [DATE_DAYS] = {"days", HL7_DAY, SECONDS_PER_DAY},
    [DATE_WEEKS] = {"weeks", HL7_DAY, 7 * SECONDS_PER_DAY},
    [DATE_MONTHS] = {"months", HL7_MONTH, 0},
    [DATE_YEARS] = {"years", HL7_YEAR, 0},
};

bool date_unit_read(hl7_slice text, enum date_unit *ret_unit)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        hl7_slice name = hl7_slice_of(units[i].name);
        if (hl7_slice_equal(text, name) ||
            hl7_slice_equal(text, hl7_slice_part(name, 0, name.len - 1))) {
            *ret_unit = (enum date_unit)i;
            return true;
        }
    }
    return false;
}

static enum date_result add_months(struct hl7_time *time, int64_t months)
{
    int64_t month = (int64_t)time->year * 12 + time->month - 1 + months;

    if (month < 12 || month >= (int64_t)10000 * 12) {
        return DATE_OUT_OF_RANGE;
    }
    time->year = (int)(month / 12);
    time->month = (int)(month % 12) + 1;
    int last = days_in_month(time->year, time->month);
    time->day = time->day > last ? last : time->day;
    return DATE_OK;
}

static enum date_result add_seconds(struct hl7_time *time, int64_t added)
{
    int64_t seconds = seconds_of(time) + added;
    int64_t first = days_of(1, 1, 1) * SECONDS_PER_DAY;
    int64_t end = days_of(10000, 1, 1) * SECONDS_PER_DAY;

    if (seconds < first || seconds >= end) {
        return DATE_OUT_OF_RANGE;
    }
    struct hl7_time moved = hl7_time_from_seconds(seconds, 0);
    time->year = moved.year;
    time->month = moved.month;
    time->day = moved.day;
    time->hour = moved.hour;
    time->minute = moved.minute;
    time->second = moved.second;
    return DATE_OK;
}

enum date_result date_add(struct hl7_time *time, int64_t amount, enum date_unit unit)
{
    if (time->precision < units[unit].needs) {
        return DATE_IMPRECISE;
    }
    if (units[unit].seconds > 0) {
        return add_seconds(time, amount * units[unit].seconds);
    }
    return add_months(time, unit == DATE_YEARS ? amount * 12 : amount);
}

/* Whole months; a part that one of them lacks counts as equal. */
static int64_t months_between(const struct hl7_time *birth, const struct hl7_time *at,
                              enum hl7_precision precision)
{
    int64_t months = ((int64_t)at->year - birth->year) * 12;

    if (precision >= HL7_MONTH) {
        months += at->month - birth->month;
    }
    if (precision >= HL7_DAY && at->day < birth->day) {
        months--;
    }
    return months;
}

enum date_result date_age(const struct hl7_time *birth, const struct hl7_time *at,
                          enum date_unit unit, int64_t *ret_age)
{
    enum hl7_precision precision =
        birth->precision < at->precision ? birth->precision : at->precision;
    int64_t months = months_between(birth, at, precision);

    if (unit < DATE_DAYS || months < 0) {
        return DATE_OUT_OF_RANGE;
    }
    if (precision < units[unit].needs) {
        return DATE_IMPRECISE;
    }
    if (unit >= DATE_MONTHS) {
        *ret_age = unit == DATE_YEARS ? months / 12 : months;
        return DATE_OK;
    }
    int64_t days =
        days_of(at->year, at->month, at->day) - days_of(birth->year, birth->month, birth->day);
    *ret_age = unit == DATE_WEEKS ? days / 7 : days;
    return DATE_OK;
}
