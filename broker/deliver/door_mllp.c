/* SPDX-License-Identifier: Apache-2.0
 *
 * The way out over MLLP/TCP: one connection, kept open between letters; one letter under way, or as many
 * as the destination's `pipeline` says.
 *
 * Rule 27 decides how it is built: an answer is credited to the letter it names and to no other. Where
 * that cannot be known - it came too late, names no letter under way, is no frame - the connection is
 * closed, and with it goes whatever may still be on its way. The oldest letter gets that for its result,
 * the others are withdrawn.
 *
 * A peer may close an idle connection just when the next letter is written into it. Its system then
 * never confirmed a byte of the letter: nobody read it, and it is sent again over a fresh connection,
 * once, as if the first had not been there.
 *
 * A letter that asks for both acknowledgements (MSH-15, MSH-16) is done with the second. If that does
 * not come in time, the first has still said that the peer stored it: that is accepted, as "CA". */
#include "mllp_link.h"

#include "../../net/address.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* When the timer is set that has nothing to tell. */
enum { NOT_NOW = 24 * 3600 * 1000 };

/* ---- Results ------------------------------------------------------------------------------- */

void mllp_drop_link(struct door_mllp *mllp)
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

static void on_now(struct loop_timer *timer);

/* Takes a letter out of those that are under way. */
static void take_out(struct door_mllp *mllp, struct mllp_slot *slot)
{
    struct mllp_slot **at = &mllp->slots;

    while (*at != slot) {
        at = &(*at)->next;
    }
    *at = slot->next;
    free(mllp->spare);
    mllp->spare = slot;
}

void mllp_give_result(struct door_mllp *mllp, struct mllp_slot *slot,
                      const struct door_result *result)
{
    struct door_result told = *result;

    told.token = slot->letter.token;
    take_out(mllp, slot);
    mllp->door.on_result(&mllp->door, &told);
}

/* Tells the oldest letter's result; the others are withdrawn with it. */
static void give_failure(struct door_mllp *mllp, const struct door_result *result)
{
    static const struct door_result withdrawn = {.outcome = DOOR_WITHDRAWN, .word = "withdrawn"};

    mllp_give_result(mllp, mllp->slots, result);
    while (mllp->slots != NULL) {
        mllp_give_result(mllp, mllp->slots, &withdrawn);
    }
}

/* What came about within door_send is told by the loop. */
static void tell_later(struct door_mllp *mllp)
{
    /* It is set already, for later: moving it takes no memory. */
    (void)loop_timer_set(mllp->door.loop, &mllp->now, 0);
}

/* Ends the oldest letter and the connection. */
void mllp_fail(struct door_mllp *mllp, enum door_outcome outcome, const char *word,
               hl7_slice answer, const char *reason)
{
    struct door_result result = {.outcome = outcome, .word = word, .answer = answer};
    struct mllp_link *link = mllp->link;

    if (mllp->slots->stored && (outcome == DOOR_TIMEOUT || outcome == DOOR_CLOSED)) {
        result.outcome = DOOR_ACCEPTED;
        result.word = "CA";
    }
    (void)snprintf(result.reason, sizeof result.reason, "%s", reason);
    mllp->link = NULL;
    mllp->state = MLLP_CLOSED;
    if (link != NULL) {
        link->door = NULL;
    }
    if (mllp->sending) {
        mllp->failed = true;
        mllp->failure = result;
        mllp->failure.answer = (hl7_slice){NULL, 0};
        tell_later(mllp);
    } else {
        give_failure(mllp, &result); /* the answer borrows what the connection holds */
    }
    if (link != NULL) {
        connection_close(&link->connection);
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

/* A letter that asks for no answer. */
static bool is_unanswerable(const struct mllp_slot *slot)
{
    return slot->letter.is_hl7 && !slot->letter.asks_accept && !slot->letter.asks_application;
}

static bool has_unanswerable(const struct door_mllp *mllp)
{
    const struct mllp_slot *slot = mllp->slots;

    while (slot != NULL && !is_unanswerable(slot)) {
        slot = slot->next;
    }
    return slot != NULL;
}

/* Letters that ask for no answer are done when the system has taken all of them. */
static void on_written(struct door_mllp *mllp)
{
    static const struct door_result done = {.outcome = DOOR_ACCEPTED, .word = "sent"};
    struct mllp_slot *next = NULL;

    if (mllp->sending) {
        tell_later(mllp);
        return;
    }
    for (struct mllp_slot *slot = mllp->slots; slot != NULL && slot->sent; slot = next) {
        next = slot->next;
        if (is_unanswerable(slot)) {
            mllp_give_result(mllp, slot, &done);
        }
    }
}

static void on_now(struct loop_timer *timer)
{
    struct door_mllp *mllp = LOOP_OWNER(timer, struct door_mllp, now);

    (void)loop_timer_set(mllp->door.loop, timer, NOT_NOW); /* in the place it just left */
    if (mllp->failed) {
        mllp->failed = false;
        give_failure(mllp, &mllp->failure);
    } else if (mllp->state == MLLP_OPEN && connection_waiting(&mllp->link->connection) == 0) {
        on_written(mllp);
    }
}

static bool send_slot(struct door_mllp *mllp, struct mllp_slot *slot)
{
    hl7_slice bytes = slot->letter.bytes;
    struct hl7_buffer frame;

    if (!memory_grow(&mllp->frame, bytes.len + HL7_FRAME_OVERHEAD)) {
        return false;
    }
    hl7_buffer_init(&frame, mllp->frame.ptr, mllp->frame.size);
    hl7_frame_write(bytes, &frame);
    slot->sent = true;
    slot->stored = false;
    slot->until = mllp->door.loop->now + (uint64_t)mllp->door.to->timeout;
    return connection_send(&mllp->link->connection, hl7_buffer_slice(&frame));
}

/* Sends what was not sent yet, over the open connection. */
static void send_letters(struct door_mllp *mllp)
{
    mllp->junk = mllp->junk && mllp_awaits_answer(mllp);
    for (struct mllp_slot *slot = mllp->slots; slot != NULL; slot = slot->next) {
        if (!slot->sent && !send_slot(mllp, slot)) {
            mllp_fail(mllp, DOOR_UNREACHABLE, "out-of-memory", (hl7_slice){NULL, 0},
                      "out of memory");
            return;
        }
        if (mllp->link == NULL) {
            return;
        }
    }
    mllp_watch_clock(mllp);
    if (connection_waiting(&mllp->link->connection) == 0 && has_unanswerable(mllp)) {
        on_written(mllp);
    }
}

static void begin_connecting(struct door_mllp *mllp);

/* What is wrong with TLS, if that is what ended the connection. */
static void note_trouble(struct door_mllp *mllp, const struct connection *connection)
{
    const char *text = "";

    mllp->trouble = connection_trouble(connection, &text);
    (void)snprintf(mllp->trouble_text, sizeof mllp->trouble_text, "%s", text);
}

/* Nothing of what was sent was read by anyone, and it was not sent a second time before. */
static bool is_unread(const struct door_mllp *mllp)
{
    size_t size = 0;

    bool secure = mllp->link->connection.stream != NULL;

    for (const struct mllp_slot *at = mllp->slots; at != NULL && at->sent; at = at->next) {
        if (at->repeated || at->stored || (secure && at != mllp->slots)) {
            return false; /* of several in TLS nobody knows which bytes are whose */
        }
        size += at->letter.bytes.len + HL7_FRAME_OVERHEAD;
    }
    return size > 0 && !mllp->fresh && unconfirmed(mllp) >= size;
}

/* The connection ended before the answer. */
static void lost(struct door_mllp *mllp, int error)
{
    char reason[200];

    if (!mllp_is_busy(mllp)) {
        mllp_drop_link(mllp);
        return;
    }
    if (is_unread(mllp)) {
        for (struct mllp_slot *at = mllp->slots; at != NULL; at = at->next) {
            at->repeated = at->sent;
            at->sent = false;
        }
        mllp_drop_link(mllp);
        begin_connecting(mllp);
        return;
    }
    note_trouble(mllp, &mllp->link->connection);
    if (mllp->trouble != STREAM_FINE) {
        /* A peer that refuses our certificate has read nothing that followed it. */
        bool refused = mllp->trouble == STREAM_REFUSED && mllp->fresh;
        (void)snprintf(reason, sizeof reason, "TLS with %.40s: %.140s", mllp->door.to->mllp.text,
                       mllp->trouble_text);
        mllp_fail(mllp, refused ? DOOR_UNREACHABLE : DOOR_CLOSED,
                  stream_trouble_names[mllp->trouble], (hl7_slice){NULL, 0}, reason);
        return;
    }
    (void)snprintf(reason, sizeof reason, "the connection ended before an answer: %s",
                   error != 0 ? strerror(error) : "the peer closed it");
    hl7_slice held = mllp->link->connection.held;
    if (held.len > 0 || mllp->junk) {
        mllp_fail(mllp, DOOR_UNFRAMED, "not-an-answer", held,
                  "bytes came that are no framed answer, then the connection ended");
    } else {
        mllp_fail(mllp, DOOR_CLOSED, error == ECONNRESET ? "reset" : "closed", held, reason);
    }
}

static void at_timeout(struct door_mllp *mllp)
{
    struct connection *connection = &mllp->link->connection;

    if (!mllp_is_busy(mllp)) {
        mllp_drop_link(mllp); /* idle for long enough */
        return;
    }
    if (connection_has_input(connection)) {
        connection_set_deadline(connection, 1);
        return;
    }
    if (hl7_framer_in_doubt(&mllp->framer, connection->held)) {
        mllp_work(mllp, true);
        return;
    }
    bool strange = connection->held.len > 0 || mllp->junk;
    mllp_fail(mllp, strange ? DOOR_UNFRAMED : DOOR_TIMEOUT, strange ? "not-an-answer" : "timeout",
              connection->held,
              strange ? "bytes came that are no framed answer" : "no answer in time");
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
            send_letters(mllp);
        } else {
            int error = event == CONNECTION_TIMEOUT ? ETIMEDOUT : connection->error;
            note_trouble(mllp, connection);
            mllp_drop_link(mllp);
            connect_next(mllp, error);
        }
        return;
    }
    switch (event) {
    case CONNECTION_OPEN:
        break;
    case CONNECTION_DATA:
        mllp_work(mllp, connection->ended);
        break;
    case CONNECTION_DRAINED:
        on_written(mllp);
        break;
    case CONNECTION_TIMEOUT:
        at_timeout(mllp);
        break;
    case CONNECTION_CLOSED:
        mllp_work(mllp, true);
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

/* Without a stream a connection would be in the clear: then there is none. */
static bool make_secure(struct door_mllp *mllp, struct mllp_link *link)
{
    const struct config_destination *to = mllp->door.to;
    const char *host = to->mllp.host[0] != '\0' ? to->mllp.host : "localhost";

    if (to->tls.mode == CONFIG_TLS_OFF) {
        return true;
    }
    link->connection.stream = secure_stream(mllp->door.secure, CONFIG_DESTINATION, to->name,
                                            to->tls.name != NULL ? to->tls.name : host);
    return link->connection.stream != NULL;
}

static void cannot_connect(struct door_mllp *mllp, int error)
{
    const char *to = mllp->door.to->mllp.text;
    char reason[200];

    if (mllp->trouble != STREAM_FINE) {
        (void)snprintf(reason, sizeof reason, "TLS with %.40s: %.140s", to, mllp->trouble_text);
        mllp_fail(mllp, DOOR_UNREACHABLE, stream_trouble_names[mllp->trouble], (hl7_slice){NULL, 0},
                  reason);
        return;
    }
    (void)snprintf(reason, sizeof reason, "cannot connect to %.100s: %s", to, strerror(error));
    mllp_fail(mllp, DOOR_UNREACHABLE, connect_word(error), (hl7_slice){NULL, 0}, reason);
}

/* Tries the next address; when there is none, the letter could not be handed over. */
static void connect_next(struct door_mllp *mllp, int error)
{
    const struct config_destination *to = mllp->door.to;

    while (mllp->next_address != NULL) {
        const struct addrinfo *at = mllp->next_address;
        struct mllp_link *link = calloc(1, sizeof *link);

        mllp->next_address = at->ai_next;
        if (link == NULL || !make_secure(mllp, link)) {
            free(link);
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
    cannot_connect(mllp, error);
}

static void on_resolved(struct resolver *resolver, struct addrinfo *list, const char *why)
{
    struct door_mllp *mllp = LOOP_OWNER(resolver, struct door_mllp, resolver);
    char reason[200];

    mllp->state = MLLP_CLOSED;
    if (list == NULL) {
        (void)snprintf(reason, sizeof reason, "cannot find %.100s: %s", mllp->door.to->mllp.host,
                       why);
        mllp_fail(mllp, DOOR_UNREACHABLE, "unknown-host", (hl7_slice){NULL, 0}, reason);
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
    mllp->trouble = STREAM_FINE;
    if (!resolver_start(&mllp->resolver, mllp->door.loop, address->host, address->port)) {
        mllp->state = MLLP_CLOSED;
        mllp_fail(mllp, DOOR_UNREACHABLE, "out-of-memory", (hl7_slice){NULL, 0},
                  "out of memory or threads");
    }
}

/* ---- The door ------------------------------------------------------------------------------ */

static struct door *mllp_open(struct loop *loop, const struct config_destination *to)
{
    struct door_mllp *mllp = calloc(1, sizeof *mllp);

    (void)to;
    if (mllp == NULL) {
        return NULL;
    }
    mllp->now.on_time = on_now;
    if (!loop_timer_set(loop, &mllp->now, NOT_NOW)) {
        free(mllp);
        return NULL;
    }
    return &mllp->door;
}

static void mllp_send(struct door *door, const struct door_letter *letter)
{
    static const struct door_result no_memory = {.outcome = DOOR_UNREACHABLE,
                                                 .word = "out-of-memory"};
    struct door_mllp *mllp = LOOP_OWNER(door, struct door_mllp, door);
    struct mllp_slot *slot = mllp->spare != NULL ? mllp->spare : malloc(sizeof *slot);
    struct mllp_slot **end = &mllp->slots;

    mllp->spare = NULL;
    if (slot == NULL) {
        struct door_result result = no_memory;

        result.token = letter->token;
        door->on_result(door, &result); /* there is no memory to say it later */
        return;
    }
    *slot = (struct mllp_slot){.letter = *letter};
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = slot;
    mllp->sending = true;
    if (mllp->state == MLLP_OPEN) {
        send_letters(mllp);
    } else if (mllp->state == MLLP_CLOSED && !mllp->failed) {
        begin_connecting(mllp);
    }
    mllp->sending = false;
}

static void mllp_close(struct door *door)
{
    struct door_mllp *mllp = LOOP_OWNER(door, struct door_mllp, door);

    loop_timer_clear(mllp->door.loop, &mllp->now);
    resolver_cancel(&mllp->resolver);
    mllp_drop_link(mllp);
    if (mllp->addresses != NULL) {
        freeaddrinfo(mllp->addresses);
    }
    while (mllp->slots != NULL) {
        take_out(mllp, mllp->slots);
    }
    free(mllp->spare);
    parsing_free(&mllp->parsing);
    memory_free(&mllp->frame);
    free(mllp);
}

const struct door_kind door_mllp = {.name = "mllp",
                                    .pipelines = true,
                                    .open = mllp_open,
                                    .send = mllp_send,
                                    .adopt = NULL,
                                    .close = mllp_close};
