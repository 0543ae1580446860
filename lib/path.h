/* SPDX-License-Identifier: Apache-2.0
 *
 * What edits share with paths: getting a value out of one field. */
#ifndef LIB_PATH_H
#define LIB_PATH_H

#include "hl7.h"

/* The raw value at the path's repetition, component and sub-component of a raw field. */
hl7_slice path_within_field(const struct hl7_delimiters *delimiters, hl7_slice field,
                            const struct hl7_path *path);

/* The delimiters that split a field: none for fields 1 and 2 of a header (rule 8). */
const struct hl7_delimiters *path_delimiters(const struct hl7_delimiters *delimiters,
                                             hl7_slice segment_name, uint32_t field);

#endif
