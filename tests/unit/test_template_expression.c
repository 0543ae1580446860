/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions in placeholders: operators, what they bind, conditions in brackets, the functions that
 * need the message, and the errors. */
#include "test_template_support.h"

#include "template/limits.h"

static const char source[] = "MSH|^~\\&|APP|FAC|||20230403||ORU^R01|7|P|2.4\r"
                             "PID|1||42^^^A^MR~43^^^B^PI~44||DO\\T\\E^JANE||19700101|F\r"
                             "OBX|1|NM|A^a||1.50||||||F\r"
                             "OBX|2|NM|B^b||10||||||P\r"
                             "OBX|3|ST|C^c||x\\.br\\y~z||||||F\r"
                             "ZPI|\"\"\r";

struct expression_case {
    const char *text;
    const char *expected;
};

static void check_cases(const struct expression_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hl7_slice output = convert(cases[i].text, source);
        if (!hl7_slice_equal(output, hl7_slice_of(cases[i].expected))) {
            fail_msg("%s: %.*s", cases[i].text, (int)output.len, output.ptr);
        }
    }
}

#define CHECK(cases) check_cases((cases), sizeof(cases) / sizeof *(cases))

static void values_side_by_side_are_joined(void **state)
{
    static const struct expression_case cases[] = {
        {"{'a' 'b'}", "ab"},
        {"{'a' 12.5 'b'}", "a12.5b"},
        {"{PID-5.2 ' ' PID-5.1}", "JANE DO&E"},
        {"{PID-8 '-' 1}", "F-1"},
        {"{'a' ('b' 'c')}", "abc"},
    };
    (void)state;
    CHECK(cases);
}

static void comparisons_are_of_numbers_when_both_sides_are(void **state)
{
    static const struct expression_case cases[] = {
        {"{'1.50' = '1.5'}", "1"}, {"{OBX-5 = 1.5}", "1"},      {"{'a' = 'a'}", "1"},
        {"{'a' = 'A'}", ""},       {"{'10' > '9'}", "1"},       {"{'10' > '9x'}", ""},
        {"{'a10' < 'a9'}", "1"},   {"{OBX[2]-5 > OBX-5}", "1"}, {"{'2' >= 2.0}", "1"},
        {"{'2' <= 2.0}", "1"},     {"{'2' != 2.0}", ""},        {"{'' < 'a'}", "1"},
        {"{'a' <= ''}", ""},       {"{PID-99 = ''}", "1"},      {"{'-3' < -2}", "1"},
        {"{OBX-5 > -2}", "1"},     {"{'a' 'b' = 'ab'}", "1"},
    };
    (void)state;
    CHECK(cases);
}

static void in_looks_through_a_list(void **state)
{
    static const struct expression_case cases[] = {
        {"{PID-8 in ('M', 'F')}", "1"},
        {"{PID-8 in ('M', 'X')}", ""},
        {"{PID-8 in ()}", ""},
        {"{'1.0' in ('a', 1)}", "1"},
        {"{PID-8 in (ZPI-1, PID-8)}", "1"},
        {"{not PID-8 in ('M')}", "1"},
        {"{'ab' in ('a' 'b', 'c')}", "1"},
    };
    (void)state;
    CHECK(cases);
}

static void like_fits_a_pattern(void **state)
{
    static const struct expression_case cases[] = {
        {"{MSH-9.2 like 'R0?'}", "1"},       {"{MSH-9 like 'OR*'}", "1"},
        {"{MSH-9 like 'OR'}", ""},           {"{MSH-9 like 'O' 'R*'}", "1"},
        {"{'ADT^A08' like 'ADT^A0?'}", "1"},
    };
    (void)state;
    CHECK(cases);
}

static void and_or_not_bind_as_written(void **state)
{
    static const struct expression_case cases[] = {
        {"{'a' and 'b'}", "1"},
        {"{'a' and ''}", ""},
        {"{'' and 'b' or 'c'}", "1"},
        {"{'c' or '' and ''}", "1"},
        {"{not not ('c' or '') and ''}", ""},
        {"{not '' and 'a'}", "1"},
        {"{not ('' or 'a')}", ""},
        {"{not not 'a'}", "1"},
        {"{'' or '' or '' or 'x'}", "1"},
        {"{'a' and 'b' and '' and 'c'}", ""},
        {"{PID-8 = 'F' and not PID-99}", "1"},
        {"{PID-8 = 'M' or PID-5.2 = 'JANE'}", "1"},
        {"{not ZPI}", ""},
        {"{not AL1}", "1"},
        {"{ZPI-1 and 'null is a value'}", "1"},
    };
    (void)state;
    CHECK(cases);
}

static void a_path_in_an_expression_is_its_first_leaf_decoded(void **state) /* rule 15 */
{
    static const struct expression_case cases[] = {
        {"{PID-5 ''}", "DO&E"},
        {"{PID-5}", "DO\\T\\E^JANE"},
        {"{PID-3 ''}", "42"},
        {"{PID-3[2] ''}", "43"},
        {"{PID-3[2].5.1 ''}", "PI"},
        {"{OBX[3]-5 ''}", "x\ny"},
        {"{MSH-1 MSH-2}", "|^~\\&"},
        {"{OBX ''}", "OBX"},
        {"{AL1 ''}", ""},
        {"{upper(PID-5.2 'x')}", "JANEX"},
        {"{upper(PID-5)}", "DO&E"},
        {"{default(PID-99, upper('u'))}", "U"},
    };
    (void)state;
    CHECK(cases);
}

static void what_is_made_is_escaped_in_an_hl7_output(void **state)
{
    static const struct expression_case cases[] = {
        {"MSH|^~\\&|{PID-5 '|'}|{PID-5.1}", "MSH|^~\\&|DO\\T\\E\\F\\|DO\\T\\E"},
        {"MSH|^~\\&|{OBX[3]-5 ''}", "MSH|^~\\&|x\\X0A\\y"},
        {"MSH|^~\\&|{raw(PID-5)}", "MSH|^~\\&|DO\\T\\E^JANE"},
        {"MSH|^~\\&|{raw('a^b')}", "MSH|^~\\&|a^b"},
        {"MSH|^~\\&|{raw('a^' PID-8)}", "MSH|^~\\&|a^F"},
        {"MSH|^~\\&|{raw(PID-5) ''}", "MSH|^~\\&|DO\\E\\T\\E\\E\\S\\JANE"},
    };
    (void)state;
    CHECK(cases);
}

static void a_condition_in_brackets_chooses(void **state)
{
    static const struct expression_case cases[] = {
        {"{OBX[OBX-3.1='B']-5}", "10"},
        {"{OBX[OBX-3.1='B' and OBX-11='P']-5}", "10"},
        {"{OBX[OBX-3.1='Z']-5}", ""},
        {"{OBX[ OBX-11 = 'P' ]-3.2}", "b"},
        {"{OBX[OBX-5 > 5]-3}", "B^b"},
        {"{OBX[OBX-11='F']}", "OBX|1|NM|A^a||1.50||||||F"},
        {"{PID-3[PID-3.5='PI'].1}", "43"},
        {"{PID-3[PID-3.5='PI']}", "43^^^B^PI"},
        {"{PID-3[PID-3.5='XX'].1}", ""},
        {"{PID-3[not PID-3.5].1}", "44"},
        {"{PID-3[PID-3.5='PI' and PID-8='F'].1}", "43"},
        {"{OBX[OBX-3.1='C']-5[OBX-5='z']}", "z"},
        {"{OBX[OBX-3.1='C']-5[2]}", "z"},
        {"{OBX[3]-5[OBX-5 = 'z' and OBX-3.1 = 'C']}", "z"},
        {"{OBX[OBX-3.1='B']-5 OBX[OBX-3.1='A']-5}", "101.50"},
        {"{OBX[OBX-1 = PID-1]-5}", "1.50"},
        {"{OBX[OBX-3.1 = ']}']-5}", ""},
        {"{count(OBX[OBX-3.1='A'])}{has(OBX[OBX-3.1='A']-5)}", "11"},
    };
    (void)state;
    CHECK(cases);
}

static void functions_of_the_message_take_paths(void **state)
{
    static const struct expression_case cases[] = {
        {"{count(OBX)}", "3"},
        {"{count(AL1)}", "0"},
        {"{count(PID-3)}", "3"},
        {"{count(PID-99)}", "0"},
        {"{count(PID-3[2])}", "1"},
        {"{count(OBX[2])}", "1"},
        {"{count(OBX[9])}", "0"},
        {"{has(PID-8)}", "1"},
        {"{has(PID-9)}", ""},
        {"{has(ZPI)}", "1"},
        {"{has(ZPI-1)}", "1"},
        {"{has(AL1)}", ""},
        {"{segment(ZPI-1)}", "ZPI|\"\""},
        {"{segment(AL1)}", ""},
        {"{count(OBX) > 2}", "1"},
        {"{required(PID-8)}", "F"},
        {"{raw(PID-5)}", "DO\\T\\E^JANE"},
        {"{upper(raw(PID-5))}", "DO\\T\\E^JANE"},
        {"{count(OBX[3]-5)}", "2"},
    };
    (void)state;
    CHECK(cases);
}

static void another_message_is_read_by_its_name(void **state)
{
    static const char order[] = "MSH#$*@!#X\rORC#NW#A@F@B$C\r";
    struct bench *bench = bench_open();
    struct hl7_message main_message;
    struct hl7_message order_message;

    (void)state;
    assert_int_equal(hl7_message_parse(hl7_slice_of(order), &bench->arena, &order_message, NULL),
                     HL7_OK);
    assert_int_equal(hl7_message_parse(hl7_slice_of(source), &bench->arena, &main_message, NULL),
                     HL7_OK);
    const struct hl7_named named = {.name = HL7_TEXT("order"), .message = &order_message};
    const struct hl7_conversion conversion = {.source = hl7_slice_of(source),
                                              .message = &main_message,
                                              .named = &named,
                                              .named_count = 1};
    assert_int_equal(
        bench_compile(bench, HL7_TEXT("MSH|^~\\&|{order:ORC-2}|{order:ORC-2.1 '.'}|{other:ORC-2}|"
                                      "{source:PID-8}|{order:ORC[ORC-1='NW']-2.2}")),
        HL7_OK);
    assert_int_equal(hl7_template_run(bench->program, &conversion, &bench->arena, &bench->buffer,
                                      &bench->failure),
                     HL7_OK);
    assert_slice(hl7_buffer_slice(&bench->buffer), "MSH|^~\\&|A#B^C|A#B.||F|C");
}

static void an_error_in_an_expression_says_where_and_what(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        const char *message;
    } cases[] = {
        {"{'a' =}", 7, "a value is missing before '}'"},
        {"{'a' = = 'b'}", 8, "'=' cannot stand here"},
        {"{'a' = 'b' = 'c'}", 12, "'=' cannot stand here"},
        {"{PID-8 in 'a'}", 8, "'in' is followed by a list: in ('A', 'B')"},
        {"{PID-8 in ('a' }", 16, "')' is missing before '}'"},
        {"{PID-8 in ('a',)}", 16, "')' cannot stand here"},
        {"{PID-8 like '[a'}", 13, "a '[' without its ']' in the pattern"},
        {"{PID-8 and}", 11, "a value is missing before '}'"},
        {"{uper(PID-8)}", 2, "unknown function 'uper' (did you mean 'upper'?)"},
        {"{upper()}", 2, "too few arguments: upper(text)"},
        {"{upper('a', 'b')}", 2, "too many arguments: upper(text)"},
        {"{upper('a'}", 11, "')' is missing before '}'"},
        {"{count('a')}", 8, "count(...) takes a path"},
        {"{required()}", 2, "too few arguments: required(value)"},
        {"{OBX[OBX-3='A'-5}", 15, "'-' cannot stand here"},
        {"{OBX[OBX-3='A'}", 15, "']' is missing before '}'"},
        {"{OBX[]-5}", 6, "unknown path 'OBX[]-5': a number is missing here"},
        {"{OBX[2][OBX-1='1']-5}", 8, "a path has one pair of brackets in each place"},
        {"{PID-3.1[PID-3.5='MR']}", 9,
         "a condition stands behind a segment or a field, as in PID-3[PID-3.5='MR']"},
        {"{PID-8 = 'a", 10, "this string has no closing quote"},
        {"{PID-8 = x}", 10, "unknown name 'x' (a brace as text is {'{'})"},
        {"{not (PID-8}", 12, "')' is missing before '}'"},
        {"{PID-8 - 1}", 8, "'-' cannot stand here"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hl7_diagnostic *found = first_error(cases[i].text);
        if (strcmp(found->text, cases[i].message) != 0 || found->column != cases[i].column) {
            fail_msg("%s: %zu: %s", cases[i].text, found->column, found->text);
        }
        assert_null(found->next);
    }
}

static void a_run_that_fails_says_where_and_why(void **state)
{
    static const struct {
        const char *text;
        enum hl7_code code;
        size_t column;
        const char *message;
    } cases[] = {
        {"a{required(PID-9)}", HL7_NOT_FOUND, 3, "required: there is no value"},
        {"a{upper(number('x'))}", HL7_BAD_VALUE, 9, "number: the value is not a number"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i].text)), HL7_OK);
        assert_int_equal(bench_run(bench, hl7_slice_of(source), false), cases[i].code);
        assert_int_equal(bench->failure.column, cases[i].column);
        assert_string_equal(bench->failure.text, cases[i].message);
    }
}

static void nesting_and_steps_are_bounded(void **state)
{
    static char deep[4096];
    struct bench *bench = bench_open();

    (void)state;
    memset(deep, '(', sizeof deep);
    deep[0] = '{';
    deep[1] = 'x';
    assert_int_equal(bench_compile(bench, (hl7_slice){deep, sizeof deep}), HL7_BAD_TEMPLATE);
    memcpy(deep, "{upper(((", 9);
    assert_int_equal(bench_compile(bench, (hl7_slice){deep, sizeof deep}), HL7_BAD_TEMPLATE);
    assert_string_equal(bench->diagnostics->text,
                        "too many parentheses or brackets within each other");

    bench = bench_open();
    assert_int_equal(bench_compile(bench, HL7_TEXT("{'a' 'b'}{'c'}")), HL7_OK);
    const struct hl7_conversion conversion = {.max_steps = 4};
    assert_int_equal(hl7_template_run(bench->program, &conversion, &bench->arena, &bench->buffer,
                                      &bench->failure),
                     HL7_TOO_LARGE);
    assert_string_equal(bench->failure.text, "the conversion takes too many steps");
    assert_int_equal(bench->failure.column, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_side_by_side_are_joined),
        cmocka_unit_test(comparisons_are_of_numbers_when_both_sides_are),
        cmocka_unit_test(in_looks_through_a_list),
        cmocka_unit_test(like_fits_a_pattern),
        cmocka_unit_test(and_or_not_bind_as_written),
        cmocka_unit_test(a_path_in_an_expression_is_its_first_leaf_decoded),
        cmocka_unit_test(what_is_made_is_escaped_in_an_hl7_output),
        cmocka_unit_test(a_condition_in_brackets_chooses),
        cmocka_unit_test(functions_of_the_message_take_paths),
        cmocka_unit_test(another_message_is_read_by_its_name),
        cmocka_unit_test(an_error_in_an_expression_says_where_and_what),
        cmocka_unit_test(a_run_that_fails_says_where_and_why),
        cmocka_unit_test(nesting_and_steps_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
