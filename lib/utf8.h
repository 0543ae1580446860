/* SPDX-License-Identifier: Apache-2.0
 *
 * Characters of UTF-8 text. Text that is not UTF-8 still has characters: a byte that belongs to no
 * well-formed sequence is one by itself. So every text can be cut, counted and put together again
 * without loss. Nothing here can fail. */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include "hl7.h"

/* The number of a byte that is no character: this and the byte. */
enum { UTF8_NOT_A_CHARACTER = 0x110000 };

/* The character at the front of a text that is not empty; *ret_len is its length, 1 to 4. */
uint32_t utf8_first(hl7_slice text, size_t *ret_len);

/* How many characters the text has. */
size_t utf8_count(hl7_slice text);

/* The offset behind the first `count` characters; the text's length if it has fewer. */
size_t utf8_offset(hl7_slice text, size_t count);

/* Writes a character, below 0x110000 and not a surrogate. */
void utf8_write(uint32_t character, struct hl7_buffer *buffer);

#endif
