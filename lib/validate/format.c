/* SPDX-License-Identifier: Apache-2.0
 *
 * The kinds of primitive data types whose values have a form of their own; the others hold text. Where versions differ, the version decides:
 *
 *     DT        YYYYMMDD in 2.1 and 2.2; from 2.3 on YYYY[MM[DD]]
 *     TM        HHMM[SS[.S…]][zone] in 2.1 and 2.2; from 2.3 on the minutes may be left out
 *     TS, DTM   YYYYMMDD[HHMM[SS[.S…]]][zone] in 2.1 and 2.2; from 2.3 on YYYY[MM[DD[HHMM…]]]; from 2.5
 *               on the minutes may be left out
 *     NM        a sign, digits, a point: at least one digit
 *     SI        digits
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

static bool is_sequence(enum hl7_version version, hl7_slice value)
{
    (void)version;
    return digits(value) == value.len;
}

static bool is_number(enum hl7_version version, hl7_slice value)
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

static bool is_date(enum hl7_version version, hl7_slice value)
{
    struct hl7_time time;

    return value.len <= 8 && hl7_time_parse(value, &time, NULL) == HL7_OK && !time.has_zone &&
           (version >= HL7_V2_3 || time.precision == HL7_DAY);
}

static bool is_date_time(enum hl7_version version, hl7_slice value)
{
    struct hl7_time time;

    if (hl7_time_parse(value, &time, NULL) != HL7_OK) {
        return false;
    }
    return (version >= HL7_V2_3 || time.precision >= HL7_DAY) &&
           (version >= HL7_V2_5 || time.precision != HL7_HOUR);
}

/* A time of day is the end of a time of any day. */
static bool is_time(enum hl7_version version, hl7_slice value)
{
    char text[8 + 16] = "20000101";
    struct hl7_buffer buffer;
    struct hl7_time time;

    hl7_buffer_init(&buffer, text, sizeof text);
    buffer.len = 8;
    hl7_buffer_add(&buffer, value);
    return !buffer.full && digits(value) >= 2 &&
           hl7_time_parse(hl7_buffer_slice(&buffer), &time, NULL) == HL7_OK &&
           (version >= HL7_V2_3 || time.precision != HL7_HOUR);
}

/* ---- The table ----------------------------------------------------------------------------- */

static const struct format_row {
    bool (*fits)(enum hl7_version version, hl7_slice value);
    const char *patterns[3]; /* up to 2.2, up to 2.4, later; NULL: as the one before */
} formats[] = {
    [HL7_KIND_NUMBER] = {is_number, {"[+|-]digits[.digits]", NULL, NULL}},
    [HL7_KIND_SEQUENCE] = {is_sequence, {"digits", NULL, NULL}},
    [HL7_KIND_DATE] = {is_date, {"YYYYMMDD", "YYYY[MM[DD]]", NULL}},
    [HL7_KIND_TIME] = {is_time,
                       {"HHMM[SS[.S[S[S[S]]]]][+/-ZZZZ]", "HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ]",
                        NULL}},
    [HL7_KIND_DATE_TIME] = {is_date_time,
                            {"YYYYMMDD[HHMM[SS[.S[S[S[S]]]]]][+/-ZZZZ]",
                             "YYYY[MM[DD[HHMM[SS[.S[S[S[S]]]]]]]][+/-ZZZZ]",
                             "YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]"}},
};

/* The row of a kind that has a form of its own, or NULL. */
static const struct format_row *row_of(enum hl7_type_kind kind)
{
    size_t index = (size_t)kind;
    bool has_form = index < sizeof formats / sizeof *formats && formats[index].fits != NULL;

    return has_form ? &formats[index] : NULL;
}

bool format_fits(enum hl7_type_kind kind, enum hl7_version version, hl7_slice value)
{
    const struct format_row *row = row_of(kind);

    return row == NULL || row->fits(version, value);
}

const char *format_pattern(enum hl7_type_kind kind, enum hl7_version version)
{
    const struct format_row *row = row_of(kind);

    if (row == NULL) {
        return "";
    }
    if (version >= HL7_V2_5 && row->patterns[2] != NULL) {
        return row->patterns[2];
    }
    return version >= HL7_V2_3 && row->patterns[1] != NULL ? row->patterns[1] : row->patterns[0];
}
