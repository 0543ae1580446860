/* SPDX-License-Identifier: Apache-2.0
 *
 * Notes every few seconds how busy listeners and lanes were (history/). How much waits in a lane the journal
 * knows: it is asked once for all of them, and not again before it has answered. */
#include "broker.h"

#include "../base/clock.h"

#include <stdlib.h>

struct depth {
    int64_t lane;
    int64_t depth;
};

struct look {
    struct store_work work;
    struct broker *broker;
    struct depth *depths; /* malloc'd */
    size_t count;
};

/* ---- In the journal's thread ----------------------------------------------------------------- */

static bool take_lane(void *context, const struct journal_lane_status *lane)
{
    struct look *look = context;
    struct depth *larger = NULL;

    if (look->count == HISTORY_SERIES_MAX) {
        return false;
    }
    larger = reallocarray(look->depths, look->count + 1, sizeof *larger);
    if (larger == NULL) {
        return false;
    }
    look->depths = larger;
    larger[look->count++] = (struct depth){.lane = lane->id, .depth = lane->depth};
    return true;
}

static enum journal_code look_run(struct store_work *work, struct journal *journal)
{
    struct look *look = LOOP_OWNER(work, struct look, work);

    look->count = 0;
    return journal_lanes(journal, take_lane, look);
}

/* ---- In the loop's --------------------------------------------------------------------------- */

static int64_t depth_of(const struct look *look, int64_t lane)
{
    for (size_t i = 0; i < look->count; i++) {
        if (look->depths[i].lane == lane) {
            return look->depths[i].depth;
        }
    }
    return 0;
}

static void note_listener(struct history *history, const struct ingest_listener *listener)
{
    const struct metrics_listener *counters = &listener->counters;
    const struct history_who who = {.listener = listener->config->name};
    const struct history_values values = {.count = counters->messages,
                                          .microseconds = counters->acknowledgement.sum,
                                          .timed = counters->acknowledgement.count,
                                          .depth = -1};

    history_note(history, &who, &values);
}

static void note_lane(struct history *history, const struct lane *lane, int64_t depth)
{
    const struct history_who who = {
        .lane = lane->id, .route = lane->route->name, .destination = lane->to->name};
    const struct history_values values = {.count = lane->counters.delivered,
                                          .microseconds = lane->timing.delivery.sum,
                                          .timed = lane->timing.delivery.count,
                                          .depth = depth};

    history_note(history, &who, &values);
}

static void look_done(struct store_work *work, enum journal_code code)
{
    struct look *look = LOOP_OWNER(work, struct look, work);
    struct broker *broker = look->broker;

    (void)
        code; /* of a journal that cannot be asked, lanes have no depth, and that is told elsewhere */
    broker->noting = false;
    history_step(&broker->history, clock_wall());
    for (const struct ingest_listener *at = broker->ingest.listeners; at != NULL; at = at->next) {
        if (at->config != NULL) {
            note_listener(&broker->history, at);
        }
    }
    for (const struct lane *at = broker->deliver.lanes; at != NULL; at = at->next) {
        if (at->id != 0 && !at->retiring) {
            note_lane(&broker->history, at, depth_of(look, at->id));
        }
    }
    free(look->depths);
    free(look);
}

void broker_note(struct broker *broker)
{
    if (broker->noting || broker->loop.now < broker->next_note) {
        return;
    }
    struct look *look = calloc(1, sizeof *look);
    if (look == NULL) {
        return;
    }
    look->work = (struct store_work){.run = look_run, .done = look_done};
    look->broker = broker;
    broker->noting = true;
    broker->next_note = broker->loop.now + HISTORY_STEP_SECONDS * 1000;
    store_submit(broker->store, &look->work);
}
