/* SPDX-License-Identifier: Apache-2.0
 *
 * new_file.h - files that appear in a folder whole, synced, and never in the place of another.
 *
 * A file is written under a name that begins with NEW_FILE_HIDDEN, synced, given its own name, and the
 * folder is synced. Under its own name nobody ever sees a part of it, whatever happens on the way. When
 * the name is taken by the same bytes, they are a copy from before a crash, and that is that; when it
 * is taken by others, the next name is tried: "42.hl7", "42-2.hl7", "42-3.hl7".
 *
 * The file is locked while it is hidden. So new_file_sweep() can tell what a crash left behind from
 * what another process is writing just now.
 *
 * All of this blocks, for as long as the disk likes. Nothing is allocated. */
#ifndef BASE_NEW_FILE_H
#define BASE_NEW_FILE_H

#include <stdbool.h>

#include "hl7.h"

#define NEW_FILE_HIDDEN ".tmp-"

enum {
    NEW_FILE_NAME_MAX = 200, /* bytes; what is put in front or behind fits into Linux's 255 */
    NEW_FILE_NUMBERED = 256, /* room for such a name with a number, and NUL */
    NEW_FILE_TRIES = 100,    /* names tried */
    NEW_FILE_MODE = 0640     /* less what the umask takes */
};

struct new_file {
    int directory;
    const char *name; /* NEW_FILE_NAME_MAX bytes at most */
    hl7_slice bytes;
    /* Asked once, before the file gets its name; false: it is not wanted any more. May be NULL. */
    bool (*wanted)(void *context);
    void *context;
};

enum new_file_answer {
    NEW_FILE_WRITTEN,
    NEW_FILE_PRESENT, /* the same bytes were there, under one of the names */
    NEW_FILE_UNWANTED,
    NEW_FILE_FAILED /* nothing is there, unless it was the sync of the folder that failed */
};

/* What could not be done: "write", and the errno. */
struct new_file_trouble {
    const char *step;
    int error;
};

enum new_file_answer new_file_put(const struct new_file *file,
                                  struct new_file_trouble *ret_trouble);

/* Gives a file of one folder a name in another, or in the same one, that is free: `name`, or `name` with
 * a number. Both folders are synced. False with errno set; EXDEV when they are on different disks. */
bool new_file_move(int from, const char *old_name, int to, const char *name,
                   char ret_name[NEW_FILE_NUMBERED]);

/* Renames without replacing and without syncing; false with errno set, EEXIST when the name is taken. */
bool new_file_rename(int from, const char *old_name, int to, const char *name);

/* Removes what a crash left hidden in the folder. Errors are ignored: it only tidies up. */
void new_file_sweep(int directory);

/* "42.hl7" and 2 are "42-2.hl7"; 1 is the name itself. */
void new_file_numbered(const char *name, unsigned number, char ret_name[NEW_FILE_NUMBERED]);

#endif
