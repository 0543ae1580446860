/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON reader: what is accepted and refused, where, and what the index says. */
#include "support.h"

#include "json_tree.h"
#include "template/encode.h"

/* A slice in a table. */
#define S(literal)                                                                                 \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

struct page {
    char memory[65536];
    char texts[4096];
    char output[4096];
    struct hl7_arena arena;
    struct json_tree tree;
    struct hl7_error error;
};

static enum hl7_code parse(struct page *page, hl7_slice text)
{
    hl7_arena_init(&page->arena, page->memory, sizeof page->memory);
    return json_tree_parse(text, &page->arena, &page->tree, &page->error);
}

static const struct json_tree *parsed(struct page *page, const char *text)
{
    assert_int_equal(parse(page, hl7_slice_of(text)), HL7_OK);
    return &page->tree;
}

static hl7_slice text_of(struct page *page, size_t node)
{
    struct hl7_arena arena;
    hl7_slice text;

    hl7_arena_init(&arena, page->texts, sizeof page->texts);
    assert_int_equal(json_tree_text(&page->tree, node, &arena, &text), HL7_OK);
    return text;
}

/* Writes the index as JSON without blanks and needless escapes. */
static void write_node(struct page *page, size_t node, struct hl7_buffer *buffer)
{
    const struct json_tree *tree = &page->tree;
    enum json_kind kind = json_tree_kind(tree, node);

    if (kind == JSON_NULL) {
        hl7_buffer_add(buffer, HL7_TEXT("null"));
    } else if (kind == JSON_STRING) {
        hl7_buffer_add_byte(buffer, '"');
        encode_json(text_of(page, node), buffer);
        hl7_buffer_add_byte(buffer, '"');
    } else {
        hl7_buffer_add(buffer, text_of(page, node));
    }
}

/* Closes what ended before a node and leaves the parent that is still open, or HL7_NONE. */
static size_t close_parents(const struct json_tree *tree, size_t node, size_t *parents,
                            size_t *depth, struct hl7_buffer *buffer)
{
    while (*depth > 0 && tree->nodes[parents[*depth - 1]].next == node) {
        bool array = json_tree_kind(tree, parents[--*depth]) == JSON_ARRAY;
        hl7_buffer_add_byte(buffer, array ? ']' : '}');
    }
    return *depth == 0 ? HL7_NONE : parents[*depth - 1];
}

static void write_tree(struct page *page, struct hl7_buffer *buffer)
{
    const struct json_tree *tree = &page->tree;
    size_t parents[JSON_MAX_DEPTH];
    size_t depth = 0;

    for (size_t node = 0; node < tree->count; node++) {
        size_t parent = close_parents(tree, node, parents, &depth, buffer);
        bool member = parent != HL7_NONE && json_tree_kind(tree, parent) == JSON_OBJECT;
        if (parent != HL7_NONE && node > parent + 1) {
            hl7_buffer_add_byte(buffer, ',');
        }
        if (member) {
            write_node(page, node++, buffer);
            hl7_buffer_add_byte(buffer, ':');
        }
        if (json_tree_kind(tree, node) < JSON_ARRAY) {
            write_node(page, node, buffer);
        } else {
            hl7_buffer_add_byte(buffer, json_tree_kind(tree, node) == JSON_ARRAY ? '[' : '{');
            parents[depth++] = node;
        }
    }
    (void)close_parents(tree, tree->count, parents, &depth, buffer);
}

static hl7_slice written(struct page *page)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, page->output, sizeof page->output);
    write_tree(page, &buffer);
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

/* The expected texts are those of Python's json module, numbers kept as written. */
static void texts_of_the_grammar_are_read(void **state)
{
    static const struct {
        hl7_slice text;
        hl7_slice written;
    } cases[] = {
        {S("null"), S("null")},
        {S(" true\n"), S("true")},
        {S("false"), S("false")},
        {S("0"), S("0")},
        {S("-0"), S("-0")},
        {S("-12.50e+07"), S("-12.50e+07")},
        {S("1E5"), S("1E5")},
        {S("[1e-5,2e+0]"), S("[1e-5,2e+0]")},
        {S("12345678901234567890123456789"), S("12345678901234567890123456789")},
        {S("\"\""), S("\"\"")},
        {S("\"a\\u0041\\/\\\"\""), S("\"aA/\\\"\"")},
        {S("\"\\b\\f\\n\\r\\t\\\\\""), S("\"\\b\\f\\n\\r\\t\\\\\"")},
        {S("\"\\u0000\\u001f\""), S("\"\\u0000\\u001f\"")},
        {S("\"\\u00fC\\u20AC\""), S("\"\xc3\xbc\xe2\x82\xac\"")},
        {S("\"\\ud83d\\uDE00\\uDBFF\\udfff\""), S("\"\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\"")},
        {S("\"\xc3\xbc\x7f\""), S("\"\xc3\xbc\x7f\"")},
        {S("[]"), S("[]")},
        {S("{}"), S("{}")},
        {S("[ ]"), S("[]")},
        {S("{\t}"), S("{}")},
        {S("[[],{},[[]]]"), S("[[],{},[[]]]")},
        {S("{\"a\":1,\"b\":[2,{\"c\":null}],\"\":\"\"}"),
         S("{\"a\":1,\"b\":[2,{\"c\":null}],\"\":\"\"}")},
        {S("\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } }\t"), S("{\"a\":[1,2],\"b\":{}}")},
        {S("{\"a\":1,\"a\":2}"), S("{\"a\":1,\"a\":2}")},
        {S("\xef\xbb\xbf[1]"), S("[1]")},
    };
    struct page page;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (parse(&page, cases[i].text) != HL7_OK) {
            fail_msg("%s: %s at %zu", cases[i].text.ptr, page.error.text, page.error.position);
        }
        assert_slices(written(&page), cases[i].written);
    }
}

static void other_texts_are_refused_where_they_go_wrong(void **state)
{
    static const struct {
        hl7_slice text;
        size_t position;
        const char *why;
    } cases[] = {
        {S(""), 0, "the JSON text ends too early"},
        {S("  "), 2, "the JSON text ends too early"},
        {S("\xef\xbb\xbf"), 3, "the JSON text ends too early"},
        {S("nul"), 0, "expected a JSON value"},
        {S("True"), 0, "expected a JSON value"},
        {S("NaN"), 0, "expected a JSON value"},
        {S("'a'"), 0, "expected a JSON value"},
        {S("\xc2\xa0"
           "1"),
         0, "expected a JSON value"},
        {S("1 2"), 2, "more text behind the JSON value"},
        {S("nulll"), 4, "more text behind the JSON value"},
        {S("{}]"), 2, "more text behind the JSON value"},
        {S("01"), 1, "more text behind the JSON value"},
        {S("[1\0]"), 2, "expected ',' or ']'"},
        {S("-"), 1, "the JSON text ends too early"},
        {S("-x"), 1, "expected a digit"},
        {S("+1"), 0, "expected a JSON value"},
        {S(".5"), 0, "expected a JSON value"},
        {S("[1.]"), 3, "expected a digit behind the point"},
        {S("[1e]"), 3, "expected the digits of an exponent"},
        {S("1e+"), 3, "the JSON text ends too early"},
        {S("[1,]"), 3, "expected a JSON value"},
        {S("[,1]"), 1, "expected a JSON value"},
        {S("[1 2]"), 3, "expected ',' or ']'"},
        {S("[1}"), 2, "expected ',' or ']'"},
        {S("["), 1, "the JSON text ends too early"},
        {S("[1"), 2, "the JSON text ends too early"},
        {S("[1,"), 3, "the JSON text ends too early"},
        {S("{"), 1, "the JSON text ends too early"},
        {S("{a:1}"), 1, "expected a member's name in quotes"},
        {S("{1:1}"), 1, "expected a member's name in quotes"},
        {S("{\"a\"}"), 4, "expected ':' behind a member's name"},
        {S("{\"a\" 1}"), 5, "expected ':' behind a member's name"},
        {S("{\"a\":}"), 5, "expected a JSON value"},
        {S("{\"a\":1,}"), 7, "expected a member's name in quotes"},
        {S("{\"a\":1]"), 6, "expected ',' or '}'"},
        {S("\"abc"), 4, "the JSON text ends within a string"},
        {S("\"a\nb\""), 2, "a control character in a JSON string"},
        {S("\"\0\""), 1, "a control character in a JSON string"},
        {S("\"M\xfc\""), 2, "this byte is not UTF-8"},
        {S("\"\xed\xa0\x80\""), 1, "this byte is not UTF-8"},
        {S("\"\\x41\""), 1, "this is no escape of a JSON string"},
        {S("\"\\u12G4\""), 1, "this is no escape of a JSON string"},
        {S("\"\\u12/4\""), 1, "this is no escape of a JSON string"},
        {S("\"\\u12:4\""), 1, "this is no escape of a JSON string"},
        {S("\"\\u12@4\""), 1, "this is no escape of a JSON string"},
        {S("\"\\ud800\\ue000\""), 1, "this is no escape of a JSON string"},
        {S("\"\\u12"), 1, "this is no escape of a JSON string"},
        {S("\"\\"), 1, "this is no escape of a JSON string"},
        {S("\"\\ud800\""), 1, "this is no escape of a JSON string"},
        {S("\"\\ud800\\n1234\""), 1, "this is no escape of a JSON string"},
        {S("\"\\ud800\\u0041\""), 1, "this is no escape of a JSON string"},
        {S("\"\\udc00\\ud800\""), 1, "this is no escape of a JSON string"},
    };
    struct page page;

    (void)state;
    page.tree = (struct json_tree){0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_tree before = page.tree;
        assert_int_equal(parse(&page, cases[i].text), JSON_BAD);
        assert_string_equal(page.error.text, cases[i].why);
        assert_int_equal(page.error.position, cases[i].position);
        assert_int_equal(page.error.code, JSON_BAD);
        assert_int_equal(page.arena.used, 0);
        assert_memory_equal(&before, &page.tree, sizeof before);
        assert_int_equal(json_tree_parse(cases[i].text, &page.arena, &page.tree, NULL), JSON_BAD);
    }
}

static void too_long_a_text_is_refused_unread(void **state)
{
    struct page page;

    (void)state;
    assert_int_equal(parse(&page, (hl7_slice){"", UINT32_MAX}), HL7_TOO_LARGE);
    assert_int_equal(page.error.code, HL7_TOO_LARGE);
}

static void nesting_has_a_limit(void **state)
{
    char text[2 * JSON_MAX_DEPTH + 2];
    struct page page;

    (void)state;
    memset(text, '[', JSON_MAX_DEPTH);
    memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
    assert_int_equal(parse(&page, (hl7_slice){text, (size_t)2 * JSON_MAX_DEPTH}), HL7_OK);
    memset(text, '[', JSON_MAX_DEPTH + 1);
    memset(text + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
    assert_int_equal(parse(&page, (hl7_slice){text, sizeof text}), JSON_BAD);
    assert_int_equal(page.error.position, JSON_MAX_DEPTH);
    assert_string_equal(page.error.text, "arrays and objects are nested too deeply");
}

static void the_memory_that_is_foretold_is_enough_and_less_is_an_error(void **state)
{
    static const char *const texts[] = {"1", "[1,2,[3,{\"a\":4}]]", "{\"a\":{},\"b\":[]}"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hl7_slice text = hl7_slice_of(texts[i]);
        struct page page;
        struct json_tree tree;
        size_t memory = json_tree_memory(text);
        for (size_t shift = 0; shift < 16; shift++) {
            hl7_arena_init(&page.arena, page.memory + shift, memory);
            assert_int_equal(json_tree_parse(text, &page.arena, &tree, NULL), HL7_OK);
        }
        size_t needed = tree.count * sizeof(struct json_node);
        for (size_t size = 0; size < needed; size++) {
            hl7_arena_init(&page.arena, page.memory, size);
            assert_int_equal(json_tree_parse(text, &page.arena, &tree, &page.error), HL7_NO_MEMORY);
            assert_int_equal(page.error.code, HL7_NO_MEMORY);
            assert_int_equal(page.arena.used, 0);
        }
    }
}

static void members_are_found_by_their_decoded_name(void **state)
{
    struct page page;
    const struct json_tree *tree =
        parsed(&page, "{\"a\":1,\"\\u0062\\n\\u00fc\":2,\"\":3,\"a\\\\\":4,\"in\":{\"x\":5}}");

    (void)state;
    assert_slice(text_of(&page, json_tree_member(tree, 0, HL7_TEXT("a"), &(size_t){0})), "1");
    assert_slice(text_of(&page, json_tree_member(tree, 0, HL7_TEXT("b\n\xc3\xbc"), &(size_t){0})),
                 "2");
    assert_slice(text_of(&page, json_tree_member(tree, 0, HL7_TEXT(""), &(size_t){0})), "3");
    assert_slice(text_of(&page, json_tree_member(tree, 0, HL7_TEXT("a\\"), &(size_t){0})), "4");
    assert_int_equal(json_tree_member(tree, 0, HL7_TEXT("x"), &(size_t){0}), HL7_NONE);
    assert_int_equal(json_tree_member(tree, 0, HL7_TEXT("a\\\\"), &(size_t){0}), HL7_NONE);
    assert_int_equal(json_tree_member(tree, 0, HL7_TEXT("b\n"), &(size_t){0}), HL7_NONE);
    assert_int_equal(json_tree_member(tree, 0, HL7_TEXT("b\n\xc3\xbc!"), &(size_t){0}), HL7_NONE);
    assert_int_equal(json_tree_member(tree, 2, HL7_TEXT("a"), &(size_t){0}), HL7_NONE);
}

static void of_members_of_the_same_name_the_last_counts(void **state)
{
    struct page page;
    const struct json_tree *tree = parsed(&page, "{\"a\":1,\"b\":2,\"\\u0061\":3}");

    (void)state;
    assert_slice(text_of(&page, json_tree_member(tree, 0, HL7_TEXT("a"), &(size_t){0})), "3");
}

static void values_are_text_and_null_is_absent(void **state)
{
    struct page page;
    const struct json_tree *tree =
        parsed(&page, "[\"x\",\"\",\"\\n\",1.50,true,false,null,[1, 2],{\"a\" :1}]");
    static const char *const expected[] = {"x",     "", "\n",     "1.50",      "true",
                                           "false", "", "[1, 2]", "{\"a\" :1}"};
    size_t at = json_tree_first(tree, 0);

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        hl7_slice text = text_of(&page, at);
        assert_slice(text, expected[i]);
        assert_int_equal(text.ptr == NULL, json_tree_kind(tree, at) == JSON_NULL);
        at = json_tree_next(tree, 0, at);
    }
    assert_int_equal(at, HL7_NONE);
}

static void a_text_without_escapes_takes_no_memory(void **state)
{
    struct page page;
    struct hl7_arena none;
    hl7_slice text;

    (void)state;
    hl7_arena_init(&none, page.texts, 0);
    (void)parsed(&page, "[\"plain\",\"\\n\"]");
    assert_int_equal(json_tree_text(&page.tree, 1, &none, &text), HL7_OK);
    assert_slice(text, "plain");
    assert_int_equal(json_tree_text(&page.tree, 2, &none, &text), HL7_NO_MEMORY);
    assert_slice(text, "plain");
}

static void elements_are_counted(void **state)
{
    struct page page;
    const struct json_tree *tree = parsed(&page, "[[],[1,[2,3]],{\"a\":{\"b\":1}},4]");
    static const size_t expected[] = {0, 2, 1, 0};
    size_t i = 0;

    (void)state;
    assert_int_equal(json_tree_count(tree, 0), 4);
    for (size_t at = json_tree_first(tree, 0); at != HL7_NONE; at = json_tree_next(tree, 0, at)) {
        assert_int_equal(json_tree_count(tree, at), expected[i++]);
    }
}

static void every_beginning_of_a_text_ends_at_an_unreadable_page(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf{\"a\\ud83d\\ude00\":[-1.5e+3,null,true],\"\xc3\xbc\":\"x\"} ";
    struct page page;

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char *copy = edge_copy(text, len);
        enum hl7_code code = parse(&page, (hl7_slice){copy, len});
        assert_int_equal(code, len >= sizeof text - 2 ? HL7_OK : JSON_BAD);
        if (code == HL7_OK) {
            assert_slice(written(&page), "{\"a\xf0\x9f\x98\x80\":[-1.5e+3,null,true],"
                                         "\"\xc3\xbc\":\"x\"}");
        } else {
            assert_true(page.error.position <= len);
        }
        edge_free(copy, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_of_the_grammar_are_read),
        cmocka_unit_test(other_texts_are_refused_where_they_go_wrong),
        cmocka_unit_test(too_long_a_text_is_refused_unread),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(the_memory_that_is_foretold_is_enough_and_less_is_an_error),
        cmocka_unit_test(members_are_found_by_their_decoded_name),
        cmocka_unit_test(of_members_of_the_same_name_the_last_counts),
        cmocka_unit_test(values_are_text_and_null_is_absent),
        cmocka_unit_test(a_text_without_escapes_takes_no_memory),
        cmocka_unit_test(elements_are_counted),
        cmocka_unit_test(every_beginning_of_a_text_ends_at_an_unreadable_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
