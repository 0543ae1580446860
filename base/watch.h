/* SPDX-License-Identifier: Apache-2.0
 *
 * watch.h - hears from the system (inotify) that something happened in the folders of some files: one was
 * written and closed, or got its name. What happened has to be looked for; and as the system hears nothing
 * of what other machines do on a network file system, or of a folder that takes another's place, those who
 * watch have to look now and then all the same. So nothing here is an error: what cannot be watched is
 * not. */
#ifndef BASE_WATCH_H
#define BASE_WATCH_H

#include <stdbool.h>

enum { WATCH_FOLDERS_MAX = 64 };

struct watch {
    int fd; /* readable when something happened; -1: nothing is watched */
};

/* Begins without folders. */
void watch_open(struct watch *watch);

/* Watches the folder of a file, whose name may begin at the working directory. The same folder counts
 * once; those over WATCH_FOLDERS_MAX are not watched. */
void watch_folder_of(const struct watch *watch, const char *path);

/* Forgets what happened so far; true when something did. */
bool watch_heard(const struct watch *watch);

void watch_close(struct watch *watch);

#endif
