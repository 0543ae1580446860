/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection of `orderly listen`: bytes become frames, frames go to listen_take(), what stands
 * between frames is skipped and reported, what breaks the stream is set aside and ends it.
 *
 * Deadlines, whichever applies: waiting for the first byte; a frame in doubt (half a second of
 * silence decides it); the rest of a frame, counted from its first byte, so that a trickle of bytes
 * does not put it off; idleness between frames. */
#include "listen.h"

#include "../base/log.h"
#include "../net/stray.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SILENCE = 500,             /* milliseconds that decide a frame in doubt (rule 3) */
    LINGER = 5000,             /* milliseconds for a peer to take the answers that still wait */
    WAITING_MAX = 1024 * 1024, /* with more answers waiting to be read, no message is taken */
    JUNK_MAX = 64 * 1024       /* bytes without a frame that a connection may send */
};

/* ---- Junk (rules 3 and 7) ------------------------------------------------------------------ */

/* False when the connection is to be closed. */
static bool take_junk(struct listen_session *session, hl7_slice bytes)
{
    struct listen *listen = session->listen;
    const char *foreign = session->junk == 0 ? stray_protocol(bytes) : NULL;
    bool blank = stray_is_blank(bytes);
    bool first = session->junk == 0;
    char hex[STRAY_EXCERPT];

    session->junk += bytes.len;
    if (foreign != NULL) {
        listen_note(listen, LISTEN_FOREIGN, "peer=%s %s instead of MLLP; closed", session->peer,
                    foreign);
        return false;
    }
    if (memchr(bytes.ptr, HL7_FS, bytes.len) != NULL) {
        /* The end of a frame without its start. If a message went before, its rest may be this: it
         * was damaged into two, and the front was answered before the rest came (rule 4). */
        listen_note(listen, LISTEN_BROKEN, "peer=%s FS outside a frame; closed", session->peer);
        listen_set_aside(session, bytes);
        return false;
    }
    if (session->junk > JUNK_MAX) {
        listen_note(listen, LISTEN_FOREIGN, "peer=%s %llu bytes without a frame; closed",
                    session->peer, (unsigned long long)session->junk);
        return false;
    }
    if (first && !(blank && session->blank_logged)) {
        session->blank_logged = session->blank_logged || blank;
        listen_note(listen, LISTEN_JUNK, "peer=%s skipped bytes between frames, hex=%s%s",
                    session->peer, stray_excerpt(bytes, hex),
                    hl7_slice_starts(bytes, HL7_TEXT("MSH"))
                        ? "; looks like HL7 without MLLP framing (VT before it)"
                        : "");
    }
    return true;
}

/* ---- Deadlines ----------------------------------------------------------------------------- */

static void set_deadline(struct listen_session *session)
{
    const struct listen_options *options = session->listen->options;
    struct connection *connection = &session->connection;
    uint64_t now = session->listen->loop.now;

    if (session->job != NULL || session->waits) {
        connection_set_deadline(connection, 0); /* the program has a limit of its own */
        return;
    }
    if (connection->held.len == 0) {
        session->frame_began = 0;
        connection_set_deadline(connection,
                                session->seen_bytes ? options->idle : options->first_byte);
        return;
    }
    if (session->frame_began == 0) {
        session->frame_began = now;
    }
    uint64_t left = 0;
    if (options->frame != 0) {
        uint64_t due = session->frame_began + options->frame;
        left = due > now ? due - now : 1;
    }
    if (hl7_framer_in_doubt(&session->framer, connection->held) && (left == 0 || left > SILENCE)) {
        left = SILENCE;
    }
    connection_set_deadline(connection, left);
}

/* ---- Frames -------------------------------------------------------------------------------- */

static void take_broken(struct listen_session *session, const struct hl7_frame *frame)
{
    struct listen *listen = session->listen;

    if (frame->why == HL7_TOO_LARGE) {
        listen_note(listen, LISTEN_BROKEN, "peer=%s message longer than %llu bytes; closed",
                    session->peer, (unsigned long long)listen->options->max_message);
    } else {
        listen_note(listen, LISTEN_BROKEN,
                    "peer=%s damaged frame: VT or FS out of place at byte %zu; closed",
                    session->peer, frame->position);
    }
    listen_set_aside(session, frame->bytes);
}

/* Deals with one answer of the framer. False when the loop over what is held has to stop. */
static bool take_frame(struct listen_session *session, enum hl7_frame_kind kind,
                       const struct hl7_frame *frame, bool *ret_close)
{
    enum listen_taken taken = LISTEN_TAKEN;

    switch (kind) {
    case HL7_FRAME_MORE:
        return false;
    case HL7_FRAME_JUNK:
        *ret_close = !take_junk(session, frame->bytes);
        break;
    case HL7_FRAME_BROKEN:
        take_broken(session, frame);
        *ret_close = true;
        break;
    case HL7_FRAME_MESSAGE:
        session->junk = 0;
        session->frame_began = 0;
        session->job_payload = frame->bytes.len;
        session->job_consume = frame->consumed;
        taken = listen_take(session, frame->bytes);
        *ret_close = taken == LISTEN_REFUSE;
        break;
    }
    if (taken == LISTEN_LATER) {
        return false;
    }
    connection_consume(&session->connection, frame->consumed);
    return !*ret_close;
}

/* No more is answered, but the peer may still be sending: closing now could cost it the last answer.
 * Our side ends when all answers have left, the rest when the peer ends its own. */
static void linger(struct listen_session *session)
{
    struct connection *connection = &session->connection;
    bool waiting = connection_waiting(connection) > 0;

    session->lingering = true;
    connection_consume(connection, connection->held.len);
    if (!waiting) {
        connection_end_output(connection);
    }
    connection_set_deadline(connection, waiting ? LINGER : SILENCE);
}

static void part(struct listen_session *session)
{
    if (session->answered) {
        linger(session);
    } else {
        connection_close(&session->connection);
    }
}

/* Sees to the answers, and closes if that is what it has come to. Who goes on reading gets them at
 * the end of the round; who is about to leave gets them now. */
static void finish_work(struct listen_session *session, bool close)
{
    const struct listen *listen = session->listen;

    bool stays = !close && !session->connection.ended && !listen->draining && !listen->ending;

    if (stays) {
        listen_defer(session);
    }
    if ((!stays || listen_is_full(listen)) && !listen_flush(session)) {
        return;
    }
    if (close) {
        part(session);
    } else {
        set_deadline(session);
    }
}

static bool is_stalled(const struct listen_session *session)
{
    return connection_waiting(&session->connection) > WAITING_MAX;
}

/* Works through what is held. `ended`: nothing will follow soon, so doubts are decided. */
static void work(struct listen_session *session, bool ended)
{
    struct connection *connection = &session->connection;
    struct listen *listen = session->listen;
    struct hl7_frame frame;
    bool close = false;
    bool going = true;

    if (session->lingering) {
        connection_consume(connection, connection->held.len);
        return;
    }
    (void)live_template_refresh(&listen->template);
    while (going && !listen->ending && !is_stalled(session)) {
        enum hl7_frame_kind kind = hl7_framer_next(&session->framer, connection->held, &frame);
        if (kind == HL7_FRAME_MORE && ended) {
            kind = hl7_framer_end(&session->framer, connection->held, &frame);
        }
        going = take_frame(session, kind, &frame, &close);
        if (going && listen_is_full(listen) && !listen_flush(session)) {
            return;
        }
    }
    finish_work(session, close);
}

static void at_end(struct listen_session *session)
{
    work(session, true);
    if (session->connection.closing) {
        return;
    }
    if (session->job != NULL || session->waits || connection_waiting(&session->connection) > 0) {
        return; /* the peer may still read the answers; more messages may be held */
    }
    if (session->connection.held.len > 0) {
        listen_note(session->listen, LISTEN_LOST, "peer=%s closed in the middle of a frame",
                    session->peer);
        listen_set_aside(session, session->connection.held);
    }
    connection_close(&session->connection);
}

/* All answers have left. */
static void at_drained(struct listen_session *session)
{
    struct connection *connection = &session->connection;

    if (session->job != NULL || session->waits) {
        return;
    }
    if (connection->ended) {
        at_end(session);
    } else if (session->lingering) {
        linger(session);
    } else if (connection->held.len > 0) {
        work(session, false);
    }
}

static const char *why_late(const struct listen_session *session)
{
    if (is_stalled(session)) {
        return "answers that it does not read";
    }
    if (session->connection.held.len > 0) {
        return "a frame that was not finished in time";
    }
    return session->seen_bytes ? "idleness" : "no first byte";
}

/* False when the time for the frame at hand is over. */
static bool has_time(const struct listen_session *session)
{
    uint64_t most = session->listen->options->frame;

    return session->frame_began == 0 || most == 0 ||
           session->listen->loop.now < session->frame_began + most;
}

static void at_timeout(struct listen_session *session)
{
    hl7_slice held = session->connection.held;

    if (session->lingering) {
        connection_close(&session->connection);
        return;
    }
    if (!is_stalled(session) && has_time(session) && connection_has_input(&session->connection)) {
        connection_set_deadline(&session->connection, 1); /* it was not silent: we were slow */
        return;
    }
    if (!is_stalled(session) && hl7_framer_in_doubt(&session->framer, held)) {
        work(session, true);
        return;
    }
    listen_note(session->listen, LISTEN_TIMED_OUT, "peer=%s closed for %s", session->peer,
                why_late(session));
    if (held.len > 0 && !is_stalled(session)) {
        listen_set_aside(session, held);
    }
    connection_close(&session->connection);
}

static void on_event(struct connection *connection, enum connection_event event)
{
    struct listen_session *session = LOOP_OWNER(connection, struct listen_session, connection);

    switch (event) {
    case CONNECTION_OPEN:
        break;
    case CONNECTION_DATA:
        session->seen_bytes = true;
        work(session, connection->ended);
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
        listen_note(session->listen, LISTEN_LOST, "peer=%s connection lost: %s", session->peer,
                    strerror(connection->error));
        connection_close(connection);
        break;
    }
}

/* ---- Life ---------------------------------------------------------------------------------- */

static void on_freed(struct connection *connection)
{
    struct listen_session *session = LOOP_OWNER(connection, struct listen_session, connection);
    struct listen *listen = session->listen;

    listen_exec_forget(session);
    listen_forget_due(session);
    if (session->previous != NULL) {
        session->previous->next = session->next;
    } else {
        listen->sessions = session->next;
    }
    if (session->next != NULL) {
        session->next->previous = session->previous;
    }
    listen->session_count--;
    free(session);
    listen_end_if_drained(listen);
}

/* Why a new connection cannot be taken; NULL when it can. */
static const char *over_cap(const struct listen *listen, const struct sockaddr *peer)
{
    uint64_t same = 0;

    if (listen->session_count >= listen->options->max_connections) {
        return "--max-connections";
    }
    for (const struct listen_session *s = listen->sessions; s != NULL; s = s->next) {
        same += address_same_host((const struct sockaddr *)&s->address, peer) ? 1 : 0;
    }
    return same >= listen->options->max_per_address ? "--max-per-address" : NULL;
}

void listen_session_open(struct listen *listen, int fd, const struct sockaddr *peer, socklen_t len)
{
    char text[ADDRESS_TEXT];

    address_write(peer, len, text);
    const char *cap = over_cap(listen, peer);
    if (cap != NULL) {
        listen_note(listen, LISTEN_REFUSED, "peer=%s over %s", text, cap);
        (void)close(fd);
        return;
    }
    struct listen_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        listen_note(listen, LISTEN_REFUSED, "peer=%s out of memory", text);
        (void)close(fd);
        return;
    }
    session->listen = listen;
    memcpy(&session->address, peer, len);
    memcpy(session->peer, text, sizeof text);
    session->connection.on_event = on_event;
    session->connection.on_freed = on_freed;
    hl7_framer_init(&session->framer, listen->options->max_message, !listen->options->strict_end);
    if (!connection_accept(&session->connection, &listen->loop, fd)) {
        listen_note(listen, LISTEN_REFUSED, "peer=%s %s", text, strerror(errno));
        (void)close(fd);
        free(session);
        return;
    }
    session->next = listen->sessions;
    if (listen->sessions != NULL) {
        listen->sessions->previous = session;
    }
    listen->sessions = session;
    listen->session_count++;
    listen->counters.connections++;
    set_deadline(session);
}

void listen_session_resume(struct listen_session *session)
{
    struct connection *connection = &session->connection;

    if (!listen_flush(session)) {
        return;
    }
    connection_consume(connection, session->job_consume);
    if (connection_resume(connection) && connection->held.len == 0) {
        set_deadline(session);
    }
}

void listen_session_drain(struct listen_session *session)
{
    struct connection *connection = &session->connection;

    if (connection_waiting(connection) > 0 || session->lingering || !connection_read(connection) ||
        connection_waiting(connection) > 0 || session->lingering || session->job != NULL ||
        session->waits) {
        return;
    }
    if (connection->held.len == 0 || session->listen->ending) {
        part(session);
    }
}
