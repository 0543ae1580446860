/* SPDX-License-Identifier: Apache-2.0
 *
 * Text of unknown length in an arena: a buffer over all that is left, then as much kept as was
 * written. Nothing else may be allocated between the two calls. */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include "hl7.h"

void arena_open(const struct hl7_arena *arena, struct hl7_buffer *ret_buffer);
hl7_slice arena_keep(struct hl7_arena *arena, const struct hl7_buffer *buffer);

#endif
