/* SPDX-License-Identifier: Apache-2.0
 *
 * Counting two byte values in one pass. Finding them is inline, in the header. */
#include "scan.h"

#if defined(__SSE2__)
/* Adds up the sixteen bytes of a vector. */
static size_t sum_bytes(__m128i bytes)
{
    __m128i sums = _mm_sad_epu8(bytes, _mm_setzero_si128());

    return (size_t)_mm_cvtsi128_si64(sums) + (size_t)_mm_extract_epi16(sums, 4);
}

/* Counts in whole vectors; how many bytes that were is the answer. Each lane counts in a byte, so a
 * lane is emptied before it can overflow. */
static size_t count_vectors(hl7_slice text, char a, char b, size_t *both, size_t *only_a)
{
    const size_t most = 255;
    __m128i first = _mm_set1_epi8(a);
    __m128i second = _mm_set1_epi8(b);
    size_t at = 0;

    while (text.len - at >= sizeof(__m128i)) {
        size_t vectors = (text.len - at) / sizeof(__m128i);
        __m128i counts_a = _mm_setzero_si128();
        __m128i counts_both = _mm_setzero_si128();
        for (size_t n = vectors < most ? vectors : most; n > 0; n--, at += sizeof(__m128i)) {
            __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(text.ptr + at));
            __m128i is_a = _mm_cmpeq_epi8(bytes, first);
            counts_a = _mm_sub_epi8(counts_a, is_a);
            counts_both =
                _mm_sub_epi8(counts_both, _mm_or_si128(is_a, _mm_cmpeq_epi8(bytes, second)));
        }
        *only_a += sum_bytes(counts_a);
        *both += sum_bytes(counts_both);
    }
    return at;
}
#else
static size_t count_vectors(hl7_slice text, char a, char b, size_t *both, size_t *only_a)
{
    (void)text, (void)a, (void)b, (void)both, (void)only_a;
    return 0;
}
#endif

size_t scan_count(hl7_slice text, char a, char b, size_t *ret_a)
{
    size_t both = 0;
    size_t only_a = 0;

    for (size_t at = count_vectors(text, a, b, &both, &only_a); at < text.len; at++) {
        both += text.ptr[at] == a || text.ptr[at] == b ? 1 : 0;
        only_a += text.ptr[at] == a ? 1 : 0;
    }
    *ret_a = only_a;
    return both;
}
