/* SPDX-License-Identifier: Apache-2.0
 *
 * nearest.h - "did you mean": the known word most like a mistyped one.
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

/* The word of a list (ended by NULL) most like a mistyped one, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words);

/* How alike two words are: insertions, deletions, replacements and swaps of neighbours. Words of
 * more than 63 bytes are as far as can be. */
size_t nearest_distance(const char *a, const char *b);

#endif
