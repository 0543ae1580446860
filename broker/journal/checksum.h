/* SPDX-License-Identifier: Apache-2.0
 *
 * The checksum of stored bytes: CRC-64 with the polynomial of ECMA-182, reflected, complemented at
 * both ends ("CRC-64/XZ"). It finds every damage that lies within 64 bits in a row, so every changed
 * byte, and misses any other with a chance of one in 2^64. It is no protection against people. */
#ifndef BROKER_JOURNAL_CHECKSUM_H
#define BROKER_JOURNAL_CHECKSUM_H

#include "hl7.h"

/* Eight bytes are worked through at a time, by eight tables. */
struct checksum {
    uint64_t table[8][256];
};

void checksum_init(struct checksum *checksum);

uint64_t checksum_of(const struct checksum *checksum, hl7_slice bytes);

#endif
