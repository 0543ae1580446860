/* SPDX-License-Identifier: Apache-2.0
 *
 * folder.h - a folder of its own for a test, with files in it. What cannot be made fails the test.
 */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include "support.h"

struct folder {
    char path[64];
};

void folder_open(struct folder *folder);

/* Writes a file; its name may begin with folders, which are made. */
void folder_put(const struct folder *folder, const char *name, hl7_slice text);
void folder_put_text(const struct folder *folder, const char *name, const char *text);

/* "PATH/NAME"; the result is good until the eighth call after it. */
const char *folder_file(const struct folder *folder, const char *name);

/* Removes the folder with all that is in it. */
void folder_close(struct folder *folder);

#endif
