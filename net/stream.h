/* SPDX-License-Identifier: Apache-2.0
 *
 * What the bytes of a connection go through between its owner and the socket, where that is not the
 * socket alone: TLS (tls.h). The connection calls it when the socket is ready and never otherwise;
 * nothing here waits.
 *
 * Life: whoever makes it sets connection->stream before connection_accept or connection_connect; from
 * then on it is the connection's, which shakes hands, reads, writes, ends and frees it. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Why there is no stream, or none any more: troubles.tbl lists them. */
enum stream_trouble {
    STREAM_FINE,
#define TROUBLE(id, name, doc) STREAM_##id,
#include "troubles.tbl"
#undef TROUBLE
    STREAM_TROUBLES
};

/* "tls-expired": what it is called in logs, by its enum; "" for STREAM_FINE. */
extern const char *const stream_trouble_names[STREAM_TROUBLES];

/* Room for the sentence of a trouble, and for the name of a peer, NUL included. */
enum { STREAM_TEXT = 240, STREAM_PEER = 80 };

enum stream_answer { STREAM_DONE, STREAM_AGAIN, STREAM_BROKEN };

struct stream;

struct stream_kind {
    /* The next step of shaking hands. AGAIN: when the socket can be read; written, if wants_write says so.
     * BROKEN: errno is set. */
    enum stream_answer (*shake)(struct stream *stream);
    /* As recv(): how many bytes, 0 at the end, -1 with errno set, EAGAIN among them. Nothing is left
     * inside that the socket would not tell of again. */
    ssize_t (*read)(struct stream *stream, char *room, size_t size);
    /* As send(). What was not taken has to be offered again, with nothing before it. */
    ssize_t (*write)(struct stream *stream, const char *bytes, size_t len);
    /* Says to the peer that nothing more comes. AGAIN: when the socket can be written. */
    enum stream_answer (*end)(struct stream *stream);
    void (*free)(struct stream *stream);
};

struct stream {
    const struct stream_kind *kind;
    int fd;           /* the connection sets it */
    bool wants_write; /* after shake and read: it is writing that it waits for */
    bool heard;       /* a byte has come from the peer */
    bool more;    /* after read: it stopped for want of room, or at the end; another read tells */
    bool cut;     /* read came to an end that the peer did not announce */
    bool lingers; /* of a failed shake: the peer has been told why, and should be let read it */
    enum stream_trouble trouble; /* once it is BROKEN, or read or write said EPROTO */
    char text[STREAM_TEXT];      /* a sentence about it, without message content */
    const char *version;         /* "TLSv1.3"; NULL before hands are shaken */
    const char *cipher;          /* "TLS_AES_256_GCM_SHA384" */
    char peer[STREAM_PEER];      /* the name in the peer's certificate; "" when it has shown none */
};

#endif
