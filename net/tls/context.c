/* SPDX-License-Identifier: Apache-2.0
 *
 * Contexts: what is spoken, with which files. What is spoken does not depend on the configuration file of
 * OpenSSL, but a stricter minimum there stays. */
#include "parts.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ECDHE and AEAD, so that a key that is stolen later opens nothing that was recorded, and no padding can
 * be asked about. The order counts on the server's side. */
static const char ciphers_1_3[] =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
static const char ciphers_1_2[] =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256";
/* 112 bits at least: RSA with 2048 bits, no SHA-1. CAs between a peer and its root. */
enum { SECURITY_LEVEL = 2, DEPTH_MAX = 8, CERTIFICATES_MAX = 64 * 1024 };

bool tls_is_built(void)
{
    return true;
}

const char *tls_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

/* ---- The socket below OpenSSL -------------------------------------------------------------- */

/* OpenSSL's own BIO for sockets would raise SIGPIPE, and could not hold back an answer to what is not
 * TLS. Two BIOs in memory would copy each byte once more and would need a bound of their own. */

static int socket_read(BIO *bio, char *room, int size)
{
    struct tls_stream *tls = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (tls->mute || tls->eof || size <= 0) {
        return tls->eof ? 0 : -1;
    }
    ssize_t got = recv(tls->stream.fd, room, (size_t)size, MSG_DONTWAIT);
    if (got > 0 && !tls->stream.heard) {
        /* A record of a handshake; from a server perhaps of an alert. */
        tls->stream.heard = true;
        tls->mute = room[0] != 0x16 && (tls->context->server || room[0] != 0x15);
    }
    if (got > 0 && tls->mute) {
        return -1;
    }
    if (got == 0) {
        tls->eof = true;
    } else if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_read(bio);
    } else if (got < 0) {
        tls->socket_error = errno;
    }
    return (int)got;
}

static int socket_write(BIO *bio, const char *bytes, int len)
{
    struct tls_stream *tls = BIO_get_data(bio);

    BIO_clear_retry_flags(bio);
    if (tls->mute || len <= 0) {
        return -1;
    }
    ssize_t put = send(tls->stream.fd, bytes, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
        BIO_set_retry_write(bio);
    } else if (put < 0) {
        tls->socket_error = errno;
    }
    return (int)put;
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
    const struct tls_stream *tls = BIO_get_data(bio);

    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF) {
        return tls->eof ? 1 : 0;
    }
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *make_socket(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "connection");

    if (method != NULL && (BIO_meth_set_read(method, socket_read) != 1 ||
                           BIO_meth_set_write(method, socket_write) != 1 ||
                           BIO_meth_set_ctrl(method, socket_control) != 1)) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

/* ---- What is spoken ------------------------------------------------------------------------ */

static bool set_minimum(SSL_CTX *ssl, enum tls_min min)
{
    int wanted = min == TLS_MIN_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;

    return SSL_CTX_get_min_proto_version(ssl) > wanted ||
           SSL_CTX_set_min_proto_version(ssl, wanted) == 1;
}

/* OpenSSL's macros take these as text that they might change. */
static bool set_groups(SSL_CTX *ssl)
{
    char groups[] = "X25519:P-256:P-384";
    char signatures[] =
        "ed25519:ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:"
        "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pss_pss_sha256:"
        "rsa_pss_pss_sha384:rsa_pss_pss_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512";

    return SSL_CTX_set1_groups_list(ssl, groups) == 1 &&
           SSL_CTX_set1_sigalgs_list(ssl, signatures) == 1;
}

static bool set_language(SSL_CTX *ssl, const struct tls_settings *settings)
{
    SSL_CTX_set_security_level(ssl, SECURITY_LEVEL);
    (void)SSL_CTX_set_options(ssl, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                       SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_clear_options(ssl, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
                                         SSL_OP_LEGACY_SERVER_CONNECT |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
    (void)SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_max_cert_list(ssl, CERTIFICATES_MAX);
    SSL_CTX_set_verify_depth(ssl, DEPTH_MAX);
    return SSL_CTX_set_num_tickets(ssl, 0) == 1 && SSL_CTX_set_max_early_data(ssl, 0) == 1 &&
           set_minimum(ssl, settings->min) && SSL_CTX_set_ciphersuites(ssl, ciphers_1_3) == 1 &&
           SSL_CTX_set_cipher_list(ssl, ciphers_1_2) == 1 && set_groups(ssl);
}

/* A certificate in the file of CAs is trusted for what it is, be it a CA between or a device's own. */
static bool set_verification(SSL_CTX *ssl, const struct tls_settings *settings)
{
    int mode = SSL_VERIFY_NONE;

    if (!settings->server) {
        mode = SSL_VERIFY_PEER;
    } else if (settings->mutual) {
        mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    SSL_CTX_set_verify(ssl, mode, tls_verify);
    return X509_STORE_set_flags(SSL_CTX_get_cert_store(ssl), X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

static bool copy_clients(struct tls_context *context, const struct tls_settings *settings)
{
    if (settings->client_count == 0) {
        return true;
    }
    context->clients = (char **)calloc(settings->client_count, sizeof(char *));
    for (size_t i = 0; context->clients != NULL && i < settings->client_count; i++) {
        context->clients[i] = strdup(settings->clients[i]);
        if (context->clients[i] == NULL) {
            return false;
        }
        context->client_count++;
    }
    return context->clients != NULL;
}

static bool set_up(struct tls_context *context, const struct tls_settings *settings)
{
    context->server = settings->server;
    context->socket = make_socket();
    context->ssl = SSL_CTX_new(settings->server ? TLS_server_method() : TLS_client_method());
    for (int i = 0; i < TLS_FILES; i++) {
        context->expires[i] = INT64_MAX;
    }
    return context->socket != NULL && context->ssl != NULL && copy_clients(context, settings) &&
           set_language(context->ssl, settings) && set_verification(context->ssl, settings);
}

/* ---- Files --------------------------------------------------------------------------------- */

static bool load_file(struct tls_context *context, const struct tls_settings *settings,
                      enum tls_file file, struct tls_problem *problem)
{
    const char *path = settings->files[file];

    problem->file = file;
    if (path == NULL && file == TLS_CA && !settings->server) {
        if (SSL_CTX_set_default_verify_paths(context->ssl) != 1) {
            (void)snprintf(problem->text, sizeof problem->text,
                           "the system's own CAs cannot be read");
            return false;
        }
        return true;
    }
    if (path == NULL) {
        return true;
    }
    switch (file) {
    case TLS_CERT:
        return tls_load_cert(context, path, problem);
    case TLS_KEY:
        return tls_load_key(context, path, problem);
    case TLS_CA:
        return tls_load_ca(context, path, settings->server, problem);
    case TLS_CRL:
        return tls_load_crl(context, path, problem);
    case TLS_FILES:
        break;
    }
    return true;
}

/* A file that has to be there and is not named. */
static bool lacks(const struct tls_settings *settings, enum tls_file file)
{
    bool own = settings->server || settings->mutual;

    if (settings->files[file] != NULL) {
        return false;
    }
    return ((file == TLS_CERT || file == TLS_KEY) && own) ||
           (file == TLS_CA && settings->server && settings->mutual);
}

static bool load_files(struct tls_context *context, const struct tls_settings *settings,
                       struct tls_problem *problem)
{
    for (int i = 0; i < TLS_FILES; i++) {
        if (lacks(settings, (enum tls_file)i)) {
            problem->file = (enum tls_file)i;
            (void)snprintf(problem->text, sizeof problem->text, "it is not given");
            return false;
        }
        if (!load_file(context, settings, (enum tls_file)i, problem)) {
            return false;
        }
    }
    return true;
}

/* ---- Life ---------------------------------------------------------------------------------- */

struct tls_context *tls_context_new(const struct tls_settings *settings,
                                    struct tls_problem *ret_problem)
{
    struct tls_context *context = calloc(1, sizeof *context);

    ERR_clear_error();
    *ret_problem = (struct tls_problem){.file = TLS_FILES};
    (void)snprintf(ret_problem->text, sizeof ret_problem->text, "out of memory");
    if (context == NULL) {
        return NULL;
    }
    context->users = 1;
    if (!set_up(context, settings) || !load_files(context, settings, ret_problem)) {
        tls_context_free(&context);
    }
    ERR_clear_error();
    return context;
}

struct tls_context *tls_context_share(struct tls_context *context)
{
    context->users++;
    return context;
}

void tls_context_free(struct tls_context **context)
{
    if (context == NULL || *context == NULL) {
        return;
    }
    struct tls_context *at = *context;
    *context = NULL;
    at->users--;
    if (at->users > 0) {
        return;
    }
    SSL_CTX_free(at->ssl);
    BIO_meth_free(at->socket);
    for (size_t i = 0; i < at->client_count; i++) {
        free(at->clients[i]);
    }
    free((void *)at->clients);
    free(at);
}

int64_t tls_context_expires(const struct tls_context *context, enum tls_file file)
{
    return context->expires[file];
}

int64_t tls_context_begins(const struct tls_context *context)
{
    return context->begins;
}
