/* SPDX-License-Identifier: Apache-2.0
 *
 * cookie.c - see cookie.h. */
#include "cookie.h"

#include <string.h>

static hl7_slice trim(hl7_slice text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text = hl7_slice_part(text, 1, text.len);
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

hl7_slice cookie_find(hl7_slice header, hl7_slice name)
{
    hl7_slice found = {NULL, 0};
    hl7_slice piece;

    while (header.ptr != NULL && hl7_piece_next(&header, ';', &piece)) {
        hl7_slice pair = trim(piece);
        const char *mark = pair.len > 0 ? memchr(pair.ptr, '=', pair.len) : NULL;
        size_t len = mark != NULL ? (size_t)(mark - pair.ptr) : 0;

        if (mark == NULL || !hl7_slice_equal((hl7_slice){pair.ptr, len}, name)) {
            continue;
        }
        if (found.ptr != NULL) {
            return (hl7_slice){NULL, 0};
        }
        found = hl7_slice_part(pair, len + 1, pair.len);
    }
    return found;
}
