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

uint64_t checksum_of(const struct checksum *checksum, hl7_slice bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    const unsigned char *end = p + bytes.len;
    uint64_t rest = ~UINT64_C(0);

    for (; end - p >= 8; p += 8) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < 8; i++) {
            sum ^= checksum->table[7 - i][((rest >> (8 * i)) & 0xff) ^ p[i]];
        }
        rest = sum;
    }
    for (; p < end; p++) {
        rest = checksum->table[0][(rest & 0xff) ^ *p] ^ (rest >> 8);
    }
    return ~rest;
}
