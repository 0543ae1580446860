/* SPDX-License-Identifier: Apache-2.0
 *
 * reference.h - the rules once more, written as plainly as possible: loops over bytes, nothing
 * indexed, nothing shared with the library. Properties compare the library with it.
 */
#ifndef TESTS_UNIT_REFERENCE_H
#define TESTS_UNIT_REFERENCE_H

#include "hl7.h"

enum { REFERENCE_LINES = 64 };

/* A message cut into its segments (rule 9). Everything borrows from the text. */
struct reference {
    hl7_slice before; /* a byte order mark, or nothing */
    struct {
        hl7_slice text;
        hl7_slice ending; /* with the blank lines behind it */
    } lines[REFERENCE_LINES];
    size_t count;
    struct hl7_delimiters delimiters;
};

/* Cuts a text that is known to be a message of at most REFERENCE_LINES segments. */
void reference_read(hl7_slice text, struct reference *ret_reference);

/* Field n of a line, the name being 0; absent beyond the last one (rules 8 and 14). */
hl7_slice reference_field(const struct reference *reference, hl7_slice line, size_t n);

/* How many fields a line has, the name counted. */
size_t reference_field_count(const struct reference *reference, hl7_slice line);

/* The line of the path's segment and occurrence, or HL7_NONE (rule 16). */
size_t reference_find(const struct reference *reference, const struct hl7_path *path);

/* The value at a path (rules 15 and 16). */
hl7_slice reference_get(const struct reference *reference, const struct hl7_path *path);

#endif
