/* SPDX-License-Identifier: Apache-2.0
 *
 * What a lane does in the journal's thread: one piece of work that settles the letters that have come to
 * results, and fetches the next one into memory of its own. The letters it settles are LETTER_RECORDING
 * meanwhile: the lane does not touch them. */
#include "deliver.h"

#include "../../base/clock.h"
#include "../../base/crash_point.h"

#include <stdlib.h>
#include <string.h>

struct lane_task {
    struct store_work work;
    struct lane *lane;
    const struct lane_letter **settles; /* in `memory`: those of the lane that are recorded */
    size_t settle_count;
    int64_t *sending; /* in `memory`: deliveries that are under way, rising */
    size_t sending_count;
    bool fetches;
    struct lane_letter *fetched; /* NULL: nothing is due */
    struct journal_wait wait;
    struct journal_lane names; /* borrow from `memory` */
    char *memory;
    int64_t id;
    int64_t now;
    bool ignores_time;
    hl7_slice owner;
};

/* ---- Letters ------------------------------------------------------------------------------- */

void lane_letter_free(struct lane_letter **letter)
{
    if (letter == NULL || *letter == NULL) {
        return;
    }
    struct lane_letter *at = *letter;
    *letter = NULL;
    memory_free(&at->memory);
    free((void *)(uintptr_t)at->sent_before.ptr);
    free((void *)(uintptr_t)at->sent.ptr);
    free((void *)(uintptr_t)at->answer.ptr);
    free(at);
}

static hl7_slice put(char **place, hl7_slice text)
{
    char *at = *place;

    if (text.ptr == NULL) {
        return (hl7_slice){NULL, 0};
    }
    if (text.len > 0) {
        memcpy(at, text.ptr, text.len);
    }
    *place = at + text.len;
    return (hl7_slice){at, text.len};
}

static struct lane_letter *copy_delivery(const struct journal_delivery *delivery)
{
    struct lane_letter *letter = calloc(1, sizeof *letter);
    size_t size = delivery->bytes.len + delivery->listener.len + delivery->control_id.len +
                  delivery->type.len + 1;

    if (letter == NULL || !memory_grow(&letter->memory, size)) {
        free(letter);
        return NULL;
    }
    char *place = letter->memory.ptr;
    letter->delivery = delivery->id;
    letter->message = delivery->message;
    letter->attempt = delivery->attempt;
    letter->received = delivery->received;
    letter->verbatim = delivery->verbatim;
    letter->bytes = put(&place, delivery->bytes);
    letter->listener = put(&place, delivery->listener);
    letter->control_id = put(&place, delivery->control_id);
    letter->type = put(&place, delivery->type);
    return letter;
}

/* ---- What was sent before ------------------------------------------------------------------ */

struct last_try {
    int64_t sent;
    char hash[HL7_TEMPLATE_HASH];
};

static bool on_attempt(void *context, const struct journal_attempt *attempt)
{
    struct last_try *last = context;
    size_t len = attempt->template_hash.len;

    if (attempt->sent != 0) {
        last->sent = attempt->sent;
        last->hash[0] = '\0';
        if (len < sizeof last->hash) {
            memcpy(last->hash, attempt->template_hash.ptr, len);
            last->hash[len] = '\0';
        }
    }
    return true;
}

/* A delivery that is tried again is sent as it was before, unless its template was changed: repetitions
 * keep what they are known by (rule 28). */
static enum journal_code fetch_sent(struct journal *journal, struct lane_letter *letter)
{
    struct last_try last = {.sent = 0};
    hl7_slice bytes;

    if (letter->attempt <= 1 || letter->verbatim) {
        return JOURNAL_OK;
    }
    enum journal_code code = journal_attempts(journal, letter->delivery, on_attempt, &last);
    if (code != JOURNAL_OK || last.sent == 0) {
        return code;
    }
    code = journal_body(journal, last.sent, &bytes);
    if (code != JOURNAL_OK) {
        return JOURNAL_OK; /* it is converted anew */
    }
    char *copy = malloc(bytes.len + 1);
    if (copy == NULL) {
        return JOURNAL_NO_MEMORY;
    }
    memcpy(copy, bytes.ptr, bytes.len);
    letter->sent_before.ptr = copy;
    letter->sent_before.len = bytes.len;
    memcpy(letter->sent_hash, last.hash, sizeof letter->sent_hash);
    return JOURNAL_OK;
}

/* ---- In the journal's thread --------------------------------------------------------------- */

static enum journal_code settle(struct journal *journal, const struct lane_task *task,
                                const struct lane_letter *letter)
{
    enum journal_settled settled;
    struct journal_settlement settlement = {
        .delivery = letter->delivery,
        .attempt = letter->attempt,
        .outcome = letter->outcome,
        .started = letter->started,
        .ended = letter->ended,
        .next_try = letter->next_try,
        .word = hl7_slice_of(letter->word),
        .reason = hl7_slice_of(letter->reason),
        .sent = letter->sent,
        .answer = letter->answer,
        .template = hl7_slice_of(letter->template_name[0] != '\0' ? letter->template_name : NULL),
        .template_hash = hl7_slice_of(letter->template_hash),
        .owner = task->owner,
    };

    if (letter->damaged) {
        return journal_set_aside(journal, letter->message, letter->ended);
    }
    return journal_settle(journal, &settlement, &settled);
}

static bool is_under_way(const struct lane_task *task, int64_t delivery)
{
    for (size_t i = 0; i < task->sending_count; i++) {
        if (task->sending[i] == delivery) {
            return true;
        }
    }
    return false;
}

/* The head of the lane, or what follows those that are under way. A dead letter that was given another
 * chance is in front of them. */
static enum journal_code find_next(struct journal *journal, struct lane_task *task,
                                   struct journal_delivery *delivery)
{
    int64_t now = task->ignores_time ? INT64_MAX : task->now;
    enum journal_code code = journal_next(journal, task->id, 0, now, delivery, &task->wait);

    if ((code == JOURNAL_OK || code == JOURNAL_DAMAGED) && is_under_way(task, delivery->id)) {
        int64_t last = task->sending[task->sending_count - 1];

        *delivery = (struct journal_delivery){.id = 0};
        code = journal_next(journal, task->id, last, now, delivery, &task->wait);
    }
    return code;
}

static enum journal_code fetch(struct journal *journal, struct lane_task *task)
{
    struct journal_delivery delivery = {.id = 0};

    lane_letter_free(&task->fetched);
    enum journal_code code = find_next(journal, task, &delivery);
    if (code != JOURNAL_OK && code != JOURNAL_DAMAGED) {
        return code;
    }
    bool damaged = code == JOURNAL_DAMAGED;
    if (damaged && delivery.id == 0) {
        return code; /* which one it is cannot be read */
    }
    if (damaged) {
        delivery.bytes = (hl7_slice){NULL, 0};
    }
    task->fetched = copy_delivery(&delivery);
    if (task->fetched == NULL) {
        return JOURNAL_NO_MEMORY;
    }
    task->fetched->damaged = damaged;
    return damaged ? code : fetch_sent(journal, task->fetched);
}

static enum journal_code task_run(struct store_work *work, struct journal *journal)
{
    struct lane_task *task = LOOP_OWNER(work, struct lane_task, work);
    enum journal_code code = JOURNAL_OK;

    if (task->id == 0) {
        code = journal_lease(journal, &task->names, task->owner, task->now, INT64_MAX, &task->id);
    }
    for (size_t i = 0; i < task->settle_count && code == JOURNAL_OK; i++) {
        CRASH_POINT("deliver.settle.before");
        code = settle(journal, task, task->settles[i]);
        CRASH_POINT("deliver.settle.after");
        code = code == JOURNAL_REFUSED ? JOURNAL_OK : code;
    }
    return code == JOURNAL_OK && task->fetches ? fetch(journal, task) : code;
}

/* ---- In the loop's thread ------------------------------------------------------------------ */

static void task_free(struct lane_task *task)
{
    lane_letter_free(&task->fetched);
    free(task->memory);
    free(task);
}

static void task_done(struct store_work *work, enum journal_code code)
{
    struct lane_task *task = LOOP_OWNER(work, struct lane_task, work);
    struct lane *lane = task->lane;
    struct journal_wait wait = task->wait;
    struct lane_letter *fetched = NULL;

    /* Where SQLite found a page damaged the transaction was undone, and with it what was to be recorded. */
    bool undone = code == JOURNAL_DAMAGED && task->settle_count > 0;
    if (!undone && (code == JOURNAL_OK || code == JOURNAL_NONE || code == JOURNAL_DAMAGED)) {
        CRASH_POINT("deliver.settled");
        lane->id = task->id;
        fetched = task->fetched;
        task->fetched = NULL;
    }
    task_free(task);
    lane_answered(lane, code, fetched, &wait);
}

/* Takes what is to be recorded, and notes what is under way. */
static void take_letters(struct lane_task *task, struct lane *lane)
{
    for (struct lane_letter *at = lane->letters; at != NULL; at = at->next) {
        if (at->state == LETTER_DONE) {
            at->state = LETTER_RECORDING;
            task->settles[task->settle_count++] = at;
        } else {
            size_t place = task->sending_count++;

            for (; place > 0 && task->sending[place - 1] > at->delivery; place--) {
                task->sending[place] = task->sending[place - 1];
            }
            task->sending[place] = at->delivery;
        }
    }
}

static struct lane_task *task_new(struct lane *lane)
{
    struct lane_task *task = calloc(1, sizeof *task);
    hl7_slice route = hl7_slice_of(lane->route->name);
    hl7_slice destination = hl7_slice_of(lane->to->name);
    size_t count = lane->letter_count;

    if (task == NULL) {
        return NULL;
    }
    task->memory = malloc(count * (sizeof *task->settles + sizeof *task->sending) + route.len +
                          destination.len + 1);
    if (task->memory == NULL) {
        free(task);
        return NULL;
    }
    task->settles = (const struct lane_letter **)(void *)task->memory;
    task->sending = (int64_t *)(void *)(task->settles + count);
    char *place = (char *)(task->sending + count);
    task->names = (struct journal_lane){.route = put(&place, route),
                                        .destination = put(&place, destination),
                                        .number = lane->number};
    return task;
}

void lane_ask(struct lane *lane, bool fetches)
{
    const struct journal_wait none = {.depth = 1};
    struct lane_task *task = task_new(lane);

    lane->phase = LANE_BUSY;
    lane->again = false;
    lane->asking = true;
    if (task == NULL) {
        lane_answered(lane, JOURNAL_NO_MEMORY, NULL, &none);
        return;
    }
    take_letters(task, lane);
    task->work = (struct store_work){.run = task_run, .done = task_done};
    task->lane = lane;
    task->id = lane->id;
    task->now = clock_wall();
    task->fetches = fetches;
    task->ignores_time = lane->ignores_time;
    task->owner = lane->deliver->owner;
    store_submit(lane->deliver->store, &task->work);
}
