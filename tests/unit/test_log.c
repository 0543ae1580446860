/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines on standard error: one event, one line, nothing in it that drives a terminal. */
#include "support.h"

#include "log.h"
#include "verb.h"

#include <stdio.h>
#include <sys/stat.h>

/* Runs a function with standard error going into a pipe; what it wrote. */
static hl7_slice written_by(void (*write_lines)(void), char *memory, size_t size)
{
    int ends[2];
    int before = dup(STDERR_FILENO);
    ssize_t got;

    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    write_lines();
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    got = read(ends[0], memory, size);
    (void)close(ends[0]);
    (void)close(before);
    assert_true(got >= 0);
    return (hl7_slice){memory, (size_t)got};
}

static void each_level(void)
{
    log_info("ready", "port=%d", 2575);
    log_warning("odd", "byte=%d", 3);
    log_error("not-stored", "file=%s", "a");
    log_fatal("port-taken", "port=%d", 2575);
}

static void a_line_has_level_event_and_text(void **state)
{
    char memory[1000];

    (void)state;
    assert_slice(written_by(each_level, memory, sizeof memory),
                 "orderly: info: ready: port=2575\n"
                 "orderly: warning: odd: byte=3\n"
                 "orderly: error: not-stored: file=a\n"
                 "orderly: fatal: port-taken: port=2575\n");
}

static void hostile_text(void)
{
    log_warning("odd", "%s", "a\nb\x1b[31m");
}

static void text_cannot_begin_a_line_or_drive_a_terminal(void **state)
{
    char memory[200];

    (void)state;
    assert_slice(written_by(hostile_text, memory, sizeof memory),
                 "orderly: warning: odd: a\\nb\\x1b[31m\n");
}

static void long_text(void)
{
    char text[5000];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_warning("odd", "%s", text);
}

static void a_long_line_is_cut(void **state)
{
    char memory[8000];
    hl7_slice line = written_by(long_text, memory, sizeof memory);

    (void)state;
    assert_in_range(line.len, 1000, 1100);
    assert_int_equal(line.ptr[line.len - 1], '\n');
}

static const struct verb verb = {.name = "try"};

static void complaints(void)
{
    assert_int_equal(verb_failed(&verb, "cannot open %s", "a"), VERB_FAILED);
    assert_int_equal(verb_misuse(&verb, "too many"), VERB_MISUSE);
}

static void complaints_name_the_verb_and_misuse_its_help(void **state)
{
    char memory[200];

    (void)state;
    assert_slice(written_by(complaints, memory, sizeof memory), "orderly try: cannot open a\n"
                                                                "orderly try: too many\n"
                                                                "see 'orderly try --help'\n");
}

static void the_worse_status_wins(void **state)
{
    (void)state;
    assert_int_equal(verb_worst(VERB_NO, VERB_FAILED), VERB_FAILED);
    assert_int_equal(verb_worst(VERB_NO, VERB_DONE), VERB_NO);
}

static void a_flood(void)
{
    struct log_limit limit = {.lines = 0};

    for (int i = 0; i < 25; i++) {
        if (log_may(&limit, "odd", 1000)) {
            log_warning("odd", "n=%d", i);
        }
    }
    assert_true(log_may(&limit, "odd", 2999));
    assert_true(log_may(&limit, "odd", 3000));
}

static void a_flood_becomes_ten_lines_and_a_count(void **state)
{
    char memory[2000];

    (void)state;
    assert_slice(written_by(a_flood, memory, sizeof memory),
                 "orderly: warning: odd: n=0\n"
                 "orderly: warning: odd: n=1\n"
                 "orderly: warning: odd: n=2\n"
                 "orderly: warning: odd: n=3\n"
                 "orderly: warning: odd: n=4\n"
                 "orderly: warning: odd: n=5\n"
                 "orderly: warning: odd: n=6\n"
                 "orderly: warning: odd: n=7\n"
                 "orderly: warning: odd: n=8\n"
                 "orderly: warning: odd: n=9\n"
                 "orderly: warning: odd: 15 more in a second\n");
}

/* ---- After log_open() ----------------------------------------------------------------------- */

/* As if log_open() had never been called is not to be had again: these come last. */

static void open_text(void)
{
    log_open(LOG_AS_TEXT, LOG_LEVEL_WARNING);
    each_level();
}

/* Whether the text has the form: '9' stands for a digit, '+' for a sign. */
static bool has_form(hl7_slice text, const char *form)
{
    for (size_t i = 0; form[i] != '\0'; i++) {
        char c = i < text.len ? text.ptr[i] : '\0';
        bool fits = form[i] == '9'   ? c >= '0' && c <= '9'
                    : form[i] == '+' ? c == '+' || c == '-'
                                     : c == form[i];

        if (!fits) {
            return false;
        }
    }
    return true;
}

#define TIME_FORM "9999-99-99T99:99:99.999999+99:99"

static void an_opened_log_has_times_and_leaves_out_what_is_below_its_level(void **state)
{
    char memory[1000];
    hl7_slice text = written_by(open_text, memory, sizeof memory);
    const char *const rest[] = {" orderly: warning: odd: byte=3\n",
                                " orderly: error: not-stored: file=a\n",
                                " orderly: fatal: port-taken: port=2575\n"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_true(has_form(text, TIME_FORM));
        text = hl7_slice_part(text, strlen(TIME_FORM), text.len);
        assert_true(hl7_slice_starts(text, hl7_slice_of(rest[i])));
        text = hl7_slice_part(text, strlen(rest[i]), text.len);
    }
    assert_int_equal(text.len, 0);
}

static void json_lines(void)
{
    log_open(LOG_AS_JSON, LOG_LEVEL_INFO);
    log_info("retry", "%s",
             "lane=a/b/0 message=12 level=x lane=again reason=\"no \xc3\xa4 way\" refused: x=1");
    log_info("ready", "3 listeners, port=2");
    log_info("odd", "a=\"open b=\x1b\xff\n");
    log_info("odd", "empty= b=");
}

static void json_has_the_pairs_at_the_front_as_members(void **state)
{
    static const char *const lines[] = {
        ("\"info\",\"event\":\"retry\",\"lane\":\"a/b/0\",\"message\":\"12\",\"reason\":\"no \xc3\xa4 way\","
         "\"text\":\"lane=a/b/0 message=12 level=x lane=again reason=\\\"no \xc3\xa4 way\\\" refused: "
         "x=1\"}\n"),
        "\"info\",\"event\":\"ready\",\"text\":\"3 listeners, port=2\"}\n",
        ("\"info\",\"event\":\"odd\",\"a\":\"open b=\\u001b\xef\xbf\xbd\\n\","
         "\"text\":\"a=\\\"open b=\\u001b\xef\xbf\xbd\\n\"}\n"),
        "\"info\",\"event\":\"odd\",\"empty\":\"\",\"b\":\"\",\"text\":\"empty= b=\"}\n"};
    static const char head[] = "{\"time\":\"" TIME_FORM "\",\"level\":";
    char memory[2000];
    hl7_slice text = written_by(json_lines, memory, sizeof memory);

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_true(has_form(text, head));
        text = hl7_slice_part(text, sizeof head - 1, text.len);
        assert_slice(hl7_slice_part(text, 0, strlen(lines[i])), lines[i]);
        text = hl7_slice_part(text, strlen(lines[i]), text.len);
    }
    assert_int_equal(text.len, 0);
}

static void long_json(void)
{
    char text[5000];

    memset(text, 1, sizeof text - 1);
    memcpy(text, "a=", 2);
    text[sizeof text - 1] = '\0';
    log_open(LOG_AS_JSON, LOG_LEVEL_INFO);
    log_info("odd", "%s", text);
}

static void the_longest_json_line_is_whole(void **state)
{
    char memory[20000];
    hl7_slice line = written_by(long_json, memory, sizeof memory);

    (void)state;
    assert_in_range(line.len, 12 * 1000, 12 * 1024 + 512);
    assert_memory_equal(line.ptr + line.len - 3, "\"}\n", 3);
}

/* JOURNAL_STREAM names standard error as it is at that moment, or another stream. */
static void name_journal(long long more)
{
    struct stat file;
    char text[64];

    assert_int_equal(fstat(STDERR_FILENO, &file), 0);
    (void)snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)file.st_dev,
                   (unsigned long long)file.st_ino + (unsigned long long)more);
    assert_int_equal(setenv("JOURNAL_STREAM", text, 1), 0);
    log_open(LOG_AS_TEXT, LOG_LEVEL_INFO);
    each_level();
}

static void to_the_journal(void)
{
    name_journal(0);
}

static void beside_the_journal(void)
{
    name_journal(1);
}

static void the_journal_gets_priorities_and_no_times(void **state)
{
    char memory[1000];

    (void)state;
    assert_slice(written_by(to_the_journal, memory, sizeof memory),
                 "<6>orderly: info: ready: port=2575\n"
                 "<4>orderly: warning: odd: byte=3\n"
                 "<3>orderly: error: not-stored: file=a\n"
                 "<2>orderly: fatal: port-taken: port=2575\n");
    assert_true(has_form(written_by(beside_the_journal, memory, sizeof memory), TIME_FORM));
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_becomes_ten_lines_and_a_count),
        cmocka_unit_test(a_line_has_level_event_and_text),
        cmocka_unit_test(text_cannot_begin_a_line_or_drive_a_terminal),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(complaints_name_the_verb_and_misuse_its_help),
        cmocka_unit_test(the_worse_status_wins),
        cmocka_unit_test(an_opened_log_has_times_and_leaves_out_what_is_below_its_level),
        cmocka_unit_test(json_has_the_pairs_at_the_front_as_members),
        cmocka_unit_test(the_longest_json_line_is_whole),
        cmocka_unit_test(the_journal_gets_priorities_and_no_times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
