/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates for templates: reading, patterns, adding, ages; the calendar against the C library's. */
#include "support.h"

#include <time.h>

#include "template/date.h"

struct page {
    char memory[512];
};

static struct hl7_time time_of(const char *text)
{
    struct hl7_time time = {.year = 0};

    if (!date_read(hl7_slice_of(text), &time)) {
        fail_msg("%s is not read", text);
    }
    return time;
}

static hl7_slice written(const struct hl7_time *time, const char *pattern, struct page *page)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, page->memory, sizeof page->memory);
    if (pattern == NULL) {
        hl7_time_write(time, &buffer);
    } else {
        date_write(time, hl7_slice_of(pattern), &buffer);
    }
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

/* rule 30, and ISO 8601 */
static void times_of_both_forms_are_read(void **state)
{
    static const struct {
        const char *text;
        const char *hl7;
    } cases[] = {
        {"1980", "1980"},
        {"19800502", "19800502"},
        {"20230403111111.25+0200", "20230403111111.25+0200"},
        {"198005+0100", "198005+0100"},
        {"1980-05", "198005"},
        {"1980-05-02", "19800502"},
        {"2023-04-03T11:12", "202304031112"},
        {"2023-04-03 11:12:13", "20230403111213"},
        {"2023-04-03T11:12:13Z", "20230403111213+0000"},
        {"2023-04-03T11:12:13.5+02:00", "20230403111213.5+0200"},
        {"2023-04-03T11:12:13.123456789-0330", "20230403111213.1234-0330"},
        {"2023-04-03T11:12+02:00", "202304031112+0200"},
    };
    struct page page;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_time time = time_of(cases[i].text);
        assert_slice(written(&time, NULL, &page), cases[i].hl7);
    }
}

static void other_text_is_no_time(void **state)
{
    static const char *const cases[] = {
        "",
        "x",
        "\"\"",
        "80",
        "1980-",
        "1980-5",
        "1980-13",
        "1980-02-30",
        "1980-05-",
        "1980-05-02T",
        "1980-05-02T11",
        "1980-05-02T11:12:",
        "1980-05-02T11:12:13.",
        "1980-05-02T11:12:13.5x",
        "1980-05-02Z",
        "1980-05-02+02:00",
        "1980-05-02T11:12X",
        "1980-05-02T11:12+02:0",
        "1980-05-02T11:1213.25",
        "1980-05-02T11:12:1313.25",
        "1980/05/02",
        "02.05.1980",
        "1980-05-02T24:00",
        "1980-05-02T11:12 Z",
        "1980-05-02t11:12",
        "1980-05-02T11:12+2500",
        "1980-05-02T11:12:13+",
        "1980-05-02T11:12:13+1",
        "1980-05-02T11:12:13+02000",
        "1980-05-02T11:12:13.5555555555555555Q",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_time time;
        if (date_read(hl7_slice_of(cases[i]), &time)) {
            fail_msg("'%s' is read as a time", cases[i]);
        }
    }
}

static void a_pattern_writes_what_the_value_says(void **state)
{
    static const struct {
        const char *text;
        const char *pattern;
        const char *expected;
    } cases[] = {
        {"19800502", "%Y-%m-%d", "1980-05-02"},
        {"198005", "%Y-%m-%d", "1980-05"},
        {"1980", "%Y-%m-%d", "1980"},
        {"1980", "%d.%m.%Y", "1980"},
        {"198005", "%d.%m.%Y", "05.1980"},
        {"1980", "born %d.%m.%Y", "born 1980"},
        {"19800502", "%Y-%m-%dT%H:%M:%S%:z", "1980-05-02"},
        {"198005021030", "%Y-%m-%dT%H:%M:%S%:z", "1980-05-02T10:30"},
        {"198005021030+0200", "%Y-%m-%dT%H:%M:%S%:z", "1980-05-02T10:30+02:00"},
        {"19800502103059-0330", "%Y-%m-%dT%H:%M:%S%:z", "1980-05-02T10:30:59-03:30"},
        {"19800502+0200", "%Y-%m-%d%z", "1980-05-02"},
        {"1980050210+0200", "%H%z", "10+0200"},
        {"19800502103059.25", "%S.%f", "59.25"},
        {"19800502103059", "%S.%f", "59"},
        {"19800502103059.0005", "%f", "0005"},
        {"19800502103059", "%Y%m%d%H%M%S", "19800502103059"},
        {"19800502", "%e %B %Y", "2 May 1980"},
        {"19800512", "%a, %e %b %y", "Mon, 12 May 80"},
        {"19800511", "%A %u", "Sunday 7"},
        {"19801231", "%j", "366"},
        {"19810101", "%j", "001"},
        {"1980050200", "%I %p", "12 AM"},
        {"1980050212", "%I %p", "12 PM"},
        {"1980050223", "%I %p", "11 PM"},
        {"19800502", "%H:%M Uhr", ""},
        {"1980050210", "%H Uhr", "10 Uhr"},
        {"19800502", "%Y %z %m", "1980 05"},
        {"19800502", "", ""},
        {"19800502", "text", "text"},
        {"19800502", "100%%", "100%"},
        {"19800502", "%%Y %Y%%", "%Y 1980%"},
        {"19800502", "%Q %", "%Q %"},
        {"00010101", "%Y %a", "0001 Mon"},
    };
    struct page page;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_time time = time_of(cases[i].text);
        assert_slice(written(&time, cases[i].pattern, &page), cases[i].expected);
    }
}

static void an_unknown_conversion_is_named(void **state)
{
    static const struct {
        const char *pattern;
        size_t position; /* SIZE_MAX: valid */
    } cases[] = {{"", SIZE_MAX},  {"%Y-%m-%dT%H:%M:%S.%f%:z%%", SIZE_MAX},
                 {"%Q", 0},       {"%Y%", 2},
                 {"%%%", 2},      {"%%Q", SIZE_MAX},
                 {"%Y %: %z", 3}, {"%y%e%j%I%p%B%b%A%a%u%z", SIZE_MAX}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t position = SIZE_MAX;
        bool valid = date_pattern_valid(hl7_slice_of(cases[i].pattern), &position);
        assert_int_equal(valid, cases[i].position == SIZE_MAX);
        assert_int_equal(position, cases[i].position);
    }
}

/* A random second of the years 1 to 9999, and the C library's view of it. */
static struct hl7_time random_time(struct random_state *random, struct tm *ret_tm)
{
    const int64_t first = INT64_C(-62135596800);
    const int64_t count = INT64_C(315537897600);
    time_t seconds = (time_t)(first + (int64_t)(random_next(random) % (uint64_t)count));
    struct hl7_time time = hl7_time_from_seconds(seconds, 0);

    assert_non_null(gmtime_r(&seconds, ret_tm));
    return time;
}

static void patterns_agree_with_the_c_library(void **state)
{
    static const char pattern[] = "%m %d %e %j %H %I %p %M %S %B %b %A %a %u %z %%";
    struct random_state random;

    (void)state;
    random_init(&random, 9);
    for (int i = 0; i < 20000; i++) {
        struct tm tm;
        struct page page;
        char expected[512];
        struct hl7_time time = random_time(&random, &tm);
        size_t len = strftime(expected, sizeof expected, pattern, &tm);
        hl7_slice found = written(&time, pattern, &page);
        /* %e of the C library has a blank for the zero. */
        char *blank = expected[6] == ' ' ? expected + 6 : NULL;
        if (blank != NULL) {
            memmove(blank, blank + 1, len - 6);
            len--;
        }
        assert_slices(found, ((hl7_slice){expected, len}));
    }
}

static void adding_keeps_precision_and_zone(void **state)
{
    static const struct {
        const char *text;
        int64_t amount;
        enum date_unit unit;
        const char *expected; /* NULL: refused */
        enum date_result result;
    } cases[] = {
        {"20240131", 1, DATE_MONTHS, "20240229", DATE_OK},
        {"20230131", 1, DATE_MONTHS, "20230228", DATE_OK},
        {"20240229", 1, DATE_YEARS, "20250228", DATE_OK},
        {"20240229", 4, DATE_YEARS, "20280229", DATE_OK},
        {"20240115", -13, DATE_MONTHS, "20221215", DATE_OK},
        {"2024", 1, DATE_YEARS, "2025", DATE_OK},
        {"202412", 1, DATE_MONTHS, "202501", DATE_OK},
        {"20241231", 1, DATE_DAYS, "20250101", DATE_OK},
        {"20240301", -1, DATE_DAYS, "20240229", DATE_OK},
        {"20240301", 2, DATE_WEEKS, "20240315", DATE_OK},
        {"202412312330+0200", 45, DATE_MINUTES, "202501010015+0200", DATE_OK},
        {"2024123123-0330", 1, DATE_HOURS, "2025010100-0330", DATE_OK},
        {"20241231235959.1250", 1, DATE_SECONDS, "20250101000000.1250", DATE_OK},
        {"20241231235959", 0, DATE_SECONDS, "20241231235959", DATE_OK},
        {"20240131+0200", 1, DATE_MONTHS, "20240229+0200", DATE_OK},
        {"2024", 1, DATE_MONTHS, NULL, DATE_IMPRECISE},
        {"202401", 1, DATE_DAYS, NULL, DATE_IMPRECISE},
        {"202401", 1, DATE_WEEKS, NULL, DATE_IMPRECISE},
        {"20240101", 1, DATE_HOURS, NULL, DATE_IMPRECISE},
        {"2024010100", 1, DATE_MINUTES, NULL, DATE_IMPRECISE},
        {"202401010000", 1, DATE_SECONDS, NULL, DATE_IMPRECISE},
        {"99991231", 1, DATE_DAYS, NULL, DATE_OUT_OF_RANGE},
        {"00010101", -1, DATE_DAYS, NULL, DATE_OUT_OF_RANGE},
        {"9999", 1, DATE_YEARS, NULL, DATE_OUT_OF_RANGE},
        {"0001", -1, DATE_YEARS, NULL, DATE_OUT_OF_RANGE},
        {"000101", -1, DATE_MONTHS, NULL, DATE_OUT_OF_RANGE},
        {"2024", 1000000000, DATE_YEARS, NULL, DATE_OUT_OF_RANGE},
        {"20240101", -1000000000, DATE_WEEKS, NULL, DATE_OUT_OF_RANGE},
    };
    struct page page;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_time time = time_of(cases[i].text);
        assert_int_equal(date_add(&time, cases[i].amount, cases[i].unit), cases[i].result);
        assert_slice(written(&time, NULL, &page),
                     cases[i].expected == NULL ? cases[i].text : cases[i].expected);
    }
}

static void days_and_seconds_add_as_the_c_library_counts(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 10);
    for (int i = 0; i < 5000; i++) {
        struct tm tm;
        struct hl7_time time = random_time(&random, &tm);
        int64_t days = (int64_t)random_below(&random, 20001) - 10000;
        tm.tm_mday += (int)days;
        time_t expected = timegm(&tm);
        if (date_add(&time, days, DATE_DAYS) == DATE_OK) {
            assert_int_equal(hl7_time_seconds(&time), expected);
        }
    }
}

static void an_age_is_in_whole_units(void **state)
{
    static const struct {
        const char *birth;
        const char *at;
        enum date_unit unit;
        int64_t age;
        enum date_result result;
    } cases[] = {
        {"19800502", "20240501", DATE_YEARS, 43, DATE_OK},
        {"19800502", "20240502", DATE_YEARS, 44, DATE_OK},
        {"198005022359", "202405020000", DATE_YEARS, 44, DATE_OK},
        {"20240229", "20250228", DATE_YEARS, 0, DATE_OK},
        {"20240229", "20250301", DATE_YEARS, 1, DATE_OK},
        {"1980", "20240101", DATE_YEARS, 44, DATE_OK},
        {"198005", "20240430", DATE_YEARS, 43, DATE_OK},
        {"198005", "20240501", DATE_YEARS, 44, DATE_OK},
        {"20240131", "20240229", DATE_MONTHS, 0, DATE_OK},
        {"20240131", "20240331", DATE_MONTHS, 2, DATE_OK},
        {"20231115", "20240214", DATE_MONTHS, 2, DATE_OK},
        {"20240228", "20240301", DATE_DAYS, 2, DATE_OK},
        {"20240101", "20240121", DATE_WEEKS, 2, DATE_OK},
        {"20240101", "20240101", DATE_DAYS, 0, DATE_OK},
        {"1980", "20240101", DATE_MONTHS, 77, DATE_IMPRECISE},
        {"198005", "20240101", DATE_DAYS, 77, DATE_IMPRECISE},
        {"19800502", "2024", DATE_WEEKS, 77, DATE_IMPRECISE},
        {"20240102", "20240101", DATE_DAYS, 77, DATE_OUT_OF_RANGE},
        {"20240102", "20240101", DATE_YEARS, 77, DATE_OUT_OF_RANGE},
        {"2025", "20240101", DATE_YEARS, 77, DATE_OUT_OF_RANGE},
        {"20240101", "20240102", DATE_HOURS, 77, DATE_OUT_OF_RANGE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_time birth = time_of(cases[i].birth);
        struct hl7_time at = time_of(cases[i].at);
        int64_t age = 77;
        assert_int_equal(date_age(&birth, &at, cases[i].unit, &age), cases[i].result);
        assert_int_equal(age, cases[i].age);
    }
}

static void units_are_read_in_both_numbers(void **state)
{
    enum date_unit unit = DATE_YEARS;

    (void)state;
    assert_true(date_unit_read(HL7_TEXT("days"), &unit));
    assert_int_equal(unit, DATE_DAYS);
    assert_true(date_unit_read(HL7_TEXT("second"), &unit));
    assert_int_equal(unit, DATE_SECONDS);
    assert_false(date_unit_read(HL7_TEXT("Days"), &unit));
    assert_false(date_unit_read(HL7_TEXT("d"), &unit));
    assert_false(date_unit_read(HL7_TEXT(""), &unit));
    assert_int_equal(unit, DATE_SECONDS);
}

static void nothing_is_read_past_the_end(void **state)
{
    static const char *const texts[] = {"2023-04-03T11:12:13.12345+02:00",
                                        "20230403111213.1234-0330", "%Y%%%m%:z%"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            char *copy = edge_copy(texts[i], len);
            char memory[128];
            struct hl7_buffer buffer;
            struct hl7_time time = {.year = 1, .month = 1, .day = 1};
            size_t position;
            hl7_buffer_init(&buffer, memory, sizeof memory);
            (void)date_read((hl7_slice){copy, len}, &time);
            (void)date_pattern_valid((hl7_slice){copy, len}, &position);
            date_write(&time, (hl7_slice){copy, len}, &buffer);
            edge_free(copy, len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_both_forms_are_read),
        cmocka_unit_test(other_text_is_no_time),
        cmocka_unit_test(a_pattern_writes_what_the_value_says),
        cmocka_unit_test(an_unknown_conversion_is_named),
        cmocka_unit_test(patterns_agree_with_the_c_library),
        cmocka_unit_test(adding_keeps_precision_and_zone),
        cmocka_unit_test(days_and_seconds_add_as_the_c_library_counts),
        cmocka_unit_test(an_age_is_in_whole_units),
        cmocka_unit_test(units_are_read_in_both_numbers),
        cmocka_unit_test(nothing_is_read_past_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
