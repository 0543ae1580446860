/* SPDX-License-Identifier: Apache-2.0
 *
 * route.h - routes.tbl: which handler answers a request. Pure. */
#ifndef WEB_ROUTE_H
#define WEB_ROUTE_H

#include "hl7.h"
#include "users.h"

struct exchange;

enum route_method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE, METHOD_OTHER };

enum { ROUTE_PARTS_MAX = 2 };

struct route {
    const char *name;
    enum route_method method;
    const char *path;
    enum role role;
    const char *query;
    void (*handler)(struct exchange *exchange);
};

/* METHOD_OTHER for what is never served, TRACE among it. HEAD is GET. */
enum route_method route_method(const char *name);

/* All routes, ended by one without a name. */
const struct route *routes(void);

/* The route of a path and a method; the parts of the path that it names are put into `parts`. NULL when
 * there is none; *ret_known says whether the path has any other method. */
const struct route *routes_find(enum route_method method, const char *path,
                                hl7_slice parts[ROUTE_PARTS_MAX], bool *ret_known);

/* Whether a name may stand in the query. */
bool route_has_query(const struct route *route, const char *name);

#endif
