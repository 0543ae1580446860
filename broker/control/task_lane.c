/* SPDX-License-Identifier: Apache-2.0
 *
 * task_lane.c - what people do to lanes: `pause`, `resume`, and `skip` for the delivery that blocks
 * one. */
#include "task.h"

#include <stdio.h>

/* ---- pause, resume -------------------------------------------------------------------------- */

static bool chooses_lanes(const struct task *task)
{
    return request_get(&task->request, "route") != NULL ||
           request_get(&task->request, "destination") != NULL ||
           request_get(&task->request, "lane") != NULL;
}

static void lane_begin(struct task *task)
{
    if (chooses_lanes(task) == (request_number(&task->request, "all", 0) == 1)) {
        task_fail(task, chooses_lanes(task) ? REQUEST_BAD_VALUE : REQUEST_MISSING,
                  "'%s' wants either lanes ('route', 'destination', 'lane') or 'all'",
                  request_spec(task->request.id)->name);
    }
}

static void put_lane(struct record_writer *out, const char *kind, const struct task_lane *lane)
{
    record_begin(out, kind);
    record_number(out, "lane", lane->id);
    record_string(out, "route", lane->route);
    record_string(out, "destination", lane->destination);
    record_number(out, "number", lane->number);
}

/* Who and why, in one text: a lane has no notes. */
static hl7_slice lane_reason(const struct task *task, char *text, size_t size)
{
    hl7_slice why = request_text(&task->request, "why");
    int room = (int)(size - sizeof task->who - 3);
    int len = why.len < (size_t)room ? (int)why.len : room;

    (void)snprintf(text, size, "%.*s%s%s", len, len > 0 ? why.ptr : "", len > 0 ? ", " : "",
                   task->who);
    return hl7_slice_of(text);
}

/* Sets all of the chosen lanes to one state; those that are in it stay as they are, with their
 * reason. */
static enum journal_code set_lanes(struct task *task, struct journal *journal,
                                   enum journal_lane_state state)
{
    char text[600];
    const hl7_slice why = lane_reason(task, text, sizeof text);
    enum journal_code code = task_choose_lanes(task, journal);

    for (size_t i = 0; code == JOURNAL_OK && i < task->lanes.count; i++) {
        const struct task_lane *lane = &task->lanes.items[i];
        bool changes = lane->state != state;

        if (changes) {
            code = journal_lane_set(journal, lane->id, state, why, task->now);
        }
        put_lane(&task->out, "lane-set", lane);
        record_string(&task->out, "state", task_lane_state(state));
        record_bool(&task->out, "changed", changes);
        record_end(&task->out);
        task_shown(task, "lanes", lane->id);
        task->next.done += changes;
    }
    if (code == JOURNAL_OK && task->lanes.count == 0) {
        task_fail(task, REQUEST_NOTHING, "there is no such lane");
    } else if (code == JOURNAL_OK) {
        task_count(task, "lanes");
    }
    return code;
}

static enum journal_code pause_step(struct task *task, struct journal *journal)
{
    return set_lanes(task, journal, JOURNAL_LANE_PAUSED);
}

static enum journal_code resume_step(struct task *task, struct journal *journal)
{
    return set_lanes(task, journal, JOURNAL_LANE_RUNNING);
}

static void wake_lanes(struct task *task)
{
    for (size_t i = 0; task->hooks->wake_lane != NULL && i < task->lanes.count; i++) {
        task->hooks->wake_lane(task->hooks->context, task->lanes.items[i].id);
    }
}

const struct task_handler task_pause = {
    .begin = lane_begin, .step = pause_step, .done = wake_lanes};
const struct task_handler task_resume = {
    .begin = lane_begin, .step = resume_step, .done = wake_lanes};

/* ---- skip ----------------------------------------------------------------------------------- */

static void skip_begin(struct task *task)
{
    if (!chooses_lanes(task)) {
        task_fail(task, REQUEST_MISSING,
                  "'skip' wants a lane: 'lane', or 'route' and 'destination'");
    }
}

/* The one lane that is meant: of those the request chooses, the one that has something to skip. */
static const struct task_lane *blocked_lane(struct task *task)
{
    const struct task_lane *found = NULL;

    for (size_t i = 0; i < task->lanes.count; i++) {
        const struct task_lane *lane = &task->lanes.items[i];

        if (lane->head != 0 && found != NULL) {
            task_fail(task, REQUEST_AMBIGUOUS,
                      "several lanes have something waiting, %lld and %lld among them: name one "
                      "with 'lane'",
                      (long long)found->id, (long long)lane->id);
            return NULL;
        }
        found = lane->head != 0 ? lane : found;
    }
    if (found == NULL) {
        task_fail(task, REQUEST_NOTHING,
                  task->lanes.count == 0 ? "there is no such lane" : "nothing waits there");
    }
    return found;
}

static enum journal_code skip_step(struct task *task, struct journal *journal)
{
    const struct journal_note note = task_note(task);
    enum journal_code code = task_choose_lanes(task, journal);
    const struct task_lane *lane = code == JOURNAL_OK ? blocked_lane(task) : NULL;

    if (lane == NULL) {
        return code;
    }
    if (request_number(&task->request, "delivery", lane->head) != lane->head) {
        task_fail(task, REQUEST_REFUSED, "at the head of the lane stands delivery %lld",
                  (long long)lane->head);
        return JOURNAL_OK;
    }
    code = journal_drop(journal, lane->head, &note);
    if (code == JOURNAL_OK) {
        put_lane(&task->out, "skipped", lane);
        record_number(&task->out, "delivery", lane->head);
        record_end(&task->out);
        task_shown(task, "deliveries", lane->head);
        task->next.done++;
    }
    return code;
}

const struct task_handler task_skip = {.begin = skip_begin, .step = skip_step, .done = wake_lanes};
