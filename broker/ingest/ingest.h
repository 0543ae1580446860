/* SPDX-License-Identifier: Apache-2.0
 *
 * ingest.h - messages in: connection -> frame -> message -> journal, and the reply after the commit.
 *
 *     ingest.c          listeners: opening, re-pointing, draining, closing
 *     ingest_session.c  one connection: bytes -> frames -> ingest_take; replies in order
 *     ingest_take.c     one payload: what is it, who is it for, what will be answered
 *     ingest_item.c     a payload on its way through the journal
 *     ingest_await.c    `ack = delivered`: replies that wait for the destination's answer
 *     ingest_files.c    the other door: files, and what is in one
 *     directory.c       a folder whose files are taken, one after another
 *
 * A payload becomes an item: a copy of its bytes, what the journal is to know of it, and the reply that
 * is due once it is stored. The item goes to the store; when its transaction holds the reply becomes
 * ready, and the wiring hears which lanes have work. Replies leave in the order the payloads came
 * in. Everything runs in the loop's thread but ingest_item_run().
 *
 * What a session may hand in before its replies are out is bounded by bytes and by number; at the
 * bound it is not read from (backpressure to the sender). */
#ifndef BROKER_INGEST_INGEST_H
#define BROKER_INGEST_INGEST_H

#include "../../base/answers.h"
#include "../../base/log.h"
#include "../../base/rate.h"
#include "../../base/templates.h"
#include "../../base/validation.h"
#include "../../net/address.h"
#include "../../net/connection.h"
#include "../../net/framing.h"
#include "../../net/listener.h"
#include "../config/config.h"
#include "../metrics/metrics.h"
#include "../secure/secure.h"
#include "../store/store.h"
#include "directory.h"

/* Which deliveries a message gets. The room is given, the rest is filled in. */
struct ingest_routing {
    struct journal_lane *deliveries; /* names borrow from the configuration */
    size_t size;
    size_t count;
    size_t awaited;    /* of them, by routes that are no copies */
    bool taken;        /* a route that is no copy took it */
    char problem[160]; /* when it could not be decided */
};

/* What the wiring gives and hears. */
struct ingest_hooks {
    /* False, with a problem, when a condition could not be decided: the message is answered with an error
     * and not stored. */
    bool (*route)(void *context, const struct config_listener *listener,
                  const struct hl7_message *message, struct ingest_routing *routing);
    /* The version in force of a template that the configuration names. */
    const struct template_file *(*template)(void *context, const struct config_template *named);
    /* These lanes have a new delivery. */
    void (*stored)(void *context, const struct journal_lane *lanes, size_t count);
    /* A TLS connection was refused or broken. NULL: nobody asks. */
    void (*insecure)(void *context, const char *listener, const char *peer,
                     enum stream_trouble trouble);
    void *context;
};

struct ingest_item;
struct ingest_session;
struct ingest_listener;

/* A waiting reply, by the message it waits for. */
struct ingest_waiting {
    int64_t message;
    struct ingest_item *item;
    struct ingest_waiting *next;
};

enum { INGEST_WAITING_SLOTS = 1024 };

/* What all listeners share. `loop` to `orderly` are the wiring's, set before anything else. */
struct ingest {
    struct loop *loop;
    struct store *store;
    struct services *services;
    struct ingest_hooks hooks;
    const struct config_orderly *orderly;
    const struct secure *secure;

    struct ingest_listener *listeners;
    struct answers answers;
    struct parsing parsing;           /* the payload at hand */
    struct validation validation;     /* of the message at hand, if it is validated */
    struct memory_block reply_memory; /* the reply at hand */
    struct memory_block out_memory;   /* replies of one session that leave together */
    struct journal_lane lanes[JOURNAL_DELIVERIES_MAX]; /* of the message at hand */
    struct ingest_session *due;                        /* sessions with replies that are ready */
    struct ingest_waiting *waiting[INGEST_WAITING_SLOTS];
    size_t items;           /* on their way */
    size_t item_bytes;      /* of them */
    size_t held_bytes;      /* of messages that have not arrived whole, as memory */
    uint64_t session_count; /* of all listeners */
    bool starved;           /* a session waits for item_bytes to fall */
    bool draining;
    const char *refusing; /* why nothing is stored now, in a sentence; NULL: it is */
};

/* One listener of the configuration: an address, or a folder. */
struct ingest_listener {
    struct ingest *ingest;
    const struct config_listener *config; /* in force; NULL: gone, its sessions are ending */
    struct ingest_listener *next;
    struct listener listener;
    struct directory *directory; /* instead of a socket; NULL: it has one */
    struct ingest_session *sessions;
    uint64_t session_count;
    size_t items; /* on their way */
    struct metrics_listener counters;
    struct rate rate;     /* of counters.messages */
    int64_t last_message; /* microseconds since 1970; 0: none yet */
    uint64_t heard;       /* loop time of the last message; of the opening, before there is one */
    char address[ADDRESS_TEXT];
    struct log_limit limits[16]; /* by kind of event */
    struct log_limit trouble_limits[STREAM_TROUBLES];
};

/* ---- ingest.c ------------------------------------------------------------------------------- */

void ingest_init(struct ingest *ingest);

/* Opens a listener. False, with a sentence, when its address cannot be used. */
bool ingest_open(struct ingest *ingest, const struct config_listener *config, char ret_reason[256]);

/* The listener of this name, or NULL. */
struct ingest_listener *ingest_find(const struct ingest *ingest, const char *name);

/* Points a listener at its place in a new configuration; its socket and connections stay. */
void ingest_adopt(struct ingest_listener *listener, const struct config_listener *config);

/* Stops accepting; its connections are answered and end. */
void ingest_retire(struct ingest_listener *listener);

/* Stops accepting and reading anywhere; connections end when they are answered. */
void ingest_drain(struct ingest *ingest);

/* A listener is gone from the configuration and not yet from here. */
bool ingest_has_retired(const struct ingest *ingest);

/* No connection is open, no file taken, no message on its way. */
bool ingest_is_idle(const struct ingest *ingest);

/* Sends the replies that have become ready. After each round of events. */
void ingest_flush(struct ingest *ingest);

/* Closes everything. The store is closed before: no item is on its way any more. */
void ingest_release(struct ingest *ingest);

/* What came of a delivery, for `ack = delivered`. `code` is the destination's; `answer` its reply, or
 * absent; `copy` when its route is one. */
struct ingest_delivered {
    int64_t message;
    enum hl7_outcome outcome;
    const char *reason;
    hl7_slice answer;
    bool copy;
};

void ingest_delivered(struct ingest *ingest, const struct ingest_delivered *delivered);

/* ---- Among its parts ------------------------------------------------------------------------ */

enum ingest_event {
    INGEST_JUNK,
    INGEST_FOREIGN,
    INGEST_BROKEN,
    INGEST_UNREADABLE,
    INGEST_REFUSED,
    INGEST_TIMED_OUT,
    INGEST_LOST,
    INGEST_NOT_STORED,
    INGEST_NOT_ANSWERED,
    INGEST_UNROUTED,
    INGEST_INVALID,
    INGEST_DUPLICATE,
    INGEST_CONFLICT,
    INGEST_EVENTS
};

/* The listener's name, for a line of the log; "-" once it is gone from the configuration. */
const char *ingest_name(const struct ingest_listener *listener);

/* Logs an event unless too many of its kind came in this second. */
void ingest_note(struct ingest_listener *listener, enum ingest_event event, const char *format, ...)
    HL7_FORMAT(3, 4);

/* The same for what is wrong with a TLS connection: the event is the trouble's name. */
void ingest_note_trouble(struct ingest_listener *listener, enum stream_trouble trouble,
                         const char *format, ...) HL7_FORMAT(3, 4);

struct ingest_session {
    struct connection connection;
    struct ingest_listener *listener;
    struct ingest_session *next;
    struct ingest_session *previous;
    struct ingest_session *next_due;
    struct sockaddr_storage address;
    char peer[ADDRESS_TEXT];
    struct framing framing;
    struct ingest_item *items; /* in the order the payloads came in */
    struct ingest_item **items_end;
    size_t item_count;
    size_t item_bytes;
    size_t held_bytes; /* counted in ingest->held_bytes */
    bool reserved;     /* one of those that connections and memory are kept for */
    bool answered;
    bool is_due;    /* in ingest->due */
    bool parting;   /* takes nothing more; ends when it is answered */
    bool lingering; /* answered; waits for the peer to close */
};

/* Takes over an accepted socket. */
void ingest_session_open(struct ingest_listener *listener, int fd, const struct sockaddr *peer,
                         socklen_t len);

/* Its first items may be ready: they leave with the next ingest_flush. */
void ingest_session_due(struct ingest_session *session);

/* Sends what is ready, in order; goes on reading if it had stopped. */
void ingest_session_flush(struct ingest_session *session);

/* Answers what has come, then closes. */
void ingest_session_drain(struct ingest_session *session);

/* Deals with a payload. False when the connection is to be closed. */
bool ingest_take(struct ingest_session *session, hl7_slice payload);

/* Fills in what the journal is told of a message of the item: where it goes, what it is found by. The
 * verdict says whether it can be stored. */
struct answer_verdict ingest_describe(struct ingest_item *item, const struct hl7_message *message,
                                      struct journal_message *to);

/* Watches the listener's folder. False, with a sentence, when that cannot be. */
bool ingest_open_files(struct ingest_listener *listener, char ret_reason[256]);

/* What became of the file that is under way. */
void ingest_file_done(struct ingest_listener *listener, enum journal_code code);

/* Keeps bytes that are no message, visible among the messages. */
void ingest_keep_damaged(struct ingest_session *session, hl7_slice bytes, const char *what);

struct ingest_item {
    struct store_work work;
    struct ingest_listener *listener;
    struct ingest_session *session; /* that waits for its reply; NULL: none, or gone, or answered */
    struct ingest_item *next;       /* of the session's */
    void *blocks;           /* malloc'd, a list: what follows up to `results` lives in them */
    struct hl7_arena arena; /* the rest of the newest block */
    hl7_slice payload;
    int64_t began; /* clock_steady() when it came */
    struct journal_message *messages;
    struct journal_appended *results;
    size_t count;
    size_t awaited;    /* deliveries, of all its messages, that are no copies */
    hl7_slice reply;   /* malloc'd, framed: what is answered when it is stored */
    char *first_reply; /* malloc'd: of the message it repeats */
    size_t first_reply_len;
    struct loop_timer deadline;
    char peer[ADDRESS_TEXT];
    bool batch;
    bool file;     /* of a folder: it hears what became of it */
    bool storing;  /* in the store */
    bool awaiting; /* stored; the destination's answer is waited for */
    bool ready;    /* its reply, which may be empty, can leave */
};

/* An item for `count` messages of a payload, with a copy of it; NULL when memory is short. */
struct ingest_item *ingest_item_new(struct ingest_listener *listener, hl7_slice payload,
                                    size_t count);

/* Memory that lasts as long as the item; NULL when there is none. */
void *ingest_item_alloc(struct ingest_item *item, size_t size);

/* Sets the reply; what was set before is given up. False when memory is short. */
bool ingest_item_set_reply(struct ingest_item *item, hl7_slice framed);

/* It takes its place among what the session answers. */
void ingest_item_join(struct ingest_item *item, struct ingest_session *session);

/* Hands it to the store. */
void ingest_item_store(struct ingest_item *item);

/* Answers all of it with a verdict instead of its reply. */
void ingest_item_refuse(struct ingest_item *item, const struct answer_verdict *verdict);

/* Its reply leaves when those before it have left. */
void ingest_item_ready(struct ingest_item *item);

/* The session has answered it, or has gone. The item may be gone then too. */
void ingest_item_leave(struct ingest_item *item);

/* Waits for the deliveries of a stored item, and sees to its answer: the item may be gone when it could
 * not wait. False when there is nothing to wait for. */
bool ingest_await(struct ingest_item *item);

/* Forgets that it waits. */
void ingest_await_end(struct ingest_item *item);

/* Writes the replies by the rules for all messages of a payload into ingest->reply_memory. False, with
 * an empty reply, when they cannot be written. */
bool ingest_reply(struct ingest *ingest, hl7_slice payload, bool batch,
                  const struct answer_verdict *verdict, hl7_slice *ret_reply);

#endif
