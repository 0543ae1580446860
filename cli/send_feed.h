/* SPDX-License-Identifier: Apache-2.0
 *
 * send_feed.h - messages made ready ahead of the sending, in a thread of their own.
 *
 * Reading may block: standard input is a pipe whose writer thinks, or a person. The loop may not:
 * answers come, timers run, signals are to be obeyed. So a thread reads and makes messages, the
 * loop takes them, and a descriptor wakes the loop that found none.
 *
 * Places for messages are a fixed number; they go round: free, ready, with the loop, free. Of ready
 * messages, no more than a few megabytes lie about.
 *
 * With `repeat`, what the first round read is kept, up to a bound, and sent again from there. More
 * than that is read again; standard input cannot be, and that is an error.
 */
#ifndef ORDERLY_SEND_FEED_H
#define ORDERLY_SEND_FEED_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/memory.h"
#include "send_message.h"
#include "source.h"

enum send_feed_answer {
    SEND_FEED_MESSAGE,
    SEND_FEED_WAIT, /* none is ready: `wake` becomes readable when one is, or at the end */
    SEND_FEED_END
};

struct send_feed_settings {
    char *const *operands;
    size_t operand_count;
    struct source_settings source;
    uint64_t repeat;
    size_t keep; /* bytes kept for rounds to come, at most */
    bool new_control_id;
    bool no_wait;
    size_t places; /* how many messages the loop may hold at once */
};

struct send_feed {
    struct send_feed_settings settings;
    int wake; /* an eventfd for the loop */

    /* Set by send_feed_open, read by all. */
    bool is_endless;      /* a pipe or a terminal is among the operands: it may end late or never */
    uint64_t total_bytes; /* of all files and rounds; 0: not known */

    /* The thread's own. */
    pthread_t thread;
    bool started;
    bool reading; /* the source is open */
    struct source source;
    struct send_maker maker;
    struct memory_block kept; /* what the first round read */
    size_t kept_len;
    bool overflowed; /* it was more than is kept */

    /* Under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct send_message *places;
    struct send_message *free;
    size_t free_count;
    struct send_message *first; /* ready, a queue */
    struct send_message *last;
    size_t ready_bytes;
    bool ended;        /* nothing more will become ready */
    bool failed;       /* ... because memory ran out */
    bool loop_waits;   /* for `wake` to become readable */
    bool loop_asks;    /* whether everything has been taken, on the condition */
    bool thread_waits; /* for places, on the condition */
    bool closing;      /* the thread is to end */
};

/* Looks at the operands and starts the thread. False with errno set. */
bool send_feed_open(struct send_feed *feed, const struct send_feed_settings *settings);

/* Takes the next message, in the order of the input; it is the caller's until send_feed_return. */
enum send_feed_answer send_feed_take(struct send_feed *feed, struct send_message **ret_message);

void send_feed_return(struct send_feed *feed, struct send_message *message);

/* Has everything been taken? Waits to know it, unless the input is endless. */
bool send_feed_is_over(struct send_feed *feed);

/* Memory ran out, so the end came too early. */
bool send_feed_failed(struct send_feed *feed);

/* Ends the thread, wherever it is, and gives everything back. */
void send_feed_close(struct send_feed *feed);

#endif
