/* SPDX-License-Identifier: Apache-2.0
 *
 * parsing.h - the index of the message at hand, in memory that grows with the messages that come. */
#ifndef BASE_PARSING_H
#define BASE_PARSING_H

#include "hl7.h"
#include "memory.h"

/* Begin with {0}. One index at a time: the next call takes its place. */
struct parsing {
    struct memory_block memory;
    struct hl7_arena arena;
};

/* Indexes a message. False with the reason in `error` (may be NULL). */
bool parsing_message(struct parsing *parsing, hl7_slice bytes, struct hl7_message *ret_message,
                     struct hl7_error *error);

/* Indexes the header alone of a message that parsing_message refused (rule 26). */
bool parsing_header(struct parsing *parsing, hl7_slice bytes, struct hl7_message *ret_header);

void parsing_free(struct parsing *parsing);

#endif
