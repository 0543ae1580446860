/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as text: what reads as one, comparing, rounding, writing. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "template/number.h"

#define NINES_64 "9999999999999999999999999999999999999999999999999999999999999999"

struct page {
    char memory[3 * NUMBER_MAX_DIGITS];
};

static hl7_slice spell(const struct number *number, struct page *page)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, page->memory, sizeof page->memory);
    number_write(number, &buffer);
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

static void numbers_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        const char *written;
    } cases[] = {
        {"0", "0"},
        {"12", "12"},
        {"+12", "12"},
        {"-12", "-12"},
        {"007.50", "7.50"},
        {".5", "0.5"},
        {"5.", "5"},
        {"-.25", "-0.25"},
        {"-0", "0"},
        {"-0.00", "0.00"},
        {"000", "0"},
        {"12345678901234567890.1", "12345678901234567890.1"},
        {NINES_64 "." NINES_64, NINES_64 "." NINES_64},
        {"000" NINES_64, NINES_64},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct number number;
        struct page page;
        assert_true(number_parse(hl7_slice_of(cases[i].text), &number));
        assert_slice(spell(&number, &page), cases[i].written);
        assert_true(number_parse_any(hl7_slice_of(cases[i].text), &number));
        assert_slice(spell(&number, &page), cases[i].written);
    }
}

static void other_text_is_no_number(void **state)
{
    static const char *const cases[] = {"",     ".",  "+",    "-",       "--1",   "+-1",
                                        "1 ",   " 1", "1,5",  "1e5",     "1.2.3", "A01",
                                        "0x10", "1-", "\"\"", "\xd9\xa1"};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct number number;
        if (number_parse(hl7_slice_of(cases[i]), &number)) {
            fail_msg("'%s' is read as a number", cases[i]);
        }
    }
    assert_false(number_parse((hl7_slice){NULL, 0}, &(struct number){0}));
}

static void too_many_digits_are_no_number(void **state)
{
    struct number number;

    (void)state;
    assert_false(number_parse(HL7_TEXT("1" NINES_64), &number));
    assert_false(number_parse(HL7_TEXT("0.1" NINES_64), &number));
}

static void an_exponent_moves_the_point(void **state)
{
    static const struct {
        const char *text;
        const char *written; /* NULL: refused */
    } cases[] = {
        {"1e5", "100000"},
        {"1.50E1", "15.0"},
        {"1.5e-2", "0.015"},
        {"-12e-1", "-1.2"},
        {"0.001e3", "1"},
        {"0e64", "0"},
        {"1e+2", "100"},
        {" 7 ", "7"},
        {"\t7e0", "7"},
        {"9e-64", "0.0000000000000000000000000000000000000000000000000000000000000009"},
        {"1e63", "1000000000000000000000000000000000000000000000000000000000000000"},
        {"1e64", NULL},
        {"1e65", NULL},
        {"1.1e-64", NULL},
        {"1e", NULL},
        {"1e1.5", NULL},
        {"e5", NULL},
        {"1e5x", NULL},
        {"1e99999999999999999999", NULL},
        {"1 2", NULL},
        {"0.0000000001e64", "1000000000000000000000000000000000000000000000000000000"},
        {NINES_64 "." NINES_64 "e64", NULL},
        {NINES_64 "." NINES_64 "e-64", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct number number;
        struct page page;
        bool read = number_parse_any(hl7_slice_of(cases[i].text), &number);
        if (read != (cases[i].written != NULL)) {
            fail_msg("'%s'", cases[i].text);
        }
        if (read) {
            assert_slice(spell(&number, &page), cases[i].written);
        }
    }
}

static void numbers_compare_by_value(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        int expected;
    } cases[] = {
        {"1.5", "1.50", 0},
        {"0", "-0", 0},
        {"007", "7", 0},
        {"+3", "3", 0},
        {"2", "10", -1},
        {"-2", "-10", 1},
        {"-1", "1", -1},
        {"1", "-1", 1},
        {"0.1", "0.09", 1},
        {"0.1", "0.11", -1},
        {".5", "0.5", 0},
        {"1", "1.000", 0},
        {"0.001", "0", 1},
        {"-0.001", "0", -1},
        {"9007199254740993", "9007199254740992", 1},
        {"0.1", "0.10000000000000000000000001", -1},
        {NINES_64, NINES_64 ".1", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct number a;
        struct number b;
        assert_true(number_parse(hl7_slice_of(cases[i].a), &a));
        assert_true(number_parse(hl7_slice_of(cases[i].b), &b));
        assert_int_equal(number_compare(&a, &b), cases[i].expected);
        assert_int_equal(number_compare(&b, &a), -cases[i].expected);
    }
}

static void halves_round_away_from_zero(void **state)
{
    static const struct {
        const char *text;
        unsigned digits;
        const char *written; /* NULL: refused */
    } cases[] = {
        {"2.5", 0, "3"},          {"-2.5", 0, "-3"},
        {"2.4999", 0, "2"},       {"1.005", 2, "1.01"},
        {"0.5", 0, "1"},          {"0.4", 0, "0"},
        {"-0.4", 0, "0"},         {"-0.004", 2, "0.00"},
        {"9.995", 2, "10.00"},    {"99.5", 0, "100"},
        {"7", 2, "7.00"},         {"0", 1, "0.0"},
        {".05", 1, "0.1"},        {".95", 1, "1.0"},
        {"12.34", 2, "12.34"},    {NINES_64 ".4", 0, NINES_64},
        {NINES_64 ".5", 0, NULL}, {"1", 65, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct number number;
        struct page page;
        assert_true(number_parse(hl7_slice_of(cases[i].text), &number));
        struct number before = number;
        bool rounded = number_round(&number, cases[i].digits);
        assert_int_equal(rounded, cases[i].written != NULL);
        if (rounded) {
            assert_slice(spell(&number, &page), cases[i].written);
        } else {
            assert_memory_equal(&number, &before, sizeof number);
        }
    }
}

/* Thousandths as integers: what number_* must say. */
static void small_numbers_round_and_compare_as_integers_do(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 11);
    for (int i = 0; i < 20000; i++) {
        long thousandths[2];
        struct number numbers[2];
        for (int k = 0; k < 2; k++) {
            char text[32];
            thousandths[k] = (long)random_below(&random, 40001) - 20000;
            (void)snprintf(text, sizeof text, "%s%ld.%03ld", thousandths[k] < 0 ? "-" : "",
                           labs(thousandths[k]) / 1000, labs(thousandths[k]) % 1000);
            assert_true(number_parse(hl7_slice_of(text), &numbers[k]));
        }
        int expected = (thousandths[0] > thousandths[1]) - (thousandths[0] < thousandths[1]);
        assert_int_equal(number_compare(&numbers[0], &numbers[1]), expected);

        struct page page;
        char rounded[32];
        long tenths = (labs(thousandths[0]) + 50) / 100;
        (void)snprintf(rounded, sizeof rounded, "%s%ld.%ld",
                       thousandths[0] < 0 && tenths > 0 ? "-" : "", tenths / 10, tenths % 10);
        assert_true(number_round(&numbers[0], 1));
        assert_slice(spell(&numbers[0], &page), rounded);
    }
}

static void whole_numbers_have_bounds(void **state)
{
    static const struct {
        const char *text;
        int64_t least;
        int64_t most;
        bool read;
        int64_t integer;
    } cases[] = {
        {"0", 0, 9, true, 0},
        {"-3", -3, 3, true, -3},
        {"+3", -3, 3, true, 3},
        {"007", 0, 9, true, 7},
        {"4", -3, 3, false, 0},
        {"-4", -3, 3, false, 0},
        {"", 0, 9, false, 0},
        {"-", -9, 9, false, 0},
        {"1.0", 0, 9, false, 0},
        {"1 ", 0, 9, false, 0},
        {"x", 0, 9, false, 0},
        {"999999999999999999", 0, INT64_MAX, true, INT64_C(999999999999999999)},
        {"1000000000000000000", 0, INT64_MAX, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t integer = 77;
        bool read =
            number_integer(hl7_slice_of(cases[i].text), cases[i].least, cases[i].most, &integer);
        assert_int_equal(read, cases[i].read);
        assert_int_equal(integer, read ? cases[i].integer : 77);
    }
}

static void nothing_is_read_past_the_end(void **state)
{
    static const char text[] = " +0012.50e+01 ";

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char *copy = edge_copy(text, len);
        struct number number;
        int64_t integer;
        for (size_t start = 0; start <= len; start++) {
            hl7_slice slice = {copy + start, len - start};
            (void)number_parse(slice, &number);
            (void)number_parse_any(slice, &number);
            (void)number_integer(slice, 0, 9, &integer);
        }
        edge_free(copy, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_and_written),
        cmocka_unit_test(other_text_is_no_number),
        cmocka_unit_test(too_many_digits_are_no_number),
        cmocka_unit_test(an_exponent_moves_the_point),
        cmocka_unit_test(numbers_compare_by_value),
        cmocka_unit_test(halves_round_away_from_zero),
        cmocka_unit_test(small_numbers_round_and_compare_as_integers_do),
        cmocka_unit_test(whole_numbers_have_bounds),
        cmocka_unit_test(nothing_is_read_past_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
