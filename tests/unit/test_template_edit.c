/* SPDX-License-Identifier: Apache-2.0
 *
 * The working copy: set, delete, append, source; and reject. */
#include "test_template_support.h"

static const char source[] = "MSH|^~\\&|APP|FAC|||20230403||ORU^R01|7|P|2.4\r"
                             "PID|1||42^^^A^MR~43^^^B^PI||DOE^JANE||19700101|F\r"
                             "OBX|1|NM|A^a||1||||||F\r"
                             "OBX|2|NM|B^b||2||||||X\r"
                             "ZPI|1\r"
                             "OBX|3|NM|C^c||3||||||X\r"
                             "ZPI|2";

struct edit_case {
    const char *text; /* without the {source} at its end */
    size_t line;      /* which segment of the output is looked at, from 1; 0: their number */
    const char *expected;
};

static hl7_slice line_of(hl7_slice text, size_t number)
{
    return hl7_piece(text, '\r', number);
}

static void check_cases(const struct edit_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[512];
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, text, sizeof text);
        hl7_buffer_add(&buffer, hl7_slice_of(cases[i].text));
        hl7_buffer_add(&buffer, HL7_TEXT("\n{source}\n"));
        hl7_slice output =
            bench_convert(bench_open(), hl7_buffer_slice(&buffer), hl7_slice_of(source));
        hl7_slice found = line_of(output, cases[i].line);
        if (!hl7_slice_equal(found, hl7_slice_of(cases[i].expected))) {
            fail_msg("%s: %.*s", cases[i].text, (int)found.len, found.ptr);
        }
    }
}

#define CHECK(cases) check_cases((cases), sizeof(cases) / sizeof *(cases))

static void without_edits_the_source_is_written_byte_for_byte(void **state)
{
    static const char odd[] = "MSH|^~\\&|APP\nPID|1||x\r\ny\nZZZ\n\n";

    (void)state;
    assert_slice(convert("{source}", source), source);
    assert_slice(convert("{source}\n", source), source);
    assert_slice(convert("{source}", odd), odd);
}

static void set_changes_one_value_and_nothing_else(void **state)
{
    static const struct edit_case cases[] = {
        {"{set MSH-5 = 'RIS'}", 1, "MSH|^~\\&|APP|FAC|RIS||20230403||ORU^R01|7|P|2.4"},
        {"{set PID-5.1 = upper('a&b')}", 2, "PID|1||42^^^A^MR~43^^^B^PI||A\\T\\B^JANE||19700101|F"},
        {"{set PID-5 = 'a^b'}", 2, "PID|1||42^^^A^MR~43^^^B^PI||a\\S\\b||19700101|F"},
        {"{set PID-5 = raw('a^b')}", 2, "PID|1||42^^^A^MR~43^^^B^PI||a^b||19700101|F"},
        {"{set PID-9 = PID-5}", 2, "PID|1||42^^^A^MR~43^^^B^PI||DOE^JANE||19700101|F|DOE^JANE"},
        {"{set PID-9 = PID-5 ''}", 2, "PID|1||42^^^A^MR~43^^^B^PI||DOE^JANE||19700101|F|DOE"},
        {"{set PID-3[2].1 = 9}", 2, "PID|1||42^^^A^MR~9^^^B^PI||DOE^JANE||19700101|F"},
        {"{set PID-3[PID-3.5='PI'].1 = 9}", 2, "PID|1||42^^^A^MR~9^^^B^PI||DOE^JANE||19700101|F"},
        {"{set OBX[OBX-3.1='B']-5 = 9}", 4, "OBX|2|NM|B^b||9||||||X"},
        {"{set OBX[OBX-3.1='B']-5 = OBX[OBX-3.1='C']-5}", 4, "OBX|2|NM|B^b||3||||||X"},
        {"{set OBX[last]-5 = ''}", 6, "OBX|3|NM|C^c||||||||X"},
        {"{for x in OBX}{set x-1 = 7}{end}", 4, "OBX|7|NM|B^b||2||||||X"},
        {"{for r in PID-3}{set r.1 = r.1 'x'}{end}", 2,
         "PID|1||42x^^^A^MR~43x^^^B^PI||DOE^JANE||19700101|F"},
        {"{set PID-5 = PID-8}{set PID-8 = PID-5.1}", 2,
         "PID|1||42^^^A^MR~43^^^B^PI||F||19700101|DOE"},
        {"{set PID-5.1 = 'A'}{set PID-5.2 = 'B'}", 2,
         "PID|1||42^^^A^MR~43^^^B^PI||A^B||19700101|F"},
        {"{delete PID-5}", 2, "PID|1||42^^^A^MR~43^^^B^PI||||19700101|F"},
    };

    (void)state;
    CHECK(cases);
}

static void a_line_end_in_a_value_that_is_set_is_escaped(void **state)
{
    (void)state;
    assert_slice(convert("{set PID-6 = PID-5}\n{source}\n", "MSH|^~\\&|\rPID|||||A\nB^C\r"),
                 "MSH|^~\\&|\rPID|||||A\nB^C|A\\X0A\\B^C\r");
}

static void delete_takes_segments_out(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"{delete ZPI}", "MSH PID OBX OBX OBX"},
        {"{delete AL1}", "MSH PID OBX OBX ZPI OBX ZPI"},
        {"{delete AL1-3}{delete OBX[9]-5}", "MSH PID OBX OBX ZPI OBX ZPI"},
        {"{delete OBX where OBX-11 = 'X'}", "MSH PID OBX ZPI ZPI"},
        {"{delete OBX where OBX-11 = 'Y'}", "MSH PID OBX OBX ZPI OBX ZPI"},
        {"{delete OBX[1]}", "MSH PID OBX ZPI OBX ZPI"},
        {"{delete OBX[9]}", "MSH PID OBX OBX ZPI OBX ZPI"},
        {"{delete OBX[OBX-11='X']}", "MSH PID OBX ZPI OBX ZPI"},
        {"{for x in OBX}{if x-5 >= 2}{delete x}{delete x}{end}{end}", "MSH PID OBX ZPI ZPI"},
        {"{for g in OBX..}{delete ZPI}{end}", "MSH PID OBX OBX OBX"},
        {"{delete ZPI}{delete OBX}{delete PID}", "MSH"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        char names[128];
        struct hl7_buffer buffer;
        hl7_slice segment;
        hl7_buffer_init(&buffer, text, sizeof text);
        hl7_buffer_add(&buffer, hl7_slice_of(cases[i].text));
        hl7_buffer_add(&buffer, HL7_TEXT("\n{source}"));
        hl7_slice rest =
            bench_convert(bench_open(), hl7_buffer_slice(&buffer), hl7_slice_of(source));
        rest.len -= rest.ptr[rest.len - 1] == '\r' ? 1 : 0;
        hl7_buffer_init(&buffer, names, sizeof names);
        while (hl7_piece_next(&rest, '\r', &segment)) {
            hl7_buffer_add(&buffer, buffer.len > 0 ? HL7_TEXT(" ") : HL7_TEXT(""));
            hl7_buffer_add(&buffer, hl7_slice_part(segment, 0, 3));
        }
        assert_slice(hl7_buffer_slice(&buffer), cases[i].expected);
    }
}

static void append_adds_a_segment_at_the_end(void **state)
{
    static const struct edit_case cases[] = {
        {"{append NTE 'NTE|1||' PID-5}", 8, "NTE|1||DOE^JANE"},
        {"{append NTE 'NTE|1||' upper('a|b')}", 8, "NTE|1||A\\F\\B"},
        {"{append NTE 'NTE|1||' (PID-5 '|')}", 8, "NTE|1||DOE\\F\\"},
        {"{append NTE 'NTE|1||a^b|' 7 '|x'}", 8, "NTE|1||a^b|7|x"},
        {"{append NTE 'NTE|1'}{append NTE 'NTE|2'}", 9, "NTE|2"},
        {"{for x in OBX}{append ZZZ 'ZZZ|' index '|' x-3}{end}", 10, "ZZZ|3|C^c"},
    };

    (void)state;
    CHECK(cases);
}

static void the_copy_has_the_delimiters_of_the_source(void **state)
{
    static const char other[] = "MSH#$*@!#A\rPID#1##4$5##X\r";

    (void)state;
    assert_slice(
        convert("{append NTE 'NTE|1||a^b' '&' '#$'}\n{set PID-5 = 'x#y|'}\n{source}", other),
        "MSH#$*@!#A\rPID#1##4$5##x@F@y|\rNTE#1##a$b!@F@@S@\r");
}

static void what_follows_the_source_begins_a_line(void **state)
{
    (void)state;
    assert_slice(convert("{source}\nNTE|{PID-1}\n", "MSH|^~\\&|\rPID|1"),
                 "MSH|^~\\&|\rPID|1\rNTE|1\r");
    assert_slice(convert("{source}\nNTE|{PID-1}\n", "MSH|^~\\&|\rPID|1\r"),
                 "MSH|^~\\&|\rPID|1\rNTE|1\r");
}

static void reject_ends_the_conversion_with_a_reason(void **state)
{
    struct bench *bench = bench_open();
    struct hl7_message message;
    struct hl7_refusal refusal = {.code = HL7_ACK_NONE};

    (void)state;
    assert_int_equal(bench_compile(bench, HL7_TEXT("{if not AL1}{reject 'AR' 'no AL1 in ' MSH-10}"
                                                   "{end}\n{source}")),
                     HL7_OK);
    assert_int_equal(hl7_message_parse(hl7_slice_of(source), &bench->arena, &message, NULL),
                     HL7_OK);
    const struct hl7_conversion conversion = {
        .source = hl7_slice_of(source), .message = &message, .refusal = &refusal};
    assert_int_equal(hl7_template_run(bench->program, &conversion, &bench->arena, &bench->buffer,
                                      &bench->failure),
                     HL7_REFUSED);
    assert_int_equal(refusal.code, HL7_AR);
    assert_string_equal(refusal.reason, "no AL1 in 7");
    assert_string_equal(bench->failure.text, "reject: the template refuses the message");
    assert_int_equal(bench->failure.column, 14);
    assert_int_equal(bench->buffer.len, 0);
}

static void an_edit_that_cannot_be_made_is_an_error(void **state)
{
    static const struct {
        const char *text;
        enum hl7_code code;
        const char *message;
    } cases[] = {
        {"{set AL1-3 = 'x'}", HL7_NOT_FOUND, "AL1-3: the message has no such segment"},
        {"{set OBX[9]-3 = 'x'}", HL7_NOT_FOUND, "OBX[9]-3: the message has no such segment"},
        {"{set PID-8.1 = PID-5}", HL7_BAD_VALUE,
         "PID-8.1: the value has parts for which there is no room here"},
        {"{set PID-8 = raw('a|b')}", HL7_BAD_VALUE,
         "PID-8: the value has parts for which there is no room here"},
        {"{append NTE 'XXX|1'}", HL7_BAD_VALUE,
         "NTE: the text does not begin with this name and a separator"},
        {"{append MSH 'MSH|^~'}", HL7_BAD_VALUE, "MSH: a second MSH cannot be appended"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i].text)), HL7_OK);
        assert_int_equal(bench_run(bench, hl7_slice_of(source), false), cases[i].code);
        assert_string_equal(bench->failure.text, cases[i].message);
    }
}

/* A loop may go along another message; that one is read only. */
static void what_is_not_of_the_source_cannot_be_edited(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"{for o in order:OBX}{set o-5 = 'x'}{end}", "o-5: it is not of the source"},
        {"{for o in order:OBX}{delete o}{end}", "o: it is not of the source"},
        {"{for g in order:PID..}{delete OBX}{end}", "OBX: it is not of the source"},
        {"{for g in order:PID..}{delete OBX[1]}{end}", "OBX[1]: it is not of the source"},
        {"{for g in order:PID..}{delete OBX-5}{end}", "OBX-5: it is not of the source"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        struct hl7_message order;
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i].text)), HL7_OK);
        assert_int_equal(
            hl7_message_parse(hl7_slice_of(source), &bench->arena, &bench->message, NULL), HL7_OK);
        assert_int_equal(hl7_message_parse(hl7_slice_of(source), &bench->arena, &order, NULL),
                         HL7_OK);
        const struct hl7_named named = {HL7_TEXT("order"), &order};
        const struct hl7_conversion conversion = {.source = hl7_slice_of(source),
                                                  .message = &bench->message,
                                                  .named = &named,
                                                  .named_count = 1};
        assert_int_equal(hl7_template_run(bench->program, &conversion, &bench->arena,
                                          &bench->buffer, &bench->failure),
                         HL7_BAD_VALUE);
        assert_string_equal(bench->failure.text, cases[i].message);
    }
}

static void a_source_that_cannot_be_edited_says_why(void **state)
{
    static const struct {
        const char *text;
        const char *source;
        enum hl7_code code;
        const char *message;
    } cases[] = {
        {"{set PID-5 = 'x'}\n{source}", "{\"a\": 1}", HL7_NOT_FOUND,
         "PID-5: the source is not an HL7 message"},
        {"{source}", "{\"a\": 1}", HL7_NOT_FOUND, "source: the source is not an HL7 message"},
        {"{set PID-5 = 'a^b'}", "MSH|^~|A\rPID|1\r", HL7_NOT_ENCODABLE,
         "this text: MSH-2 of the source has no escape character"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i].text)), HL7_OK);
        assert_int_equal(bench_run(bench, hl7_slice_of(cases[i].source), false), cases[i].code);
        assert_string_equal(bench->failure.text, cases[i].message);
    }
}

static void an_error_in_an_edit_says_where_and_what(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        const char *message;
    } cases[] = {
        {"{set MSH-2 = 'x'}", 6, "the delimiters cannot be set"},
        {"{set PID = 'x'}", 6, "only a field or a part of it can be set"},
        {"{set order:PID-5 = 'x'}", 6, "only the source can be edited"},
        {"{set PID-5}", 11, "'=' is missing before '}'"},
        {"{set PID-5 = }", 14, "a value is missing before '}'"},
        {"{set 'x' = 1}", 6, "'x' cannot stand here"},
        {"{delete MSH}", 9, "the header cannot be deleted"},
        {"{delete order:PID}", 9, "only the source can be edited"},
        {"{delete OBX where}", 18, "a value is missing before '}'"},
        {"{append 'NTE|1'}", 9, "'append' is followed by the new segment's name and its text"},
        {"{append NTE}", 12, "a value is missing before '}'"},
        {"MSH|{source}", 6, "{source} stands on a line of its own"},
        {"{reject 'XX' 'y'}", 9, "'reject' is followed by 'AE', 'AR', 'CE' or 'CR' and the reason"},
        {"{reject 'AE'}", 13, "a value is missing before '}'"},
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

/* Whatever a value holds, the copy has as many segments, fields and components as before. */
static void no_value_changes_the_structure(void **state)
{
    static const char bytes[] = "|^~\\&\r\n\x0b\x1c#{}<>\"',]A";
    static char message[256];

    (void)state;
    for (size_t i = 0; i + 1 < sizeof bytes; i++) {
        for (size_t j = 0; j + 1 < sizeof bytes; j++) {
            struct bench *bench = bench_open();
            struct hl7_message made;
            size_t len = 0;
            char hex[] = "\\X0000\\";
            static const char digits[] = "0123456789ABCDEF";
            hex[2] = digits[(unsigned char)bytes[i] >> 4];
            hex[3] = digits[(unsigned char)bytes[i] & 15];
            hex[4] = digits[(unsigned char)bytes[j] >> 4];
            hex[5] = digits[(unsigned char)bytes[j] & 15];
            memcpy(message, "MSH|^~\\&|A|", 11);
            memcpy(message + 11, hex, 8);
            memcpy(message + 19, "|C\rPID|1|2^3|4\r", 15);
            len = 34;
            hl7_slice output = bench_convert(
                bench,
                HL7_TEXT("{set PID-2.1 = MSH-4 ''}{append NTE 'NTE|1|' (MSH-4 '') '|x'}\n{source}"),
                (hl7_slice){message, len});
            assert_int_equal(hl7_message_parse(output, &bench->arena, &made, NULL), HL7_OK);
            assert_int_equal(made.segment_count, 3);
            assert_int_equal(made.segments[1].count, 4);
            assert_int_equal(made.segments[2].count, 4);
            assert_slice(hl7_message_at(&made, "PID-2.2"), "3");
            assert_slice(hl7_message_at(&made, "PID-2.3"), "");
            assert_slice(hl7_message_at(&made, "NTE-3"), "x");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_edits_the_source_is_written_byte_for_byte),
        cmocka_unit_test(set_changes_one_value_and_nothing_else),
        cmocka_unit_test(a_line_end_in_a_value_that_is_set_is_escaped),
        cmocka_unit_test(delete_takes_segments_out),
        cmocka_unit_test(append_adds_a_segment_at_the_end),
        cmocka_unit_test(the_copy_has_the_delimiters_of_the_source),
        cmocka_unit_test(what_follows_the_source_begins_a_line),
        cmocka_unit_test(reject_ends_the_conversion_with_a_reason),
        cmocka_unit_test(an_edit_that_cannot_be_made_is_an_error),
        cmocka_unit_test(what_is_not_of_the_source_cannot_be_edited),
        cmocka_unit_test(a_source_that_cannot_be_edited_says_why),
        cmocka_unit_test(an_error_in_an_edit_says_where_and_what),
        cmocka_unit_test(no_value_changes_the_structure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
