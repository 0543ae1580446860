/* SPDX-License-Identifier: Apache-2.0
 *
 * task.c - see task.h: what all handlers share. */
#include "task.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct task_handler *const handlers[] = {
#define REQUEST(name, parameters, event, record, doc) &task_##name,
#include "requests.tbl"
#undef REQUEST
};

const struct task_handler *task_handler(enum request_id id)
{
    assert(id < REQUEST_COUNT);
    return handlers[id];
}

void task_free(struct task *task)
{
    record_release(&task->out);
    free(task->bytes);
    free(task->list.items);
    free(task->others.items);
    free(task->lanes.items);
    free(task);
}

void task_fail(struct task *task, enum request_error error, const char *format, ...)
{
    va_list arguments;

    task->error = error;
    va_start(arguments, format);
    (void)vsnprintf(task->reason, sizeof task->reason, format, arguments);
    va_end(arguments);
}

void task_count(struct task *task, const char *name)
{
    record_begin(&task->out, "count");
    record_number(&task->out, name, task->next.done);
    if (task->next.refused > 0) {
        record_number(&task->out, "refused", task->next.refused);
    }
    record_end(&task->out);
}

/* ---- Lists ---------------------------------------------------------------------------------- */

/* Room for one more item. */
static bool make_room(void **items, size_t count, size_t *size, size_t item_size)
{
    if (count < *size) {
        return true;
    }
    size_t more = *size == 0 ? 64 : 2 * *size;
    void *moved = reallocarray(*items, more, item_size);
    if (moved == NULL) {
        return false;
    }
    *items = moved;
    *size = more;
    return true;
}

bool task_list_add(struct task_list *list, int64_t item)
{
    void *items = list->items;

    if (!make_room(&items, list->count, &list->size, sizeof *list->items)) {
        return false;
    }
    list->items = items;
    list->items[list->count++] = item;
    return true;
}

/* ---- What a request says -------------------------------------------------------------------- */

struct journal_note task_note(const struct task *task)
{
    return (struct journal_note){.who = hl7_slice_of(task->who),
                                 .why = request_text(&task->request, "why"),
                                 .at = task->now};
}

/* Puts one parameter of a query where it belongs; those of other kinds are not the query's. */
static void add_to_query(struct journal_query *query, const struct request_value *value)
{
    const struct {
        const char *name;
        hl7_slice *text;
        int64_t *number;
    } places[] = {{"control-id", &query->control_id, NULL},
                  {"type", &query->type, NULL},
                  {"application", &query->application, NULL},
                  {"listener", &query->listener, NULL},
                  {"from", NULL, &query->from},
                  {"to", NULL, &query->to}};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (request_is(value, places[i].name)) {
            if (places[i].text != NULL) {
                *places[i].text = value->text;
            } else {
                *places[i].number = value->number;
            }
        }
    }
    if (request_is(value, "state")) {
        query->state = (enum journal_state)value->number;
    } else if (request_is(value, "order")) {
        query->oldest_first = value->number == 1;
    }
}

/* The index a parameter looks in; false when it is none of those. */
static bool read_key(const struct request_value *value, struct journal_key *ret_key)
{
    if (request_is(value, "patient") || request_is(value, "accession")) {
        *ret_key = (struct journal_key){.name = hl7_slice_of(value->parameter->name),
                                        .value = value->text};
        return true;
    }
    if (request_is(value, "key")) {
        size_t len = (size_t)value->number;
        *ret_key = (struct journal_key){
            .name = hl7_slice_part(value->text, 0, len),
            .value = hl7_slice_part(value->text, len + 1, value->text.len - len - 1)};
        return true;
    }
    return false;
}

bool task_query(const struct task *task, struct journal_key keys[JOURNAL_KEYS_MAX],
                struct journal_query *ret_query)
{
    struct journal_query query = {.state = JOURNAL_STATE_ANY, .keys = keys, .limit = TASK_PAGE};

    for (size_t i = 0; i < task->request.count; i++) {
        struct journal_key key;

        if (!read_key(&task->request.values[i], &key)) {
            add_to_query(&query, &task->request.values[i]);
        } else if (query.key_count == JOURNAL_KEYS_MAX) {
            return false;
        } else {
            keys[query.key_count++] = key;
        }
    }
    *ret_query = query;
    return true;
}

bool task_has_query(const struct task *task)
{
    static const char *const names[] = {"control-id",  "patient",  "accession", "key",  "type",
                                        "application", "listener", "state",     "from", "to"};

    for (size_t i = 0; i < task->request.count; i++) {
        for (size_t name = 0; name < sizeof names / sizeof names[0]; name++) {
            if (request_is(&task->request.values[i], names[name])) {
                return true;
            }
        }
    }
    return false;
}

static bool add_found(void *context, const struct journal_summary *message)
{
    struct task *task = context;

    return task_list_add(&task->list, message->id) &&
           task_list_add(&task->others, message->received);
}

static enum journal_code choose_named(struct task *task)
{
    const struct request *request = &task->request;
    bool good = true;

    for (; good && task->next.item < request->count && task->list.count < TASK_PAGE;
         task->next.item++) {
        const struct request_value *value = &request->values[task->next.item];

        good = !request_is(value, "id") || task_list_add(&task->list, value->number);
    }
    task->more = task->next.item < request->count;
    return good ? JOURNAL_OK : JOURNAL_NO_MEMORY;
}

enum journal_code task_choose_messages(struct task *task, struct journal *journal)
{
    struct journal_key keys[JOURNAL_KEYS_MAX];
    struct journal_query query;

    task->list.count = 0;
    task->others.count = 0;
    if (request_times(&task->request, "id") > 0) {
        return choose_named(task);
    }
    if (!task_query(task, keys, &query)) {
        task_fail(task, REQUEST_TOO_LARGE, "more than %d keys", JOURNAL_KEYS_MAX);
        return JOURNAL_REFUSED;
    }
    query.cursor = task->at.cursor;
    query.oldest_first = true;
    enum journal_code code = journal_find(journal, &query, add_found, task, &task->next.cursor);
    task->more = code == JOURNAL_OK;
    return code == JOURNAL_NONE ? JOURNAL_OK : code;
}

/* ---- Lanes ---------------------------------------------------------------------------------- */

bool task_wants_lane(const struct task *task, const struct journal_lane *lane, int64_t id)
{
    for (size_t i = 0; i < task->request.count; i++) {
        const struct request_value *value = &task->request.values[i];

        if ((request_is(value, "route") && !hl7_slice_equal(value->text, lane->route)) ||
            (request_is(value, "destination") &&
             !hl7_slice_equal(value->text, lane->destination)) ||
            (request_is(value, "lane") && value->number != id)) {
            return false;
        }
    }
    return true;
}

static void copy_name(char place[JOURNAL_TEXT_MAX + 1], hl7_slice name)
{
    (void)snprintf(place, JOURNAL_TEXT_MAX + 1, "%.*s", (int)name.len,
                   name.len > 0 ? name.ptr : "");
}

struct task_lane *task_add_lane(struct task *task, const struct journal_lane *lane, int64_t id)
{
    struct task_lanes *lanes = &task->lanes;
    void *items = lanes->items;

    if (!make_room(&items, lanes->count, &lanes->size, sizeof *lanes->items)) {
        return NULL;
    }
    lanes->items = items;
    struct task_lane *added = &lanes->items[lanes->count++];
    *added = (struct task_lane){.id = id, .number = lane->number};
    copy_name(added->route, lane->route);
    copy_name(added->destination, lane->destination);
    return added;
}

struct choosing {
    struct task *task;
    bool failed;
};

static bool choose_lane(void *context, const struct journal_lane_status *status)
{
    struct choosing *choosing = context;

    if (!task_wants_lane(choosing->task, &status->lane, status->id)) {
        return true;
    }
    struct task_lane *lane = task_add_lane(choosing->task, &status->lane, status->id);
    if (lane == NULL) {
        choosing->failed = true;
        return false;
    }
    lane->head = status->head;
    lane->depth = status->depth;
    lane->dead = status->dead;
    lane->state = status->state;
    return true;
}

enum journal_code task_choose_lanes(struct task *task, struct journal *journal)
{
    struct choosing choosing = {task, false};

    task->lanes.count = 0;
    enum journal_code code = journal_lanes(journal, choose_lane, &choosing);
    return choosing.failed ? JOURNAL_NO_MEMORY : code;
}

/* ---- Records -------------------------------------------------------------------------------- */

const char *task_message_state(enum journal_state state)
{
    static const char *const names[] = {[JOURNAL_STATE_SETTLED] = "settled",
                                        [JOURNAL_STATE_PENDING] = "pending",
                                        [JOURNAL_STATE_DEAD] = "dead",
                                        [JOURNAL_STATE_HELD] = "held",
                                        [JOURNAL_STATE_DAMAGED] = "damaged"};

    return state != JOURNAL_STATE_ANY ? names[state] : "any";
}

const char *task_delivery_state(enum journal_delivery_state state)
{
    static const char *const names[] = {
        [JOURNAL_DELIVERY_PENDING] = "pending",   [JOURNAL_DELIVERY_DEAD] = "dead",
        [JOURNAL_DELIVERY_HELD] = "held",         [JOURNAL_DELIVERY_DELIVERED] = "delivered",
        [JOURNAL_DELIVERY_FILTERED] = "filtered", [JOURNAL_DELIVERY_DROPPED] = "dropped"};

    return names[state];
}

const char *task_lane_state(enum journal_lane_state state)
{
    static const char *const names[] = {[JOURNAL_LANE_RUNNING] = "running",
                                        [JOURNAL_LANE_PAUSED] = "paused",
                                        [JOURNAL_LANE_HALTED] = "halted"};

    return names[state];
}

const char *task_outcome(enum journal_outcome outcome)
{
    static const char *const names[] = {[JOURNAL_DELIVERED] = "delivered",
                                        [JOURNAL_FILTERED] = "filtered",
                                        [JOURNAL_DEAD] = "dead",
                                        [JOURNAL_RETRY] = "retry",
                                        [JOURNAL_HALT] = "halt"};

    return names[outcome];
}

/* A text of the journal's that may be empty says nothing then. */
static void put_text(struct record_writer *out, const char *name, hl7_slice text)
{
    if (text.len > 0) {
        record_text(out, name, text);
    }
}

void task_put_message(struct record_writer *out, const struct journal_summary *message)
{
    record_begin(out, "message");
    record_number(out, "id", message->id);
    record_time(out, "received", message->received);
    record_string(out, "state", task_message_state(message->state));
    record_number(out, "size", (int64_t)message->size);
    record_number(out, "pending", message->pending);
    record_number(out, "dead", message->dead);
    put_text(out, "listener", message->listener);
    put_text(out, "peer", message->peer);
    put_text(out, "control-id", message->control_id);
    put_text(out, "type", message->type);
    put_text(out, "application", message->application);
    put_text(out, "facility", message->facility);
    record_end(out);
}

void task_put_delivery(struct record_writer *out, const struct journal_delivery_story *delivery)
{
    record_begin(out, "delivery");
    record_number(out, "id", delivery->id);
    record_number(out, "message", delivery->message);
    record_number(out, "lane", delivery->lane_id);
    record_text(out, "route", delivery->lane.route);
    record_text(out, "destination", delivery->lane.destination);
    record_number(out, "number", delivery->lane.number);
    record_string(out, "state", task_delivery_state(delivery->state));
    record_number(out, "attempts", delivery->attempts);
    record_time(out, "next-try", delivery->next_try);
    record_time(out, "settled", delivery->settled);
    put_text(out, "word", delivery->word);
    put_text(out, "reason", delivery->reason);
    record_end(out);
}

void task_put_lane(struct record_writer *out, const struct journal_lane_status *lane)
{
    record_begin(out, "lane");
    record_number(out, "id", lane->id);
    record_text(out, "route", lane->lane.route);
    record_text(out, "destination", lane->lane.destination);
    record_number(out, "number", lane->lane.number);
    record_string(out, "state", task_lane_state(lane->state));
    put_text(out, "why", lane->why);
    record_number(out, "depth", lane->depth);
    record_number(out, "dead", lane->dead);
    record_number(out, "delivered", lane->delivered);
    if (lane->head != 0) {
        record_number(out, "head", lane->head);
        record_time(out, "oldest", lane->oldest);
        record_number(out, "attempts", lane->attempts);
        record_time(out, "next-try", lane->next_try);
    }
    put_text(out, "outcome", lane->outcome);
    record_time(out, "outcome-at", lane->outcome_at);
    put_text(out, "owner", lane->owner);
    record_end(out);
}

int64_t task_put_bytes(struct record_writer *out, const struct task_bytes *what, int64_t offset)
{
    size_t start = (size_t)offset < what->bytes.len ? (size_t)offset : what->bytes.len;
    hl7_slice piece = hl7_slice_part(what->bytes, start, TASK_PIECE);
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {
        {"message", what->message}, {"delivery", what->delivery}, {"attempt", what->attempt}};

    record_begin(out, "bytes");
    for (size_t i = 0; i < 3; i++) {
        if (numbers[i].number != 0) {
            record_number(out, numbers[i].name, numbers[i].number);
        }
    }
    record_string(out, "of", what->of);
    record_number(out, "offset", (int64_t)start);
    record_number(out, "total", (int64_t)what->bytes.len);
    record_text(out, "data", piece);
    record_end(out);
    return start + piece.len < what->bytes.len ? (int64_t)(start + piece.len) : -1;
}
