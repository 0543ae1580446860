/* SPDX-License-Identifier: Apache-2.0
 *
 * control_audit.h - what control.c has recorded in the audit log, and waits for. */
#ifndef BROKER_CONTROL_CONTROL_AUDIT_H
#define BROKER_CONTROL_CONTROL_AUDIT_H

#include "task.h"

/* Records that the task was asked, or what came of it, then calls back: `good` is false when the record
 * could not be written and had to be. The task is submitted meanwhile. False: there is nothing to record, or
 * the task failed; nobody calls back. */
bool task_audit_asked(struct task *task, task_audited *then);
bool task_audit_done(struct task *task, task_audited *then);

/* Who asked went away in the middle. */
void task_audit_left(const struct task *task);

/* A request that could not be read. */
void control_audit_refused(struct audit *audit, uid_t user, pid_t process,
                           enum request_error error);

#endif
