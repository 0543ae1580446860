/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_make.h - makes a private CA and certificates signed by it, for a trial and for tests.
 *
 * The keys are P-256, the signatures ECDSA with SHA-256, the serial numbers random. A CA made here may
 * sign no other CA. */
#ifndef NET_TLS_MAKE_H
#define NET_TLS_MAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_use { TLS_USE_CA, TLS_USE_SERVER, TLS_USE_CLIENT, TLS_USE_BOTH };

struct tls_wish {
    enum tls_use use;
    const char *name; /* its common name: at most 64 bytes */
    /* Host names and addresses it is for, besides; a CA has none. */
    const char *const *names;
    size_t name_count;
    int64_t begins; /* seconds since 1970 */
    int64_t ends;
};

/* A certificate and its key. */
struct tls_identity;

/* Makes one, signed by `signer`, by itself where that is NULL. NULL when OpenSSL refuses: a name that
 * cannot be in a certificate, or memory is short. */
struct tls_identity *tls_identity_new(const struct tls_wish *wish,
                                      const struct tls_identity *signer);

/* Accepts NULL and a pointer to NULL. */
void tls_identity_free(struct tls_identity **identity);

/* The certificate, or the key, as PEM, ended by NUL: for free(), the key with tls_secret_free(). NULL
 * when memory is short. */
char *tls_identity_certificate(const struct tls_identity *identity);
char *tls_identity_key(const struct tls_identity *identity);

/* A revocation list of a CA, as PEM, for free(): those it takes back, which may be none. */
char *tls_identity_revoke(const struct tls_identity *ca, const struct tls_identity *const *revoked,
                          size_t count, int64_t begins, int64_t ends);

/* Wipes a key's text, and frees it. Accepts NULL. */
void tls_secret_free(char *text);

#endif
