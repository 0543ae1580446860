/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON writer: commas, escapes, and that misuse is caught. */
#include "support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "json.h"

/* A slice in a table. */
#define S(literal)                                                                                 \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

struct page {
    char memory[512];
    struct hl7_buffer buffer;
    struct json json;
};

static struct json *begin(struct page *page)
{
    hl7_buffer_init(&page->buffer, page->memory, sizeof page->memory);
    json_to_buffer(&page->json, &page->buffer);
    return &page->json;
}

static void commas_and_colons_come_by_themselves(void **state)
{
    struct page page;
    struct json *json = begin(&page);

    (void)state;
    json_open_object(json);
    json_key(json, "a");
    json_open_array(json);
    json_number(json, 1);
    json_text_of(json, "two");
    json_open_array(json);
    json_end(json);
    json_open_object(json);
    json_end(json);
    json_end(json);
    json_key(json, "b");
    json_bool(json, false);
    json_key(json, "c");
    json_nothing(json);
    json_end(json);
    assert_slice(hl7_buffer_slice(&page.buffer),
                 "{\"a\":[1,\"two\",[],{}],\"b\":false,\"c\":null}");
}

static void each_line_is_a_value_of_its_own(void **state)
{
    struct page page;
    struct json *json = begin(&page);

    (void)state;
    json_open_object(json);
    json_end(json);
    json_line(json);
    json_bool(json, true);
    json_line(json);
    json_open_array(json);
    json_number(json, 3);
    json_end(json);
    json_line(json);
    assert_slice(hl7_buffer_slice(&page.buffer), "{}\ntrue\n[3]\n");
}

static void numbers_are_written_whole(void **state)
{
    struct page page;
    struct json *json = begin(&page);

    (void)state;
    json_open_array(json);
    json_number(json, UINT64_MAX);
    json_signed(json, INT64_MIN);
    json_thousandths(json, 12034);
    json_thousandths(json, 7);
    json_end(json);
    assert_slice(hl7_buffer_slice(&page.buffer),
                 "[18446744073709551615,-9223372036854775808,12.034,0.007]");
}

static void text_is_escaped_where_json_or_a_terminal_wants_it(void **state)
{
    static const struct {
        hl7_slice text;
        const char *written;
    } cases[] = {
        {S(""), "\"\""},
        {{NULL, 0}, "null"},
        {S("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
        {S("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
        {S("\0\x1b\x7f"), "\"\\u0000\\u001b\\u007f\""},
        {S("M\xc3\xbcller \xe6\xbc\xa2 \xf0\x9f\x98\x80"),
         "\"M\xc3\xbcller \xe6\xbc\xa2 \xf0\x9f\x98\x80\""},
        {S("\xc2\x9b[2J\xe2\x80\xa8"), "\"\\u009b[2J\\u2028\""},
        {{"\xff"
          "a\xc3",
          3},
         "\"\xef\xbf\xbd"
         "a\xef\xbf\xbd\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct page page;

        json_text(begin(&page), cases[i].text);
        assert_slice(hl7_buffer_slice(&page.buffer), cases[i].written);
    }
}

static void keys_are_escaped_too(void **state)
{
    struct page page;
    struct json *json = begin(&page);

    (void)state;
    json_open_object(json);
    json_key(json, "a\"b");
    json_number(json, 1);
    json_end(json);
    assert_slice(hl7_buffer_slice(&page.buffer), "{\"a\\\"b\":1}");
}

static void a_full_buffer_says_so(void **state)
{
    char memory[4];
    struct hl7_buffer buffer;
    struct json json;

    (void)state;
    hl7_buffer_init(&buffer, memory, sizeof memory);
    json_to_buffer(&json, &buffer);
    json_text_of(&json, "longer");
    assert_true(buffer.full);
}

static void a_file_gets_the_same(void **state)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    struct json json;

    (void)state;
    assert_non_null(file);
    json_to_file(&json, file);
    json_open_array(&json);
    json_text_of(&json, "x");
    json_end(&json);
    json_line(&json);
    assert_int_equal(fclose(file), 0);
    assert_slices(((hl7_slice){text, len}), HL7_TEXT("[\"x\"]\n"));
    free(text);
}

/* ---- Misuse --------------------------------------------------------------------------------- */

static void value_without_key(struct json *json)
{
    json_open_object(json);
    json_number(json, 1);
}

static void key_in_an_array(struct json *json)
{
    json_open_array(json);
    json_key(json, "a");
}

static void key_after_a_key(struct json *json)
{
    json_open_object(json);
    json_key(json, "a");
    json_key(json, "b");
}

static void end_too_many(struct json *json)
{
    json_open_array(json);
    json_end(json);
    json_end(json);
}

static void end_after_a_key(struct json *json)
{
    json_open_object(json);
    json_key(json, "a");
    json_end(json);
}

static void two_values(struct json *json)
{
    json_nothing(json);
    json_nothing(json);
}

static void line_inside(struct json *json)
{
    json_open_array(json);
    json_line(json);
}

static void too_deep(struct json *json)
{
    for (int i = 0; i <= JSON_DEPTH_MAX; i++) {
        json_open_array(json);
    }
}

/* True when a child that does this dies of an assertion. */
static bool is_caught(void (*misuse)(struct json *json))
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        const struct rlimit none = {0, 0};
        struct page page;

        (void)setrlimit(RLIMIT_CORE, &none);
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        misuse(begin(&page));
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void misuse_is_caught(void **state)
{
    void (*const cases[])(struct json * json) = {
        value_without_key, key_in_an_array, key_after_a_key, end_too_many,
        end_after_a_key,   two_values,      line_inside,     too_deep};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(is_caught(cases[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_colons_come_by_themselves),
        cmocka_unit_test(each_line_is_a_value_of_its_own),
        cmocka_unit_test(numbers_are_written_whole),
        cmocka_unit_test(text_is_escaped_where_json_or_a_terminal_wants_it),
        cmocka_unit_test(keys_are_escaped_too),
        cmocka_unit_test(a_full_buffer_says_so),
        cmocka_unit_test(a_file_gets_the_same),
        cmocka_unit_test(misuse_is_caught),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
