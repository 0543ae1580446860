/* SPDX-License-Identifier: Apache-2.0
 *
 * program.h - a program that runs while the loop goes on: bytes into it, bytes out of it, what it says
 * on standard error into the log, and its end.
 *
 * Life: program_start, then calls of the owner's three functions, until on_ended, after which it may be
 * started again. program_stop asks it to end (SIGTERM to its group) and makes it (SIGKILL a second
 * later); on_ended follows, unless the system itself cannot end it. program_release may be called at any
 * time, also from within a call: a program that still runs is then ended by a thread of its own, which
 * outlives the owner.
 *
 * The end is the end of the program, not of its output: a process it left behind may hold that open for
 * ever. What was in the pipe by then is held when on_ended comes. */
#ifndef BROKER_DELIVER_PROGRAM_H
#define BROKER_DELIVER_PROGRAM_H

#include "../../base/child.h"
#include "../../base/log.h"
#include "../../base/memory.h"
#include "../../net/loop.h"
#include "hl7.h"

enum {
    PROGRAM_LINES = 20,     /* of standard error that are logged; more are only counted */
    PROGRAM_LINE_MAX = 200, /* bytes of such a line; more is cut */
    PROGRAM_GRACE = 1000    /* milliseconds between SIGTERM and SIGKILL */
};

struct program {
    /* Set before the first start. */
    struct loop *loop;
    struct spawner *spawner;                     /* starts it; NULL: we do */
    const char *name;                            /* of the destination, for the log */
    size_t most;                                 /* bytes of output that may be held */
    void (*on_output)(struct program *program);  /* more is held, or it ended, or is too long */
    void (*on_written)(struct program *program); /* all was written, or cannot be any more */
    void (*on_ended)(struct program *program);   /* `status` is there */

    /* To be read. */
    bool running;
    bool stopping;
    bool hangs;        /* SIGKILL was sent a while ago, and it is still there */
    bool input_broken; /* it does not read any more */
    bool output_ended;
    bool too_long; /* there is more output than may be held: nothing is read any more */
    int status;    /* as wait() gives it; -1: unknown */

    /* Private. */
    struct child child;
    struct loop_source ended;
    struct loop_source input;
    struct loop_source output;
    struct loop_source errors;
    struct loop_timer kill;
    bool killed;
    hl7_slice to_write;
    bool end_input; /* after it */
    bool watched;   /* the input is */
    struct memory_block memory;
    size_t start; /* the output that is held */
    size_t len;
    char line[PROGRAM_LINE_MAX];
    size_t line_len;
    size_t lines; /* seen since they were counted anew */
    struct log_limit limit;
};

/* Starts it, with variables (NAME=VALUE) beside the environment any program needs. What was held of an earlier one is forgotten. 0 or an errno. */
int program_start(struct program *program, char *const *words, char *const *variables);

/* Writes bytes, which must stay until on_written, and with `end` closes its input behind them. on_written
 * never comes from within. One write at a time. */
void program_write(struct program *program, hl7_slice bytes, bool end);

/* Not all of the last write is written. */
bool program_is_writing(const struct program *program);

/* The output that is held. It stays where it is, also when it is consumed, until more is read. */
hl7_slice program_held(const struct program *program);
void program_consume(struct program *program, size_t n);

/* PROGRAM_LINES more lines of its standard error may be logged. */
void program_allow_lines(struct program *program);

/* What it writes from now on is not read, what was to be written is not written: the bytes of
 * program_write() need not stay, what is held does. */
void program_stop(struct program *program);

void program_release(struct program *program);

#endif
