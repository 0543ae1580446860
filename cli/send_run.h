/* SPDX-License-Identifier: Apache-2.0
 *
 * send_run.h - the engine of `orderly send`: messages from the feed, over links, to the report.
 *
 *     send_feed ──> send_run ──> send_link (one for each connection) ──> send_report
 *
 * The run (send_run.c) hands each message to a link with room for it. A link (send_link.c,
 * send_receive.c) owns one connection at a time and the messages that were given to it, in order,
 * until each has ended: it connects, sends, matches answers, tries again, and tells the run how
 * each message ended.
 *
 * A link lives through
 *
 *     CLOSED ──> CONNECTING ──> OPEN ──> CLOSING ──> CLOSED
 *
 * CLOSED to CONNECTING when it has a message; CONNECTING to CLOSING when no connection comes about;
 * OPEN to CLOSING when the peer closes, or when what came leaves doubt about which answer belongs
 * to which message (rule 27); CLOSING until the connection no longer needs its memory. After a
 * failed try the link rests (back-off) and then sends again what it has, in order; its neighbours
 * go on.
 *
 * Callbacks of connections change links only; what follows from it is done by the run after each
 * round of the loop.
 */
#ifndef ORDERLY_SEND_RUN_H
#define ORDERLY_SEND_RUN_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../net/connection.h"
#include "../net/loop.h"
#include "../net/signals.h"
#include "send_answer.h"
#include "send_feed.h"
#include "send_message.h"
#include "send_options.h"
#include "send_report.h"
#include "verb.h"

enum send_link_state { SEND_LINK_CLOSED, SEND_LINK_CONNECTING, SEND_LINK_OPEN, SEND_LINK_CLOSING };

/* Control ids answered lately over a link, as hashes: a second answer to one of them is known. */
enum { SEND_ANSWERED = 64 };

/* Where messages go. */
struct send_peer {
    const struct addrinfo *addresses;
    const char *text;        /* how a person calls it */
    struct tls_context *tls; /* NULL: in the clear */
    const char *name;        /* what its certificate has to show */
};

struct send_link {
    struct send_run *run;
    enum send_link_state state;
    struct connection connection;
    const struct addrinfo *address; /* tried now, or the one that worked */
    struct hl7_framer framer;
    struct loop_timer rest;
    bool resting;                /* until `rest` comes: the next try is put off */
    enum stream_trouble trouble; /* what was wrong with TLS, the last time the connection ended */
    char trouble_text[STREAM_TEXT];
    struct send_message **queue; /* what it was given and has not ended, in order */
    size_t count;
    bool proven;       /* an answer came over this connection */
    bool unconfirmed;  /* something was sent that nobody answers */
    uint64_t doubt_at; /* loop time to decide what to make of the bytes held; 0: none */
    uint64_t answered[SEND_ANSWERED];
    size_t answered_next;
    char strange[SEND_EVIDENCE]; /* the first bytes outside frames since the last frame */
    size_t strange_len;
    uint64_t strange_size;
    bool strange_counts; /* not only blanks */
};

/* Why no new messages are taken. A later one counts if it is stronger. */
enum send_stop {
    SEND_GOES_ON,
    SEND_STOP_ON_ERROR,
    SEND_STOP_UNREACHABLE,
    SEND_STOP_OUTPUT, /* standard output is broken */
    SEND_STOP_SIGNAL
};

struct send_run {
    const struct send_options *options;
    struct loop loop;
    struct send_feed feed;
    struct send_report report;
    struct send_answer_reader reader;
    const struct send_peer *peer;
    struct loop_source wake; /* the feed's eventfd */
    struct signals signals;
    struct loop_timer pace;  /* --rate: when the next message may go */
    struct loop_timer tick;  /* the line of progress */
    struct loop_timer stay;  /* --keep-open */
    struct loop_timer leave; /* the end: has all arrived? */
    struct send_link *links;
    size_t link_count;
    enum send_stop stop;
    bool feeding;        /* the feed is open */
    bool fed;            /* the feed has no more, or no one asks */
    bool staying;        /* all is done, --keep-open runs */
    bool stayed;         /* it has run */
    bool leaving;        /* all is done, waiting for what was sent to arrive */
    const char *rest;    /* of the input: why it was not even counted, or NULL */
    uint64_t taken;      /* messages given to links */
    uint64_t started;    /* microseconds */
    uint64_t ended;      /* microseconds: when the last message ended */
    uint64_t pace_start; /* loop time that pace_count counts from */
    uint64_t pace_count;
    uint64_t drain_by;      /* loop time: what was not counted by then is not counted */
    uint64_t drain_idle_by; /* loop time: a pipe that brought nothing by then is left; 0: not yet */
    uint64_t leave_by;      /* loop time */
    uint64_t random;
    bool short_end_noted; /* the peer leaves out the CR behind FS: said once */
};

/* Sends everything. The exit status. */
int send_run(const struct verb *verb, const struct send_options *options,
             const struct send_feed_settings *feed, const struct send_peer *peer);

/* ---- For links ------------------------------------------------------------------------------ */

/* Microseconds, monotonic. */
uint64_t send_now(void);

/* A message has ended: reports it and gives its place back. */
void send_run_ended(struct send_run *run, struct send_message *message,
                    const struct send_verdict *verdict);

/* A message was never sent, and will not be. */
void send_run_not_sent(struct send_run *run, struct send_message *message);

/* No new messages are taken from now on. */
void send_run_stop(struct send_run *run, enum send_stop why);

/* Nothing that failed is tried again. */
bool send_run_gives_up(const struct send_run *run);

/* How long to wait before a try after so many, in milliseconds: twice as long each time, with some
 * chance in it so that many senders do not come back together. */
uint64_t send_run_back_off(struct send_run *run, unsigned tries);

/* ---- Between send_link.c and send_receive.c -------------------------------------------------- */

/* The message at this place in the queue has ended. */
void send_link_finish(struct send_link *link, size_t place, const struct send_verdict *verdict);

/* It has got its CA and gets no more. */
void send_link_finish_stored(struct send_link *link, size_t place);

/* A try of it has failed: it ends, or stays in the queue to be sent again. True when it has
 * ended. */
bool send_link_fail_try(struct send_link *link, size_t place, const struct send_verdict *verdict);

/* All that waits for an answer has failed: the first message as the verdict says, the others as
 * `others` says. Closes. */
void send_link_break(struct send_link *link, const struct send_verdict *verdict,
                     enum send_outcome others);

/* What the peer never read counts as not sent yet. */
void send_link_take_back(struct send_link *link);

/* Says so when messages that nobody answers may not have arrived. */
void send_link_check_unconfirmed(struct send_link *link);

/* Notes what is wrong with TLS, before a connection that has failed is closed. */
void send_link_note_trouble(struct send_link *link);

/* Tries the next address, or gives the try up. The connection is closed or being closed. */
void send_link_connect_failed(struct send_link *link, int error);

/* Ends messages that await no answer, which the system has now taken. */
void send_link_finish_sent(struct send_link *link);

/* Sets the connection's deadline to the nearest one of a message. */
void send_link_watch_clock(struct send_link *link);

/* What the connection calls (send_receive.c). */
void send_link_on_event(struct connection *connection, enum connection_event event);

/* ---- For the run ---------------------------------------------------------------------------- */

/* False when memory is short. */
bool send_link_init(struct send_link *link, struct send_run *run);
void send_link_release(struct send_link *link);

/* May it be given a message now? */
bool send_link_has_room(const struct send_link *link);
void send_link_give(struct send_link *link, struct send_message *message);

/* Does what can be done now: connects, sends. */
void send_link_pump(struct send_link *link);

/* Tries nothing again: what was not sent is not sent, what rests ends. */
void send_link_give_up(struct send_link *link);

/* Ends at once: what waits for an answer is interrupted. */
void send_link_interrupt(struct send_link *link);

/* Nothing more will be sent over it. */
void send_link_end_output(struct send_link *link);

/* Bytes that the peer's system has not confirmed. */
size_t send_link_unconfirmed(const struct send_link *link);

/* Closes the connection, if there is one. */
void send_link_close(struct send_link *link);

#endif
