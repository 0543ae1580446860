/* SPDX-License-Identifier: Apache-2.0
 *
 * What the stages ask and tell each other. Each function here is one wire. */
#include "broker.h"

#include "../base/log.h"

#include <stdlib.h>
#include <string.h>

/* Memory for a condition: it is given more when that does not do. */
enum { CONDITION_MEMORY = 1 << 20 };

/* ---- Ingest asks --------------------------------------------------------------------------- */

/* Without a condition there is nothing to run: no memory, no clock. */
static bool has_condition(const struct config *config, const struct config_listener *listener)
{
    for (size_t i = 0; i < listener->routes.count; i++) {
        if (config->routes[listener->routes.items[i]].when.program != NULL) {
            return true;
        }
    }
    return false;
}

static bool on_route(void *context, const struct config_listener *listener,
                     const struct hl7_message *message, struct ingest_routing *routing)
{
    struct broker *broker = context;
    struct route_plan plan = {.deliveries = routing->deliveries, .size = routing->size};
    bool runs = has_condition(broker->config, listener);
    struct hl7_arena arena;

    if (runs && !memory_grow(&broker->condition_memory,
                             CONDITION_MEMORY + 4 * hl7_message_memory(message->bytes))) {
        memcpy(routing->problem, "out of memory", sizeof "out of memory");
        return false;
    }
    hl7_arena_init(&arena, broker->condition_memory.ptr, broker->condition_memory.size);
    if (runs) {
        services_begin(&broker->services);
    }
    bool good =
        route_find(broker->config, listener, message, &broker->services.given, &arena, &plan);
    if (runs) {
        (void)services_end(&broker->services, false);
    }
    routing->count = plan.count;
    routing->awaited = plan.awaited;
    routing->taken = plan.taken;
    memcpy(routing->problem, plan.problem, sizeof routing->problem);
    return good;
}

static const struct template_file *on_ack_template(void *context,
                                                   const struct config_template *named)
{
    const struct broker_template *at = broker_template_find(context, named->path);

    return at != NULL ? &at->live.current : named->file;
}

/* ---- Ingest tells, lanes hear -------------------------------------------------------------- */

static void wake(struct broker *broker, const struct journal_lane *names)
{
    const struct config *config = broker->config;
    struct lane *lane =
        deliver_find(&broker->deliver, names->route, names->destination, names->number);

    if (lane != NULL) {
        lane_wake(lane);
        return;
    }
    for (size_t i = 0; i < config->route_count; i++) {
        if (!hl7_slice_equal(names->route, hl7_slice_of(config->routes[i].name))) {
            continue;
        }
        for (size_t k = 0; k < config->destination_count; k++) {
            if (hl7_slice_equal(names->destination, hl7_slice_of(config->destinations[k].name)) &&
                deliver_lane(&broker->deliver, &config->routes[i], &config->destinations[k],
                             names->number) == NULL) {
                log_error("out-of-memory", "a lane of route %s; its messages wait for a restart",
                          config->routes[i].name);
            }
        }
    }
}

static void on_stored(void *context, const struct journal_lane *lanes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        wake(context, &lanes[i]);
    }
}

/* ---- Lanes ask ----------------------------------------------------------------------------- */

static struct deliver_template on_template(void *context, const struct config_template *named)
{
    const struct broker_template *at = broker_template_find(context, named->path);

    if (at == NULL) {
        return (struct deliver_template){.file = named->file, .hash = ""};
    }
    return (struct deliver_template){.file = &at->live.current, .hash = at->hash};
}

static const struct config_listener *on_listener(void *context, hl7_slice name)
{
    const struct config *config = ((const struct broker *)context)->config;

    for (size_t i = 0; i < config->listener_count; i++) {
        if (hl7_slice_equal(name, hl7_slice_of(config->listeners[i].name))) {
            return &config->listeners[i];
        }
    }
    return NULL;
}

/* ---- Lanes tell, ingest hears -------------------------------------------------------------- */

static void on_settled(void *context, const struct deliver_result *result)
{
    struct broker *broker = context;
    struct ingest_delivered delivered = {
        .message = result->message,
        .reason = result->reason[0] != '\0' ? result->reason : result->word,
        .answer = result->answer,
        .copy = result->lane->route->copy,
    };

    switch (result->outcome) {
    case JOURNAL_DELIVERED:
    case JOURNAL_FILTERED:
        delivered.outcome = HL7_ACCEPTED;
        break;
    case JOURNAL_DEAD:
        delivered.outcome = strcmp(result->word, "AR") == 0 || strcmp(result->word, "CR") == 0
                                ? HL7_REJECTED
                                : HL7_FAILED;
        break;
    case JOURNAL_HALT:
        delivered.outcome = HL7_FAILED;
        break;
    case JOURNAL_RETRY:
        return; /* it may still be delivered before the deadline */
    }
    ingest_delivered(&broker->ingest, &delivered);
}

/* ---- Lanes with something queued, at the start --------------------------------------------- */

struct queued_lane {
    int64_t number;
    size_t route_len;
    size_t destination_len;
    struct queued_lane *next;
    char names[];
};

struct lanes_work {
    struct store_work work;
    struct broker *broker;
    struct queued_lane *found;
    bool short_of_memory;
};

static void drop_found(struct lanes_work *task)
{
    while (task->found != NULL) {
        struct queued_lane *at = task->found;

        task->found = at->next;
        free(at);
    }
}

static bool on_lane(void *context, const struct journal_lane_status *status)
{
    struct lanes_work *task = context;
    size_t len = status->lane.route.len + status->lane.destination.len;

    if (status->depth == 0) {
        return true;
    }
    struct queued_lane *at = malloc(sizeof *at + len + 1);
    if (at == NULL) {
        task->short_of_memory = true;
        return false;
    }
    at->number = status->lane.number;
    at->route_len = status->lane.route.len;
    at->destination_len = status->lane.destination.len;
    memcpy(at->names, status->lane.route.ptr, at->route_len);
    memcpy(at->names + at->route_len, status->lane.destination.ptr, at->destination_len);
    at->next = task->found;
    task->found = at;
    return true;
}

static enum journal_code lanes_run(struct store_work *work, struct journal *journal)
{
    struct lanes_work *task = LOOP_OWNER(work, struct lanes_work, work);

    drop_found(task);
    task->short_of_memory = false;
    enum journal_code code = journal_lanes(journal, on_lane, task);
    return task->short_of_memory ? JOURNAL_NO_MEMORY : code;
}

static void lanes_done(struct store_work *work, enum journal_code code)
{
    struct lanes_work *task = LOOP_OWNER(work, struct lanes_work, work);

    if (code != JOURNAL_OK && code != JOURNAL_NONE) {
        log_error("journal", "the lanes could not be read: %s", journal_code_name(code));
    }
    for (const struct queued_lane *at = task->found; at != NULL; at = at->next) {
        const struct journal_lane names = {
            .route = {at->names, at->route_len},
            .destination = {at->names + at->route_len, at->destination_len},
            .number = at->number};

        wake(task->broker, &names);
    }
    drop_found(task);
    free(task);
}

void broker_wake_lanes(struct broker *broker)
{
    struct lanes_work *task = calloc(1, sizeof *task);

    if (task == NULL) {
        log_error("out-of-memory", "queued messages wait for new ones, or a restart");
        return;
    }
    task->work = (struct store_work){.run = lanes_run, .done = lanes_done};
    task->broker = broker;
    store_submit(broker->store, &task->work);
}

void broker_wire(struct broker *broker)
{
    broker->ingest.loop = &broker->loop;
    broker->ingest.store = broker->store;
    broker->ingest.secure = &broker->secure;
    broker->ingest.services = &broker->services;
    broker->ingest.orderly = &broker->config->orderly;
    broker->ingest.hooks = (struct ingest_hooks){.route = on_route,
                                                 .template = on_ack_template,
                                                 .stored = on_stored,
                                                 .insecure = broker_audit_listener_tls,
                                                 .context = broker};
    broker->deliver.loop = &broker->loop;
    broker->deliver.store = broker->store;
    broker->deliver.secure = &broker->secure;
    broker->deliver.owner = HL7_TEXT("orderly");
    broker->deliver.convert.services = &broker->services;
    broker->deliver.hooks = (struct deliver_hooks){.template = on_template,
                                                   .listener = on_listener,
                                                   .settled = on_settled,
                                                   .insecure = broker_audit_lane_tls,
                                                   .context = broker};
    ingest_init(&broker->ingest);
}
