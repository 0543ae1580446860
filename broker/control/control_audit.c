/* SPDX-License-Identifier: Apache-2.0
 *
 * control_audit.c - what the audit log learns of requests; part of control.c. Of each that concerns
 * messages: that it was asked, before anything else happens; of those that do something, what came of it,
 * before that is answered.
 *
 * Ids, counts and names of the configuration are recorded as they are. Any other text may be a patient's,
 * so its keyed hash is. The reasons people give (`why`) stay with the message in the journal. */
#include "control_audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_TEXT = 900 };

enum record_kind { ASKED, DONE };

static const struct {
    enum audit_event event;
    enum record_kind kind;
} rows[] = {
#define REQUEST(name, parameters, event, record, doc) {AUDIT_##event, record},
#include "requests.tbl"
#undef REQUEST
};

/* ---- Ids ------------------------------------------------------------------------------------ */

static void add_id(struct task_ids *ids, const char *what, int64_t id)
{
    ids->what = what;
    ids->number++;
    if (ids->count > 0 && ids->last[ids->count - 1] + 1 == id) {
        ids->last[ids->count - 1] = id;
    } else if (ids->count > 0 && ids->last[ids->count - 1] == id) {
        ids->number--; /* the next piece of the same one */
    } else if (ids->count < TASK_RANGES_MAX) {
        ids->first[ids->count] = id;
        ids->last[ids->count++] = id;
    } else {
        ids->beyond++;
    }
}

void task_shown(struct task *task, const char *what, int64_t id)
{
    add_id(&task->shown, what, id);
}

/* "4702-4711 4720", and how many more there are than were kept. */
static void add_ids(struct audit_entry *entry, const struct task_ids *ids)
{
    char text[IDS_TEXT];
    int64_t beyond = ids->beyond;
    size_t len = 0;

    for (size_t i = 0; i < ids->count; i++) {
        char range[48];
        long long first = (long long)ids->first[i];
        long long last = (long long)ids->last[i];
        int size = first == last ? snprintf(range, sizeof range, " %lld", first)
                                 : snprintf(range, sizeof range, " %lld-%lld", first, last);

        if (len + (size_t)size >= sizeof text) {
            beyond += last - first + 1;
        } else {
            memcpy(text + len, range, (size_t)size);
            len += (size_t)size;
        }
    }
    if (len > 0) {
        audit_text(entry, ids->what, (hl7_slice){text + 1, len - 1});
    }
    if (beyond > 0) {
        audit_number(entry, "not-listed", beyond);
    }
}

/* ---- Parameters ----------------------------------------------------------------------------- */

/* Texts that name something of the configuration or the machine, and no patient. */
static bool is_plain(const struct request_value *value)
{
    static const char *const names[] = {"by",       "actor", "name",        "type", "application",
                                        "listener", "route", "destination", "path", "address"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (request_is(value, names[i])) {
            return true;
        }
    }
    return value->parameter->kind == REQUEST_WORD;
}

/* INDEX=VALUE: the index's name is the configuration's. All of them are one text. */
static void add_keys(struct audit_entry *entry, const struct audit *audit,
                     const struct request *request)
{
    char text[AUDIT_VALUE_MAX];
    size_t len = 0;

    for (size_t i = 0; i < request->count; i++) {
        const struct request_value *value = &request->values[i];
        char hex[HL7_SHA256_HEX];

        if (value->parameter->kind == REQUEST_INDEX && len < sizeof text) {
            size_t name = (size_t)value->number;

            audit_keyed_hash(audit, hl7_slice_part(value->text, name + 1, value->text.len), hex);
            int put = snprintf(text + len, sizeof text - len, "%s%.*s=%s", len > 0 ? " " : "",
                               (int)name, value->text.ptr, hex);
            len += (size_t)put;
        }
    }
    if (len > 0) {
        audit_text(entry, "key", (hl7_slice){text, len < sizeof text ? len : sizeof text - 1});
    }
}

static void add_value(struct audit_entry *entry, const struct audit *audit,
                      const struct request_value *value)
{
    const char *name = value->parameter->name;
    char hex[HL7_SHA256_HEX];

    if (value->parameter->many || request_is(value, "why") || request_is(value, "cursor")) {
        return;
    }
    switch (value->parameter->kind) {
    case REQUEST_NUMBER:
    case REQUEST_FLAG:
    case REQUEST_TIME:
        audit_number(entry, name, value->number);
        break;
    case REQUEST_TEXT:
    case REQUEST_WORD:
        if (is_plain(value)) {
            audit_text(entry, name, value->text);
        } else {
            audit_keyed_hash(audit, value->text, hex);
            audit_string(entry, name, hex);
        }
        break;
    case REQUEST_INDEX:
        break;
    }
}

static void add_parameters(struct audit_entry *entry, const struct audit *audit,
                           const struct request *request)
{
    struct task_ids named = {.count = 0};

    for (size_t i = 0; i < request->count; i++) {
        const struct request_value *value = &request->values[i];

        add_value(entry, audit, value);
        if (value->parameter->many && value->parameter->kind == REQUEST_NUMBER) {
            add_id(&named, request_is(value, "id") ? "messages" : "deliveries", value->number);
        }
    }
    add_keys(entry, audit, request);
    add_ids(entry, &named);
}

/* ---- Records -------------------------------------------------------------------------------- */

static struct audit_entry *new_entry(const struct task *task, const char *step)
{
    const struct request_value *purpose = NULL;
    enum audit_event event = rows[task->request.id].event;

    if (task->request.id == REQUEST_message &&
        (purpose = request_get(&task->request, "purpose")) != NULL && purpose->number == 1) {
        event = AUDIT_SHADOW;
    }
    struct audit_entry *entry = audit_entry_new(event);
    if (entry != NULL) {
        audit_user(entry, task->user, task->process);
        audit_string(entry, "request", request_spec(task->request.id)->name);
        audit_string(entry, "step", step);
    }
    return entry;
}

static void add_result(struct audit_entry *entry, const struct task *task)
{
    audit_number(entry, "of", task->asked);
    audit_number(entry, "count", task->at.done);
    audit_number(entry, "refused", task->at.refused);
    add_ids(entry, &task->shown);
}

static void on_written(struct audit_entry *entry)
{
    struct task *task = entry->context;
    bool good = !entry->failed || !audit_required(task->hooks->audit);

    task->submitted = false;
    if (task->asked == 0) {
        task->asked = entry->link.sequence;
    }
    /* To have it recorded is all that `login` is about. */
    task->audited(task, good && !(entry->failed && task->request.id == REQUEST_login));
}

/* Has the task wait for its record. */
static void submit(struct task *task, struct audit_entry *entry, task_audited *then)
{
    entry->done = on_written;
    entry->context = task;
    task->audited = then;
    task->submitted = true;
    (void)audit_submit(task->hooks->audit, entry);
}

static bool is_audited(const struct task *task)
{
    return task->hooks->audit != NULL && task->request.id < REQUEST_COUNT &&
           rows[task->request.id].event != AUDIT_EVENTS;
}

bool task_audit_asked(struct task *task, task_audited *then)
{
    struct audit *audit = task->hooks->audit;

    if (!is_audited(task)) {
        return false;
    }
    struct audit_entry *entry = new_entry(task, "asked");
    if (entry == NULL) {
        task_fail(task, REQUEST_FAILED, "out of memory");
        return false;
    }
    add_parameters(entry, audit, &task->request);
    submit(task, entry, then);
    return true;
}

bool task_audit_done(struct task *task, task_audited *then)
{
    struct audit_entry *entry = NULL;

    if (!is_audited(task) || rows[task->request.id].kind != DONE || task->asked == 0) {
        return false;
    }
    entry = new_entry(task, task->error == REQUEST_GOOD ? "done" : request_error_name(task->error));
    if (entry == NULL) {
        return false;
    }
    add_result(entry, task);
    submit(task, entry, then);
    return true;
}

void task_audit_left(const struct task *task)
{
    if (is_audited(task) && rows[task->request.id].kind == DONE && task->asked != 0) {
        struct audit_entry *entry = new_entry(task, "left");

        add_result(entry, task);
        (void)audit_submit(task->hooks->audit, entry);
    }
}

void control_audit_refused(struct audit *audit, uid_t user, pid_t process, enum request_error error)
{
    if (audit != NULL) {
        struct audit_entry *entry = audit_entry_new(AUDIT_REFUSED);

        audit_user(entry, user, process);
        audit_string(entry, "error", request_error_name(error));
        (void)audit_submit(audit, entry);
    }
}

/* ---- login ---------------------------------------------------------------------------------- */

const struct task_handler task_login = {.begin = NULL};
