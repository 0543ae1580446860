/* SPDX-License-Identifier: Apache-2.0
 *
 * What people and programs ask the broker through its control socket, and tell it: the wires of
 * control/. docs/control-protocol.md has the records that are written here. */
#include "broker.h"

#include "../base/clock.h"
#include "../base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ORDERLY_VERSION
#define ORDERLY_VERSION "0"
#endif

/* ---- status -------------------------------------------------------------------------------- */

/* The path as another program finds it, wherever that one was started; as it is if there is none. */
static void put_path(struct record_writer *out, const char *name, const char *path)
{
    char *whole = realpath(path, NULL);

    record_string(out, name, whole != NULL ? whole : path);
    free(whole);
}

static void put_broker(const struct broker *broker, struct record_writer *out)
{
    record_begin(out, "broker");
    record_string(out, "version", ORDERLY_VERSION);
    record_number(out, "pid", getpid());
    record_time(out, "started", broker->started);
    record_time(out, "now", clock_wall());
    record_string(out, "config", broker->path);
    record_string(out, "data", broker->config->orderly.data);
    put_path(out, "audit", audit_path(broker->audit));
    record_string(out, "state", broker->draining ? "draining" : "running");
    record_string(out, "confined", broker_confinement(broker));
    record_end(out);
}

/* What the end waits for. */
static void put_drain(const struct broker *broker, struct record_writer *out)
{
    uint64_t now = broker->loop.now;
    uint64_t left = broker->drain_until > now ? broker->drain_until - now : 0;
    uint64_t connections = 0;
    size_t deliveries = 0;

    for (const struct ingest_listener *at = broker->ingest.listeners; at != NULL; at = at->next) {
        connections += at->session_count;
    }
    for (const struct lane *at = broker->deliver.lanes; at != NULL; at = at->next) {
        deliveries += at->letter_count;
    }
    record_begin(out, "drain");
    record_number(out, "connections", (int64_t)connections);
    record_number(out, "messages", (int64_t)broker->ingest.items);
    record_number(out, "deliveries", (int64_t)deliveries);
    record_time(out, "until", clock_wall() + (int64_t)left * 1000);
    record_end(out);
}

static void put_listener(const struct ingest_listener *listener, struct record_writer *out)
{
    const struct metrics_listener *counters = &listener->counters;

    record_begin(out, "listener");
    record_string(out, "name", listener->config != NULL ? listener->config->name : NULL);
    record_string(out, "address", listener->address);
    record_string(out, "state",
                  listener->config != NULL && !listener->ingest->draining ? "listening" : "ending");
    record_number(out, "connections", (int64_t)listener->session_count);
    record_number(out, "messages", (int64_t)counters->messages);
    record_number(out, "stored", (int64_t)counters->stored);
    record_number(out, "duplicates", (int64_t)counters->duplicates);
    record_number(out, "conflicts", (int64_t)counters->conflicts);
    record_number(out, "unrouted", (int64_t)counters->unrouted);
    record_number(out, "invalid", (int64_t)counters->invalid);
    record_number(out, "refused", (int64_t)(counters->rejected + counters->failed));
    record_number(out, "damaged", (int64_t)counters->damaged);
    record_number(
        out, "rate",
        (int64_t)rate_per_minute(&listener->rate, listener->ingest->loop->now, counters->messages));
    record_time(out, "last", listener->last_message);
    record_end(out);
}

static void put_peers(const struct ingest_listener *listener, struct record_writer *out)
{
    for (const struct ingest_session *at = listener->sessions; at != NULL; at = at->next) {
        record_begin(out, "peer");
        record_string(out, "listener", listener->config != NULL ? listener->config->name : NULL);
        const struct stream *stream = at->connection.stream;

        record_string(out, "address", at->peer);
        record_number(out, "waiting", (int64_t)at->item_count);
        if (stream != NULL) {
            record_string(out, "tls", stream->version);
            record_string(out, "cipher", stream->cipher);
            record_string(out, "name", stream->peer[0] != '\0' ? stream->peer : NULL);
        }
        record_end(out);
    }
}

/* Beside what the journal has of a lane: what it does at this moment. */
static void put_activity(const struct lane *lane, struct record_writer *out)
{
    record_begin(out, "activity");
    record_number(out, "lane", lane->id);
    record_string(out, "route", lane->route->name);
    record_string(out, "destination", lane->to->name);
    record_string(out, "phase", lane_phase_name(lane->phase));
    record_number(
        out, "rate",
        (int64_t)rate_per_minute(&lane->rate, lane->deliver->loop->now, lane->counters.delivered));
    record_time(out, "down-since", lane->down_since);
    record_string(out, "word", lane->last_word);
    record_string(out, "reason", lane->last_reason[0] != '\0' ? lane->last_reason : NULL);
    record_time(out, "at", lane->last_at);
    record_end(out);
}

static void put_alert(void *context, const struct alert *alert)
{
    struct record_writer *out = context;

    record_begin(out, "alert");
    record_string(out, "alert", alert_kind_name(alert->kind));
    record_string(out, "subject", alert->subject);
    record_string(out, "text", alert->text);
    record_end(out);
}

static void on_status(void *context, struct record_writer *out)
{
    const struct broker *broker = context;

    put_broker(broker, out);
    if (broker->draining) {
        put_drain(broker, out);
    }
    if (audit_trouble(broker->audit)[0] != '\0') {
        record_begin(out, "trouble");
        record_string(out, "what", "nothing is recorded");
        record_string(out, "text", audit_trouble(broker->audit));
        record_end(out);
    }
    if (broker->ingest.refusing != NULL) {
        record_begin(out, "trouble");
        record_string(out, "what", "nothing is stored");
        record_string(out, "text", broker->ingest.refusing);
        record_end(out);
    }
    for (const struct ingest_listener *at = broker->ingest.listeners; at != NULL; at = at->next) {
        put_listener(at, out);
        put_peers(at, out);
    }
    for (const struct lane *at = broker->deliver.lanes; at != NULL; at = at->next) {
        put_activity(at, out);
    }
    alerts_each(&broker->alerts, put_alert, out);
}

/* ---- routes -------------------------------------------------------------------------------- */

static void put_route(const struct broker *broker, const struct config_route *route,
                      struct record_writer *out)
{
    const struct broker_template *in_force =
        route->template != NULL ? broker_template_find(broker, route->template->path) : NULL;

    record_begin(out, "route");
    record_string(out, "name", route->name);
    if (in_force != NULL) {
        put_path(out, "template", in_force->path);
        record_string(out, "template-hash", in_force->hash);
    }
    record_end(out);
}

/* What is known of the text on both sides of a route. */
static void put_ends(const struct config *config, const struct config_route *route,
                     struct record_writer *out)
{
    for (size_t i = 0; i < route->from.count; i++) {
        const struct config_listener *from = &config->listeners[route->from.items[i]];

        record_begin(out, "route-from");
        record_string(out, "route", route->name);
        record_string(out, "listener", from->name);
        record_string(out, "charset", from->charset);
        record_end(out);
    }
    for (size_t i = 0; i < route->to.count; i++) {
        const struct config_destination *to = &config->destinations[route->to.items[i]];

        record_begin(out, "route-to");
        record_string(out, "route", route->name);
        record_string(out, "destination", to->name);
        record_string(out, "charset", to->charset);
        record_end(out);
    }
}

static void on_routes(void *context, struct record_writer *out)
{
    const struct broker *broker = context;

    for (size_t i = 0; i < broker->config->route_count; i++) {
        put_route(broker, &broker->config->routes[i], out);
        put_ends(broker->config, &broker->config->routes[i], out);
    }
}

/* ---- history, configuration ---------------------------------------------------------------- */

static void on_history(void *context, size_t steps, struct record_writer *out)
{
    const struct broker *broker = context;

    history_put(&broker->history, steps, out);
}

static void put_given(void *context, const struct config_given *given)
{
    struct record_writer *out = context;

    record_begin(out, "setting");
    record_string(out, "section", given->section);
    record_string(out, "name", given->name[0] != '\0' ? given->name : NULL);
    record_string(out, "key", given->key);
    record_text(out, "value", given->text);
    record_string(out, "file", given->file);
    if (given->file != NULL) {
        record_number(out, "line", (int64_t)given->line);
    }
    record_end(out);
}

static void on_configuration(void *context, struct record_writer *out)
{
    const struct broker *broker = context;

    for (size_t i = 0; i < broker->config->file_count; i++) {
        record_begin(out, "file");
        put_path(out, "path", broker->config->files[i].path);
        record_end(out);
    }
    config_each(broker->config, put_given, out);
}

/* ---- metrics ------------------------------------------------------------------------------- */

static void on_metrics(void *context, struct record_writer *out)
{
    broker_metrics(context, out);
}

static void on_metrics_text(void *context, struct record_writer *out)
{
    broker_metrics_text(context, out);
}

/* ---- What was done in the journal ---------------------------------------------------------- */

/* A lane that somebody named tries its head at once. One that is not there may have got something: then
 * it is made. */
static void on_wake_lane(void *context, int64_t id)
{
    struct broker *broker = context;
    struct lane *named = id != 0 ? deliver_find_id(&broker->deliver, id) : NULL;

    if (named != NULL) {
        lane_hurry(named);
        return;
    }
    for (struct lane *at = broker->deliver.lanes; at != NULL; at = at->next) {
        lane_wake(at);
    }
    broker_wake_lanes(broker);
}

static bool on_reload(void *context, struct record_writer *out, char ret_reason[REQUEST_REASON_MAX])
{
    (void)out; /* what is wrong stands in the log, and `orderly check` says it to who asks */
    return broker_reload(context, ret_reason, REQUEST_REASON_MAX);
}

static const char *on_index_name(void *context, size_t number)
{
    const struct config_indexes *indexes =
        &((const struct broker *)context)->config->orderly.indexes;

    return number < indexes->count ? indexes->items[number].name : NULL;
}

bool broker_control_open(struct broker *broker)
{
    const struct control_hooks hooks = {.context = broker,
                                        .audit = broker->audit,
                                        .status = on_status,
                                        .routes = on_routes,
                                        .history = on_history,
                                        .configuration = on_configuration,
                                        .metrics = on_metrics,
                                        .metrics_text = on_metrics_text,
                                        .wake_lane = on_wake_lane,
                                        .reload = on_reload,
                                        .index_name = on_index_name};
    const char *path = broker->config->orderly.control;
    char reason[256] = "";

    broker->control = control_open(path, &broker->loop, broker->store, &hooks, reason);
    if (broker->control == NULL) {
        log_fatal("control", "%s; 'control' in [orderly] names another place", reason);
        return false;
    }
    log_info("control", "socket=%s", path);
    return true;
}
