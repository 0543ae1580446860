/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts: when they are raised and over, how often that is told, and the runs of the command. */
#include "support.h"

#include "../broker/alert/alert.h"
#include "folder.h"
#include "threads.h"

#include <signal.h>
#include <stdio.h>

struct scene {
    struct loop loop;
    struct alerts alerts;
    struct folder folder;
    struct loop_timer limit;
    size_t most; /* runs at a time */
    int log;     /* standard error as it was */
};

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    assert_true(loop_init(&scene->loop));
    scene->alerts.loop = &scene->loop;
    folder_make(&scene->folder);
    int log = openat(scene->folder.fd, "log", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    scene->log = dup(STDERR_FILENO);
    assert_true(log >= 0 && dup2(log, STDERR_FILENO) >= 0);
    (void)close(log);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    assert_true(dup2(scene->log, STDERR_FILENO) >= 0);
    (void)close(scene->log);
    alerts_release(&scene->alerts);
    loop_release(&scene->loop);
    folder_remove(&scene->folder);
    free(scene);
    threads_wait(1); /* where there are no pidfds, a thread waits for each program */
    return 0;
}

/* How often a text stands in a file. */
static size_t times(const struct scene *scene, const char *file, const char *what)
{
    hl7_slice lines = folder_read(&scene->folder, file);
    size_t count = 0;

    for (size_t i = 0; i + strlen(what) <= lines.len; i++) {
        count += memcmp(lines.ptr + i, what, strlen(what)) == 0;
    }
    return count;
}

/* One look that says one thing. */
static void look(struct scene *scene, enum alert_kind kind, const char *subject,
                 enum alert_level level)
{
    alerts_begin(&scene->alerts);
    alerts_say(&scene->alerts, kind, subject, level, "text");
    alerts_end(&scene->alerts);
}

static void look_at_dead(struct scene *scene, int64_t count, uint64_t later)
{
    scene->loop.now += later;
    alerts_begin(&scene->alerts);
    alerts_count(&scene->alerts, ALERT_DEAD_LETTERS, "a/b/0", count, "%d", (int)count);
    alerts_end(&scene->alerts);
}

/* ---- States --------------------------------------------------------------------------------- */

static void the_way_back_is_longer_than_the_way_in(void **state)
{
    const struct {
        int64_t value;
        int64_t limit;
        enum alert_level level;
    } cases[] = {{0, 100, ALERT_QUIET},       {75, 100, ALERT_QUIET},
                 {76, 100, ALERT_NEAR},       {100, 100, ALERT_NEAR},
                 {101, 100, ALERT_BEYOND},    {1, 1, ALERT_QUIET},
                 {2, 1, ALERT_BEYOND},        {INT64_MAX, 0, ALERT_QUIET},
                 {5, INT64_MAX, ALERT_QUIET}, {INT64_MAX, INT64_MAX, ALERT_NEAR},
                 {-5, 100, ALERT_QUIET}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(alert_level(cases[i].value, cases[i].limit), cases[i].level);
    }
}

static void an_alert_is_told_once_when_it_begins_and_once_when_it_is_over(void **state)
{
    struct scene *scene = *state;
    const enum alert_level way[] = {ALERT_NEAR,  ALERT_QUIET, ALERT_BEYOND, ALERT_BEYOND,
                                    ALERT_NEAR,  ALERT_NEAR,  ALERT_BEYOND, ALERT_NEAR,
                                    ALERT_QUIET, ALERT_QUIET, ALERT_NEAR};

    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
        look(scene, ALERT_LANE_OLD, "a/b/0", way[i]);
        assert_int_equal(scene->alerts.count, i >= 2 && i <= 7);
    }
    assert_int_equal(
        times(scene, "log", "warning: alert-raised: alert=lane-old subject=a/b/0 text\n"), 1);
    assert_int_equal(times(scene, "log", "info: alert-cleared: alert=lane-old subject=a/b/0 "), 1);
}

static void what_nobody_speaks_of_is_over(void **state)
{
    struct scene *scene = *state;

    look(scene, ALERT_DOWN, "ris", ALERT_BEYOND);
    look(scene, ALERT_DOWN, "pacs", ALERT_BEYOND);
    assert_int_equal(scene->alerts.count, 1);
    look(scene, ALERT_LANE_DEEP, "pacs", ALERT_BEYOND); /* another kind is another alert */
    assert_int_equal(times(scene, "log", "alert-raised"), 3);
    assert_int_equal(times(scene, "log", "alert-cleared"), 2);
}

static void a_flood_of_dead_letters_is_told_once_in_a_while(void **state)
{
    struct scene *scene = *state;

    look_at_dead(scene, 1, 0);
    for (int64_t i = 2; i <= 100; i++) {
        look_at_dead(scene, i, 1000);
    }
    assert_int_equal(times(scene, "log", "alert-raised"), 1);
    look_at_dead(scene, 101, ALERT_AGAIN);
    assert_int_equal(times(scene, "log", "alert-raised"), 2);
    look_at_dead(scene, 101, ALERT_AGAIN); /* no more than were told */
    look_at_dead(scene, 40, ALERT_AGAIN);
    assert_int_equal(times(scene, "log", "alert-raised"), 2);
    look_at_dead(scene, 41, ALERT_AGAIN);
    assert_int_equal(times(scene, "log", "alert-raised"), 3);
    assert_int_equal(times(scene, "log", "alert-cleared"), 0);
    look_at_dead(scene, 0, 1);
    assert_int_equal(times(scene, "log", "alert-cleared"), 1);
}

static void mark(void *context, const struct alert *alert)
{
    bool *raised = context;

    raised[strtoul(alert->subject, NULL, 10)] = true;
}

/* Against the plainest model there is. */
static void many_subjects_do_not_meet(void **state)
{
    enum { SUBJECTS = 1000, LOOKS = 30 };
    struct scene *scene = *state;
    static bool model[SUBJECTS];
    static bool raised[SUBJECTS];
    struct random_state random;
    size_t changes = 0;

    random_init(&random, 7);
    memset(model, 0, sizeof model);
    for (int i = 0; i < LOOKS; i++) {
        alerts_begin(&scene->alerts);
        for (size_t k = 0; k < SUBJECTS; k++) {
            enum alert_level level = (enum alert_level)random_below(&random, 3);
            bool now = level == ALERT_BEYOND || (level == ALERT_NEAR && model[k]);
            char subject[16];

            (void)snprintf(subject, sizeof subject, "%zu", k);
            alerts_say(&scene->alerts, ALERT_LANE_OLD, subject, level, "x");
            changes += now != model[k];
            model[k] = now;
        }
        alerts_end(&scene->alerts);
        memset(raised, 0, sizeof raised);
        alerts_each(&scene->alerts, mark, raised);
        assert_memory_equal(raised, model, sizeof model);
    }
    assert_int_equal(times(scene, "log", "subject="), changes);
}

/* ---- Runs of the command -------------------------------------------------------------------- */

static void on_limit(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("the runs do not end");
}

static void after_wake(void *context)
{
    struct scene *scene = context;

    if (scene->alerts.running_count > scene->most) {
        scene->most = scene->alerts.running_count;
    }
    if (scene->alerts.running_count == 0 && scene->alerts.queued == 0) {
        loop_stop(&scene->loop);
    }
}

static void run_all(struct scene *scene)
{
    scene->limit.on_time = on_limit;
    assert_true(loop_timer_set(&scene->loop, &scene->limit, 60000));
    scene->loop.stopped = false;
    if (scene->alerts.running_count > 0) {
        assert_true(loop_run(&scene->loop, after_wake, scene));
    }
    loop_timer_clear(&scene->loop, &scene->limit);
}

static void the_command_is_told_in_its_environment(void **state)
{
    struct scene *scene = *state;
    char script[200];
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char *words[] = {shell, option, script, NULL};

    (void)snprintf(script, sizeof script,
                   "cat; echo chatter; echo \"$ORDERLY_ALERT,$ORDERLY_STATE,$ORDERLY_SUBJECT,"
                   "$ORDERLY_TEXT\" >> %s",
                   folder_path(&scene->folder, "told"));
    scene->alerts.command = words;
    assert_int_equal(setenv("ORDERLY_STATE", "of somebody else", 1), 0);
    look(scene, ALERT_SILENT, "a b;$(c)", ALERT_BEYOND);
    look(scene, ALERT_SILENT, "a b;$(c)", ALERT_QUIET);
    run_all(scene);
    assert_int_equal(unsetenv("ORDERLY_STATE"), 0);
    assert_slice(folder_read(&scene->folder, "told"),
                 "listener-silent,raised,a b;$(c),text\n"
                 "listener-silent,cleared,a b;$(c),messages come again\n");
    assert_int_equal(times(scene, "log", "alert-command"), 0);
}

static void few_run_at_a_time_and_what_is_too_much_is_counted(void **state)
{
    struct scene *scene = *state;
    char script[200];
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char *words[] = {shell, option, script, NULL};

    (void)snprintf(script, sizeof script, "echo \"$ORDERLY_SUBJECT\" >> %s",
                   folder_path(&scene->folder, "told"));
    scene->alerts.command = words;
    alerts_begin(&scene->alerts);
    for (int i = 0; i < ALERT_QUEUE + ALERT_RUNNING + 10; i++) {
        char subject[16];

        (void)snprintf(subject, sizeof subject, "%d", i);
        alerts_say(&scene->alerts, ALERT_LANE_OLD, subject, ALERT_BEYOND, "x");
    }
    alerts_end(&scene->alerts);
    run_all(scene);
    assert_int_equal(scene->most, ALERT_RUNNING);
    assert_int_equal(times(scene, "told", "\n"), ALERT_QUEUE + ALERT_RUNNING);
    assert_int_equal(times(scene, "log", "alert-raised"), ALERT_QUEUE + ALERT_RUNNING + 10);
    assert_int_equal(times(scene, "log", "alert-command: 10 changes were logged only"), 1);
}

static void a_command_that_fails_or_hangs_is_said(void **state)
{
    struct scene *scene = *state;
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char scripts[][40] = {"exit 3", "kill -TERM $$", "sleep 100 | sleep 100"};
    const char *const says[] = {"ended with status 3", "ended by signal 15", "was killed"};
    char nothing[] = "/not/there";
    char *none[] = {nothing, NULL};

    for (size_t i = 0; i < 3; i++) {
        char *words[] = {shell, option, scripts[i], NULL};

        scene->alerts.limit = i == 2 ? 50 : 0;
        scene->alerts.command = words;
        look(scene, (enum alert_kind)i, "s", ALERT_BEYOND);
        run_all(scene);
        assert_int_equal(times(scene, "log", says[i]), 1);
        scene->alerts.command = NULL;
        look(scene, ALERT_DISK_LOW, "s", ALERT_QUIET);
    }
    scene->alerts.limit = 0;
    scene->alerts.command = none;
    look(scene, ALERT_DOWN, "s", ALERT_BEYOND);
    run_all(scene);
    /* Some systems, and valgrind, say it only by the end of the new process. */
    assert_int_equal(times(scene, "log", "cannot be started: No such file or directory") +
                         times(scene, "log", "ended with status 127"),
                     1);
}

static void runs_that_have_begun_may_be_left(void **state)
{
    struct scene *scene = *state;
    char program[] = "/bin/sleep";
    char seconds[] = "0.2";
    char *words[] = {program, seconds, NULL};

    scene->alerts.command = words;
    look(scene, ALERT_DOWN, "a", ALERT_BEYOND);
    look(scene, ALERT_DOWN, "b", ALERT_BEYOND);
    look(scene, ALERT_DOWN, "b", ALERT_BEYOND);
    assert_int_equal(scene->alerts.running_count, 2);
    assert_int_equal(scene->alerts.queued, 1);
    alerts_release(&scene->alerts);
    assert_int_equal(scene->alerts.running_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_way_back_is_longer_than_the_way_in),
        TEST(an_alert_is_told_once_when_it_begins_and_once_when_it_is_over),
        TEST(what_nobody_speaks_of_is_over),
        TEST(a_flood_of_dead_letters_is_told_once_in_a_while),
        TEST(many_subjects_do_not_meet),
        TEST(the_command_is_told_in_its_environment),
        TEST(few_run_at_a_time_and_what_is_too_much_is_counted),
        TEST(a_command_that_fails_or_hangs_is_said),
        TEST(runs_that_have_begun_may_be_left),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
