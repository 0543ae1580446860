/* SPDX-License-Identifier: Apache-2.0
 *
 * How values of the primitive data types are written: pure functions over slices. */
#ifndef LIB_VALIDATE_FORMAT_H
#define LIB_VALIDATE_FORMAT_H

#include "hl7.h"

/* A version is a number that can be compared: 210 for 2.1, 251 for 2.5.1. */

enum format {
    FORMAT_TEXT, /* ST, TX, FT, ID, IS and every type not listed: any text */
    FORMAT_NUMBER,
    FORMAT_SEQUENCE,
    FORMAT_DATE,
    FORMAT_TIME,
    FORMAT_DATE_TIME,
    FORMAT_DIGITS
};

/* The format of a data type by its name ("DT"). */
enum format format_of(hl7_slice type);

/* Whether a value that is not empty is written as its format asks for in a version. */
bool format_fits(enum format format, unsigned version, hl7_slice value);

/* The format as people write it: "YYYY[MM[DD]]"; "" for text. */
const char *format_pattern(enum format format, unsigned version);

#endif
