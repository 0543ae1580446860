/* SPDX-License-Identifier: Apache-2.0
 *
 * The event loop. Level-triggered epoll; timers in a binary heap ordered by their due time. The
 * clock is read once per wake-up: a callback that runs long delays timers, it does not break them.
 *
 * Removal during dispatch: epoll hands out a batch of events; an earlier callback of the batch may
 * remove a source that a later event names. So removal also blanks that source's events in the rest
 * of the batch. */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(void)
{
    struct timespec now;

    int failed = clock_gettime(CLOCK_MONOTONIC, &now);
    assert(failed == 0);
    (void)failed;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool loop_init(struct loop *loop)
{
    *loop = (struct loop){.epoll = -1};
    loop->read_buffer = malloc(LOOP_READ_SIZE);
    if (loop->read_buffer == NULL) {
        return false;
    }
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll < 0) {
        free(loop->read_buffer);
        loop->read_buffer = NULL;
        return false;
    }
    loop->now = read_clock();
    return true;
}

void loop_release(struct loop *loop)
{
    if (loop->epoll >= 0) {
        (void)close(loop->epoll);
    }
    free(loop->timers);
    free(loop->read_buffer);
    *loop = (struct loop){.epoll = -1};
}

/* ---- Sources ------------------------------------------------------------------------------- */

bool loop_add(struct loop *loop, struct loop_source *source)
{
    struct epoll_event event = {.events = source->events, .data.ptr = source};

    return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) == 0;
}

void loop_change(struct loop *loop, struct loop_source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};

    if (source->events == events) {
        return;
    }
    source->events = events;
    int failed = epoll_ctl(loop->epoll, EPOLL_CTL_MOD, source->fd, &event);
    /* The descriptor is ours and is watched: this cannot fail but for a bug of ours. */
    assert(failed == 0);
    (void)failed;
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
    int failed = epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
    assert(failed == 0);
    (void)failed;
    for (int i = 0; i < loop->batch_count; i++) {
        if (loop->batch[i].data.ptr == source) {
            loop->batch[i].data.ptr = NULL;
        }
    }
}

/* ---- Timers -------------------------------------------------------------------------------- */

/* Places count from 1, so that 0 can mean "not set": parent n / 2, children 2n and 2n + 1. */
static void put(struct loop *loop, size_t place, struct loop_timer *timer)
{
    loop->timers[place - 1] = timer;
    timer->place = place;
}

static struct loop_timer *at(const struct loop *loop, size_t place)
{
    return loop->timers[place - 1];
}

static void rise(struct loop *loop, struct loop_timer *timer, size_t place)
{
    while (place > 1 && at(loop, place / 2)->due > timer->due) {
        put(loop, place, at(loop, place / 2));
        place /= 2;
    }
    put(loop, place, timer);
}

static void sink(struct loop *loop, struct loop_timer *timer, size_t place)
{
    for (size_t child = 2 * place; child <= loop->timer_count; child = 2 * place) {
        if (child < loop->timer_count && at(loop, child + 1)->due < at(loop, child)->due) {
            child++;
        }
        if (at(loop, child)->due >= timer->due) {
            break;
        }
        put(loop, place, at(loop, child));
        place = child;
    }
    put(loop, place, timer);
}

static void settle(struct loop *loop, struct loop_timer *timer, size_t place)
{
    if (place > 1 && at(loop, place / 2)->due > timer->due) {
        rise(loop, timer, place);
    } else {
        sink(loop, timer, place);
    }
}

bool loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t delay)
{
    timer->due = delay > UINT64_MAX - loop->now ? UINT64_MAX : loop->now + delay;
    if (timer->place != 0) {
        settle(loop, timer, timer->place);
        return true;
    }
    if (loop->timer_count == loop->timer_size) {
        size_t size = loop->timer_size == 0 ? 64 : 2 * loop->timer_size;
        struct loop_timer **timers = realloc(loop->timers, size * sizeof(struct loop_timer *));
        if (timers == NULL) {
            return false;
        }
        loop->timers = timers;
        loop->timer_size = size;
    }
    loop->timer_count++;
    rise(loop, timer, loop->timer_count);
    return true;
}

void loop_timer_clear(struct loop *loop, struct loop_timer *timer)
{
    size_t place = timer->place;

    if (place == 0) {
        return;
    }
    struct loop_timer *last = at(loop, loop->timer_count);
    loop->timer_count--;
    timer->place = 0;
    if (last != timer) {
        settle(loop, last, place);
    }
}

static void call_due_timers(struct loop *loop)
{
    while (!loop->stopped && loop->timer_count > 0 && at(loop, 1)->due <= loop->now) {
        struct loop_timer *timer = at(loop, 1);
        loop_timer_clear(loop, timer);
        timer->on_time(timer);
    }
}

/* Milliseconds epoll may wait: until the next timer, -1 for ever. */
static int longest_wait(const struct loop *loop)
{
    const uint64_t most = 3600 * 1000;

    if (loop->timer_count == 0) {
        return -1;
    }
    uint64_t due = at(loop, 1)->due;
    uint64_t wait = due <= loop->now ? 0 : due - loop->now;
    return (int)(wait < most ? wait : most);
}

/* ---- Running ------------------------------------------------------------------------------- */

static void dispatch(struct loop *loop)
{
    for (int i = 0; i < loop->batch_count && !loop->stopped; i++) {
        struct loop_source *source = loop->batch[i].data.ptr;
        if (source != NULL) {
            source->on_ready(source, loop->batch[i].events);
        }
    }
    loop->batch_count = 0;
}

bool loop_may_toil(struct loop *loop)
{
    if (loop->toil >= LOOP_TOIL_MAX) {
        return false;
    }
    loop->toil++;
    return true;
}

bool loop_run(struct loop *loop, void (*after_wake)(void *context), void *context)
{
    loop->stopped = false;
    while (!loop->stopped) {
        int count = epoll_wait(loop->epoll, loop->batch, LOOP_BATCH, longest_wait(loop));
        loop->now = read_clock();
        if (count < 0 && errno != EINTR) {
            return false;
        }
        loop->batch_count = count < 0 ? 0 : count;
        loop->toil = 0;
        dispatch(loop);
        call_due_timers(loop);
        if (after_wake != NULL) {
            after_wake(context);
        }
    }
    return true;
}

void loop_stop(struct loop *loop)
{
    loop->stopped = true;
}
