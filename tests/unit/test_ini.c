/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of INI files, cut into sections and keys: where each begins, what of a line is a value, what
 * a comment. */
#include "support.h"

#include <stdio.h>

#include "base/ini.h"

/* All items of a text, one a line: "[1:1 listener orders]", "2:3 key <piece> <piece>", "!3:1 why". */
static void dump(hl7_slice text, char *into, size_t size)
{
    FILE *file = fmemopen(into, size, "w");
    struct ini ini;
    struct ini_item item;

    assert_non_null(file);
    fprintf(file, " ");
    ini_init(&ini, text);
    while (ini_next(&ini, &item)) {
        size_t line = 0;
        size_t column = 0;
        hl7_slice source;
        hl7_slice piece;

        ini_locate(text, item.position, &line, &column, &source);
        assert_int_equal(line, item.line);
        switch (item.kind) {
        case INI_SECTION:
            fprintf(file, "[%zu:%zu %.*s %.*s%s%.*s]", line, column, (int)item.words[0].len,
                    item.words[0].ptr, (int)item.words[1].len, item.words[1].ptr,
                    item.more.len > 0 ? " + " : "", (int)item.more.len, item.more.ptr);
            break;
        case INI_KEY:
            fprintf(file, "%zu:%zu %.*s", line, column, (int)item.key.len, item.key.ptr);
            while (ini_piece_next(&item.value, &piece)) {
                fprintf(file, " <%.*s>", (int)piece.len, piece.ptr);
            }
            break;
        case INI_WRONG:
            fprintf(file, "!%zu:%zu %s", line, column, item.wrong);
            break;
        }
        fputc('\n', file);
    }
    assert_int_equal(fclose(file), 0);
}

static void each_line_is_what_it_looks_like(void **state)
{
    static const struct {
        const char *text;
        const char *items;
    } cases[] = {
        {"", ""},
        {"\n\n  \t\n", ""},
        {"; a\n# b\n  ; c\n", ""},
        {"[orderly]\n", "[1:1 orderly ]\n"},
        {"[listener orders]", "[1:1 listener orders]\n"},
        {"  [ listener\torders ]  ; why\n", "[1:3 listener orders]\n"},
        {"[a b c d]\n", "[1:1 a b + c d]\n"},
        {"[]\n", "[1:1  ]\n"},
        {"key=value\n", "1:1 key <value>\n"},
        {"  key  =  two words  \r\n", "1:3 key <two words>\n"},
        {"key =\n", "1:1 key <>\n"},
        {"key = ; nothing\n", "1:1 key <>\n"},
        {"key = a=b\n", "1:1 key <a=b>\n"},
        {"key = a ; b\n", "1:1 key <a>\n"},
        {"key = a;b\n", "1:1 key <a;b>\n"},
        {"key = a\t; b\n", "1:1 key <a>\n"},
        {"key = 'a ; b' ; c\n", "1:1 key <'a ; b'>\n"},
        {"key = \"a ; b\"\n", "1:1 key <\"a ; b\">\n"},
        {"key = \"it's ; so\" ; c\n", "1:1 key <\"it's ; so\">\n"},
        {"key = the peer's ; c\n", "1:1 key <the peer's>\n"},
        {"key = 'it''s ; so' ; c\n", "1:1 key <'it''s ; so'>\n"},
        {"key = a # b\n", "1:1 key <a # b>\n"},
        {"key = a \\\n  b\nother = c\n", "1:1 key <a> <b>\n3:1 other <c>\n"},
        {"key = a \\ \r\n  b ; c\r\n", "1:1 key <a> <b>\n"},
        {"key = a \\ ; x\n  b \\\n\nother = c\n", "1:1 key <a> <b>\n4:1 other <c>\n"},
        {"key = a ; b \\\nother = c\n", "1:1 key <a>\n2:1 other <c>\n"},
        {"key = a \\", "1:1 key <a>\n"},
        {"key = C:\\path\n", "1:1 key <C:\\path>\n"},
        {"key = 'a\\'\n", "1:1 key <'a\\'>\n"},
        {"[s]\n    a = 1\n    b = 2\n", "[1:1 s ]\n2:5 a <1>\n3:5 b <2>\n"},
        {"\xef\xbb\xbfkey = 1\n", "1:4 key <1>\n"},
        {"key = M\xc3\xbcller\n", "1:1 key <M\xc3\xbcller>\n"},
        {"two words = 1\n", "1:1 two words <1>\n"},
    };
    char items[600];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dump(hl7_slice_of(cases[i].text), items, sizeof items);
        assert_string_equal(items + 1, cases[i].items);
    }
}

static void each_mistake_has_its_place_and_reading_goes_on(void **state)
{
    static const struct {
        const char *text;
        const char *items;
    } cases[] = {
        {"[listener x\nkey = 1\n", "!1:12 the ']' of this section is missing\n2:1 key <1>\n"},
        {"[a b] key = 1\n",
         "!1:7 nothing but a comment may stand behind a section; begin a new line\n"},
        {"  junk\n", "!1:3 there is no '=' in this line; write KEY = VALUE, or ';' before a "
                     "comment\n"},
        {"key: 1\n", "!1:1 there is no '=' in this line; write '=' between a key and its value\n"},
        {"= 1\n", "!1:1 there is no key before the '='\n"},
        {"key = a\x01z\nb = 2\n",
         "!1:8 this byte is no text; the file has to be UTF-8, without control characters\n2:1 b <2>\n"},
        {"; \xfc\n", "!1:3 this byte is no text; the file has to be UTF-8, without control "
                     "characters\n"},
        {"k = a\rb\n", "!1:6 this byte is no text; the file has to be UTF-8, without control "
                       "characters\n"},
        {"k = a \\\n b\x7f\n",
         "1:1 k <a>\n"
         "!2:3 this byte is no text; the file has to be UTF-8, without control characters\n"},
    };
    char items[600];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dump(hl7_slice_of(cases[i].text), items, sizeof items);
        assert_string_equal(items + 1, cases[i].items);
    }
}

static void a_hash_that_may_be_meant_as_a_comment_is_found(void **state)
{
    static const struct {
        const char *piece;
        size_t offset;
    } cases[] = {{"a # b", 2},       {"a #b", 2},     {"a#b", HL7_NONE}, {"'a # b'", HL7_NONE},
                 {"#abc", HL7_NONE}, {"", HL7_NONE},  {"a", HL7_NONE},   {"a 'x' # b", 6},
                 {"a\t#", 2},        {"it's # so", 5}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ini_hash(hl7_slice_of(cases[i].piece)), cases[i].offset);
    }
}

static void a_place_is_line_column_and_the_whole_line(void **state)
{
    static const struct {
        size_t position;
        size_t line;
        size_t column;
        const char *source;
    } cases[] = {{0, 1, 1, "ab"},  {1, 1, 2, "ab"},  {2, 1, 3, "ab"}, {4, 2, 1, ""},
                 {5, 3, 1, "cde"}, {7, 3, 3, "cde"}, {8, 3, 4, "cde"}};
    size_t line = 0;
    size_t column = 0;
    hl7_slice source;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ini_locate(HL7_TEXT("ab\r\n\ncde"), cases[i].position, &line, &column, &source);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(column, cases[i].column);
        assert_slice(source, cases[i].source);
    }
}

/* Everything an item yields lies in the text, and items come in its order. */
static void check_items(hl7_slice text)
{
    struct ini ini;
    struct ini_item item;
    size_t before = 0;
    size_t count = 0;

    ini_init(&ini, text);
    while (ini_next(&ini, &item)) {
        hl7_slice piece;
        size_t len = 0;

        assert_true(item.position >= before && item.position <= text.len);
        before = item.position;
        count++;
        while (item.kind == INI_KEY && ini_piece_next(&item.value, &piece)) {
            assert_true(piece.len == 0 ||
                        (piece.ptr > text.ptr && piece.ptr + piece.len <= text.ptr + text.len));
            len += piece.len;
        }
        assert_true(len <= text.len);
    }
    assert_true(count <= text.len);
}

static void no_text_is_read_beyond_its_end(void **state)
{
    static const char sample[] = "; c\r\n[listener a] ; x\nwhen = 'a;' \\\n and \"b\" ; d\n"
                                 "\xef\xbb\xbf[x\nkey\\\nM\xc3\xbcller = \\\n";

    (void)state;
    for (size_t len = 1; len < sizeof sample; len++) {
        char *copy = edge_copy(sample, len);
        check_items((hl7_slice){copy, len});
        edge_free(copy, len);
    }
}

static void any_text_is_cut_into_pieces_of_itself(void **state)
{
    char text[60];
    struct random_state random;

    (void)state;
    random_init(&random, 4);
    for (int i = 0; i < 50000; i++) {
        size_t len = 1 + random_below(&random, sizeof text - 1);
        random_fill_from(&random, text, len, HL7_TEXT("ab= \t;#'\"[]\\\r\n\n\xc3\xa4\x01"));
        check_items((hl7_slice){text, len});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_is_what_it_looks_like),
        cmocka_unit_test(each_mistake_has_its_place_and_reading_goes_on),
        cmocka_unit_test(a_hash_that_may_be_meant_as_a_comment_is_found),
        cmocka_unit_test(a_place_is_line_column_and_the_whole_line),
        cmocka_unit_test(no_text_is_read_beyond_its_end),
        cmocka_unit_test(any_text_is_cut_into_pieces_of_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
