/* SPDX-License-Identifier: Apache-2.0
 *
 * api_flow.c - the whole picture: what the broker's `status` and `routes` say, put together, with what is
 * wrong and what helps.
 *
 * Many pages ask every second. So one answer serves all who ask within a moment, and each has a tag by
 * which a page that has it already gets nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "api.h"

/* How long an answer serves, in microseconds. */
#define MOMENT 400000

struct flow {
    json_t *whole; /* the object that is made */
    json_t *activities;
    bool failed; /* memory was short */
};

/* The list of this name in the object that is made. */
static json_t *list_of(const struct flow *flow, const char *name)
{
    return json_object_get(flow->whole, name);
}

static const char *string_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static json_int_t number_of(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* ---- What the broker says -------------------------------------------------------------------- */

static void add_to(struct flow *flow, const char *list, json_t *item)
{
    if (json_array_append_new(list_of(flow, list), item) != 0) {
        flow->failed = true;
    }
}

/* The time is not part of what is tagged. */
static void add_broker(struct flow *flow, const struct record *record)
{
    json_t *broker = record_json(record);

    (void)json_object_del(broker, "now");
    flow->failed = json_object_set_new(flow->whole, "broker", broker) != 0 || flow->failed;
}

static void add_activity(struct flow *flow, const struct record *record)
{
    char lane[24];

    (void)snprintf(lane, sizeof lane, "%lld", (long long)record_get_number(record, "lane"));
    flow->failed =
        json_object_set_new(flow->activities, lane, record_json(record)) != 0 || flow->failed;
}

static void add_route(struct flow *flow, const struct record *record)
{
    json_t *route = record_json(record);

    if (json_object_set_new(route, "from", json_array()) != 0 ||
        json_object_set_new(route, "to", json_array()) != 0) {
        flow->failed = true;
    }
    add_to(flow, "routes", route);
}

/* An end of a route, which came before it. */
static void add_end(struct flow *flow, const struct record *record, const char *list)
{
    json_t *end = record_json(record);
    const char *name = string_of(end, "route");
    json_t *route = NULL;
    size_t i = 0;

    json_array_foreach(list_of(flow, "routes"), i, route)
    {
        if (strcmp(string_of(route, "name"), name) == 0) {
            flow->failed =
                json_array_append(json_object_get(route, list), end) != 0 || flow->failed;
        }
    }
    (void)json_object_del(end, "route");
    json_decref(end);
}

static void take_record(struct flow *flow, const struct record *record)
{
    static const struct {
        const char *kind;
        const char *list;
    } rows[] = {{"listener", "listeners"},
                {"lane", "lanes"},
                {"trouble", "troubles"},
                {"alert", "alerts"},
                {"found", "found"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (record_is(record, rows[i].kind)) {
            add_to(flow, rows[i].list, record_json(record));
            return;
        }
    }
    if (record_is(record, "broker")) {
        add_broker(flow, record);
    } else if (record_is(record, "activity")) {
        add_activity(flow, record);
    } else if (record_is(record, "journal")) {
        flow->failed =
            json_object_set_new(flow->whole, "journal", record_json(record)) != 0 || flow->failed;
    } else if (record_is(record, "route")) {
        add_route(flow, record);
    } else if (record_is(record, "route-from")) {
        add_end(flow, record, "from");
    } else if (record_is(record, "route-to")) {
        add_end(flow, record, "to");
    }
}

/* ---- What follows from it -------------------------------------------------------------------- */

static const char *health_of(const json_t *lane)
{
    bool halted = strcmp(string_of(lane, "state"), "halted") == 0;

    if (halted || (json_object_get(lane, "down_since") != NULL && number_of(lane, "depth") > 0)) {
        return "down";
    }
    if (number_of(lane, "dead") > 0) {
        return "dead";
    }
    if (strcmp(string_of(lane, "state"), "paused") == 0) {
        return "paused";
    }
    return number_of(lane, "depth") > 0 ? "waiting" : "good";
}

/* Which of two tells more. */
static const char *worse(const char *a, const char *b)
{
    static const char *const order[] = {"good", "waiting", "paused", "dead", "down"};
    size_t place_a = 0;
    size_t place_b = 0;

    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        place_a = strcmp(order[i], a) == 0 ? i : place_a;
        place_b = strcmp(order[i], b) == 0 ? i : place_b;
    }
    return order[place_a > place_b ? place_a : place_b];
}

static void add_trouble(struct flow *flow, const char *what, json_t *text, json_t *fix)
{
    add_to(flow, "troubles", json_pack("{s:s,s:o,s:o}", "what", what, "text", text, "fix", fix));
}

/* What of a lane needs a person, and the command that helps. */
static void tell_lane(struct flow *flow, const json_t *lane)
{
    const char *route = string_of(lane, "route");
    const char *destination = string_of(lane, "destination");
    long long id = number_of(lane, "id");
    const char *why = string_of(lane, "reason");

    if (strcmp(string_of(lane, "state"), "halted") == 0) {
        add_trouble(flow, "halted",
                    json_sprintf("%s to %s (lane %lld) has stopped: %s", route, destination, id,
                                 string_of(lane, "why")),
                    json_sprintf("orderly resume --lane %lld", id));
    } else if (strcmp(health_of(lane), "down") == 0) {
        add_trouble(flow, "down",
                    json_sprintf("%s to %s (lane %lld) gets nothing through%s%s", route,
                                 destination, id, why[0] != '\0' ? ": " : "", why),
                    json_string("orderly messages --state pending --oldest-first"));
    }
    if (number_of(lane, "dead") > 0) {
        add_trouble(flow, "dead",
                    json_sprintf("%s to %s (lane %lld) has dead letters: %lld", route, destination,
                                 id, (long long)number_of(lane, "dead")),
                    json_sprintf("orderly dead --lane %lld", id));
    }
}

static void tell_found(struct flow *flow, const json_t *found)
{
    const char *state = string_of(found, "state");

    if (number_of(found, "messages") == 0) {
        return;
    }
    add_trouble(flow, state,
                json_sprintf("%s messages: %lld%s", state, (long long)number_of(found, "messages"),
                             json_is_true(json_object_get(found, "more")) ? " or more" : ""),
                json_sprintf("orderly messages --state %s", state));
}

static json_t *destination_of(struct flow *flow, const char *name)
{
    json_t *list = list_of(flow, "destinations");
    json_t *destination = NULL;
    size_t i = 0;

    json_array_foreach(list, i, destination)
    {
        if (strcmp(string_of(destination, "name"), name) == 0) {
            return destination;
        }
    }
    add_to(flow, "destinations",
           json_pack("{s:s,s:i,s:i,s:i,s:s}", "name", name, "depth", 0, "dead", 0, "rate", 0,
                     "health", "good"));
    return json_array_get(list, json_array_size(list) - 1);
}

static void add_number(json_t *object, const char *name, json_int_t number)
{
    json_integer_set(json_object_get(object, name), number_of(object, name) + number);
}

/* A destination is as well as the worst of its lanes. */
static void count_lane(struct flow *flow, const json_t *lane)
{
    json_t *destination = destination_of(flow, string_of(lane, "destination"));
    const char *oldest = string_of(lane, "oldest");
    const char *before = string_of(destination, "oldest");

    add_number(destination, "depth", number_of(lane, "depth"));
    add_number(destination, "dead", number_of(lane, "dead"));
    add_number(destination, "rate", number_of(lane, "rate"));
    json_string_set(json_object_get(destination, "health"),
                    worse(string_of(destination, "health"), string_of(lane, "health")));
    if (oldest[0] != '\0' && (before[0] == '\0' || strcmp(oldest, before) < 0)) {
        flow->failed =
            json_object_set(destination, "oldest", json_object_get(lane, "oldest")) != 0 ||
            flow->failed;
    }
}

static void finish_lane(struct flow *flow, json_t *lane)
{
    char id[24];

    (void)snprintf(id, sizeof id, "%lld", (long long)number_of(lane, "id"));
    json_t *activity = json_object_get(flow->activities, id);
    if (activity != NULL) {
        (void)json_object_del(activity, "lane");
        flow->failed = json_object_update(lane, activity) != 0 || flow->failed;
    }
    flow->failed =
        json_object_set_new(lane, "health", json_string(health_of(lane))) != 0 || flow->failed;
    count_lane(flow, lane);
    tell_lane(flow, lane);
}

static void finish(struct flow *flow)
{
    json_t *item = NULL;
    size_t i = 0;

    json_array_foreach(list_of(flow, "lanes"), i, item)
    {
        finish_lane(flow, item);
    }
    json_array_foreach(list_of(flow, "found"), i, item)
    {
        tell_found(flow, item);
    }
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static void hear(struct flow *flow, struct control_link *link)
{
    const struct record *record = NULL;

    while ((record = control_link_next(link)) != NULL) {
        take_record(flow, record);
    }
}

static bool ask(struct exchange *exchange, struct flow *flow)
{
    struct control_link link;

    if (!exchange_ask(exchange, &link)) {
        return false;
    }
    /* For nobody: the answer serves others as well. */
    control_link_begin(&link, "status");
    hear(flow, &link);
    bool good = exchange_heard(exchange, &link);
    if (good) {
        control_link_begin(&link, "routes");
        hear(flow, &link);
        good = exchange_heard(exchange, &link);
    }
    control_link_close(&link);
    if (good) {
        finish(flow);
    }
    if (good && (flow->failed || flow->whole == NULL || flow->activities == NULL)) {
        return exchange_no_memory(exchange);
    }
    return good;
}

/* FNV-1a: tells apart what differs; nobody gains from making it alike. */
static void make_tag(const char *text, char *tag, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325U;

    for (const char *c = text; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 0x100000001b3U;
    }
    (void)snprintf(tag, size, "\"%016llx\"", (unsigned long long)hash);
}

/* Makes the answer that serves for a moment. Called with the lock. */
static bool make(struct exchange *exchange, struct web_cache *cache)
{
    struct flow flow = {.whole =
                            json_pack("{s:[],s:[],s:[],s:[],s:[],s:[],s:[]}", "listeners", "routes",
                                      "lanes", "destinations", "troubles", "alerts", "found"),
                        .activities = json_object()};
    bool good = ask(exchange, &flow);
    char *text = good ? json_dumps(flow.whole, JSON_COMPACT) : NULL;

    if (text != NULL) {
        make_tag(text, cache->etag, sizeof cache->etag);
        free(text);
        text = json_object_set_new(flow.whole, "now", time_json(clock_wall())) == 0
                   ? json_dumps(flow.whole, JSON_COMPACT)
                   : NULL;
    }
    json_decref(flow.whole);
    json_decref(flow.activities);
    if (good && text == NULL) {
        return exchange_no_memory(exchange);
    }
    if (good) {
        free(cache->text);
        cache->text = text;
        cache->made = clock_steady();
    }
    return good;
}

void api_flow(struct exchange *exchange)
{
    struct web_cache *cache = &exchange->web->flow;

    (void)pthread_mutex_lock(&cache->lock);
    bool fresh = cache->text != NULL && clock_steady() - cache->made < MOMENT;
    if (fresh || make(exchange, cache)) {
        exchange_json_text(exchange, strdup(cache->text));
        (void)snprintf(exchange->answer.etag, sizeof exchange->answer.etag, "%s", cache->etag);
    }
    (void)pthread_mutex_unlock(&cache->lock);
}
