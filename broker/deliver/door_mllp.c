/* SPDX-License-Identifier: Apache-2.0
 *
 * The way out over MLLP/TCP: one connection, kept open between letters, one letter under way.
 *
 * Rule 27 decides how it is built: an answer is credited to the letter it names and to no other. Where
 * that cannot be known - it came too late, names another message, is no frame - the connection is
 * closed, and with it goes whatever may still be on its way.
 *
 * A peer may close an idle connection just when the next letter is written into it. Its system then
 * never confirmed a byte of the letter: nobody read it, and it is sent again over a fresh connection,
 * once, as if the first had not been there.
 *
 * A letter that asks for both acknowledgements (MSH-15, MSH-16) is done with the second. If that does
 * not come in time, the first has still said that the peer stored it: that is accepted, as "CA". */
#include "door.h"

#include "../../base/parsing.h"
#include "../../net/address.h"
#include "../../net/connection.h"
#include "../../net/resolver.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { DOUBT = 500 /* milliseconds of silence that decide a frame in doubt (rule 3) */ };

enum mllp_state { MLLP_CLOSED, MLLP_RESOLVING, MLLP_CONNECTING, MLLP_OPEN };

struct door_mllp {
    struct door door;
    /* The connection's memory is needed until it says it is freed, which may be later than the end of
     * the door: it is a struct of its own. */
    struct mllp_link *link;
    enum mllp_state state;
    struct resolver resolver;
    struct addrinfo *addresses;
    const struct addrinfo *next_address;
    struct hl7_framer framer;
    struct door_letter letter;
    bool busy;             /* a letter is under way */
    bool sent;             /* it was written into the connection */
    bool fresh;            /* nothing was answered on this connection yet */
    bool stored;           /* CA came */
    bool repeated;         /* it was sent again over a fresh connection already */
    bool junk;             /* bytes came that are no frame */
    bool sending;          /* within door_send */
    uint64_t until;        /* loop time: when the letter's time is over */
    struct loop_timer now; /* a result that is there at once, from within door_send */
    struct door_result at_once;
    struct parsing parsing;
    struct memory_block frame;
};

struct mllp_link {
    struct connection connection;
    struct door_mllp *door; /* NULL: the door has let go of it */
};

/* ---- Results ------------------------------------------------------------------------------- */

static void drop_link(struct door_mllp *mllp)
{
    struct mllp_link *link = mllp->link;

    mllp->state = MLLP_CLOSED;
    if (link != NULL) {
        mllp->link = NULL;
        link->door = NULL;
        connection_close(&link->connection);
    }
}

static void link_on_freed(struct connection *connection)
{
    free(LOOP_OWNER(connection, struct mllp_link, connection));
}

static void on_now(struct loop_timer *timer)
{
    struct door_mllp *mllp = LOOP_OWNER(timer, struct door_mllp, now);

    mllp->busy = false;
    mllp->door.on_result(&mllp->door, &mllp->at_once);
}

/* Never from within door_send: the loop tells it then, without an answer, for there is none yet. */
static void give_result(struct door_mllp *mllp, const struct door_result *result)
{
    mllp->sent = false;
    if (mllp->sending) {
        mllp->at_once = *result;
        mllp->at_once.answer = (hl7_slice){NULL, 0};
        mllp->now.on_time = on_now;
        if (loop_timer_set(mllp->door.loop, &mllp->now, 0)) {
            return;
        }
    }
    mllp->busy = false;
    mllp->door.on_result(&mllp->door, result);
}

/* Ends the letter and the connection. */
static void fail(struct door_mllp *mllp, enum door_outcome outcome, const char *word,
                 hl7_slice answer, const char *reason)
{
    struct door_result result = {.outcome = outcome, .word = word, .answer = answer};

    if (mllp->stored && (outcome == DOOR_TIMEOUT || outcome == DOOR_CLOSED)) {
        result.outcome = DOOR_ACCEPTED;
        result.word = "CA";
    }
    (void)snprintf(result.reason, sizeof result.reason, "%s", reason);
    /* The answer borrows what the connection holds: told before it is closed. Telling may open the
     * next one, so this one is put aside first. */
    struct mllp_link *link = mllp->link;
    mllp->link = NULL;
    mllp->state = MLLP_CLOSED;
    if (link != NULL) {
        link->door = NULL;
    }
    give_result(mllp, &result);
    if (link != NULL) {
        connection_close(&link->connection);
    }
}

/* ---- Answers ------------------------------------------------------------------------------- */

static void accept_answer(struct door_mllp *mllp, const struct hl7_answer *says, hl7_slice payload)
{
    struct door_result result = {
        .outcome = DOOR_ACCEPTED, .word = hl7_ack_code_name(says->code), .answer = payload};

    mllp->fresh = false;
    if (says->code == HL7_AE || says->code == HL7_CE) {
        result.outcome = DOOR_ERROR;
    } else if (says->code == HL7_AR || says->code == HL7_CR) {
        result.outcome = DOOR_REJECTED;
    }
    if (result.outcome != DOOR_ACCEPTED) {
        (void)snprintf(result.reason, sizeof result.reason, "the peer answered %s", result.word);
    }
    if (says->code == HL7_CA && mllp->letter.asks_application) {
        mllp->stored = true;
        mllp->until = mllp->door.loop->now + (uint64_t)mllp->door.to->timeout;
        return;
    }
    give_result(mllp, &result);
}

/* A frame that came while a letter waits. False when the connection is gone. */
static bool take_answer(struct door_mllp *mllp, hl7_slice payload)
{
    struct hl7_message reply;
    const char *problem = NULL;
    struct hl7_answer says = {.code = HL7_ACK_NONE};

    if (!parsing_message(&mllp->parsing, payload, &reply, NULL)) {
        problem = "the answer is no HL7 message";
    } else {
        says = hl7_answer_read(&reply);
        if (says.code == HL7_ACK_NONE) {
            problem = "the answer has no acknowledgement code in MSA-1";
        } else if (mllp->letter.control_id.len > 0 &&
                   !hl7_answer_matches(&says, mllp->letter.control_id)) {
            problem = "the answer names another message (MSA-2 is not the MSH-10 sent)";
        }
    }
    if (problem != NULL) {
        fail(mllp, DOOR_UNFRAMED, "not-an-answer", payload, problem);
        return false;
    }
    accept_answer(mllp, &says, payload);
    return mllp->link != NULL;
}

/* False when the connection is gone. */
static bool take_frame(struct door_mllp *mllp, enum hl7_frame_kind kind,
                       const struct hl7_frame *frame)
{
    if (kind == HL7_FRAME_JUNK) {
        mllp->junk = mllp->junk || memchr(frame->bytes.ptr, 'M', frame->bytes.len) != NULL;
        return true;
    }
    if (kind == HL7_FRAME_BROKEN) {
        fail(mllp, DOOR_UNFRAMED, "broken-frame", frame->bytes,
             frame->why == HL7_TOO_LARGE ? "the answer is longer than max-reply"
                                         : "the answer's frame is damaged");
        return false;
    }
    return take_answer(mllp, frame->bytes);
}

/* Milliseconds that are left for the letter, at least 1. */
static uint64_t time_left(const struct door_mllp *mllp)
{
    uint64_t now = mllp->door.loop->now;

    return mllp->until > now ? mllp->until - now : 1;
}

static void watch_clock(struct door_mllp *mllp)
{
    struct connection *connection = &mllp->link->connection;

    if (!mllp->busy) {
        connection_set_deadline(connection, (uint64_t)mllp->door.to->keep_open);
        return;
    }
    uint64_t left = time_left(mllp);
    if (hl7_framer_in_doubt(&mllp->framer, connection->held) && left > DOUBT) {
        left = DOUBT;
    }
    connection_set_deadline(connection, left);
}

/* Deals with one answer of the framer. What is given out was consumed before: the lane may send its next
 * letter over this connection as soon as it hears of it. False when the connection is gone. */
static bool take_held(struct door_mllp *mllp, enum hl7_frame_kind kind, struct hl7_frame *frame)
{
    struct connection *connection = &mllp->link->connection;

    if (kind != HL7_FRAME_MESSAGE) {
        size_t consumed = frame->consumed;
        bool good = take_frame(mllp, kind, frame);

        if (good) {
            connection_consume(connection, consumed);
        }
        return good;
    }
    if (!memory_grow(&mllp->frame, frame->bytes.len + 1)) {
        fail(mllp, DOOR_UNFRAMED, "out-of-memory", (hl7_slice){NULL, 0}, "out of memory");
        return false;
    }
    if (frame->bytes.len > 0) {
        memcpy(mllp->frame.ptr, frame->bytes.ptr, frame->bytes.len);
    }
    frame->bytes.ptr = mllp->frame.ptr;
    connection_consume(connection, frame->consumed);
    return take_frame(mllp, kind, frame);
}

static void work(struct door_mllp *mllp, bool ended)
{
    struct mllp_link *link = mllp->link;
    struct connection *connection = &link->connection;
    struct hl7_frame frame;

    while (mllp->link == link && mllp->busy && mllp->sent) {
        enum hl7_frame_kind kind = hl7_framer_next(&mllp->framer, connection->held, &frame);
        if (kind == HL7_FRAME_MORE && ended) {
            kind = hl7_framer_end(&mllp->framer, connection->held, &frame);
        }
        if (kind == HL7_FRAME_MORE || !take_held(mllp, kind, &frame)) {
            break;
        }
    }
    if (mllp->link != link) {
        return;
    }
    /* Bytes that nobody asked for could be taken for the answer to the next letter. */
    if (!mllp->busy && (connection->held.len > 0 || mllp->door.to->keep_open == 0)) {
        drop_link(mllp);
    } else {
        watch_clock(mllp);
    }
}

/* ---- Sending ------------------------------------------------------------------------------- */

/* Bytes the peer's system has not confirmed. */
static size_t unconfirmed(const struct door_mllp *mllp)
{
    const struct connection *connection = &mllp->link->connection;
    int bytes = 0;

    if (ioctl(connection->source.fd, SIOCOUTQ, &bytes) != 0 || bytes < 0) {
        return 0;
    }
    return (size_t)bytes + connection_waiting(connection);
}

/* A letter that asks for no answer is done when the system has taken all of it. */
static void on_written(struct door_mllp *mllp)
{
    static const struct door_result done = {.outcome = DOOR_ACCEPTED, .word = "sent"};

    if (mllp->busy && mllp->sent && mllp->letter.is_hl7 && !mllp->letter.asks_accept &&
        !mllp->letter.asks_application) {
        give_result(mllp, &done);
    }
}

static void send_letter(struct door_mllp *mllp)
{
    hl7_slice bytes = mllp->letter.bytes;
    struct hl7_buffer frame;

    if (!memory_grow(&mllp->frame, bytes.len + HL7_FRAME_OVERHEAD)) {
        fail(mllp, DOOR_UNREACHABLE, "out-of-memory", (hl7_slice){NULL, 0}, "out of memory");
        return;
    }
    hl7_buffer_init(&frame, mllp->frame.ptr, mllp->frame.size);
    hl7_frame_write(bytes, &frame);
    mllp->sent = true;
    mllp->stored = false;
    mllp->junk = false;
    mllp->until = mllp->door.loop->now + (uint64_t)mllp->door.to->timeout;
    if (!connection_send(&mllp->link->connection, hl7_buffer_slice(&frame))) {
        fail(mllp, DOOR_UNREACHABLE, "out-of-memory", (hl7_slice){NULL, 0}, "out of memory");
        return;
    }
    if (mllp->link != NULL) {
        watch_clock(mllp);
        if (connection_waiting(&mllp->link->connection) == 0) {
            on_written(mllp);
        }
    }
}

static void begin_connecting(struct door_mllp *mllp);

/* The connection ended before the answer. */
static void lost(struct door_mllp *mllp, int error)
{
    char reason[120];
    bool unread = mllp->sent && !mllp->fresh && !mllp->repeated &&
                  unconfirmed(mllp) >= mllp->letter.bytes.len + HL7_FRAME_OVERHEAD;

    if (!mllp->busy) {
        drop_link(mllp);
        return;
    }
    if (unread) {
        mllp->repeated = true;
        mllp->sent = false;
        drop_link(mllp);
        begin_connecting(mllp);
        return;
    }
    (void)snprintf(reason, sizeof reason, "the connection ended before an answer: %s",
                   error != 0 ? strerror(error) : "the peer closed it");
    hl7_slice held = mllp->link->connection.held;
    if (held.len > 0 || mllp->junk) {
        fail(mllp, DOOR_UNFRAMED, "not-an-answer", held,
             "bytes came that are no framed answer, then the connection ended");
    } else {
        fail(mllp, DOOR_CLOSED, error == ECONNRESET ? "reset" : "closed", held, reason);
    }
}

static void at_timeout(struct door_mllp *mllp)
{
    struct connection *connection = &mllp->link->connection;

    if (!mllp->busy) {
        drop_link(mllp); /* idle for long enough */
        return;
    }
    if (connection_has_input(connection)) {
        connection_set_deadline(connection, 1);
        return;
    }
    if (hl7_framer_in_doubt(&mllp->framer, connection->held)) {
        work(mllp, true);
        return;
    }
    bool strange = connection->held.len > 0 || mllp->junk;
    fail(mllp, strange ? DOOR_UNFRAMED : DOOR_TIMEOUT, strange ? "not-an-answer" : "timeout",
         connection->held, strange ? "bytes came that are no framed answer" : "no answer in time");
}

/* ---- Connecting ---------------------------------------------------------------------------- */

static void connect_next(struct door_mllp *mllp, int error);

static void link_on_event(struct connection *connection, enum connection_event event)
{
    struct mllp_link *link = LOOP_OWNER(connection, struct mllp_link, connection);
    struct door_mllp *mllp = link->door;

    if (mllp == NULL) {
        return;
    }
    if (mllp->state == MLLP_CONNECTING) {
        if (event == CONNECTION_OPEN) {
            mllp->state = MLLP_OPEN;
            mllp->fresh = true;
            send_letter(mllp);
        } else {
            int error = event == CONNECTION_TIMEOUT ? ETIMEDOUT : connection->error;
            drop_link(mllp);
            connect_next(mllp, error);
        }
        return;
    }
    switch (event) {
    case CONNECTION_OPEN:
        break;
    case CONNECTION_DATA:
        work(mllp, connection->ended);
        break;
    case CONNECTION_DRAINED:
        on_written(mllp);
        break;
    case CONNECTION_TIMEOUT:
        at_timeout(mllp);
        break;
    case CONNECTION_CLOSED:
        work(mllp, true);
        if (mllp->link == link) {
            lost(mllp, 0);
        }
        break;
    case CONNECTION_FAILED:
        lost(mllp, connection->error);
        break;
    }
}

static const char *connect_word(int error)
{
    return error == ECONNREFUSED ? "refused"
           : error == ETIMEDOUT  ? "connect-timeout"
                                 : "unreachable";
}

/* Tries the next address; when there is none, the letter could not be handed over. */
static void connect_next(struct door_mllp *mllp, int error)
{
    const struct config_destination *to = mllp->door.to;
    char reason[200];

    while (mllp->next_address != NULL) {
        const struct addrinfo *at = mllp->next_address;
        struct mllp_link *link = calloc(1, sizeof *link);

        mllp->next_address = at->ai_next;
        if (link == NULL) {
            error = ENOMEM;
            break;
        }
        link->door = mllp;
        link->connection.on_event = link_on_event;
        link->connection.on_freed = link_on_freed;
        if (connection_connect(&link->connection, mllp->door.loop, at->ai_addr, at->ai_addrlen)) {
            mllp->link = link;
            mllp->state = MLLP_CONNECTING;
            hl7_framer_init(&mllp->framer, (size_t)to->max_reply, true);
            connection_set_deadline(&link->connection, (uint64_t)to->connect_timeout);
            return;
        }
        error = errno;
        free(link);
    }
    (void)snprintf(reason, sizeof reason, "cannot connect to %.100s: %s", to->mllp.text,
                   strerror(error));
    fail(mllp, DOOR_UNREACHABLE, connect_word(error), (hl7_slice){NULL, 0}, reason);
}

static void on_resolved(struct resolver *resolver, struct addrinfo *list, const char *why)
{
    struct door_mllp *mllp = LOOP_OWNER(resolver, struct door_mllp, resolver);
    char reason[200];

    mllp->state = MLLP_CLOSED;
    if (list == NULL) {
        (void)snprintf(reason, sizeof reason, "cannot find %.100s: %s", mllp->door.to->mllp.host,
                       why);
        fail(mllp, DOOR_UNREACHABLE, "unknown-host", (hl7_slice){NULL, 0}, reason);
        return;
    }
    if (mllp->addresses != NULL) {
        freeaddrinfo(mllp->addresses);
    }
    mllp->addresses = list;
    mllp->next_address = list;
    connect_next(mllp, 0);
}

/* Names are asked for each time: an address that was moved is found. */
static void begin_connecting(struct door_mllp *mllp)
{
    const struct config_address *address = &mllp->door.to->mllp;

    mllp->resolver.on_resolved = on_resolved;
    mllp->state = MLLP_RESOLVING;
    if (!resolver_start(&mllp->resolver, mllp->door.loop, address->host, address->port)) {
        mllp->state = MLLP_CLOSED;
        fail(mllp, DOOR_UNREACHABLE, "out-of-memory", (hl7_slice){NULL, 0},
             "out of memory or threads");
    }
}

/* ---- The door ------------------------------------------------------------------------------ */

static struct door *mllp_open(struct loop *loop, const struct config_destination *to)
{
    struct door_mllp *mllp = calloc(1, sizeof *mllp);

    (void)loop;
    (void)to;
    if (mllp == NULL) {
        return NULL;
    }
    return &mllp->door;
}

static void mllp_send(struct door *door, const struct door_letter *letter)
{
    struct door_mllp *mllp = LOOP_OWNER(door, struct door_mllp, door);

    mllp->letter = *letter;
    mllp->busy = true;
    mllp->sent = false;
    mllp->stored = false;
    mllp->repeated = false;
    mllp->sending = true;
    if (mllp->state == MLLP_OPEN) {
        send_letter(mllp);
    } else {
        begin_connecting(mllp);
    }
    mllp->sending = false;
}

static void mllp_close(struct door *door)
{
    struct door_mllp *mllp = LOOP_OWNER(door, struct door_mllp, door);

    loop_timer_clear(mllp->door.loop, &mllp->now);
    resolver_cancel(&mllp->resolver);
    drop_link(mllp);
    if (mllp->addresses != NULL) {
        freeaddrinfo(mllp->addresses);
    }
    parsing_free(&mllp->parsing);
    memory_free(&mllp->frame);
    free(mllp);
}

const struct door_kind door_mllp = {
    .name = "mllp", .open = mllp_open, .send = mllp_send, .adopt = NULL, .close = mllp_close};
