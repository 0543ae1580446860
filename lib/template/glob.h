/* SPDX-License-Identifier: Apache-2.0
 *
 * The patterns of `like`. A pattern is about the whole text:
 *
 *     *       any characters, or none
 *     ?       one character
 *     [a-z_]  one character out of these; [!a-z] one that is not among them. A ']' that comes first
 *             is one of the characters, and so is a '-' that comes first or last
 *
 * Every other character stands for itself; [*] is a star. Capitals count. There is no escape
 * character, since '\' is HL7's, and '^' does not negate, since it is HL7's too: [^] is a '^'.
 */
#ifndef LIB_TEMPLATE_GLOB_H
#define LIB_TEMPLATE_GLOB_H

#include "hl7.h"

/* True when every '[' of the pattern has its ']'. Else *ret_position is the offset of the one that
 * has not. */
bool glob_valid(hl7_slice pattern, size_t *ret_position);

/* Does the pattern fit the whole text? One that is not valid fits only the text that is the same. In
 * the worst case the time is the product of the lengths: *left is how many bytes may be gone over,
 * and what was gone over is taken from it. When it does not suffice it becomes 0, and the answer is
 * false. */
bool glob_match(hl7_slice pattern, hl7_slice text, size_t *left);

#endif
