/* SPDX-License-Identifier: Apache-2.0
 *
 * What the broker remembers of the past hour: differences, averages, bounds, what is forgotten. */
#include "support.h"

#include <stdio.h>

#include "../broker/history/history.h"

static const struct history_who in = {.listener = "in"};
static const struct history_who lane = {.lane = 7, .route = "r", .destination = "d"};

/* The records as they are sent. */
static const char *told(const struct history *history, size_t steps, struct record_writer *out)
{
    record_cut(out, 0);
    history_put(history, steps, out);
    assert_false(out->failed);
    static char text[8192];
    (void)snprintf(text, sizeof text, "%.*s", (int)out->len, out->ptr);
    return text;
}

static void steps_have_what_came_since_the_step_before(void **state)
{
    struct history history = {.first = NULL};
    struct record_writer out = {.ptr = NULL};
    struct history_values values = {.count = 100, .microseconds = 5000, .timed = 100, .depth = -1};

    (void)state;
    history_step(&history, 5);
    history_note(&history, &in, &values);
    history_step(&history, 10);
    values.count = 110;
    values.timed = 104;
    values.microseconds = 5800;
    history_note(&history, &in, &values);
    assert_string_equal(told(&history, 100, &out),
                        "record=history\tstep-seconds#=5\tsteps#=2\tend@=10\n"
                        "record=series\tof=listener\tlistener=in\tcounts=0,10\tlatencies=0,200\n");
    record_release(&out);
    history_release(&history);
}

static void lanes_have_a_depth(void **state)
{
    struct history history = {.first = NULL};
    struct record_writer out = {.ptr = NULL};
    struct history_values values = {.depth = 3};

    (void)state;
    history_step(&history, 5);
    history_note(&history, &lane, &values);
    history_step(&history, 10);
    values.depth = 0;
    history_note(&history, &lane, &values);
    assert_non_null(strstr(told(&history, 1, &out), "lane#=7\troute=r\tdestination=d\tcounts=0\t"
                                                    "latencies=0\tdepths=0\n"));
    assert_non_null(strstr(told(&history, 2, &out), "depths=3,0\n"));
    record_release(&out);
    history_release(&history);
}

static void a_count_that_begins_anew_is_no_flood(void **state)
{
    struct history history = {.first = NULL};
    struct record_writer out = {.ptr = NULL};
    struct history_values values = {.count = 1000, .depth = -1};

    (void)state;
    history_step(&history, 5);
    history_note(&history, &in, &values);
    history_step(&history, 10);
    values.count = 2;
    history_note(&history, &in, &values);
    assert_non_null(strstr(told(&history, 1, &out), "counts=2\t"));
    record_release(&out);
    history_release(&history);
}

static void the_ring_keeps_its_last_steps(void **state)
{
    struct history history = {.first = NULL};
    struct record_writer out = {.ptr = NULL};
    struct history_values values = {.depth = -1};

    (void)state;
    for (int64_t i = 0; i < 3 * HISTORY_STEPS; i++) {
        history_step(&history, i);
        values.count += (uint64_t)i;
        history_note(&history, &in, &values);
    }
    assert_int_equal(history.steps, HISTORY_STEPS);
    assert_non_null(strstr(told(&history, 3, &out), "counts=2157,2158,2159\t"));
    record_release(&out);
    history_release(&history);
}

static void what_is_gone_is_forgotten_in_the_end(void **state)
{
    struct history history = {.first = NULL};
    const struct history_values values = {.depth = -1};

    (void)state;
    history_step(&history, 1);
    history_note(&history, &in, &values);
    for (int64_t i = 0; i < HISTORY_STEPS; i++) {
        history_step(&history, i);
    }
    assert_int_equal(history.series, 1);
    history_step(&history, 1);
    assert_int_equal(history.series, 0);
    history_release(&history);
}

static void there_are_so_many_series_and_no_more(void **state)
{
    struct history history = {.first = NULL};
    const struct history_values values = {.depth = 0};

    (void)state;
    history_step(&history, 1);
    for (int64_t i = 1; i <= HISTORY_SERIES_MAX + 10; i++) {
        const struct history_who who = {.lane = i};
        history_note(&history, &who, &values);
    }
    assert_int_equal(history.series, HISTORY_SERIES_MAX);
    history_release(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_have_what_came_since_the_step_before),
        cmocka_unit_test(lanes_have_a_depth),
        cmocka_unit_test(a_count_that_begins_anew_is_no_flood),
        cmocka_unit_test(the_ring_keeps_its_last_steps),
        cmocka_unit_test(what_is_gone_is_forgotten_in_the_end),
        cmocka_unit_test(there_are_so_many_series_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
