/* SPDX-License-Identifier: Apache-2.0
 *
 * Slices: text as pointer and length. Nothing here allocates or can fail. */
#include "hl7.h"

#include <string.h>

hl7_slice hl7_slice_of(const char *text)
{
    return (hl7_slice){text, text == NULL ? 0 : strlen(text)};
}

bool hl7_slice_equal(hl7_slice a, hl7_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool hl7_slice_starts(hl7_slice text, hl7_slice prefix)
{
    return text.len >= prefix.len &&
           (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

hl7_slice hl7_slice_part(hl7_slice text, size_t start, size_t len)
{
    if (text.ptr == NULL) {
        return text;
    }
    if (start > text.len) {
        start = text.len;
    }
    if (len > text.len - start) {
        len = text.len - start;
    }
    return (hl7_slice){text.ptr + start, len};
}
