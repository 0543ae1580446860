/* SPDX-License-Identifier: Apache-2.0
 *
 * The event loop: timers in order, removal from within callbacks, events that were already fetched. */
#include "support.h"

#include "../net/loop.h"

#include <stdlib.h>
#include <sys/eventfd.h>

enum { GUARD = 10 * 1000 };

/* A loop with an end: a test whose events never come stops here and fails. */
struct fixture {
    struct loop loop;
    struct loop_timer guard;
    bool late;
    int calls;
    int wakes;
};

static void on_guard(struct loop_timer *timer)
{
    struct fixture *fixture = LOOP_OWNER(timer, struct fixture, guard);

    fixture->late = true;
    loop_stop(&fixture->loop);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (fixture == NULL || !loop_init(&fixture->loop)) {
        free(fixture);
        return -1;
    }
    fixture->guard.on_time = on_guard;
    *state = fixture;
    return loop_timer_set(&fixture->loop, &fixture->guard, GUARD) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    loop_release(&fixture->loop);
    free(fixture);
    return 0;
}

static void run(struct fixture *fixture)
{
    assert_true(loop_run(&fixture->loop, NULL, NULL));
    assert_false(fixture->late);
}

/* ---- Timers -------------------------------------------------------------------------------- */

enum { TIMERS = 200 };

struct timer_case {
    struct fixture *fixture;
    struct loop_timer timer;
    uint64_t delay;
    size_t *count;
    const struct timer_case **order;
    const size_t *wanted; /* the loop stops when so many have come */
};

static void note_timer(struct loop_timer *timer)
{
    const struct timer_case *one = LOOP_OWNER(timer, struct timer_case, timer);

    one->order[(*one->count)++] = one;
    if (*one->count == *one->wanted) {
        loop_stop(&one->fixture->loop);
    }
}

/* Sets timers like the one given, with delays from 0 to 19 milliseconds. */
static void set_timers(struct timer_case cases[TIMERS], const struct timer_case *like)
{
    struct random_state random;

    random_init(&random, 7);
    for (size_t i = 0; i < TIMERS; i++) {
        cases[i] = *like;
        cases[i].delay = random_below(&random, 20);
        assert_true(loop_timer_set(&like->fixture->loop, &cases[i].timer, cases[i].delay));
    }
}

static void check_order(const struct timer_case **order, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        assert_true(order[i - 1]->delay <= order[i]->delay);
    }
}

static void timers_come_in_the_order_of_their_due_times(void **state)
{
    struct fixture *fixture = *state;
    struct timer_case cases[TIMERS];
    const struct timer_case *order[TIMERS] = {NULL};
    const size_t wanted = TIMERS;
    size_t count = 0;

    set_timers(cases, &(struct timer_case){.fixture = fixture,
                                           .timer = {.on_time = note_timer},
                                           .count = &count,
                                           .order = order,
                                           .wanted = &wanted});
    run(fixture);
    assert_int_equal(count, TIMERS);
    check_order(order, count);
}

static void timers_that_were_cleared_or_moved_keep_the_others_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct timer_case cases[TIMERS];
    const struct timer_case *order[TIMERS] = {NULL};
    struct random_state random;
    size_t count = 0;
    size_t wanted = 0;

    set_timers(cases, &(struct timer_case){.fixture = fixture,
                                           .timer = {.on_time = note_timer},
                                           .count = &count,
                                           .order = order,
                                           .wanted = &wanted});
    random_init(&random, 8);
    for (size_t i = 0; i < TIMERS; i++) {
        if (i % 3 == 0) {
            loop_timer_clear(&fixture->loop, &cases[i].timer);
            loop_timer_clear(&fixture->loop, &cases[i].timer);
        } else if (i % 3 == 1) {
            cases[i].delay = random_below(&random, 20);
            assert_true(loop_timer_set(&fixture->loop, &cases[i].timer, cases[i].delay));
        }
        wanted += i % 3 != 0;
    }
    run(fixture);
    assert_int_equal(count, wanted);
    check_order(order, count);
}

static void stop_the_loop(struct loop_timer *timer)
{
    struct fixture *fixture = LOOP_OWNER(timer, struct fixture, guard);

    fixture->calls++;
    loop_stop(&fixture->loop);
}

static void a_timer_without_a_delay_comes_at_once(void **state)
{
    struct fixture *fixture = *state;

    fixture->guard.on_time = stop_the_loop;
    assert_true(loop_timer_set(&fixture->loop, &fixture->guard, 0));
    run(fixture);
    assert_int_equal(fixture->calls, 1);
}

static void a_delay_beyond_all_time_is_for_ever(void **state)
{
    struct fixture *fixture = *state;
    struct timer_case never = {.fixture = fixture, .timer = {.on_time = note_timer}};

    assert_true(loop_timer_set(&fixture->loop, &never.timer, UINT64_MAX));
    assert_true(never.timer.due == UINT64_MAX);
    fixture->guard.on_time = stop_the_loop;
    assert_true(loop_timer_set(&fixture->loop, &fixture->guard, 5));
    run(fixture);
    assert_int_equal(fixture->calls, 1);
}

/* A timer that sets itself again, and takes another one away. */
struct chain {
    struct fixture *fixture;
    struct loop_timer timer;
    struct loop_timer victim;
    int calls;
};

static void on_victim(struct loop_timer *timer)
{
    (void)timer;
    fail_msg("a timer that was cleared came");
}

static void on_chain(struct loop_timer *timer)
{
    struct chain *chain = LOOP_OWNER(timer, struct chain, timer);

    loop_timer_clear(&chain->fixture->loop, &chain->victim);
    if (++chain->calls == 5) {
        loop_stop(&chain->fixture->loop);
    } else {
        assert_true(loop_timer_set(&chain->fixture->loop, timer, 1));
    }
}

static void a_timer_may_set_itself_again_and_clear_another_that_is_due(void **state)
{
    struct fixture *fixture = *state;
    struct chain chain = {
        .fixture = fixture, .timer = {.on_time = on_chain}, .victim = {.on_time = on_victim}};

    assert_true(loop_timer_set(&fixture->loop, &chain.timer, 0));
    assert_true(loop_timer_set(&fixture->loop, &chain.victim, 0));
    run(fixture);
    assert_int_equal(chain.calls, 5);
}

/* ---- Sources ------------------------------------------------------------------------------- */

/* A source that is always ready, and what it does when it is told so. */
struct ready {
    struct fixture *fixture;
    struct loop_source source;
    struct ready **others; /* emptied as they are freed */
    size_t other_count;
    int calls;
};

static struct ready *make_ready(struct fixture *fixture,
                                void (*on_ready)(struct loop_source *, uint32_t))
{
    struct ready *ready = calloc(1, sizeof *ready);

    assert_non_null(ready);
    ready->fixture = fixture;
    ready->source = (struct loop_source){
        .fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), .events = EPOLLIN, .on_ready = on_ready};
    assert_true(ready->source.fd >= 0);
    assert_true(loop_add(&fixture->loop, &ready->source));
    return ready;
}

static void free_ready(struct ready *ready)
{
    loop_remove(&ready->fixture->loop, &ready->source);
    (void)close(ready->source.fd);
    free(ready);
}

static void free_all_others(struct loop_source *source, uint32_t events)
{
    struct ready *self = LOOP_OWNER(source, struct ready, source);
    struct ready **others = self->others;
    size_t count = self->other_count;

    assert_true((events & EPOLLIN) != 0);
    self->fixture->calls++;
    loop_stop(&self->fixture->loop);
    self->fixture->loop.stopped = false; /* the rest of the batch is what this is about */
    for (size_t i = 0; i < count; i++) {
        if (others[i] != NULL && others[i] != self) {
            free_ready(others[i]);
            others[i] = NULL;
        }
    }
}

static void stop_on_wake(void *context)
{
    struct fixture *fixture = context;

    fixture->wakes++;
    loop_stop(&fixture->loop);
}

static void a_callback_may_free_sources_whose_events_were_fetched_already(void **state)
{
    enum { COUNT = 20 };
    struct fixture *fixture = *state;
    struct ready *all[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        all[i] = make_ready(fixture, free_all_others);
        all[i]->others = all;
        all[i]->other_count = COUNT;
    }
    assert_true(loop_run(&fixture->loop, stop_on_wake, fixture));
    assert_int_equal(fixture->calls, 1);
    for (size_t i = 0; i < COUNT; i++) {
        if (all[i] != NULL) {
            free_ready(all[i]);
        }
    }
}

static void free_itself(struct loop_source *source, uint32_t events)
{
    struct ready *self = LOOP_OWNER(source, struct ready, source);

    (void)events;
    self->fixture->calls++;
    free_ready(self);
}

static void a_callback_may_free_its_own_source(void **state)
{
    struct fixture *fixture = *state;

    (void)make_ready(fixture, free_itself);
    (void)make_ready(fixture, free_itself);
    assert_true(loop_run(&fixture->loop, stop_on_wake, fixture));
    assert_int_equal(fixture->calls, 2);
    assert_int_equal(fixture->wakes, 1);
}

static void count_and_mute(struct loop_source *source, uint32_t events)
{
    struct ready *self = LOOP_OWNER(source, struct ready, source);

    (void)events;
    self->calls++;
    loop_change(&self->fixture->loop, source, 0);
}

static void a_source_that_is_watched_for_nothing_is_quiet_until_that_changes(void **state)
{
    struct fixture *fixture = *state;
    struct ready *ready = make_ready(fixture, count_and_mute);

    fixture->guard.on_time = stop_the_loop;
    assert_true(loop_timer_set(&fixture->loop, &fixture->guard, 20));
    run(fixture);
    assert_int_equal(ready->calls, 1);
    loop_change(&fixture->loop, &ready->source, EPOLLIN);
    loop_change(&fixture->loop, &ready->source, EPOLLIN);
    assert_true(loop_timer_set(&fixture->loop, &fixture->guard, 20));
    run(fixture);
    assert_int_equal(ready->calls, 2);
    free_ready(ready);
}

static void stop_from_source(struct loop_source *source, uint32_t events)
{
    struct ready *self = LOOP_OWNER(source, struct ready, source);

    (void)events;
    self->fixture->calls++;
    loop_stop(&self->fixture->loop);
}

static void stopping_leaves_the_rest_of_the_batch_for_the_next_run(void **state)
{
    struct fixture *fixture = *state;
    struct ready *first = make_ready(fixture, stop_from_source);
    struct ready *second = make_ready(fixture, stop_from_source);

    run(fixture);
    assert_int_equal(fixture->calls, 1);
    run(fixture);
    assert_int_equal(fixture->calls, 2);
    free_ready(first);
    free_ready(second);
}

static void a_descriptor_that_cannot_be_watched_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct loop_source source = {.fd = -1, .events = EPOLLIN, .on_ready = stop_from_source};

    assert_false(loop_add(&fixture->loop, &source));
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(timers_come_in_the_order_of_their_due_times),
        LOOP_TEST(timers_that_were_cleared_or_moved_keep_the_others_in_order),
        LOOP_TEST(a_timer_without_a_delay_comes_at_once),
        LOOP_TEST(a_delay_beyond_all_time_is_for_ever),
        LOOP_TEST(a_timer_may_set_itself_again_and_clear_another_that_is_due),
        LOOP_TEST(a_callback_may_free_sources_whose_events_were_fetched_already),
        LOOP_TEST(a_callback_may_free_its_own_source),
        LOOP_TEST(a_source_that_is_watched_for_nothing_is_quiet_until_that_changes),
        LOOP_TEST(stopping_leaves_the_rest_of_the_batch_for_the_next_run),
        LOOP_TEST(a_descriptor_that_cannot_be_watched_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
