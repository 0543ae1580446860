/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of the dictionary's tables that its users do not see. */
#ifndef LIB_DICT_ROWS_H
#define LIB_DICT_ROWS_H

#include "hl7.h"

/* A part of a list of numbers. */
struct list {
    uint16_t first;
    uint16_t count;
};

/* An event that has the structure of another name: "ADT_A04" that of ADT_A01. */
struct event {
    uint32_t name; /* a text */
    uint16_t structure;
};

#endif
