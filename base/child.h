/* SPDX-License-Identifier: Apache-2.0
 *
 * child.h - a program that is run beside this one: without a shell, in a process group of its own, with
 * pipes for what goes in and comes out.
 *
 * The descriptors are the owner's and non-blocking. A loop may watch them all: end_fd is readable when the
 * program has ended. It is a pidfd (Linux 5.3); where there is none, a thread waits for the program.
 * Nothing global is needed: no SIGCHLD, no waiting for all children. Until child_reap() has said so the process id cannot mean another program, so signals are
 * safe. Whoever writes to the input has SIGPIPE ignored.
 *
 * A process that may not start programs itself has a helper that does (spawner.h). Then end_fd is a pipe,
 * and signals go through the helper; for the owner nothing is different. */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct spawner;

struct child {
    pid_t pid;  /* and its process group; 0: it was reaped */
    int end_fd; /* readable when it has ended */
    int input;  /* to its standard input */
    int output; /* from its standard output */
    int errors; /* from its standard error; -1: that is ours */
    int helper; /* the spawner's socket, when one started it; 0: we did */
};

/* What is started. */
struct child_program {
    char *const *words;     /* as execve() takes them; looked for in our PATH */
    char *const *variables; /* NAME=VALUE, ended by NULL: what is added to the environment */
    bool
        whole_environment; /* all of ours below them; else what any program needs: PATH, HOME, ... */
    bool errors;           /* its standard error comes through a pipe */
};

/* Starts a program, itself or by the helper. It has the default signals. 0 or an errno. */
int child_start(struct spawner *spawner, const struct child_program *program,
                struct child *ret_child);

/* To all of its process group; nothing when it was reaped. */
void child_signal(const struct child *child, int signal);

/* True when the program has ended: its status is as wait() gives it, end_fd is closed. -1 for a status
 * that nobody knows: somebody else took it, or the helper is gone. Does not wait; is asked when end_fd
 * is readable. */
bool child_reap(struct child *child, int *ret_status);

/* Starts a program with these descriptors as its standard input, output and error; errors -1: ours. The
 * part of child_start() for those who have their own pipes. 0 or an errno. */
int child_spawn(char *const *words, char *const *environment, const int descriptors[3],
                pid_t *ret_pid);

/* The environment of a program as above; malloc'd, its texts are borrowed. NULL when memory is short. */
char **child_environment(bool whole, char *const *variables);

#endif
