/* SPDX-License-Identifier: Apache-2.0
 *
 * What one run may do, write and keep.
 *
 * A run works in copies of the caller's arena and buffer that are cut to its bounds. So whatever
 * takes memory meets the bound before it takes it, as it meets the end of the memory itself, and
 * fails in the same way; only here is it known which of the two it was. The caller's own are cut
 * nowhere: going over a bound never says that more memory would help. */
#ifndef LIB_TEMPLATE_BOUND_H
#define LIB_TEMPLATE_BOUND_H

#include "hl7.h"

/* Which bound a run went over. */
enum bound_kind { BOUND_NONE, BOUND_STEPS, BOUND_OUTPUT, BOUND_SCRATCH };

/* Going along segments costs so many bytes for each. */
enum { BOUND_SEGMENT = 4 };

struct bound {
    struct hl7_arena arena;   /* the caller's, cut */
    struct hl7_buffer buffer; /* the caller's, cut */
    size_t arena_size;        /* of the caller's */
    size_t buffer_size;
    size_t max_output;
    size_t max_scratch;
    size_t steps; /* how many there may still be */
    size_t work;  /* bytes gone over or written that are not paid for yet: bound_add() */
    enum bound_kind exceeded;
};

/* Takes the bounds from the conversion and cuts the memory to them. */
void bound_begin(struct bound *bound, const struct hl7_conversion *conversion,
                 const struct hl7_arena *arena, const struct hl7_buffer *buffer);

/* What was written becomes the caller's, who gets the arena back as it was. */
void bound_end(const struct bound *bound, struct hl7_buffer *buffer);

/* So many bytes are gone over: the instruction at work will pay for them. */
void bound_add(struct bound *bound, size_t bytes);

/* More bytes than can be paid for: what has no other end is given up behind so many. */
size_t bound_room(const struct bound *bound);

/* One instruction more. False when there are no steps left. */
bool bound_step(struct bound *bound);

/* An instruction is done, with this code; it found the buffer `before` bytes long. What it wrote,
 * and the bytes in `work`, are paid for with steps. HL7_TOO_LARGE when a bound was met, HL7_NO_MEMORY
 * when the buffer or the arena itself is full, else the code. */
enum hl7_code bound_check(struct bound *bound, size_t before, enum hl7_code code);

/* Memory that follows from the source alone, as its index, is not counted among the values: it is
 * taken between these two. When it could not be taken, nothing is cut any more: it was the arena
 * itself that was too small. */
size_t bound_lift(struct bound *bound);
void bound_lower(struct bound *bound, size_t left);

/* The sentence about the bound that was met; *ret_number is what stands for its '%'. The number is
 * written into `digits`. */
const char *bound_explain(const struct bound *bound, char digits[20], hl7_slice *ret_number);

#endif
