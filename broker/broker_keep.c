/* SPDX-License-Identifier: Apache-2.0
 *
 * What is done by the clock, once a second: changed templates and tables are read again, old messages go, the free
 * space of the disk and what alerts are about is looked at. Files are asked for their times: that works on
 * network file systems too, and costs one stat() for each. broker_watch.c tells of changes sooner. */
#include "broker.h"

#include "../base/clock.h"
#include "../base/log.h"

#include <stdlib.h>
#include <sys/statvfs.h>

enum {
    TICK = 1000,
    PRUNE_EVERY = 60 * 1000,  /* milliseconds between looks for old messages */
    TABLES_AGAIN = 60 * 1000, /* milliseconds until a table with mistakes is read again */
    PRUNE_MORE = 200,         /* while there are more of them */
    PRUNE_STEP = 200          /* messages at a time */
};

/* ---- Old messages -------------------------------------------------------------------------- */

struct prune_work {
    struct store_work work;
    struct broker *broker;
    struct journal_policy policy;
    struct journal_pruned pruned;
};

static enum journal_code prune_run(struct store_work *work, struct journal *journal)
{
    struct prune_work *task = LOOP_OWNER(work, struct prune_work, work);

    return journal_prune(journal, &task->policy, &task->pruned);
}

static void prune_done(struct store_work *work, enum journal_code code)
{
    struct prune_work *task = LOOP_OWNER(work, struct prune_work, work);
    struct broker *broker = task->broker;
    bool more = code == JOURNAL_OK && task->pruned.more;

    if (code != JOURNAL_OK && code != JOURNAL_NONE) {
        log_warning("prune", "old messages could not be removed: %s", journal_code_name(code));
    }
    broker->pruning = false;
    broker->next_prune = broker->loop.now + (more ? PRUNE_MORE : PRUNE_EVERY);
    free(task);
}

static void prune(struct broker *broker)
{
    const struct config_orderly *orderly = &broker->config->orderly;

    if (broker->pruning || broker->loop.now < broker->next_prune ||
        (orderly->keep == 0 && orderly->keep_size == 0)) {
        return;
    }
    struct prune_work *task = calloc(1, sizeof *task);
    if (task == NULL) {
        return;
    }
    task->work = (struct store_work){.run = prune_run, .done = prune_done};
    task->broker = broker;
    task->policy.settled_before = orderly->keep > 0 ? clock_wall() - orderly->keep * 1000 : 0;
    task->policy.max_bytes = (uint64_t)orderly->keep_size;
    task->policy.step = PRUNE_STEP;
    broker->pruning = true;
    store_submit(broker->store, &task->work);
}

/* ---- The disk ------------------------------------------------------------------------------ */

static void look_at_disk(struct broker *broker)
{
    const struct config_orderly *orderly = &broker->config->orderly;
    struct statvfs space;

    if (orderly->min_free == 0 || statvfs(orderly->data, &space) != 0) {
        broker->disk_low = false;
    } else {
        bool low = (uint64_t)space.f_bavail * space.f_frsize < (uint64_t)orderly->min_free;

        if (low != broker->disk_low) {
            if (low) {
                log_error("disk-low", "less than min-free is left; new messages are refused");
            } else {
                log_info("disk-low", "there is room again; messages are taken");
            }
        }
        broker->disk_low = low;
    }
    broker->ingest.refusing = broker->disk_low ? "the disk is full; send again later" : NULL;
}

/* ---- The clock ----------------------------------------------------------------------------- */

/* Tables that conditions of routes look into. They are part of the configuration: a changed one is taken
 * by a reload, of its own accord as long as nobody is at work on the configuration's own files. One
 * that has mistakes is tried again once a minute. */
static void look_at_tables(struct broker *broker)
{
    const struct config *config = broker->config;
    char text[400];
    bool changed = false;

    for (size_t i = 0; i < config->file_count; i++) {
        if (beside_itself_changed(config->files[i].beside)) {
            return;
        }
        changed = changed ||
                  (config->files[i].beside->count > 1 && beside_changed(config->files[i].beside));
    }
    if (changed && broker->loop.now >= broker->next_tables) {
        bool good = broker_reload(broker, text, sizeof text);

        broker->next_tables = good ? 0 : broker->loop.now + TABLES_AGAIN;
    }
}

void broker_look_at_files(struct broker *broker)
{
    if (broker_templates_refresh(broker)) {
        broker_watch(broker); /* it may have other tables now */
    }
    look_at_tables(broker);
}

static void look_at_rates(struct broker *broker)
{
    uint64_t now = broker->loop.now;

    for (struct ingest_listener *at = broker->ingest.listeners; at != NULL; at = at->next) {
        rate_look(&at->rate, now, at->counters.messages);
    }
    for (struct lane *at = broker->deliver.lanes; at != NULL; at = at->next) {
        rate_look(&at->rate, now, at->counters.delivered);
    }
}

static void on_tick(struct loop_timer *timer)
{
    struct broker *broker = LOOP_OWNER(timer, struct broker, keep_timer);

    broker_look_at_files(broker);
    look_at_disk(broker);
    look_at_rates(broker);
    secure_look(&broker->secure);
    prune(broker);
    broker_look(broker);
    broker_note(broker);
    broker_bury(broker);
    if (!loop_timer_set(&broker->loop, timer, TICK)) {
        log_error("out-of-memory", "changed templates are not noticed any more");
    }
}

bool broker_keep_start(struct broker *broker)
{
    broker->keep_timer.on_time = on_tick;
    broker->alerts.loop = &broker->loop;
    broker->alerts.command = broker->config->orderly.alert_command.words;
    look_at_disk(broker);
    broker_watch(broker);
    return loop_timer_set(&broker->loop, &broker->keep_timer, TICK);
}
