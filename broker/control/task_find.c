/* SPDX-License-Identifier: Apache-2.0
 *
 * task_find.c - finding messages: `messages` lists them, `export` sends their bytes. A page of the
 * journal's is a step. */
#include "task.h"

#include <stdlib.h>

/* ---- messages ------------------------------------------------------------------------------- */

enum { MESSAGES_STANDARD = 50 };

/* "1795701600000000.12": the time and the id of the last message of a page. */
static bool read_cursor(hl7_slice text, struct journal_cursor *ret_cursor)
{
    int64_t parts[2] = {0, 0};
    size_t part = 0;
    size_t digits = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' && part == 0 && digits > 0) {
            part = 1;
            digits = 0;
        } else if (text.ptr[i] >= '0' && text.ptr[i] <= '9' && digits < 18) {
            parts[part] = parts[part] * 10 + (text.ptr[i] - '0');
            digits++;
        } else {
            return false;
        }
    }
    *ret_cursor = (struct journal_cursor){.received = parts[0], .id = parts[1]};
    return part == 1 && digits > 0;
}

static void messages_begin(struct task *task)
{
    hl7_slice cursor = request_text(&task->request, "cursor");

    if (cursor.ptr != NULL && !read_cursor(cursor, &task->at.cursor)) {
        task_fail(task, REQUEST_BAD_VALUE, "'cursor' is none that an answer gave");
    }
}

struct listing {
    struct task *task;
    int64_t limit; /* 0: none */
};

static bool put_found(void *context, const struct journal_summary *message)
{
    struct listing *listing = context;
    struct task *task = listing->task;

    task_put_message(&task->out, message);
    task->next.done++;
    return task->next.done != listing->limit && task->out.len - task->mark < TASK_ANSWER_STEP;
}

static void put_page(struct task *task, bool more)
{
    const struct journal_cursor *cursor = &task->next.cursor;

    record_begin(&task->out, "page");
    record_number(&task->out, "messages", task->next.done);
    record_bool(&task->out, "more", more);
    if (more) {
        char text[48];
        struct hl7_buffer buffer;

        hl7_buffer_init(&buffer, text, sizeof text);
        hl7_buffer_add_number(&buffer, (uint64_t)cursor->received);
        hl7_buffer_add_byte(&buffer, '.');
        hl7_buffer_add_number(&buffer, (uint64_t)cursor->id);
        record_text(&task->out, "cursor", hl7_buffer_slice(&buffer));
    }
    record_end(&task->out);
}

/* The limit ends the listing, and its cursor is where the next one begins. */
static enum journal_code messages_step(struct task *task, struct journal *journal)
{
    struct listing listing = {task, request_number(&task->request, "limit", MESSAGES_STANDARD)};
    struct journal_key keys[JOURNAL_KEYS_MAX];
    struct journal_query query;

    if (!task_query(task, keys, &query)) {
        task_fail(task, REQUEST_TOO_LARGE, "more than %d keys", JOURNAL_KEYS_MAX);
        return JOURNAL_REFUSED;
    }
    query.cursor = task->at.cursor;
    query.limit = TASK_PAGE_READ;
    if (listing.limit != 0 && listing.limit - task->at.done < TASK_PAGE_READ) {
        query.limit = (size_t)(listing.limit - task->at.done);
    }
    enum journal_code code = journal_find(journal, &query, put_found, &listing, &task->next.cursor);
    if (code != JOURNAL_OK && code != JOURNAL_NONE) {
        return code;
    }
    bool full = listing.limit != 0 && task->next.done == listing.limit;
    task->more = code == JOURNAL_OK && !full;
    if (!task->more) {
        put_page(task, code == JOURNAL_OK);
    }
    return JOURNAL_OK;
}

const struct task_handler task_messages = {.begin = messages_begin, .step = messages_step};

/* ---- export --------------------------------------------------------------------------------- */

static void export_begin(struct task *task)
{
    bool ids = request_times(&task->request, "id") > 0;

    if (ids && task_has_query(task)) {
        task_fail(task, REQUEST_BAD_VALUE, "either 'id' or what to look for");
    } else if (!ids && !task_has_query(task) && request_get(&task->request, "limit") == NULL) {
        task_fail(task, REQUEST_MISSING, "'export' wants 'id', or what to look for, or 'limit'");
    }
}

/* Writes what is left of a message; what is damaged is told, and passed over. */
static enum journal_code put_message(struct task *task, struct journal *journal, int64_t id)
{
    struct task_bytes what = {.message = id, .of = "received"};
    enum journal_code code = journal_bytes(journal, id, &what.bytes);

    if (code == JOURNAL_OK) {
        int64_t offset = task_put_bytes(&task->out, &what, task->next.offset);
        task->next.offset = offset < 0 ? 0 : offset;
    } else if (code == JOURNAL_DAMAGED || code == JOURNAL_NONE) {
        record_begin(&task->out, "missing");
        record_number(&task->out, "message", id);
        record_string(&task->out, "why", code == JOURNAL_NONE ? "nothing" : "damaged");
        record_end(&task->out);
        task->next.refused++;
    } else {
        return code;
    }
    if (task->next.offset == 0) {
        task->next.done += code == JOURNAL_OK;
        task_shown(task, "messages", id);
    }
    return JOURNAL_OK;
}

static bool step_is_full(const struct task *task)
{
    return task->next.offset != 0 || task->out.len - task->mark >= TASK_ANSWER_STEP;
}

/* The place in the request behind so many of its ids, from where the step began. */
static size_t item_behind(const struct task *task, size_t ids)
{
    size_t item = task->at.item;

    for (; ids > 0 && item < task->request.count; item++) {
        ids -= request_is(&task->request.values[item], "id");
    }
    return item;
}

/* The messages of a page, as far as the step goes. Where it stopped the next one looks again: `item` or
 * `cursor` is put behind the last message that is all out. */
static enum journal_code export_step(struct task *task, struct journal *journal)
{
    int64_t limit = request_number(&task->request, "limit", 0);
    bool named = request_times(&task->request, "id") > 0;
    enum journal_code code = task_choose_messages(task, journal);

    for (size_t i = 0; code == JOURNAL_OK && i < task->list.count; i++) {
        code = put_message(task, journal, task->list.items[i]);
        if (code == JOURNAL_OK && limit != 0 && task->next.done == limit) {
            task->more = false;
            break;
        }
        bool out = task->next.offset == 0;
        if (code == JOURNAL_OK && step_is_full(task) && (i + 1 < task->list.count || !out)) {
            size_t whole = i + out;
            task->more = true;
            if (named) {
                task->next.item = item_behind(task, whole);
            } else {
                task->next.cursor =
                    whole == 0 ? task->at.cursor
                               : (struct journal_cursor){.received = task->others.items[whole - 1],
                                                         .id = task->list.items[whole - 1]};
            }
            break;
        }
    }
    if (code == JOURNAL_OK && !task->more) {
        task_count(task, "messages");
    }
    return code;
}

const struct task_handler task_export = {.begin = export_begin, .step = export_step};
