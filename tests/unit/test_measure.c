/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers, sizes and times as people write them. */
#include "support.h"

#include "measure.h"

static void sizes_have_units_of_1024(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0},
                {"512", 512},
                {"1K", 1024},
                {"1k", 1024},
                {"16M", 16 << 20},
                {"2g", (uint64_t)2 << 30},
                {"1T", (uint64_t)1 << 40}};
    static const char *const bad[] = {"",    "M",  "1.5M", "-1", "1MB",
                                      "1 M", "+1", "0x1",  "1Q", "16777216T"};
    uint64_t bytes = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(measure_read_size(bad[i], &bytes));
        assert_int_equal(bytes, 77);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(measure_read_size(good[i].text, &bytes));
        assert_int_equal(bytes, good[i].bytes);
    }
}

static void times_have_units_and_fractions(void **state)
{
    static const struct {
        const char *text;
        uint64_t milliseconds;
    } good[] = {{"0", 0},       {"5", 5000},       {"250ms", 250},   {"1.5s", 1500}, {"0.25", 250},
                {"2m", 120000}, {"1.5h", 5400000}, {"1d", 86400000}, {"0.001s", 1}};
    static const char *const bad[] = {"",
                                      "s",
                                      "1.",
                                      ".5",
                                      "1.0000001s",
                                      "0.5ms",
                                      "1 s",
                                      "-1s",
                                      "1sec",
                                      "99999999999999999999s",
                                      "18446744073709551615h"};
    uint64_t time = 77;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(measure_read_duration(bad[i], &time));
        assert_int_equal(time, 77);
    }
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(measure_read_duration(good[i].text, &time));
        assert_int_equal(time, good[i].milliseconds);
    }
}

static void numbers_are_whole_and_fit(void **state)
{
    uint64_t number = 77;

    (void)state;
    assert_true(measure_read_number("18446744073709551615", &number));
    assert_int_equal(number, UINT64_MAX);
    assert_false(measure_read_number("18446744073709551616", &number));
    assert_false(measure_read_number("1.5", &number));
    assert_false(measure_read_number("", &number));
    assert_int_equal(number, UINT64_MAX);
}

static void what_is_written_has_the_largest_unit_that_leaves_it_whole(void **state)
{
    static const struct {
        void (*write)(uint64_t number, char *text, size_t size);
        uint64_t number;
        const char *text;
    } cases[] = {
        {measure_write_number, 0, "0"},
        {measure_write_number, UINT64_MAX, "18446744073709551615"},
        {measure_write_size, 0, "0"},
        {measure_write_size, 1023, "1023"},
        {measure_write_size, 1024, "1K"},
        {measure_write_size, 1025, "1025"},
        {measure_write_size, (uint64_t)16 << 20, "16M"},
        {measure_write_size, (uint64_t)1 << 40, "1T"},
        {measure_write_duration, 0, "0ms"},
        {measure_write_duration, 250, "250ms"},
        {measure_write_duration, 1500, "1500ms"},
        {measure_write_duration, 90000, "90s"},
        {measure_write_duration, 120000, "2m"},
        {measure_write_duration, 86400000, "1d"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[MEASURE_TEXT];

        cases[i].write(cases[i].number, text, sizeof text);
        assert_string_equal(text, cases[i].text);
    }
}

static void what_is_written_reads_back(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 20261126);
    for (int i = 0; i < 20000; i++) {
        uint64_t number = random_next(&random) >> (8 + random_below(&random, 56));
        uint64_t back = 0;
        char text[MEASURE_TEXT];

        measure_write_number(number, text, sizeof text);
        assert_true(measure_read_number(text, &back) && back == number);
        measure_write_size(number, text, sizeof text);
        assert_true(measure_read_size(text, &back) && back == number);
        measure_write_duration(number, text, sizeof text);
        assert_true(measure_read_duration(text, &back) && back == number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_units_of_1024),
        cmocka_unit_test(times_have_units_and_fractions),
        cmocka_unit_test(numbers_are_whole_and_fit),
        cmocka_unit_test(what_is_written_has_the_largest_unit_that_leaves_it_whole),
        cmocka_unit_test(what_is_written_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
