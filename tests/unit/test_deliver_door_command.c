/* SPDX-License-Identifier: Apache-2.0
 *
 * The door to a program that is started for each letter. */
#include "support.h"

#include "door_try.h"
#include "folder.h"
#include "threads.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct scene {
    struct folder folder;
    struct loop loop;
    struct door_try one;
    char script[600];
    char *words[4];
};

static int begin(void **state)
{
    static char shell[] = "/bin/sh";
    static char option[] = "-c";
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    folder_make(&scene->folder);
    assert_true(loop_init(&scene->loop));
    door_try_init(&scene->one, &scene->loop);
    scene->words[0] = shell;
    scene->words[1] = option;
    scene->words[2] = scene->script;
    scene->one.to.command = (struct config_command){scene->words, "sh"};
    scene->one.to.command_mode = CONFIG_COMMAND_EACH;
    door_try_open(&scene->one, &door_command);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    door_try_close(&scene->one);
    loop_release(&scene->loop);
    folder_remove(&scene->folder);
    free(scene);
    return 0;
}

static const hl7_slice text = {"MSH|^~\\&|A|B|C|D|||ORM^O01|MSG1|P|2.3\r", 38};

/* Runs a script in the folder, with the letter MSG1. */
static void run(struct scene *scene, const char *script, enum door_outcome outcome,
                const char *word)
{
    struct door_letter letter = door_try_letter(42, "MSG1", text);

    (void)snprintf(scene->script, sizeof scene->script, "cd %s && { %s\n}", scene->folder.path,
                   script);
    door_try_expect(&scene->one, &letter, outcome, word);
}

/* The process whose id a script wrote into `pid` is gone; waits a bounded time. */
static void expect_gone(struct scene *scene, const char *name)
{
    hl7_slice digits = folder_read(&scene->folder, name);
    char number[20];

    assert_in_range(digits.len, 1, sizeof number - 1);
    (void)snprintf(number, sizeof number, "%.*s", (int)digits.len, digits.ptr);
    pid_t pid = (pid_t)strtol(number, NULL, 10);
    assert_true(pid > 1);
    for (int i = 0; i < DOOR_TRY_SECONDS * 100 && kill(pid, 0) == 0; i++) {
        door_try_run(&scene->loop, 10);
    }
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

/* ---- What it gets -------------------------------------------------------------------------- */

static void the_letter_is_its_standard_input(void **state)
{
    struct scene *scene = *state;

    run(scene, "cat >in", DOOR_ACCEPTED, "exit-0");
    assert_slices(folder_read(&scene->folder, "in"), text);
    assert_false(scene->one.answered);
}

static void a_long_letter_goes_through_in_parts(void **state)
{
    enum { LEN = 1000000 };
    struct scene *scene = *state;
    struct random_state random;
    char *bytes = malloc(LEN);

    assert_non_null(bytes);
    random_init(&random, 2);
    random_fill(&random, bytes, LEN);
    struct door_letter letter = door_try_letter(1, "", (hl7_slice){bytes, LEN});
    (void)snprintf(scene->script, sizeof scene->script, "sleep 0.05; cat >%s/in",
                   scene->folder.path);
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "exit-0");
    assert_slices(folder_read(&scene->folder, "in"), letter.bytes);
    free(bytes);
}

static void its_environment_is_small_and_says_what_the_letter_is(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(setenv("SECRET", "of ours", 1), 0);
    run(scene, "env | grep '^ORDERLY\\|^SECRET\\|^PATH=' | sed 's/^PATH=.*/PATH/' | sort >env",
        DOOR_ACCEPTED, "exit-0");
    assert_slice(folder_read(&scene->folder, "env"), "ORDERLY_DESTINATION=test\n"
                                                     "ORDERLY_LISTENER=orders\n"
                                                     "ORDERLY_MESSAGE=42\n"
                                                     "ORDERLY_ROUTE=orders-to-ris\n"
                                                     "PATH\n");
}

/* ---- What it says -------------------------------------------------------------------------- */

static void its_end_is_the_result(void **state)
{
    static const struct {
        const char *script;
        enum door_outcome outcome;
        const char *word;
        const char *reason;
    } cases[] = {
        {"exit 0", DOOR_ACCEPTED, "exit-0", ""},
        {"exit 1", DOOR_ERROR, "exit-1", "the program ended with exit status 1"},
        {"exit 2", DOOR_REJECTED, "exit-2", "the program ended with exit status 2"},
        {"exit 3", DOOR_CLOSED, "ended", "the program ended with exit status 3"},
        {"exit 255", DOOR_CLOSED, "ended", "the program ended with exit status 255"},
        {"kill -SEGV $$", DOOR_CLOSED, "ended", "the program ended with signal 11"},
        {"kill -TERM 0", DOOR_CLOSED, "ended", "the program ended with signal 15"},
        {"/nonexistent/program", DOOR_CLOSED, "ended", "the program ended with exit status 127"},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(scene, cases[i].script, cases[i].outcome, cases[i].word);
        assert_string_equal(scene->one.reason, cases[i].reason);
    }
}

#define ANSWER(code, id) "printf 'MSH|^~\\\\&|B|A|D|C|||ACK|X1|P|2.3\\rMSA|" code "|" id "\\r'; "

static void an_acknowledgement_says_it_more_precisely(void **state)
{
    static const struct {
        const char *script;
        enum door_outcome outcome;
        const char *word;
    } cases[] = {
        {ANSWER("AA", "MSG1") "exit 0", DOOR_ACCEPTED, "AA"},
        {ANSWER("AE", "MSG1") "exit 0", DOOR_ERROR, "AE"},
        {ANSWER("AR", "MSG1") "exit 0", DOOR_REJECTED, "AR"},
        {ANSWER("CA", "MSG1") "exit 1", DOOR_ACCEPTED, "CA"},
        {ANSWER("CE", "MSG1") "exit 2", DOOR_ERROR, "CE"},
        {ANSWER("CR", "MSG1") "exit 0", DOOR_REJECTED, "CR"},
        {ANSWER("AA", "MSG1") "exit 3", DOOR_CLOSED, "ended"},
        {ANSWER("AA", "MSG1") "kill -KILL $$", DOOR_CLOSED, "ended"},
        {ANSWER("AA", "MSG2") "exit 0", DOOR_UNFRAMED, "not-an-answer"},
        {ANSWER("AA", "") "exit 0", DOOR_UNFRAMED, "not-an-answer"},
        {ANSWER("XX", "MSG1") "exit 0", DOOR_UNFRAMED, "not-an-answer"},
        {"printf '\\013'; " ANSWER("AE", "MSG1") "printf '\\034\\r'", DOOR_ERROR, "AE"},
        {"printf 'MSH|^~\\\\&|B\\nMSA|AR|MSG1\\n'", DOOR_REJECTED, "AR"},
        {"printf 'MSH|^~\\\\&|B||||||ORU^R01|X\\rPID|1\\r'", DOOR_ACCEPTED, "exit-0"},
        {"echo done; exit 1", DOOR_ERROR, "exit-1"},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(scene, cases[i].script, cases[i].outcome, cases[i].word);
        assert_true(scene->one.answered);
        assert_int_not_equal(scene->one.answer[0], HL7_VT);
    }
    assert_slices(((hl7_slice){scene->one.answer, scene->one.answer_len}), HL7_TEXT("done\n"));
}

static void any_acknowledgement_will_do_for_what_has_no_id(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "", HL7_TEXT("{}"));

    letter.is_hl7 = false;
    (void)snprintf(scene->script, sizeof scene->script, "%s", ANSWER("AE", "1"));
    door_try_expect(&scene->one, &letter, DOOR_ERROR, "AE");
}

/* ---- Programs that misbehave --------------------------------------------------------------- */

static void a_program_need_not_read(void **state)
{
    struct scene *scene = *state;
    char *bytes = calloc(1, 1000000);
    struct door_letter letter = door_try_letter(1, "A", (hl7_slice){bytes, 1000000});

    assert_non_null(bytes);
    (void)snprintf(scene->script, sizeof scene->script, "exit 0");
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "exit-0");
    (void)snprintf(scene->script, sizeof scene->script, "exec <&-; sleep 0.05; exit 1");
    door_try_expect(&scene->one, &letter, DOOR_ERROR, "exit-1");
    scene->one.to.timeout = 50;
    (void)snprintf(scene->script, sizeof scene->script, "exec sleep 1000");
    door_try_expect(&scene->one, &letter, DOOR_TIMEOUT, "timeout");
    free(bytes);
}

static void a_flood_is_cut_off_at_the_longest_answer(void **state)
{
    struct scene *scene = *state;

    scene->one.to.max_reply = 100000;
    run(scene, "echo -n $$ >pid; exec yes", DOOR_UNFRAMED, "too-long");
    expect_gone(scene, "pid");
    run(scene, "head -c 150000 /dev/zero; exit 0", DOOR_UNFRAMED, "too-long");
    run(scene, "exit 0", DOOR_ACCEPTED, "exit-0");
}

static void its_output_may_be_held_open_by_what_it_left_behind(void **state)
{
    struct scene *scene = *state;

    run(scene, "sleep 1000 & echo -n $! >pid; echo here; exit 0", DOOR_ACCEPTED, "exit-0");
    assert_slices(((hl7_slice){scene->one.answer, scene->one.answer_len}), HL7_TEXT("here\n"));
    hl7_slice digits = folder_read(&scene->folder, "pid");
    char number[20];
    (void)snprintf(number, sizeof number, "%.*s", (int)digits.len, digits.ptr);
    assert_int_equal(kill((pid_t)strtol(number, NULL, 10), SIGKILL), 0);
}

static void over_its_time_it_is_ended_with_all_it_started(void **state)
{
    struct scene *scene = *state;

    scene->one.to.timeout = 100;
    run(scene, "echo -n $$ >pid; sleep 1000 & echo -n $! >child; wait", DOOR_TIMEOUT, "timeout");
    expect_gone(scene, "pid");
    expect_gone(scene, "child");
}

static void one_that_ignores_the_request_is_killed_before_the_result(void **state)
{
    struct scene *scene = *state;
    uint64_t before = scene->loop.now;

    scene->one.to.timeout = 100;
    run(scene, "trap '' TERM; echo -n $$ >pid; while :; do sleep 0.02; done", DOOR_TIMEOUT,
        "timeout");
    assert_true(scene->loop.now - before >= 1000);
    expect_gone(scene, "pid");
    scene->one.to.timeout = DOOR_TRY_SECONDS * 1000;
    run(scene, "exit 0", DOOR_ACCEPTED, "exit-0");
}

static void what_cannot_be_started_is_unreachable(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "A", text);
    char missing[] = "/nonexistent/program";

    if (!support_spawn_tells()) {
        skip();
    }
    scene->words[0] = missing;
    door_try_expect(&scene->one, &letter, DOOR_UNREACHABLE, "not-started");
    assert_non_null(strstr(scene->one.reason, strerror(ENOENT)));
}

static void a_door_that_closes_ends_its_program(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "A", text);

    (void)snprintf(scene->script, sizeof scene->script,
                   "cd %s; trap '' TERM; echo -n $$ >new; mv new pid; while :; do sleep 0.02; done",
                   scene->folder.path);
    door_try_send(&scene->one, &letter);
    for (int i = 0; i < DOOR_TRY_SECONDS * 100 && !folder_has(&scene->folder, "pid"); i++) {
        door_try_run(&scene->loop, 10);
    }
    door_try_close(&scene->one);
    expect_gone(scene, "pid");
    assert_true(scene->one.waiting);
}

static void a_door_may_be_closed_that_never_had_a_letter(void **state)
{
    struct scene *scene = *state;

    door_try_close(&scene->one);
    door_try_open(&scene->one, &door_command);
}

/* ---- Standard error ------------------------------------------------------------------------ */

/* Runs with our own standard error in a file; how often it says this there. */
static size_t count_logged(struct scene *scene, const char *script, const char *what)
{
    size_t count = 0;

    int log = openat(scene->folder.fd, "log", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int before = dup(STDERR_FILENO);
    assert_true(log >= 0 && before >= 0);
    assert_true(dup2(log, STDERR_FILENO) >= 0);
    run(scene, script, DOOR_ACCEPTED, "exit-0");
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    (void)close(before);
    (void)close(log);
    hl7_slice lines = folder_read(&scene->folder, "log");
    for (size_t i = 0; i + strlen(what) <= lines.len; i++) {
        count += memcmp(lines.ptr + i, what, strlen(what)) == 0;
    }
    return count;
}

static void its_standard_error_is_logged_up_to_a_bound(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(count_logged(scene, "echo trouble >&2; printf last >&2",
                                  "command-says: destination=test says: trouble\n"),
                     1);
    assert_int_equal(count_logged(scene, "printf last >&2", "destination=test says: last\n"), 1);
    assert_int_equal(count_logged(scene, "printf '\\033[2J\\001' >&2", "\033"), 0);
    assert_int_equal(count_logged(scene, "head -c 100000 /dev/zero | tr '\\0' x >&2", "x"), 200);
    /* Ten lines a second of all messages, twenty of one. */
    assert_in_range(count_logged(scene, "yes again | head -n 5000 >&2", "again\n"), 1, 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_letter_is_its_standard_input),
        TEST(a_long_letter_goes_through_in_parts),
        TEST(its_environment_is_small_and_says_what_the_letter_is),
        TEST(its_end_is_the_result),
        TEST(an_acknowledgement_says_it_more_precisely),
        TEST(any_acknowledgement_will_do_for_what_has_no_id),
        TEST(a_program_need_not_read),
        TEST(a_flood_is_cut_off_at_the_longest_answer),
        TEST(its_output_may_be_held_open_by_what_it_left_behind),
        TEST(over_its_time_it_is_ended_with_all_it_started),
        TEST(one_that_ignores_the_request_is_killed_before_the_result),
        TEST(what_cannot_be_started_is_unreachable),
        TEST(a_door_that_closes_ends_its_program),
        TEST(a_door_may_be_closed_that_never_had_a_letter),
        TEST(its_standard_error_is_logged_up_to_a_bound),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    size_t threads = threads_count();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    threads_wait(threads);
    return failed;
}
