/* SPDX-License-Identifier: Apache-2.0 */
#include "directory_work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

void directory_fail(struct directory_work *work, const char *what)
{
    work->answer = DIRECTORY_FAILED;
    work->what = what;
    work->error = errno;
}

struct directory_facts directory_facts_of(const struct stat *stat)
{
    return (struct directory_facts){stat->st_ino, stat->st_size, stat->st_mtim, stat->st_ctim};
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool directory_same(const struct directory_facts *a, const struct directory_facts *b)
{
    return a->inode == b->inode && a->size == b->size && same_time(&a->modified, &b->modified) &&
           same_time(&a->changed, &b->changed);
}

void directory_list_free(struct directory_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->files[i].name);
    }
    free(list->files);
    *list = (struct directory_list){NULL, 0};
}

int directory_open_folder(struct directory_work *work)
{
    int folder = open(work->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (folder < 0) {
        directory_fail(work, "open the folder");
    }
    return folder;
}

static int by_name(const void *a, const void *b)
{
    const struct directory_seen *first = a;
    const struct directory_seen *second = b;

    return strcmp(first->name, second->name);
}

/* Those whose hidden name is ours, and those that fit the pattern. */
static bool is_wanted(const struct directory_work *work, const char *name, bool *ret_left)
{
    *ret_left = strncmp(name, DIRECTORY_HIDDEN, sizeof DIRECTORY_HIDDEN - 1) == 0 &&
                name[sizeof DIRECTORY_HIDDEN - 1] != '\0';
    return *ret_left || (name[0] != '.' && fnmatch(work->pattern, name, FNM_PERIOD) == 0);
}

/* What is known of a file as it is now; what was known is in the old list. */
static void remember(const struct directory_list *old, struct directory_seen *file)
{
    const struct directory_seen *known =
        old->count == 0 ? NULL : bsearch(file, old->files, old->count, sizeof *old->files, by_name);

    if (known != NULL && directory_same(&known->facts, &file->facts)) {
        file->since = known->since;
        file->bad = known->bad;
    }
}

/* Adds one entry of the folder if it is wanted. False when memory is short. */
static bool add_entry(struct directory_work *work, int folder, const char *name,
                      struct directory_list *list)
{
    struct directory_seen file = {.since = work->now};
    struct stat facts;

    if (!is_wanted(work, name, &file.left) ||
        fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(facts.st_mode)) {
        return true;
    }
    if (list->count == DIRECTORY_SEEN) {
        work->more = true;
        return true;
    }
    file.facts = directory_facts_of(&facts);
    file.name = strdup(name);
    if (file.name == NULL) {
        return false;
    }
    remember(&work->list, &file);
    list->files[list->count++] = file;
    return true;
}

/* Goes through the folder. False with errno set. */
static bool read_folder(struct directory_work *work, int folder, DIR *entries,
                        struct directory_list *list)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(entries);
        if (entry == NULL) {
            return errno == 0;
        }
        if (!add_entry(work, folder, entry->d_name, list)) {
            errno = ENOMEM;
            return false;
        }
    }
}

/* `folder` is closed with the entries. */
static void list_folder(struct directory_work *work, int folder)
{
    struct directory_list list = {calloc(DIRECTORY_SEEN, sizeof *list.files), 0};
    DIR *entries = list.files == NULL ? NULL : fdopendir(folder);

    if (entries == NULL) {
        directory_fail(work, "read the folder");
        (void)close(folder);
    } else {
        if (!read_folder(work, folder, entries, &list)) {
            directory_fail(work, "read the folder");
        }
        (void)closedir(entries);
    }
    if (work->answer == DIRECTORY_FAILED) {
        directory_list_free(&list);
        return;
    }
    qsort(list.files, list.count, sizeof *list.files, by_name);
    directory_list_free(&work->list);
    work->list = list;
}

void directory_run_look(struct directory_work *work)
{
    /* Before the look, so that nothing comes between; each time, since the folder may be another. Where
     * it fails the looks go on by the clock. */
    (void)inotify_add_watch(work->inotify, work->path, IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE);
    int folder = directory_open_folder(work);
    if (folder >= 0) {
        list_folder(work, folder);
    }
}
