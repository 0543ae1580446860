/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

void watch_open(struct watch *watch)
{
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

void watch_folder_of(const struct watch *watch, const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";

    if (watch->fd < 0 || (slash != NULL && snprintf(folder, sizeof folder, "%.*s",
                                                    (int)(slash - path) + 1, path) >= PATH_MAX)) {
        return;
    }
    /* The system counts them from 1, and gives a folder that is watched already its number again. */
    int number = inotify_add_watch(watch->fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR);
    if (number > WATCH_FOLDERS_MAX) {
        (void)inotify_rm_watch(watch->fd, number);
    }
}

bool watch_heard(const struct watch *watch)
{
    char events[4096];
    bool heard = false;

    while (watch->fd >= 0 && read(watch->fd, events, sizeof events) > 0) {
        heard = true;
    }
    return heard;
}

void watch_close(struct watch *watch)
{
    if (watch->fd >= 0) {
        (void)close(watch->fd);
        watch->fd = -1;
    }
}
