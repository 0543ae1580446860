/* SPDX-License-Identifier: Apache-2.0
 *
 * "Did you mean": the nearest known word, or the path a slip of the pen was meant to be. */
#ifndef LIB_TEMPLATE_SUGGEST_H
#define LIB_TEMPLATE_SUGGEST_H

#include "hl7.h"

/* The longest path suggest_path writes. */
enum { SUGGEST_PATH_BYTES = 64 };

/* The word of the list that differs least from this one, by two letters at most and by fewer than
 * half of its letters; absent when there is none. Of equals, the first. */
hl7_slice suggest_word(hl7_slice word, const hl7_slice *words, size_t count);

/* Writes the path that a word with other letters' case or other separators was meant to be: pid-5,
 * PID.5, PID-5-1, PID5. False when there is none, or when it is the word itself. */
bool suggest_path(hl7_slice word, struct hl7_buffer *buffer);

#endif
