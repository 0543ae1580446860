/* SPDX-License-Identifier: Apache-2.0
 *
 * The process that starts programs for one that may not. */
#include "support.h"

#include "../base/spawner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

struct scene {
    struct spawner spawner;
    struct spawner_rules rules;
    bool reloaded; /* in the helper's process */
};

/* "/bin/sh -c ..." is allowed; /bin/true only once the rules were read again. */
static bool allows(void *context, char *const *words)
{
    const struct scene *scene = context;

    return strcmp(words[0], "/bin/sh") == 0 || strcmp(words[0], "/nonexistent/program") == 0 ||
           (scene->reloaded && strcmp(words[0], "/bin/true") == 0);
}

static void reload(void *context)
{
    ((struct scene *)context)->reloaded = true;
}

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    scene->rules = (struct spawner_rules){.allows = allows, .reload = reload, .context = scene};
    assert_int_equal(spawner_open(&scene->spawner, &scene->rules), 0);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    spawner_close(&scene->spawner);
    free(scene);
    return 0;
}

static char *const no_variables[] = {NULL};

static int start(struct scene *scene, char *path, const char *script, char *const *variables,
                 struct child *ret_child)
{
    char option[] = "-c";
    char text[400];
    char *words[] = {path, option, text, NULL};
    const struct child_program program = {.words = words, .variables = variables, .errors = true};

    (void)snprintf(text, sizeof text, "%s", script);
    return child_start(&scene->spawner, &program, ret_child);
}

static int start_shell(struct scene *scene, const char *script, struct child *ret_child)
{
    char shell[] = "/bin/sh";

    return start(scene, shell, script, no_variables, ret_child);
}

static void close_pipes(const struct child *child)
{
    (void)close(child->input);
    (void)close(child->output);
    (void)close(child->errors);
}

static int wait_end(struct child *child)
{
    struct pollfd end = {.fd = child->end_fd, .events = POLLIN};
    int status = 0;

    assert_int_equal(poll(&end, 1, 60000), 1);
    assert_true(child_reap(child, &status));
    close_pipes(child);
    return status;
}

static hl7_slice read_some(int fd, char text[400])
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    assert_int_equal(poll(&ready, 1, 60000), 1);
    ssize_t got = read(fd, text, 400);
    assert_true(got >= 0);
    return (hl7_slice){text, (size_t)got};
}

static void a_program_of_the_rules_runs_and_its_status_comes_back(void **state)
{
    struct child child;
    char text[400];

    assert_int_equal(start_shell(*state, "read line; echo \"$line\"; exit 7", &child), 0);
    assert_int_not_equal(child.pid, 0);
    assert_int_equal(write(child.input, "letter\n", 7), 7);
    assert_slices(read_some(child.output, text), HL7_TEXT("letter\n"));
    int status = wait_end(&child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

static void any_other_program_is_refused(void **state)
{
    struct child child;
    char other[] = "/bin/cat";

    assert_int_equal(start(*state, other, "/etc/passwd", no_variables, &child), EPERM);
}

static void rules_that_are_read_again_count_from_then_on(void **state)
{
    struct scene *scene = *state;
    struct child child;
    char other[] = "/bin/true";

    assert_int_equal(start(scene, other, "", no_variables, &child), EPERM);
    spawner_reload(&scene->spawner);
    assert_int_equal(start(scene, other, "", no_variables, &child), 0);
    (void)wait_end(&child);
}

static void variables_of_a_loader_are_refused(void **state)
{
    struct child child;
    char shell[] = "/bin/sh";
    char preload[] = "LD_PRELOAD=/tmp/evil.so";
    char *variables[] = {preload, NULL};

    assert_int_equal(start(*state, shell, "true", variables, &child), EPERM);
}

static void our_variables_reach_the_program(void **state)
{
    struct child child;
    char shell[] = "/bin/sh";
    char number[] = "ORDERLY_MESSAGE=12";
    char *variables[] = {number, NULL};
    char text[400];

    assert_int_equal(start(*state, shell, "echo $ORDERLY_MESSAGE", variables, &child), 0);
    assert_slices(read_some(child.output, text), HL7_TEXT("12\n"));
    (void)wait_end(&child);
}

static void a_program_that_cannot_be_started_says_why(void **state)
{
    struct child child;
    char missing[] = "/nonexistent/program";

    if (!support_spawn_tells()) {
        skip();
    }
    assert_int_equal(start(*state, missing, "", no_variables, &child), ENOENT);
}

static void a_signal_reaches_the_whole_group(void **state)
{
    struct child child;
    char text[400];

    assert_int_equal(start_shell(*state, "sleep 1000 & echo started; wait", &child), 0);
    (void)read_some(child.output, text);
    child_signal(&child, SIGKILL);
    int status = wait_end(&child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void processes_that_it_did_not_start_get_no_signal(void **state)
{
    struct scene *scene = *state;
    struct child child;

    spawner_signal(scene->spawner.fd, scene->spawner.pid, SIGKILL);
    spawner_signal(scene->spawner.fd, 1, SIGCONT);
    assert_int_equal(start_shell(scene, "true", &child), 0);
    (void)wait_end(&child);
}

static void a_helper_that_is_gone_is_told_apart_from_a_program(void **state)
{
    struct scene *scene = *state;
    struct child child;
    struct child other;

    assert_int_equal(start_shell(scene, "read line", &child), 0);
    assert_int_equal(kill(scene->spawner.pid, SIGKILL), 0);
    assert_int_equal(wait_end(&child), -1);
    assert_int_equal(start_shell(scene, "true", &other), EPIPE);
}

static void its_programs_end_with_it(void **state)
{
    struct scene *scene = *state;
    struct child child;
    char text[400];

    assert_int_equal(
        start_shell(scene, "trap '' TERM; echo started; while :; do sleep 1; done", &child), 0);
    (void)read_some(child.output, text);
    spawner_close(&scene->spawner);
    /* The group held its output open: its end shows that all of it has gone. */
    assert_int_equal(read_some(child.output, text).len, 0);
    close_pipes(&child);
    (void)close(child.end_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_program_of_the_rules_runs_and_its_status_comes_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(any_other_program_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rules_that_are_read_again_count_from_then_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(variables_of_a_loader_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(our_variables_reach_the_program, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_program_that_cannot_be_started_says_why, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_signal_reaches_the_whole_group, set_up, tear_down),
        cmocka_unit_test_setup_teardown(processes_that_it_did_not_start_get_no_signal, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_helper_that_is_gone_is_told_apart_from_a_program, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(its_programs_end_with_it, set_up, tear_down),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
