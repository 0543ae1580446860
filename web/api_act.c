/* SPDX-License-Identifier: Apache-2.0
 *
 * api_act.c - what changes something in the broker. Each says why, and in whose name; the broker keeps both
 * with what was done. */
#include <string.h>

#include "api.h"

enum { REASON_MAX = 500, NAME_MAX_BYTES = 200 };

/* Who and why, for a request that keeps it. */
static bool add_reason(struct exchange *exchange, struct control_link *link)
{
    const char *reason = NULL;

    if (!exchange_text(exchange, "reason", true, REASON_MAX, &reason, NULL)) {
        return false;
    }
    control_link_add(link, "by", exchange->session.user);
    control_link_add(link, "why", reason);
    return true;
}

static bool add_text(struct exchange *exchange, struct control_link *link, const char *name)
{
    const char *text = NULL;

    if (!exchange_text(exchange, name, false, NAME_MAX_BYTES, &text, NULL)) {
        return false;
    }
    control_link_add(link, name, text);
    return true;
}

static bool add_number(struct exchange *exchange, struct control_link *link, const char *name)
{
    const json_t *value = json_object_get(exchange->given, name);

    if (value != NULL && (!json_is_integer(value) || json_integer_value(value) < 1)) {
        return exchange_error(exchange, 400, "bad-value", "'%s' is a number", name);
    }
    control_link_add_number(link, name, json_integer_value(value));
    return true;
}

/* Sends the request, answers with its records. */
static void do_it(struct exchange *exchange, struct control_link *link)
{
    const struct record *record = NULL;
    json_t *whole = json_pack("{s:[],s:i,s:i}", "done", "count", 0, "refused", 0);
    json_t *done = json_object_get(whole, "done");
    json_int_t refused = 0;

    while ((record = control_link_next(link)) != NULL) {
        if (!record_is(record, "count")) {
            refused += record_find(record, "refused") != NULL;
            (void)json_array_append_new(done, record_json(record));
        }
    }
    (void)json_object_set_new(whole, "refused", json_integer(refused));
    (void)json_object_set_new(whole, "count",
                              json_integer((json_int_t)json_array_size(done) - refused));
    exchange_finish(exchange, link, whole);
}

/* A request that names one thing, by the number in the path. */
static void act_on_one(struct exchange *exchange, const char *request, const char *parameter,
                       const char *members, bool (*more)(struct exchange *, struct control_link *))
{
    struct control_link link;

    if (!exchange_has_only(exchange, members) || !exchange_ask(exchange, &link)) {
        return;
    }
    exchange_request(exchange, &link, request);
    control_link_add_number(&link, parameter, exchange_part_number(exchange, 0));
    if (more(exchange, &link)) {
        do_it(exchange, &link);
    }
    control_link_close(&link);
}

/* ---- Messages and deliveries ----------------------------------------------------------------- */

static bool add_resend(struct exchange *exchange, struct control_link *link)
{
    return add_text(exchange, link, "route") && add_text(exchange, link, "destination") &&
           add_text(exchange, link, "as") && add_reason(exchange, link);
}

void api_resend(struct exchange *exchange)
{
    act_on_one(exchange, "resend", "id", "reason route destination as", add_resend);
}

void api_release(struct exchange *exchange)
{
    act_on_one(exchange, "release", "id", "reason", add_reason);
}

void api_delivery_retry(struct exchange *exchange)
{
    act_on_one(exchange, "retry", "delivery", "reason", add_reason);
}

void api_delivery_drop(struct exchange *exchange)
{
    act_on_one(exchange, "drop", "delivery", "reason", add_reason);
}

/* ---- Lanes ----------------------------------------------------------------------------------- */

void api_lane_pause(struct exchange *exchange)
{
    act_on_one(exchange, "pause", "lane", "reason", add_reason);
}

void api_lane_resume(struct exchange *exchange)
{
    act_on_one(exchange, "resume", "lane", "reason", add_reason);
}

/* What is given up is what the person saw, and not what stands there by now. */
static bool add_skip(struct exchange *exchange, struct control_link *link)
{
    if (json_object_get(exchange->given, "delivery") == NULL) {
        return exchange_error(exchange, 400, "missing", "'delivery' says which one is meant");
    }
    return add_number(exchange, link, "delivery") && add_reason(exchange, link);
}

void api_lane_skip(struct exchange *exchange)
{
    act_on_one(exchange, "skip", "lane", "reason delivery", add_skip);
}

/* Dead letters of the lanes that fit; of all lanes only where that is said. */
static void act_on_dead(struct exchange *exchange, const char *request)
{
    struct control_link link;

    if (!exchange_has_only(exchange, "reason route destination lane all") ||
        !exchange_ask(exchange, &link)) {
        return;
    }
    exchange_request(exchange, &link, request);
    if (json_is_true(json_object_get(exchange->given, "all"))) {
        control_link_add(&link, "all", "1");
    }
    if (add_text(exchange, &link, "route") && add_text(exchange, &link, "destination") &&
        add_number(exchange, &link, "lane") && add_reason(exchange, &link)) {
        do_it(exchange, &link);
    }
    control_link_close(&link);
}

void api_dead_retry(struct exchange *exchange)
{
    act_on_dead(exchange, "retry");
}

void api_dead_drop(struct exchange *exchange)
{
    act_on_dead(exchange, "drop");
}

/* ---- The configuration ----------------------------------------------------------------------- */

void api_reload(struct exchange *exchange)
{
    struct control_link link;
    const char *reason = NULL;

    if (!exchange_has_only(exchange, "reason") ||
        !exchange_text(exchange, "reason", true, REASON_MAX, &reason, NULL) ||
        !exchange_ask(exchange, &link)) {
        return;
    }
    exchange_request(exchange, &link, "reload");
    do_it(exchange, &link);
    control_link_close(&link);
}
