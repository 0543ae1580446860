/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_live.h - a TLS context that follows its files: when one of them is another one it is made anew. What
 * was made with the old one goes on. While the files cannot be used, the last good context stays.
 *
 * Certificates are replaced file by file. So a moment in which key and certificate do not fit is nothing to
 * talk about: what is wrong is told when it is still so at the next look. */
#ifndef NET_TLS_LIVE_H
#define NET_TLS_LIVE_H

#include "tls.h"

#include <time.h>

struct tls_stamp {
    struct timespec modified;
    struct timespec changed;
    long long size;
};

/* Begin with {0}. */
struct tls_live {
    struct tls_settings settings; /* what they point to is the owner's, and stays */
    struct tls_context *context;  /* in force; NULL: none could be made yet */
    struct tls_stamp stamps[TLS_FILES];
    bool doubtful; /* what was read last cannot be used, and nobody was told */
};

enum tls_change {
    TLS_SAME,
    TLS_FRESH, /* a new context is in force */
    TLS_BAD    /* the files cannot be used, and that is news: there is a problem */
};

/* Makes the first context, or one for other settings. False with a problem: what was there stays. */
bool tls_live_load(struct tls_live *live, const struct tls_settings *settings,
                   struct tls_problem *ret_problem);

/* Looks at the files. */
enum tls_change tls_live_look(struct tls_live *live, struct tls_problem *ret_problem);

void tls_live_release(struct tls_live *live);

#endif
