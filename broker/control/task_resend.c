/* SPDX-License-Identifier: Apache-2.0
 *
 * task_resend.c - `resend`: messages go out once more, as new deliveries at the end of their lanes. A
 * message is sent again on every lane it went by before, as far as the request chooses them: once on
 * each, however often it was sent there.
 *
 * A query ends at the time the request came, for messages go on coming. */
#include "task.h"

#include <stdlib.h>

static bool is_rehearsal(const struct task *task)
{
    return request_number(&task->request, "dry-run", 0) == 1;
}

static void resend_begin(struct task *task)
{
    bool ids = request_times(&task->request, "id") > 0;

    if (ids == task_has_query(task)) {
        task_fail(task, ids ? REQUEST_BAD_VALUE : REQUEST_MISSING,
                  "'resend' wants either 'id' or what to look for");
    }
    task->at.after = task->now;
}

/* Gathers the lanes of a message; `head` is the delivery whose bytes would be sent again. */
static bool gather_lane(void *context, const struct journal_delivery_story *delivery)
{
    struct task *task = context;
    struct task_lane *lane = NULL;

    if (!task_wants_lane(task, &delivery->lane, delivery->lane_id)) {
        return true;
    }
    for (size_t i = 0; i < task->lanes.count && lane == NULL; i++) {
        if (task->lanes.items[i].id == delivery->lane_id) {
            lane = &task->lanes.items[i];
        }
    }
    if (lane == NULL) {
        lane = task_add_lane(task, &delivery->lane, delivery->lane_id);
    }
    if (lane == NULL) {
        return false;
    }
    if (lane->head == 0 || delivery->attempts > 0) {
        lane->head = delivery->id;
    }
    return true;
}

static void put_resent(struct task *task, int64_t message, const struct task_lane *lane,
                       int64_t delivery, const char *refused)
{
    struct record_writer *out = &task->out;

    record_begin(out, "resent");
    record_number(out, "message", message);
    record_number(out, "lane", lane->id);
    record_string(out, "route", lane->route);
    record_string(out, "destination", lane->destination);
    if (delivery != 0) {
        record_number(out, "delivery", delivery);
    }
    record_string(out, "refused", refused);
    record_end(out);
}

static enum journal_code replay(struct task *task, struct journal *journal, int64_t message,
                                const struct task_lane *lane)
{
    const struct journal_lane where = {.route = hl7_slice_of(lane->route),
                                       .destination = hl7_slice_of(lane->destination),
                                       .number = lane->number};
    const struct journal_note note = task_note(task);
    bool recorded = request_number(&task->request, "as", 0) == 1;
    int64_t delivery = 0;
    enum journal_code code = JOURNAL_OK;

    if (!is_rehearsal(task)) {
        code =
            journal_replay(journal, message, &where, recorded ? lane->head : 0, &note, &delivery);
    }
    if (code == JOURNAL_REFUSED || code == JOURNAL_NONE) {
        put_resent(task, message, lane, 0, recorded ? "never-sent" : "damaged");
        task->next.refused++;
        return JOURNAL_OK;
    }
    if (code == JOURNAL_OK) {
        put_resent(task, message, lane, delivery, NULL);
        task->next.done++;
    }
    return code;
}

static enum journal_code resend_one(struct task *task, struct journal *journal, int64_t message)
{
    struct journal_summary summary;
    enum journal_code code = journal_get(journal, message, &summary);

    if (code == JOURNAL_NONE) {
        record_begin(&task->out, "missing");
        record_number(&task->out, "message", message);
        record_string(&task->out, "why", "nothing");
        record_end(&task->out);
        task->next.refused++;
        return JOURNAL_OK;
    }
    task->lanes.count = 0;
    if (code == JOURNAL_OK) {
        task_shown(task, "messages", message);
        code = journal_deliveries(journal, message, gather_lane, task);
    }
    for (size_t i = 0; code == JOURNAL_OK && i < task->lanes.count; i++) {
        code = replay(task, journal, message, &task->lanes.items[i]);
    }
    return code;
}

/* `after` is when the request came. */
static enum journal_code resend_step(struct task *task, struct journal *journal)
{
    int64_t limit = request_number(&task->request, "limit", 0);
    enum journal_code code = task_choose_messages(task, journal);

    for (size_t i = 0; code == JOURNAL_OK && i < task->list.count; i++) {
        bool later = task->others.count > i && task->others.items[i] > task->at.after;

        if (later || (limit != 0 && task->next.offset == limit)) {
            task->more = false;
            break;
        }
        code = resend_one(task, journal, task->list.items[i]);
        task->next.offset++; /* messages, of the limit */
    }
    if (code == JOURNAL_OK && !task->more) {
        task_count(task, "deliveries");
    }
    return code;
}

static void wake_any(struct task *task)
{
    if (task->hooks->wake_lane != NULL && task->next.done > 0 && !is_rehearsal(task)) {
        task->hooks->wake_lane(task->hooks->context, 0);
    }
}

const struct task_handler task_resend = {
    .begin = resend_begin, .step = resend_step, .done = wake_any};
