/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection of `orderly listen`: bytes become frames, frames go to listen_take(), what stands
 * between frames is skipped and reported, what breaks the stream is set aside and ends it.
 * net/framing.h judges both, and how long the peer may take. */
#include "listen.h"

#include "../base/log.h"
#include "../net/stray.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WAITING_MAX = 1024 * 1024 /* with more answers waiting to be read, no message is taken */
};

/* ---- Junk (rules 3 and 7) ------------------------------------------------------------------ */

/* False when the connection is to be closed. */
static bool take_junk(struct listen_session *session, hl7_slice bytes)
{
    struct listen *listen = session->listen;
    char text[FRAMING_TEXT];
    char hex[STRAY_EXCERPT];

    switch (framing_judge(&session->framing, bytes, text)) {
    case FRAMING_SKIP:
        break;
    case FRAMING_TELL:
        listen_note(listen, LISTEN_JUNK, "peer=%s skipped bytes between frames, hex=%s%s",
                    session->peer, stray_excerpt(bytes, hex),
                    hl7_slice_starts(bytes, HL7_TEXT("MSH"))
                        ? "; looks like HL7 without MLLP framing (VT before it)"
                        : "");
        break;
    case FRAMING_FOREIGN:
        listen_note(listen, LISTEN_FOREIGN, "peer=%s %s; closed", session->peer, text);
        return false;
    case FRAMING_STRAY:
        listen_note(listen, LISTEN_BROKEN, "peer=%s %s; closed", session->peer, text);
        listen_set_aside(session, bytes);
        return false;
    }
    return true;
}

/* ---- Deadlines ----------------------------------------------------------------------------- */

static void set_deadline(struct listen_session *session)
{
    const struct listen_options *options = session->listen->options;
    const struct framing_limits limits = {
        .first_byte = options->first_byte, .frame = options->frame, .idle = options->idle};
    struct connection *connection = &session->connection;
    bool waits = session->job != NULL || session->waits; /* the program has a limit of its own */

    connection_set_deadline(connection,
                            waits ? 0
                                  : framing_left(&session->framing, &limits, connection->held,
                                                 session->listen->loop.now));
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

static void part(struct listen_session *session)
{
    if (session->answered) {
        session->lingering = true;
        framing_linger(&session->connection);
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
        enum hl7_frame_kind kind = framing_next(&session->framing, connection->held, ended, &frame);
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
        framing_linger(connection);
    } else if (connection->held.len > 0) {
        work(session, false);
    }
}

/* It failed, or was too slow in shaking hands. Somebody who only looked whether the port is open is
 * nothing to talk about. */
static void at_failed(struct listen_session *session)
{
    const struct connection *connection = &session->connection;
    const char *text = "";
    enum stream_trouble trouble = connection_trouble(connection, &text);

    if (trouble == STREAM_FINE) {
        listen_note(session->listen, LISTEN_LOST, "peer=%s connection lost: %s", session->peer,
                    strerror(connection->error));
    } else if (trouble != STREAM_CUT || connection->stream->heard) {
        listen_note(session->listen, LISTEN_TLS, "peer=%s %s: %s; closed", session->peer,
                    stream_trouble_names[trouble], text);
    }
    connection_close(&session->connection);
}

static void at_timeout(struct listen_session *session)
{
    const struct framing *framing = &session->framing;
    uint64_t most = session->listen->options->frame;
    uint64_t now = session->listen->loop.now;
    hl7_slice held = session->connection.held;
    bool stalled = is_stalled(session);

    if (session->lingering) {
        connection_close(&session->connection);
        return;
    }
    if (!stalled && framing_has_time(framing, most, now) &&
        connection_has_input(&session->connection)) {
        connection_set_deadline(&session->connection, 1); /* it was not silent: we were slow */
        return;
    }
    if (session->connection.shaking) {
        at_failed(session);
        return;
    }
    if (!stalled && hl7_framer_in_doubt(&framing->framer, held)) {
        work(session, true);
        return;
    }
    listen_note(session->listen, LISTEN_TIMED_OUT, "peer=%s closed for %s", session->peer,
                framing_why_late(framing, held, stalled));
    if (held.len > 0 && !stalled) {
        listen_set_aside(session, held);
    }
    connection_close(&session->connection);
}

static void on_event(struct connection *connection, enum connection_event event)
{
    struct listen_session *session = LOOP_OWNER(connection, struct listen_session, connection);

    switch (event) {
    case CONNECTION_OPEN: /* hands are shaken */
        set_deadline(session);
        break;
    case CONNECTION_DATA:
        session->framing.seen_bytes = true;
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
        at_failed(session);
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

/* Looks at the files of TLS, once a second at most. */
static void look_at_files(struct listen *listen)
{
    struct tls_problem problem;

    if (listen->loop.now - listen->tls_looked < 1000) {
        return;
    }
    listen->tls_looked = listen->loop.now;
    switch (tls_live_look(&listen->tls, &problem)) {
    case TLS_SAME:
        break;
    case TLS_FRESH:
        log_info("certificate", "changed files are in force");
        break;
    case TLS_BAD:
        log_error("certificate", "%s: %s; the last good one stays in force",
                  problem.file == TLS_FILES ? "--tls" : listen->tls.settings.files[problem.file],
                  problem.text);
        break;
    }
}

/* False when there is no memory for TLS. */
static bool make_secure(struct listen_session *session)
{
    struct listen *listen = session->listen;

    if (listen->tls.context == NULL) {
        return true;
    }
    look_at_files(listen);
    session->connection.stream = tls_stream_new(listen->tls.context, NULL);
    return session->connection.stream != NULL;
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
    framing_init(&session->framing, listen->options->max_message, !listen->options->strict_end);
    if (!make_secure(session) || !connection_accept(&session->connection, &listen->loop, fd)) {
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
