/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection of a listener: bytes become frames, frames go to ingest_take(), replies leave in the
 * order of the payloads they answer. net/framing.h judges what comes, and how long the peer may take;
 * while a reply is due it is not idle.
 *
 * The end. The peer's close, a damaged stream or the end of the broker: nothing more is taken, what was
 * taken is answered, and then the connection is closed gently: closing with bytes of the peer unread
 * could take the last replies away from it. */
#include "ingest.h"

#include "../../base/clock.h"
#include "../../base/crash_point.h"
#include "../../net/stray.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TOO_LARGE_KEPT = 64 * 1024,     /* bytes of a message that is too long */
    WAITING_MAX = 1024 * 1024,      /* with more replies waiting to be read, no message is taken */
    ITEMS_MAX = 1024,               /* payloads of one connection on their way */
    ITEM_BYTES_MAX = 4 << 20,       /* and their bytes: one payload more is always taken */
    ALL_BYTES_MAX = 128 * (1 << 20) /* and those of all connections together */
};

/* ---- Bounds -------------------------------------------------------------------------------- */

static bool is_full(struct ingest_session *session)
{
    struct ingest *ingest = session->listener->ingest;

    if (ingest->item_bytes > ALL_BYTES_MAX) {
        ingest->starved = true;
        return true;
    }
    return session->item_count >= ITEMS_MAX || session->item_bytes > ITEM_BYTES_MAX ||
           connection_waiting(&session->connection) > WAITING_MAX;
}

/* ---- Junk (rules 3 and 7) ------------------------------------------------------------------ */

/* Blanks are shown; anything else may be the bytes of a message. */
static void tell_junk(struct ingest_session *session, hl7_slice bytes)
{
    bool blank = stray_is_blank(bytes);
    char hex[STRAY_EXCERPT];

    ingest_note(session->listener, INGEST_JUNK,
                "listener=%s peer=%s bytes=%zu skipped between frames%s%s",
                ingest_name(session->listener), session->peer, bytes.len, blank ? ", hex " : "",
                blank ? stray_excerpt(bytes, hex)
                : hl7_slice_starts(bytes, HL7_TEXT("MSH"))
                    ? "; looks like HL7 without MLLP framing (VT before it)"
                    : "");
}

/* False when the connection is to be closed. */
static bool take_junk(struct ingest_session *session, hl7_slice bytes)
{
    char text[FRAMING_TEXT];

    switch (framing_judge(&session->framing, bytes, text)) {
    case FRAMING_SKIP:
        break;
    case FRAMING_TELL:
        tell_junk(session, bytes);
        break;
    case FRAMING_FOREIGN:
        ingest_note(session->listener, INGEST_FOREIGN, "listener=%s peer=%s %s; closed",
                    ingest_name(session->listener), session->peer, text);
        return false;
    case FRAMING_STRAY:
        ingest_note(session->listener, INGEST_BROKEN, "listener=%s peer=%s %s; closed",
                    ingest_name(session->listener), session->peer, text);
        ingest_keep_damaged(session, bytes, "stray");
        return false;
    }
    return true;
}

/* ---- Deadlines ----------------------------------------------------------------------------- */

static uint64_t frame_time(const struct ingest_session *session)
{
    const struct config_listener *config = session->listener->config;

    return config != NULL ? (uint64_t)config->frame_timeout : FRAMING_SILENCE;
}

static void set_deadline(struct ingest_session *session)
{
    const struct config_listener *config = session->listener->config;
    struct connection *connection = &session->connection;

    if (session->parting || config == NULL || connection->paused) {
        connection_set_deadline(connection, 0); /* the replies come, or the store's trouble */
        return;
    }
    const struct framing_limits limits = {.first_byte = (uint64_t)config->first_byte_timeout,
                                          .frame = (uint64_t)config->frame_timeout,
                                          .idle = (uint64_t)config->idle_timeout,
                                          .rate = (uint64_t)config->min_rate};
    uint64_t left =
        framing_left(&session->framing, &limits, connection->held, connection->loop->now);
    bool replies_due = connection->held.len == 0 && session->item_count > 0;
    connection_set_deadline(connection, replies_due ? 0 : left);
}

/* ---- The end ------------------------------------------------------------------------------- */

/* Nothing more is taken. Closes now if nothing is due. False when the session may be gone. */
static bool part(struct ingest_session *session)
{
    struct connection *connection = &session->connection;

    session->parting = true;
    connection_consume(connection, connection->held.len);
    if (session->item_count > 0) {
        connection_set_deadline(connection, 0);
        return true;
    }
    if (connection->ended && connection_waiting(connection) > 0) {
        connection_set_deadline(connection, FRAMING_LINGER);
        return true;
    }
    if (!session->answered || connection->ended) {
        connection_close(connection);
        return false;
    }
    if (!session->lingering) {
        session->lingering = true;
        framing_linger(connection);
        if (connection->paused) {
            return connection_resume(connection);
        }
    }
    return true;
}

/* ---- Frames -------------------------------------------------------------------------------- */

static void take_broken(struct ingest_session *session, const struct hl7_frame *frame)
{
    if (frame->why == HL7_TOO_LARGE) {
        ingest_note(session->listener, INGEST_BROKEN,
                    "listener=%s peer=%s message longer than max-message (%lld bytes); closed",
                    ingest_name(session->listener), session->peer,
                    (long long)session->listener->config->max_message);
    } else {
        ingest_note(session->listener, INGEST_BROKEN,
                    "listener=%s peer=%s damaged frame: VT or FS out of place at byte %zu; closed",
                    ingest_name(session->listener), session->peer, frame->position);
    }
    /* Of what is too long its front will do for a look: whoever sends without end is not to fill the disk. */
    ingest_keep_damaged(session,
                        frame->why == HL7_TOO_LARGE
                            ? hl7_slice_part(frame->bytes, 0, TOO_LARGE_KEPT)
                            : frame->bytes,
                        "damaged-frame");
}

/* Deals with one answer of the framer. False when there is nothing more to deal with. */
static bool take_frame(struct ingest_session *session, enum hl7_frame_kind kind,
                       const struct hl7_frame *frame)
{
    bool good = true;

    switch (kind) {
    case HL7_FRAME_MORE:
        return false;
    case HL7_FRAME_JUNK:
        good = take_junk(session, frame->bytes);
        break;
    case HL7_FRAME_BROKEN:
        take_broken(session, frame);
        good = false;
        break;
    case HL7_FRAME_MESSAGE:
        good = ingest_take(session, frame->bytes);
        break;
    }
    connection_consume(&session->connection, frame->consumed);
    session->parting = session->parting || !good;
    return good;
}

/* Works through what is held. `ended`: nothing will follow soon, so doubts are decided. False when the
 * session may be gone. */
static bool work(struct ingest_session *session, bool ended)
{
    struct connection *connection = &session->connection;
    struct hl7_frame frame;
    bool going = !session->parting;

    while (going && !is_full(session)) {
        enum hl7_frame_kind kind = framing_next(&session->framing, connection->held, ended, &frame);

        going = take_frame(session, kind, &frame);
    }
    if (session->parting) {
        return part(session);
    }
    if (going) { /* full: what is held is looked at again when replies have left */
        connection_pause(connection);
    }
    set_deadline(session);
    return true;
}

static void at_end(struct ingest_session *session)
{
    struct connection *connection = &session->connection;

    if (!work(session, true) || connection->paused) {
        return;
    }
    if (connection->held.len > 0 && !session->parting) {
        ingest_note(session->listener, INGEST_LOST,
                    "listener=%s peer=%s closed in the middle of a frame",
                    ingest_name(session->listener), session->peer);
    }
    (void)part(session);
}

/* ---- Replies ------------------------------------------------------------------------------- */

void ingest_session_due(struct ingest_session *session)
{
    struct ingest *ingest = session->listener->ingest;

    if (!session->is_due && session->items->ready) {
        session->is_due = true;
        session->next_due = ingest->due;
        ingest->due = session;
    }
}

/* Lets go of the first item, whose reply is on its way. */
static void pop_item(struct ingest_session *session)
{
    struct ingest_item *item = session->items;

    session->items = item->next;
    if (session->items == NULL) {
        session->items_end = &session->items;
    }
    session->item_count--;
    session->item_bytes -= item->payload.len;
    ingest_item_leave(item);
}

/* Gathers the replies that are ready, from the first on, in ingest->out_memory. */
static bool gather(struct ingest_session *session, size_t *ret_len)
{
    struct memory_block *memory = &session->listener->ingest->out_memory;
    int64_t now = clock_steady();
    size_t len = 0;

    while (session->items != NULL && session->items->ready) {
        hl7_slice reply = session->items->reply;

        if (!memory_grow(memory, len + reply.len + 1)) {
            return false;
        }
        if (reply.len > 0) {
            memcpy((char *)memory->ptr + len, reply.ptr, reply.len);
            histogram_add(&session->listener->counters.acknowledgement,
                          now - session->items->began);
        }
        len += reply.len;
        pop_item(session);
    }
    *ret_len = len;
    return true;
}

/* Looks at what is held, if that had to wait; sees to the end if that had to wait. */
static void go_on(struct ingest_session *session)
{
    struct connection *connection = &session->connection;

    if (connection->paused && !is_full(session) && !connection_resume(connection)) {
        return;
    }
    if (connection->paused || session->parting) {
        return;
    }
    if (connection->ended && session->item_count == 0) {
        at_end(session);
    } else {
        set_deadline(session);
    }
}

void ingest_session_flush(struct ingest_session *session)
{
    struct ingest *ingest = session->listener->ingest;
    struct connection *connection = &session->connection;
    size_t len = 0;

    bool good = gather(session, &len);
    if (len > 0) {
        session->answered = true;
        CRASH_POINT("ingest.reply.before");
        good = good && connection_send(connection, (hl7_slice){ingest->out_memory.ptr, len});
        CRASH_POINT("ingest.reply.after");
    }
    if (!good) {
        connection_close(connection);
    } else if (session->parting) {
        (void)part(session);
    } else {
        go_on(session);
    }
}

/* ---- Events -------------------------------------------------------------------------------- */

/* It failed, or was too slow in shaking hands. Somebody who only looked whether the port is open is
 * nothing to talk about. */
static void at_failed(struct ingest_session *session)
{
    const struct connection *connection = &session->connection;
    const char *text = "";
    enum stream_trouble trouble = connection_trouble(connection, &text);

    if (trouble == STREAM_CUT && !connection->stream->heard) {
        connection_close(&session->connection);
        return;
    }
    if (trouble != STREAM_FINE) {
        session->listener->counters.refused++;
        ingest_note_trouble(session->listener, trouble, "listener=%s peer=%s %s; closed",
                            ingest_name(session->listener), session->peer, text);
        const struct ingest_hooks *hooks = &session->listener->ingest->hooks;
        if (hooks->insecure != NULL) {
            hooks->insecure(hooks->context, ingest_name(session->listener), session->peer, trouble);
        }
    } else {
        ingest_note(session->listener, INGEST_LOST, "listener=%s peer=%s connection lost: %s",
                    ingest_name(session->listener), session->peer, strerror(connection->error));
    }
    connection_close(&session->connection);
}

static void at_timeout(struct ingest_session *session)
{
    struct connection *connection = &session->connection;
    hl7_slice held = connection->held;

    if (session->lingering || session->parting) {
        connection_close(connection);
        return;
    }
    if (framing_has_time(&session->framing, frame_time(session), connection->loop->now) &&
        connection_has_input(connection)) {
        connection_set_deadline(connection, 1); /* it was not silent: we were slow */
        return;
    }
    if (connection->shaking) {
        at_failed(session);
        return;
    }
    if (hl7_framer_in_doubt(&session->framing.framer, held)) {
        (void)work(session, true);
        return;
    }
    ingest_note(
        session->listener, INGEST_TIMED_OUT, "listener=%s peer=%s closed for %s",
        ingest_name(session->listener), session->peer,
        framing_why_late(&session->framing, held, connection_waiting(connection) > WAITING_MAX));
    (void)part(session);
}

static void at_drained(struct ingest_session *session)
{
    struct connection *connection = &session->connection;

    if (session->lingering) {
        framing_linger(connection);
    } else if (session->parting || connection->ended) {
        (void)part(session);
    } else {
        go_on(session);
    }
}

/* Counts what the session holds of a message that is not whole. When all sessions hold too much, it is the one
 * that would hold more that has to go: its sender still has the message. */
static void account(struct ingest_session *session)
{
    struct ingest *ingest = session->listener->ingest;
    struct connection *connection = &session->connection;
    size_t held = connection->closing ? 0 : connection_memory(connection);
    bool grows = held > session->held_bytes;

    ingest->held_bytes -= session->held_bytes;
    ingest->held_bytes += held;
    session->held_bytes = held;
    if (grows && ingest->held_bytes > (size_t)ingest->orderly->max_memory && !session->reserved &&
        !session->parting) {
        session->listener->counters.refused++;
        ingest_note(session->listener, INGEST_REFUSED,
                    "listener=%s peer=%s over max-memory: %zu bytes of messages that are not whole",
                    ingest_name(session->listener), session->peer, ingest->held_bytes);
        ingest->held_bytes -= held;
        session->held_bytes = 0;
        connection_close(connection);
    }
}

static void take_event(struct ingest_session *session, enum connection_event event)
{
    struct connection *connection = &session->connection;

    switch (event) {
    case CONNECTION_OPEN: /* hands are shaken */
        set_deadline(session);
        break;
    case CONNECTION_DATA:
        session->framing.seen_bytes = true;
        if (session->parting) {
            connection_consume(connection, connection->held.len);
        } else if (connection->ended) {
            at_end(session);
        } else {
            (void)work(session, false);
        }
        break;
    case CONNECTION_DRAINED:
        at_drained(session);
        break;
    case CONNECTION_TIMEOUT:
        at_timeout(session);
        break;
    case CONNECTION_CLOSED:
        at_end(session);
        break;
    case CONNECTION_FAILED:
        at_failed(session);
        break;
    }
}

/* Whatever comes of it, the session is there until this is left. */
static void on_event(struct connection *connection, enum connection_event event)
{
    struct ingest_session *session = LOOP_OWNER(connection, struct ingest_session, connection);

    take_event(session, event);
    account(session);
}

/* ---- Life ---------------------------------------------------------------------------------- */

static void forget_due(struct ingest_session *session)
{
    struct ingest_session **at = &session->listener->ingest->due;

    while (session->is_due && *at != session) {
        at = &(*at)->next_due;
    }
    if (session->is_due) {
        *at = session->next_due;
        session->is_due = false;
    }
}

static void on_freed(struct connection *connection)
{
    struct ingest_session *session = LOOP_OWNER(connection, struct ingest_session, connection);
    struct ingest_listener *listener = session->listener;

    forget_due(session);
    while (session->items != NULL) {
        pop_item(session);
    }
    if (session->previous != NULL) {
        session->previous->next = session->next;
    } else {
        listener->sessions = session->next;
    }
    if (session->next != NULL) {
        session->next->previous = session->previous;
    }
    listener->ingest->held_bytes -= session->held_bytes;
    listener->ingest->session_count--;
    listener->session_count--;
    listener->counters.open_connections = listener->session_count;
    free(session);
}

/* Why a new connection cannot be taken; NULL when it can. */
static const char *over_bound(const struct ingest_listener *listener, const struct sockaddr *peer)
{
    const struct config_listener *config = listener->config;
    const struct ingest *ingest = listener->ingest;
    int64_t kept = config->reserved.count == 0 || config_reserves(config, peer)
                       ? 0
                       : config->reserved_connections;
    int64_t same = 0;

    if (!config_allows(config, peer)) {
        return "not in allow";
    }
    if ((int64_t)listener->session_count >= config->max_connections - kept) {
        return kept == 0 ? "over max-connections" : "over max-connections that are not reserved";
    }
    if ((int64_t)ingest->session_count >= ingest->orderly->max_connections - kept) {
        return "over max-connections of all listeners";
    }
    for (const struct ingest_session *s = listener->sessions; s != NULL; s = s->next) {
        same += address_same_host((const struct sockaddr *)&s->address, peer) ? 1 : 0;
    }
    return same >= config->max_per_address ? "over max-per-address" : NULL;
}

static void refuse(struct ingest_listener *listener, int fd, const char *peer, const char *why)
{
    listener->counters.refused++;
    ingest_note(listener, INGEST_REFUSED, "listener=%s peer=%s %s", listener->config->name, peer,
                why);
    (void)close(fd);
}

void ingest_session_open(struct ingest_listener *listener, int fd, const struct sockaddr *peer,
                         socklen_t len)
{
    char text[ADDRESS_TEXT];
    const char *bound = over_bound(listener, peer);

    address_write(peer, len, text);
    if (bound != NULL) {
        refuse(listener, fd, text, bound);
        return;
    }
    struct ingest_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        refuse(listener, fd, text, "out of memory");
        return;
    }
    if (listener->config->tls.mode != CONFIG_TLS_OFF) {
        session->connection.stream =
            secure_stream(listener->ingest->secure, CONFIG_LISTENER, listener->config->name, NULL);
        if (session->connection.stream == NULL) {
            refuse(listener, fd, text, "no certificate is in force, or out of memory");
            free(session);
            return;
        }
    }
    session->listener = listener;
    session->reserved = config_reserves(listener->config, peer);
    session->items_end = &session->items;
    memcpy(&session->address, peer, len);
    memcpy(session->peer, text, sizeof text);
    session->connection.on_event = on_event;
    session->connection.on_freed = on_freed;
    framing_init(&session->framing, (size_t)listener->config->max_message,
                 listener->config->lenient_end);
    if (!connection_accept(&session->connection, listener->ingest->loop, fd)) {
        refuse(listener, fd, text, strerror(errno));
        free(session);
        return;
    }
    session->next = listener->sessions;
    if (listener->sessions != NULL) {
        listener->sessions->previous = session;
    }
    listener->sessions = session;
    listener->session_count++;
    listener->ingest->session_count++;
    listener->counters.open_connections = listener->session_count;
    listener->counters.connections++;
    set_deadline(session);
}

void ingest_session_drain(struct ingest_session *session)
{
    if (!session->parting) {
        (void)part(session);
    }
}
