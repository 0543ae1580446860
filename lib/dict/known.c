/* SPDX-License-Identifier: Apache-2.0
 *
 * The segments that any version has. These are small, and there in every build: what reads a template
 * needs them. Their table is made by tools/dict/generate.js. */
#include "hl7.h"

#include <string.h>

static const struct hl7_dict_known segments[] = {
#define KNOWN(name, fields) {name, fields},
#include "dict/known.tbl"
#undef KNOWN
};

enum { SEGMENTS = sizeof segments / sizeof *segments };

const struct hl7_dict_known *hl7_dict_known_all(size_t *ret_count)
{
    *ret_count = SEGMENTS;
    return segments;
}

const struct hl7_dict_known *hl7_dict_known(hl7_slice name)
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
