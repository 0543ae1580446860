/* SPDX-License-Identifier: Apache-2.0
 *
 * Times as people write and read them. The zone of these tests is made up: two and a half hours west in
 * winter, one hour less in summer. */
#include "support.h"

#include <stdlib.h>
#include <time.h>

#include "when.h"

#define SECOND INT64_C(1000000)
/* 2026-01-15T12:00:00Z */
#define NOON (INT64_C(1768478400) * SECOND)

static int set_up(void **state)
{
    (void)state;
    if (setenv("TZ", "TST2:30TDT,M3.5.0,M10.5.0", 1) != 0) {
        return -1;
    }
    tzset();
    return 0;
}

static void times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t time;
    } rows[] = {
        {"2026-01-15T12:00Z", NOON},
        {"2026-01-15 12:00:00Z", NOON},
        {"2026-01-15T13:00+01:00", NOON},
        {"2026-01-15T09:30", NOON},
        {"2026-01-15T09:30-02:30", NOON},
        {"2026-01-15T12:00:01.5Z", NOON + SECOND + SECOND / 2},
        {"2026-01-15T12:00:00.123456Z", NOON + 123456},
        {"2026-01-15", NOON - (9 * 3600 + 1800) * SECOND},
        {"2026-01-15Z", NOON - 12 * 3600 * SECOND},
        {"2026-07-15T12:00", INT64_C(1784122200) * SECOND},
        {"2024-02-29T00:00Z", INT64_C(1709164800) * SECOND},
        {"09:30", NOON},
        {"09:30:07", NOON + 7 * SECOND},
        {"@1768478400", NOON},
        {"@0", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t time = -1;

        if (!when_read(rows[i].text, NOON, &time) || time != rows[i].time) {
            fail_msg("'%s' is %lld", rows[i].text, (long long)time);
        }
    }
}

static void what_is_no_time_is_not_read(void **state)
{
    static const char *const texts[] = {"",
                                        "now",
                                        "2026",
                                        "2026-1-15",
                                        "2026-13-01",
                                        "2026-00-01",
                                        "2026-01-00",
                                        "2026-01-32",
                                        "2026-02-29",
                                        "2100-02-29",
                                        "1969-12-31",
                                        "9:30",
                                        "24:00",
                                        "09:60",
                                        "09:30:60",
                                        "09:30:",
                                        "09:30:07.",
                                        "09:30Z",
                                        "@",
                                        "@x",
                                        "@123456789012",
                                        "2026-01-15T",
                                        "2026-01-15T9",
                                        "2026-01-15T09:30+1",
                                        "2026-01-15T09:30+24:00",
                                        "2026-01-15T09:30X",
                                        "2026-01-15T09:30ZZ",
                                        "2026-01-15T09:30:00.1234567Z"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t time = 77;

        if (when_read(texts[i], NOON, &time) || time != 77) {
            fail_msg("'%s' was read as %lld", texts[i], (long long)time);
        }
    }
}

static void times_are_written(void **state)
{
    char text[WHEN_TEXT];

    (void)state;
    when_write_short(NOON + 999999, text);
    assert_string_equal(text, "2026-01-15 09:30:00");
    when_write_local(NOON + 123456, text);
    assert_string_equal(text, "2026-01-15T09:30:00.123-02:30");
    when_write_utc(NOON + 123456, text);
    assert_string_equal(text, "2026-01-15T12:00:00.123456Z");
    when_write_utc(-1, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
}

/* What is written is read back, down to what it shows. */
static void what_is_written_is_read_back(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 1);
    for (int i = 0; i < 5000; i++) {
        int64_t time = (int64_t)random_below(&random, (size_t)4000000000U) * SECOND +
                       (int64_t)random_below(&random, SECOND);
        int64_t read = 0;
        char text[WHEN_TEXT];

        when_write_utc(time, text);
        assert_true(when_read(text, NOON, &read));
        assert_true(read == time);
        when_write_local(time, text);
        assert_true(when_read(text, NOON, &read));
        assert_true(read == time - time % 1000);
    }
}

static void ages_have_two_units_at_most(void **state)
{
    static const struct {
        int64_t microseconds;
        const char *text;
    } rows[] = {{-5, "0s"},
                {0, "0s"},
                {999, "0s"},
                {850000, "850ms"},
                {SECOND, "1s"},
                {59 * SECOND, "59s"},
                {60 * SECOND, "1m"},
                {192 * SECOND, "3m 12s"},
                {3600 * SECOND, "1h"},
                {7500 * SECOND, "2h 5m"},
                {86400 * SECOND, "1d"},
                {INT64_C(357000) * SECOND, "4d 3h"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[WHEN_TEXT];

        when_write_age(rows[i].microseconds, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(what_is_no_time_is_not_read),
        cmocka_unit_test(times_are_written),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(ages_have_two_units_at_most),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
