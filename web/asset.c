/* SPDX-License-Identifier: Apache-2.0
 *
 * asset.c - see asset.h. */
#include "asset.h"

#include "assets.inc"

const struct asset *assets(void)
{
    return embedded;
}

const struct asset *asset_find(hl7_slice name)
{
    for (const struct asset *at = embedded; at->name != NULL; at++) {
        if (hl7_slice_equal(hl7_slice_of(at->name), name)) {
            return at;
        }
    }
    return NULL;
}
