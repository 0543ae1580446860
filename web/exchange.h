/* SPDX-License-Identifier: Apache-2.0
 *
 * exchange.h - one request and its answer, as handlers see them: what was asked, who asks, and ways to
 * answer. http.c makes it, hands it to the route's handler, sends what the handler left in it, and frees
 * it. It belongs to one thread at a time.
 *
 * A handler answers exactly once. What it answers with is written to the peer as it is: JSON by Jansson,
 * which escapes; text only of our own. */
#ifndef WEB_EXCHANGE_H
#define WEB_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../base/control_link.h"
#include "route.h"
#include "web.h"

struct MHD_Connection;

enum { EXCHANGE_PEER_MAX = 64, EXCHANGE_COOKIE_MAX = 200 };

struct answer {
    unsigned status; /* 0: not answered yet */
    const char *type;
    char *bytes;          /* malloc'd */
    const void *constant; /* in place of `bytes`: lives as long as the process */
    size_t len;
    bool cacheable; /* else: no-store */
    char etag[72];  /* with its quotes; "": none */
    char disposition[160];
    char cookie[EXCHANGE_COOKIE_MAX];
    unsigned retry_after;
};

struct exchange {
    struct web *web;
    struct MHD_Connection *connection;
    const struct route *route;
    hl7_slice parts[ROUTE_PARTS_MAX]; /* of the path, as the route names them */
    struct session session;           /* where the route needs one */
    char peer[EXCHANGE_PEER_MAX];
    char *path; /* malloc'd: what `parts` borrow */
    char *body; /* malloc'd */
    size_t body_len;
    json_t *given; /* the body, an object; borrowed by what handlers take from it */
    struct answer answer;
};

/* ---- What was asked -------------------------------------------------------------------------- */

/* A value of the query, decoded; NULL when it was not given, or is empty. */
const char *exchange_query(const struct exchange *exchange, const char *name);

/* A number of the query within bounds, `standard` when it was not given. False when it is none, and then
 * it is answered. */
bool exchange_query_number(struct exchange *exchange, const char *name, int64_t min, int64_t max,
                           int64_t standard, int64_t *ret_number);

/* A number of the path. */
int64_t exchange_part_number(const struct exchange *exchange, size_t part);

/* A text of the body. Where it is wanted and missing, or no text, or longer than `max` bytes: false, and
 * answered. *ret_text is NULL when it was not given. */
bool exchange_text(struct exchange *exchange, const char *name, bool wanted, size_t max,
                   const char **ret_text, size_t *ret_len);

/* False, and answered, when the body has a member that is not among the words. */
bool exchange_has_only(struct exchange *exchange, const char *words);

/* ---- Answers --------------------------------------------------------------------------------- */

/* Answers with JSON, which is taken; NULL: memory was short. */
void exchange_json(struct exchange *exchange, json_t *json);

/* Answers with what was made of the broker's answer, if that was whole; else the failure is told. Takes
 * `whole`; the link stays open. */
void exchange_finish(struct exchange *exchange, const struct control_link *link, json_t *whole);

/* The same with text that is JSON already, malloc'd and taken. */
void exchange_json_text(struct exchange *exchange, char *text);

/* Answers with bytes, malloc'd and taken. The type is a constant. */
void exchange_bytes(struct exchange *exchange, const char *type, char *bytes, size_t len);

/* Answers with nothing: 204. */
void exchange_nothing(struct exchange *exchange);

/* Answers with {"error":{"code":...,"text":...}}. Returns false, for `return exchange_error(...)`. */
bool exchange_error(struct exchange *exchange, unsigned status, const char *code,
                    const char *format, ...) HL7_FORMAT(4, 5);

bool exchange_no_memory(struct exchange *exchange);

/* ---- The broker ------------------------------------------------------------------------------ */

/* Connects to the broker; false, and answered, when it cannot be reached. */
bool exchange_ask(struct exchange *exchange, struct control_link *link);

/* Begins a request in the name of who is logged in. */
void exchange_request(const struct exchange *exchange, struct control_link *link,
                      const char *request);

/* Whether the answer was complete and good; else it is answered with what the broker says. */
bool exchange_heard(struct exchange *exchange, const struct control_link *link);

/* A record as an object: names with '_', times as RFC 3339, texts as UTF-8. NULL: no memory. */
json_t *record_json(const struct record *record);

/* A text as JSON: what is not UTF-8 becomes U+FFFD. */
json_t *text_json(hl7_slice text);

/* Microseconds since 1970 as RFC 3339, UTC. */
json_t *time_json(int64_t microseconds);

/* Reads RFC 3339; false when it is none. */
bool time_read(const char *text, int64_t *ret_microseconds);

#endif
