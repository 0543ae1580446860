/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection whose bytes go through a stream, before it is open. Each step of shaking hands is taken
 * when the socket is ready, and when the loop has time for it in this round.
 *
 * If it fails on the side that accepted, the peer is given a moment to read why: closing with bytes of
 * it unread would take that away. They are dropped meanwhile; FAILED comes after. */
#include "connection_parts.h"

#include <errno.h>

enum {
    DRAIN_TIME = 1000,       /* milliseconds for a peer to read why hands were not shaken */
    DRAIN_BYTES = 256 * 1024 /* of it that are dropped meanwhile */
};

/* Hands were not shaken. What the peer was told about it is to reach it. */
static void begin_draining(struct connection *connection, int error)
{
    connection->draining = true;
    connection->drain_error = error;
    (void)shutdown(connection->source.fd, SHUT_WR);
    if (connection->deadline == 0 || connection->deadline > connection->loop->now + DRAIN_TIME) {
        connection_set_deadline(connection, DRAIN_TIME);
    }
}

void connection_drain(struct connection *connection)
{
    ssize_t got =
        recv(connection->source.fd, connection->loop->read_buffer, LOOP_READ_SIZE, MSG_DONTWAIT);

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    connection->drained += got > 0 ? (size_t)got : 0;
    if (got <= 0 || connection->drained > DRAIN_BYTES) {
        connection->draining = false;
        connection_fail(connection, connection->drain_error);
    }
}

void connection_shake(struct connection *connection)
{
    struct stream *stream = connection->stream;

    if (!loop_may_toil(connection->loop)) {
        return;
    }
    enum stream_answer answer = stream->kind->shake(stream);
    int error = errno;
    if (answer == STREAM_AGAIN) {
        return;
    }
    connection->shaking = false;
    if (answer == STREAM_DONE) {
        connection_tell(connection, CONNECTION_OPEN);
    } else if (stream->lingers) {
        begin_draining(connection, error);
    } else {
        connection_fail(connection, error);
    }
}

enum stream_trouble connection_trouble(const struct connection *connection, const char **ret_text)
{
    const struct stream *stream = connection->stream;

    if (stream != NULL && connection->shaking) {
        *ret_text = "hands were not shaken in time";
        return STREAM_LATE;
    }
    *ret_text = stream != NULL ? stream->text : "";
    return stream != NULL ? stream->trouble : STREAM_FINE;
}
