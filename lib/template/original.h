/* SPDX-License-Identifier: Apache-2.0
 *
 * The original placeholders, {0-9}: the source split at runs of CR and LF, a line of it split at
 * '|', both counted from 0. */
#ifndef LIB_TEMPLATE_ORIGINAL_H
#define LIB_TEMPLATE_ORIGINAL_H

#include "template/program.h"

/* Sorts indices of OP_ORIGINAL instructions by segment, then piece, and numbers the slots of the
 * instructions accordingly. */
void original_sort(struct instruction *code, uint32_t *originals, size_t count);

/* Finds the value of every slot, in one walk along the source; absent for what the source lacks.
 * `values` has room for program->original_count. */
void original_find(const struct hl7_template *program, hl7_slice source, hl7_slice *values);

#endif
