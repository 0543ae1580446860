/* SPDX-License-Identifier: Apache-2.0
 *
 * parts.h - what the files of net/tls/ share.
 *
 *     context.c  settings -> SSL_CTX
 *     file.c     PEM files -> keys, certificates, revocation lists
 *     stream.c   SSL as the stream of a connection
 *     verify.c   is the peer's certificate good, and whose is it
 *     reason.c   what OpenSSL finds wrong, as a trouble and a sentence
 */
#ifndef NET_TLS_PARTS_H
#define NET_TLS_PARTS_H

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "../tls.h"

struct tls_context {
    size_t users;
    SSL_CTX *ssl;
    BIO_METHOD *socket; /* the way of OpenSSL's bytes to a stream's socket */
    bool server;
    char **clients; /* names that are let in; malloc'd, each too */
    size_t client_count;
    int64_t expires[TLS_FILES];
    int64_t begins;
};

struct tls_stream {
    struct stream stream;
    struct tls_context *context;
    SSL *ssl;
    char *wanted;     /* the name a client wants to see; malloc'd; NULL: none */
    int socket_error; /* what the socket said last, as errno has it; 0: nothing is wrong */
    bool eof;         /* the socket came to its end */
    bool open;        /* hands are shaken */
    bool mute;        /* what has come is not TLS: nothing is answered */
    bool alerted;     /* it was the peer who broke off */
    bool over;        /* the peer has ended, announced or not */
    bool broken;      /* nothing can be read any more */
};

/* ---- file.c -------------------------------------------------------------------------------- */

/* Reads a whole file of at most a few hundred kilobytes. NULL with a sentence. To be freed with
 * tls_text_free, which wipes it. */
BIO *tls_file_open(const char *path, bool secret, char **ret_memory, size_t *ret_len,
                   struct tls_problem *problem);
void tls_file_close(BIO **bio, char *memory, size_t len);

/* Each puts what the file holds into the context. False with a problem whose `file` the caller sets. */
bool tls_load_cert(struct tls_context *context, const char *path, struct tls_problem *problem);
bool tls_load_key(const struct tls_context *context, const char *path, struct tls_problem *problem);
bool tls_load_ca(struct tls_context *context, const char *path, bool name_them,
                 struct tls_problem *problem);
bool tls_load_crl(struct tls_context *context, const char *path, struct tls_problem *problem);

/* ---- verify.c ------------------------------------------------------------------------------ */

/* For SSL_CTX_set_verify. */
int tls_verify(int good, X509_STORE_CTX *store);

/* Sets what the stream's SSL wants to see in the server's certificate. */
bool tls_want_name(struct tls_stream *tls);

/* The peer's name, for people: the first of its certificate. */
void tls_put_peer(struct tls_stream *tls);

/* ---- reason.c ------------------------------------------------------------------------------ */

/* Notes what went wrong in the last call of OpenSSL, unless something was noted already; yields the
 * errno that says it. */
int tls_note(struct tls_stream *tls);

/* Notes a trouble with its sentence; the first one stays. */
void tls_trouble(struct tls_stream *tls, enum stream_trouble trouble, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
