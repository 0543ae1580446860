/* SPDX-License-Identifier: Apache-2.0
 *
 * secret.c - see secret.h. */
#include "secret.h"

#include <sys/random.h>

bool secret_make(char ret_text[SECRET_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[SECRET_DIGITS / 2];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        ret_text[2 * i] = digits[bytes[i] >> 4];
        ret_text[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_text[SECRET_DIGITS] = '\0';
    return true;
}

bool secret_same(hl7_slice a, hl7_slice b)
{
    unsigned char different = 0;

    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        different |= (unsigned char)(a.ptr[i] ^ b.ptr[i]);
    }
    return different == 0;
}
