/* SPDX-License-Identifier: Apache-2.0
 *
 * http.c - see http.h: requests as libmicrohttpd hands them out, and answers with their headers.
 *
 * An exchange is made when the headers of a request are complete, and freed by on_completed(), however the
 * request ends. */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "exchange.h"
#include "listen.h"

/* Headers of one request, with its path: more is refused by libmicrohttpd. */
enum { HEADER_BYTES = 32 * 1024 };

/* What the page may do: nothing that it does not bring along itself. */
#define CONTENT_POLICY                                                                              \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " \
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "                                 \
    "require-trusted-types-for 'script'; trusted-types 'none'"

/* What is saved as a file: should a browser show it all the same, then without doing anything. */
#define FILE_POLICY "default-src 'none'; sandbox; frame-ancestors 'none'"

/* ---- Answers --------------------------------------------------------------------------------- */

static bool is_unchanged(const struct exchange *exchange)
{
    const char *seen = http_header(exchange, "If-None-Match");

    return exchange->answer.status == 200 && exchange->answer.etag[0] != '\0' && seen != NULL &&
           strcmp(seen, exchange->answer.etag) == 0;
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        (void)MHD_add_response_header(response, name, value);
    }
}

static void add_headers(const struct exchange *exchange, struct MHD_Response *response)
{
    const struct answer *answer = &exchange->answer;
    char seconds[24] = "";

    add(response, "Content-Type", answer->type);
    add(response, "Content-Security-Policy",
        answer->disposition[0] != '\0' ? FILE_POLICY : CONTENT_POLICY);
    add(response, "X-Content-Type-Options", "nosniff");
    add(response, "X-Frame-Options", "DENY");
    add(response, "Referrer-Policy", "no-referrer");
    add(response, "Cross-Origin-Opener-Policy", "same-origin");
    add(response, "Cross-Origin-Resource-Policy", "same-origin");
    add(response, "Cross-Origin-Embedder-Policy", "require-corp");
    add(response, "Permissions-Policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()");
    add(response, "Cache-Control", answer->cacheable ? "no-cache" : "no-store");
    add(response, "ETag", answer->etag);
    add(response, "Content-Disposition", answer->disposition);
    add(response, "Set-Cookie", answer->cookie);
    if (setup_is_secure(&exchange->web->setup)) {
        add(response, "Strict-Transport-Security", "max-age=31536000");
    }
    if (answer->retry_after > 0) {
        (void)snprintf(seconds, sizeof seconds, "%u", answer->retry_after);
    }
    add(response, "Retry-After", seconds);
    if (answer->status == 405) {
        add(response, "Allow", "GET, HEAD, POST, PUT, DELETE");
    }
}

static struct MHD_Response *make_response(struct answer *answer)
{
    struct MHD_Response *response = NULL;

    if (answer->constant != NULL) {
        /* libmicrohttpd's parameter is not const, and it only reads. */
        union {
            const void *given;
            void *taken;
        } bytes = {.given = answer->constant};
        return MHD_create_response_from_buffer(answer->len, bytes.taken, MHD_RESPMEM_PERSISTENT);
    }
    response = MHD_create_response_from_buffer(answer->len, answer->bytes, MHD_RESPMEM_MUST_FREE);
    if (response != NULL) {
        answer->bytes = NULL;
    }
    return response;
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
    struct answer *answer = &exchange->answer;

    if (is_unchanged(exchange)) {
        answer->status = 304;
        answer->len = 0;
    }
    struct MHD_Response *response = make_response(answer);
    if (response == NULL) {
        return MHD_NO;
    }
    add_headers(exchange, response);
    enum MHD_Result sent = MHD_queue_response(exchange->connection, answer->status, response);
    MHD_destroy_response(response);
    return sent;
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* For the log, and for who has to wait: the network of an IPv6 host, which has a whole one to itself. */
static void tell_peer(struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    (void)snprintf(exchange->peer, sizeof exchange->peer, "unix");
    if (info == NULL || info->client_addr == NULL) {
        return;
    }
    if (info->client_addr->sa_family == AF_INET) {
        memcpy(&four, info->client_addr, sizeof four);
        (void)inet_ntop(AF_INET, &four.sin_addr, exchange->peer, sizeof exchange->peer);
    } else if (info->client_addr->sa_family == AF_INET6) {
        memcpy(&six, info->client_addr, sizeof six);
        memset(six.sin6_addr.s6_addr + 8, 0, 8);
        (void)inet_ntop(AF_INET6, &six.sin6_addr, exchange->peer, sizeof exchange->peer);
    }
}

static struct connections_item *item_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info != NULL ? info->socket_context : NULL;
}

static bool add_body(struct exchange *exchange, const char *bytes, size_t len)
{
    char *larger = NULL;

    if (len > exchange->web->setup.web.max_body - exchange->body_len) {
        return false;
    }
    larger = realloc(exchange->body, exchange->body_len + len + 1);
    if (larger == NULL) {
        return false;
    }
    memcpy(larger + exchange->body_len, bytes, len);
    exchange->body = larger;
    exchange->body_len += len;
    return true;
}

static bool read_body(struct exchange *exchange)
{
    if (exchange->route->method != METHOD_POST && exchange->route->method != METHOD_PUT) {
        return true;
    }
    exchange->given = json_loadb(exchange->body != NULL ? exchange->body : "", exchange->body_len,
                                 JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    if (!json_is_object(exchange->given)) {
        return exchange_error(exchange, 400, "malformed", "the body is no JSON object");
    }
    return true;
}

static void handle(struct exchange *exchange)
{
    if (read_body(exchange)) {
        exchange->route->handler(exchange);
    }
    if (exchange->answer.status == 0) {
        (void)exchange_error(exchange, 500, "failed", "that was not answered");
    }
}

static enum MHD_Result begin(struct web *web, struct MHD_Connection *connection, const char *path,
                             const char *method, void **ret_context)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);

    if (exchange == NULL) {
        return MHD_NO;
    }
    *ret_context = exchange;
    exchange->web = web;
    exchange->connection = connection;
    tell_peer(exchange);
    return http_admit(exchange, method, path) ? MHD_YES : send_answer(exchange);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *len, void **request_context)
{
    struct web *web = context;
    struct exchange *exchange = *request_context;

    (void)version;
    if (exchange == NULL) {
        return begin(web, connection, path, method, request_context);
    }
    if (*len > 0) {
        bool added = add_body(exchange, bytes, *len);
        *len = 0;
        return added ? MHD_YES : MHD_NO;
    }
    connections_complete(&web->connections, item_of(connection), clock_steady());
    handle(exchange);
    return send_answer(exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    struct web *web = context;
    struct exchange *exchange = *request_context;

    (void)code;
    if (exchange == NULL) {
        return;
    }
    connections_again(&web->connections, item_of(connection), clock_steady());
    json_decref(exchange->given);
    if (exchange->body != NULL) {
        explicit_bzero(exchange->body, exchange->body_len);
    }
    free(exchange->body);
    free(exchange->path);
    free(exchange->answer.bytes);
    explicit_bzero(&exchange->session, sizeof exchange->session);
    free(exchange);
    *request_context = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct web *web = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = connections_begin(&web->connections, info != NULL ? info->connect_fd : -1,
                                            clock_steady());
    } else if (*socket_context != NULL) {
        connections_end(&web->connections, *socket_context);
        *socket_context = NULL;
    }
}

/* What libmicrohttpd says is about single connections: of use to nobody, and peers' to fill. */
static void on_log(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)format;
    (void)arguments;
}

/* ---- Starting -------------------------------------------------------------------------------- */

static struct MHD_Daemon *start(struct web *web, int fd, const struct listen_tls *tls)
{
    const struct setup_web *setup = &web->setup.web;
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ERROR_LOG;
    const struct MHD_OptionItem secure[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, tls->cert},
                                            {MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key},
                                            {MHD_OPTION_HTTPS_PRIORITIES, 0, tls->priorities},
                                            {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem end[] = {{MHD_OPTION_END, 0, NULL}};

    return MHD_start_daemon(
        flags | (tls->cert != NULL ? MHD_USE_TLS : 0), 0, NULL, NULL, on_request, web,
        MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)setup->max_connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        web->setup.is_unix ? 0U : (unsigned)setup->max_per_address, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)(setup->request_timeout / 1000 + 1), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEADER_BYTES, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)setup->threads,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, web, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        web, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY, tls->cert != NULL ? secure : end,
        MHD_OPTION_END);
}

bool http_start(struct web *web)
{
    struct listen_tls tls = {.cert = NULL};
    char address[LISTEN_ADDRESS_MAX];
    int fd = -1;

    if (!listen_read_tls(&web->setup, &tls)) {
        return false;
    }
    fd = listen_open(&web->setup, address);
    if (fd >= 0) {
        web->daemon = start(web, fd, &tls);
    }
    listen_release_tls(&tls);
    if (fd >= 0 && web->daemon == NULL) {
        log_fatal("web-listen", "%s cannot be served: %s", address,
                  web->setup.web.tls_cert != NULL ? "is the certificate that of the key?"
                                                  : strerror(errno));
    }
    if (web->daemon != NULL) {
        log_info("web-ready", "address=%s tls=%s", address,
                 web->setup.web.tls_cert != NULL ? "on" : "off");
    }
    return web->daemon != NULL;
}

void http_stop(struct web *web)
{
    if (web->daemon != NULL) {
        MHD_stop_daemon(web->daemon);
        web->daemon = NULL;
    }
    if (web->setup.is_unix) {
        (void)remove(web->setup.unix_path);
    }
}
