/* SPDX-License-Identifier: Apache-2.0
 *
 * task_dead.c - deliveries that wait for a person: `dead` lists dead letters, `retry` and `drop` settle
 * them, `release` lets held ones go. They are named, or chosen by their lanes, or all. */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- Going along the dead letters of the lanes a request chooses ------------------------------ */

/* Gathers a page of them from the next lane that has any: their numbers into `list`, their messages into
 * `others`. `lane` and `after` are where the next page begins. */
static bool gather(void *context, const struct journal_delivery_story *delivery)
{
    struct task *task = context;

    task->next.after = delivery->id;
    return task_list_add(&task->list, delivery->id) &&
           task_list_add(&task->others, delivery->message);
}

static enum journal_code gather_page(struct task *task, struct journal *journal)
{
    enum journal_code code = task_choose_lanes(task, journal);

    task->list.count = 0;
    task->others.count = 0;
    for (size_t i = 0; code == JOURNAL_OK && i < task->lanes.count; i++) {
        const struct task_lane *lane = &task->lanes.items[i];

        if (lane->id < task->next.lane || lane->dead == 0) {
            continue;
        }
        if (lane->id > task->next.lane) {
            task->next.lane = lane->id;
            task->next.after = 0;
        }
        code = journal_lane_deliveries(journal, lane->id, JOURNAL_DELIVERY_DEAD, task->next.after,
                                       TASK_PAGE, gather, task);
        if (task->list.count > 0) {
            task->more = true;
            return code == JOURNAL_NONE ? JOURNAL_OK : code;
        }
        code = code == JOURNAL_NONE ? JOURNAL_OK : code;
    }
    return code;
}

/* ---- dead ----------------------------------------------------------------------------------- */

enum { DEAD_STANDARD = 50 };

/* What of a dead letter is kept until its message was looked up. */
struct letter {
    struct task *task;
    int64_t wanted;
};

static bool put_letter(void *context, const struct journal_delivery_story *delivery)
{
    const struct letter *letter = context;

    if (delivery->id == letter->wanted) {
        task_put_delivery(&letter->task->out, delivery);
    }
    return delivery->id != letter->wanted;
}

/* The message, then the delivery: as in a trace. */
static enum journal_code put_dead(struct task *task, struct journal *journal, size_t at)
{
    struct letter letter = {task, task->list.items[at]};
    struct journal_summary summary;
    enum journal_code code = journal_get(journal, task->others.items[at], &summary);

    if (code == JOURNAL_OK) {
        task_put_message(&task->out, &summary);
        code = journal_deliveries(journal, task->others.items[at], put_letter, &letter);
    }
    return code;
}

static enum journal_code dead_step(struct task *task, struct journal *journal)
{
    int64_t limit = request_number(&task->request, "limit", DEAD_STANDARD);
    enum journal_code code = gather_page(task, journal);

    for (size_t i = 0; code == JOURNAL_OK && i < task->list.count; i++) {
        if (limit != 0 && task->next.done == limit) {
            task->more = false;
            break;
        }
        code = put_dead(task, journal, i);
        task->next.done++;
    }
    if (code == JOURNAL_OK && !task->more) {
        task_count(task, "deliveries");
    }
    return code;
}

const struct task_handler task_dead = {.step = dead_step};

/* ---- retry, drop ---------------------------------------------------------------------------- */

static bool chooses_lanes(const struct task *task)
{
    return request_get(&task->request, "route") != NULL ||
           request_get(&task->request, "destination") != NULL ||
           request_get(&task->request, "lane") != NULL;
}

static void settle_begin(struct task *task)
{
    int ways = (request_times(&task->request, "delivery") > 0) + chooses_lanes(task) +
               (request_number(&task->request, "all", 0) == 1);

    if (ways != 1) {
        task_fail(task, ways == 0 ? REQUEST_MISSING : REQUEST_BAD_VALUE,
                  "'%s' wants one of 'delivery', lanes ('route', 'destination', 'lane') and 'all'",
                  request_spec(task->request.id)->name);
    }
}

typedef enum journal_code settle_one(struct journal *journal, int64_t delivery,
                                     const struct journal_note *note);

/* One delivery; one that cannot be settled so is told, and the others go on. */
static enum journal_code settle(struct task *task, struct journal *journal, settle_one *one,
                                int64_t delivery)
{
    const struct journal_note note = task_note(task);
    enum journal_code code = one(journal, delivery, &note);
    bool refused = code == JOURNAL_REFUSED || code == JOURNAL_NONE;

    if (code != JOURNAL_OK && !refused) {
        return code;
    }
    record_begin(&task->out, "settled");
    record_number(&task->out, "delivery", delivery);
    record_string(&task->out, "as", request_spec(task->request.id)->name);
    if (refused) {
        record_string(&task->out, "refused", code == JOURNAL_NONE ? "nothing" : "state");
    }
    record_end(&task->out);
    task_shown(task, "deliveries", delivery);
    task->next.done += !refused;
    task->next.refused += refused;
    return JOURNAL_OK;
}

static enum journal_code gather_named(struct task *task)
{
    const struct request *request = &task->request;
    bool good = true;

    task->list.count = 0;
    for (; good && task->next.item < request->count && task->list.count < TASK_PAGE;
         task->next.item++) {
        const struct request_value *value = &request->values[task->next.item];

        good = !request_is(value, "delivery") || task_list_add(&task->list, value->number);
    }
    task->more = task->next.item < request->count;
    return good ? JOURNAL_OK : JOURNAL_NO_MEMORY;
}

static enum journal_code settle_step(struct task *task, struct journal *journal, settle_one *one)
{
    bool named = request_times(&task->request, "delivery") > 0;
    enum journal_code code = named ? gather_named(task) : gather_page(task, journal);

    for (size_t i = 0; code == JOURNAL_OK && i < task->list.count; i++) {
        code = settle(task, journal, one, task->list.items[i]);
    }
    if (code == JOURNAL_OK && !task->more) {
        task_count(task, "deliveries");
    }
    return code;
}

static enum journal_code retry_step(struct task *task, struct journal *journal)
{
    return settle_step(task, journal, journal_retry);
}

static enum journal_code drop_step(struct task *task, struct journal *journal)
{
    return settle_step(task, journal, journal_drop);
}

/* Which lanes it were is not worth keeping: a lane that is woken for nothing looks and rests. */
static void wake_any(struct task *task)
{
    if (task->hooks->wake_lane != NULL && task->next.done > 0) {
        task->hooks->wake_lane(task->hooks->context, 0);
    }
}

const struct task_handler task_retry = {
    .begin = settle_begin, .step = retry_step, .done = wake_any};
const struct task_handler task_drop = {.begin = settle_begin, .step = drop_step, .done = wake_any};

/* ---- release -------------------------------------------------------------------------------- */

static void release_begin(struct task *task)
{
    bool ids = request_times(&task->request, "id") > 0;

    if (ids == (request_number(&task->request, "all", 0) == 1)) {
        task_fail(task, ids ? REQUEST_BAD_VALUE : REQUEST_MISSING,
                  "'release' wants either 'id' or 'all'");
    }
}

static bool gather_held(void *context, const struct journal_summary *message)
{
    return task_list_add(&((struct task *)context)->list, message->id);
}

static enum journal_code choose_held(struct task *task, struct journal *journal)
{
    const struct journal_query query = {.state = JOURNAL_STATE_HELD,
                                        .oldest_first = true,
                                        .limit = TASK_PAGE,
                                        .cursor = task->at.cursor};

    task->list.count = 0;
    enum journal_code code = journal_find(journal, &query, gather_held, task, &task->next.cursor);
    task->more = code == JOURNAL_OK;
    return code == JOURNAL_NONE ? JOURNAL_OK : code;
}

static enum journal_code release_step(struct task *task, struct journal *journal)
{
    bool named = request_times(&task->request, "id") > 0;
    enum journal_code code =
        named ? task_choose_messages(task, journal) : choose_held(task, journal);

    for (size_t i = 0; code == JOURNAL_OK && i < task->list.count; i++) {
        const struct journal_note note = task_note(task);

        code = journal_release(journal, task->list.items[i], &note);
        bool refused = code == JOURNAL_REFUSED || code == JOURNAL_NONE;
        if (code == JOURNAL_OK || refused) {
            record_begin(&task->out, "released");
            record_number(&task->out, "message", task->list.items[i]);
            if (refused) {
                record_string(&task->out, "refused", code == JOURNAL_NONE ? "nothing" : "state");
            }
            record_end(&task->out);
            task_shown(task, "messages", task->list.items[i]);
            task->next.done += !refused;
            task->next.refused += refused;
            code = JOURNAL_OK;
        }
    }
    if (code == JOURNAL_OK && !task->more) {
        task_count(task, "messages");
    }
    return code;
}

const struct task_handler task_release = {
    .begin = release_begin, .step = release_step, .done = wake_any};
