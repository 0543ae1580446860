/* SPDX-License-Identifier: Apache-2.0
 *
 * The broker's start, its signals and its end. */
#include "broker.h"

#include "../base/clock.h"
#include "../base/descriptors.h"
#include "../base/crash_point.h"
#include "../base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATUS_DONE = 0, STATUS_FAILED = 3 };

/* ---- The end ------------------------------------------------------------------------------- */

static void end_if_drained(struct broker *broker)
{
    if (broker->draining && ingest_is_idle(&broker->ingest) && deliver_is_idle(&broker->deliver) &&
        store_pending(broker->store) == 0 &&
        (broker->audit == NULL || audit_pending(broker->audit) == 0)) {
        loop_stop(&broker->loop);
    }
}

static void on_drain_time(struct loop_timer *timer)
{
    struct broker *broker = LOOP_OWNER(timer, struct broker, drain_timer);

    log_warning("drain", "not all that was under way has ended in time; it is repeated at the "
                         "next start");
    loop_stop(&broker->loop);
}

void broker_end(struct broker *broker)
{
    uint64_t most = (uint64_t)broker->config->orderly.drain;

    log_info("ending", "waiting for what is under way");
    notify_say(&broker->notify, "STOPPING=1");
    broker->draining = true;
    broker->drain_until = broker->loop.now + most;
    control_drain(broker->control);
    ingest_drain(&broker->ingest);
    deliver_drain(&broker->deliver);
    broker->drain_timer.on_time = on_drain_time;
    if (!loop_timer_set(&broker->loop, &broker->drain_timer, most > 0 ? most : 1)) {
        loop_stop(&broker->loop);
    }
}

/* After each round of events. */
static void after_wake(void *context)
{
    struct broker *broker = context;

    ingest_flush(&broker->ingest);
    store_go(broker->store);
    end_if_drained(broker);
}

static void on_signal(struct signals *signals, uint32_t number)
{
    struct broker *broker = LOOP_OWNER(signals, struct broker, signals);
    char text[400];

    if (number == SIGHUP) {
        (void)broker_reload(broker, text, sizeof text);
    } else if (broker->draining) {
        loop_stop(&broker->loop);
    } else {
        broker_end(broker);
    }
}

/* ---- The log ------------------------------------------------------------------------------- */

void broker_log_open(const struct config_orderly *orderly)
{
    static const enum log_level levels[] = {[CONFIG_LOG_ERROR] = LOG_LEVEL_ERROR,
                                            [CONFIG_LOG_WARNING] = LOG_LEVEL_WARNING,
                                            [CONFIG_LOG_INFO] = LOG_LEVEL_INFO,
                                            [CONFIG_LOG_DEBUG] = LOG_LEVEL_INFO};

    log_open(orderly->log_format == CONFIG_LOG_JSON ? LOG_AS_JSON : LOG_AS_TEXT,
             levels[orderly->log_level]);
}

/* ---- The start ----------------------------------------------------------------------------- */

/* Each connection of the listeners, each destination, and what the broker needs itself. */
static uint64_t count_descriptors(const struct config *config)
{
    uint64_t count = 256 + 4 * config->destination_count;

    for (size_t i = 0; i < config->listener_count; i++) {
        count += (uint64_t)config->listeners[i].max_connections;
    }
    return count;
}

bool broker_open_listener(struct broker *broker, const struct config_listener *config,
                          char ret_reason[256])
{
    if (!ingest_open(&broker->ingest, config, ret_reason)) {
        return false;
    }
    log_info("listening", "listener=%s address=%s", config->name,
             ingest_find(&broker->ingest, config->name)->address);
    if (config_is_exposed(config)) {
        log_warning("plaintext", "listener=%s what comes from other machines is not encrypted",
                    config->name);
    }
    return true;
}

static bool open_listeners(struct broker *broker)
{
    bool good = true;

    for (size_t i = 0; i < broker->config->listener_count; i++) {
        const struct config_listener *listener = &broker->config->listeners[i];
        char reason[256];

        if (!broker_open_listener(broker, listener, reason)) {
            log_fatal("not-listening", "listener=%s %s", listener->name, reason);
            good = false;
        }
    }
    return good;
}

/* Everything that can fail, in order; the caller releases. */
static bool start(struct broker *broker)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, 0};
    const struct config_orderly *orderly = &broker->config->orderly;
    char reason[256];

    if (!loop_init(&broker->loop) || !signals_watch(&broker->signals, &broker->loop, numbers) ||
        !broker_watch_helper(broker)) {
        log_fatal("start", "%s", strerror(errno));
        return false;
    }
    descriptors_raise(count_descriptors(broker->config));
    broker_confine(broker);
    CRASH_POINT("start.journal.before");
    journal_do_not_count_memory();
    broker->store = store_open(orderly->data, NULL, &broker->loop, reason);
    if (broker->store == NULL) {
        log_fatal("journal", "%s", reason);
        return false;
    }
    (void)snprintf(broker->sequences, sizeof broker->sequences, "%s/sequences", orderly->data);
    services_open(&broker->services, broker->sequences);
    broker_wire(broker);
    if (!broker_audit_open(broker)) {
        return false;
    }
    if (!secure_adopt(&broker->secure, broker->config)) {
        log_fatal("start", "a certificate or key cannot be used");
        return false;
    }
    if (!broker_templates_load(broker, broker->config) || !broker_keep_start(broker)) {
        log_fatal("start", "a template could not be loaded, or memory is short");
        return false;
    }
    CRASH_POINT("start.journal.after");
    broker_wake_lanes(broker);
    store_gather(broker->store); /* after_wake() lets it go */
    return broker_control_open(broker) && open_listeners(broker) && broker_service_ready(broker);
}

static void release(struct broker *broker, bool well)
{
    broker->deliver.draining = true; /* no lane asks again */
    if (broker->control != NULL) {
        control_end(broker->control);
    }
    store_close(&broker->store);
    broker_audit_close(broker, well);
    control_free(&broker->control);
    ingest_release(&broker->ingest);
    deliver_release(&broker->deliver);
    alerts_release(&broker->alerts);
    history_release(&broker->history);
    broker_templates_release(broker);
    secure_release(&broker->secure);
    memory_free(&broker->condition_memory);
    services_close(&broker->services);
    while (broker->old != NULL) {
        struct broker_old *old = broker->old;

        broker->old = old->next;
        config_free(&old->config);
        free(old);
    }
    config_free(&broker->config);
    spawner_close(&broker->spawner);
    notify_close(&broker->notify);
    folders_release(&broker->folders);
    broker_watch_end(broker);
    signals_close(&broker->signals);
    loop_release(&broker->loop);
}

int broker_run(const char *path, struct config *config, const struct config_report *report)
{
    struct broker *broker = calloc(1, sizeof *broker);
    int status = STATUS_FAILED;

    broker_log_open(&config->orderly);
    broker_tell_findings(report);
    if (broker == NULL) {
        log_fatal("start", "out of memory");
        config_free(&config);
        return STATUS_FAILED;
    }
    broker->path = path;
    broker->config = config;
    broker->loop.epoll = -1;
    broker->watch.fd = -1;
    broker->signals = (struct signals){.source = {.fd = -1}, .on_signal = on_signal};
    broker->spawner.fd = -1;
    broker->started = clock_wall();
    notify_open(&broker->notify);
    if (broker_give_away(broker) && start(broker)) {
        log_info("ready", "%zu listeners, %zu routes, %zu destinations", config->listener_count,
                 config->route_count, config->destination_count);
        if (loop_run(&broker->loop, after_wake, broker)) {
            status = broker->failed ? STATUS_FAILED : STATUS_DONE;
        } else {
            log_fatal("events", "%s", strerror(errno));
        }
        log_info("ended", "everything that was acknowledged is on the disk");
    }
    release(broker, status == STATUS_DONE);
    free(broker);
    return status;
}
