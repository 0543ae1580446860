/* SPDX-License-Identifier: Apache-2.0
 *
 * secure_options.h - the options of TLS, which `listen` and `send` have alike; the broker's configuration
 * has keys of the same names. */
#ifndef ORDERLY_SECURE_OPTIONS_H
#define ORDERLY_SECURE_OPTIONS_H

#include "../net/tls_live.h"
#include "options.h"
#include "verb.h"

enum secure_mode { SECURE_OFF, SECURE_ON, SECURE_MUTUAL };

/* The words of `mode` and of `min`. */
extern const char *const secure_mode_words[];
extern const char *const secure_min_words[];

struct secure_options {
    int mode; /* enum secure_mode */
    int min;  /* enum tls_min */
    const char *cert;
    const char *key;
    const char *ca;
    const char *crl;
    const char *name;           /* of a client: what it wants to see */
    struct option_list clients; /* of a server: whom it lets in */
};

/* Rows of an option table; `type` has a member `struct secure_options tls`. */
#define SECURE_OPTION_ROWS(type, on_doc, cert_doc, ca_doc)                                         \
    {.name = "tls",                                                                                \
     .argument = "MODE",                                                                           \
     .kind = OPTION_CHOICE,                                                                        \
     .choices = secure_mode_words,                                                                 \
     .standard = "off",                                                                            \
     .doc = (on_doc),                                                                              \
     OPTION_PLACE(type, tls.mode)},                                                                \
        {.name = "tls-cert",                                                                       \
         .argument = "FILE",                                                                       \
         .kind = OPTION_FILE,                                                                      \
         .doc = (cert_doc),                                                                        \
         OPTION_PLACE(type, tls.cert)},                                                            \
        {.name = "tls-key",                                                                        \
         .argument = "FILE",                                                                       \
         .kind = OPTION_FILE,                                                                      \
         .doc = "Its private key, in PEM without a passphrase, which nobody else may read",        \
         OPTION_PLACE(type, tls.key)},                                                             \
        {.name = "tls-ca",                                                                         \
         .argument = "FILE",                                                                       \
         .kind = OPTION_FILE,                                                                      \
         .doc = (ca_doc),                                                                          \
         OPTION_PLACE(type, tls.ca)},                                                              \
        {.name = "tls-crl",                                                                        \
         .argument = "FILE",                                                                       \
         .kind = OPTION_FILE,                                                                      \
         .doc = "Revocation lists, in PEM, one of each of these CAs: what stands in one is "       \
                "refused",                                                                         \
         OPTION_PLACE(type, tls.crl)},                                                             \
    {                                                                                              \
        .name = "tls-min", .argument = "VERSION", .kind = OPTION_CHOICE,                           \
        .choices = secure_min_words, .standard = "1.2",                                            \
        .doc = "The oldest version of TLS that is spoken", OPTION_PLACE(type, tls.min)             \
    }

/* Makes the context, unless the mode is off. VERB_DONE, or the status of what is wrong, which was told. */
int secure_options_load(const struct verb *verb, const struct secure_options *options, bool server,
                        struct tls_live *live);

#endif
