/* SPDX-License-Identifier: Apache-2.0
 *
 * folders.h - the folders that are left to a process, by Landlock. What is below a folder goes with it; what is
 * below none of them cannot be opened, made, renamed or removed, and nothing at all can be run.
 *
 *     struct folders folders = {0};
 *     folders_allow(&folders, "/var/lib/orderly", true);
 *     folders_allow(&folders, "/etc/orderly", false);
 *     int error = folders_confine(&folders);
 *     ...
 *     if (!folders_cover(&folders, "/srv/new", true)) { ... }
 *     folders_release(&folders);
 *
 * What was left to a process can only become less. A folder is known by what it is, not by its name: one that
 * was not there, or that another file system is mounted over later, is not among them. */
#ifndef BASE_FOLDERS_H
#define BASE_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

struct folder {
    char *path; /* malloc'd, without symbolic links */
    bool writable;
};

/* Begin with {0}. */
struct folders {
    struct folder *items;
    size_t count;
    size_t size;
};

/* Adds a folder, or one file. 0 or an errno: ENOENT when it is not there. */
int folders_allow(struct folders *folders, const char *path, bool writable);

/* The path, there or yet to be made, is one of the folders or below one. */
bool folders_cover(const struct folders *folders, const char *path, bool writable);

/* Leaves them to this thread and all it starts. No new privileges must be possible. 0 or an errno: ENOSYS where
 * the kernel has no Landlock, or one that cannot rename from one folder to another (before 5.19). */
int folders_confine(const struct folders *folders);

void folders_release(struct folders *folders);

#endif
