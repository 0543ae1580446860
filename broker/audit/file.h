/* SPDX-License-Identifier: Apache-2.0
 *
 * file.h - the file that audit records are appended to. Everything here blocks, and is for one thread at a
 * time.
 *
 * The file is 0600 and locked while it is open. Opening reads all of it: it goes on from the last record
 * that is there, after a crash too. What a crash left of a line is moved to PATH.torn. Before each write it
 * is looked at again: a file that was moved away or removed is made anew, and the chain goes on in it.
 *
 * A record is there when audit_file_append() returned true: written and synced. When it returned false
 * nothing of it is, or the file is closed and the next call reads what there is. */
#ifndef BROKER_AUDIT_FILE_H
#define BROKER_AUDIT_FILE_H

#include <limits.h>

#include "audit.h"
#include "forward.h"

struct audit_file {
    const char *path;
    int64_t size_max; /* a larger one is set aside; 0: never */
    int fd;           /* negative: closed */
    off_t size;
    struct audit_link last;
    bool began;              /* `last` is known */
    bool ended;              /* the last record that was found is that of a good end */
    int64_t damage;          /* faults that opening found, until they are recorded */
    int64_t torn;            /* bytes it set aside, likewise */
    int64_t gone;            /* how often the file had gone, likewise */
    bool aside;              /* it is not there because it was set aside */
    struct forward *forward; /* gets copies of what was written; freed with the file. NULL: none */
    char trouble[256];       /* why it cannot be written; "" */
    char name[PATH_MAX];
    char line[];
};

/* A closed one; `path` is borrowed. NULL when memory is short. */
struct audit_file *audit_file_new(const char *path, int64_t size_max);

/* Closes and frees. Accepts a pointer to NULL. */
void audit_file_free(struct audit_file **file);

/* Opens it if it is not open. False with `trouble`. */
bool audit_file_open(struct audit_file *file);

/* Appends the entries of a list, as one write with one sync; sets `link` or `failed` of each. */
bool audit_file_append(struct audit_file *file, struct audit_entry *first);

#endif
