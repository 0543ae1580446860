/* SPDX-License-Identifier: Apache-2.0
 *
 * Scanning: where in 64 bytes are the separators? The answer is a bit mask, so that the parser's
 * loop runs once per separator and not once per byte. SSE2 is part of every x86-64; elsewhere a
 * plain loop, which compilers turn into vector code, gives the same answer. Nothing is read past
 * the end of the text: a partial block is the end of a whole one, or is copied. Inline, because the
 * parser calls it for every block. */
#ifndef LIB_SCAN_H
#define LIB_SCAN_H

#include "hl7.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { SCAN_BLOCK = 64 };

/* Bit n is set when p[n] is one of the two bytes; SCAN_BLOCK bytes are read. */
static inline uint64_t scan_whole_block(const char *p, char a, char b)
{
    uint64_t mask = 0;

#if defined(__SSE2__)
    __m128i first = _mm_set1_epi8(a);
    __m128i second = _mm_set1_epi8(b);

    for (unsigned i = 0; i < SCAN_BLOCK / 16; i++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(p + (size_t)16 * i));
        __m128i hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, first), _mm_cmpeq_epi8(bytes, second));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(hits) << (16 * i);
    }
#else
    for (unsigned i = 0; i < SCAN_BLOCK; i++) {
        mask |= (uint64_t)(p[i] == a || p[i] == b) << i;
    }
#endif
    return mask;
}

/* Bit n is set when text[start + n] is one of the two bytes; bits past the text are clear. */
static inline uint64_t scan_block(hl7_slice text, size_t start, char a, char b)
{
    size_t left = text.len - start;

    if (left >= SCAN_BLOCK) {
        return scan_whole_block(text.ptr + start, a, b);
    }
    if (left == 0) {
        return 0;
    }
    /* The last bytes of a long text: look at its last block and shift the seen ones out. */
    if (text.len >= SCAN_BLOCK) {
        return scan_whole_block(text.ptr + text.len - SCAN_BLOCK, a, b) >> (SCAN_BLOCK - left);
    }
    char copy[SCAN_BLOCK] = {0};
    memcpy(copy, text.ptr + start, left);
    return scan_whole_block(copy, a, b) & (((uint64_t)1 << left) - 1);
}

/* The offset of the lowest set bit, which is then cleared; *bits must not be 0. */
static inline size_t scan_take(uint64_t *bits)
{
    uint64_t lowest = *bits & (~*bits + 1);

    *bits ^= lowest;
#if defined(__GNUC__)
    return (size_t)__builtin_ctzll(lowest);
#else
    size_t offset = 0;
    while ((lowest >> offset) != 1) {
        offset++;
    }
    return offset;
#endif
}

/* How many bytes of the text are one of the two; *ret_a is how many of them are `a`. */
size_t scan_count(hl7_slice text, char a, char b, size_t *ret_a);

#endif
