/* SPDX-License-Identifier: Apache-2.0
 *
 * A program under the loop's care: what goes in and out, the order of what is told, letting go of it. */
#include "support.h"

#include "../broker/deliver/program.h"
#include "threads.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

struct scene {
    struct loop loop;
    struct program program;
    struct loop_timer limit;
    bool release_at_output;
    bool write_again;
    unsigned outputs;
    unsigned writes;
    unsigned ends;
};

static struct scene *of(struct program *program)
{
    return LOOP_OWNER(program, struct scene, program);
}

static void on_output(struct program *program)
{
    struct scene *scene = of(program);

    assert_int_equal(scene->ends, 0);
    scene->outputs++;
    if (scene->release_at_output) {
        program_release(program);
        loop_stop(&scene->loop);
    }
}

static void on_written(struct program *program)
{
    struct scene *scene = of(program);

    scene->writes++;
    assert_false(program_is_writing(program));
    if (scene->write_again) {
        scene->write_again = false;
        program_write(program, HL7_TEXT("two"), true);
    }
}

static void on_ended(struct program *program)
{
    struct scene *scene = of(program);

    assert_false(program->running);
    scene->ends++;
    loop_stop(&scene->loop);
}

static void on_limit(struct loop_timer *timer)
{
    struct scene *scene = LOOP_OWNER(timer, struct scene, limit);

    loop_stop(&scene->loop);
    fail_msg("the program did not end");
}

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    assert_true(loop_init(&scene->loop));
    scene->program.loop = &scene->loop;
    scene->program.name = "test";
    scene->program.most = 1000;
    scene->program.on_output = on_output;
    scene->program.on_written = on_written;
    scene->program.on_ended = on_ended;
    scene->limit.on_time = on_limit;
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    program_release(&scene->program);
    loop_release(&scene->loop);
    free(scene);
    return 0;
}

static void start(struct scene *scene, const char *script)
{
    static char *environment[] = {NULL};
    static char shell[] = "/bin/sh";
    static char option[] = "-c";
    char text[200];
    char *words[] = {shell, option, text, NULL};

    (void)snprintf(text, sizeof text, "%s", script);
    assert_int_equal(program_start(&scene->program, words, environment), 0);
    assert_true(scene->program.running);
}

static void run(struct scene *scene)
{
    assert_true(loop_timer_set(&scene->loop, &scene->limit, 60000));
    assert_true(loop_run(&scene->loop, NULL, NULL));
    loop_timer_clear(&scene->loop, &scene->limit);
}

static void writes_follow_each_other_and_the_output_is_held_at_the_end(void **state)
{
    struct scene *scene = *state;

    start(scene, "cat; exit 3");
    scene->write_again = true;
    program_write(&scene->program, HL7_TEXT("one "), false);
    run(scene);
    assert_int_equal(scene->writes, 2);
    assert_int_equal(scene->ends, 1);
    assert_slices(program_held(&scene->program), HL7_TEXT("one two"));
    program_consume(&scene->program, 4);
    assert_slices(program_held(&scene->program), HL7_TEXT("two"));
    assert_int_equal(WEXITSTATUS(scene->program.status), 3);
}

static void it_may_be_started_again_when_it_has_ended(void **state)
{
    struct scene *scene = *state;

    for (unsigned i = 1; i <= 3; i++) {
        scene->ends = 0;
        start(scene, "echo x");
        run(scene);
        assert_slices(program_held(&scene->program), HL7_TEXT("x\n"));
    }
}

static void more_output_than_may_be_held_is_not_read(void **state)
{
    struct scene *scene = *state;

    scene->program.most = 10;
    start(scene, "head -c 100000 /dev/zero");
    run(scene);
    assert_true(scene->program.too_long);
    assert_int_equal(scene->ends, 1);
}

static void stopping_twice_is_stopping_once(void **state)
{
    struct scene *scene = *state;

    program_stop(&scene->program);
    start(scene, "exec sleep 1000");
    program_write(&scene->program, HL7_TEXT("text"), false);
    program_stop(&scene->program);
    program_stop(&scene->program);
    assert_false(program_is_writing(&scene->program));
    run(scene);
    assert_int_equal(scene->ends, 1);
    assert_int_equal(scene->writes, 0);
    assert_true(WIFSIGNALED(scene->program.status));
    assert_int_equal(WTERMSIG(scene->program.status), SIGTERM);
}

static void it_may_be_released_from_within_a_call(void **state)
{
    struct scene *scene = *state;

    scene->release_at_output = true;
    start(scene, "echo x; exec sleep 1000");
    pid_t pid = scene->program.child.pid;
    run(scene);
    assert_int_equal(scene->outputs, 1);
    assert_int_equal(scene->ends, 0);
    /* A thread ends it; wait for that, a bounded time. */
    for (int i = 0; i < 6000 && kill(pid, 0) == 0; i++) {
        (void)usleep(10000);
    }
    assert_int_equal(kill(pid, 0), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_follow_each_other_and_the_output_is_held_at_the_end),
        TEST(it_may_be_started_again_when_it_has_ended),
        TEST(more_output_than_may_be_held_is_not_read),
        TEST(stopping_twice_is_stopping_once),
        TEST(it_may_be_released_from_within_a_call),
    };

    (void)signal(SIGPIPE, SIG_IGN);
    size_t threads = threads_count();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    threads_wait(threads);
    return failed;
}
