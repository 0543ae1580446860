/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals as events of the loop. */
#include "support.h"

#include "../net/signals.h"

#include <signal.h>
#include <unistd.h>

enum { TOO_LONG = 30000 };

static struct {
    struct loop loop;
    struct loop_timer late;
    struct signals signals;
    uint32_t heard[4];
    size_t count;
    size_t wanted;
} bench;

static void on_late(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("no signal in time");
}

static void on_signal(struct signals *signals, uint32_t number)
{
    (void)signals;
    bench.heard[bench.count++] = number;
    if (bench.count == bench.wanted) {
        loop_stop(&bench.loop);
    }
}

static int open_bench(void **state)
{
    static const int numbers[] = {SIGUSR1, SIGUSR2, 0};

    (void)state;
    memset(&bench, 0, sizeof bench);
    bench.late.on_time = on_late;
    bench.signals = (struct signals){.source = {.fd = -1}, .on_signal = on_signal};
    return loop_init(&bench.loop) && loop_timer_set(&bench.loop, &bench.late, TOO_LONG) &&
                   signals_watch(&bench.signals, &bench.loop, numbers)
               ? 0
               : -1;
}

static int close_bench(void **state)
{
    (void)state;
    signals_close(&bench.signals);
    loop_release(&bench.loop);
    return 0;
}

static void a_signal_is_an_event_of_the_loop(void **state)
{
    (void)state;
    bench.wanted = 1;
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_true(loop_run(&bench.loop, NULL, NULL));
    assert_int_equal(bench.heard[0], SIGUSR1);
}

static void signals_that_came_together_are_all_heard(void **state)
{
    (void)state;
    bench.wanted = 2;
    assert_int_equal(kill(getpid(), SIGUSR2), 0);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_true(loop_run(&bench.loop, NULL, NULL));
    assert_int_equal(bench.heard[0] + bench.heard[1], SIGUSR1 + SIGUSR2);
}

static void a_pipe_without_a_reader_is_an_error_and_no_end(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    (void)close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    (void)close(ends[1]);
}

static void closing_twice_does_no_harm(void **state)
{
    (void)state;
    signals_close(&bench.signals);
    signals_close(&bench.signals);
    assert_int_equal(bench.signals.source.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signal_is_an_event_of_the_loop, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(signals_that_came_together_are_all_heard, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(a_pipe_without_a_reader_is_an_error_and_no_end, open_bench,
                                        close_bench),
        cmocka_unit_test_setup_teardown(closing_twice_does_no_harm, open_bench, close_bench),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
