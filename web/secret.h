/* SPDX-License-Identifier: Apache-2.0
 *
 * secret.h - random names of sessions, and comparing them. */
#ifndef WEB_SECRET_H
#define WEB_SECRET_H

#include <stdbool.h>

#include "hl7.h"

/* 256 bits from getrandom(), as hexadecimal digits and NUL. */
enum { SECRET_DIGITS = 64, SECRET_SIZE = SECRET_DIGITS + 1 };

/* False when the system has no randomness. */
bool secret_make(char ret_text[SECRET_SIZE]);

/* Whether two texts are alike: the time it takes says nothing but their lengths. */
bool secret_same(hl7_slice a, hl7_slice b);

#endif
