/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines on standard error: one event, one line, nothing in it that drives a terminal. */
#include "support.h"

#include "log.h"
#include "verb.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flood_becomes_ten_lines_and_a_count),
        cmocka_unit_test(a_line_has_level_event_and_text),
        cmocka_unit_test(text_cannot_begin_a_line_or_drive_a_terminal),
        cmocka_unit_test(a_long_line_is_cut),
        cmocka_unit_test(complaints_name_the_verb_and_misuse_its_help),
        cmocka_unit_test(the_worse_status_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
