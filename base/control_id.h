/* SPDX-License-Identifier: Apache-2.0
 *
 * control_id.h - control ids that no run of the program gives twice: the microsecond it began in,
 * then a counter.
 */
#ifndef BASE_CONTROL_ID_H
#define BASE_CONTROL_ID_H

#include <stddef.h>
#include <stdint.h>

#include "hl7.h"

enum { CONTROL_ID_PREFIX = 11, CONTROL_ID_COUNT = 8 };

/* All a control id takes: MSH-10 has room for 20 characters. */
#define CONTROL_ID_SIZE (CONTROL_ID_PREFIX + CONTROL_ID_COUNT)

/* Writes a number as digits and capitals, with zeros in front; what does not fit is left out. */
void control_id_base36(char *place, size_t width, uint64_t number);

/* The prefix of this run: the time now. */
void control_id_begin(char prefix[CONTROL_ID_PREFIX]);

/* The id with this number; borrows from `memory`. */
hl7_slice control_id_write(const char prefix[CONTROL_ID_PREFIX], uint64_t number,
                           char memory[CONTROL_ID_SIZE]);

#endif
