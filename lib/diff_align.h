/* SPDX-License-Identifier: Apache-2.0
 *
 * diff_align.h - which segment of one message stands beside which one of another (lib/diff.c). */
#ifndef LIB_DIFF_ALIGN_H
#define LIB_DIFF_ALIGN_H

#include "hl7.h"

/* Segment is beside none. */
#define DIFF_ALONE UINT32_MAX

/* What is remembered of a segment, so that two can be held against each other at once. Equal hashes
 * are a hint, never a proof. */
struct diff_mark {
    uint64_t name;
    uint64_t content;
    uint64_t front;      /* 16 bits of each of the fields 1 to 4 */
    uint32_t occurrence; /* among the segments of its name, from 1 */
};

/* Upper bound of what diff_mark and diff_align take from the arena together, for two messages with
 * this many segments. */
size_t diff_align_memory(size_t expected, size_t actual);

/* Marks each segment of a message. NULL without memory. */
struct diff_mark *diff_mark(const struct hl7_message *message, struct hl7_arena *arena);

/* Sets segments side by side: for each expected one the number of an actual one of the same name, or
 * DIFF_ALONE; numbers rise. NULL without memory. */
uint32_t *diff_align(const struct diff_mark *expected, size_t expected_count,
                     const struct diff_mark *actual, size_t actual_count, struct hl7_arena *arena);

#endif
