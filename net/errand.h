/* SPDX-License-Identifier: Apache-2.0
 *
 * errand.h - one job that may block, run in a thread of its own; its end is told in the loop.
 *
 * Disk work is the case it is made for: a sync takes milliseconds on a good day, and a server of files
 * that is gone keeps the thread for ever. A loop must not wait for either.
 *
 * An errand is a member of its owner's struct on the heap, which holds all that the job reads and
 * writes: while it runs, the thread alone touches it.
 *
 *     errand_start    run() in the thread, then done() in the loop, then drop()
 *     errand_leave    the owner does not wait any longer: done() never comes, drop() when run() is over
 *
 * drop() is called once, last, in either thread, and frees the struct. A thread for each errand, instead
 * of one that waits for the next: there is no queue to be stuck behind, nothing to end, and its start
 * costs little beside the disk. Who starts errands bounds how many there are: a job that hangs cannot
 * be taken back, only left. */
#ifndef NET_ERRAND_H
#define NET_ERRAND_H

#include <stdatomic.h>

#include "loop.h"

struct errand {
    void (*run)(struct errand *errand);
    void (*done)(struct errand *errand);
    void (*drop)(struct errand *errand);
    /* The rest is private. */
    struct loop *loop;
    struct loop_source source; /* an eventfd: run() is over */
    atomic_uint holders;       /* the thread and the owner; the last one drops it */
    atomic_bool over;
    atomic_bool left;
};

/* The three functions are set, the rest is zero. False with errno set when there is no thread to be
 * had: nothing was called then, and the struct is still the caller's. */
bool errand_start(struct errand *errand, struct loop *loop);

/* In the loop's thread, before done(); the struct may be gone afterwards. */
void errand_leave(struct errand *errand);

/* For run(): nobody waits any more, so do nothing that can still be left undone. */
bool errand_is_left(const struct errand *errand);

#endif
