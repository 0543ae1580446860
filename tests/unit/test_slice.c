/* SPDX-License-Identifier: Apache-2.0
 *
 * Slices: comparing and cutting, with nothing read outside them. */
#include "support.h"

static const hl7_slice absent = {NULL, 0};

static void a_string_becomes_a_slice_without_its_nul(void **state)
{
    (void)state;
    assert_slice(hl7_slice_of("PID"), "PID");
    assert_int_equal(hl7_slice_of("").len, 0);
    assert_non_null(hl7_slice_of("").ptr);
}

static void no_string_becomes_an_absent_slice(void **state)
{
    (void)state;
    assert_null(hl7_slice_of(NULL).ptr);
    assert_int_equal(hl7_slice_of(NULL).len, 0);
}

static void a_literal_slice_may_hold_nul(void **state)
{
    (void)state;
    assert_int_equal(HL7_TEXT("a\0b").len, 3);
}

static void slices_are_equal_when_their_bytes_are(void **state)
{
    static const struct {
        hl7_slice a;
        hl7_slice b;
        bool equal;
    } cases[] = {
        {{"DOE", 3}, {"DOE", 3}, true},    {{"DOE", 3}, {"DOf", 3}, false},
        {{"DOE", 3}, {"DO", 2}, false},    {{"", 0}, {"", 0}, true},
        {{"a\0b", 3}, {"a\0c", 3}, false}, {{NULL, 0}, {"", 0}, true},
        {{NULL, 0}, {NULL, 0}, true},      {{NULL, 0}, {"x", 1}, false},
        {{"\xff", 1}, {"\xff", 1}, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(hl7_slice_equal(cases[i].a, cases[i].b), cases[i].equal);
        assert_int_equal(hl7_slice_equal(cases[i].b, cases[i].a), cases[i].equal);
    }
}

static void a_slice_starts_with_each_of_its_prefixes_and_no_longer_text(void **state)
{
    hl7_slice text = HL7_TEXT("MSH|");

    (void)state;
    for (size_t len = 0; len <= text.len; len++) {
        assert_true(hl7_slice_starts(text, (hl7_slice){text.ptr, len}));
    }
    assert_true(hl7_slice_starts(text, absent));
    assert_true(hl7_slice_starts(absent, absent));
    assert_false(hl7_slice_starts(text, HL7_TEXT("MSH||")));
    assert_false(hl7_slice_starts(text, HL7_TEXT("PID")));
    assert_false(hl7_slice_starts(absent, HL7_TEXT("M")));
}

static void a_part_is_clamped_to_the_text(void **state)
{
    static const struct {
        size_t start;
        size_t len;
        const char *part;
    } cases[] = {
        {0, 5, "hello"},          {1, 3, "ell"}, {3, 9, "lo"},          {5, 1, ""}, {6, 1, ""},
        {SIZE_MAX, SIZE_MAX, ""}, {2, 0, ""},    {1, SIZE_MAX, "ello"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl7_slice part = hl7_slice_part(HL7_TEXT("hello"), cases[i].start, cases[i].len);
        assert_slice(part, cases[i].part);
        assert_non_null(part.ptr);
    }
}

static void a_part_of_nothing_is_absent(void **state)
{
    (void)state;
    assert_null(hl7_slice_part(absent, 0, 4).ptr);
    assert_null(hl7_slice_part(absent, 7, 4).ptr);
}

static void nothing_is_read_behind_a_slice(void **state)
{
    char *edge = edge_copy("MSH", 3);
    hl7_slice text = {edge, 3};

    (void)state;
    assert_false(hl7_slice_starts(text, HL7_TEXT("MSH|")));
    assert_false(hl7_slice_equal(text, HL7_TEXT("MSH|")));
    assert_true(hl7_slice_equal(text, HL7_TEXT("MSH")));
    edge_free(edge, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_becomes_a_slice_without_its_nul),
        cmocka_unit_test(no_string_becomes_an_absent_slice),
        cmocka_unit_test(a_literal_slice_may_hold_nul),
        cmocka_unit_test(slices_are_equal_when_their_bytes_are),
        cmocka_unit_test(a_slice_starts_with_each_of_its_prefixes_and_no_longer_text),
        cmocka_unit_test(a_part_is_clamped_to_the_text),
        cmocka_unit_test(a_part_of_nothing_is_absent),
        cmocka_unit_test(nothing_is_read_behind_a_slice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
