/* SPDX-License-Identifier: Apache-2.0
 *
 * task_keep.c - what is kept: `prune` removes settled messages, in small steps, between which messages
 * are stored. */
#include "task.h"

static void prune_begin(struct task *task)
{
    if (task->request.count == 0) {
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
