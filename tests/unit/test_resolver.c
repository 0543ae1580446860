/* SPDX-License-Identifier: Apache-2.0
 *
 * Names to addresses beside the loop: numbers at once, names by a thread, and questions nobody wants
 * answered any more. */
#include "support.h"

#include "threads.h"

#include "../net/resolver.h"

#include <netdb.h>

enum { TOO_LONG = 30000 };

static struct {
    struct loop loop;
    struct resolver resolver;
    struct loop_timer late;
    size_t answers;
    bool found;
    bool has_reason;
} bench;

static void on_late(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("no answer in time");
}

static void on_resolved(struct resolver *resolver, struct addrinfo *list, const char *reason)
{
    (void)resolver;
    bench.answers++;
    bench.found = list != NULL;
    bench.has_reason = reason != NULL;
    if (list != NULL) {
        freeaddrinfo(list);
    }
    loop_stop(&bench.loop);
}

static int open_bench(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    bench.resolver.on_resolved = on_resolved;
    bench.late.on_time = on_late;
    return loop_init(&bench.loop) && loop_timer_set(&bench.loop, &bench.late, TOO_LONG) ? 0 : -1;
}

static int close_bench(void **state)
{
    (void)state;
    resolver_cancel(&bench.resolver);
    loop_release(&bench.loop);
    threads_wait(1); /* questions that were taken back are still being asked */
    return 0;
}

static void answers_come_from_the_loop(void **state)
{
    static const struct {
        const char *host;
        bool found;
    } cases[] = {{"127.0.0.1", true},
                 {"::1", true},
                 {"", true},
                 {"localhost", true},
                 {"no-such-host.invalid", false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench.answers = 0;
        assert_true(resolver_start(&bench.resolver, &bench.loop, cases[i].host, "2575"));
        assert_int_equal(bench.answers, 0);
        bench.loop.stopped = false;
        assert_true(loop_run(&bench.loop, NULL, NULL));
        assert_int_equal(bench.answers, 1);
        assert_int_equal(bench.found, cases[i].found);
        assert_int_equal(bench.has_reason, !cases[i].found);
    }
}

static void a_question_that_was_taken_back_is_not_answered(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "localhost", "no-such-host.invalid"};

    (void)state;
    for (size_t i = 0; i < 60; i++) {
        assert_true(resolver_start(&bench.resolver, &bench.loop, hosts[i % 3], "2575"));
        resolver_cancel(&bench.resolver);
    }
    assert_true(resolver_start(&bench.resolver, &bench.loop, "localhost", "2575"));
    assert_true(loop_run(&bench.loop, NULL, NULL));
    assert_int_equal(bench.answers, 1);
    resolver_cancel(&bench.resolver); /* nothing is asked: nothing happens */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_come_from_the_loop, open_bench, close_bench),
        cmocka_unit_test_setup_teardown(a_question_that_was_taken_back_is_not_answered, open_bench,
                                        close_bench),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
