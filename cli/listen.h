/* SPDX-License-Identifier: Apache-2.0
 *
 * listen.h - the parts of `orderly listen` and what they share.
 *
 *     verb_listen.c     options, set-up, signals, the end
 *     listen_session.c  one connection: bytes -> frames -> listen_take
 *     listen_message.c  one payload: what it is, store it, answer it
 *     listen_store.c    --save: files, atomic, synced before the answer
 *     listen_exec.c     --exec: programs that answer
 *     listen_print.c    what a person sees
 *     listen_service.c  events and their log, handing over answers, time, control ids
 *
 * The way of a message: framed, stored, answered, printed. Answers are collected in
 * listen.replies while a round of events is worked through; listen_flush_due() makes the stored
 * files durable and only then hands the answers to the connection. One thread; all state hangs on
 * struct listen, which verb_listen.c owns.
 */
#ifndef ORDERLY_LISTEN_H
#define ORDERLY_LISTEN_H

#include "../net/address.h"
#include "../net/connection.h"
#include "../net/framing.h"
#include "../net/listener.h"
#include "../net/signals.h"
#include "../base/answers.h"
#include "../base/json.h"
#include "../base/live_template.h"
#include "../base/log.h"
#include "../base/memory.h"
#include "options.h"
#include "../base/services.h"
#include "../base/templates.h"
#include "../base/text.h"
#include "secure_options.h"
#include "../base/validation.h"
#include "verb.h"

#include <time.h>

enum listen_answer {
    LISTEN_ANSWER_ACCEPT,
    LISTEN_ANSWER_ERROR,
    LISTEN_ANSWER_REJECT,
    LISTEN_ANSWER_NONE
};

struct listen_options {
    uint64_t max_message;
    uint64_t max_connections;
    uint64_t max_per_address;
    uint64_t first_byte;
    uint64_t frame;
    uint64_t idle;
    uint64_t drain;
    uint64_t count;
    uint64_t exec_time;
    uint64_t exec_max;
    const char *save;
    const char *quarantine;
    const char *ack_template;
    const char *exec;
    const char *charset;
    struct option_list exec_arguments;
    struct secure_options tls;
    int answer;
    int validate; /* enum validation_how */
    int color;
    bool strict_end;
    bool json;
    bool quiet;
};

enum listen_event {
    LISTEN_JUNK,       /* bytes between frames */
    LISTEN_FOREIGN,    /* HTTP, TLS, an empty frame, markup: not HL7 */
    LISTEN_BROKEN,     /* a damaged frame */
    LISTEN_UNREADABLE, /* a frame that is no message that can be answered */
    LISTEN_REFUSED,    /* over a cap on connections */
    LISTEN_TIMED_OUT,
    LISTEN_LOST,    /* a connection ended in the middle of a frame, or by an error */
    LISTEN_TLS,     /* hands were not shaken, or bytes were changed */
    LISTEN_INVALID, /* a message that is not what the standard asks for */
    LISTEN_NOT_STORED,
    LISTEN_NOT_ANSWERED, /* the template or the program failed */
    LISTEN_EVENTS
};

struct listen_counters {
    uint64_t connections;
    uint64_t messages; /* payloads that were HL7 messages or batches */
    uint64_t accepted;
    uint64_t failed;
    uint64_t rejected;
    uint64_t events[LISTEN_EVENTS];
};

/* A directory that files are put into, numbered by a counter of ours. */
struct listen_store {
    int directory; /* descriptor; -1: not used */
    uint64_t next;
    bool unsynced; /* files were added since the directory was last synced */
};

struct listen_session;
struct listen_job;

/* Answers that leave when the round of events is over. */
struct listen_due {
    struct listen_session *session; /* NULL: it has gone meanwhile */
    size_t start;                   /* in listen.replies */
    size_t end;
};

enum { LISTEN_DUE_MAX = LOOP_BATCH };

struct listen {
    const struct verb *verb;
    const struct listen_options *options;
    struct loop loop;
    struct listener listener;
    struct signals signals;
    struct loop_timer drain_timer;
    struct listen_session *sessions; /* a doubly linked list */
    uint64_t session_count;
    bool draining; /* no new connections; ends with the last session */
    bool ending;   /* --count is reached or output failed: no new messages either */
    int status;

    struct listen_counters counters;
    struct log_limit limits[LISTEN_EVENTS];
    struct listen_store messages;
    struct listen_store quarantine;
    struct tls_live tls;
    uint64_t tls_looked;           /* loop time of the last look at its files */
    struct live_template template; /* of --ack-template */
    struct listen_job *jobs;       /* programs that run */
    struct listen_job *spare_jobs; /* their memory, to be used again */
    uint64_t job_count;
    struct listen_session *waiting; /* sessions that wait for a program's turn, oldest first */

    struct parsing parsing; /* the message at hand */
    struct validation validation;
    struct answers answers;
    struct hl7_buffer replies; /* answers, framed: those that are due, then the read at hand's */
    struct listen_due due[LISTEN_DUE_MAX];
    size_t due_count;
    size_t due_len; /* bytes of `replies` that belong to `due` */
    struct memory_block text_memory;
    struct text_terminal terminal;
    struct text_charset charset;
    const char *fallback; /* --charset as iconv names it, or NULL */
    bool printed;         /* standard output holds something to flush */

    struct services services;
};

struct listen_session {
    struct connection connection;
    struct listen *listen;
    struct listen_session *next;
    struct listen_session *previous;
    struct sockaddr_storage address;
    char peer[ADDRESS_TEXT];
    struct framing framing;
    bool answered;   /* something was sent to it */
    bool unsendable; /* an answer could not be stored for or sent: the connection is of no use */
    bool lingering;  /* answered all it will; waits for the peer to close */
    /* --exec: the payload stays held until the program has answered. */
    struct listen_job *job;
    struct listen_session *next_waiting;
    bool waits;
    size_t job_payload; /* length of the payload, which begins at byte 1 of what is held */
    size_t job_consume;
    uint64_t job_number; /* the saved file's, or 0 */
};

/* ---- listen_session.c ---- */

/* Takes over an accepted socket. */
void listen_session_open(struct listen *listen, int fd, const struct sockaddr *peer, socklen_t len);

/* The program has answered: goes on with what the session holds. */
void listen_session_resume(struct listen_session *session);

/* Answers what has already come, then closes the session unless it is in the middle of a frame. Not
 * from a callback of the session. */
void listen_session_drain(struct listen_session *session);

/* ---- listen_message.c ---- */

enum listen_taken {
    LISTEN_TAKEN, /* answered, or nothing to answer: go on */
    LISTEN_LATER, /* a program answers: go on when listen_session_resume comes */
    LISTEN_REFUSE /* close the connection */
};

/* Deals with one payload. */
enum listen_taken listen_take(struct listen_session *session, hl7_slice payload);

/* Deals with a program's reply to a payload; absent when it failed, `reason` then says why. */
void listen_take_reply(struct listen_session *session, hl7_slice payload, hl7_slice reply,
                       const char *reason);

/* ---- listen_store.c ---- */

/* Opens (or makes) the directory and finds the next number. False with errno set. */
bool listen_store_open(struct listen_store *store, const char *path);

/* Writes one file and syncs it; its name appears whole or not at all. False with errno set. */
bool listen_store_add(struct listen_store *store, hl7_slice bytes, uint64_t *ret_number);

/* Makes the names durable. False with errno set. */
bool listen_store_sync(struct listen_store *store);
void listen_store_close(struct listen_store *store);

/* ---- listen_exec.c ---- */

/* Starts a program for the payload the session holds, or puts the session in line. False when it
 * could not be started: that is already answered. */
bool listen_exec_begin(struct listen_session *session);

/* The session goes away: its program is ended, its answer forgotten. */
void listen_exec_forget(struct listen_session *session);

/* Ends all programs and waits for them. */
void listen_exec_release(struct listen *listen);

/* SIGCHLD came. */
void listen_exec_reap(struct listen *listen);

/* ---- listen_print.c ---- */

/* Shows a message or batch and how it was answered. `number` 0: not saved. */
void listen_print(struct listen *listen, const char *peer, hl7_slice payload,
                  const struct hl7_message *message, const char *code, uint64_t number);

/* ---- listen_service.c ---- */

/* Notes that the answers of the read at hand are due to this session, and leaves them for the end of
 * the round. Only while the list is not full. */
void listen_defer(struct listen_session *session);

/* So many answers are due that they have to be handed over now. */
bool listen_is_full(const struct listen *listen);

/* Makes stored files durable, then hands all answers that are due to their connections. One sync does
 * for a whole round, and a peer that is woken finds more than one answer. */
void listen_flush_due(struct listen *listen);

/* Both at once. False when the connection is of no use any more: it is closed then, and outside its
 * own callback the session is gone. */
bool listen_flush(struct listen_session *session);

/* The session goes away: what is due to it is forgotten. */
void listen_forget_due(const struct listen_session *session);

/* Counts an event; logs it unless too many of its kind came in this second. */
void listen_note(struct listen *listen, enum listen_event event, const char *format, ...)
    HL7_FORMAT(3, 4);

/* Keeps bytes that were not accepted; logs where. */
void listen_set_aside(struct listen_session *session, hl7_slice bytes);

/* What was received, on standard error. */
void listen_summary(const struct listen *listen);

/* ---- verb_listen.c ---- */

/* A session has gone: ends the loop when it was the last one waited for. */
void listen_end_if_drained(struct listen *listen);

#endif
