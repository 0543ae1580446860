/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths into JSON: their text, and what they lead to. */
#include "support.h"

#include "json_tree.h"

struct page {
    char memory[16384];
    struct hl7_arena arena;
    struct json_tree tree;
    struct json_path path;
    struct hl7_error error;
};

static const char sample[] = "{\"result\":{\"score\":0.93,\"a-b\":[10,20,30],\"it's\":1,\"\":2},"
                             "\"items\":[{\"id\":\"x\"},{\"id\":\"y\"}],\"n\":null,\"e\":[]}";

static void set_up(struct page *page)
{
    page->error = (struct hl7_error){0};
    hl7_arena_init(&page->arena, page->memory, sizeof page->memory);
    assert_int_equal(json_tree_parse(hl7_slice_of(sample), &page->arena, &page->tree, &page->error),
                     HL7_OK);
}

static void a_path_leads_to_a_value(void **state)
{
    static const struct {
        const char *path;
        const char *text; /* NULL: nowhere */
    } cases[] = {
        {".result.score", "0.93"},
        {".result.a-b[0]", "10"},
        {".result.a-b[02]", "30"},
        {".result.a-b[3]", NULL},
        {".result.a-b[last]", "30"},
        {".e[0]", NULL},
        {".e[last]", NULL},
        {".result['score']", "0.93"},
        {"['result']['it''s']", "1"},
        {".result['']", "2"},
        {".items[1].id", "y"},
        {".items[last].id", "y"},
        {".items.id", NULL},
        {".result[0]", NULL},
        {".result.score.x", NULL},
        {".result.score[0]", NULL},
        {".n", ""},
        {".n.x", NULL},
        {".none.x[0]", NULL},
        {".items[4294967294]", NULL},
    };
    struct page page;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl7_slice text = hl7_slice_of(cases[i].path);
        size_t used = 0;
        set_up(&page);
        assert_int_equal(json_path_read(text, &page.arena, &page.path, &used, NULL), HL7_OK);
        assert_int_equal(used, text.len);
        size_t node = json_tree_find(&page.tree, 0, &page.path, &(size_t){0});
        if ((node != HL7_NONE) != (cases[i].text != NULL)) {
            fail_msg("%s", cases[i].path);
        }
        if (cases[i].text != NULL) {
            hl7_slice value;
            assert_int_equal(json_tree_text(&page.tree, node, &page.arena, &value), HL7_OK);
            assert_slice(value, cases[i].text);
        }
    }
}

static void an_empty_path_is_the_value_itself(void **state)
{
    struct page page;
    size_t used = 77;

    (void)state;
    set_up(&page);
    assert_int_equal(json_path_read(HL7_TEXT(" = 1"), &page.arena, &page.path, &used, NULL),
                     HL7_OK);
    assert_int_equal(used, 0);
    assert_int_equal(json_tree_find(&page.tree, 5, &page.path, &(size_t){0}), 5);
}

static void a_path_ends_where_no_step_follows(void **state)
{
    static const struct {
        const char *text;
        size_t used;
    } cases[] = {{".a.b}", 4},
                 {".a = 1", 2},
                 {"[0] ", 3},
                 {".a,", 2},
                 {".a)", 2},
                 {".\xc3\xbc"
                  "1'",
                  4},
                 {".aZ_9-{", 6},
                 {".a`", 2},
                 {".a@", 2},
                 {".a/", 2},
                 {".a:", 2},
                 {"}", 0},
                 {"", 0}};
    struct page page;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t used = 77;
        set_up(&page);
        assert_int_equal(
            json_path_read(hl7_slice_of(cases[i].text), &page.arena, &page.path, &used, NULL),
            HL7_OK);
        assert_int_equal(used, cases[i].used);
    }
}

static void a_wrong_step_is_named_with_its_place(void **state)
{
    static const struct {
        const char *text;
        size_t position;
        const char *why;
    } cases[] = {
        {".", 1, "expected the name of a member"},
        {".a..b", 3, "expected the name of a member"},
        {".a.*", 3, "expected the name of a member"},
        {"[", 1, "expected a number, 'last' or a name in quotes"},
        {"[]", 1, "expected a number, 'last' or a name in quotes"},
        {"[-1]", 1, "expected a number, 'last' or a name in quotes"},
        {"[\"a\"]", 1, "expected a number, 'last' or a name in quotes"},
        {"[1", 2, "expected ']'"},
        {"[1x]", 2, "expected ']'"},
        {"['a'", 4, "expected ']'"},
        {".a['b]", 3, "this name has no closing quote"},
        {".a['b'']", 3, "this name has no closing quote"},
        {"[4294967295]", 1, "this number is too large"},
        {"[99999999999999999999999]", 1, "this number is too large"},
    };
    struct page page;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t used = 77;
        set_up(&page);
        assert_int_equal(json_path_read(hl7_slice_of(cases[i].text), &page.arena, &page.path, &used,
                                        &page.error),
                         HL7_BAD_PATH);
        assert_string_equal(page.error.text, cases[i].why);
        assert_int_equal(page.error.position, cases[i].position);
        assert_int_equal(used, 77);
    }
}

static void an_arena_that_is_too_small_is_an_error(void **state)
{
    hl7_slice text = HL7_TEXT(".a[1]['it''s']");
    struct page page;
    size_t used = 0;

    (void)state;
    hl7_arena_init(&page.arena, page.memory, sizeof page.memory);
    assert_int_equal(json_path_read(text, &page.arena, &page.path, &used, NULL), HL7_OK);
    size_t needed = page.arena.used;
    for (size_t size = 0; size < needed; size++) {
        hl7_arena_init(&page.arena, page.memory, size);
        assert_int_equal(json_path_read(text, &page.arena, &page.path, &used, &page.error),
                         HL7_NO_MEMORY);
        assert_int_equal(page.arena.used, 0);
    }
}

static void every_beginning_of_a_path_ends_at_an_unreadable_page(void **state)
{
    static const char text[] = ".a-b['it''s'][12][last].\xc3\xbc";
    struct page page;

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char *copy = edge_copy(text, len);
        size_t used = 0;
        set_up(&page);
        (void)json_path_read((hl7_slice){copy, len}, &page.arena, &page.path, &used, &page.error);
        assert_true(used <= len && page.error.position <= len);
        edge_free(copy, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_leads_to_a_value),
        cmocka_unit_test(an_empty_path_is_the_value_itself),
        cmocka_unit_test(a_path_ends_where_no_step_follows),
        cmocka_unit_test(a_wrong_step_is_named_with_its_place),
        cmocka_unit_test(an_arena_that_is_too_small_is_an_error),
        cmocka_unit_test(every_beginning_of_a_path_ends_at_an_unreadable_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
