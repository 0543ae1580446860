/* SPDX-License-Identifier: Apache-2.0
 *
 * Running templates: paths, what is missing, strict mode, and memory. */
#include "test_template_support.h"

static const char source[] = "MSH|^~\\&|APP|FAC|||20230403||ORU^R01|7|P|2.4\r"
                             "PID|1||42~43^x&y||DOE^JANE^TEST||\"\"|\r"
                             "OBX|1|NM|A||1.5\r"
                             "OBX|2|NM|B||2.5\r"
                             "ZPI|1\r";

static void a_path_gives_the_raw_value(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"{PID-5}", "DOE^JANE^TEST"},
        {"{PID-5.1}, {PID-5.2}", "DOE, JANE"},
        {"{PID-3}", "42~43^x&y"},
        {"{PID-3[2].1}", "43"},
        {"{PID-3[2].2.2}", "y"},
        {"{PID-3[last].1}", "43"},
        {"{OBX-5} {OBX[1]-5} {OBX[2]-5} {OBX[last]-5}", "1.5 1.5 2.5 2.5"},
        {"{PID-7}", "\"\""},
        {"{PID}", "PID|1||42~43^x&y||DOE^JANE^TEST||\"\"|"},
        {"{OBX[2]}", "OBX|2|NM|B||2.5"},
        {"{ZPI-1}", "1"},
        {"{MSH-10}={0-9}", "7=7"},
        {"{PID-5.1.1}", "DOE"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(convert(cases[i].text, source), cases[i].expected);
    }
}

static void what_is_missing_is_empty(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"[{PID-8}]", "[]"},    {"[{PID-9}]", "[]"},    {"[{PID-5.4}]", "[]"},
        {"[{OBX[3]-5}]", "[]"}, {"[{PID-5[2]}]", "[]"}, {"[{PID-5.1.2}]", "[]"},
        {"[{AL1-3}]", "[]"},    {"[{AL1}]", "[]"},      {"[{9-1}]", "[]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(convert(cases[i].text, source), cases[i].expected);
    }
}

static void what_is_missing_is_an_error_in_strict_mode(void **state)
{
    static const struct {
        const char *text;
        size_t line;
        size_t column;
        const char *message; /* empty: no error */
    } cases[] = {
        {"[{PID-8}{PID-7}{PID-6}]", 0, 0, ""},
        {"[{PID-9}]", 1, 3, "the message has no PID-9"},
        {"a\nb {PID-5[2].1}", 2, 4, "the message has no PID-5[2].1"},
        {"{OBX[last]-9}", 1, 2, "the message has no OBX[last]-9"},
        {"{AL1}", 1, 2, "the message has no AL1"},
        {"a {0-99}", 1, 3, "the message has no {0-99}"},
        {"{0-99999999999999999999999999999999999999999999}", 1, 1,
         "the message has no {0-9999999999999999999999999999999999999..."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        bool fails = cases[i].message[0] != '\0';
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i].text)), HL7_OK);
        assert_int_equal(bench_run(bench, hl7_slice_of(source), true),
                         fails ? HL7_NOT_FOUND : HL7_OK);
        assert_int_equal(bench->failure.line, cases[i].line);
        assert_int_equal(bench->failure.column, cases[i].column);
        assert_string_equal(bench->failure.text, cases[i].message);
    }
}

static void a_template_can_be_strict_by_itself(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(bench_compile(bench, HL7_TEXT("{strict}\n{AL1-3}")), HL7_OK);
    assert_int_equal(bench_run(bench, hl7_slice_of(source), false), HL7_NOT_FOUND);
    assert_int_equal(bench->failure.line, 2);
    assert_slice(bench->failure.source, "{AL1-3}");
    assert_int_equal(bench->failure.severity, HL7_ERROR);
    assert_null(bench->failure.next);
}

static void a_source_that_is_not_hl7_has_no_paths(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_slice(convert("[{PID-5}{0-1}]", "a|b"), "[b]");
    assert_int_equal(bench_compile(bench, HL7_TEXT("{PID-5}")), HL7_OK);
    assert_int_equal(bench_run(bench, HL7_TEXT("a|b"), true), HL7_NOT_FOUND);
    assert_string_equal(bench->failure.text, "the source has no PID-5 (it is not an HL7 message)");
}

static void success_leaves_the_diagnostic_alone(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    bench->failure.line = 77;
    (void)bench_convert(bench, HL7_TEXT("{PID-5}"), hl7_slice_of(source));
    assert_int_equal(bench->failure.line, 77);
}

static void scratch_memory_is_given_back(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    (void)bench_convert(bench, HL7_TEXT("{0-1}{1-1}"), hl7_slice_of(source));
    size_t used = bench->arena.used;
    const struct hl7_conversion conversion = {.source = hl7_slice_of(source),
                                              .message = &bench->message};
    assert_int_equal(hl7_template_run(bench->program, &conversion, &bench->arena, &bench->buffer,
                                      &bench->failure),
                     HL7_OK);
    assert_int_equal(bench->arena.used, used);
}

static void an_arena_without_room_is_an_error(void **state)
{
    struct bench *bench = bench_open();
    char memory[1];
    struct hl7_arena none;

    (void)state;
    hl7_arena_init(&none, memory, 0);
    assert_int_equal(bench_compile(bench, HL7_TEXT("a\nb{0-1}")), HL7_OK);
    const struct hl7_conversion conversion = {.source = HL7_TEXT("a|b")};
    assert_int_equal(
        hl7_template_run(bench->program, &conversion, &none, &bench->buffer, &bench->failure),
        HL7_NO_MEMORY);
    assert_false(bench->buffer.full);
    assert_int_equal(bench->failure.line, 2);
    assert_string_equal(bench->failure.text, "the output does not fit the memory there is");
}

static void a_buffer_without_room_is_an_error(void **state)
{
    static const char text[] = "MSH|^~\\&|{'a&b'}|{PID-5}|{0-3}\nMSH#{MSH-2}|{PID}\n";
    struct bench *bench = bench_open();
    hl7_slice expected = bench_convert(bench, hl7_slice_of(text), hl7_slice_of(source));
    const struct hl7_conversion conversion = {.source = hl7_slice_of(source),
                                              .message = &bench->message};

    (void)state;
    for (size_t size = 0; size <= expected.len; size++) {
        char memory[256];
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, size);
        enum hl7_code code =
            hl7_template_run(bench->program, &conversion, &bench->arena, &buffer, &bench->failure);
        assert_int_equal(code, size < expected.len ? HL7_NO_MEMORY : HL7_OK);
        assert_true(buffer.full == (code != HL7_OK));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_gives_the_raw_value),
        cmocka_unit_test(what_is_missing_is_empty),
        cmocka_unit_test(what_is_missing_is_an_error_in_strict_mode),
        cmocka_unit_test(a_template_can_be_strict_by_itself),
        cmocka_unit_test(a_source_that_is_not_hl7_has_no_paths),
        cmocka_unit_test(success_leaves_the_diagnostic_alone),
        cmocka_unit_test(scratch_memory_is_given_back),
        cmocka_unit_test(an_arena_without_room_is_an_error),
        cmocka_unit_test(a_buffer_without_room_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
