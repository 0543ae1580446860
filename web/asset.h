/* SPDX-License-Identifier: Apache-2.0
 *
 * asset.h - the files of the page, as they were when the program was built: cmake/Embed.cmake makes them
 * arrays. */
#ifndef WEB_ASSET_H
#define WEB_ASSET_H

#include "hl7.h"

struct asset {
    const char *name;
    const char *type; /* by its ending */
    const char *hash; /* SHA-256, as hexadecimal digits */
    const unsigned char *bytes;
    size_t len;
};

/* All of them, ended by one without a name. */
const struct asset *assets(void);

/* The one of this name, or NULL. */
const struct asset *asset_find(hl7_slice name);

#endif
