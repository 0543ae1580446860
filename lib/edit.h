/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits by the number of a segment in the message, as templates make them: no search. */
#ifndef LIB_EDIT_H
#define LIB_EDIT_H

#include "hl7.h"

/* hl7_edit_set on one segment of the message; the path's segment and occurrence are not looked at. A
 * segment that was taken out stays out. */
enum hl7_code edit_set_at(struct hl7_edit *edit, size_t segment, const struct hl7_path *path,
                          hl7_slice raw);

/* The bytes of that segment as it stands now: what an edit of it goes over. */
size_t edit_length_at(const struct hl7_edit *edit, size_t segment);

/* hl7_edit_delete of one segment of the message; one that is out already is no error. */
enum hl7_code edit_delete_at(struct hl7_edit *edit, size_t segment);

/* A line of the working copy. */
struct edit_line {
    hl7_slice text;
    hl7_slice ending;
    size_t segment; /* its number in the message; HL7_NONE: it was added */
};

/* Goes along the lines as hl7_edit_write writes them, behind what stands before the first; *at is
 * NULL at the begin. False behind the last. */
struct line;
bool edit_next_line(const struct hl7_edit *edit, const struct line **at,
                    struct edit_line *ret_line);

#endif
