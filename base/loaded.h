/* SPDX-License-Identifier: Apache-2.0
 *
 * loaded.h - what this process is really made of: its own build id, and the shared libraries that the
 * loader gave it. What a build was linked with says less: libraries are updated beneath it. */
#ifndef BASE_LOADED_H
#define BASE_LOADED_H

#include <stddef.h>

enum { LOADED_ID_MAX = 65 }; /* 32 bytes in hex, with the NUL */

/* Calls back for the program, whose path is "", and for each library, in the order they were loaded; `id` is
 * the build id in hex, "" when there is none. Both live until the callback returns. */
void loaded_each(void (*on_object)(void *context, const char *path, const char *id), void *context);

#endif
