/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS in a program that was built without it. */
#include "tls.h"
#include "tls_make.h"

#include <assert.h>
#include <stdio.h>

bool tls_is_built(void)
{
    return false;
}

const char *tls_version(void)
{
    return NULL;
}

struct tls_context *tls_context_new(const struct tls_settings *settings,
                                    struct tls_problem *ret_problem)
{
    (void)settings;
    *ret_problem = (struct tls_problem){.file = TLS_FILES};
    (void)snprintf(ret_problem->text, sizeof ret_problem->text,
                   "this orderly was built without TLS (-DORDERLY_TLS=ON needs libssl-dev)");
    return NULL;
}

/* There is no context, so nobody can call the rest with one. */

struct tls_context *tls_context_share(struct tls_context *context)
{
    assert(context == NULL);
    return context;
}

void tls_context_free(struct tls_context **context)
{
    assert(context == NULL || *context == NULL);
    (void)context;
}

int64_t tls_context_expires(const struct tls_context *context, enum tls_file file)
{
    assert(context == NULL);
    (void)context;
    (void)file;
    return INT64_MAX;
}

int64_t tls_context_begins(const struct tls_context *context)
{
    assert(context == NULL);
    (void)context;
    return 0;
}

struct stream *tls_stream_new(struct tls_context *context, const char *name)
{
    assert(context == NULL);
    (void)context;
    (void)name;
    return NULL;
}

struct tls_identity *tls_identity_new(const struct tls_wish *wish,
                                      const struct tls_identity *signer)
{
    (void)wish;
    (void)signer;
    return NULL;
}

void tls_identity_free(struct tls_identity **identity)
{
    assert(identity == NULL || *identity == NULL);
    (void)identity;
}

char *tls_identity_certificate(const struct tls_identity *identity)
{
    (void)identity;
    return NULL;
}

char *tls_identity_key(const struct tls_identity *identity)
{
    (void)identity;
    return NULL;
}

char *tls_identity_revoke(const struct tls_identity *ca, const struct tls_identity *const *revoked,
                          size_t count, int64_t begins, int64_t ends)
{
    (void)ca;
    (void)revoked;
    (void)count;
    (void)begins;
    (void)ends;
    return NULL;
}

void tls_secret_free(char *text)
{
    assert(text == NULL);
    (void)text;
}
