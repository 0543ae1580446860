/* SPDX-License-Identifier: Apache-2.0
 *
 * Another configuration. It is loaded and checked whole beside the one in force; if anything is wrong
 * nothing changes. Then everything that runs is pointed at its place in the new one: sockets,
 * connections, lanes and what they have queued stay.
 *
 * The old configuration stays in memory as long as work in the store may name parts of it, which a fence
 * tells - a piece of work that does nothing, but is done after all that was handed in before - and as long
 * as a lane that is gone from the new one has not come to its end. */
#include "broker.h"

#include "../base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Configurations that were replaced ----------------------------------------------------- */

static enum journal_code fence_run(struct store_work *work, struct journal *journal)
{
    (void)work;
    (void)journal;
    return JOURNAL_OK;
}

static void fence_done(struct store_work *work, enum journal_code code)
{
    struct broker_old *old = LOOP_OWNER(work, struct broker_old, fence);

    (void)code;
    old->fenced = true;
    broker_bury(old->broker);
}

static bool has_retiring_lanes(const struct broker *broker)
{
    for (const struct lane *at = broker->deliver.lanes; at != NULL; at = at->next) {
        if (at->retiring) {
            return true;
        }
    }
    return false;
}

void broker_bury(struct broker *broker)
{
    struct broker_old **at = &broker->old;

    if (has_retiring_lanes(broker) || ingest_has_retired(&broker->ingest)) {
        return;
    }
    while (*at != NULL) {
        struct broker_old *old = *at;

        if (old->fenced) {
            *at = old->next;
            config_free(&old->config);
            free(old);
        } else {
            at = &old->next;
        }
    }
}

/* ---- Pointing at the new one --------------------------------------------------------------- */

static const struct config_difference *difference_of(const struct config_difference *differences,
                                                     size_t count, enum config_section section,
                                                     const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (differences[i].section == section && strcmp(differences[i].name, name) == 0) {
            return &differences[i];
        }
    }
    return NULL;
}

/* Opens what is new or has to be opened anew. False when an address cannot be used: the others go on. */
static bool open_listener(struct broker *broker, const struct config_listener *config)
{
    char reason[256];

    if (broker_open_listener(broker, config, reason)) {
        return true;
    }
    log_error("not-listening", "listener=%s %s", config->name, reason);
    return false;
}

static bool adopt_listeners(struct broker *broker, const struct config *fresh,
                            const struct config_difference *differences, size_t count)
{
    bool good = true;

    for (size_t i = 0; i < count; i++) {
        const struct config_difference *at = &differences[i];
        struct ingest_listener *listener =
            at->section == CONFIG_LISTENER ? ingest_find(&broker->ingest, at->name) : NULL;

        if (listener == NULL) {
            continue;
        }
        if (at->change == CONFIG_REMOVED ||
            (at->change == CONFIG_CHANGED && at->effect != CONFIG_AT_ONCE)) {
            log_info("listener-closed", "listener=%s", at->name);
            ingest_retire(listener);
        } else {
            ingest_adopt(listener, &fresh->listeners[at->after]);
        }
    }
    for (size_t i = 0; i < fresh->listener_count; i++) {
        const struct config_listener *config = &fresh->listeners[i];

        if (ingest_find(&broker->ingest, config->name) == NULL) {
            good = open_listener(broker, config) && good;
        }
    }
    return good;
}

static void adopt_lanes(struct broker *broker, const struct config *fresh,
                        const struct config_difference *differences, size_t count)
{
    struct lane *next = NULL;

    for (struct lane *lane = broker->deliver.lanes; lane != NULL; lane = next) {
        next = lane->next;
        if (lane->retiring) {
            continue;
        }
        const struct config_difference *to =
            difference_of(differences, count, CONFIG_DESTINATION, lane->to->name);
        const struct config_difference *route =
            difference_of(differences, count, CONFIG_ROUTE, lane->route->name);
        if (to == NULL || route == NULL || to->after == HL7_NONE || route->after == HL7_NONE) {
            lane_retire(lane);
        } else {
            lane_adopt(lane, &fresh->routes[route->after], &fresh->destinations[to->after],
                       to->change == CONFIG_CHANGED && to->effect != CONFIG_AT_ONCE);
        }
    }
}

/* Keys that a reload cannot put into force. */
static void tell_restarts(const struct config_difference *differences, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct config_difference *at = &differences[i];

        if (at->change == CONFIG_CHANGED && at->effect == CONFIG_RESTART) {
            log_warning("reload", "%s%s%s takes effect at the next start", at->name,
                        at->name[0] != '\0' ? ": " : "", at->key);
        }
    }
}

static bool swap(struct broker *broker, struct config *fresh)
{
    struct broker_old *old = calloc(1, sizeof *old);
    size_t count = 0;
    struct config_difference *differences = config_diff(broker->config, fresh, &count);

    if (old == NULL || differences == NULL || !broker_templates_load(broker, fresh)) {
        free(old);
        free(differences);
        return false;
    }
    tell_restarts(differences, count);
    config_keep(fresh, broker->config);
    (void)secure_adopt(&broker->secure, fresh);
    (void)adopt_listeners(broker, fresh, differences, count);
    adopt_lanes(broker, fresh, differences, count);
    free(differences);
    old->config = broker->config;
    old->broker = broker;
    old->next = broker->old;
    old->fence = (struct store_work){.run = fence_run, .done = fence_done};
    broker->old = old;
    broker->config = fresh;
    broker->alerts.command = fresh->orderly.alert_command.words;
    broker_log_open(&fresh->orderly);
    audit_require(broker->audit, fresh->orderly.audit_required);
    broker_audit_config(broker, fresh);
    broker->ingest.orderly = &fresh->orderly;
    store_submit(broker->store, &old->fence);
    broker_wake_lanes(broker); /* a route that was gone may be back, with messages queued */
    return true;
}

/* ---- Loading ------------------------------------------------------------------------------- */

void broker_tell_findings(const struct config_report *report)
{
    char name[400];

    for (size_t i = 0; i < report->count; i++) {
        const struct config_finding *at = &report->findings[i];

        template_finding_file(at->path, &at->what, name, sizeof name);
        if (at->what.severity == HL7_ERROR) {
            log_error("configuration", "%s:%zu:%zu: %s", name, at->what.line, at->what.column,
                      at->what.text);
        } else {
            log_warning("configuration", "%s:%zu:%zu: %s", name, at->what.line, at->what.column,
                        at->what.text);
        }
    }
}

static bool load_and_swap(struct broker *broker, char *ret_text, size_t size)
{
    struct config_report report = {.count = 0};
    struct config *fresh = NULL;
    enum config_answer answer = config_load(broker->path, &fresh, &report);
    size_t errors = report.errors;

    broker_tell_findings(&report);
    config_report_release(&report);
    const char *uncovered = answer == CONFIG_LOADED ? broker_uncovered(broker, fresh) : NULL;
    if (uncovered != NULL) {
        (void)snprintf(
            ret_text, size,
            "%s is outside the folders that were left to the broker at its start; restart it, "
            "or name the folder in allow-folders before the next start",
            uncovered);
        config_free(&fresh);
        log_error("not-reloaded", "%s", ret_text);
        return false;
    }
    if (answer == CONFIG_LOADED) {
        spawner_reload(&broker->spawner); /* before a lane asks for what is new */
    }
    if (answer == CONFIG_LOADED && swap(broker, fresh)) {
        broker_watch(broker);
        (void)snprintf(ret_text, size, "%s is in force", broker->path);
        log_info("reloaded", "%s", ret_text);
        return true;
    }
    config_free(&fresh);
    broker_audit_config(broker, NULL);
    (void)snprintf(ret_text, size, "%s was not loaded, %zu errors; what was in force stays",
                   broker->path, errors);
    log_error("not-reloaded", "%s", ret_text);
    return false;
}

bool broker_reload(struct broker *broker, char *ret_text, size_t size)
{
    notify_reloading(&broker->notify);
    bool good = load_and_swap(broker, ret_text, size);
    notify_say(&broker->notify, "READY=1");
    return good;
}
