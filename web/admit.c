/* SPDX-License-Identifier: Apache-2.0
 *
 * admit.c - who and what gets through to a handler; see http.h. The order matters: what needs no secret is
 * checked first, so that nothing is learnt about sessions by asking under another name. */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "api.h"
#include "cookie.h"
#include "http.h"
#include "origin.h"

/* A cookie for this host alone, by TLS alone; where there is none, on loopback, under another name. */
const char *http_cookie_name(const struct web *web)
{
    return setup_is_secure(&web->setup) ? "__Host-orderly" : "orderly-session";
}

/* ---- Headers --------------------------------------------------------------------------------- */

struct search {
    const char *name;
    const char *value;
    size_t count;
};

static enum MHD_Result on_header(void *context, enum MHD_ValueKind kind, const char *name,
                                 const char *value)
{
    struct search *search = context;

    (void)kind;
    if (strcasecmp(name, search->name) == 0) {
        search->value = value;
        search->count++;
    }
    return MHD_YES;
}

const char *http_header(const struct exchange *exchange, const char *name)
{
    struct search search = {.name = name};

    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, on_header, &search);
    return search.count == 1 ? search.value : NULL;
}

static bool has_header(const struct exchange *exchange, const char *name)
{
    struct search search = {.name = name};

    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, on_header, &search);
    return search.count > 0;
}

/* ---- Where it goes --------------------------------------------------------------------------- */

static bool admit_host(struct exchange *exchange)
{
    if (!origin_is_host(&exchange->web->setup, http_header(exchange, "Host"))) {
        return exchange_error(exchange, 421, "host", "this page is not called by that name");
    }
    return true;
}

static bool admit_route(struct exchange *exchange, enum route_method method, const char *path)
{
    bool known = false;

    exchange->path = strdup(path);
    if (exchange->path == NULL) {
        return exchange_no_memory(exchange);
    }
    exchange->route = routes_find(method, exchange->path, exchange->parts, &known);
    if (exchange->route == NULL && known) {
        return exchange_error(exchange, 405, "method", "this cannot be asked in that way");
    }
    if (exchange->route == NULL) {
        return exchange_error(exchange, 404, "nothing", "there is nothing here");
    }
    return true;
}

static enum MHD_Result on_query(void *context, enum MHD_ValueKind kind, const char *name,
                                const char *value)
{
    struct exchange *exchange = context;
    struct search search = {.name = name};

    (void)kind;
    (void)value;
    (void)MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND, on_header,
                                    &search);
    if (!route_has_query(exchange->route, name) || search.count != 1) {
        (void)exchange_error(exchange, 400, "unknown",
                             "a name in the query is unknown, or there twice");
        return MHD_NO;
    }
    return MHD_YES;
}

static bool admit_query(struct exchange *exchange)
{
    (void)MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND, on_query,
                                    exchange);
    return exchange->answer.status == 0;
}

/* ---- Where it comes from --------------------------------------------------------------------- */

static bool is_change(const struct exchange *exchange)
{
    return exchange->route->method != METHOD_GET;
}

/* Pages that anybody may see may be linked to. */
static bool is_open(const struct exchange *exchange)
{
    return !is_change(exchange) && exchange->route->role == ROLE_NONE;
}

static bool admit_origin(struct exchange *exchange)
{
    const struct origin origin = {.host = http_header(exchange, "Host"),
                                  .origin = http_header(exchange, "Origin"),
                                  .fetch_site = http_header(exchange, "Sec-Fetch-Site")};
    bool good =
        is_open(exchange) || (is_change(exchange) ? origin_is_own(&exchange->web->setup, &origin)
                                                  : origin_may_read(&origin));

    if (!good) {
        return exchange_error(
            exchange, 403, "origin",
            "this can be asked from the page itself only (Origin, Sec-Fetch-Site)");
    }
    return true;
}

/* ---- Who ------------------------------------------------------------------------------------- */

/* A program that reads the metrics has no session but a token. */
static bool has_metrics_token(const struct exchange *exchange)
{
    const char *given = http_header(exchange, "Authorization");
    const char *token = exchange->web->metrics_token;

    return exchange->route->handler == api_metrics && token[0] != '\0' && given != NULL &&
           strncasecmp(given, "Bearer ", 7) == 0 &&
           secret_same(hl7_slice_of(given + 7), hl7_slice_of(token));
}

static bool find_session(struct exchange *exchange)
{
    hl7_slice cookies = hl7_slice_of(http_header(exchange, "Cookie"));
    hl7_slice id = cookie_find(cookies, hl7_slice_of(http_cookie_name(exchange->web)));

    return id.ptr != NULL &&
           sessions_find(&exchange->web->sessions, id, clock_steady(), &exchange->session);
}

static bool admit_session(struct exchange *exchange)
{
    if (exchange->route->role == ROLE_NONE || has_metrics_token(exchange)) {
        return true;
    }
    web_refresh_users(exchange->web);
    if (!find_session(exchange)) {
        return exchange_error(exchange, 401, "session", "log in first");
    }
    if (exchange->session.role < exchange->route->role) {
        log_warning("web-refused", "route=%s user=%s peer=%s a role is wanted that is %s or above",
                    exchange->route->name, exchange->session.user, exchange->peer,
                    role_name(exchange->route->role));
        return exchange_error(exchange, 403, "role", "this needs the role %s",
                              role_name(exchange->route->role));
    }
    return true;
}

static bool admit_token(struct exchange *exchange)
{
    hl7_slice token = hl7_slice_of(http_header(exchange, "X-Orderly-Token"));

    if (is_change(exchange) && exchange->route->role != ROLE_NONE &&
        !secret_same(token, hl7_slice_of(exchange->session.token))) {
        return exchange_error(exchange, 403, "token", "the session's token is missing or wrong");
    }
    return true;
}

/* ---- What it brings -------------------------------------------------------------------------- */

static bool admit_length(struct exchange *exchange)
{
    const char *length = http_header(exchange, "Content-Length");
    unsigned long long bytes = length != NULL ? strtoull(length, NULL, 10) : 0;
    bool takes = exchange->route->method == METHOD_POST || exchange->route->method == METHOD_PUT;

    if (has_header(exchange, "Transfer-Encoding") || (takes && length == NULL)) {
        return exchange_error(exchange, 411, "length", "a body comes with its Content-Length");
    }
    if (!takes && bytes > 0) {
        return exchange_error(exchange, 400, "body", "this takes no body");
    }
    if (bytes > exchange->web->setup.web.max_body) {
        return exchange_error(exchange, 413, "too-large", "the body is longer than %llu bytes",
                              (unsigned long long)exchange->web->setup.web.max_body);
    }
    return true;
}

/* application/json, perhaps with parameters. A form of another site cannot send that. */
static bool admit_type(struct exchange *exchange)
{
    const char *type = http_header(exchange, "Content-Type");
    size_t len = type != NULL ? strcspn(type, "; ") : 0;

    if (exchange->route->method != METHOD_POST && exchange->route->method != METHOD_PUT) {
        return true;
    }
    if (len != strlen("application/json") || strncasecmp(type, "application/json", len) != 0) {
        return exchange_error(exchange, 415, "type", "the body has to be application/json");
    }
    return true;
}

bool http_admit(struct exchange *exchange, const char *method, const char *path)
{
    enum route_method kind = route_method(method);

    if (kind == METHOD_OTHER) {
        return exchange_error(exchange, 405, "method", "this cannot be asked in that way");
    }
    return admit_host(exchange) && admit_route(exchange, kind, path) && admit_origin(exchange) &&
           admit_session(exchange) && admit_token(exchange) && admit_query(exchange) &&
           admit_length(exchange) && admit_type(exchange);
}
