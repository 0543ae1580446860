/* SPDX-License-Identifier: Apache-2.0
 *
 * task_keep.c - what is kept: `prune` removes settled messages, `backup` copies the journal. Both go in
 * small steps, between which messages are stored. */
#include "task.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* ---- prune ---------------------------------------------------------------------------------- */

static void prune_begin(struct task *task)
{
    const struct request *request = &task->request;

    if (request_get(request, "before") == NULL && request_get(request, "dead-before") == NULL &&
        request_get(request, "max-bytes") == NULL) {
        task_fail(task, REQUEST_MISSING, "'prune' wants 'before', 'dead-before' or 'max-bytes'");
    }
}

static enum journal_code prune_step(struct task *task, struct journal *journal)
{
    const struct request *request = &task->request;
    const struct journal_policy policy = {.settled_before = request_number(request, "before", 0),
                                          .dead_before = request_number(request, "dead-before", 0),
                                          .max_bytes =
                                              (uint64_t)request_number(request, "max-bytes", 0),
                                          .step = TASK_PAGE};
    struct journal_pruned pruned = {0, false};
    enum journal_code code = journal_prune(journal, &policy, &pruned);

    if (code == JOURNAL_OK) {
        task->next.done += (int64_t)pruned.messages;
        task->more = pruned.more;
        if (!task->more) {
            task_count(task, "messages");
        }
    }
    return code;
}

const struct task_handler task_prune = {.begin = prune_begin, .step = prune_step};

/* ---- backup --------------------------------------------------------------------------------- */

enum { PAGES_PER_STEP = 512 };

enum backup_stage { BACKUP_BEGINS, BACKUP_COPIES, BACKUP_ENDS };

/* Steps of a copy are no transactions: SQLite copies what is committed. */
static void backup_begin(struct task *task)
{
    hl7_slice path = request_text(&task->request, "path");

    task->work.apart = true;
    if (path.ptr[0] != '/' || path.len >= PATH_MAX || memchr(path.ptr, '\0', path.len) != NULL) {
        task_fail(task, REQUEST_BAD_VALUE, "'path' is no absolute path of a file");
    }
}

/* The copy is gone when the journal was opened again. */
static bool is_void(const struct task *task)
{
    return task->at.stage != BACKUP_BEGINS && store_count(task->store).reopened != task->generation;
}

static enum journal_code start_copy(struct task *task, struct journal *journal)
{
    hl7_slice text = request_text(&task->request, "path");
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%.*s", (int)text.len, text.ptr);
    task->generation = store_count(task->store).reopened;
    enum journal_code code = journal_backup_begin(journal, path, &task->copy);
    if (code != JOURNAL_OK) {
        task_fail(task, code == JOURNAL_LOCKED ? REQUEST_BUSY : REQUEST_REFUSED, "%s",
                  journal_reason(journal));
    }
    return code;
}

static enum journal_code end_copy(struct task *task, struct journal *journal)
{
    enum journal_code code = journal_backup_end(&task->copy);

    if (task->leaving) {
        return JOURNAL_OK;
    }
    if (code == JOURNAL_OK) {
        record_begin(&task->out, "backup");
        record_text(&task->out, "path", request_text(&task->request, "path"));
        record_end(&task->out);
    } else {
        task_fail(task, REQUEST_FAILED, "%s", journal_reason(journal));
    }
    return code;
}

/* A copy that fails is ended in the same step; so no other is kept waiting. */
static enum journal_code copy_some(struct task *task, struct journal *journal)
{
    size_t remaining = 0;
    enum journal_code code = journal_backup_step(task->copy, PAGES_PER_STEP, &remaining);

    if (code == JOURNAL_NONE) {
        task->next.stage = BACKUP_ENDS;
    } else if (code != JOURNAL_OK && code != JOURNAL_BUSY) {
        task_fail(task, REQUEST_FAILED, "%s", journal_reason(journal));
        (void)journal_backup_end(&task->copy);
        task->next.stage = BACKUP_BEGINS;
        return code;
    }
    return JOURNAL_OK;
}

static enum journal_code backup_step(struct task *task, struct journal *journal)
{
    enum journal_code code = JOURNAL_OK;

    if (is_void(task)) {
        task_fail(task, REQUEST_FAILED, "the journal failed meanwhile; the copy was given up");
        return JOURNAL_REFUSED;
    }
    if (task->leaving || task->at.stage == BACKUP_ENDS) {
        return end_copy(task, journal);
    }
    if (task->at.stage == BACKUP_BEGINS) {
        code = start_copy(task, journal);
        task->next.stage = BACKUP_COPIES;
    } else {
        code = copy_some(task, journal);
    }
    task->more = code == JOURNAL_OK;
    return code;
}

/* Who asked has gone: the half of a copy is nobody's. */
static bool backup_leave(struct task *task)
{
    return task->copy != NULL;
}

const struct task_handler task_backup = {
    .begin = backup_begin, .step = backup_step, .leave = backup_leave};
