/* SPDX-License-Identifier: Apache-2.0
 *
 * difference.h - differences for people and programs: of two HL7 messages, of two texts line by
 * line. One line each, whatever the values hold:
 *
 *     PID-5.1: expected 'DOE', got 'DOY'
 *     NTE[2]: segment missing: 'NTE|2||seen by me'
 */
#ifndef ORDERLY_DIFFERENCE_H
#define ORDERLY_DIFFERENCE_H

#include "hl7.h"
#include "../base/json.h"
#include "../base/memory.h"
#include "../base/text.h"

/* The words between the values. */
struct difference_words {
    const char *before;  /* the first value */
    const char *between; /* it and the second one */
    const char *missing; /* a segment of the first message only */
    const char *extra;   /* of the second only */
};

extern const struct difference_words difference_expectation; /* expected 'A', got 'B' */
extern const struct difference_words difference_change;      /* 'A' -> 'B' */

/* Writes values in the character sets of their messages, as UTF-8. Begin with {0}. */
struct difference_text {
    struct text_charset expected;
    struct text_charset actual;
    struct memory_block memory;
};

/* Chooses the character sets; when one is unknown here the bytes are read as UTF-8. */
void difference_messages(struct difference_text *text, const struct hl7_message *expected,
                         const struct hl7_message *actual);

void difference_text_free(struct difference_text *text);

/* One line of text, LF at its end. A long value is shown around the place where it differs. */
void difference_print(const struct text_terminal *terminal, const struct difference_words *words,
                      struct difference_text *text, const struct hl7_difference *difference);

/* The members path, kind, expected, actual of an object that is open. */
void difference_json(struct json *json, struct difference_text *text,
                     const struct hl7_difference *difference);

/* Compares two texts line by line; CR, LF and CRLF each end a line, and the last line may go without.
 * False when they are the same. Else *ret_line is the first line that differs (from 1), with its
 * text on both sides, absent where a text has ended. */
bool difference_of_lines(hl7_slice expected, hl7_slice actual, size_t *ret_line,
                         hl7_slice *ret_expected, hl7_slice *ret_actual);

/* "line 4:" and the two lines with '-' and '+' before them, a caret where they part. */
void difference_print_lines(FILE *file, size_t line, hl7_slice expected, hl7_slice actual);

#endif
