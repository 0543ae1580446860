/* SPDX-License-Identifier: Apache-2.0
 *
 * See new_file.h for what it is. Not replacing: renameat2() with RENAME_NOREPLACE where the file system
 * knows it (local disks, CIFS); a second link and an unlink where it does not (NFS). */
#include "new_file.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HIDDEN_SIZE = sizeof NEW_FILE_HIDDEN + 16 };

static bool fail(struct new_file_trouble *trouble, const char *step)
{
    *trouble = (struct new_file_trouble){step, errno};
    return false;
}

void new_file_numbered(const char *name, unsigned number, char ret_name[NEW_FILE_NUMBERED])
{
    size_t len = strlen(name);
    const char *dot = strrchr(name, '.');
    size_t front = dot == NULL || dot == name ? len : (size_t)(dot - name);

    assert(len <= NEW_FILE_NAME_MAX);
    if (number == 1) {
        memcpy(ret_name, name, len + 1);
    } else {
        (void)snprintf(ret_name, NEW_FILE_NUMBERED, "%.*s-%u%s", (int)front, name, number,
                       name + front);
    }
}

/* ---- The hidden file ----------------------------------------------------------------------- */

/* Locks the file, where the file system has locks. False when a sweep has just removed it. */
static bool hold(int fd)
{
    struct stat facts;

    while (flock(fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    return fstat(fd, &facts) == 0 && facts.st_nlink > 0;
}

/* Opens a locked file under a name nobody else uses; -1 with errno set. Process ids are no such name:
 * containers that share a folder have the same ones. */
static int open_hidden(int directory, char name[HIDDEN_SIZE])
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

    for (;;) {
        uint64_t random = 0;

        if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
            return -1;
        }
        (void)snprintf(name, HIDDEN_SIZE, NEW_FILE_HIDDEN "%016llx", (unsigned long long)random);
        int fd = openat(directory, name, flags, NEW_FILE_MODE);
        if (fd >= 0 && hold(fd)) {
            return fd;
        }
        if (fd >= 0) {
            (void)close(fd);
        } else if (errno != EEXIST) {
            return -1;
        }
    }
}

static bool write_all(int fd, hl7_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            return false;
        }
        bytes = hl7_slice_part(bytes, (size_t)put, bytes.len);
    }
    return true;
}

/* Some file systems cannot sync a folder, and say so. */
static bool sync_folder(int directory)
{
    return fsync(directory) == 0 || errno == EINVAL || errno == EOPNOTSUPP;
}

/* ---- Its name ------------------------------------------------------------------------------ */

bool new_file_rename(int from, const char *old_name, int to, const char *name)
{
    if (renameat2(from, old_name, to, name, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    return linkat(from, old_name, to, name, 0) == 0 && unlinkat(from, old_name, 0) == 0;
}

static bool same_content(int fd, hl7_slice bytes)
{
    char chunk[16384];
    ssize_t got = 0;

    do {
        got = read(fd, chunk, sizeof chunk);
        if (got > 0) {
            if ((size_t)got > bytes.len || memcmp(chunk, bytes.ptr, (size_t)got) != 0) {
                return false;
            }
            bytes = hl7_slice_part(bytes, (size_t)got, bytes.len);
        }
    } while (got > 0 || (got < 0 && errno == EINTR));
    return got == 0 && bytes.len == 0;
}

/* What has the name: the same bytes, something else, or nothing any more. */
enum holder { SAME, OTHER, GONE, UNSYNCED };

/* What is there may never have been synced: the crash that left it came first. */
static enum holder look_at(int directory, const char *name, hl7_slice bytes)
{
    struct stat facts;
    enum holder holder = OTHER;

    /* O_NONBLOCK: a pipe of this name would wait for somebody to write. */
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? GONE : OTHER;
    }
    if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && (size_t)facts.st_size == bytes.len &&
        same_content(fd, bytes)) {
        holder = fsync(fd) == 0 ? SAME : UNSYNCED;
    }
    int error = errno;
    (void)close(fd);
    errno = error;
    return holder;
}

/* Gives the hidden file the first name that is free, unless the same bytes are under one before. */
static enum new_file_answer publish(const struct new_file *file, const char *hidden,
                                    struct new_file_trouble *trouble)
{
    char name[NEW_FILE_NUMBERED];

    for (unsigned number = 1; number <= NEW_FILE_TRIES; number++) {
        new_file_numbered(file->name, number, name);
        if (new_file_rename(file->directory, hidden, file->directory, name)) {
            return NEW_FILE_WRITTEN;
        }
        if (errno != EEXIST) {
            (void)fail(trouble, "name");
            return NEW_FILE_FAILED;
        }
        enum holder holder = look_at(file->directory, name, file->bytes);
        if (holder == SAME) {
            return NEW_FILE_PRESENT;
        }
        if (holder == UNSYNCED) {
            (void)fail(trouble, "sync");
            return NEW_FILE_FAILED;
        }
        /* Somebody has just taken it away: the name is free. NEW_FILE_TRIES bounds this, too. */
        if (holder == GONE && new_file_rename(file->directory, hidden, file->directory, name)) {
            return NEW_FILE_WRITTEN;
        }
    }
    *trouble = (struct new_file_trouble){"name", EEXIST};
    return NEW_FILE_FAILED;
}

/* Writes the hidden file; false when that failed. */
static bool fill(int fd, hl7_slice bytes, struct new_file_trouble *trouble)
{
    if (!write_all(fd, bytes)) {
        return fail(trouble, "write");
    }
    return fsync(fd) == 0 || fail(trouble, "sync");
}

enum new_file_answer new_file_put(const struct new_file *file, struct new_file_trouble *ret_trouble)
{
    enum new_file_answer answer = NEW_FILE_FAILED;
    char hidden[HIDDEN_SIZE];

    int fd = open_hidden(file->directory, hidden);
    if (fd < 0) {
        (void)fail(ret_trouble, "create");
        return NEW_FILE_FAILED;
    }
    if (fill(fd, file->bytes, ret_trouble)) {
        bool wanted = file->wanted == NULL || file->wanted(file->context);
        answer = wanted ? publish(file, hidden, ret_trouble) : NEW_FILE_UNWANTED;
    }
    if (answer != NEW_FILE_WRITTEN) {
        (void)unlinkat(file->directory, hidden, 0);
    }
    /* The lock ends with the descriptor, after the name: a sweep never meets it without. */
    if (close(fd) != 0 && answer == NEW_FILE_WRITTEN) {
        (void)fail(ret_trouble, "close");
        return NEW_FILE_FAILED;
    }
    if ((answer == NEW_FILE_WRITTEN || answer == NEW_FILE_PRESENT) &&
        !sync_folder(file->directory)) {
        (void)fail(ret_trouble, "sync");
        return NEW_FILE_FAILED;
    }
    return answer;
}

bool new_file_move(int from, const char *old_name, int to, const char *name,
                   char ret_name[NEW_FILE_NUMBERED])
{
    char numbered[NEW_FILE_NUMBERED];

    for (unsigned number = 1; number <= NEW_FILE_TRIES; number++) {
        new_file_numbered(name, number, numbered);
        if (new_file_rename(from, old_name, to, numbered)) {
            memcpy(ret_name, numbered, sizeof numbered);
            return sync_folder(to) && sync_folder(from);
        }
        if (errno != EEXIST) {
            return false;
        }
    }
    return false;
}

/* ---- After a crash ------------------------------------------------------------------------- */

static void remove_unlocked(int directory, const char *name)
{
    int fd = openat(directory, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        (void)unlinkat(directory, name, 0);
    }
    (void)close(fd);
}

void new_file_sweep(int directory)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);

    if (entries == NULL) {
        if (copy >= 0) {
            (void)close(copy);
        }
        return;
    }
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        if (strncmp(entry->d_name, NEW_FILE_HIDDEN, sizeof NEW_FILE_HIDDEN - 1) == 0) {
            remove_unlocked(directory, entry->d_name);
        }
    }
    (void)closedir(entries);
}
