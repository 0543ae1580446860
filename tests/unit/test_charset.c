/* SPDX-License-Identifier: Apache-2.0
 *
 * Character sets: the names of MSH-18 and the sets they lead to, which iconv must know (rule 29). */
#include "support.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "charset.h"

/* NULL is expected of a name that has no set. */
static void check_name(const char *name, const char *expected)
{
    const char *found = hl7_charset(hl7_slice_of(name));

    if (expected == NULL) {
        assert_null(found);
    } else {
        assert_non_null(found);
        assert_string_equal(found, expected);
    }
}

/* rule 29 */
static void every_name_of_table_0211_has_its_set(void **state)
{
    static const char *const names[][2] = {
        {"ASCII", "US-ASCII"},
        {"8859/1", "ISO-8859-1"},
        {"8859/2", "ISO-8859-2"},
        {"8859/3", "ISO-8859-3"},
        {"8859/4", "ISO-8859-4"},
        {"8859/5", "ISO-8859-5"},
        {"8859/6", "ISO-8859-6"},
        {"8859/7", "ISO-8859-7"},
        {"8859/8", "ISO-8859-8"},
        {"8859/9", "ISO-8859-9"},
        {"8859/15", "ISO-8859-15"},
        {"ISO IR6", "US-ASCII"},
        {"ISO IR14", "SHIFT_JIS"},
        {"ISO IR87", "ISO-2022-JP"},
        {"ISO IR159", "ISO-2022-JP-2"},
        {"GB 18030-2000", "GB18030"},
        {"KS X 1001", "EUC-KR"},
        {"CNS 11643-1992", "EUC-TW"},
        {"BIG-5", "BIG5"},
        {"UNICODE", "UTF-8"},
        {"UNICODE UTF-8", "UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_name(names[i][0], names[i][1]);
    }
}

/* rule 29 */
static void common_misspellings_are_understood(void **state)
{
    static const char *const names[][2] = {
        {"UTF-8", "UTF-8"},
        {"UTF8", "UTF-8"},
        {"utf-8", "UTF-8"},
        {"UNICODE UTF8", "UTF-8"},
        {"Unicode UTF-8", "UTF-8"},
        {"UNICODE_UTF-8", "UTF-8"},
        {"UNICODEUTF8", "UTF-8"},
        {"  UNICODE UTF-8 ", "UTF-8"},
        {"8859-1", "ISO-8859-1"},
        {"ISO-8859-1", "ISO-8859-1"},
        {"ISO8859-1", "ISO-8859-1"},
        {"ISO8859/1", "ISO-8859-1"},
        {"ISO 8859/1", "ISO-8859-1"},
        {"ISO 8859-1", "ISO-8859-1"},
        {"ISO_8859-1", "ISO-8859-1"},
        {"ISO.8859.1", "ISO-8859-1"},
        {"iso-8859-15", "ISO-8859-15"},
        {"LATIN1", "ISO-8859-1"},
        {"Latin-1", "ISO-8859-1"},
        {"US-ASCII", "US-ASCII"},
        {"ISO-IR-6", "US-ASCII"},
        {"ISO_IR 100", "ISO-8859-1"},
        {"ISO_IR 192", "UTF-8"},
        {"ISO-IR-87", "ISO-2022-JP"},
        {"GB18030", "GB18030"},
        {"KS X1001", "EUC-KR"},
        {"BIG5", "BIG5"},
        {"WINDOWS-1252", "WINDOWS-1252"},
        {"cp1250", "WINDOWS-1250"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_name(names[i][0], names[i][1]);
    }
}

/* rule 5 */
static void sets_of_wide_characters_are_refused(void **state)
{
    static const char *const names[] = {"UNICODE UTF-16", "UNICODE UTF-32", "UTF-16",
                                        "UTF-16LE",       "UTF-32",         "UCS-2"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_name(names[i], NULL);
    }
}

static void unknown_names_have_no_set(void **state)
{
    static const char *const names[] = {"\"\"",    "8859", "8859/10",   "8859/11", "8859/0",
                                        "-",       "x",    "UTF-8^x",   "UTF",     "ISO",
                                        "ASCII\t", "/",    "UTF-8\xa0", "UTF~8"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_name(names[i], NULL);
    }
}

/* rule 29 */
static void an_empty_name_is_ascii(void **state)
{
    (void)state;
    check_name("", "US-ASCII");
    check_name("   ", "US-ASCII");
    assert_string_equal(hl7_charset((hl7_slice){NULL, 0}), "US-ASCII");
}

/* Runs the system's iconv program over a few bytes and returns its exit status. A program of its
 * own, since the loader's reading of some conversion modules is not clean under valgrind. */
static int convert(const char *iana, hl7_slice in, char *out, size_t size)
{
    char program[] = "iconv";
    char from[] = "-f";
    char to[] = "-t";
    char utf8[] = "UTF-8";
    char name[32];
    char *const arguments[] = {program, from, name, to, utf8, NULL};
    posix_spawn_file_actions_t actions;
    int input[2];
    int output[2];
    pid_t child;
    int status;

    (void)snprintf(name, sizeof name, "%s", iana);
    assert_int_equal(pipe(input), 0);
    assert_int_equal(pipe(output), 0);
    /* A pipe holds that much before anybody reads. */
    assert_int_equal(write(input[1], in.ptr, in.len), in.len);
    (void)close(input[1]);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO), 0);
    assert_int_equal(posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO), 0);
    assert_int_equal(posix_spawnp(&child, program, &actions, NULL, arguments, environ), 0);
    assert_int_equal(posix_spawn_file_actions_destroy(&actions), 0);
    (void)close(input[0]);
    (void)close(output[1]);
    ssize_t count = read(output[0], out, size - 1);
    assert_true(count >= 0);
    out[count] = '\0';
    (void)close(output[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void iconv_knows_every_set(void **state)
{
    (void)state;
    for (size_t i = 0; i < charset_row_count; i++) {
        char out[8];
        if (convert(charset_rows[i].iana, HL7_TEXT("A"), out, sizeof out) != 0) {
            fail_msg("iconv does not know %s", charset_rows[i].iana);
        }
        assert_string_equal(out, "A");
    }
}

static void the_table_holds_each_name_once_and_bare(void **state)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    (void)state;
    for (size_t i = 0; i < charset_row_count; i++) {
        const char *name = charset_rows[i].name;
        assert_int_equal(strspn(name, letters), strlen(name));
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(name, charset_rows[k].name);
        }
        check_name(name, charset_rows[i].iana);
    }
}

static void the_sets_are_the_right_ones(void **state)
{
    static const struct {
        const char *name;
        const char *text;
        const char *utf8;
    } cases[] = {
        {"8859/1", "M\xfcller", "M\xc3\xbcller"},
        {"8859/15", "\xa4", "\xe2\x82\xac"},
        {"8859/5", "\xb4", "\xd0\x94"},
        {"UNICODE", "\xc3\xbc", "\xc3\xbc"},
        {"ISO IR14", "\xb1\\", "\xef\xbd\xb1\xc2\xa5"},
        {"ISO IR87", "\x1b$B;3\x1b(B", "\xe5\xb1\xb1"},
        {"ISO IR159", "\x1b$(D\"/\x1b(B", "\xcb\x98"},
        {"GB 18030-2000", "\xc9\xbd", "\xe5\xb1\xb1"},
        {"KS X 1001", "\xb1\xe8", "\xea\xb9\x80"},
        {"CNS 11643-1992", "\xc4\xd4", "\xe5\xb1\xb1"},
        {"BIG-5", "\xa4s", "\xe5\xb1\xb1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        const char *iana = hl7_charset(hl7_slice_of(cases[i].name));
        assert_int_equal(convert(iana, hl7_slice_of(cases[i].text), out, sizeof out), 0);
        assert_string_equal(out, cases[i].utf8);
    }
}

/* rule 29 */
static void the_first_repetition_is_the_set_of_a_message(void **state)
{
    static const struct {
        const char *field;
        const char *expected;
    } cases[] = {
        {"", "US-ASCII"},
        {"|UNICODE UTF-8", "UTF-8"},
        {"|UNICODE UTF-8|EN", "UTF-8"},
        {"|8859/1~ISO IR87", "ISO-8859-1"},
        {"|~ISO IR87", "US-ASCII"},
        {"|\"\"", "US-ASCII"},
        {"|8859/1^x", "ISO-8859-1"},
        {"|KLINGON~8859/1", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        char memory[2048];
        struct hl7_arena arena;
        struct hl7_message message;
        (void)snprintf(text, sizeof text, "MSH|^~\\&|||||||ADT^A01|1|P|2.5|||||%s\rPID|1\r",
                       cases[i].field);
        hl7_arena_init(&arena, memory, sizeof memory);
        assert_int_equal(hl7_message_parse(hl7_slice_of(text), &arena, &message, NULL), HL7_OK);
        const char *found = hl7_message_charset(&message);
        if (cases[i].expected == NULL) {
            assert_null(found);
        } else {
            assert_string_equal(found, cases[i].expected);
        }
    }
}

static void every_prefix_of_a_name_is_read_within_its_bounds(void **state)
{
    static const char name[] = " UNICODE UTF-8 -";

    (void)state;
    for (size_t len = 0; len < sizeof name; len++) {
        char *copy = edge_copy(name, len);
        (void)hl7_charset((hl7_slice){copy, len});
        edge_free(copy, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_of_table_0211_has_its_set),
        cmocka_unit_test(common_misspellings_are_understood),
        cmocka_unit_test(sets_of_wide_characters_are_refused),
        cmocka_unit_test(unknown_names_have_no_set),
        cmocka_unit_test(an_empty_name_is_ascii),
        cmocka_unit_test(iconv_knows_every_set),
        cmocka_unit_test(the_table_holds_each_name_once_and_bare),
        cmocka_unit_test(the_sets_are_the_right_ones),
        cmocka_unit_test(the_first_repetition_is_the_set_of_a_message),
        cmocka_unit_test(every_prefix_of_a_name_is_read_within_its_bounds),
    };

    return cmocka_run_group_tests_name("charset", tests, NULL, NULL);
}
