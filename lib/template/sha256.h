/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4), for the content hashes of the language. Nothing here can fail. It is no
 * secret-keeping: the time depends on nothing but the length, and nobody needs it to. */
#ifndef LIB_TEMPLATE_SHA256_H
#define LIB_TEMPLATE_SHA256_H

#include "hl7.h"

enum { SHA256_BYTES = 32 };

void sha256(hl7_slice text, unsigned char ret_digest[SHA256_BYTES]);

#endif
