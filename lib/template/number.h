/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers as text. No value becomes a binary number on its way: digits are compared and rounded as
 * they are written, so 0.1 is one tenth and 12345678901234567890 keeps all of its digits.
 */
#ifndef LIB_TEMPLATE_NUMBER_H
#define LIB_TEMPLATE_NUMBER_H

#include "hl7.h"

enum {
    NUMBER_MAX_DIGITS = 64,  /* before the point, and behind it */
    NUMBER_MAX_EXPONENT = 64 /* on either side of zero */
};

/* -12.50 is {true, 2, 4, "1250"}. Zeros in front are left out, those behind the point are not. */
struct number {
    bool negative;  /* never of zero */
    unsigned whole; /* how many of the digits stand before the point */
    unsigned count;
    char digits[2 * NUMBER_MAX_DIGITS];
};

/* Reads the number that is all of the text, as HL7's NM: a sign or none, digits with a decimal point
 * or none. False for any other text, or more digits than there may be. */
bool number_parse(hl7_slice text, struct number *ret_number);

/* The same with an exponent, as JSON has it, and with blanks around it. Not what comparisons use: a
 * code such as 1E2 is not the number 100. */
bool number_parse_any(hl7_slice text, struct number *ret_number);

/* Below 0, 0, above 0. 1.50 equals 1.5. */
int number_compare(const struct number *a, const struct number *b);

/* To so many digits behind the point (0 to NUMBER_MAX_DIGITS), half away from zero; zeros are added
 * where there are fewer. False when the result has too many digits before the point. */
bool number_round(struct number *number, unsigned digits);

/* Writes the number: at least one digit before the point, no point without a digit behind it. */
void number_write(const struct number *number, struct hl7_buffer *buffer);

/* Reads a whole number within bounds: a sign or none, and digits. */
bool number_integer(hl7_slice text, int64_t least, int64_t most, int64_t *ret_integer);

#endif
