/* SPDX-License-Identifier: Apache-2.0
 *
 * Bare expressions, and JSON sources. */
#include "test_template_support.h"

static const char message_text[] = "MSH|^~\\&|APP|||||||ADT^A08|7\rPID|1||42||DOE^JANE\r";

static void a_condition_holds_or_not(void **state)
{
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"MSH-10 = 7", false},
        {"MSH-11 = 7", true},
        {"MSH-10.2 like 'A0?'", true},
        {"PID-5.1 = 'DOE' and not ZPI", true},
        {"ZPI", false},
        {" PID[PID-1 = '1']-3 in ('41', '42') ", true},
        {"'{if}' = ''", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        struct hl7_message message;
        bool holds = !cases[i].holds;
        assert_int_equal(hl7_condition_compile(hl7_slice_of(cases[i].text), NULL, &bench->arena,
                                               &bench->program, &bench->diagnostics),
                         HL7_OK);
        assert_int_equal(
            hl7_message_parse(hl7_slice_of(message_text), &bench->arena, &message, NULL), HL7_OK);
        const struct hl7_conversion conversion = {.source = hl7_slice_of(message_text),
                                                  .message = &message};
        assert_int_equal(
            hl7_condition_test(bench->program, &conversion, &bench->arena, &holds, &bench->failure),
            HL7_OK);
        if (holds != cases[i].holds) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void an_error_in_a_condition_says_where_and_what(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        const char *message;
    } cases[] = {
        {"", 1, "something is missing at the end"},
        {"PID-5 =", 8, "something is missing at the end"},
        {"PID-5 = 'a' }", 13, "'}' cannot stand here"},
        {"PID-5\nPID-6", 6, "something is missing at the end"},
        {"$['a\nb'] = 1", 3, "this name has no closing quote"},
        {"pid-5 = 1", 1,
         "unknown name 'pid': segment names are upper case (did you mean 'PID-5'?)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(hl7_condition_compile(hl7_slice_of(cases[i].text), NULL, &bench->arena,
                                               &bench->program, &bench->diagnostics),
                         HL7_BAD_TEMPLATE);
        if (strcmp(bench->diagnostics->text, cases[i].message) != 0 ||
            bench->diagnostics->column != cases[i].column) {
            fail_msg("%s: %zu: %s", cases[i].text, bench->diagnostics->column,
                     bench->diagnostics->text);
        }
    }
}

static const char json[] = "{\"id\":\"a|b\",\"score\":0.97,\"ok\":true,\"none\":null,"
                           "\"items\":[{\"n\":\"x\",\"v\":[1,2]},{\"n\":\"y^\\n\",\"v\":[]}]}";

static void a_json_source_is_read_by_its_paths(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"{$.id} {$.score} {$.ok} {$.none}{$.zzz}", "a|b 0.97 true "},
        {"{$.items[1].n}", "y^\n"},
        {"{$['id']}", "a|b"},
        {"MSH|^~\\&|{$.id}|{$.items[1].n}|{$.score 'x'}", "MSH|^~\\&|a\\F\\b|y\\S\\\\X0A\\|0.97x"},
        {"{for x in $.items}{x.n}:{for v in x.v}{v},{end}{index}/{count};{end}",
         "x:1,2,1/2;y^\n:2/2;"},
        {"{for x in $.zzz}a{end}", ""},
        {"{if $.score > 0.9}high{end}", "high"},
        {"{count($.items)}{has($.id)}{has($.none)}{has($.zzz)}", "21"},
        {"{for x in $.items}{has(x.v[0])}{count(x.v)}{end}", "120"},
        {"{output json}\n{\"s\":{$.score},\"n\":\"{$.items[1].n}\",\"x\":{$.none}}",
         "{\"s\":0.97,\"n\":\"y^\\n\",\"x\":null}"},
        {"{upper($.items[0].n)}", "X"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl7_slice output = convert(cases[i].text, json);
        if (!hl7_slice_equal(output, hl7_slice_of(cases[i].expected))) {
            fail_msg("%s: %.*s", cases[i].text, (int)output.len, output.ptr);
        }
    }
}

static void a_source_that_is_not_json_is_an_error(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(bench_compile(bench, HL7_TEXT("a{$.b}")), HL7_OK);
    assert_int_equal(bench_run(bench, HL7_TEXT("{\"b\":"), false), HL7_BAD_VALUE);
    assert_string_equal(bench->failure.text, "$.b: the source is not JSON");
    bench = bench_open();
    assert_int_equal(bench_compile(bench, HL7_TEXT("a{$.c}")), HL7_OK);
    assert_int_equal(bench_run(bench, HL7_TEXT("{\"b\":1}"), true), HL7_NOT_FOUND);
    assert_string_equal(bench->failure.text, "$.c: the source has no such value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_holds_or_not),
        cmocka_unit_test(an_error_in_a_condition_says_where_and_what),
        cmocka_unit_test(a_json_source_is_read_by_its_paths),
        cmocka_unit_test(a_source_that_is_not_json_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
