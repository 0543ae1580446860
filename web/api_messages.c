/* SPDX-License-Identifier: Apache-2.0
 *
 * api_messages.c - finding messages, their stories, and everything about one value. */
#include <stdio.h>
#include <string.h>

#include "api.h"

enum { PAGE_MAX = 200, PAGE_STANDARD = 50, TRACE_MAX = 1000 };

/* ---- Queries --------------------------------------------------------------------------------- */

/* A time of the query, as the broker takes it. */
static bool add_time(struct exchange *exchange, struct control_link *link, const char *name)
{
    const char *text = exchange_query(exchange, name);
    int64_t time = 0;

    if (text != NULL && !time_read(text, &time)) {
        return exchange_error(exchange, 400, "bad-value",
                              "'%s' is a time such as 2026-11-26T19:00:00Z", name);
    }
    control_link_add_number(link, name, time);
    return true;
}

static bool add_limit(struct exchange *exchange, struct control_link *link)
{
    int64_t limit = 0;

    if (!exchange_query_number(exchange, "limit", 1, PAGE_MAX, PAGE_STANDARD, &limit)) {
        return false;
    }
    control_link_add_number(link, "limit", limit);
    return true;
}

static bool add_query(struct exchange *exchange, struct control_link *link)
{
    static const char *const names[][2] = {{"control_id", "control-id"},
                                           {"patient", "patient"},
                                           {"accession", "accession"},
                                           {"type", "type"},
                                           {"application", "application"},
                                           {"listener", "listener"},
                                           {"state", "state"},
                                           {"key", "key"},
                                           {"order", "order"},
                                           {"cursor", "cursor"}};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        control_link_add(link, names[i][1], exchange_query(exchange, names[i][0]));
    }
    return add_time(exchange, link, "from") && add_time(exchange, link, "to") &&
           add_limit(exchange, link);
}

/* ---- Lists ----------------------------------------------------------------------------------- */

static void append(json_t *whole, const char *list, json_t *item)
{
    (void)json_array_append_new(json_object_get(whole, list), item);
}

void api_messages(struct exchange *exchange)
{
    struct control_link link;
    const struct record *record = NULL;
    json_t *whole = json_pack("{s:[],s:b}", "messages", "more", 0);

    if (!exchange_ask(exchange, &link)) {
        json_decref(whole);
        return;
    }
    exchange_request(exchange, &link, "messages");
    if (!add_query(exchange, &link)) {
        json_decref(whole);
        control_link_close(&link);
        return;
    }
    while ((record = control_link_next(&link)) != NULL) {
        if (record_is(record, "message")) {
            append(whole, "messages", record_json(record));
        } else if (record_is(record, "page") && record_get_number(record, "more") != 0) {
            (void)json_object_set_new(whole, "more", json_true());
            (void)json_object_set_new(whole, "cursor", text_json(record_get(record, "cursor")));
        }
    }
    exchange_finish(exchange, &link, whole);
    control_link_close(&link);
}

/* ---- Stories --------------------------------------------------------------------------------- */

static void add_content(json_t *whole, const char *of, const struct record *attempt)
{
    append(whole, "contents",
           json_pack("{s:s,s:I,s:I}", "of", of, "delivery",
                     (json_int_t)record_get_number(attempt, "delivery"), "attempt",
                     (json_int_t)record_get_number(attempt, "number")));
}

static void take_story(json_t *whole, const struct record *record)
{
    static const char *const lists[][2] = {
        {"key", "keys"}, {"delivery", "deliveries"}, {"attempt", "attempts"}, {"note", "notes"}};

    if (record_is(record, "message")) {
        (void)json_object_set_new(whole, "message", record_json(record));
        append(whole, "contents",
               json_pack("{s:s,s:I}", "of", "received", "total",
                         (json_int_t)record_get_number(record, "size")));
        append(whole, "contents", json_pack("{s:s}", "of", "reply"));
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (record_is(record, lists[i][0])) {
            append(whole, lists[i][1], record_json(record));
        }
    }
    if (record_is(record, "attempt") && record_get_number(record, "sent") != 0) {
        add_content(whole, "sent", record);
    }
    if (record_is(record, "attempt") && record_get_number(record, "answered") != 0) {
        add_content(whole, "answer", record);
    }
}

void api_message(struct exchange *exchange)
{
    struct control_link link;
    const struct record *record = NULL;
    json_t *whole = json_pack("{s:[],s:[],s:[],s:[],s:[]}", "keys", "deliveries", "attempts",
                              "notes", "contents");

    if (!exchange_ask(exchange, &link)) {
        json_decref(whole);
        return;
    }
    exchange_request(exchange, &link, "message");
    control_link_add_number(&link, "id", exchange_part_number(exchange, 0));
    while ((record = control_link_next(&link)) != NULL) {
        take_story(whole, record);
    }
    exchange_finish(exchange, &link, whole);
    control_link_close(&link);
}

/* ---- Messages with deliveries ---------------------------------------------------------------- */

/* The deliveries of a message come behind it. */
static void take_traced(json_t *items, const struct record *record)
{
    if (record_is(record, "message")) {
        (void)json_array_append_new(
            items, json_pack("{s:o,s:[]}", "message", record_json(record), "deliveries"));
    } else if (record_is(record, "delivery")) {
        json_t *last = json_array_get(items, json_array_size(items) - 1);
        (void)json_array_append_new(json_object_get(last, "deliveries"), record_json(record));
    }
}

void api_trace(struct exchange *exchange)
{
    struct control_link link;
    const char *value = exchange_query(exchange, "value");
    const struct record *record = NULL;

    if (value == NULL) {
        (void)exchange_error(exchange, 400, "missing", "'value' says what to look for");
        return;
    }
    if (!exchange_ask(exchange, &link)) {
        return;
    }
    exchange_request(exchange, &link, "trace");
    control_link_add(&link, "value", value);
    control_link_add_number(&link, "limit", TRACE_MAX);
    if (!add_time(exchange, &link, "from") || !add_time(exchange, &link, "to")) {
        control_link_close(&link);
        return;
    }
    json_t *whole = json_pack("{s:[]}", "items");
    json_t *items = json_object_get(whole, "items");
    while ((record = control_link_next(&link)) != NULL) {
        take_traced(items, record);
    }
    (void)json_object_set_new(whole, "more", json_boolean(json_array_size(items) >= TRACE_MAX));
    exchange_finish(exchange, &link, whole);
    control_link_close(&link);
}

/* A message and its delivery come in turns. */
static void take_dead(json_t *whole, const struct record *record)
{
    json_t *items = json_object_get(whole, "items");

    if (record_is(record, "message")) {
        (void)json_array_append_new(items, json_pack("{s:o}", "message", record_json(record)));
    } else if (record_is(record, "delivery")) {
        json_t *last = json_array_get(items, json_array_size(items) - 1);
        (void)json_object_set_new(last, "delivery", record_json(record));
    } else if (record_is(record, "count")) {
        (void)json_object_set_new(whole, "count",
                                  json_integer(record_get_number(record, "deliveries")));
    }
}

void api_dead(struct exchange *exchange)
{
    struct control_link link;
    const struct record *record = NULL;
    int64_t lane = 0;

    if (!exchange_query_number(exchange, "lane", 1, INT64_MAX, 0, &lane) ||
        !exchange_ask(exchange, &link)) {
        return;
    }
    exchange_request(exchange, &link, "dead");
    control_link_add(&link, "route", exchange_query(exchange, "route"));
    control_link_add(&link, "destination", exchange_query(exchange, "destination"));
    control_link_add_number(&link, "lane", lane);
    if (!add_limit(exchange, &link)) {
        control_link_close(&link);
        return;
    }
    json_t *whole = json_pack("{s:[]}", "items");
    while ((record = control_link_next(&link)) != NULL) {
        take_dead(whole, record);
    }
    exchange_finish(exchange, &link, whole);
    control_link_close(&link);
}
