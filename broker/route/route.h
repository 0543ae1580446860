/* SPDX-License-Identifier: Apache-2.0
 *
 * route.h - which routes take a message, and which lanes its deliveries go to. It changes nothing and
 * asks nobody: the same message and configuration give the same answer.
 *
 * The routes of a listener are tried in the order they are written in. A route takes a message when its
 * condition holds, or it has none. A route with `stop` that took a message ends the search. A route
 * with `copy` does not count as taking.
 *
 * The lane of a delivery is found from the route's key: the same key, the same lane, for every process
 * that runs this code. A message without a value there has lane 0. */
#ifndef BROKER_ROUTE_ROUTE_H
#define BROKER_ROUTE_ROUTE_H

#include "../config/config.h"
#include "../journal/journal.h"

/* Room is given, the rest is filled in. */
struct route_plan {
    struct journal_lane *deliveries; /* names borrow from the configuration */
    size_t size;
    size_t count;
    size_t awaited; /* of them, by routes that are no copies */
    bool taken;     /* by a route that is no copy */
    char problem[160];
};

/* False, with a problem in words, when a condition could not be decided or there are more deliveries
 * than `size`. Conditions run in `arena`, which is as it was afterwards. */
bool route_find(const struct config *config, const struct config_listener *listener,
                const struct hl7_message *message, struct hl7_services *services,
                struct hl7_arena *arena, struct route_plan *plan);

/* The lane a value of the key goes to. */
int64_t route_lane(hl7_slice value, int64_t lanes);

#endif
