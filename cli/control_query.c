/* SPDX-License-Identifier: Apache-2.0
 *
 * control_query.c - see control_query.h. */
#include "control_query.h"

#include <string.h>

#include "../base/measure.h"
#include "when.h"

const char *const control_query_states[] = {"any",  "settled", "pending", "dead",
                                            "held", "damaged", NULL};

static bool add_time(struct control_client *client, const char *name, const char *text, int64_t now)
{
    int64_t time = 0;

    if (text == NULL) {
        return true;
    }
    if (!when_read(text, now, &time)) {
        (void)verb_misuse(client->verb,
                          "--%s: '%.60s' is no time; write 2026-11-26, 2026-11-26T14:00 or 14:00",
                          name, text);
        return false;
    }
    control_client_add_number(client, name, time);
    return true;
}

bool control_query_add(struct control_client *client, const struct control_query *query)
{
    int64_t now = when_now();

    if (query->since != 0 && query->from != NULL) {
        (void)verb_misuse(client->verb, "either --since or --from");
        return false;
    }
    for (size_t i = 0; i < query->keys.count; i++) {
        const char *equals = strchr(query->keys.items[i], '=');
        if (equals == NULL || equals == query->keys.items[i] || equals[1] == '\0') {
            (void)verb_misuse(client->verb, "--key: '%.60s' is not INDEX=VALUE",
                              query->keys.items[i]);
            return false;
        }
        control_client_add(client, "key", query->keys.items[i]);
    }
    control_client_add(client, "patient", query->patient);
    control_client_add(client, "accession", query->accession);
    control_client_add(client, "control-id", query->control_id);
    control_client_add(client, "type", query->type);
    control_client_add(client, "application", query->application);
    control_client_add(client, "listener", query->listener);
    if (query->state > 0) {
        control_client_add(client, "state", control_query_states[query->state]);
    }
    if (query->since != 0) {
        control_client_add_number(client, "from", now - (int64_t)query->since * 1000);
    }
    return add_time(client, "from", query->from, now) && add_time(client, "to", query->to, now);
}

bool control_query_given(const struct control_query *query)
{
    return query->control_id != NULL || query->patient != NULL || query->accession != NULL ||
           query->type != NULL || query->application != NULL || query->listener != NULL ||
           query->keys.count > 0 || query->state > 0 || query->since != 0 || query->from != NULL ||
           query->to != NULL;
}

bool control_query_id(const struct verb *verb, const char *text, int64_t *ret_id)
{
    uint64_t number = 0;

    if (!measure_read_number(text, &number) || number == 0 || number > INT64_MAX / 10) {
        (void)verb_misuse(verb, "'%.60s' is no number of a message or a delivery", text);
        return false;
    }
    *ret_id = (int64_t)number;
    return true;
}
