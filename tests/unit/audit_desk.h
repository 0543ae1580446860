/* SPDX-License-Identifier: Apache-2.0
 *
 * audit_desk.h - an audit log in a folder of its own, for the tests of broker/audit. */
#ifndef TESTS_UNIT_AUDIT_DESK_H
#define TESTS_UNIT_AUDIT_DESK_H

#include "broker/audit/chain.h"
#include "broker/audit/file.h"
#include "folder.h"
#include "support.h"

struct audit_desk {
    struct folder folder;
    struct audit_file *file;
    char path[128];
    char fault[AUDIT_FAULT_TEXT]; /* the last one */
    int64_t fault_line;
    char events[600]; /* words of the records that were read, with blanks behind */
};

/* Makes the folder, and a closed file of this size at most in it. */
void audit_desk_open(struct audit_desk *desk, int64_t size_max);
void audit_desk_close(struct audit_desk *desk);

/* The broker dies, and comes again. */
void audit_desk_again(struct audit_desk *desk);

/* Appends so many records of one kind, each by itself. */
bool audit_desk_add(struct audit_desk *desk, enum audit_event event, size_t count);

/* Reads all files of the log. */
struct audit_chain audit_desk_read(struct audit_desk *desk);

#endif
