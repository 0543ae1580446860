/* SPDX-License-Identifier: Apache-2.0
 *
 * The map of message structures, for the tests that check all of it. */
#ifndef LIB_STRUCTURE_H
#define LIB_STRUCTURE_H

#include "hl7.h"

/* Bytes of a code, an underscore and an event: "ADT_A04". */
enum { STRUCTURE_KEY = 7 };

struct structure_row {
    const char *event; /* code and event, STRUCTURE_KEY bytes; the rows are sorted by it */
    const char *structure;
};

extern const struct structure_row structure_rows[];
extern const size_t structure_row_count;

#endif
