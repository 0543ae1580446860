/* SPDX-License-Identifier: Apache-2.0
 *
 * The primitive data types whose values have a form of their own. A type that is not in the table holds
 * text. Where versions differ, the version decides:
 *
 *     DT        YYYYMMDD in 2.1 and 2.2; from 2.3 on YYYY[MM[DD]]
 *     TM        HHMM[SS[.S…]][zone] in 2.1 and 2.2; from 2.3 on the minutes may be left out
 *     TS, DTM   YYYYMMDD[HHMM[SS[.S…]]][zone] in 2.1 and 2.2; from 2.3 on YYYY[MM[DD[HHMM…]]]; from 2.5
 *               on the minutes may be left out
 *     NM        a sign, digits, a point: at least one digit
 *     SI, SNM   digits; SNM may begin with a plus
 *
 * Nothing here can fail or allocate. */
#include "format.h"

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Digits at the front of the text. */
static size_t digits(hl7_slice text)
{
    size_t count = 0;

    while (count < text.len && is_digit(text.ptr[count])) {
        count++;
    }
    return count;
}

static hl7_slice behind(hl7_slice text, size_t count)
{
    return hl7_slice_part(text, count, text.len);
}

static bool begins(hl7_slice text, char a, char b)
{
    return text.len > 0 && (text.ptr[0] == a || text.ptr[0] == b);
}

/* ---- Numbers ------------------------------------------------------------------------------- */

static bool is_sequence(unsigned version, hl7_slice value)
{
    (void)version;
    return digits(value) == value.len;
}

static bool is_digits(unsigned version, hl7_slice value)
{
    hl7_slice rest = begins(value, '+', '+') ? behind(value, 1) : value;

    return rest.len > 0 && is_sequence(version, rest);
}

static bool is_number(unsigned version, hl7_slice value)
{
    hl7_slice rest = begins(value, '+', '-') ? behind(value, 1) : value;
    size_t whole = digits(rest);
    size_t fraction = 0;

    (void)version;
    rest = behind(rest, whole);
    if (begins(rest, '.', '.')) {
        fraction = digits(behind(rest, 1));
        rest = behind(rest, 1 + fraction);
    }
    return rest.len == 0 && whole + fraction > 0;
}

/* ---- Dates and times ----------------------------------------------------------------------- */

static bool is_date(unsigned version, hl7_slice value)
{
    struct hl7_time time;

    return value.len <= 8 && hl7_time_parse(value, &time, NULL) == HL7_OK && !time.has_zone &&
           (version >= 230 || time.precision == HL7_DAY);
}

static bool is_date_time(unsigned version, hl7_slice value)
{
    struct hl7_time time;

    if (hl7_time_parse(value, &time, NULL) != HL7_OK) {
        return false;
    }
    return (version >= 230 || time.precision >= HL7_DAY) &&
           (version >= 250 || time.precision != HL7_HOUR);
}

/* A time of day is the end of a time of any day. */
static bool is_time(unsigned version, hl7_slice value)
{
    char text[8 + 16] = "20000101";
    struct hl7_buffer buffer;
    struct hl7_time time;

    hl7_buffer_init(&buffer, text, sizeof text);
    buffer.len = 8;
    hl7_buffer_add(&buffer, value);
    return !buffer.full && digits(value) >= 2 &&
           hl7_time_parse(hl7_buffer_slice(&buffer), &time, NULL) == HL7_OK &&
           (version >= 230 || time.precision != HL7_HOUR);
}

/* ---- The table ----------------------------------------------------------------------------- */

static const struct format_row {
    bool (*fits)(unsigned version, hl7_slice value);
    const char *patterns[3]; /* up to 2.2, up to 2.4, later; NULL: as the one before */
} formats[] = {
    [FORMAT_TEXT] = {NULL, {"", NULL, NULL}},
    [FORMAT_NUMBER] = {is_number, {"[+|-]digits[.digits]", NULL, NULL}},
    [FORMAT_SEQUENCE] = {is_sequence, {"digits", NULL, NULL}},
    [FORMAT_DIGITS] = {is_digits, {"[+]digits", NULL, NULL}},
    [FORMAT_DATE] = {is_date, {"YYYYMMDD", "YYYY[MM[DD]]", NULL}},
    [FORMAT_TIME] = {is_time,
                     {"HHMM[SS[.S[S[S[S]]]]][+/-ZZZZ]", "HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]", NULL}},
    [FORMAT_DATE_TIME] = {is_date_time,
                          {"YYYYMMDD[HHMM[SS[.S[S[S[S]]]]]][+/-ZZZZ]",
                           "YYYY[MM[DD[HHMM[SS[.S[S[S[S]]]]]]]][+/-ZZZZ]",
                           "YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]"}},
};

static const struct format_type {
    hl7_slice type;
    enum format format;
} format_types[] = {
    {{"DT", 2}, FORMAT_DATE},      {{"DTM", 3}, FORMAT_DATE_TIME}, {{"NM", 2}, FORMAT_NUMBER},
    {{"SI", 2}, FORMAT_SEQUENCE},  {{"SNM", 3}, FORMAT_DIGITS},    {{"TM", 2}, FORMAT_TIME},
    {{"TS", 2}, FORMAT_DATE_TIME},
};

enum format format_of(hl7_slice type)
{
    for (size_t i = 0; i < sizeof format_types / sizeof *format_types; i++) {
        if (hl7_slice_equal(type, format_types[i].type)) {
            return format_types[i].format;
        }
    }
    return FORMAT_TEXT;
}

bool format_fits(enum format format, unsigned version, hl7_slice value)
{
    return formats[format].fits == NULL || formats[format].fits(version, value);
}

const char *format_pattern(enum format format, unsigned version)
{
    const char *const *patterns = formats[format].patterns;

    if (version >= 250 && patterns[2] != NULL) {
        return patterns[2];
    }
    return version >= 230 && patterns[1] != NULL ? patterns[1] : patterns[0];
}
