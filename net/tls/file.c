/* SPDX-License-Identifier: Apache-2.0
 *
 * PEM files. Each is read whole, once, so that a file that changes meanwhile is one version or the
 * other. Keys are wiped from the memory they were read into; OpenSSL wipes its own copy when the last
 * connection that uses it has ended. */
#include "parts.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MAX = 4 << 20, CHAIN_MAX = 8 };

static bool say(struct tls_problem *problem, const char *text)
{
    (void)snprintf(problem->text, sizeof problem->text, "%s", text);
    ERR_clear_error();
    return false;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static bool check_file(int fd, bool secret, size_t *ret_size, struct tls_problem *problem)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return say(problem, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return say(problem, "it is no file");
    }
    if (info.st_size > FILE_MAX) {
        return say(problem, "it is too long for a file of keys or certificates");
    }
    if (secret && (info.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
        return say(problem, "others can read or change this key: chmod 600 helps, and a new key if "
                            "somebody may have read it");
    }
    *ret_size = (size_t)info.st_size;
    return true;
}

static char *read_all(int fd, size_t size, size_t *ret_len)
{
    char *memory = malloc(size + 1);
    size_t len = 0;
    ssize_t got = 1;

    while (memory != NULL && len < size && got > 0) {
        got = read(fd, memory + len, size - len);
        len += got > 0 ? (size_t)got : 0;
    }
    *ret_len = len;
    return memory;
}

BIO *tls_file_open(const char *path, bool secret, char **ret_memory, size_t *ret_len,
                   struct tls_problem *problem)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t size = 0;
    BIO *bio = NULL;

    *ret_memory = NULL;
    *ret_len = 0;
    if (fd < 0) {
        (void)say(problem, strerror(errno));
        return NULL;
    }
    if (check_file(fd, secret, &size, problem)) {
        *ret_memory = read_all(fd, size, ret_len);
        bio = *ret_memory == NULL ? NULL : BIO_new_mem_buf(*ret_memory, (int)*ret_len);
        if (bio == NULL) {
            (void)say(problem, "out of memory");
            tls_file_close(&bio, *ret_memory, *ret_len);
        }
    }
    (void)close(fd);
    return bio;
}

void tls_file_close(BIO **bio, char *memory, size_t len)
{
    (void)BIO_free(*bio);
    *bio = NULL;
    if (memory != NULL) {
        OPENSSL_cleanse(memory, len);
        free(memory);
    }
    ERR_clear_error();
}

/* Whether the reading of PEM ended because there was no more of it, and not for a mistake. */
static bool is_at_end(void)
{
    unsigned long error = ERR_peek_last_error();
    bool end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;

    ERR_clear_error();
    return end;
}

/* ---- Times --------------------------------------------------------------------------------- */

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm parts = {.tm_year = 0};

    return time != NULL && ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : INT64_MAX;
}

static void note_end(struct tls_context *context, enum tls_file file, const ASN1_TIME *time)
{
    int64_t end = seconds_of(time);

    if (end < context->expires[file]) {
        context->expires[file] = end;
    }
}

/* ---- The certificate and its key ----------------------------------------------------------- */

/* Adds the CA certificates that follow in the file; each has to have signed the one before. */
static bool add_chain(struct tls_context *context, X509 *leaf, BIO *bio,
                      struct tls_problem *problem)
{
    X509 *before = leaf;

    for (int i = 1;; i++) {
        X509 *next = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        if (next == NULL) {
            return is_at_end() || say(problem, "a certificate in it cannot be read");
        }
        if (i > CHAIN_MAX || X509_check_issued(next, before) != X509_V_OK) {
            (void)snprintf(
                problem->text, sizeof problem->text,
                "certificate %d in it is not that of the CA which signed the one before: "
                "the own certificate comes first, then the CA's, then that CA's CA",
                i + 1);
            X509_free(next);
            return false;
        }
        note_end(context, TLS_CERT, X509_get0_notAfter(next));
        if (SSL_CTX_add0_chain_cert(context->ssl, next) != 1) {
            X509_free(next);
            return say(problem, "a certificate in it cannot be used");
        }
        before = next;
    }
}

static bool use_leaf(struct tls_context *context, X509 *leaf, struct tls_problem *problem)
{
    int64_t begins = seconds_of(X509_get0_notBefore(leaf));

    if (SSL_CTX_use_certificate(context->ssl, leaf) != 1) {
        bool weak = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_EE_KEY_TOO_SMALL ||
                    ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_CA_MD_TOO_WEAK;
        return say(problem,
                   weak ? "its key or signature is too weak: RSA with 2048 bits or more, or "
                          "P-256, signed with SHA-256"
                        : "the certificate cannot be used");
    }
    context->begins = begins == INT64_MAX ? 0 : begins;
    note_end(context, TLS_CERT, X509_get0_notAfter(leaf));
    return true;
}

bool tls_load_cert(struct tls_context *context, const char *path, struct tls_problem *problem)
{
    char *memory = NULL;
    size_t len = 0;
    BIO *bio = tls_file_open(path, false, &memory, &len, problem);

    if (bio == NULL) {
        return false;
    }
    X509 *leaf = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
    bool good = leaf != NULL
                    ? use_leaf(context, leaf, problem)
                    : say(problem, "there is no certificate in it (-----BEGIN CERTIFICATE-----)");
    good = good && add_chain(context, leaf, bio, problem);
    X509_free(leaf);
    tls_file_close(&bio, memory, len);
    return good;
}

/* A passphrase: there is nobody to ask. */
static int no_passphrase(char *text, int size, int writing, void *asked)
{
    (void)writing;
    if (size > 0) {
        text[0] = '\0';
    }
    *(bool *)asked = true;
    return -1;
}

static bool use_key(const struct tls_context *context, EVP_PKEY *key, struct tls_problem *problem)
{
    X509 *leaf = SSL_CTX_get0_certificate(context->ssl);

    if (leaf != NULL && X509_check_private_key(leaf, key) != 1) {
        return say(problem, "this is not the key of the certificate");
    }
    return SSL_CTX_use_PrivateKey(context->ssl, key) == 1 || say(problem, "the key cannot be used");
}

bool tls_load_key(const struct tls_context *context, const char *path, struct tls_problem *problem)
{
    char *memory = NULL;
    size_t len = 0;
    bool asked = false;
    BIO *bio = tls_file_open(path, true, &memory, &len, problem);

    if (bio == NULL) {
        return false;
    }
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, &asked);
    bool good = false;
    if (key != NULL) {
        good = use_key(context, key, problem);
    } else if (asked) {
        (void)say(problem, "the key has a passphrase, and there is nobody to ask for it: "
                           "`openssl pkey` writes one without");
    } else {
        (void)say(problem, "there is no private key in it (-----BEGIN PRIVATE KEY-----)");
    }
    EVP_PKEY_free(key);
    tls_file_close(&bio, memory, len);
    return good;
}

/* ---- Whom to trust ------------------------------------------------------------------------- */

static bool add_ca(struct tls_context *context, X509 *ca, bool name_them,
                   struct tls_problem *problem)
{
    note_end(context, TLS_CA, X509_get0_notAfter(ca));
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context->ssl), ca) != 1 ||
        (name_them && SSL_CTX_add_client_CA(context->ssl, ca) != 1)) {
        return say(problem, "a certificate in it cannot be used");
    }
    return true;
}

bool tls_load_ca(struct tls_context *context, const char *path, bool name_them,
                 struct tls_problem *problem)
{
    char *memory = NULL;
    size_t len = 0;
    size_t count = 0;
    bool good = true;
    X509 *ca = NULL;
    BIO *bio = tls_file_open(path, false, &memory, &len, problem);

    if (bio == NULL) {
        return false;
    }
    while (good && (ca = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        good = add_ca(context, ca, name_them, problem);
        X509_free(ca);
        count++;
    }
    if (good && !is_at_end()) {
        good = say(problem, "a certificate in it cannot be read");
    } else if (good && count == 0) {
        good = say(problem, "there is no certificate in it (-----BEGIN CERTIFICATE-----)");
    }
    tls_file_close(&bio, memory, len);
    return good;
}

bool tls_load_crl(struct tls_context *context, const char *path, struct tls_problem *problem)
{
    char *memory = NULL;
    size_t len = 0;
    size_t count = 0;
    bool good = true;
    X509_CRL *list = NULL;
    X509_STORE *store = SSL_CTX_get_cert_store(context->ssl);
    BIO *bio = tls_file_open(path, false, &memory, &len, problem);

    if (bio == NULL) {
        return false;
    }
    while (good && (list = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
        note_end(context, TLS_CRL, X509_CRL_get0_nextUpdate(list));
        good = X509_STORE_add_crl(store, list) == 1 || say(problem, "a list in it cannot be used");
        X509_CRL_free(list);
        count++;
    }
    if (good && !is_at_end()) {
        good = say(problem, "a revocation list in it cannot be read");
    } else if (good && count == 0) {
        good = say(problem, "there is no revocation list in it (-----BEGIN X509 CRL-----)");
    }
    (void)X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    tls_file_close(&bio, memory, len);
    return good;
}
