/* SPDX-License-Identifier: Apache-2.0
 *
 * What the library's other modules use of the message parser. */
#ifndef LIB_MESSAGE_H
#define LIB_MESSAGE_H

#include "hl7.h"

#include <string.h>

/* Whether a segment has this name of three characters, as all names in paths are. Searches for
 * segments consist of nothing else, so it is inline. */
static inline bool message_segment_is(const struct hl7_message *message, size_t segment,
                                      const char *name)
{
    const struct hl7_segment *found = &message->segments[segment];
    const char *text = message->bytes.ptr + found->start;
    size_t len = found->end - found->start;

    return len >= 3 && memcmp(text, name, 3) == 0 &&
           (len == 3 || text[3] == message->delimiters.field);
}

/* Bytes of a UTF-8 byte order mark at the front: 3 or 0. */
size_t message_bom(hl7_slice bytes);

/* UTF-16 or UTF-32 by its mark or by the NULs in "MSH" (rule 5). */
bool message_is_wide(hl7_slice bytes);

/* The byte that ends segments in this text: '\r', or '\n' when there is no CR (rule 9). */
char message_segment_end(hl7_slice bytes);

/* Reads MSH-1 and MSH-2 of the header segment that begins the text (rules 8, 10, 11). */
enum hl7_code message_delimiters(hl7_slice header, struct hl7_delimiters *ret_delimiters,
                                 struct hl7_error *error);

/* The n-th field of one segment line, found by walking it; numbers as hl7_segment_field. */
hl7_slice message_line_field(hl7_slice line, char separator, size_t n);

#endif
