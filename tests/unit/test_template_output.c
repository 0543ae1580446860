/* SPDX-License-Identifier: Apache-2.0
 *
 * How values are encoded for where they land: other delimiters, delimiters that are part of the
 * output, bytes that end a segment or a frame. */
#include "test_template_support.h"

#include "template/output.h"

/* The source of most cases: standard delimiters, and data of all kinds. */
static const char source[] = "MSH|^~\\&|APP^1&2|FAC\r"
                             "PID|1||42~43^x||DO\\T\\E^JA\\X41\\NE&x|a#b$c|\\.br\\|C:\\temp";

static void a_value_keeps_its_bytes_when_the_delimiters_are_the_same(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"MSH|^~\\&|{PID-5}", "MSH|^~\\&|DO\\T\\E^JA\\X41\\NE&x"},
        {"MSH|^~\\&|{PID-5.2}", "MSH|^~\\&|JA\\X41\\NE&x"},
        {"MSH|^~\\&|{PID-3}", "MSH|^~\\&|42~43^x"},
        {"MSH|^~\\&|{PID-8}", "MSH|^~\\&|C:\\temp"},
        {"MSH{MSH-1}{MSH-2}|{PID-5}", "MSH|^~\\&|DO\\T\\E^JA\\X41\\NE&x"},
        {"{MSH}\n{PID-5}", "MSH|^~\\&|APP^1&2|FAC\rDO\\T\\E^JA\\X41\\NE&x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(convert(cases[i].text, source), cases[i].expected);
    }
}

/* rule 20 */
static void a_value_moves_to_the_delimiters_of_the_output(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"MSH#$*@!#{PID-5}", "MSH#$*@!#DO&E$JA@X41@NE!x"},
        {"MSH#$*@!#{PID-3}", "MSH#$*@!#42*43$x"},
        {"MSH#$*@!#{PID-6}", "MSH#$*@!#a@F@b@S@c"},
        {"MSH#$*@!#{PID-7}", "MSH#$*@!#@.br@"},
        {"MSH#$*@!#\nX#{PID-3}", "MSH#$*@!#\rX#42*43$x"},
        {"MSH#$*@!\nX#{PID-3}", "MSH#$*@!\rX#42*43$x"},
        {"MSH#{'$*@!'}#{PID-3}", "MSH#$*@!#42*43$x"},
        {"MSH{'#'}$*@!#{PID-3}", "MSH#$*@!#42*43$x"},
        {"MSH#$*@!#\n{PID}", "MSH#$*@!#\r"
                             "PID#1##42*43$x##DO&E$JA@X41@NE!x#a@F@b@S@c#@.br@#C:\\temp"},
        {"MSH|^~\\&#|{PID-6}", "MSH|^~\\&#|a\\P\\b$c"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(convert(cases[i].text, source), cases[i].expected);
    }
}

static void delimiters_of_a_source_are_copied_with_its_header(void **state)
{
    static const char odd[] = "MSH#$*@!#APP\rPID#1##42$x*43";

    (void)state;
    assert_slice(convert("MSH{MSH-1}{MSH-2}\nPID#1##{PID-3}", odd), "MSH#$*@!\rPID#1##42$x*43");
    assert_slice(convert("{MSH}\n{PID}", odd), odd);
    assert_slice(convert("MSH|^~\\&|{PID-3}", odd), "MSH|^~\\&|42^x~43");
}

/* rule 8: they are not structure, but text made of delimiters. */
static void delimiters_as_values_are_escaped(void **state)
{
    (void)state;
    assert_slice(convert("MSH|^~\\&|{MSH-1}|{MSH-2}|", source),
                 "MSH|^~\\&|\\F\\|\\S\\\\R\\\\E\\\\T\\|");
    assert_slice(convert("MSH#^~\\&#{MSH-1}#{MSH-2}#", source),
                 "MSH#^~\\&#|#\\S\\\\R\\\\E\\\\T\\#");
    assert_slice(convert("{MSH-1}{MSH-2}", source), "|^~\\&");
}

/* rule 20 */
static void text_is_escaped(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"MSH|^~\\&|{'a&b|c^d~e\\'}", "MSH|^~\\&|a\\T\\b\\F\\c\\S\\d\\R\\e\\E\\"},
        {"MSH#$*@!#{'a&b#$'}", "MSH#$*@!#a&b@F@@S@"},
        {"MSH|^~\\&|{'\x0b\x1c'}", "MSH|^~\\&|\\X0B\\\\X1C\\"},
        {"{'a&b|c^d~e\\'}", "a&b|c^d~e\\"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(convert(cases[i].text, source), cases[i].expected);
    }
}

static void no_value_ends_a_segment_or_a_frame(void **state)
{
    static const char nasty[] = "MSH|^~\\&|a\nb\rPID|1|\nOBX|x\x1c\x0by|z\rBHS|^~\n\x1c|q\n";
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"MSH|^~\\&|{MSH-3}", "MSH|^~\\&|a\\X0A\\b"},
        {"MSH|^~\\&|{PID-2}|{PID-3}", "MSH|^~\\&|\\X0A\\OBX|x\\X1C\\\\X0B\\y"},
        {"{MSH}\n{PID}", "MSH|^~\\&|a\\X0A\\b\rPID|1|\\X0A\\OBX|x\\X1C\\\\X0B\\y|z"},
        {"MSH|^~\\&\n{BHS}", "MSH|^~\\&\rBHS|^~\\X0A\\\\X1C\\|q\\X0A\\"},
        {"text {PID-2}", "text \nOBX"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_slice(convert(cases[i].text, nasty), cases[i].expected);
    }
}

static void a_later_header_declares_the_delimiters_it_is_written_with(void **state)
{
    static const char batch[] = "MSH|^~\\&|A\rBHS|^~\\&|a^b\rBHS\rFHS|^~\\&";

    (void)state;
    assert_slice(convert("MSH#$*@!#\n{BHS}\n{BHS[2]}\n{FHS}", batch),
                 "MSH#$*@!#\rBHS#$*@!#a$b\rBHS\rFHS#$*@!");
}

static void a_value_that_cannot_be_encoded_is_an_error(void **state)
{
    static const struct {
        const char *text;
        enum hl7_code code;
        size_t column;
        const char *message;
    } cases[] = {
        {"MSH|^~|{PID-6}{PID-3}", HL7_OK, 0, ""},
        {"MSH#^~#{PID-6}", HL7_NOT_ENCODABLE, 9,
         "PID-6 cannot be encoded: MSH-2 of the output has no escape character"},
        {"MSH|^~|{PID-6}{'|'}", HL7_NOT_ENCODABLE, 16,
         "this text cannot be encoded: MSH-2 of the output has no escape character"},
        {"MSHello {PID-6}", HL7_BAD_DELIMITERS, 10,
         "MSH-1 and MSH-2 of the output are no delimiters to encode PID-6 with"},
        {"MSH|^~^&|{'x'}", HL7_BAD_DELIMITERS, 11,
         "MSH-1 and MSH-2 of the output are no delimiters to encode this text with"},
        {"MSH|^~\\&#?|{PID-6}", HL7_BAD_DELIMITERS, 13,
         "MSH-1 and MSH-2 of the output are no delimiters to encode PID-6 with"},
        {"MSH\n{PID-6}", HL7_BAD_DELIMITERS, 2,
         "MSH-1 and MSH-2 of the output are no delimiters to encode PID-6 with"},
        {"MSH{PID-6}", HL7_BAD_DELIMITERS, 5,
         "MSH-1 and MSH-2 of the output are no delimiters to encode PID-6 with"},
        {"MSH|{'a|b'}", HL7_BAD_DELIMITERS, 6,
         "MSH-1 and MSH-2 of the output are no delimiters to encode this text with"},
        {"MSH|{'\x1c'}", HL7_BAD_DELIMITERS, 6,
         "MSH-1 and MSH-2 of the output are no delimiters to encode this text with"},
        {"MSH|{MSH}", HL7_BAD_DELIMITERS, 6,
         "MSH-1 and MSH-2 of the output are no delimiters to encode MSH with"},
        {"MSHello {0-2} {PID-99}", HL7_OK, 0, ""},
        {"MSH{''}|{''}^~{PID-99}\\&|{PID-3}", HL7_OK, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i].text)), HL7_OK);
        enum hl7_code code = bench_run(bench, hl7_slice_of(source), false);
        if (code != cases[i].code) {
            fail_msg("%s: %s", cases[i].text, hl7_code_name(code));
        }
        assert_int_equal(bench->failure.column, cases[i].column);
        assert_string_equal(bench->failure.text, cases[i].message);
    }
}

static void the_output_begins_behind_what_the_buffer_holds(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    hl7_buffer_add(&bench->buffer, HL7_TEXT("\x0bMSH|^~\\&|"));
    assert_slice(bench_convert(bench, HL7_TEXT("MSH#$*@!#{PID-3}"), hl7_slice_of(source)),
                 "\x0bMSH|^~\\&|MSH#$*@!#42*43$x");
}

/* {MSH} gives nothing when the source is a batch: then the source's own delimiters hold. */
static void without_a_header_the_delimiters_are_the_source_s(void **state)
{
    (void)state;
    assert_slice(convert("{MSH}{PID-3}", "FHS|^~\\&|x\rPID|1||42^x"), "42^x");
    assert_slice(convert("{MSH}{'|'}", "not HL7"), "\\F\\");
    assert_slice(convert("{MSH}abc{'|'}d{'|'}", "not HL7"), "abc\\F\\d\\F\\");
    assert_slice(convert("{MSH}FHS|{PID-3}", "FHS|^~\\&|x\rPID|1||42^x"), "FHS|42^x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_keeps_its_bytes_when_the_delimiters_are_the_same),
        cmocka_unit_test(a_value_moves_to_the_delimiters_of_the_output),
        cmocka_unit_test(delimiters_of_a_source_are_copied_with_its_header),
        cmocka_unit_test(delimiters_as_values_are_escaped),
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(no_value_ends_a_segment_or_a_frame),
        cmocka_unit_test(a_later_header_declares_the_delimiters_it_is_written_with),
        cmocka_unit_test(a_value_that_cannot_be_encoded_is_an_error),
        cmocka_unit_test(the_output_begins_behind_what_the_buffer_holds),
        cmocka_unit_test(without_a_header_the_delimiters_are_the_source_s),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
