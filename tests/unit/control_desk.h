/* SPDX-License-Identifier: Apache-2.0
 *
 * control_desk.h - a control socket with a journal behind it, and a program that asks: all in one loop, in
 * one thread, beside the journal's. */
#ifndef TESTS_UNIT_CONTROL_DESK_H
#define TESTS_UNIT_CONTROL_DESK_H

#include "../broker/control/control.h"
#include "journal_desk.h"

struct control_desk {
    struct desk desk; /* its journal is closed while the store has it */
    struct loop loop;
    struct store *store;
    struct control *control;
    struct control_hooks hooks;
    struct audit *audit;
    bool audited; /* set before the start: there is an audit log, audit.log in the folder */
    struct loop_timer guard;
    struct loop_timer pause;
    char path[96];
    int64_t woken[64]; /* lanes that were woken, in order */
    size_t woken_count;
    bool reload_works;
    bool late;
};

/* A program at the other end. */
struct asker {
    struct control_desk *desk;
    struct loop_source source;
    char *text; /* what has come */
    size_t len;
    size_t size;
    bool closed; /* by the broker */
};

/* A folder with an open journal, to be filled; then the store and the control socket take over. */
void control_desk_open(struct control_desk *desk);
void control_desk_start(struct control_desk *desk);
void control_desk_close(struct control_desk *desk);

void asker_open(struct asker *asker, struct control_desk *desk);
void asker_send(const struct asker *asker, hl7_slice bytes);
void asker_close(struct asker *asker);

/* Runs the loop until the asker has heard so many ends of answers, or the connection ends. */
void asker_wait(struct asker *asker, size_t answers);

/* Runs the loop for a while. */
void control_desk_run(struct control_desk *desk, uint64_t milliseconds);

/* Asks by a connection of its own: the whole answer, with its last line; to be freed. */
char *control_desk_ask(struct control_desk *desk, const char *request);

/* The same; the answer is exactly this. */
void control_desk_expect(struct control_desk *desk, const char *request, const char *answer);

/* How often a text is in another. */
size_t control_desk_times(const char *text, const char *what);

#endif
