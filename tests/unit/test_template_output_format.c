/* SPDX-License-Identifier: Apache-2.0
 *
 * Outputs other than HL7: where a value lands decides how it is written, and no value gets out of
 * its place. */
#include "test_template_support.h"

#include "json_tree.h"

static const char source[] = "MSH|^~\\&|APP\r"
                             "PID|1||42~43||O'HARA \"X\"^A\\T\\B<&>||19700101|F|007|-1.50|a,b|a;b\r"
                             "NTE|1||line\\.br\\two\r";

struct format_case {
    const char *text;
    const char *expected;
};

static void check_cases(const struct format_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hl7_slice output = convert(cases[i].text, source);
        if (!hl7_slice_equal(output, hl7_slice_of(cases[i].expected))) {
            fail_msg("%s: %.*s", cases[i].text, (int)output.len, output.ptr);
        }
    }
}

#define CHECK(cases) check_cases((cases), sizeof(cases) / sizeof *(cases))

static void json_values_are_strings_or_numbers(void **state)
{
    static const struct format_case cases[] = {
        {"{output json}\n{\"a\": \"{PID-5.1}\"}\n", "{\"a\": \"O'HARA \\\"X\\\"\"}\n"},
        {"{output json}\n\"{PID-5.2}\"", "\"A&B<&>\""},
        {"{output json}\n\"{NTE-3}\"", "\"line\\ntwo\""},
        {"{output json}\n[{PID-10}, {PID-9}, {PID-8}, {PID-99}]", "[-1.50, \"007\", \"F\", null]"},
        {"{output json}\n[{'true'},{'12'},{'1.'},{'-'},{''}]", "[true,12,\"1.\",\"-\",null]"},
        {"{output json}\n{\"a\\\"{PID-8}\": {0-2}}", "{\"a\\\"F\": \"APP\"}"},
        {"{output json}\n[{for r in PID-3}\n{if not first},{end}{r}{end}]", "[\n42\n,43]"},
        {"{output json}\n{raw('[1]')}", "[1]"},
        {"{output json}\n[\"\\u0041{PID-1}\\\\{PID-1}\"]", "[\"\\u00411\\\\1\"]"},
    };

    (void)state;
    CHECK(cases);
}

/* A number, or nothing, is no name of a member. */
static void json_names_are_strings(void **state)
{
    static const struct format_case cases[] = {
        {"{output json}\n{ {PID-1}: {PID-1}, {PID-10}: 2}", "{ \"1\": 1, \"-1.50\": 2}"},
        {"{output json}\n{\"a\": [{PID-1}, {PID-1}], {PID-99}: {PID-99}}",
         "{\"a\": [1, 1], \"\": null}"},
        {"{output json}\n[{\"}]\": {PID-1}, {PID-8}: 1}, {PID-1}]", "[{\"}]\": 1, \"F\": 1}, 1]"},
    };

    (void)state;
    CHECK(cases);
}

static void xml_values_are_text(void **state)
{
    static const struct format_case cases[] = {
        {"{output xml}\n<a b=\"{PID-5.1}\" c='{PID-5.1}'>{PID-5.2}</a>\n",
         "<a b=\"O&#39;HARA &quot;X&quot;\" c='O&#39;HARA &quot;X&quot;'>A&amp;B&lt;&amp;&gt;</a>"
         "\n"},
        {"{output xml}\n<PID.{PID-1}/>", "<PID.1/>"},
        {"{output xml}\n<?xml version=\"1.0\"?><!-- c --><a>{PID-8}</a>",
         "<?xml version=\"1.0\"?><!-- c --><a>F</a>"},
        {"{output xml}\n<![CDATA[ < ]]>{PID-8}", "<![CDATA[ < ]]>F"},
    };

    (void)state;
    CHECK(cases);
}

static void csv_cells_get_quotes_when_they_need_them(void **state)
{
    static const struct format_case cases[] = {
        {"{output csv}\n{PID-1},{PID-11},{PID-8}\n", "1,\"a,b\",F\n"},
        {"{output csv}\nx {PID-11} y,{PID-5.1}\n", "\"x a,b y\",\"O'HARA \"\"X\"\"\"\n"},
        {"{output csv}\n\"{PID-11}\",\"{PID-5.1}\"\n", "\"a,b\",\"O'HARA \"\"X\"\"\"\n"},
        {"{output csv}\n{NTE-3}\n", "\"line\ntwo\"\n"},
        {"{output csv}\n{PID-8},{NTE-3}", "F,\"line\ntwo\""},
        {"{output csv ';'}\n{PID-8};{PID-12};a,b\n", "F;\"a;b\";a,b\n"},
        {"{output csv}\n{' x'},{''}\n", "\" x\",\n"},
    };

    (void)state;
    CHECK(cases);
}

static void a_format_can_be_named(void **state)
{
    static const struct format_case cases[] = {
        {"{output text}\nMSH|^~\\&|{'a|b'}\n", "MSH|^~\\&|a|b\n"},
        {"{output hl7}\n{'a'}\nb\n", "a\rb\r"},
        {"{output json}\n\"{source}\"",
         "\"MSH|^~\\\\&|APP\\rPID|1||42~43||O'HARA \\\"X\\\"^A\\\\T\\\\B<&>||19700101|F|007|-1.50|a,"
         "b|a;b\\rNTE|1||line\\\\.br\\\\two\\r\""},
    };

    (void)state;
    CHECK(cases);
}

static void a_value_where_none_can_stand_is_an_error(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"{output json}\n{PID-1}{PID-1}",
         "PID-1: a value stands in quotes, or behind ':', ',' or '['"},
        {"{output json}\n1{PID-1}", "PID-1: a value stands in quotes, or behind ':', ',' or '['"},
        {"{output json}\n\"\\{PID-1}\"",
         "PID-1: a value stands in quotes, or behind ':', ',' or '['"},
        {"{output json}\n\"\\u{PID-1}\"",
         "PID-1: a value stands in quotes, or behind ':', ',' or '['"},
        {"{output json}\n\"\\u004{PID-1}\"",
         "PID-1: a value stands in quotes, or behind ':', ',' or '['"},
        {"{output xml}\n<a {PID-5}>", "PID-5: in a tag, outside of quotes, only a name can stand"},
        {"{output xml}\n<{'1a'}/>",
         "this text: in a tag, outside of quotes, only a name can stand"},
        {"{output xml}\n<!{'--'} a>",
         "this text: in a tag, outside of quotes, only a name can stand"},
        {"{output xml}\n<!-- {PID-5} -->",
         "PID-5: no value can stand in a comment, CDATA or a processing instruction"},
        {"{output xml}\n<![CDATA[{PID-5}]]>",
         "PID-5: no value can stand in a comment, CDATA or a processing instruction"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i].text)), HL7_OK);
        assert_int_equal(bench_run(bench, hl7_slice_of(source), false), HL7_BAD_VALUE);
        assert_string_equal(bench->failure.text, cases[i].message);
    }
}

static void an_error_in_an_output_statement_says_what(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"{output yaml}", "'output' is followed by hl7, json, xml, csv or text"},
        {"a{output json}", "'output' belongs at the top, once and before all text"},
        {"{output json}{output xml}", "'output' belongs at the top, once and before all text"},
        {"{output csv ',,'}", "a separator is one character"},
        {"{output json ','}", "',' cannot stand here"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(first_error(cases[i].text)->text, cases[i].message);
    }
}

/* ---- No value gets out of its place ----------------------------------------------------------- */

static const char *const nasty[] = {
    "|",    "^",    "~",    "\\",   "&",        "\r",   "\n",           "\x0b", "\x1c", "\"", "'",
    "<",    ">",    "]]>",  "-->",  "{",        "}",    "{PID-5}",      ",",    ";",    "\t", ":",
    "\\\"", "</a>", "<!--", "\xff", "\xc3\xa9", "null", "{output json}"};

enum { NASTY = sizeof nasty / sizeof *nasty };

/* A JSON source whose one string is two of the nasty texts: it holds any byte. */
static hl7_slice converted(const char *text, size_t i, size_t j)
{
    struct bench *bench = bench_open();
    static char message[512];
    static const char digits[] = "0123456789ABCDEF";
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, message, sizeof message);
    hl7_buffer_add(&buffer, HL7_TEXT("MSH|^~\\&|A\rPID|"));
    for (int part = 0; part < 2; part++) {
        for (const char *p = nasty[part == 0 ? i : j]; *p != '\0'; p++) {
            hl7_buffer_add(&buffer, HL7_TEXT("\\X"));
            hl7_buffer_add_byte(&buffer, digits[(unsigned char)*p >> 4]);
            hl7_buffer_add_byte(&buffer, digits[(unsigned char)*p & 15]);
            hl7_buffer_add_byte(&buffer, '\\');
        }
    }
    hl7_buffer_add_byte(&buffer, '\r');
    return bench_convert(bench, hl7_slice_of(text), hl7_buffer_slice(&buffer));
}

static size_t count_of(hl7_slice text, char byte)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += text.ptr[i] == byte ? 1 : 0;
    }
    return count;
}

static void json_keeps_its_members(void **state)
{
    static char memory[65536];

    (void)state;
    for (size_t i = 0; i < NASTY * NASTY; i++) {
        struct json_tree tree;
        struct hl7_arena arena;
        hl7_slice output =
            converted("{output json}\n{\"a\":\"x{PID-1}y\",\"b\":{PID-1 ''},\"c\":[{PID-1}]}",
                      i / NASTY, i % NASTY);
        hl7_arena_init(&arena, memory, sizeof memory);
        if (json_tree_parse(output, &arena, &tree, NULL) != HL7_OK) {
            fail_msg("%.*s", (int)output.len, output.ptr);
        }
        assert_int_equal(json_tree_count(&tree, 0), 3);
        assert_int_equal(
            json_tree_count(&tree, json_tree_member(&tree, 0, HL7_TEXT("c"), &(size_t){0})), 1);
    }
}

static void xml_keeps_its_tags(void **state)
{
    (void)state;
    for (size_t i = 0; i < NASTY * NASTY; i++) {
        hl7_slice output = converted("{output xml}\n<a b=\"{PID-1}\" c='{PID-1}'>{PID-1}</a>",
                                     i / NASTY, i % NASTY);
        assert_int_equal(count_of(output, '<'), 2);
        assert_int_equal(count_of(output, '>'), 2);
        assert_int_equal(count_of(output, '"'), 2);
        assert_int_equal(count_of(output, '\''), 2);
    }
}

static void a_name_in_a_tag_begins_with_a_letter_or_goes_on(void **state)
{
    (void)state;
    assert_slice(convert("{output xml}\n<{'_1'} b{'1'}=\"\" {'c'}=\"\"/>", "MSH|^~\\&|"),
                 "<_1 b1=\"\" c=\"\"/>");
}

/* Cells by RFC 4180: outside of quotes every ',' ends one. */
static size_t count_cells(hl7_slice text)
{
    size_t cells = 1;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        quoted = quoted != (text.ptr[i] == '"');
        cells +=
            !quoted && (text.ptr[i] == ',' || text.ptr[i] == '\n' || text.ptr[i] == '\r') ? 1 : 0;
    }
    assert_false(quoted);
    return cells;
}

static void csv_keeps_its_cells(void **state)
{
    (void)state;
    for (size_t i = 0; i < NASTY * NASTY; i++) {
        hl7_slice output = converted("{output csv}\n{PID-1},\"{PID-1}\",x{PID-1},{PID-1}{PID-1}",
                                     i / NASTY, i % NASTY);
        assert_int_equal(count_cells(output), 4);
    }
}

static void hl7_keeps_its_fields_and_the_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < NASTY * NASTY; i++) {
        struct bench *bench = bench_open();
        hl7_slice output =
            converted("MSH|^~\\&|{PID-1}|{PID-1 ''}\nNTE|{PID-1 ''}^b|c\n", i / NASTY, i % NASTY);
        struct hl7_message message;
        char text[128];
        struct hl7_buffer buffer;
        assert_int_equal(hl7_message_parse(output, &bench->arena, &message, NULL), HL7_OK);
        assert_int_equal(message.segment_count, 2);
        assert_int_equal(message.segments[1].count, 3);
        assert_slice(hl7_message_at(&message, "NTE-1.2"), "b");
        hl7_buffer_init(&buffer, text, sizeof text);
        hl7_unescape(&message.delimiters, hl7_message_at(&message, "NTE-1.1"), HL7_TEXT_PLAIN,
                     &buffer);
        hl7_slice decoded = hl7_buffer_slice(&buffer);
        assert_true(hl7_slice_starts(decoded, hl7_slice_of(nasty[i / NASTY])));
        assert_int_equal(decoded.len, strlen(nasty[i / NASTY]) + strlen(nasty[i % NASTY]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_values_are_strings_or_numbers),
        cmocka_unit_test(json_names_are_strings),
        cmocka_unit_test(xml_values_are_text),
        cmocka_unit_test(csv_cells_get_quotes_when_they_need_them),
        cmocka_unit_test(a_format_can_be_named),
        cmocka_unit_test(a_value_where_none_can_stand_is_an_error),
        cmocka_unit_test(an_error_in_an_output_statement_says_what),
        cmocka_unit_test(json_keeps_its_members),
        cmocka_unit_test(xml_keeps_its_tags),
        cmocka_unit_test(a_name_in_a_tag_begins_with_a_letter_or_goes_on),
        cmocka_unit_test(csv_keeps_its_cells),
        cmocka_unit_test(hl7_keeps_its_fields_and_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
