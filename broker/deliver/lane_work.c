/* SPDX-License-Identifier: Apache-2.0
 *
 * What a lane does in the journal's thread: one piece of work that settles the letter at hand, if it has
 * come to a result, and fetches the next one into memory of its own. It may be run twice (store.h), so
 * what is fetched goes into a letter of the work's, which takes the lane's place only when the
 * transaction holds. */
#include "deliver.h"

#include "../../base/crash_point.h"

#include <stdlib.h>
#include <string.h>

struct lane_task {
    struct store_work work;
    struct lane *lane;
    struct lane_letter *settles; /* the lane's letter; NULL: none has come to a result */
    struct lane_letter *fetched; /* NULL: nothing is due */
    struct journal_wait wait;
    bool settles_only;         /* what is next cannot be read: the result is recorded without it */
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

static enum journal_code settle(struct journal *journal, const struct lane_task *task)
{
    const struct lane_letter *letter = task->settles;
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

static enum journal_code fetch(struct journal *journal, struct lane_task *task)
{
    struct journal_delivery delivery = {.id = 0};
    int64_t now = task->ignores_time ? INT64_MAX : task->now;

    lane_letter_free(&task->fetched);
    enum journal_code code = journal_next(journal, task->id, 0, now, &delivery, &task->wait);
    if (code != JOURNAL_OK && code != JOURNAL_DAMAGED) {
        return code;
    }
    bool damaged = code == JOURNAL_DAMAGED;
    /* Which delivery it is cannot be read; or reading it may have undone the transaction (SQLite found
     * a page damaged), and with it the settlement. */
    if (damaged && (delivery.id == 0 || task->settles != NULL)) {
        return code;
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
    if (code == JOURNAL_OK && task->settles != NULL) {
        CRASH_POINT("deliver.settle.before");
        code = settle(journal, task);
        CRASH_POINT("deliver.settle.after");
        code = code == JOURNAL_REFUSED ? JOURNAL_OK : code;
    }
    if (code == JOURNAL_OK && task->settles_only) {
        task->wait = (struct journal_wait){.state = JOURNAL_LANE_RUNNING, .depth = 1};
        return JOURNAL_NONE;
    }
    return code == JOURNAL_OK ? fetch(journal, task) : code;
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

    /* A letter that is damaged is one, and says so. */
    if (code == JOURNAL_DAMAGED && task->fetched != NULL) {
        code = JOURNAL_OK;
    }
    bool good = code == JOURNAL_OK || code == JOURNAL_NONE;
    lane->unreadable = code == JOURNAL_DAMAGED;
    if (good) {
        CRASH_POINT("deliver.settled");
        lane->id = task->id;
        lane->settled = task->settles;
        lane->letter = task->fetched;
        task->fetched = NULL;
    }
    task_free(task);
    lane_answered(lane, code, &wait);
}

/* Without memory for the work: the same again in a second. */
static void ask_later(struct lane *lane)
{
    struct journal_wait none = {.depth = 1};

    lane_answered(lane, JOURNAL_NO_MEMORY, &none);
}

void lane_ask(struct lane *lane)
{
    struct lane_task *task = calloc(1, sizeof *task);
    hl7_slice route = hl7_slice_of(lane->route->name);
    hl7_slice destination = hl7_slice_of(lane->to->name);

    lane->phase = LANE_ASKING;
    lane->again = false;
    if (task == NULL || (task->memory = malloc(route.len + destination.len + 1)) == NULL) {
        free(task);
        ask_later(lane);
        return;
    }
    char *place = task->memory;
    task->work = (struct store_work){.run = task_run, .done = task_done};
    task->lane = lane;
    task->settles = lane->letter;
    task->settles_only = lane->letter != NULL && lane->unreadable;
    task->names = (struct journal_lane){.route = put(&place, route),
                                        .destination = put(&place, destination),
                                        .number = lane->number};
    task->id = lane->id;
    task->now = deliver_clock();
    task->ignores_time = lane->ignores_time;
    task->owner = lane->deliver->owner;
    store_submit(lane->deliver->store, &task->work);
}
