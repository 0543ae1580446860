/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser of templates: lines and their ends, what a template is taken for, and its errors. */
#include "test_template_support.h"

#include "template/limits.h"
#include "template/program.h"

static const char source[] = "MSH|^~\\&|APP\rPID|1||42||DOE^JANE";

/* ---- Lines and format ------------------------------------------------------------------------- */

static void line_ends_become_those_of_the_output(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"a", "a"},
        {"a\n", "a\n"},
        {"a\r\nb\rc\nd", "a\nb\nc\nd"},
        {"\n\n", "\n\n"},
        {"\n\r", "\n\n"},
        {"MSH\n", "MSH\r"},
        {"MSH|^~\\&|a\r\nb\rc\nd", "MSH|^~\\&|a\rb\rc\rd"},
        {"MSH|^~\\&\n\nNTE", "MSH|^~\\&\r\rNTE"},
        {"{PID-3}\n", "42\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(convert(cases[i].text, source), cases[i].expected);
    }
}

static void a_template_that_begins_with_msh_makes_hl7(void **state)
{
    static const struct {
        const char *text;
        bool hl7;
    } cases[] = {
        {"MSH|^~\\&|", true},    {"MSH", true},         {"\xef\xbb\xbfMSH|", true},
        {"{# c #}\nMSH|", true}, {"{# c #}MSH|", true}, {" {strict} \n\t{# c #}\nMSH|", true},
        {"{strict}MSH|", true},  {"{MSH}\n", true},     {"{MSH[1]}", true},
        {"{# c #}{MSH}|", true}, {"", false},           {"MS", false},
        {"msh|", false},         {" MSH|", false},      {"\nMSH|", false},
        {"{''}MSH|", false},     {"{'MSH'}|", false},   {"{0-0}MSH|", false},
        {"{PID}\nMSH|", false},  {"{MSH-1}", false},    {" {# c #} MSH|", false},
        {"xMSH", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i].text)), HL7_OK);
        if (bench->program->hl7 != cases[i].hl7) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void a_line_of_statements_and_blanks_disappears(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"{strict}", ""},
        {"{strict}\n", ""},
        {"{strict}\r\na", "a"},
        {"  {strict} \t\na", "a"},
        {"{# c #}\na", "a"},
        {"{strict}{# c #} {strict}\na", "a"},
        {"a\n{# c #}\nb", "a\nb"},
        {"a\n{# c #}", "a\n"},
        {"a\n {# c\n\n #} \nb", "a\nb"},
        {"a{# c #}\nb", "a\nb"},
        {"a {# c\nd #} b", "a  b"},
        {"{# c #} a\nb", " a\nb"},
        {"{# c #}{''}\nb", "\nb"},
        {"{''}\nb", "\nb"},
        {" \nb", " \nb"},
        {"\nb", "\nb"},
        {"{# a #}{0-99}\nb", "\nb"},
        {"{# a #}{PID-99}\nb", "\nb"},
        {"{# a #}{# b\n#}x", "x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl7_slice output = convert(cases[i].text, source);
        if (!hl7_slice_equal(output, hl7_slice_of(cases[i].expected))) {
            fail_msg("%s: %.*s", cases[i].text, (int)output.len, output.ptr);
        }
    }
}

static void a_byte_order_mark_is_skipped(void **state)
{
    (void)state;
    assert_slice(convert("\xef\xbb\xbf{PID-3}", source), "42");
    assert_slice(convert("a\xef\xbb\xbf{PID-3}", source), "a\xef\xbb\xbf"
                                                          "42");
    assert_int_equal(first_error("\xef\xbb\xbf{abc}")->column, 2);
}

/* ---- Values ----------------------------------------------------------------------------------- */

static void a_string_is_a_value(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"{'{'}", "{"},
        {"{'{'}PID-3}", "{PID-3}"},
        {"{'}'}", "}"},
        {"{''}", ""},
        {"{''''}", "'"},
        {"{'it''s'}", "it's"},
        {"{'a' }", "a"},
        {"{'''a'''}", "'a'"},
        {"{'{PID-3}'}", "{PID-3}"},
        {"{'a\tb'}", "a\tb"},
        {"{'\xc3\xa4'}", "\xc3\xa4"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(convert(cases[i].text, source), cases[i].expected);
    }
}

static void a_path_may_have_blanks_behind_it(void **state)
{
    (void)state;
    assert_slice(convert("{PID-5.1 }{PID-5.2\t}", source), "DOEJANE");
}

/* ---- Errors ----------------------------------------------------------------------------------- */

static void an_error_says_where_and_what(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        const char *message;
    } cases[] = {
        /* Paths. */
        {"{pid-5}", 2, "unknown name 'pid': segment names are upper case (did you mean 'PID-5'?)"},
        {"{Pid-5.1}", 2,
         "unknown name 'Pid': segment names are upper case (did you mean 'PID-5.1'?)"},
        {"{PID.5}", 2, "unknown path 'PID.5' (did you mean 'PID-5'?)"},
        {"{PID-5-1}", 2, "unknown path 'PID-5-1' (did you mean 'PID-5.1'?)"},
        {"{PID5}", 2, "unknown name 'PID5' (did you mean 'PID-5'?)"},
        {"{PID_5}", 2, "unknown name 'PID_5' (did you mean 'PID-5'?)"},
        {"{PID-}", 6, "unknown path 'PID-': a number is missing here"},
        {"{PID-0}", 6, "unknown path 'PID-0': numbers in a path count from 1"},
        {"{PID-x}", 6, "unknown path 'PID-x': a number is missing here"},
        {"{OBX[2}", 5, "unknown path 'OBX[2': '[' without its ']'"},
        {"{PID-5.1.2.3}", 11,
         "unknown path 'PID-5.1.2.3': a path looks like PID-3[2].1.2 or OBX[3]-5; it cannot go on "
         "like this"},
        /* What follows in the language. */
        {"{include 'a.hl7'}", 10, "there is no file 'a.hl7' beside the template"},
        {"{@a}", 2, "'@' cannot stand here"},
        /* Names. */
        {"{strct}", 2, "unknown name 'strct' (did you mean 'strict'?)"},
        {"{color: red}", 2, "unknown name 'color' (a brace as text is {'{'})"},
        {"{name}", 2, "unknown name 'name' (a brace as text is {'{'})"},
        {"{PI}", 2, "unknown name 'PI' (a brace as text is {'{'})"},
        {"{PIDX-5}", 2, "unknown name 'PIDX' (a brace as text is {'{'})"},
        /* Ends that are missing. */
        {"{PID-5", 1, "this '{' has no '}' on its line (a brace as text is {'{'})"},
        {"{PID-5\n}", 1, "this '{' has no '}' on its line (a brace as text is {'{'})"},
        {"ab{'x'", 3, "this '{' has no '}' on its line (a brace as text is {'{'})"},
        {"{'x}", 2, "this string has no closing quote"},
        {"{PID-5 'x}", 8, "this string has no closing quote"},
        {"{'x\n'}", 2, "this string has no closing quote"},
        {"{strict", 1, "this '{' has no '}' on its line (a brace as text is {'{'})"},
        {"a{# x", 2, "this comment has no end ('#}')"},
        {"{# x", 1, "this comment has no end ('#}')"},
        {"{PID-5 %}", 8, "'%' has no meaning here"},
        {"{PID-5 \x01}", 8, "'?' has no meaning here"},
        {"{PID-5!}", 7, "'!' has no meaning here"},
        /* strict. */
        {"a{strict}", 3, "'strict' belongs at the top, before all text"},
        {"{PID-5}{strict}", 9, "'strict' belongs at the top, before all text"},
        {"{strict 'x'}", 9, "'x' cannot stand here"},
        {"{strict(1)}", 8, "'(' cannot stand here"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hl7_diagnostic *found = first_error(cases[i].text);
        if (strcmp(found->text, cases[i].message) != 0) {
            fail_msg("%s: %s", cases[i].text, found->text);
        }
        if (found->column != cases[i].column) {
            fail_msg("%s: column %zu", cases[i].text, found->column);
        }
        assert_int_equal(found->severity, HL7_ERROR);
        assert_int_equal(found->line, 1);
        assert_null(found->next);
    }
}

static void all_errors_are_reported_at_once(void **state)
{
    static const struct {
        size_t line;
        size_t column;
        const char *source;
    } expected[] = {
        {1, 6, "MSH|{pid-3}|{PID-5.1}|{uppr('}')}|{'a}|{PID-0}"},
        {1, 24, "MSH|{pid-3}|{PID-5.1}|{uppr('}')}|{'a}|{PID-0}"},
        {1, 36, "MSH|{pid-3}|{PID-5.1}|{uppr('}')}|{'a}|{PID-0}"},
        {1, 45, "MSH|{pid-3}|{PID-5.1}|{uppr('}')}|{'a}|{PID-0}"},
        {2, 1, "{PID-3"},
        {4, 2, "}{# open"},
    };
    struct bench *bench = bench_open();
    size_t count = 0;

    (void)state;
    assert_int_equal(
        bench_compile(bench, HL7_TEXT("MSH|{pid-3}|{PID-5.1}|{uppr('}')}|{'a}|{PID-0}\r\n"
                                      "{PID-3\r\n"
                                      "{PID-5}\r\n"
                                      "}{# open\r\n"
                                      "{pid-3}")),
        HL7_BAD_TEMPLATE);
    for (const struct hl7_diagnostic *at = bench->diagnostics; at != NULL; at = at->next) {
        assert_true(count < sizeof expected / sizeof *expected);
        assert_int_equal(at->line, expected[count].line);
        assert_int_equal(at->column, expected[count].column);
        assert_slice(at->source, expected[count].source);
        count++;
    }
    assert_int_equal(count, sizeof expected / sizeof *expected);
    assert_null(bench->program);
}

static void errors_are_bounded(void **state)
{
    static char text[6 * 5000];
    struct bench *bench = bench_open();
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < sizeof text; i += 6) {
        memcpy(text + i, "{abc}\n", 6);
    }
    assert_int_equal(bench_compile(bench, (hl7_slice){text, sizeof text}), HL7_BAD_TEMPLATE);
    for (const struct hl7_diagnostic *at = bench->diagnostics; at != NULL; at = at->next) {
        count++;
        if (at->next == NULL) {
            assert_string_equal(at->text, "more errors follow");
            assert_int_equal(at->line, TEMPLATE_MAX_DIAGNOSTICS + 1);
        }
    }
    assert_int_equal(count, TEMPLATE_MAX_DIAGNOSTICS + 1);
}

static void a_template_of_too_many_parts_is_refused(void **state)
{
    static char text[TEMPLATE_MAX_INSTRUCTIONS + 1];
    struct bench *bench = bench_open();

    (void)state;
    memset(text, '\n', sizeof text);
    assert_int_equal(bench_compile(bench, (hl7_slice){text, sizeof text - 1}), HL7_OK);
    bench = bench_open();
    assert_int_equal(bench_compile(bench, (hl7_slice){text, sizeof text}), HL7_BAD_TEMPLATE);
    assert_string_equal(bench->diagnostics->text, "the template is too long: too many parts");
    assert_int_equal(bench->diagnostics->line, sizeof text);
    assert_null(bench->diagnostics->next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_ends_become_those_of_the_output),
        cmocka_unit_test(a_template_that_begins_with_msh_makes_hl7),
        cmocka_unit_test(a_line_of_statements_and_blanks_disappears),
        cmocka_unit_test(a_byte_order_mark_is_skipped),
        cmocka_unit_test(a_string_is_a_value),
        cmocka_unit_test(a_path_may_have_blanks_behind_it),
        cmocka_unit_test(an_error_says_where_and_what),
        cmocka_unit_test(all_errors_are_reported_at_once),
        cmocka_unit_test(errors_are_bounded),
        cmocka_unit_test(a_template_of_too_many_parts_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
