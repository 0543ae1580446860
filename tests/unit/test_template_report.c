/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings about a template: place, line, text, and how many are kept. */
#include "support.h"

#include "template/limits.h"
#include "template/report.h"

static const hl7_slice NOTHING = {NULL, 0};

static void a_place_has_a_line_and_a_column(void **state)
{
    static const char text[] = "ab\ncd\r\nef\rgh\n\nij";
    static const struct {
        size_t position;
        size_t line;
        size_t column;
        const char *source;
    } cases[] = {
        {0, 1, 1, "ab"},  {1, 1, 2, "ab"},  {2, 1, 3, "ab"},  {3, 2, 1, "cd"},
        {5, 2, 3, "cd"},  {7, 3, 1, "ef"},  {10, 4, 1, "gh"}, {13, 5, 1, ""},
        {14, 6, 1, "ij"}, {15, 6, 2, "ij"}, {16, 6, 3, "ij"},
    };
    struct hl7_diagnostic behind;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hl7_diagnostic found;
        report_fill(&found, hl7_slice_of(text), cases[i].position, "here", NOTHING, NOTHING);
        assert_int_equal(found.severity, HL7_ERROR);
        assert_int_equal(found.line, cases[i].line);
        assert_int_equal(found.column, cases[i].column);
        assert_slice(found.source, cases[i].source);
        assert_string_equal(found.text, "here");
        assert_null(found.next);
    }
    report_fill(&behind, HL7_TEXT("a\r"), 2, "behind the end", NOTHING, NOTHING);
    assert_int_equal(behind.line, 2);
    assert_slice(behind.source, "");
}

static void words_take_the_places_of_the_marks(void **state)
{
    struct hl7_diagnostic found;

    (void)state;
    report_fill(&found, HL7_TEXT("x"), 0, "'%' or '%'", HL7_TEXT("one"), HL7_TEXT("two"));
    assert_string_equal(found.text, "'one' or 'two'");
}

static void a_word_is_cut_and_cannot_drive_a_terminal(void **state)
{
    struct hl7_diagnostic found;

    (void)state;
    report_fill(&found, HL7_TEXT("x"), 0, "%",
                HL7_TEXT("\x1b[31m\x7f\xff 9012345678901234567890123456789012345"), NOTHING);
    assert_string_equal(found.text, "?[31m?? 90123456789012345678901234567890...");
}

static void findings_are_kept_in_order(void **state)
{
    static char memory[4096];
    struct hl7_arena arena;
    struct report report;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    report_init(&report, HL7_TEXT("a\nb"), &arena);
    assert_null(report.first);
    report_add(&report, 0, "one", NOTHING, NOTHING);
    report_add(&report, 2, "two", NOTHING, NOTHING);
    assert_int_equal(report.count, 2);
    assert_string_equal(report.first->text, "one");
    assert_string_equal(report.first->next->text, "two");
    assert_int_equal(report.first->next->line, 2);
    assert_null(report.first->next->next);
}

static void a_bounded_number_of_findings_is_kept(void **state)
{
    static char memory[65536];
    struct hl7_arena arena;
    struct report report;
    size_t kept = 0;
    const struct hl7_diagnostic *last = NULL;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    report_init(&report, HL7_TEXT("a"), &arena);
    for (size_t i = 0; i < 1000; i++) {
        report_add(&report, 0, "wrong", NOTHING, NOTHING);
    }
    for (const struct hl7_diagnostic *at = report.first; at != NULL; at = at->next) {
        assert_string_equal(at->text,
                            kept < TEMPLATE_MAX_DIAGNOSTICS ? "wrong" : "more errors follow");
        kept++;
        last = at;
    }
    assert_int_equal(kept, TEMPLATE_MAX_DIAGNOSTICS + 1);
    assert_ptr_equal(last, report.last);
    assert_int_equal(report.count, 1000);
}

static void a_full_arena_is_noted(void **state)
{
    static char memory[400];
    struct hl7_arena arena;
    struct report report;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    report_init(&report, HL7_TEXT("a"), &arena);
    report_add(&report, 0, "one", NOTHING, NOTHING);
    assert_false(report.no_memory);
    report_add(&report, 0, "two", NOTHING, NOTHING);
    assert_true(report.no_memory);
    report_add(&report, 0, "three", NOTHING, NOTHING);
    assert_null(report.first->next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_has_a_line_and_a_column),
        cmocka_unit_test(words_take_the_places_of_the_marks),
        cmocka_unit_test(a_word_is_cut_and_cannot_drive_a_terminal),
        cmocka_unit_test(findings_are_kept_in_order),
        cmocka_unit_test(a_bounded_number_of_findings_is_kept),
        cmocka_unit_test(a_full_arena_is_noted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
