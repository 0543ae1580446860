/* SPDX-License-Identifier: Apache-2.0
 *
 * The event loop: file descriptors (epoll), timers (monotonic) and nothing else. One thread runs
 * one loop; nothing here is shared. Sources and timers are members of their owners' structs: the
 * loop never allocates for them and never frees them.
 *
 * A callback may remove and free any source or timer, its own included: events that were already
 * fetched for it are forgotten. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

struct loop;

/* The struct of type `type` whose member `member` this is: from a source or timer to its owner. */
#define LOOP_OWNER(pointer, type, member)                                                          \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* A file descriptor that is watched. */
struct loop_source {
    int fd;
    uint32_t events; /* EPOLLIN, EPOLLOUT; EPOLLHUP and EPOLLERR always come too */
    void (*on_ready)(struct loop_source *source, uint32_t events);
};

/* A moment to be called at. `due` is private; zeroed memory is a timer that is not set. */
struct loop_timer {
    uint64_t due;
    size_t place; /* private: position in the heap, counted from 1; 0 when not set */
    void (*on_time)(struct loop_timer *timer);
};

enum {
    LOOP_BATCH = 256,
    LOOP_READ_SIZE = 256 * 1024,
    LOOP_TOIL_MAX = 4 /* steps of a round that take the processor a millisecond or so */
};

struct loop {
    int epoll;
    bool stopped;
    uint64_t now;               /* milliseconds, monotonic, read once per wake-up */
    struct loop_timer **timers; /* a binary heap */
    size_t timer_count;
    size_t timer_size;
    struct epoll_event batch[LOOP_BATCH];
    int batch_count;
    int toil;          /* such steps taken in this round */
    char *read_buffer; /* LOOP_READ_SIZE bytes that any connection may read into */
};

/* False with errno set when the system refuses. */
bool loop_init(struct loop *loop);
void loop_release(struct loop *loop);

/* Watches source->fd for source->events. False with errno set. */
bool loop_add(struct loop *loop, struct loop_source *source);

/* Changes what is watched for; does nothing when it is that already. */
void loop_change(struct loop *loop, struct loop_source *source, uint32_t events);

/* Stops watching. Call it before closing the descriptor. */
void loop_remove(struct loop *loop, struct loop_source *source);

/* Sets a timer `delay` milliseconds from now, or moves it there. False when memory is short. */
bool loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t delay);
void loop_timer_clear(struct loop *loop, struct loop_timer *timer);

/* Whether a step that costs much may be taken in this round. If not, leave the event as it is: sources are
 * level-triggered, so it comes again, behind those of others. */
bool loop_may_toil(struct loop *loop);

/* Waits for events and calls back, until loop_stop. `after_wake` (may be NULL) runs after each
 * batch of callbacks. False with errno set when waiting itself fails. */
bool loop_run(struct loop *loop, void (*after_wake)(void *context), void *context);
void loop_stop(struct loop *loop);

#endif
