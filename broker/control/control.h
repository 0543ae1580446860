/* SPDX-License-Identifier: Apache-2.0
 *
 * control.h - the socket that a running broker is asked and told things by: `orderly status` and its
 * like, and the page. docs/control-protocol.md is what they speak.
 *
 * Life: control_open when the journal is open; control_drain when the broker begins to end: from then on
 * it says how it is, and refuses the rest; control_end at its end: nothing more is taken, connections are
 * closed, what is under way in the journal's thread is forgotten when it comes back; control_free after
 * store_close.
 *
 * Who may ask is decided by the file system: the socket is its owner's alone (0600). Who asked is told
 * by the system (SO_PEERCRED) and kept with what was done.
 *
 * Bounds. CONTROL_SESSIONS_MAX connections; one request of each at a time, the next one waits in the
 * socket; an answer goes out page by page, and the next page is not asked of the journal before the one
 * before has left. A program that stops in the middle of a request, or does not take its answer, is
 * cut off after CONTROL_STALL; one that asks nothing, after CONTROL_IDLE. */
#ifndef BROKER_CONTROL_CONTROL_H
#define BROKER_CONTROL_CONTROL_H

#include "../../base/record.h"
#include "../../net/loop.h"
#include "../audit/audit.h"
#include "../store/store.h"
#include "request.h"

enum {
    CONTROL_SESSIONS_MAX = 64,
    CONTROL_STALL = 60 * 1000,    /* milliseconds */
    CONTROL_IDLE = 30 * 60 * 1000 /* likewise */
};

/* What the rest of the broker does for requests, in the loop's thread. Each may be NULL. */
struct control_hooks {
    void *context;
    /* Add records to an answer: listeners, peers, destinations; routes; counters. */
    void (*status)(void *context, struct record_writer *out);
    void (*routes)(void *context, struct record_writer *out);
    void (*metrics)(void *context, struct record_writer *out);
    /* The past, this many steps of it; the configuration in force. */
    void (*history)(void *context, size_t steps, struct record_writer *out);
    void (*configuration)(void *context, struct record_writer *out);
    /* Adds them as records `line`, whose texts are OpenMetrics. */
    void (*metrics_text)(void *context, struct record_writer *out);
    /* The lane's state or its queue changed in the journal: look again. 0: any lane's. */
    void (*wake_lane)(void *context, int64_t lane);
    /* Reads the configuration again; may add records about what is wrong. False with a sentence. */
    bool (*reload)(void *context, struct record_writer *out, char ret_reason[REQUEST_REASON_MAX]);
    struct audit *audit; /* where requests are recorded */
    /* The names of the indexes beside patient and accession, from 0; NULL behind the last. */
    const char *(*index_name)(void *context, size_t number);
};

struct control;

/* Makes the socket, and its folder if need be (0700). NULL with a sentence: a live broker has it, the
 * path is too long, something else is there. `hooks` is copied, what its context points to is not. */
struct control *control_open(const char *path, struct loop *loop, struct store *store,
                             const struct control_hooks *hooks, char ret_reason[256]);

/* Answers only what says how the broker is (task_handler.always); what else is under way ends with its
 * connection. Not from a request. */
void control_drain(struct control *control);

/* Takes the socket away and closes all connections. */
void control_end(struct control *control);

/* After store_close: no request may be in the journal's thread. Accepts NULL and a pointer to NULL. */
void control_free(struct control **control);

/* Connections that are open. */
size_t control_sessions(const struct control *control);

#endif
