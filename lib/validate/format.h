/* SPDX-License-Identifier: Apache-2.0
 *
 * How values of the primitive data types are written: pure functions over slices. */
#ifndef LIB_VALIDATE_FORMAT_H
#define LIB_VALIDATE_FORMAT_H

#include "hl7.h"

/* Whether a value that is not empty is written as its kind asks for in a version. */
bool format_fits(enum hl7_type_kind kind, enum hl7_version version, hl7_slice value);

/* How values of a kind are written, for people: "YYYY[MM[DD]]"; "" for text. */
const char *format_pattern(enum hl7_type_kind kind, enum hl7_version version);

#endif
