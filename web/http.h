/* SPDX-License-Identifier: Apache-2.0
 *
 * http.h - the server: libmicrohttpd with a few threads, each of which works on one request at a time. What
 * a request has to be before a handler sees it is checked in admit.c; what goes along with each answer is
 * in http.c. */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include <stdbool.h>

struct exchange;
struct web;

/* Begins to serve. False with a line on standard error. */
bool http_start(struct web *web);

/* Requests that are being answered are answered; then all ends. */
void http_stop(struct web *web);

/* Whether a request may go on to its handler: its method, Host, path, query, origin, session and role. When
 * not, it is answered. Called when its headers are there, before any of its body. */
bool http_admit(struct exchange *exchange, const char *method, const char *path);

/* The only header of the name; NULL when it is not there, or there twice. */
const char *http_header(const struct exchange *exchange, const char *name);

/* The name of the cookie. */
const char *http_cookie_name(const struct web *web);

#endif
