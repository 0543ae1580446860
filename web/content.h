/* SPDX-License-Identifier: Apache-2.0
 *
 * content.h - the bytes of a message, or of what was sent and answered, fetched from the broker. */
#ifndef WEB_CONTENT_H
#define WEB_CONTENT_H

#include "exchange.h"

enum { CONTENT_BYTES_MAX = 64 * 1024 * 1024 };

struct content {
    char *bytes; /* malloc'd */
    size_t len;
    int64_t delivery;
    int64_t attempt;
};

/* Fetches what the query names: `of`, unless it is given, and for what was sent and answered `delivery` and
 * `attempt`; the last one where they are not. False, and answered, when it cannot be had. */
bool content_fetch(struct exchange *exchange, const char *of, struct content *ret_content);

void content_release(struct content *content);

hl7_slice content_slice(const struct content *content);

/* The word of `of` in the query; "received" when it is not there. NULL, and answered, when it is none. */
const char *content_of(struct exchange *exchange);

#endif
