/* SPDX-License-Identifier: Apache-2.0
 *
 * Warnings about templates that say what they hardly mean. */
#include "test_template_support.h"

#include <stdio.h>

static enum hl7_code lend_file(void *context, hl7_slice name, hl7_slice *ret_text)
{
    static const struct {
        const char *name;
        const char *text;
    } files[] = {
        {"sex.csv", "F,female\nM,male\n"},
        {"odd.hl7", "a\nb{XYQ-1}\n"},
        {"let.hl7", "{let a = PID-3}\n{let b = PID-5}\n"},
        {"braces.txt", "\n  { PID-5 }\n"},
    };

    (void)context;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (hl7_slice_equal(name, hl7_slice_of(files[i].name))) {
            *ret_text = hl7_slice_of(files[i].text);
            return HL7_OK;
        }
    }
    return HL7_NOT_FOUND;
}

/* Compiles with warnings; all findings are in the bench. */
static enum hl7_code check(struct bench *bench, const char *text)
{
    static const struct hl7_loader loader = {.load = lend_file};
    const struct hl7_compiling how = {.loader = &loader, .warn = true};

    return hl7_template_compile(hl7_slice_of(text), &how, &bench->arena, &bench->program,
                                &bench->diagnostics);
}

/* The findings as "line:column text" and for errors "line:column! text", a line each; in front of it
 * the name of an included file. */
static void assert_findings(const char *text, enum hl7_code code, const char *expected)
{
    struct bench *bench = bench_open();
    char found[8192];
    size_t len = 0;

    found[0] = '\0';
    assert_int_equal(check(bench, text), code);
    for (const struct hl7_diagnostic *d = bench->diagnostics; d != NULL; d = d->next) {
        len += (size_t)snprintf(found + len, sizeof found - len, "%.*s%zu:%zu%s %s\n",
                                (int)d->file.len, d->file.ptr == NULL ? "" : d->file.ptr, d->line,
                                d->column, d->severity == HL7_ERROR ? "!" : "", d->text);
        assert_true(len < sizeof found);
    }
    assert_string_equal(found, expected);
}

struct finding {
    const char *template;
    const char *expected;
};

static void assert_warnings(const struct finding *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_findings(cases[i].template, HL7_OK, cases[i].expected);
    }
}

#define assert_all_warnings(cases) assert_warnings(cases, sizeof(cases) / sizeof *(cases))

static void a_segment_that_no_version_has_is_named(void **state)
{
    static const struct finding cases[] = {
        {"{OBC-5}", "1:2 HL7 up to 2.8.2 has no segment 'OBC' (did you mean 'OBR'?)\n"},
        {"{XYQ}", "1:2 HL7 up to 2.8.2 has no segment 'XYQ'\n"},
        {"a\n  {upper(OBC-5)}",
         "2:10 HL7 up to 2.8.2 has no segment 'OBC' (did you mean 'OBR'?)\n"},
        {"{for o in XYQ}{o-1}{end}", "1:11 HL7 up to 2.8.2 has no segment 'XYQ'\n"},
        {"{if has(XYQ-1)}a{end}", "1:9 HL7 up to 2.8.2 has no segment 'XYQ'\n"},
        {"{order:XYQ-1}", "1:2 HL7 up to 2.8.2 has no segment 'XYQ'\n"},
        {"{XYQ[XYQ-1='a']-2}", "1:2 HL7 up to 2.8.2 has no segment 'XYQ'\n"},
        {"{append XYQ 'XYQ|1'}\n{source}", "1:9 HL7 up to 2.8.2 has no segment 'XYQ'\n"},
        {"{delete XYQ where XYQ-1 = '2'}\n{source}", "1:9 HL7 up to 2.8.2 has no segment 'XYQ'\n"},
        {"{set XYQ-1 = 'a'}\n{source}", "1:6 HL7 up to 2.8.2 has no segment 'XYQ'\n"},
    };

    (void)state;
    assert_all_warnings(cases);
}

static void a_field_behind_the_last_one_is_named(void **state)
{
    static const struct finding cases[] = {
        {"{PID-41}",
         "1:2 HL7 up to 2.8.2 has no PID-41: the last field is PID-40, Patient Telecommunication Information\n"},
        {"{PID-500.1}",
         "1:2 HL7 up to 2.8.2 has no PID-500: the last field is PID-40, Patient Telecommunication Information\n"},
        {"{for o in OBX}{o-31}{end}",
         "1:16 HL7 up to 2.8.2 has no OBX-31: the last field is OBX-30, Observation Sub-Type\n"},
        {"{for r in PID-77}{r.1}{end}",
         "1:11 HL7 up to 2.8.2 has no PID-77: the last field is PID-40, Patient Telecommunication Information\n"},
        {"{PID-77[PID-77.5='MR'].1}",
         "1:2 HL7 up to 2.8.2 has no PID-77: the last field is PID-40, Patient Telecommunication Information\n"},
        {"{OBX[2]-77[OBX-77.5='MR'].1}",
         "1:2 HL7 up to 2.8.2 has no OBX-77: the last field is OBX-30, Observation Sub-Type\n"},
        {"{OBX[OBX-77='MR']-5}",
         "1:6 HL7 up to 2.8.2 has no OBX-77: the last field is OBX-30, Observation Sub-Type\n"},
    };

    (void)state;
    if (!hl7_dict_available()) {
        skip(); /* the last field has no name then */
    }
    assert_all_warnings(cases);
}

static void what_hl7_leaves_open_is_nobodys_mistake(void **state)
{
    static const struct finding cases[] = {
        {"{ZPI-3}{ZXX}{for z in ZDS}{z-99}{end}", ""},
        {"{append ZPI 'ZPI|1'}\n{source}", ""},
        {"{QPD-18}{RDT-40}", ""},
        {"{PID-40}{OBX-30}{RX1-30}{FHS-3}", ""},
        {"{0-99}", ""},
        {"MSH|^~\\&|{MSH-3}\nXYQ|is text", ""},
        {"{$.PIX.a}", ""},
    };

    (void)state;
    assert_all_warnings(cases);
}

static void a_name_that_is_never_used_is_told(void **state)
{
    static const struct finding cases[] = {
        {"{let a = PID-3}\n{let b = PID-5}\n{a}", "2:2 the name 'b' is never used\n"},
        {"{let a = '1'}\n{let a = '2'}\nx", "1:2 the name 'a' is never used\n"},
        {"{let a = '1'}\n{let b = a}\n{b}", ""},
        {"{if PID-8}{let a = '1'}{end}{a}", ""},
    };

    (void)state;
    assert_all_warnings(cases);
}

static void a_map_without_default_is_told_unless_that_is_said_to_be_meant(void **state)
{
    static const struct finding cases[] = {
        {"{map('sex', PID-8)}",
         "1:2 this map has no default: a key that the table does not have is an error\n"},
        {"{map('sex', PID-8, 'U')}", ""},
        {"{strict}\n{map('sex', PID-8)}", ""},
        {"{required(map('sex', PID-8))}", ""},
        {"{required(map('sex', PID-8) 'x')}",
         "1:11 this map has no default: a key that the table does not have is an error\n"},
        {"{let a = map('sex', PID-8)}{a}",
         "1:10 this map has no default: a key that the table does not have is an error\n"},
    };

    (void)state;
    assert_all_warnings(cases);
}

static void braces_that_are_text_but_look_otherwise_are_told(void **state)
{
    static const struct finding cases[] = {
        {"x{ PID-5 }", "1:2 these braces are text (did you mean '{PID-5}'?)\n"},
        {"{ PID-3[2].1}", "1:1 these braces are text (did you mean '{PID-3[2].1}'?)\n"},
        {"{\tZPI-2 }", "1:1 these braces are text (did you mean '{ZPI-2}'?)\n"},
        {"{ 0-9 }", "1:1 these braces are text (did you mean '{0-9}'?)\n"},
        {"{0 - 9}", "1:1 these braces are text (did you mean '{0-9}'?)\n"},
        {"{ if PID-8 = 'F' }", "1:1 these braces are text (did you mean '{if PID-8 = 'F'}'?)\n"},
        {"a { end }", "1:3 these braces are text (did you mean '{end}'?)\n"},
        {"{ for obx in OBX }", "1:1 these braces are text (did you mean '{for obx in OBX}'?)\n"},
        {"{ let x = PID-3 }", "1:1 these braces are text (did you mean '{let x = PID-3}'?)\n"},
        {"{ upper(PID-5.1) }", "1:1 these braces are text (did you mean '{upper(PID-5.1)}'?)\n"},
        {"{{PID-5}}", "1:1 the outer braces are text (did you mean '{PID-5}'?)\n"},
    };

    (void)state;
    assert_all_warnings(cases);
}

/* A megabyte of them takes no longer than one of anything else: going to the end of the line for
 * each would take many minutes. */
static void a_line_full_of_braces_is_gone_along_once(void **state)
{
    enum { BRACES = 1000000 };
    static char text[BRACES + 16];

    (void)state;
    memset(text, '{', BRACES);
    memcpy(text + BRACES, " PID-5 }\n", sizeof " PID-5 }\n");
    assert_findings(text, HL7_OK, "1:1000000 these braces are text (did you mean '{PID-5}'?)\n");
}

static void other_languages_braces_are_theirs(void **state)
{
    static const struct finding cases[] = {
        {"{output json}\n{ \"a\": 1 }", ""},
        {"{output json}\n{\"a\": {\"b\": \"{PID-5}\"}}", ""},
        {"{output json}\n{ \"a\": {PID-3}, \"b\": [ {}, { } ] }", ""},
        {"{output json}\n{\n  \"name\": {PID-5.1}\n}", ""},
        {"p { color: red }", ""},
        {"p { margin: 0 1px; } @media { a { b: c } }", ""},
        {"while (x) { if (a < b) return; }", ""},
        {"{1.5} {0-9 {1,2} { 1.5-2 } {'{'}", ""},
        {"{ PID-5", ""},
        {"{\nPID-5\n}", ""},
        {"{ HTML }{ XYQ-1 }{ end of it }", ""},
        {"{", ""},
        {"a{{", ""},
    };

    (void)state;
    assert_all_warnings(cases);
}

static void findings_stand_in_the_order_of_the_text(void **state)
{
    (void)state;
    assert_findings(
        "{XYQ-1}{pid-5}\n{upper(map('sex', XYQ-2))} { PID-5 }{uper(PID-41)}\n", HL7_BAD_TEMPLATE,
        "1:2 HL7 up to 2.8.2 has no segment 'XYQ'\n"
        "1:9! unknown name 'pid': segment names are upper case (did you mean 'PID-5'?)\n"
        "2:8 this map has no default: a key that the table does not have is an error\n"
        "2:19 HL7 up to 2.8.2 has no segment 'XYQ'\n"
        "2:28 these braces are text (did you mean '{PID-5}'?)\n"
        "2:38! unknown function 'uper' (did you mean 'upper'?)\n");
    assert_findings("{let a = '1'}\n{XYQ-1}", HL7_OK,
                    "1:2 the name 'a' is never used\n"
                    "2:2 HL7 up to 2.8.2 has no segment 'XYQ'\n");
}

static void with_an_error_nothing_is_said_of_unused_names(void **state)
{
    (void)state;
    assert_findings("{let a = '1'}\n{uper(a)}", HL7_BAD_TEMPLATE,
                    "2:2! unknown function 'uper' (did you mean 'upper'?)\n");
}

static void what_is_odd_in_an_included_file_is_told_once(void **state)
{
    static const struct finding cases[] = {
        {"{include 'odd.hl7'}\n{XYQ-2}\n{include 'odd.hl7'}\n",
         "odd.hl72:3 HL7 up to 2.8.2 has no segment 'XYQ'\n"
         "2:2 HL7 up to 2.8.2 has no segment 'XYQ'\n"},
        {"x\n\n\n{include 'braces.txt'}\n",
         "braces.txt2:3 these braces are text (did you mean '{PID-5}'?)\n"},
        {"{include 'let.hl7'}\n{a}", "let.hl72:2 the name 'b' is never used\n"},
        {"{let c = '1'}\n{include 'let.hl7'}\n{a}{b}", "1:2 the name 'c' is never used\n"},
    };

    (void)state;
    assert_all_warnings(cases);
}

static void nobody_is_warned_who_did_not_ask(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(bench_compile(bench, HL7_TEXT("{let a = XYQ-1}{ PID-5 }")), HL7_OK);
    assert_null(bench->diagnostics);
}

static void a_template_with_warnings_runs(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(check(bench, "[{XYQ-1}]"), HL7_OK);
    assert_non_null(bench->diagnostics);
    assert_int_equal(bench_run(bench, HL7_TEXT("MSH|^~\\&|\r"), false), HL7_OK);
    assert_slice(bench->output, "[]");
}

static void a_condition_is_checked_too(void **state)
{
    const struct hl7_compiling how = {.warn = true};
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(hl7_condition_compile(HL7_TEXT("MSH-9.1 = 'ORU' and XYQ-1"), &how,
                                           &bench->arena, &bench->program, &bench->diagnostics),
                     HL7_OK);
    assert_non_null(bench->diagnostics);
    assert_int_equal(bench->diagnostics->column, 21);
    assert_null(bench->diagnostics->next);
}

static void no_more_than_a_hundred_are_kept(void **state)
{
    struct bench *bench = bench_open();
    char text[7 * 150 + 1];
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < 150; i++) {
        memcpy(text + 7 * i, "{XYQ-1}", 8);
    }
    assert_int_equal(check(bench, text), HL7_OK);
    for (const struct hl7_diagnostic *d = bench->diagnostics; d != NULL; d = d->next) {
        count++;
        assert_int_equal(d->column, 7 * (count - 1) + 2);
    }
    assert_int_equal(count, 100);
}

/* Warnings take memory; too little of it is no memory, never a warning lost. */
static void an_arena_of_any_size_is_enough_or_not(void **state)
{
    static const struct hl7_compiling how = {.warn = true};
    struct bench *bench = bench_open();
    bool enough = false;

    (void)state;
    for (size_t size = 0; size < 8192 && !enough; size += 64) {
        struct hl7_arena arena;
        struct hl7_diagnostic *found = NULL;
        const struct hl7_template *program = NULL;
        hl7_arena_init(&arena, bench->arena_memory, size);
        enum hl7_code code =
            hl7_template_compile(HL7_TEXT("{XYQ-1}{PID-41}"), &how, &arena, &program, &found);
        enough = code == HL7_OK;
        assert_true(enough || code == HL7_NO_MEMORY);
        assert_true(enough ? found != NULL && found->next != NULL : found == NULL);
    }
    assert_true(enough);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_that_no_version_has_is_named),
        cmocka_unit_test(a_field_behind_the_last_one_is_named),
        cmocka_unit_test(what_hl7_leaves_open_is_nobodys_mistake),
        cmocka_unit_test(a_name_that_is_never_used_is_told),
        cmocka_unit_test(a_map_without_default_is_told_unless_that_is_said_to_be_meant),
        cmocka_unit_test(braces_that_are_text_but_look_otherwise_are_told),
        cmocka_unit_test(a_line_full_of_braces_is_gone_along_once),
        cmocka_unit_test(other_languages_braces_are_theirs),
        cmocka_unit_test(findings_stand_in_the_order_of_the_text),
        cmocka_unit_test(with_an_error_nothing_is_said_of_unused_names),
        cmocka_unit_test(what_is_odd_in_an_included_file_is_told_once),
        cmocka_unit_test(nobody_is_warned_who_did_not_ask),
        cmocka_unit_test(a_template_with_warnings_runs),
        cmocka_unit_test(a_condition_is_checked_too),
        cmocka_unit_test(no_more_than_a_hundred_are_kept),
        cmocka_unit_test(an_arena_of_any_size_is_enough_or_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
