/* SPDX-License-Identifier: Apache-2.0
 *
 * HL7 times: what is read, what is refused, and the calendar against the C library's (rule 30). */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static hl7_slice written(const struct hl7_time *time, char *memory, size_t size)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, size);
    hl7_time_write(time, &buffer);
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

static struct hl7_time read_time(const char *text)
{
    struct hl7_time time;

    assert_int_equal(hl7_time_parse(hl7_slice_of(text), &time, NULL), HL7_OK);
    return time;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* rule 30 */
static void the_precision_given_is_kept(void **state)
{
    static const struct {
        const char *text;
        struct hl7_time time;
    } cases[] = {
        {"2024", {2024, 1, 1, 0, 0, 0, 0, 0, HL7_YEAR, false, 0}},
        {"202412", {2024, 12, 1, 0, 0, 0, 0, 0, HL7_MONTH, false, 0}},
        {"20241231", {2024, 12, 31, 0, 0, 0, 0, 0, HL7_DAY, false, 0}},
        {"2024123123", {2024, 12, 31, 23, 0, 0, 0, 0, HL7_HOUR, false, 0}},
        {"202412312359", {2024, 12, 31, 23, 59, 0, 0, 0, HL7_MINUTE, false, 0}},
        {"20241231235958", {2024, 12, 31, 23, 59, 58, 0, 0, HL7_SECOND, false, 0}},
        {"20241231235958.1", {2024, 12, 31, 23, 59, 58, 1000, 1, HL7_FRACTION, false, 0}},
        {"20241231235958.10", {2024, 12, 31, 23, 59, 58, 1000, 2, HL7_FRACTION, false, 0}},
        {"20241231235958.123", {2024, 12, 31, 23, 59, 58, 1230, 3, HL7_FRACTION, false, 0}},
        {"20241231235958.0009", {2024, 12, 31, 23, 59, 58, 9, 4, HL7_FRACTION, false, 0}},
        {"00010101", {1, 1, 1, 0, 0, 0, 0, 0, HL7_DAY, false, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_time time = read_time(cases[i].text);
        const struct hl7_time *expected = &cases[i].time;
        assert_int_equal(time.year, expected->year);
        assert_int_equal(time.month, expected->month);
        assert_int_equal(time.day, expected->day);
        assert_int_equal(time.hour, expected->hour);
        assert_int_equal(time.minute, expected->minute);
        assert_int_equal(time.second, expected->second);
        assert_int_equal(time.fraction, expected->fraction);
        assert_int_equal(time.fraction_digits, expected->fraction_digits);
        assert_int_equal(time.precision, expected->precision);
        assert_false(time.has_zone);
        assert_int_equal(time.zone, 0);
    }
}

/* rule 30 */
static void a_zone_may_follow_any_precision(void **state)
{
    static const struct {
        const char *text;
        enum hl7_precision precision;
        int zone;
    } cases[] = {
        {"2024+0100", HL7_YEAR, 60},
        {"202412-0530", HL7_MONTH, -330},
        {"20241231+0000", HL7_DAY, 0},
        {"2024123123+0545", HL7_HOUR, 345},
        {"202412312359+1400", HL7_MINUTE, 840},
        {"20241231235958-1200", HL7_SECOND, -720},
        {"20241231235958.1234-0000", HL7_FRACTION, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_time time = read_time(cases[i].text);
        assert_int_equal(time.precision, cases[i].precision);
        assert_true(time.has_zone);
        assert_int_equal(time.zone, cases[i].zone);
    }
}

/* rule 30 */
static void without_a_zone_the_zone_is_unknown(void **state)
{
    (void)state;
    assert_false(read_time("20241231235958").has_zone);
    assert_true(read_time("20241231235958+0000").has_zone);
}

/* rule 30 */
static void what_is_no_time_is_refused_at_the_byte_at_fault(void **state)
{
    static const char zone[] = "expected a zone from -1200 to +1400";
    static const char four[] = "expected a zone of four digits";
    static const char end[] = "expected a zone or the end of the time";
    static const struct {
        const char *text;
        size_t position;
        const char *reason;
    } cases[] = {
        {"", 0, "expected a year of four digits"},
        {"\"\"", 0, "expected a year of four digits"},
        {"202", 3, "expected a year of four digits"},
        {"20 4", 2, "expected a year of four digits"},
        {"+0100", 0, "expected a year of four digits"},
        {" 2024", 0, "expected a year of four digits"},
        {"0000", 0, "there is no year 0000"},
        {"00000000", 0, "there is no year 0000"},
        {"20241", 5, "expected a month of two digits"},
        {"20241+0100", 5, "expected a month of two digits"},
        {"202400", 4, "expected a month from 01 to 12"},
        {"202413", 4, "expected a month from 01 to 12"},
        {"2024121", 7, "expected a day of two digits"},
        {"20241200", 6, "expected a day from 01 to 31"},
        {"20241232", 6, "expected a day from 01 to 31"},
        {"20241131", 6, "the month has no such day"},
        {"20230229", 6, "the month has no such day"},
        {"19000229", 6, "the month has no such day"},
        {"20240230", 6, "the month has no such day"},
        {"202412312", 9, "expected an hour of two digits"},
        {"2024123124", 8, "expected an hour from 00 to 23"},
        {"20241231240000", 8, "expected an hour from 00 to 23"},
        {"20241231235", 11, "expected minutes of two digits"},
        {"202412312360", 10, "expected minutes from 00 to 59"},
        {"2024123123595", 13, "expected seconds of two digits"},
        {"20241231235960", 12, "expected seconds from 00 to 59"},
        {"20241231235958.", 15, "expected one to four digits behind the point"},
        {"20241231235958.+0100", 15, "expected one to four digits behind the point"},
        {"20241231235958.12345", 19, end},
        {"2024123123595801", 14, end},
        {"202412312359.5", 12, end},
        {"20241231.5", 8, end},
        {"2024-12-31", 7, four},
        {"20241231T1200", 8, end},
        {"20241231235958Z", 14, end},
        {"20241231235958 ", 14, end},
        {"20241231235958+01000", 19, end},
        {"20241231235958+", 15, four},
        {"20241231235958+01", 17, four},
        {"20241231235958+010", 18, four},
        {"20241231235958+01:00", 17, four},
        {"20241231235958+0160", 14, zone},
        {"20241231235958+1401", 14, zone},
        {"20241231235958-1201", 14, zone},
        {"20241231235958+9900", 14, zone},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_time time = {.year = 77};
        struct hl7_error error = {0};
        hl7_slice text = hl7_slice_of(cases[i].text);
        assert_int_equal(hl7_time_parse(text, &time, &error), HL7_BAD_TIME);
        assert_int_equal(error.code, HL7_BAD_TIME);
        assert_string_equal(error.text, cases[i].reason);
        assert_int_equal(error.position, cases[i].position);
        assert_int_equal(time.year, 77);
        assert_int_equal(hl7_time_parse(text, &time, NULL), HL7_BAD_TIME);
    }
}

static void an_absent_text_is_no_time(void **state)
{
    struct hl7_time time;

    (void)state;
    assert_int_equal(hl7_time_parse((hl7_slice){NULL, 0}, &time, NULL), HL7_BAD_TIME);
}

/* rule 30 */
static void every_day_of_the_calendar_is_accepted_and_no_other(void **state)
{
    static const int years[] = {1,    4,    100,  400,  1582, 1752, 1899, 1900,
                                1999, 2000, 2023, 2024, 2100, 2400, 9999};

    (void)state;
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        for (int day = 0; day < 13 * 100; day++) {
            char text[16];
            struct hl7_time time;
            struct tm tm = {
                .tm_year = years[i] - 1900, .tm_mon = day / 100 - 1, .tm_mday = day % 100};
            struct tm same = tm;
            (void)timegm(&same);
            bool exists = same.tm_year == tm.tm_year && same.tm_mon == tm.tm_mon &&
                          same.tm_mday == tm.tm_mday;
            (void)snprintf(text, sizeof text, "%04d%04d", years[i], day);
            enum hl7_code code = hl7_time_parse(hl7_slice_of(text), &time, NULL);
            assert_int_equal(code, exists ? HL7_OK : HL7_BAD_TIME);
        }
    }
}

static void every_prefix_is_read_within_its_bounds(void **state)
{
    static const char text[] = "20240229235958.1234-0330x";

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char *copy = edge_copy(text, len);
        struct hl7_time time;
        struct hl7_error error;
        if (hl7_time_parse((hl7_slice){copy, len}, &time, &error) != HL7_OK) {
            assert_in_range(error.position, 0, len);
        }
        edge_free(copy, len);
    }
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Builds a valid text of a random precision, with or without a zone. */
static void random_text(struct random_state *random, char *text, size_t size)
{
    size_t precision = random_below(random, HL7_FRACTION + 1);
    int zone = (int)random_below(random, 720 + 840 + 1) - 720;
    size_t used;

    (void)snprintf(text, size, "%04zu%02zu%02zu%02zu%02zu%02zu.%04zu",
                   1 + random_below(random, 9999), 1 + random_below(random, 12),
                   1 + random_below(random, 28), random_below(random, 24), random_below(random, 60),
                   random_below(random, 60), random_below(random, 10000));
    used = precision == HL7_FRACTION ? 16 + random_below(random, 4) : 4 + 2 * precision;
    text[used] = '\0';
    if (random_once_in(random, 2)) {
        (void)snprintf(text + used, size - used, "%c%02d%02d", zone < 0 ? '-' : '+', abs(zone) / 60,
                       abs(zone) % 60);
    }
}

/* rule 30 */
static void writing_what_was_read_gives_the_same_text(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 30);
    for (int round = 0; round < 20000; round++) {
        char text[32];
        char memory[32];
        random_text(&random, text, sizeof text);
        struct hl7_time time = read_time(text);
        assert_slice(written(&time, memory, sizeof memory), text);
    }
}

/* The one exception: both mean UTC. */
static void a_zone_of_minus_zero_is_written_as_plus_zero(void **state)
{
    char memory[32];
    struct hl7_time time = read_time("2024123123-0000");

    (void)state;
    assert_slice(written(&time, memory, sizeof memory), "2024123123+0000");
}

static void a_time_that_does_not_fit_marks_the_buffer_full(void **state)
{
    static const char text[] = "20241231235958.1234-0330";
    struct hl7_time time = read_time(text);

    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        char *memory = test_malloc(size + 1);
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, size);
        hl7_time_write(&time, &buffer);
        assert_int_equal(buffer.full, size < sizeof text - 1);
        test_free(memory);
    }
}

static void a_time_out_of_range_is_written_without_harm(void **state)
{
    static const struct hl7_time times[] = {
        {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, UINT32_MAX, INT32_MAX,
         HL7_FRACTION, true, INT32_MIN},
        {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, UINT32_MAX, INT32_MIN,
         HL7_FRACTION, true, INT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char memory[64];
        assert_in_range(written(&times[i], memory, sizeof memory).len, 15, 24);
        (void)hl7_time_seconds(&times[i]);
    }
}

/* ---- Seconds ------------------------------------------------------------------------------- */

static void check_against_libc(int64_t seconds)
{
    time_t libc_seconds = (time_t)seconds;
    struct tm tm;
    struct hl7_time time = hl7_time_from_seconds(seconds, 0);

    assert_non_null(gmtime_r(&libc_seconds, &tm));
    assert_int_equal(time.year, tm.tm_year + 1900);
    assert_int_equal(time.month, tm.tm_mon + 1);
    assert_int_equal(time.day, tm.tm_mday);
    assert_int_equal(time.hour, tm.tm_hour);
    assert_int_equal(time.minute, tm.tm_min);
    assert_int_equal(time.second, tm.tm_sec);
    assert_int_equal(time.precision, HL7_SECOND);
    assert_int_equal(timegm(&tm), seconds);
    assert_int_equal(hl7_time_seconds(&time), seconds);
}

static const int64_t first_second = INT64_C(-62135596800); /* 0001-01-01 00:00:00 */
static const int64_t last_second = INT64_C(253402300799);  /* 9999-12-31 23:59:59 */

/* After 400 years the calendar repeats itself. */
static void seconds_agree_with_the_c_library_on_every_day_of_400_years(void **state)
{
    const int64_t start = INT64_C(-5364662400); /* 1800-01-01 */

    (void)state;
    for (int64_t day = 0; day < 400 * 365 + 97; day++) {
        check_against_libc(start + day * 86400);
    }
}

static void seconds_agree_with_the_c_library_at_both_ends_of_every_year(void **state)
{
    (void)state;
    for (int year = 1; year <= 9999; year++) {
        struct tm tm = {.tm_year = year - 1900, .tm_mday = 1};
        int64_t start = timegm(&tm);
        check_against_libc(start);
        check_against_libc(start > first_second ? start - 1 : last_second);
    }
}

static void seconds_agree_with_the_c_library_at_any_second(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 1970);
    for (int round = 0; round < 20000; round++) {
        uint64_t range = (uint64_t)(last_second - first_second + 1);
        check_against_libc(first_second + (int64_t)(random_next(&random) % range));
    }
}

/* rule 30 */
static void a_zone_moves_the_seconds_and_no_zone_does_not(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } cases[] = {
        {"1970", 0},
        {"19700101", 0},
        {"197001010100+0100", 0},
        {"19691231190000-0500", 0},
        {"19700101000000.9999", 0},
        {"197001010100", 3600},
        {"20240229120000", INT64_C(1709208000)},
        {"20240229120000+0530", INT64_C(1709188200)},
        {"0001", INT64_C(-62135596800)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_time time = read_time(cases[i].text);
        assert_int_equal(hl7_time_seconds(&time), cases[i].seconds);
    }
}

static void seconds_are_shown_in_the_zone_asked_for(void **state)
{
    static const struct {
        int64_t seconds;
        int zone;
        const char *text;
    } cases[] = {
        {0, 0, "19700101000000+0000"},
        {0, 60, "19700101010000+0100"},
        {0, -300, "19691231190000-0500"},
        {-1, 345, "19700101054459+0545"},
        {INT64_C(1709251199), -720, "20240229115959-1200"},
        {INT64_C(951782400), 0, "20000229000000+0000"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[32];
        struct hl7_time time = hl7_time_from_seconds(cases[i].seconds, cases[i].zone);
        assert_slice(written(&time, memory, sizeof memory), cases[i].text);
        assert_int_equal(hl7_time_seconds(&time), cases[i].seconds);
    }
}

static void seconds_outside_the_years_1_to_9999_become_the_nearest_inside(void **state)
{
    static const struct {
        int64_t seconds;
        int zone;
        const char *text;
    } cases[] = {
        {INT64_MIN, 0, "00010101000000+0000"},    {INT64_MAX, 0, "99991231235959+0000"},
        {INT64_MIN, 840, "00010101000000+1400"},  {INT64_MAX, 840, "99991231235959+1400"},
        {INT64_MIN, -720, "00010101000000-1200"}, {INT64_MAX, -720, "99991231235959-1200"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[32];
        struct hl7_time time = hl7_time_from_seconds(cases[i].seconds, cases[i].zone);
        assert_slice(written(&time, memory, sizeof memory), cases[i].text);
    }
    (void)hl7_time_from_seconds(INT64_MIN, INT32_MAX);
    (void)hl7_time_from_seconds(INT64_MAX, INT32_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_precision_given_is_kept),
        cmocka_unit_test(a_zone_may_follow_any_precision),
        cmocka_unit_test(without_a_zone_the_zone_is_unknown),
        cmocka_unit_test(what_is_no_time_is_refused_at_the_byte_at_fault),
        cmocka_unit_test(an_absent_text_is_no_time),
        cmocka_unit_test(every_day_of_the_calendar_is_accepted_and_no_other),
        cmocka_unit_test(every_prefix_is_read_within_its_bounds),
        cmocka_unit_test(writing_what_was_read_gives_the_same_text),
        cmocka_unit_test(a_zone_of_minus_zero_is_written_as_plus_zero),
        cmocka_unit_test(a_time_that_does_not_fit_marks_the_buffer_full),
        cmocka_unit_test(a_time_out_of_range_is_written_without_harm),
        cmocka_unit_test(seconds_agree_with_the_c_library_on_every_day_of_400_years),
        cmocka_unit_test(seconds_agree_with_the_c_library_at_both_ends_of_every_year),
        cmocka_unit_test(seconds_agree_with_the_c_library_at_any_second),
        cmocka_unit_test(a_zone_moves_the_seconds_and_no_zone_does_not),
        cmocka_unit_test(seconds_are_shown_in_the_zone_asked_for),
        cmocka_unit_test(seconds_outside_the_years_1_to_9999_become_the_nearest_inside),
    };

    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
