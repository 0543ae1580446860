/* SPDX-License-Identifier: Apache-2.0
 *
 * SSL as the stream of a connection. OpenSSL does not read ahead: each call takes whole records from the
 * socket, as long as there is room for one, so that nothing stays inside that epoll would not tell of.
 *
 * An error is for good: what it was is noted once, and said again by each later call. */
#include "parts.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

/* The longest record that OpenSSL gives out in one piece. */
enum { PIECE = 16 * 1024 };

static struct tls_stream *of(struct stream *stream)
{
    return (struct tls_stream *)(void *)stream; /* its first member */
}

/* ---- Shaking hands ------------------------------------------------------------------------- */

static void opened(struct tls_stream *tls)
{
    tls->open = true;
    tls->stream.version = SSL_get_version(tls->ssl);
    tls->stream.cipher = SSL_get_cipher_name(tls->ssl);
    tls_put_peer(tls);
}

static enum stream_answer tls_shake(struct stream *stream)
{
    struct tls_stream *tls = of(stream);

    ERR_clear_error();
    stream->wants_write = false;
    int done = SSL_do_handshake(tls->ssl);
    if (done == 1) {
        opened(tls);
        return STREAM_DONE;
    }
    switch (SSL_get_error(tls->ssl, done)) {
    case SSL_ERROR_WANT_READ:
        return STREAM_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        stream->wants_write = true;
        return STREAM_AGAIN;
    default:
        break;
    }
    tls->broken = true;
    errno = tls_note(tls);
    stream->lingers = tls->context->server && stream->heard && !tls->mute && !tls->eof &&
                      !tls->alerted && tls->socket_error == 0;
    return STREAM_BROKEN;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* Nothing more was to be had, or it is over. True: try no more in this call. */
static bool read_stopped(struct tls_stream *tls, int result)
{
    struct stream *stream = &tls->stream;

    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        stream->more = false;
        return true;
    case SSL_ERROR_WANT_WRITE:
        stream->more = false;
        stream->wants_write = true;
        return true;
    case SSL_ERROR_ZERO_RETURN:
        tls->over = true;
        return true;
    default:
        break;
    }
    if (tls->eof && tls->stream.trouble == STREAM_FINE) {
        tls->over = true;
        stream->cut = true;
    } else {
        tls->broken = true;
        (void)tls_note(tls);
    }
    return true;
}

static ssize_t tls_read(struct stream *stream, char *room, size_t size)
{
    struct tls_stream *tls = of(stream);
    size_t got = 0;
    bool stopped = tls->broken || tls->over;

    assert(size >= PIECE);
    stream->more = true;
    stream->wants_write = false;
    while (!stopped && size - got >= PIECE) {
        size_t n = 0;
        ERR_clear_error();
        int result = SSL_read_ex(tls->ssl, room + got, size - got, &n);
        got += n;
        stopped = result != 1 && read_stopped(tls, result);
    }
    if (got > 0) {
        return (ssize_t)got;
    }
    if (tls->broken) {
        errno = tls_note(tls);
        return -1;
    }
    errno = EAGAIN;
    return tls->over ? 0 : -1;
}

/* ---- Writing ------------------------------------------------------------------------------- */

static ssize_t tls_write(struct stream *stream, const char *bytes, size_t len)
{
    struct tls_stream *tls = of(stream);
    size_t put = 0;

    while (!tls->broken && put < len) {
        size_t n = 0;
        ERR_clear_error();
        int result = SSL_write_ex(tls->ssl, bytes + put, len - put, &n);
        put += n;
        if (result != 1) {
            int error = SSL_get_error(tls->ssl, result);
            if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) {
                errno = EAGAIN;
                return put > 0 ? (ssize_t)put : -1;
            }
            /* The reading side may still have what the peer says about it. */
            errno = tls->socket_error != 0 ? tls->socket_error : EPROTO;
            return put > 0 ? (ssize_t)put : -1;
        }
    }
    if (put == 0) {
        errno = tls_note(tls);
        return -1;
    }
    return (ssize_t)put;
}

static enum stream_answer tls_end(struct stream *stream)
{
    struct tls_stream *tls = of(stream);

    if (!tls->open || tls->broken || (SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN) != 0) {
        return STREAM_DONE;
    }
    ERR_clear_error();
    int result = SSL_shutdown(tls->ssl);
    if (result >= 0) {
        return STREAM_DONE;
    }
    return SSL_get_error(tls->ssl, result) == SSL_ERROR_WANT_WRITE ? STREAM_AGAIN : STREAM_BROKEN;
}

/* ---- Life ---------------------------------------------------------------------------------- */

static void tls_free(struct stream *stream)
{
    struct tls_stream *tls = of(stream);

    SSL_free(tls->ssl);
    ERR_clear_error();
    tls_context_free(&tls->context);
    free(tls->wanted);
    free(tls);
}

static const struct stream_kind tls_kind = {
    .shake = tls_shake, .read = tls_read, .write = tls_write, .end = tls_end, .free = tls_free};

static bool set_up(struct tls_stream *tls, const char *name)
{
    BIO *bio = NULL;

    tls->ssl = SSL_new(tls->context->ssl);
    if (tls->ssl == NULL) {
        return false;
    }
    bio = BIO_new(tls->context->socket);
    if (bio == NULL) {
        return false;
    }
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    (void)SSL_set_app_data(tls->ssl, tls);
    if (tls->context->server) {
        SSL_set_accept_state(tls->ssl);
        return true;
    }
    SSL_set_connect_state(tls->ssl);
    tls->wanted = strdup(name);
    return tls->wanted != NULL && tls_want_name(tls);
}

struct stream *tls_stream_new(struct tls_context *context, const char *name)
{
    struct tls_stream *tls = calloc(1, sizeof *tls);

    assert(context->server == (name == NULL));
    if (tls == NULL) {
        return NULL;
    }
    tls->stream.kind = &tls_kind;
    tls->stream.fd = -1;
    tls->context = tls_context_share(context);
    if (!set_up(tls, name)) {
        tls_free(&tls->stream);
        return NULL;
    }
    return &tls->stream;
}
