/* SPDX-License-Identifier: Apache-2.0
 *
 * origin.h - whether a request is meant for this page, and comes from it: pure. */
#ifndef WEB_ORIGIN_H
#define WEB_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

struct setup;

/* What a request says of where it goes to and comes from; NULL: no such header. */
struct origin {
    const char *host;
    const char *origin;
    const char *fetch_site; /* Sec-Fetch-Site */
};

/* Whether the Host is one of the configuration's: letter for letter, in any case. */
bool origin_is_host(const struct setup *setup, const char *host);

/* Whether a request that changes something comes from this very page: its Origin is ours, and the browser,
 * if it says anything, calls it the same origin. */
bool origin_is_own(const struct setup *setup, const struct origin *origin);

/* Whether a request that only reads may be answered: no other site's page made it. */
bool origin_may_read(const struct origin *origin);

#endif
