/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of cli/difference.c: differences as lines of text and as JSON. */
#include <stdio.h>
#include <stdlib.h>

#include "difference.h"
#include "support.h"

/* What a difference at PID-5 looks like. */
static char *printed(const struct difference_words *words, struct difference_text *text,
                     const struct hl7_difference *difference)
{
    char *out = NULL;
    size_t len = 0;
    struct text_terminal terminal = {.file = open_memstream(&out, &len)};

    assert_non_null(terminal.file);
    difference_print(&terminal, words, text, difference);
    (void)fclose(terminal.file);
    return out;
}

static void check_printed(const struct difference_words *words, enum hl7_difference_kind kind,
                          const char *expected, const char *actual, const char *line)
{
    struct difference_text text = {.memory = {NULL, 0}};
    const struct hl7_difference difference = {
        .kind = kind,
        .path = {.segment = "PID", .occurrence = 1, .field = 5},
        .expected = hl7_slice_of(expected),
        .actual = hl7_slice_of(actual)};
    char *out = printed(words, &text, &difference);

    assert_string_equal(out, line);
    free(out);
    difference_text_free(&text);
}

static void a_line_names_the_path_and_both_values(void **state)
{
    (void)state;
    check_printed(&difference_expectation, HL7_CHANGED, "DOE", "DOY",
                  "PID-5: expected 'DOE', got 'DOY'\n");
    check_printed(&difference_expectation, HL7_MISSING, "DOE", NULL,
                  "PID-5: expected 'DOE', got nothing\n");
    check_printed(&difference_expectation, HL7_EXTRA, NULL, "",
                  "PID-5: expected nothing, got ''\n");
    check_printed(&difference_change, HL7_CHANGED, "DOE", "DOY", "PID-5: 'DOE' -> 'DOY'\n");
    check_printed(&difference_change, HL7_SEGMENT_EXTRA, NULL, "PID|1",
                  "PID-5: segment added: 'PID|1'\n");
}

static void bytes_that_drive_a_terminal_are_made_visible(void **state)
{
    (void)state;
    check_printed(&difference_change, HL7_CHANGED, "\x1b[31m", "a\xff",
                  "PID-5: '\\x1b[31m' -> 'a\xef\xbf\xbd'\n");
}

static void a_long_value_is_shown_around_the_place_where_it_differs(void **state)
{
    char a[1001];
    char b[1001];
    char line[1024];

    (void)state;
    memset(a, 'x', sizeof a);
    a[1000] = '\0';
    memcpy(b, a, sizeof b);
    b[500] = 'y';
    (void)snprintf(line, sizeof line, "PID-5: '...%.120s...' -> '...%.40sy%.79s...'\n", a, a, a);
    check_printed(&difference_change, HL7_CHANGED, a, b, line);
}

static void values_are_read_in_the_character_set_of_their_message(void **state)
{
    struct difference_text text = {.memory = {NULL, 0}};
    static char memory[2][4096];
    struct hl7_message messages[2];
    const hl7_slice texts[] = {HL7_TEXT("MSH|^~\\&||||||||||||||||8859/1"), HL7_TEXT("MSH|^~\\&|")};
    const struct hl7_difference difference = {
        .path = {.segment = "PID", .occurrence = 2, .field = 5, .component = 1},
        .expected = HL7_TEXT("M\xfcller"),
        .actual = HL7_TEXT("M\xc3\xbcller")};
    char *out;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct hl7_arena arena;

        hl7_arena_init(&arena, memory[i], sizeof memory[i]);
        assert_int_equal(hl7_message_parse(texts[i], &arena, &messages[i], NULL), HL7_OK);
    }
    difference_messages(&text, &messages[0], &messages[1]);
    out = printed(&difference_change, &text, &difference);
    assert_string_equal(out, "PID[2]-5.1: 'M\xc3\xbcller' -> 'M\xc3\xbcller'\n");
    free(out);
    difference_text_free(&text);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static void texts_are_compared_line_by_line_whatever_ends_the_lines(void **state)
{
    static const struct {
        const char *expected;
        const char *actual;
        size_t line; /* 0: the same */
        const char *a;
        const char *b;
    } cases[] = {
        {"", "", 0, NULL, NULL},
        {"a\nb\n", "a\r\nb", 0, NULL, NULL},
        {"a\rb\r", "a\nb\n", 0, NULL, NULL},
        {"a\nb", "a\nc", 2, "b", "c"},
        {"a\n\nb", "a\nb", 2, "", "b"},
        {"a", "a\nb", 2, NULL, "b"},
        {"a\n\n", "a\n", 2, "", NULL},
        {"", "a", 1, NULL, "a"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t line = 0;
        hl7_slice a = {NULL, 0};
        hl7_slice b = {NULL, 0};
        bool differ = difference_of_lines(hl7_slice_of(cases[i].expected),
                                          hl7_slice_of(cases[i].actual), &line, &a, &b);

        assert_int_equal(differ, cases[i].line > 0);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(a.ptr == NULL, cases[i].a == NULL);
        assert_int_equal(b.ptr == NULL, cases[i].b == NULL);
        assert_slices(a, hl7_slice_of(cases[i].a));
        assert_slices(b, hl7_slice_of(cases[i].b));
    }
}

static void check_lines(const char *expected, const char *actual, const char *shown)
{
    char *out = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&out, &len);

    assert_non_null(file);
    difference_print_lines(file, 3, hl7_slice_of(expected), hl7_slice_of(actual));
    (void)fclose(file);
    assert_string_equal(out, shown);
    free(out);
}

static void a_caret_stands_where_two_lines_part(void **state)
{
    (void)state;
    check_lines("abc", "abd", "line 3:\n- abc\n+ abd\n    ^\n");
    check_lines("\xc3\xa4z", "\xc3\xa4y", "line 3:\n- \xc3\xa4z\n+ \xc3\xa4y\n   ^\n");
    check_lines("a", NULL, "line 3:\n- a\n+ (no more lines)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_names_the_path_and_both_values),
        cmocka_unit_test(bytes_that_drive_a_terminal_are_made_visible),
        cmocka_unit_test(a_long_value_is_shown_around_the_place_where_it_differs),
        cmocka_unit_test(values_are_read_in_the_character_set_of_their_message),
        cmocka_unit_test(texts_are_compared_line_by_line_whatever_ends_the_lines),
        cmocka_unit_test(a_caret_stands_where_two_lines_part),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
