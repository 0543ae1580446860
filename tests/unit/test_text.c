/* SPDX-License-Identifier: Apache-2.0
 *
 * Text for people: nothing in it drives a terminal, widths are right, character sets are read. */
#include "support.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "text.h"

/* A slice in a table. */
#define S(literal)                                                                                 \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

#define UNKNOWN "\xef\xbf\xbd"

static hl7_slice safe(hl7_slice text, bool keep_lines, char *memory, size_t size)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, size);
    text_safe(text, keep_lines, &buffer);
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

static void what_could_drive_a_terminal_is_written_out(void **state)
{
    static const struct {
        hl7_slice text;
        const char *shown;
    } cases[] = {
        {S("plain text"), "plain text"},
        {S(""), ""},
        {S("C:\\temp\\x"), "C:\\temp\\x"},
        {S("a\nb\rc\td"), "a\\nb\\rc\\td"},
        {S("\x1b[31m\0\x07"), "\\x1b[31m\\x00\\x07"},
        {S("\x7f"), "\\x7f"},
        {S("\xc2\x9b[2J"), "\\u009b[2J"},
        {S("\xf3\xa0\x81\x81"), "\\u{e0041}"},
        {S("M\xc3\xbcller"), "M\xc3\xbcller"},
        {S("caf\xe9"), "caf" UNKNOWN},
        {S("\xc3"), UNKNOWN},
    };
    char memory[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_slice(safe(cases[i].text, false, memory, sizeof memory), cases[i].shown);
    }
}

static void a_mark_that_turns_the_writing_direction_is_written_out(void **state)
{
    /* Not a literal: this source must not turn around either. */
    static const char text[] = {'a', '\xe2', '\x80', '\xae', 'b'};
    char memory[64];

    (void)state;
    assert_slice(safe((hl7_slice){text, sizeof text}, false, memory, sizeof memory), "a\\u202eb");
}

static void lines_are_kept_on_request(void **state)
{
    char memory[200];

    (void)state;
    assert_slice(safe(HL7_TEXT("a\nb\rc\x1b"), true, memory, sizeof memory), "a\nb\\rc\\x1b");
}

static void safe_text_is_bounded_valid_and_harmless(void **state)
{
    struct random_state random;
    char text[64];
    char memory[sizeof text * TEXT_SAFE_GROWTH];

    (void)state;
    random_init(&random, 7);
    for (int round = 0; round < 2000; round++) {
        size_t len = random_below(&random, sizeof text + 1);
        hl7_slice shown;

        random_fill(&random, text, len);
        shown = safe((hl7_slice){text, len}, false, memory, len * TEXT_SAFE_GROWTH);
        while (shown.len > 0) {
            uint32_t c = 0;
            size_t step = text_utf8_char(shown, &c);

            assert_true(step > 0 && c >= 0x20 && (c < 0x7f || c > 0x9f));
            shown = hl7_slice_part(shown, step, shown.len);
        }
    }
}

static void a_file_gets_the_same_safe_text(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    (void)state;
    assert_non_null(file);
    text_write_safe(file,
                    HL7_TEXT("a\x1b"
                             "b\xff"),
                    false);
    assert_int_equal(fclose(file), 0);
    assert_slices(((hl7_slice){text, len}), HL7_TEXT("a\\x1b"
                                                     "b" UNKNOWN));
    free(text);
}

static void utf8_is_read_strictly(void **state)
{
    static const struct {
        hl7_slice text;
        size_t len;
        uint32_t c;
    } cases[] = {
        {S("A"), 1, 'A'},
        {S("\0"), 1, 0},
        {S("\xc2\x80"), 2, 0x80},
        {S("\xe0\xa0\x80"), 3, 0x800},
        {S("\xf4\x8f\xbf\xbf"), 4, 0x10ffff},
        {S(""), 0, 0},
        {S("\x80"), 0, 0},             /* no lead byte */
        {S("\xc1\x81"), 0, 0},         /* longer than needed */
        {S("\xe0\x80\x80"), 0, 0},     /* longer than needed */
        {S("\xf0\x80\x80\x80"), 0, 0}, /* longer than needed */
        {S("\xed\xa0\x80"), 0, 0},     /* half of a UTF-16 pair */
        {S("\xf4\x90\x80\x80"), 0, 0}, /* beyond Unicode */
        {S("\xf8\x88\x80\x80\x80"), 0, 0},
        {S("\xe2\x82"), 0, 0}, /* cut off */
        {S("\xe2(\xa1"), 0, 0},
        {S("\xe2\x82("), 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *edge = edge_copy(cases[i].text.ptr, cases[i].text.len);
        uint32_t c = 0;

        assert_int_equal(text_utf8_char((hl7_slice){edge, cases[i].text.len}, &c), cases[i].len);
        assert_int_equal(c, cases[i].c);
        edge_free(edge, cases[i].text.len);
    }
}

static void widths_count_columns_not_bytes(void **state)
{
    hl7_slice text = HL7_TEXT("a\xc3\xbc\xe6\xbc\xa2z");

    (void)state;
    assert_int_equal(text_columns(text), 5);
    assert_int_equal(text_columns(HL7_TEXT("\xff\xff")), 2);
    assert_int_equal(text_front(text, 0).len, 0);
    assert_int_equal(text_front(text, 2).len, 3);
    assert_int_equal(text_front(text, 3).len, 3);
    assert_int_equal(text_front(text, 4).len, 6);
    assert_int_equal(text_front(text, 99).len, text.len);
}

static void wrapped_lines_fit_and_are_indented(void **state)
{
    static const struct {
        const char *text;
        size_t at;
        const char *wrapped;
    } cases[] = {
        {"", 0, "\n"},
        {"one two three four", 0, "one two\n  three\n  four\n"},
        {"one two", 6, "one\n  two\n"},
        {"averyveryverylongword x", 0, "averyveryverylongword\n  x\n"},
        {"one\ntwo", 0, "one\n  two\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *file = open_memstream(&text, &len);

        assert_non_null(file);
        text_wrap(file, cases[i].text, cases[i].at, 2, 10);
        assert_int_equal(fclose(file), 0);
        assert_string_equal(text, cases[i].wrapped);
        free(text);
    }
}

/* ---- Character sets ------------------------------------------------------------------------- */

/* rule 29 */
static void character_sets_become_utf8(void **state)
{
    static const struct {
        const char *charset;
        hl7_slice bytes;
        const char *text;
    } cases[] = {
        {"UTF-8", S("M\xc3\xbcller"), "M\xc3\xbcller"},
        {"UTF-8", S("M\xfcller"), "M" UNKNOWN "ller"},
        {"US-ASCII", S("M\xc3\xbcller"), "M\xc3\xbcller"},
        {"ISO-8859-1", S("M\xfcller"), "M\xc3\xbcller"},
        {"ISO-8859-15", S("\xa4"), "\xe2\x82\xac"},
        {"ISO-8859-7", S("\xe1\xff"), "\xce\xb1" UNKNOWN},
        {"GB18030", S("\xd6\xd0"), "\xe4\xb8\xad"},
        {"GB18030", S("a\xd6"), "a" UNKNOWN},
        {"UTF-7", S("+byI-"), "\xe6\xbc\xa2"},
    };
    struct text_charset charset = TEXT_CHARSET_NONE;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char memory[64];
        struct hl7_buffer buffer;

        hl7_buffer_init(&buffer, memory, cases[i].bytes.len * TEXT_UTF8_GROWTH);
        assert_true(text_charset_named(&charset, cases[i].charset));
        text_utf8(&charset, cases[i].bytes, &buffer);
        assert_false(buffer.full);
        assert_slice(hl7_buffer_slice(&buffer), cases[i].text);
    }
    text_charset_close(&charset);
}

static void text_that_does_not_fit_adds_nothing(void **state)
{
    static const char *const names[] = {"UTF-8", "ISO-8859-1"};
    struct text_charset charset = TEXT_CHARSET_NONE;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char memory[4];
        struct hl7_buffer buffer;

        hl7_buffer_init(&buffer, memory, sizeof memory);
        assert_true(text_charset_named(&charset, names[i]));
        text_utf8(&charset, HL7_TEXT("abc"), &buffer);
        text_utf8(&charset, HL7_TEXT("de"), &buffer);
        assert_true(buffer.full);
        assert_slice(hl7_buffer_slice(&buffer), "abc");
    }
    text_charset_close(&charset);
}

/* rule 29 */
static void a_message_names_its_character_set(void **state)
{
    static const struct {
        const char *msh18;
        const char *fallback;
        const char *name; /* NULL: unknown */
    } cases[] = {
        {"8859/1", NULL, "ISO-8859-1"}, {"UNICODE UTF-8", "ISO-8859-1", "UTF-8"},
        {"", NULL, "US-ASCII"},         {"", "ISO-8859-1", "ISO-8859-1"},
        {"NONSENSE", NULL, NULL},
    };
    struct text_charset charset = TEXT_CHARSET_NONE;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static char memory[4096];
        char bytes[200];
        struct hl7_arena arena;
        struct hl7_message message;

        (void)snprintf(bytes, sizeof bytes, "MSH|^~\\&|LAB|TEST|||2026||ACK|1|P|2.5||||||%s",
                       cases[i].msh18);
        hl7_arena_init(&arena, memory, sizeof memory);
        assert_int_equal(hl7_message_parse(hl7_slice_of(bytes), &arena, &message, NULL), HL7_OK);
        assert_int_equal(text_charset_for(&charset, &message, cases[i].fallback),
                         cases[i].name != NULL);
        if (cases[i].name != NULL) {
            assert_string_equal(charset.name, cases[i].name);
        }
    }
    text_charset_close(&charset);
}

static void character_sets_are_found_by_either_name(void **state)
{
    (void)state;
    assert_string_equal(text_charset_find("8859/1"), "ISO-8859-1");
    assert_string_equal(text_charset_find("KOI8-R"), "KOI8-R");
    assert_null(text_charset_find("NONSENSE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_drive_a_terminal_is_written_out),
        cmocka_unit_test(a_mark_that_turns_the_writing_direction_is_written_out),
        cmocka_unit_test(lines_are_kept_on_request),
        cmocka_unit_test(safe_text_is_bounded_valid_and_harmless),
        cmocka_unit_test(a_file_gets_the_same_safe_text),
        cmocka_unit_test(utf8_is_read_strictly),
        cmocka_unit_test(widths_count_columns_not_bytes),
        cmocka_unit_test(wrapped_lines_fit_and_are_indented),
        cmocka_unit_test(character_sets_become_utf8),
        cmocka_unit_test(text_that_does_not_fit_adds_nothing),
        cmocka_unit_test(a_message_names_its_character_set),
        cmocka_unit_test(character_sets_are_found_by_either_name),
    };

    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
