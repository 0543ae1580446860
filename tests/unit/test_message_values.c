/* SPDX-License-Identifier: Apache-2.0
 *
 * Values below the field, rules 10, 13 and 16: pieces, the three states, comparing. */
#include "support.h"

static const hl7_slice absent = {NULL, 0};

/* rule 16 */
static void pieces_count_from_one_and_those_beyond_are_absent(void **state)
{
    static const struct {
        const char *value;
        char separator;
        size_t n;
        const char *piece; /* NULL: absent */
    } cases[] = {
        {"a^b^c", '^', 1, "a"},
        {"a^b^c", '^', 2, "b"},
        {"a^b^c", '^', 3, "c"},
        {"a^b^c", '^', 4, NULL},
        {"a^b^c", '^', SIZE_MAX, NULL},
        {"a^b^c", '^', 0, NULL},
        {"a", '^', 1, "a"},
        {"a", '^', 2, NULL},
        {"", '^', 1, ""},
        {"", '^', 2, NULL},
        {"^", '^', 1, ""},
        {"^", '^', 2, ""},
        {"^", '^', 3, NULL},
        {"^^x", '^', 2, ""},
        {"^^x", '^', 3, "x"},
        {"x^", '^', 2, ""},
        {"x^", '^', 3, NULL},
        /* rule 10: a separator the message has not got splits nothing. */
        {"a&b", '\0', 1, "a&b"},
        {"a&b", '\0', 2, NULL},
        {"", '\0', 1, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl7_slice piece = hl7_piece(hl7_slice_of(cases[i].value), cases[i].separator, cases[i].n);
        assert_int_equal(piece.ptr == NULL, cases[i].piece == NULL);
        assert_slice(piece, cases[i].piece == NULL ? "" : cases[i].piece);
    }
}

static void an_absent_value_has_no_pieces(void **state)
{
    hl7_slice rest = absent;
    hl7_slice piece = HL7_TEXT("untouched");

    (void)state;
    assert_null(hl7_piece(absent, '^', 1).ptr);
    assert_null(hl7_piece(absent, '\0', 1).ptr);
    assert_false(hl7_piece_next(&rest, '^', &piece));
    assert_slice(piece, "untouched");
}

/* A NUL in a value is data even where no separator is. */
static void a_nul_splits_nothing(void **state)
{
    (void)state;
    assert_slices(hl7_piece(HL7_TEXT("a\0b"), '\0', 1), HL7_TEXT("a\0b"));
    assert_null(hl7_piece(HL7_TEXT("a\0b"), '\0', 2).ptr);
}

static void walking_meets_every_piece_and_leaves_nothing(void **state)
{
    static const char *const expected[] = {"a", "", "b^", ""};
    hl7_slice rest = HL7_TEXT("a~~b^~");
    hl7_slice piece;

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(hl7_piece_next(&rest, '~', &piece));
        assert_slice(piece, expected[i]);
    }
    assert_null(rest.ptr);
    assert_false(hl7_piece_next(&rest, '~', &piece));
}

static void nothing_is_read_behind_a_value(void **state)
{
    char *edge = edge_copy("a^b", 3);

    (void)state;
    assert_slice(hl7_piece((hl7_slice){edge, 3}, '^', 2), "b");
    assert_null(hl7_piece((hl7_slice){edge, 3}, '^', 3).ptr);
    assert_null(hl7_piece((hl7_slice){edge + 3, 0}, '^', 2).ptr);
    edge_free(edge, 3);
}

/* rule 13 */
static void a_value_is_empty_null_or_present(void **state)
{
    (void)state;
    assert_int_equal(hl7_state(absent), HL7_EMPTY);
    assert_int_equal(hl7_state(HL7_TEXT("")), HL7_EMPTY);
    assert_int_equal(hl7_state(HL7_TEXT("\"\"")), HL7_NULL);
    assert_int_equal(hl7_state(HL7_TEXT("\"")), HL7_PRESENT);
    assert_int_equal(hl7_state(HL7_TEXT("\"\"\"")), HL7_PRESENT);
    assert_int_equal(hl7_state(HL7_TEXT(" ")), HL7_PRESENT);
    assert_int_equal(hl7_state(HL7_TEXT("^")), HL7_PRESENT);
    assert_int_equal(hl7_state(HL7_TEXT("x")), HL7_PRESENT);
}

/* rule 13 */
static void trailing_empty_pieces_count_for_nothing_when_comparing(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        bool equal;
    } cases[] = {
        {"DOE^JANE", "DOE^JANE", true},
        {"DOE^JANE", "DOE^JANE^^^", true},
        {"DOE^JANE&", "DOE^JANE", true},
        {"DOE^JANE&&^&", "DOE^JANE", true},
        {"DOE&^JANE", "DOE^JANE", true},
        {"^^", "", true},
        {"&^&&", "", true},
        {"DOE^JANE", "DOE", false},
        {"^DOE", "DOE", false},
        {"&DOE", "DOE", false},
        {"DOE", "DOF", false},
        {"DOE", "", false},
        /* Three states: null is not empty. */
        {"\"\"", "", false},
        {"\"\"", "\"\"", true},
        {"DOE^\"\"", "DOE", false},
        /* rule 16: blank repetitions count. */
        {"a~b", "a~b", true},
        {"a^~b&", "a~b", true},
        {"a~", "a", false},
        {"a~~b", "a~b", false},
        {"~a", "a", false},
        {"~", "", false},
        {"a~b", "b~a", false},
        /* Structure is compared, not text. */
        {"a\\S\\b", "a^b", false},
        {"a ", "a", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl7_slice a = hl7_slice_of(cases[i].a);
        hl7_slice b = hl7_slice_of(cases[i].b);
        if (hl7_value_equal(&hl7_standard_delimiters, a, b) != cases[i].equal ||
            hl7_value_equal(&hl7_standard_delimiters, b, a) != cases[i].equal) {
            fail_msg("\"%s\" and \"%s\"", cases[i].a, cases[i].b);
        }
    }
}

/* rule 13: both mean "no change". */
static void an_absent_value_equals_an_empty_one(void **state)
{
    static const char *const empty[] = {"", "^", "^&^"};

    (void)state;
    assert_true(hl7_value_equal(&hl7_standard_delimiters, absent, absent));
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++) {
        assert_true(hl7_value_equal(&hl7_standard_delimiters, absent, hl7_slice_of(empty[i])));
        assert_true(hl7_value_equal(&hl7_standard_delimiters, hl7_slice_of(empty[i]), absent));
    }
    assert_false(hl7_value_equal(&hl7_standard_delimiters, absent, HL7_TEXT("x")));
    assert_false(hl7_value_equal(&hl7_standard_delimiters, absent, HL7_TEXT("\"\"")));
    assert_false(hl7_value_equal(&hl7_standard_delimiters, absent, HL7_TEXT("~")));
}

/* rule 10 */
static void without_a_delimiter_its_character_is_compared_as_data(void **state)
{
    const struct hl7_delimiters no_subcomponent = {'|', '^', '~', '\\', '\0', '\0'};
    const struct hl7_delimiters none = {.field = '|'};

    (void)state;
    assert_false(hl7_value_equal(&no_subcomponent, HL7_TEXT("a&"), HL7_TEXT("a")));
    assert_true(hl7_value_equal(&no_subcomponent, HL7_TEXT("a^"), HL7_TEXT("a")));
    assert_false(hl7_value_equal(&none, HL7_TEXT("a^"), HL7_TEXT("a")));
    assert_true(hl7_value_equal(&none, HL7_TEXT("a^~"), HL7_TEXT("a^~")));
}

/* rule 17: a million components, the difference in the last. */
static void long_values_are_compared_in_one_pass(void **state)
{
    const size_t len = (size_t)2 << 20;
    char *a = test_malloc(len);
    char *b = test_malloc(len);

    (void)state;
    for (size_t i = 0; i < len; i += 2) {
        a[i] = 'x';
        a[i + 1] = i % 3 == 0 ? '^' : '&';
    }
    memcpy(b, a, len);
    assert_true(
        hl7_value_equal(&hl7_standard_delimiters, (hl7_slice){a, len}, (hl7_slice){b, len - 1}));
    b[len - 2] = 'y';
    assert_false(
        hl7_value_equal(&hl7_standard_delimiters, (hl7_slice){a, len}, (hl7_slice){b, len}));
    test_free(b);
    test_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_count_from_one_and_those_beyond_are_absent),
        cmocka_unit_test(an_absent_value_has_no_pieces),
        cmocka_unit_test(a_nul_splits_nothing),
        cmocka_unit_test(walking_meets_every_piece_and_leaves_nothing),
        cmocka_unit_test(nothing_is_read_behind_a_value),
        cmocka_unit_test(a_value_is_empty_null_or_present),
        cmocka_unit_test(trailing_empty_pieces_count_for_nothing_when_comparing),
        cmocka_unit_test(an_absent_value_equals_an_empty_one),
        cmocka_unit_test(without_a_delimiter_its_character_is_compared_as_data),
        cmocka_unit_test(long_values_are_compared_in_one_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
