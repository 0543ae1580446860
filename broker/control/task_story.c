/* SPDX-License-Identifier: Apache-2.0
 *
 * task_story.c - the story of one message, `message`, and of everything about one value, `trace`.
 *
 * A callback of the journal must not call it, so deliveries are gathered first and their attempts
 * come behind them; so are the bytes that attempts refer to. */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- message -------------------------------------------------------------------------------- */

enum message_stage { STAGE_SUMMARY, STAGE_ATTEMPTS, STAGE_RECEIVED, STAGE_REPLY, STAGE_BODIES };
enum message_bytes { BYTES_NONE, BYTES_RECEIVED, BYTES_ALL };

static bool put_key(void *context, const struct journal_key *key)
{
    struct task *task = context;

    record_begin(&task->out, "key");
    record_text(&task->out, "name", key->name);
    record_text(&task->out, "value", key->value);
    record_end(&task->out);
    return true;
}

static bool put_delivery(void *context, const struct journal_delivery_story *delivery)
{
    struct task *task = context;

    task_put_delivery(&task->out, delivery);
    return task_list_add(&task->list, delivery->id);
}

static bool put_note(void *context, const struct journal_note_story *note)
{
    struct task *task = context;

    record_begin(&task->out, "note");
    if (note->delivery != 0) {
        record_number(&task->out, "delivery", note->delivery);
    }
    record_text(&task->out, "what", note->what);
    record_text(&task->out, "who", note->note.who);
    record_text(&task->out, "why", note->note.why);
    record_time(&task->out, "at", note->note.at);
    record_end(&task->out);
    return true;
}

/* The message, its keys and its deliveries; the deliveries' numbers stay in the list. */
static enum journal_code put_summary(struct task *task, struct journal *journal, int64_t id)
{
    struct journal_summary summary;
    enum journal_code code = journal_get(journal, id, &summary);

    task->list.count = 0;
    if (code == JOURNAL_NONE) {
        task_fail(task, REQUEST_NOTHING, "there is no message %lld", (long long)id);
    }
    if (code != JOURNAL_OK) {
        return code;
    }
    task_put_message(&task->out, &summary);
    code = journal_keys(journal, id, put_key, task);
    if (code == JOURNAL_OK) {
        code = journal_deliveries(journal, id, put_delivery, task);
    }
    return code == JOURNAL_OK ? journal_notes(journal, id, put_note, task) : code;
}

struct attempts {
    struct task *task;
    int64_t delivery;
};

/* Numbers of bodies go to the second list in fours: body, delivery, attempt, whether it is the answer. */
static bool add_body(struct task *task, int64_t body, int64_t delivery, int64_t attempt,
                     bool is_answer)
{
    return body == 0 ||
           (task_list_add(&task->others, body) && task_list_add(&task->others, delivery) &&
            task_list_add(&task->others, attempt) && task_list_add(&task->others, is_answer));
}

static bool put_attempt(void *context, const struct journal_attempt *attempt)
{
    const struct attempts *attempts = context;
    struct record_writer *out = &attempts->task->out;

    record_begin(out, "attempt");
    record_number(out, "delivery", attempts->delivery);
    record_number(out, "number", attempt->number);
    record_time(out, "started", attempt->started);
    record_time(out, "ended", attempt->ended);
    record_string(out, "outcome", task_outcome(attempt->outcome));
    record_text(out, "word", attempt->word);
    record_text(out, "reason", attempt->reason);
    record_text(out, "template", attempt->template);
    record_text(out, "template-hash", attempt->template_hash);
    record_bool(out, "sent", attempt->sent != 0);
    record_bool(out, "answered", attempt->answer != 0);
    record_end(out);
    return add_body(attempts->task, attempt->sent, attempts->delivery, attempt->number, false) &&
           add_body(attempts->task, attempt->answer, attempts->delivery, attempt->number, true);
}

/* The attempts of the next delivery. */
static enum journal_code put_attempts(struct task *task, struct journal *journal)
{
    task->others.count = (size_t)task->at.after; /* a step that is run again begins anew */
    if (task->at.item < task->list.count) {
        struct attempts attempts = {task, task->list.items[task->at.item]};
        enum journal_code code =
            journal_attempts(journal, attempts.delivery, put_attempt, &attempts);

        task->next.item++;
        task->next.after = (int64_t)task->others.count;
        return code;
    }
    task->next.item = 0;
    task->next.stage = STAGE_RECEIVED;
    return JOURNAL_OK;
}

/* A piece of bytes; with the last one the task goes on to the next stage or item. Damaged bytes are
 * told and passed over: the rest of the story may be what somebody needs. */
static enum journal_code put_piece(struct task *task, struct task_bytes *what,
                                   enum journal_code code, bool *ret_last)
{
    int64_t offset = -1;

    if (code == JOURNAL_OK) {
        offset = task_put_bytes(&task->out, what, task->at.offset);
    } else if (code == JOURNAL_DAMAGED) {
        record_begin(&task->out, "missing");
        record_number(&task->out, "message", what->message);
        record_string(&task->out, "of", what->of);
        record_string(&task->out, "why", "damaged");
        record_end(&task->out);
    } else if (code != JOURNAL_NONE) {
        return code;
    }
    *ret_last = offset < 0;
    task->next.offset = offset < 0 ? 0 : offset;
    return JOURNAL_OK;
}

static enum journal_code put_received(struct task *task, struct journal *journal, int64_t id)
{
    bool reply = task->at.stage == STAGE_REPLY;
    struct task_bytes what = {.message = id, .of = reply ? "reply" : "received"};
    bool last = false;
    enum journal_code code =
        reply ? journal_reply(journal, id, &what.bytes) : journal_bytes(journal, id, &what.bytes);

    code = put_piece(task, &what, code, &last);
    if (last) {
        task->next.stage = reply ? STAGE_BODIES : STAGE_REPLY;
    }
    return code;
}

static enum journal_code put_body(struct task *task, struct journal *journal, int64_t id)
{
    const int64_t *body = task->others.items + task->at.item;
    struct task_bytes what = {.message = id,
                              .delivery = body[1],
                              .attempt = body[2],
                              .of = body[3] != 0 ? "answer" : "sent"};
    bool last = false;
    enum journal_code code =
        put_piece(task, &what, journal_body(journal, body[0], &what.bytes), &last);

    task->next.item += last ? 4 : 0;
    return code;
}

static enum journal_code message_step(struct task *task, struct journal *journal)
{
    int64_t id = request_number(&task->request, "id", 0);
    int64_t wanted = request_number(&task->request, "bytes", BYTES_NONE);
    enum journal_code code = JOURNAL_OK;

    switch ((enum message_stage)task->at.stage) {
    case STAGE_SUMMARY:
        code = put_summary(task, journal, id);
        task->next.stage = STAGE_ATTEMPTS;
        break;
    case STAGE_ATTEMPTS:
        code = put_attempts(task, journal);
        break;
    case STAGE_RECEIVED:
    case STAGE_REPLY:
        code = put_received(task, journal, id);
        break;
    case STAGE_BODIES:
        code = put_body(task, journal, id);
        break;
    }
    task->more = task->next.stage == STAGE_ATTEMPTS ||
                 (task->next.stage == STAGE_RECEIVED && wanted >= BYTES_RECEIVED) ||
                 (task->next.stage == STAGE_REPLY && wanted == BYTES_ALL) ||
                 (task->next.stage == STAGE_BODIES && task->next.item < task->others.count);
    return code;
}

const struct task_handler task_message = {.step = message_step};

/* ---- trace ---------------------------------------------------------------------------------- */

enum { TRACE_STANDARD = 1000 };

static size_t trace_limit(const struct task *task)
{
    int64_t limit = request_number(&task->request, "limit", TRACE_STANDARD);

    return limit == 0 ? TASK_TRACE_MAX : (size_t)limit;
}

static void add_index(struct task *task, const char *name)
{
    char *place = task->indexes[task->index_count++];

    (void)snprintf(place, sizeof task->indexes[0], "%s", name);
}

/* `list` has, in turns, the time and the id of each message. Which index is looked in is `item`: the
 * first is the control id, the others have names. */
static void trace_begin(struct task *task)
{
    const struct control_hooks *hooks = task->hooks;
    const char *name = NULL;

    add_index(task, "patient");
    add_index(task, "accession");
    for (size_t i = 0; hooks->index_name != NULL && task->index_count < TASK_INDEXES_MAX &&
                       (name = hooks->index_name(hooks->context, i)) != NULL;
         i++) {
        add_index(task, name);
    }
    if (trace_limit(task) > TASK_TRACE_MAX) {
        task_fail(task, REQUEST_BAD_VALUE, "'limit' is %d at most", TASK_TRACE_MAX);
    }
}

static bool gather(void *context, const struct journal_summary *message)
{
    struct task *task = context;

    task->next.done++;
    return task_list_add(&task->list, message->received) && task_list_add(&task->list, message->id);
}

/* Looks in one index, a page; newest first, so that the limit keeps the newest. */
static enum journal_code trace_index(struct task *task, struct journal *journal)
{
    const hl7_slice value = request_text(&task->request, "value");
    struct journal_key key = {.value = value};
    struct journal_query query = {.state = JOURNAL_STATE_ANY,
                                  .from = request_number(&task->request, "from", 0),
                                  .to = request_number(&task->request, "to", 0),
                                  .limit = TASK_PAGE_READ,
                                  .cursor = task->at.cursor};

    if (task->at.item == 0) {
        query.control_id = value;
    } else {
        key.name = hl7_slice_of(task->indexes[task->at.item - 1]);
        query.keys = &key;
        query.key_count = 1;
    }
    task->list.count = (size_t)task->at.after;
    enum journal_code code = journal_find(journal, &query, gather, task, &task->next.cursor);
    task->next.after = (int64_t)task->list.count;
    if (code == JOURNAL_NONE || (size_t)task->next.done >= trace_limit(task)) {
        task->next.cursor = (struct journal_cursor){0, 0};
        task->next.done = 0;
        task->next.item++;
        return JOURNAL_OK;
    }
    return code;
}

static int compare(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;

    if (left[0] != right[0]) {
        return left[0] < right[0] ? -1 : 1;
    }
    return (left[1] > right[1]) - (left[1] < right[1]);
}

/* Puts what was found into order, each message once, and no more than the newest of them. */
static void sort_found(struct task *task)
{
    int64_t *items = task->list.items;
    size_t limit = trace_limit(task);
    size_t pairs = task->list.count / 2;
    size_t kept = 0;

    if (pairs > 0) {
        qsort(items, pairs, 2 * sizeof *items, compare);
    }
    for (size_t i = 0; i < pairs; i++) {
        if (kept == 0 || items[2 * i + 1] != items[2 * kept - 1]) {
            memmove(items + 2 * kept, items + 2 * i, 2 * sizeof *items);
            kept++;
        }
    }
    if (kept > limit) {
        memmove(items, items + 2 * (kept - limit), 2 * limit * sizeof *items);
        kept = limit;
    }
    task->list.count = 2 * kept;
}

static bool put_step_of_story(void *context, const struct journal_delivery_story *delivery)
{
    struct task *task = context;

    task_put_delivery(&task->out, delivery);
    return true;
}

/* Messages with their deliveries. One that was pruned meanwhile is passed over. */
static enum journal_code trace_stories(struct task *task, struct journal *journal)
{
    enum journal_code code = JOURNAL_OK;

    while (code == JOURNAL_OK && 2 * task->next.item < task->list.count &&
           task->out.len - task->mark < TASK_ANSWER_STEP) {
        int64_t id = task->list.items[2 * task->next.item + 1];
        struct journal_summary summary;

        code = journal_get(journal, id, &summary);
        if (code == JOURNAL_OK) {
            task_put_message(&task->out, &summary);
            code = journal_deliveries(journal, id, put_step_of_story, task);
            task->next.done++;
        }
        code = code == JOURNAL_NONE ? JOURNAL_OK : code;
        task->next.item++;
    }
    task->more = 2 * task->next.item < task->list.count;
    if (code == JOURNAL_OK && !task->more) {
        task_count(task, "messages");
    }
    return code;
}

static enum journal_code trace_step(struct task *task, struct journal *journal)
{
    if (task->at.stage == 1) {
        return trace_stories(task, journal);
    }
    enum journal_code code = trace_index(task, journal);
    task->more = true;
    if (task->next.item > task->index_count) {
        task->next = (struct task_place){.stage = 1};
    }
    return code;
}

/* Between the two stages, when what was gathered is not gathered again. */
static void trace_done(struct task *task)
{
    if (task->at.stage == 1 && task->at.item == 0) {
        sort_found(task);
    }
}

const struct task_handler task_trace = {
    .begin = trace_begin, .step = trace_step, .done = trace_done};
