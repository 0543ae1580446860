/* SPDX-License-Identifier: Apache-2.0
 *
 * cookie.h - finds a cookie in what a browser sends. Pure. */
#ifndef WEB_COOKIE_H
#define WEB_COOKIE_H

#include "hl7.h"

/* The value of a cookie in a Cookie header (RFC 6265, section 4.2.1); absent when it is not there, or
 * there twice. */
hl7_slice cookie_find(hl7_slice header, hl7_slice name);

#endif
