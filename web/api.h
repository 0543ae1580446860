/* SPDX-License-Identifier: Apache-2.0
 *
 * api.h - the handlers, one for each row of routes.tbl, in the files api_*.c. Each answers the exchange it
 * is given, whose session may do it and whose query, path and origin are checked. */
#ifndef WEB_API_H
#define WEB_API_H

#include "exchange.h"

#define ROUTE(name, method, path, role, query, doc) void api_##name(struct exchange *exchange);
#include "routes.tbl"
#undef ROUTE

#endif
