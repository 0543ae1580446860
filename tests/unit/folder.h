/* SPDX-License-Identifier: Apache-2.0
 *
 * folder.h - a folder of a test's own, and what is in it. A helper that fails fails the test. */
#ifndef TESTS_UNIT_FOLDER_H
#define TESTS_UNIT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "hl7.h"

struct folder {
    char path[64];
    int fd;
};

void folder_make(struct folder *folder);

/* Removes it with all that is in it, folders of folders included. */
void folder_remove(struct folder *folder);

/* The path of a name in it; good until the next call but three. */
const char *folder_path(const struct folder *folder, const char *name);

/* Writes a file. Its name may begin with folders, which are made. */
void folder_write(const struct folder *folder, const char *name, hl7_slice bytes);
void folder_write_text(const struct folder *folder, const char *name, const char *text);

/* The bytes of a file, which is small; the memory is good until the next call. Absent: no such file. */
hl7_slice folder_read(const struct folder *folder, const char *name);

bool folder_has(const struct folder *folder, const char *name);

/* Entries whose names do not begin with a dot, and those that do. */
size_t folder_count(const struct folder *folder);
size_t folder_count_hidden(const struct folder *folder);

#endif
