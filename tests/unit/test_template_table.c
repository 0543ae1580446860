/* SPDX-License-Identifier: Apache-2.0
 *
 * Lookup tables: CSV as RFC 4180 and spreadsheets write it, and what is wrong with others. */
#include "support.h"

#include <stdio.h>

#include "template/encode.h"
#include "template/table.h"

/* A slice in a table. */
#define S(literal)                                                                                 \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

struct page {
    char memory[65536];
    struct hl7_arena arena;
    struct table table;
    struct hl7_diagnostic diagnostic;
};

static enum hl7_code compile(struct page *page, hl7_slice text)
{
    hl7_arena_init(&page->arena, page->memory, sizeof page->memory);
    return table_compile(text, &page->arena, &page->table, &page->diagnostic);
}

static void compiled(struct page *page, const char *text)
{
    if (compile(page, hl7_slice_of(text)) != HL7_OK) {
        fail_msg("%s:%zu:%zu: %s", text, page->diagnostic.line, page->diagnostic.column,
                 page->diagnostic.text);
    }
}

static void a_key_gives_the_cells_of_its_row(void **state)
{
    struct page page;

    (void)state;
    compiled(&page, "M,male,1\nF,female,2\nU,unknown,\n");
    assert_slice(table_find(&page.table, HL7_TEXT("F"), 2), "female");
    assert_slice(table_find(&page.table, HL7_TEXT("M"), 3), "1");
    assert_slice(table_find(&page.table, HL7_TEXT("U"), 2), "unknown");
    /* There and empty is not absent. */
    assert_non_null(table_find(&page.table, HL7_TEXT("U"), 3).ptr);
    assert_int_equal(table_find(&page.table, HL7_TEXT("U"), 3).len, 0);
    assert_null(table_find(&page.table, HL7_TEXT("m"), 2).ptr);
    assert_null(table_find(&page.table, HL7_TEXT(""), 2).ptr);
    assert_null(table_find(&page.table, HL7_TEXT("F"), 1).ptr);
    assert_null(table_find(&page.table, HL7_TEXT("F"), 0).ptr);
    assert_null(table_find(&page.table, HL7_TEXT("F"), 4).ptr);
}

/* Each text is the same table: the key "a b" with the value x"y,z LF w, and k with v. Python's csv
 * module reads the same cells from them. */
static void the_forms_of_csv_are_read(void **state)
{
    static const hl7_slice texts[] = {
        S("a b,\"x\"\"y,z\nw\"\nk,v"),
        S("a b,\"x\"\"y,z\nw\"\r\nk,v\r\n"),
        S("a b,\"x\"\"y,z\nw\"\rk,v\r"),
        S("\"a b\",\"x\"\"y,z\nw\"\n\"k\",\"v\"\n"),
        S("\xef\xbb\xbf"
          "a b,\"x\"\"y,z\nw\"\nk,v\n"),
        S("\xef\xbb\xbf\"a b\",\"x\"\"y,z\nw\"\nk,v\n"),
        S("\n\na b,\"x\"\"y,z\nw\"\n\n\r\n\nk,v\n\n"),
        S("k,v\na b,\"x\"\"y,z\nw\"\n"),
    };
    struct page page;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        compiled(&page, texts[i].ptr);
        assert_int_equal(page.table.rows, 2);
        assert_slice(table_find(&page.table, HL7_TEXT("a b"), 2), "x\"y,z\nw");
        assert_slice(table_find(&page.table, HL7_TEXT("k"), 2), "v");
    }
}

static void blanks_and_empty_cells_belong_to_the_table(void **state)
{
    struct page page;

    (void)state;
    compiled(&page, " a , b \n,empty key\n\"\"\"\",quote\n\"x\",\"\"\n");
    assert_slice(table_find(&page.table, HL7_TEXT(" a "), 2), " b ");
    assert_slice(table_find(&page.table, HL7_TEXT(""), 2), "empty key");
    assert_slice(table_find(&page.table, HL7_TEXT("\""), 2), "quote");
    assert_non_null(table_find(&page.table, HL7_TEXT("x"), 2).ptr);
}

static void a_bad_table_is_named_with_line_and_column(void **state)
{
    static const struct {
        hl7_slice text;
        size_t line;
        size_t column;
        const char *why;
    } cases[] = {
        {S(""), 1, 1, "the table has no rows"},
        {S("\xef\xbb\xbf\n"), 2, 1, "the table has no rows"},
        {S("a,1\n,\nb"), 3, 1, "expected a key, a comma and a value"},
        {S("a;1\nb;2\n"), 1, 1, "expected a key, a comma and a value"},
        {S("a,1\nb,2,3\n"), 2, 1, "this row has not 2 columns, as the first has"},
        {S("a,1,2\r\n\r\nb,2\r\n"), 3, 1, "this row has not 3 columns, as the first has"},
        {S("a,1\nb,\"2\n3\n"), 2, 3, "this cell has no closing quote"},
        {S("a,\"1\"\""), 1, 3, "this cell has no closing quote"},
        {S("a,1\rb,x\"y\r"), 2, 4,
         "a quote within a cell: put the cell in quotes, and write it twice"},
        {S("a, \"1\"\n"), 1, 4,
         "a quote within a cell: put the cell in quotes, and write it twice"},
        {S("a,\"1\" \n"), 1, 6, "expected ',' or a line end behind the closing quote"},
        {S("a,1\nb,2\na,3\n"), 3, 1, "this key stands in line 1 already"},
        {S("a,1\n\n\"b\",\"2\n\"\nc,3\nb,4\na,5\n"), 6, 1, "this key stands in line 3 already"},
        {S("a,1\na,2\na,3\n"), 2, 1, "this key stands in line 1 already"},
        {S("\"a\"\"\",1\n\"a\"\"\",2\n"), 2, 1, "this key stands in line 1 already"},
        {S("\xff\xfe"
           "a\0,\0"),
         1, 1, "the table is UTF-16; save it as UTF-8"},
        {S("\xfe\xff\0a\0,"), 1, 1, "the table is UTF-16; save it as UTF-8"},
        {S("a,1\nb\0,2\n"), 2, 2, "a NUL byte in a table"},
    };
    struct page page;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(&page.table, 0, sizeof page.table);
        assert_int_equal(compile(&page, cases[i].text), HL7_BAD_TEMPLATE);
        assert_string_equal(page.diagnostic.text, cases[i].why);
        assert_int_equal(page.diagnostic.line, cases[i].line);
        assert_int_equal(page.diagnostic.column, cases[i].column);
        assert_int_equal(page.arena.used, 0);
        assert_null(page.table.cells);
    }
}

static void a_table_has_a_hundred_columns_at_most(void **state)
{
    char text[2 * TABLE_MAX_COLUMNS + 1];
    struct page page;

    (void)state;
    memset(text, ',', sizeof text);
    assert_int_equal(compile(&page, (hl7_slice){text, TABLE_MAX_COLUMNS - 1}), HL7_OK);
    assert_int_equal(page.table.columns, TABLE_MAX_COLUMNS);
    assert_int_equal(compile(&page, (hl7_slice){text, TABLE_MAX_COLUMNS}), HL7_BAD_TEMPLATE);
    assert_string_equal(page.diagnostic.text, "a table has 100 columns at most");
}

static void too_large_a_table_is_refused_unread(void **state)
{
    struct page page;

    (void)state;
    assert_int_equal(compile(&page, (hl7_slice){"", TABLE_MAX_BYTES + 1}), HL7_TOO_LARGE);
}

static void an_arena_that_is_too_small_is_an_error(void **state)
{
    hl7_slice text = HL7_TEXT("a,\"1\"\"2\"\nb,\"\"\"\"\n");
    struct page page;

    (void)state;
    assert_int_equal(compile(&page, text), HL7_OK);
    size_t needed = page.arena.used;
    for (size_t size = 0; size < needed; size++) {
        hl7_arena_init(&page.arena, page.memory, size);
        assert_int_equal(table_compile(text, &page.arena, &page.table, &page.diagnostic),
                         HL7_NO_MEMORY);
        assert_int_equal(page.arena.used, 0);
    }
}

/* Random tables are written with encode_csv and must give back every cell. */
static void what_is_written_as_csv_is_found_again(void **state)
{
    struct random_state random;
    struct page page;

    (void)state;
    random_init(&random, 21);
    for (int round = 0; round < 300; round++) {
        char memory[16384];
        char values[100][8];
        size_t lens[100];
        struct hl7_buffer buffer;
        size_t rows = 1 + random_below(&random, 100);
        hl7_buffer_init(&buffer, memory, sizeof memory);
        for (size_t i = 0; i < rows; i++) {
            char key[16];
            /* 61 and 100 have no common divisor: every number once, in no order. */
            (void)snprintf(key, sizeof key, "k%zu\"", i * 61 % 100);
            lens[i] = random_below(&random, sizeof values[i]);
            random_fill_from(&random, values[i], lens[i], HL7_TEXT("ab \",;\r\n\xc3\xbc"));
            encode_csv(hl7_slice_of(key), &buffer);
            hl7_buffer_add_byte(&buffer, ',');
            encode_csv((hl7_slice){values[i], lens[i]}, &buffer);
            hl7_buffer_add(&buffer, HL7_TEXT("\r\n"));
        }
        assert_false(buffer.full);
        assert_int_equal(compile(&page, hl7_buffer_slice(&buffer)), HL7_OK);
        assert_int_equal(page.table.rows, rows);
        for (size_t i = 0; i < rows; i++) {
            char key[16];
            (void)snprintf(key, sizeof key, "k%zu\"", i * 61 % 100);
            hl7_slice found = table_find(&page.table, hl7_slice_of(key), 2);
            assert_non_null(found.ptr);
            assert_slices(found, ((hl7_slice){values[i], lens[i]}));
        }
        assert_null(table_find(&page.table, HL7_TEXT("k100\""), 2).ptr);
    }
}

static void every_beginning_of_a_table_ends_at_an_unreadable_page(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "a,\"1\"\"\r\n\",x\r\n\"b\",,\"\"\n\nc,3,y\r";
    struct page page;

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        char *copy = edge_copy(text, len);
        enum hl7_code code = compile(&page, (hl7_slice){copy, len});
        assert_true(code == HL7_OK || code == HL7_BAD_TEMPLATE);
        if (code == HL7_OK) {
            assert_non_null(table_find(&page.table, HL7_TEXT("a"), 2).ptr);
        }
        edge_free(copy, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_gives_the_cells_of_its_row),
        cmocka_unit_test(the_forms_of_csv_are_read),
        cmocka_unit_test(blanks_and_empty_cells_belong_to_the_table),
        cmocka_unit_test(a_bad_table_is_named_with_line_and_column),
        cmocka_unit_test(a_table_has_a_hundred_columns_at_most),
        cmocka_unit_test(too_large_a_table_is_refused_unread),
        cmocka_unit_test(an_arena_that_is_too_small_is_an_error),
        cmocka_unit_test(what_is_written_as_csv_is_found_again),
        cmocka_unit_test(every_beginning_of_a_table_ends_at_an_unreadable_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
