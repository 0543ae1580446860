/* SPDX-License-Identifier: Apache-2.0
 *
 * keyed.h - HMAC-SHA-256 (RFC 2104), and the key that a log has for it: 32 random bytes in PATH.key, 0600,
 * made with the log. Values that are looked for are few and short; without a key they could be guessed
 * from their hashes. */
#ifndef BROKER_AUDIT_KEYED_H
#define BROKER_AUDIT_KEYED_H

#include <stdbool.h>

#include "hl7.h"

enum { KEYED_BYTES = 32 };

struct keyed {
    unsigned char key[KEYED_BYTES];
};

/* Reads the key of a log, or makes it if `make` says so. 0, or an errno: EBADMSG when the file holds none. */
int keyed_open(struct keyed *ret_keyed, const char *path, bool make);

void keyed_hash(const struct keyed *keyed, hl7_slice value, char ret_hex[HL7_SHA256_HEX]);

/* Overwrites the key. */
void keyed_wipe(struct keyed *keyed);

#endif
