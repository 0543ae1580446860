/* SPDX-License-Identifier: Apache-2.0
 *
 * How the library fills a struct hl7_error. */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#include "hl7.h"

/* Fills *error, when there is one, and returns the code. The text is cut to what fits. */
enum hl7_code error_set(struct hl7_error *error, enum hl7_code code, size_t position,
                        const char *text);

/* The same with a byte named in the text: the first '%' becomes 'x', or 0x1b for a control byte. */
enum hl7_code error_set_byte(struct hl7_error *error, enum hl7_code code, size_t position,
                             const char *text, char byte);

/* The same with a number in place of each '%'. */
enum hl7_code error_set_numbers(struct hl7_error *error, enum hl7_code code, size_t position,
                                const char *text, uint64_t first, uint64_t second);

#endif
