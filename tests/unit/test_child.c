/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs beside this one: their pipes, their group, their end. */
#include "support.h"

#include "../base/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

static char *const no_environment[] = {NULL};

static struct child start(const char *script, bool errors)
{
    char shell[] = "/bin/sh";
    char option[] = "-c";
    char text[400];
    char *words[] = {shell, option, text, NULL};
    struct child child;

    (void)snprintf(text, sizeof text, "%s", script);
    const struct child_program program = {
        .words = words, .variables = no_environment, .errors = errors};
    assert_int_equal(child_start(NULL, &program, &child), 0);
    return child;
}

static int wait_end(struct child *child)
{
    struct pollfd end = {.fd = child->end_fd, .events = POLLIN};
    int status = 0;

    assert_int_equal(poll(&end, 1, 60000), 1);
    assert_true(child_reap(child, &status));
    assert_int_equal(child->pid, 0);
    return status;
}

static void close_pipes(const struct child *child)
{
    (void)close(child->input);
    (void)close(child->output);
    if (child->errors >= 0) {
        (void)close(child->errors);
    }
}

/* Reads to the end of a pipe that does not block. */
static size_t read_all(int fd, char *text, size_t size)
{
    size_t len = 0;

    for (;;) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, 60000), 1);
        ssize_t got = read(fd, text + len, size - len);
        assert_true(got >= 0);
        if (got == 0) {
            return len;
        }
        len += (size_t)got;
    }
}

static void what_goes_in_comes_out(void **state)
{
    struct child child = start("cat; echo problem >&2; exit 7", true);
    char text[100];

    (void)state;
    assert_int_equal(write(child.input, "letter", 6), 6);
    (void)close(child.input);
    assert_slices(((hl7_slice){text, read_all(child.output, text, sizeof text)}),
                  HL7_TEXT("letter"));
    assert_slices(((hl7_slice){text, read_all(child.errors, text, sizeof text)}),
                  HL7_TEXT("problem\n"));
    int status = wait_end(&child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
    (void)close(child.output);
    (void)close(child.errors);
}

static void it_is_not_reaped_before_it_has_ended(void **state)
{
    struct child child = start("read line", false);
    int status = 5;

    (void)state;
    assert_int_equal(child.errors, -1);
    assert_false(child_reap(&child, &status));
    assert_int_equal(status, 5);
    close_pipes(&child);
    (void)wait_end(&child);
}

static void a_signal_reaches_its_whole_group(void **state)
{
    struct child child = start("sleep 1000 & echo started; wait", false);
    char text[100];

    (void)state;
    assert_int_not_equal(getpgid(child.pid), getpgid(0));
    struct pollfd ready = {.fd = child.output, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, 60000), 1);
    child_signal(&child, SIGKILL);
    /* The sleeping one holds the output open: its end shows that it is gone, too. */
    assert_true(read_all(child.output, text, sizeof text) > 0);
    int status = wait_end(&child);
    assert_true(WIFSIGNALED(status));
    child_signal(&child, SIGKILL);
    close_pipes(&child);
}

static void signals_that_are_ignored_here_are_not_there(void **state)
{
    struct child child = start("kill -PIPE $$; exit 0", false);

    (void)state;
    int status = wait_end(&child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGPIPE);
    close_pipes(&child);
}

static void a_status_that_somebody_else_took_is_unknown(void **state)
{
    struct child child = start("exit 3", false);
    struct pollfd end = {.fd = child.end_fd, .events = POLLIN};
    int status = 0;

    (void)state;
    assert_int_equal(poll(&end, 1, 60000), 1);
    assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
    assert_true(child_reap(&child, &status));
    assert_int_equal(status, -1);
    close_pipes(&child);
}

static void what_cannot_be_started_leaves_nothing(void **state)
{
    char missing[] = "/nonexistent/program";
    char *words[] = {missing, NULL};
    struct child child;

    if (!support_spawn_tells()) {
        skip();
    }
    (void)state;
    int before = dup(0);
    (void)close(before);
    const struct child_program program = {
        .words = words, .variables = no_environment, .errors = true};
    assert_int_equal(child_start(NULL, &program, &child), ENOENT);
    int after = dup(0);
    (void)close(after);
    assert_int_equal(before, after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(it_is_not_reaped_before_it_has_ended),
        cmocka_unit_test(a_signal_reaches_its_whole_group),
        cmocka_unit_test(signals_that_are_ignored_here_are_not_there),
        cmocka_unit_test(a_status_that_somebody_else_took_is_unknown),
        cmocka_unit_test(what_cannot_be_started_leaves_nothing),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
