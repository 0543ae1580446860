/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes between frames: what are they (rules 3 and 7)? */
#ifndef NET_STRAY_H
#define NET_STRAY_H

#include "hl7.h"

/* Room for the excerpt of stray_excerpt, NUL included. */
enum { STRAY_EXCERPT = 2 * 16 + 1 };

/* Another protocol, known by its first bytes ("an HTTP request", "a TLS handshake"); NULL for none. */
const char *stray_protocol(hl7_slice bytes);

/* Nothing but blanks and line ends. */
bool stray_is_blank(hl7_slice bytes);

/* The first sixteen bytes in hexadecimal, for a log line; yields `text`. */
const char *stray_excerpt(hl7_slice bytes, char text[STRAY_EXCERPT]);

#endif
