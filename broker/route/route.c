/* SPDX-License-Identifier: Apache-2.0 */
#include "route.h"

#include <stdio.h>

/* FNV-1a, 64 bits, and a last mixing (that of SplitMix64): short identifiers that differ in one digit are
 * not spread by the former alone. */
int64_t route_lane(hl7_slice value, int64_t lanes)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    if (lanes <= 1 || value.len == 0) {
        return 0;
    }
    for (size_t i = 0; i < value.len; i++) {
        hash = (hash ^ (unsigned char)value.ptr[i]) * UINT64_C(1099511628211);
    }
    hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
    hash ^= hash >> 31;
    return (int64_t)(hash % (uint64_t)lanes);
}

/* Whether a route takes the message; false in `ret_decided` when that cannot be said. */
static bool takes(const struct config_route *route, const struct hl7_message *message,
                  struct hl7_services *services, struct hl7_arena *arena, struct route_plan *plan,
                  bool *ret_decided)
{
    struct hl7_conversion conversion = {
        .source = message->bytes, .message = message, .services = services};
    struct hl7_diagnostic diagnostic = {.text = ""};
    bool holds = false;

    *ret_decided = true;
    if (route->when.program == NULL) {
        return true;
    }
    enum hl7_code code =
        hl7_condition_test(route->when.program, &conversion, arena, &holds, &diagnostic);
    if (code != HL7_OK) {
        *ret_decided = false;
        (void)snprintf(plan->problem, sizeof plan->problem, "the condition of route %.64s: %.60s",
                       route->name,
                       diagnostic.text[0] != '\0' ? diagnostic.text : hl7_code_name(code));
    }
    return holds;
}

/* Adds the deliveries of a route. False when there is no room. */
static bool add(const struct config *config, const struct config_route *route,
                const struct hl7_message *message, struct route_plan *plan)
{
    hl7_slice key = {NULL, 0};

    if (route->key.segment[0] != '\0') {
        key = hl7_first_leaf(&message->delimiters, hl7_message_get(message, &route->key));
    }
    int64_t lane = route_lane(key, route->lanes);
    for (size_t i = 0; i < route->to.count; i++) {
        if (plan->count == plan->size) {
            (void)snprintf(plan->problem, sizeof plan->problem,
                           "more than %zu deliveries for one message, at route %s", plan->size,
                           route->name);
            return false;
        }
        plan->deliveries[plan->count++] = (struct journal_lane){
            .route = hl7_slice_of(route->name),
            .destination = hl7_slice_of(config->destinations[route->to.items[i]].name),
            .number = lane,
        };
        plan->awaited += !route->copy;
    }
    return true;
}

bool route_find(const struct config *config, const struct config_listener *listener,
                const struct hl7_message *message, struct hl7_services *services,
                struct hl7_arena *arena, struct route_plan *plan)
{
    plan->count = 0;
    plan->awaited = 0;
    plan->taken = false;
    for (size_t i = 0; i < listener->routes.count; i++) {
        const struct config_route *route = &config->routes[listener->routes.items[i]];
        bool decided = true;

        if (takes(route, message, services, arena, plan, &decided)) {
            if (!add(config, route, message, plan)) {
                return false;
            }
            plan->taken = plan->taken || !route->copy;
            if (route->stop) {
                break;
            }
        } else if (!decided) {
            return false;
        }
    }
    return true;
}
