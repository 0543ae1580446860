/* SPDX-License-Identifier: Apache-2.0
 *
 * shadow_story.c - what a broker tells of a route, and of a message that went by it. See shadow.h. */
#include "shadow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void keep(char place[SHADOW_NAME], hl7_slice text)
{
    (void)snprintf(place, SHADOW_NAME, "%.*s",
                   (int)(text.len < SHADOW_NAME ? text.len : SHADOW_NAME - 1),
                   text.len > 0 ? text.ptr : "");
}

static bool is(hl7_slice text, const char *name)
{
    return hl7_slice_equal(text, hl7_slice_of(name));
}

/* ---- The route ------------------------------------------------------------------------------- */

static bool take_route(struct shadow_route *route, const struct record *record)
{
    hl7_slice path = record_get(record, "template");

    keep(route->hash, record_get(record, "template-hash"));
    if (path.len > 0) {
        route->template = strndup(path.ptr, path.len);
        return route->template != NULL;
    }
    return true;
}

static bool take_end(struct shadow_route *route, const struct record *record, bool is_listener)
{
    if (!memory_grow(&route->ends, (route->end_count + 1) * sizeof(struct shadow_end))) {
        return false;
    }
    struct shadow_end *end = (struct shadow_end *)route->ends.ptr + route->end_count++;

    end->is_listener = is_listener;
    keep(end->name, record_get(record, is_listener ? "listener" : "destination"));
    keep(end->charset, record_get(record, "charset"));
    return true;
}

int shadow_route_ask(struct control_client *client, const char *name, struct shadow_route *route)
{
    const struct record *record = NULL;
    bool found = false;
    bool good = true;

    control_client_begin(client, "routes");
    while ((record = control_client_next(client)) != NULL) {
        if (record_is(record, "route") && is(record_get(record, "name"), name)) {
            found = true;
            good = good && take_route(route, record);
        } else if (is(record_get(record, "route"), name)) {
            good = good && take_end(route, record, record_is(record, "route-from"));
        }
    }
    if (!good) {
        return verb_failed(client->verb, "out of memory");
    }
    if (!found && client->status == VERB_DONE) {
        return verb_misuse(client->verb, "the broker has no route '%.100s'", name);
    }
    return client->status;
}

void shadow_route_free(struct shadow_route *route)
{
    free(route->template);
    route->template = NULL;
    memory_free(&route->ends);
}

const char *shadow_charset(const struct shadow_route *route, bool is_listener, const char *name)
{
    const struct shadow_end *ends = route->ends.ptr;

    for (size_t i = 0; i < route->end_count; i++) {
        if (ends[i].is_listener == is_listener && strcmp(ends[i].name, name) == 0) {
            return ends[i].charset[0] != '\0' ? ends[i].charset : NULL;
        }
    }
    return NULL;
}

/* ---- A message ------------------------------------------------------------------------------- */

static struct shadow_delivery *delivery_to(struct shadow_message *message, hl7_slice destination)
{
    struct shadow_delivery *deliveries = message->deliveries.ptr;

    for (size_t i = 0; i < message->count; i++) {
        if (is(destination, deliveries[i].destination)) {
            return &deliveries[i];
        }
    }
    return NULL;
}

static struct shadow_delivery *delivery_of(struct shadow_message *message, int64_t id)
{
    struct shadow_delivery *deliveries = message->deliveries.ptr;

    for (size_t i = 0; i < message->count; i++) {
        if (deliveries[i].id == id) {
            return &deliveries[i];
        }
    }
    return NULL;
}

/* A place for one more; the memory that places had for an earlier message is used again. */
static struct shadow_delivery *add_delivery(struct shadow_message *message)
{
    size_t size = (message->count + 1) * sizeof(struct shadow_delivery);

    if (!memory_grow(&message->deliveries, size)) {
        return NULL;
    }
    struct shadow_delivery *at = (struct shadow_delivery *)message->deliveries.ptr + message->count;
    if (message->count == message->ready) {
        *at = (struct shadow_delivery){.id = 0};
        message->ready++;
    }
    message->count++;
    at->id = 0;
    return at;
}

static bool take_delivery(struct shadow_message *message, const struct record *record)
{
    int64_t id = record_get_number(record, "id");
    struct shadow_delivery *at = delivery_to(message, record_get(record, "destination"));

    if (at == NULL) {
        at = add_delivery(message);
    }
    if (at != NULL && id > at->id) {
        at->id = id;
        keep(at->destination, record_get(record, "destination"));
        at->was_sent = false;
        at->sent_at = 0;
    }
    return at != NULL;
}

static bool copy(struct memory_block *block, size_t *ret_len, hl7_slice bytes)
{
    if (!memory_grow(block, bytes.len + 1)) {
        return false;
    }
    if (bytes.len > 0) {
        memcpy(block->ptr, bytes.ptr, bytes.len);
    }
    *ret_len = bytes.len;
    return true;
}

/* Bytes come in the order of the tries: the last ones stay. */
static bool take_bytes(struct shadow_message *message, const struct record *record)
{
    hl7_slice of = record_get(record, "of");
    struct shadow_delivery *at = delivery_of(message, record_get_number(record, "delivery"));

    if (is(of, "received")) {
        message->whole = true;
        return copy(&message->bytes, &message->len, record_get(record, "data"));
    }
    if (is(of, "sent") && at != NULL) {
        at->was_sent = true;
        return copy(&at->sent, &at->sent_len, record_get(record, "data"));
    }
    return true;
}

static void take_attempt(struct shadow_message *message, const struct record *record)
{
    struct shadow_delivery *at = delivery_of(message, record_get_number(record, "delivery"));

    if (at != NULL && record_get_number(record, "sent") != 0) {
        at->sent_at = record_get_number(record, "started");
    }
}

static void take_summary(struct shadow_message *message, const struct record *record)
{
    message->id = record_get_number(record, "id");
    message->received = record_get_number(record, "received");
    keep(message->listener, record_get(record, "listener"));
    keep(message->type, record_get(record, "type"));
    keep(message->control_id, record_get(record, "control-id"));
}

static bool take(struct shadow_message *message, struct control_print *print, struct record *record,
                 const char *route)
{
    if (record_is(record, "message")) {
        take_summary(message, record);
    } else if (record_is(record, "delivery") && is(record_get(record, "route"), route)) {
        return take_delivery(message, record);
    } else if (record_is(record, "attempt")) {
        take_attempt(message, record);
    } else if (record_is(record, "bytes") && control_print_join(print, record)) {
        return take_bytes(message, record);
    }
    return true;
}

bool shadow_message_ask(struct control_client *client, struct control_print *print, int64_t id,
                        const struct shadow_options *options, struct shadow_message *message)
{
    bool good = true;

    message->count = 0;
    message->whole = false;
    control_client_begin(client, "message");
    control_client_add_number(client, "id", id);
    control_client_add(client, "bytes", options->sent ? "all" : "received");
    control_client_add(client, "purpose", "shadow");
    while (control_client_next(client) != NULL) {
        good = take(message, print, &client->link.record, options->route) && good;
    }
    if (!good) {
        (void)verb_failed(client->verb, "out of memory");
    } else if (!message->whole && message->count > 0) {
        (void)verb_failed(client->verb, "message %lld: damaged, left out", (long long)id);
        good = false;
    }
    return good;
}

void shadow_message_free(struct shadow_message *message)
{
    struct shadow_delivery *deliveries = message->deliveries.ptr;

    for (size_t i = 0; i < message->ready; i++) {
        memory_free(&deliveries[i].sent);
    }
    memory_free(&message->deliveries);
    memory_free(&message->bytes);
}
