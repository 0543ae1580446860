/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection: bytes in, bytes out, one deadline, one callback.
 *
 * Bytes that arrive are held until the owner consumes them; the owner sees all that is held as one
 * slice. An idle connection holds no buffer: reading goes through the loop's own, and only what
 * the owner left over is copied. Output goes out at once if the socket takes it; the rest waits and
 * reading pauses while much waits.
 *
 * The bytes may go through a stream (stream.h: TLS) instead of the socket alone. Then OPEN comes when
 * hands are shaken, also to the side that accepted; what is sent before waits. Shaking hands costs
 * time of the processor, so only a few steps of it are taken in each round of the loop.
 *
 * Life: connection_accept or connection_connect, then events, then connection_close, which the
 * owner calls, also from within the callback. After FAILED no other event comes; after CLOSED, none
 * but DRAINED, TIMEOUT and FAILED. */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include "hl7.h"
#include "loop.h"
#include "stream.h"

#include <sys/socket.h>

enum connection_event {
    CONNECTION_OPEN,    /* connection_connect succeeded; with a stream: hands are shaken */
    CONNECTION_DATA,    /* more bytes are held */
    CONNECTION_DRAINED, /* output that had to wait has all been handed to the system */
    CONNECTION_TIMEOUT, /* the deadline came */
    CONNECTION_CLOSED,  /* the peer has closed its side; what is held is all there will be */
    CONNECTION_FAILED   /* reset, refused, …: connection->error is the errno */
};

struct connection {
    struct loop_source source;
    struct loop_timer timer;
    struct loop *loop;
    void (*on_event)(struct connection *connection, enum connection_event event);
    uint64_t deadline; /* loop time, 0: none */
    char *held_own;    /* malloc'd: bytes kept between events; NULL when none */
    size_t held_size;
    hl7_slice held; /* what is held now: in held_own or in the loop's read buffer */
    char *out;      /* malloc'd: output that waits; NULL when none */
    size_t out_start;
    size_t out_len;
    size_t out_size;
    struct stream *stream; /* the connection's from the beginning on; NULL: the socket alone */
    size_t drained; /* private, as the next three: bytes dropped after hands were not shaken */
    int drain_error;
    bool draining;
    bool ending;  /* the stream's end waits for the socket */
    bool shaking; /* hands are not shaken yet; then TIMEOUT means that */
    int error;
    bool connecting;
    bool paused;   /* the owner does not want to read now */
    bool ended;    /* the peer has closed its side */
    bool in_event; /* private: closing is put off until the callback is left */
    bool closing;
    void (*on_freed)(struct connection *connection);
};

/* Takes a connected non-blocking socket. on_event, on_freed and perhaps stream are set before, the rest
 * is zero. on_freed is called once, when the connection no longer needs its memory. False with errno
 * set: the socket is then still the caller's, the stream is gone. */
bool connection_accept(struct connection *connection, struct loop *loop, int fd);

/* Begins to connect: OPEN or FAILED follows, or the deadline. False with errno set at once; the stream
 * is gone then. */
bool connection_connect(struct connection *connection, struct loop *loop,
                        const struct sockaddr *address, socklen_t len);

/* Reads what has arrived, now, without waiting for the loop to say so. Not from the callback. False
 * when the connection was closed meanwhile: its memory may be gone. */
bool connection_read(struct connection *connection);

/* What is wrong with the stream, when FAILED came of that (or TIMEOUT, while hands were shaken), and in
 * *ret_text a sentence about it. STREAM_FINE: it has nothing to do with it. */
enum stream_trouble connection_trouble(const struct connection *connection, const char **ret_text);

/* Bytes have arrived that were not read yet. */
bool connection_has_input(const struct connection *connection);

/* Drops the first n bytes held. */
void connection_consume(struct connection *connection, size_t n);

/* Sends bytes; they are copied as far as they have to wait. False when memory is short: the
 * connection then FAILED in the owner's eyes and is to be closed. Write errors come as FAILED. */
bool connection_send(struct connection *connection, hl7_slice bytes);

/* Bytes that wait to be sent. */
size_t connection_waiting(const struct connection *connection);

/* The memory that what is held takes, or will when the running callback is left. */
size_t connection_memory(const struct connection *connection);

/* Stops and resumes reading. Resuming offers what is held again, as DATA, if there is any; false as
 * with connection_read. */
void connection_pause(struct connection *connection);
bool connection_resume(struct connection *connection);

/* TIMEOUT comes `delay` milliseconds from now; 0 for never. Cheap: made for every message. */
void connection_set_deadline(struct connection *connection, uint64_t delay);

/* Says to the peer that nothing more comes from us; reading goes on. Closing at once, with bytes of
 * the peer unread, could take away from it what was just sent. */
void connection_end_output(struct connection *connection);

/* Closes the socket and forgets everything held; on_freed follows, at once or when the running
 * callback returns. */
void connection_close(struct connection *connection);

#endif
