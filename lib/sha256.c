/* SPDX-License-Identifier: Apache-2.0
 *
 * The text is taken in blocks of 64 bytes; the last one or two hold its end, one set bit, zeros, and
 * its length in bits. */
#include "hl7.h"

#include <string.h>

enum { BLOCK = 64, WORDS = 8, ROUNDS = 64, LENGTH_BYTES = 8 };

/* The first 32 bits behind the point of the cube roots of the first 64 primes. */
static const uint32_t round_words[ROUNDS] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The same of the square roots of the first eight. */
static const uint32_t first_words[WORDS] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32 - bits);
}

/* Words are written with the highest byte first. */
static uint32_t read_word(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The sixteen words of a block and 48 that follow from them. */
static void expand(const unsigned char *block, uint32_t words[ROUNDS])
{
    for (size_t i = 0; i < 16; i++) {
        words[i] = read_word(block + 4 * i);
    }
    for (size_t i = 16; i < ROUNDS; i++) {
        uint32_t a = words[i - 15];
        uint32_t b = words[i - 2];
        words[i] = words[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + words[i - 7] +
                   (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

static void add_block(uint32_t state[WORDS], const unsigned char *block)
{
    uint32_t words[ROUNDS];
    uint32_t v[WORDS];

    expand(block, words);
    memcpy(v, state, sizeof v);
    for (size_t i = 0; i < ROUNDS; i++) {
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        uint32_t first = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) + choice +
                         round_words[i] + words[i];
        uint32_t second = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) + majority;
        memmove(v + 1, v, sizeof v - sizeof *v);
        v[4] += first;
        v[0] = first + second;
    }
    for (size_t i = 0; i < WORDS; i++) {
        state[i] += v[i];
    }
}

/* Writes a number into bytes, the highest first. */
static void write_number(uint64_t number, unsigned char *bytes, size_t len)
{
    for (size_t i = len; i > 0; i--) {
        bytes[i - 1] = (unsigned char)(number & 0xff);
        number >>= 8;
    }
}

void hl7_sha256(hl7_slice text, unsigned char ret_digest[HL7_SHA256_BYTES])
{
    unsigned char tail[2 * BLOCK] = {0};
    uint32_t state[WORDS];
    size_t at = 0;

    memcpy(state, first_words, sizeof state);
    for (; text.len - at >= BLOCK; at += BLOCK) {
        add_block(state, (const unsigned char *)text.ptr + at);
    }
    size_t rest = text.len - at;
    size_t end = rest + 1 + LENGTH_BYTES <= BLOCK ? BLOCK : 2 * BLOCK;
    if (rest > 0) {
        memcpy(tail, text.ptr + at, rest);
    }
    tail[rest] = 0x80;
    write_number((uint64_t)text.len * 8, tail + end - LENGTH_BYTES, LENGTH_BYTES);
    for (size_t i = 0; i < end; i += BLOCK) {
        add_block(state, tail + i);
    }
    for (size_t i = 0; i < WORDS; i++) {
        write_number(state[i], ret_digest + 4 * i, 4);
    }
}

void hl7_sha256_hex(hl7_slice text, char ret_hex[HL7_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[HL7_SHA256_BYTES];

    hl7_sha256(text, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hex[HL7_SHA256_HEX - 1] = '\0';
}
