/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of character sets, for the tests that check all of it. */
#ifndef LIB_CHARSET_H
#define LIB_CHARSET_H

#include "hl7.h"

/* A name as senders write it, in capitals and without blanks and punctuation, and the IANA name. */
struct charset_row {
    const char *name;
    const char *iana;
};

extern const struct charset_row charset_rows[];
extern const size_t charset_row_count;

#endif
