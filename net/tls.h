/* SPDX-License-Identifier: Apache-2.0
 *
 * tls.h - TLS 1.2 and 1.3: contexts made of files, and streams for connections (stream.h).
 *
 * net/tls/ implements it with OpenSSL and is the only folder that knows it; a build without OpenSSL has
 * tls_none.c instead, which says so to whoever asks.
 *
 * What is spoken is fixed here and not by settings: ECDHE with AEAD ciphers, X25519 and the curves P-256
 * and P-384, the server's preference; no renegotiation, no compression, no early data. Sessions are not
 * resumed: each connection is verified anew, against the revocation list and the names of this moment.
 *
 * Life: a context is counted; each stream holds one. So a context that is replaced lasts as long as the
 * connections that were made with it. All of it belongs to one thread. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"

/* What files a context is made of. */
enum tls_file { TLS_CERT, TLS_KEY, TLS_CA, TLS_CRL, TLS_FILES };

enum tls_min { TLS_MIN_1_2, TLS_MIN_1_3 };

struct tls_settings {
    bool server;
    bool mutual; /* the client shows a certificate: the server insists on it, the client has one */
    /* PEM files by enum tls_file; NULL: not given. A server needs TLS_CERT and TLS_KEY, a mutual one
     * TLS_CA too, a mutual client TLS_CERT and TLS_KEY; without TLS_CA a client trusts what the system
     * trusts. TLS_CERT: the certificate, then those of the CAs between it and the root. */
    const char *files[TLS_FILES];
    enum tls_min min;
    const char *const *clients; /* of a mutual server: the names it lets in; none: every good one */
    size_t client_count;
};

/* What is wrong with settings. */
struct tls_problem {
    enum tls_file file;     /* TLS_FILES: none of them */
    char text[STREAM_TEXT]; /* a sentence without the file's name */
};

struct tls_context;

/* False: this program was built without OpenSSL; then there are no contexts. */
bool tls_is_built(void);

/* The version of OpenSSL that is loaded, as it says it itself; NULL without it. */
const char *tls_version(void);

/* Reads the files. NULL, with a problem, when anything is wrong; a certificate out of its time is not. */
struct tls_context *tls_context_new(const struct tls_settings *settings,
                                    struct tls_problem *ret_problem);

struct tls_context *tls_context_share(struct tls_context *context);

/* Accepts NULL and a pointer to NULL. */
void tls_context_free(struct tls_context **context);

/* When what is in a file is not valid any more, the earliest of all, in seconds since 1970: the
 * certificates, CAs, revocation lists. INT64_MAX: no such file was given. */
int64_t tls_context_expires(const struct tls_context *context, enum tls_file file);

/* When the certificate becomes valid, in seconds since 1970; 0: there is none. */
int64_t tls_context_begins(const struct tls_context *context);

/* A stream for a connection; `name` is what a client wants to see in the server's certificate, a host
 * name or an address; it is copied. NULL for a server. NULL when memory is short. */
struct stream *tls_stream_new(struct tls_context *context, const char *name);

#endif
