/* SPDX-License-Identifier: Apache-2.0
 *
 * spawner.h - a small process that starts programs for one that may not.
 *
 * It is forked before the other is confined, and is no general service: it starts only what its own rules
 * allow, which it does not take from the other side. What may be asked of it:
 *
 *     start    a program whose words the rules allow, with the pipes that come along and variables that
 *              begin with ORDERLY_
 *     signal   to the group of a program that it started and that still runs
 *     reload   read the rules again
 *
 * Requests are datagrams of a socket pair. Each start brings a pipe of its own, on which the answer comes
 * at once and the exit status later; so nothing has to be told apart, and any thread may signal. When the
 * other side is gone, in whatever way, it ends its programs (SIGTERM, a second later SIGKILL) and itself. */
#ifndef BASE_SPAWNER_H
#define BASE_SPAWNER_H

#include <stdbool.h>
#include <sys/types.h>

#include "child.h"

/* What the helper asks, in its own process. */
struct spawner_rules {
    bool (*allows)(void *context, char *const *words);
    void (*reload)(void *context); /* NULL: the rules never change */
    void *context;
};

struct spawner {
    int fd; /* hangs up when the helper is gone */
    pid_t pid;
};

/* Forks the helper: before there are threads. 0 or an errno. */
int spawner_open(struct spawner *spawner, const struct spawner_rules *rules);

/* Asks it to start a program with these ends of pipes (-1: ours) and waits until it has. 0 and what
 * child_reap() and child_signal() need, or an errno: EPERM when the rules have no such program, EPIPE
 * when the helper is gone. */
int spawner_start(const struct spawner *spawner, const struct child_program *program,
                  const int theirs[3], pid_t *ret_pid, int *ret_end_fd);

/* `helper` is the fd of the spawner, which may be gone. */
void spawner_signal(int helper, pid_t pid, int signal);

/* The exit status of a program, -1 when the helper is gone. False: it has not ended. */
bool spawner_status(int end_fd, int *ret_status);

/* Has it read its rules again, before anything that is asked for later. */
void spawner_reload(const struct spawner *spawner);

/* Has it end its programs and itself, and waits for that: it takes a second at most. */
void spawner_close(struct spawner *spawner);

#endif
