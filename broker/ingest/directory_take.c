/* SPDX-License-Identifier: Apache-2.0 */
#include "directory_work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../../base/new_file.h"

enum { REASON_ROOM = 16 /* ".reason.txt", when it is put behind a name */ };

void directory_file_free(struct directory_file *file)
{
    free(file->bytes);
    if (file->fd >= 0) {
        (void)close(file->fd);
    }
    *file = (struct directory_file){.fd = -1};
}

/* ---- Taking -------------------------------------------------------------------------------- */

static bool is_left(const char *name)
{
    return strncmp(name, DIRECTORY_HIDDEN, sizeof DIRECTORY_HIDDEN - 1) == 0;
}

/* A lock over a network asks for a descriptor that may write; a file that may only be read will do. */
static int open_file(int folder, const char *name)
{
    const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = openat(folder, name, O_RDWR | flags);

    if (fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM)) {
        fd = openat(folder, name, O_RDONLY | flags);
    }
    return fd;
}

/* Opens the file as it was seen, and locks it where that can be done. False when it is not to be taken. */
static bool open_seen(struct directory_work *work, int folder)
{
    struct stat facts;
    int fd = open_file(folder, work->file.name);

    work->file.fd = fd;
    if (fd < 0) {
        if (errno == ENOENT || errno == ELOOP) {
            work->answer = DIRECTORY_GONE;
        } else {
            directory_fail(work, "open a file");
        }
        return false;
    }
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) ||
        (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)) {
        work->answer = DIRECTORY_GONE;
        return false;
    }
    struct directory_facts now = directory_facts_of(&facts);
    if (!directory_same(&work->facts, &now)) {
        work->facts = now;
        work->answer = DIRECTORY_CHANGED;
        return false;
    }
    return true;
}

/* Gives it its hidden name; from then on it is ours. */
static bool hide(struct directory_work *work, int folder)
{
    struct directory_file *file = &work->file;

    if (is_left(file->name)) {
        memcpy(file->hidden, file->name, sizeof file->hidden);
        memmove(file->name, file->name + sizeof DIRECTORY_HIDDEN - 1,
                sizeof file->name - (sizeof DIRECTORY_HIDDEN - 1));
        return true;
    }
    if (strlen(file->name) + sizeof DIRECTORY_HIDDEN > sizeof file->hidden) {
        errno = ENAMETOOLONG;
        directory_fail(work, "take a file");
        return false;
    }
    (void)snprintf(file->hidden, sizeof file->hidden, DIRECTORY_HIDDEN "%.*s",
                   (int)(sizeof file->hidden - sizeof DIRECTORY_HIDDEN), file->name);
    if (new_file_rename(folder, file->name, folder, file->hidden)) {
        return true;
    }
    file->hidden[0] = '\0';
    if (errno == ENOENT) {
        work->answer = DIRECTORY_GONE;
    } else {
        directory_fail(work, "take a file");
    }
    return false;
}

/* The name was given to what is open here, unless another file took its place in between. */
static bool is_ours(int folder, const struct directory_file *file)
{
    struct stat open;
    struct stat named;

    return fstat(file->fd, &open) == 0 &&
           fstatat(folder, file->hidden, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

/* Reads all of it. False with errno set; 0 when it is not as long as it was. */
static bool read_file(struct directory_file *file, size_t len)
{
    size_t at = 0;
    char past;

    file->bytes = malloc(len + 1);
    if (file->bytes == NULL) {
        return false;
    }
    while (at < len) {
        ssize_t got = pread(file->fd, file->bytes + at, len - at, (off_t)at);
        if (got < 0 && errno != EINTR) {
            return false;
        }
        if (got == 0) {
            errno = 0;
            return false;
        }
        at += got > 0 ? (size_t)got : 0;
    }
    errno = 0;
    file->len = len;
    return pread(file->fd, &past, 1, (off_t)len) == 0;
}

/* It changed in our hands: whoever writes it has it open. It gets its name back. */
static void put_back(struct directory_work *work, int folder)
{
    struct directory_file *file = &work->file;

    /* When the name is taken meanwhile, it stays hidden, and is found as one that a crash left. */
    (void)new_file_rename(folder, file->hidden, folder, file->name);
    file->hidden[0] = '\0';
}

/* The bytes of the file that is taken now. */
static void read_taken(struct directory_work *work, int folder)
{
    struct directory_file *file = &work->file;
    size_t len = (size_t)work->facts.size;

    if (!is_ours(folder, file)) {
        put_back(work, folder);
        work->answer = DIRECTORY_GONE;
    } else if (len > work->longest) {
        work->answer = DIRECTORY_LONG;
    } else if (!read_file(file, len)) {
        int error = errno;
        put_back(work, folder);
        work->answer = DIRECTORY_CHANGED;
        if (error != 0) {
            errno = error;
            directory_fail(work, "read a file");
        }
    }
}

void directory_run_take(struct directory_work *work)
{
    int folder = directory_open_folder(work);

    if (folder < 0) {
        return;
    }
    if (open_seen(work, folder) && !errand_is_left(&work->errand) && hide(work, folder)) {
        read_taken(work, folder);
    }
    if (work->answer != DIRECTORY_OK && work->answer != DIRECTORY_LONG) {
        struct stat facts;
        if (work->file.fd >= 0 && fstat(work->file.fd, &facts) == 0) {
            work->facts = directory_facts_of(&facts);
        }
        directory_file_free(&work->file);
    }
    (void)close(folder);
}

/* ---- Putting away -------------------------------------------------------------------------- */

/* Another disk: a copy, then the end of the original. */
static bool copy_over(const struct directory_work *work, int folder, int to, const char *name)
{
    const struct directory_file *file = &work->file;
    struct new_file copy = {to, name, {file->bytes, file->len}, NULL, NULL};
    struct new_file_trouble trouble = {"", 0};

    if (file->bytes == NULL) {
        errno = EXDEV; /* it is too long to be read */
        return false;
    }
    if (new_file_put(&copy, &trouble) == NEW_FILE_FAILED) {
        errno = trouble.error;
        return false;
    }
    return unlinkat(folder, file->hidden, 0) == 0;
}

/* NAME.reason.txt. That the file is put away does not depend on it. */
static void write_reason(const struct directory_work *work, int to, const char *name)
{
    char own[NEW_FILE_NUMBERED + REASON_ROOM];
    char text[sizeof work->reason + 2];
    struct new_file_trouble ignored;

    (void)snprintf(own, sizeof own, "%.*s.reason.txt", NEW_FILE_NAME_MAX - REASON_ROOM, name);
    int len = snprintf(text, sizeof text, "%s\n", work->reason);
    struct new_file file = {to, own, {text, (size_t)len}, NULL, NULL};
    (void)new_file_put(&file, &ignored);
}

/* Moves the file to a folder, which is made if there is none. */
static bool move_to(struct directory_work *work, int folder, const char *path)
{
    char name[NEW_FILE_NUMBERED];
    char moved[NEW_FILE_NUMBERED];

    if (mkdir(path, 0750) != 0 && errno != EEXIST) {
        return false;
    }
    int to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (to < 0) {
        return false;
    }
    (void)snprintf(name, sizeof name, "%.*s", NEW_FILE_NAME_MAX - REASON_ROOM, work->file.name);
    memcpy(moved, name, sizeof moved);
    bool good = new_file_move(folder, work->file.hidden, to, name, moved);
    if (!good && errno == EXDEV) {
        good = copy_over(work, folder, to, name);
    }
    int error = errno;
    if (good && !work->accepted) {
        write_reason(work, to, moved);
    }
    (void)close(to);
    errno = error;
    return good;
}

/* Somebody took it away by hand: it is finished, too. */
static bool is_away(int folder, const char *hidden)
{
    struct stat facts;

    return fstatat(folder, hidden, &facts, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT;
}

void directory_run_finish(struct directory_work *work)
{
    const char *path = work->accepted ? work->done : work->errors;
    int folder = directory_open_folder(work);

    if (folder < 0) {
        return;
    }
    if (is_away(folder, work->file.hidden)) {
        (void)close(folder);
        return;
    }
    if (path != NULL && !move_to(work, folder, path)) {
        directory_fail(work, work->accepted ? "move a file to the done-directory"
                                            : "move a file to the error-directory");
    } else if (path == NULL && unlinkat(folder, work->file.hidden, 0) != 0) {
        directory_fail(work, "delete a file");
    } else if (path == NULL && fsync(folder) != 0 && errno != EINVAL && errno != EOPNOTSUPP) {
        directory_fail(work, "sync the folder");
    }
    (void)close(folder);
}
