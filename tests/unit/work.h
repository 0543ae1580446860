/* SPDX-License-Identifier: Apache-2.0
 *
 * work.h - a message and its working copy, for the tests of edits. There is one at a time: the next
 * one takes the memory of the one before.
 */
#ifndef TESTS_UNIT_WORK_H
#define TESTS_UNIT_WORK_H

#include "support.h"

struct work {
    struct hl7_arena arena;
    struct hl7_message message;
    struct hl7_edit *edit;
};

/* Parses the text, which must outlive the work, and begins to edit it. */
void work_begin(struct work *work, const char *text);

/* The working copy written out, until the next call. */
hl7_slice work_written(const struct work *work);

struct hl7_path work_path(const char *text);
enum hl7_code work_set(const struct work *work, const char *path, const char *raw);
enum hl7_code work_set_text(const struct work *work, const char *path, const char *text);
hl7_slice work_get(const struct work *work, const char *path);

#endif
