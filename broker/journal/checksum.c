/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables are computed when a journal is opened: sixteen kilobytes that nobody has to proofread.
 * table[k][b] is what byte b does to the remainder when k zero bytes follow it. */
#include "checksum.h"

#define POLYNOMIAL UINT64_C(0xC96C5795D7870F42)

void checksum_init(struct checksum *checksum)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t rest = byte;
        for (int bit = 0; bit < 8; bit++) {
            rest = (rest & 1) != 0 ? (rest >> 1) ^ POLYNOMIAL : rest >> 1;
        }
        checksum->table[0][byte] = rest;
    }
    for (size_t k = 1; k < 8; k++) {
        for (size_t byte = 0; byte < 256; byte++) {
            uint64_t rest = checksum->table[k - 1][byte];
            checksum->table[k][byte] = checksum->table[0][rest & 0xff] ^ (rest >> 8);
        }
    }
}

/* Eight bytes as a number, the first one lowest. */
static uint64_t read_eight(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

uint64_t checksum_of(const struct checksum *checksum, hl7_slice bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    const unsigned char *end = p + bytes.len;
    uint64_t rest = ~UINT64_C(0);

    for (; end - p >= 8; p += 8) {
        uint64_t word = rest ^ read_eight(p);
        rest = checksum->table[7][word & 0xff] ^ checksum->table[6][word >> 8 & 0xff] ^
               checksum->table[5][word >> 16 & 0xff] ^ checksum->table[4][word >> 24 & 0xff] ^
               checksum->table[3][word >> 32 & 0xff] ^ checksum->table[2][word >> 40 & 0xff] ^
               checksum->table[1][word >> 48 & 0xff] ^ checksum->table[0][word >> 56];
    }
    for (; p < end; p++) {
        rest = checksum->table[0][(rest & 0xff) ^ *p] ^ (rest >> 8);
    }
    return ~rest;
}
