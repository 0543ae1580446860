/* SPDX-License-Identifier: Apache-2.0
 *
 * The look-ups of the dictionary. Its tables are made by tools/dict/generate.js, one file each
 * (*.tbl), and compiled in here; nothing has to be set up. */
#include "hl7.h"

#include <string.h>

static const struct hl7_dict_segment segments[] = {
#define SEGMENT(name, fields) {name, fields},
#include "dict/segments.tbl"
#undef SEGMENT
};

enum { SEGMENTS = sizeof segments / sizeof *segments };

const struct hl7_dict_segment *hl7_dict_segments(size_t *ret_count)
{
    *ret_count = SEGMENTS;
    return segments;
}

const struct hl7_dict_segment *hl7_dict_segment(hl7_slice name)
{
    size_t low = 0;
    size_t high = SEGMENTS;

    if (name.len != 3) {
        return NULL;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(name.ptr, segments[middle].name, 3);
        if (order == 0) {
            return &segments[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
