/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chain.h"

enum { NAME_SIZE = 64, BATCH_SIZE = 16 * AUDIT_LINE_MAX };

/* ---- Life ----------------------------------------------------------------------------------- */

struct audit_file *audit_file_new(const char *path, int64_t size_max)
{
    struct audit_file *file = calloc(1, sizeof *file + BATCH_SIZE);

    if (file != NULL) {
        file->path = path;
        file->size_max = size_max;
        file->fd = -1;
    }
    return file;
}

static void close_file(struct audit_file *file)
{
    if (file->fd >= 0) {
        (void)close(file->fd);
        file->fd = -1;
    }
}

void audit_file_free(struct audit_file **file)
{
    if (*file != NULL) {
        close_file(*file);
        forward_free(&(*file)->forward);
        free(*file);
        *file = NULL;
    }
}

static bool say(struct audit_file *file, const char *step, int error)
{
    (void)snprintf(file->trouble, sizeof file->trouble, "%.120s: cannot %s: %.80s", file->path,
                   step, strerror(error));
    return false;
}

/* ---- Opening -------------------------------------------------------------------------------- */

/* Makes a name in a folder last. */
static bool sync_folder(const char *path)
{
    char *copy = strdup(path);
    char *slash = copy != NULL ? strrchr(copy, '/') : NULL;

    if (slash != NULL) {
        slash[slash == copy] = '\0';
    }
    int fd =
        copy == NULL ? -1 : open(slash != NULL ? copy : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    free(copy);
    return good;
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t put = write(fd, bytes, len);

        if (put > 0) {
            bytes += put;
            len -= (size_t)put;
        } else if (put == 0 || errno != EINTR) {
            errno = put == 0 ? EIO : errno;
            return false;
        }
    }
    return true;
}

/* Copies what a crash left of a line to PATH.torn, then cuts it off. */
static bool set_torn_aside(struct audit_file *file, const struct audit_chain *chain)
{
    (void)snprintf(file->name, sizeof file->name, "%s.torn", file->path);
    int fd = open(file->name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    off_t at = chain->whole;
    off_t end = chain->whole + chain->torn;
    bool good = fd >= 0;

    while (good && at < end) {
        size_t want = end - at < BATCH_SIZE ? (size_t)(end - at) : BATCH_SIZE;
        ssize_t got = pread(file->fd, file->line, want, at);

        good = got > 0 && write_all(fd, file->line, (size_t)got);
        at += good ? got : 0;
    }
    good = good && write_all(fd, "\n", 1) && fdatasync(fd) == 0 &&
           ftruncate(file->fd, chain->whole) == 0 && fdatasync(file->fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return good;
}

/* The last link of the file that was set aside last. 0, or an errno. */
static int read_older(const struct audit_file *file, char *name, struct audit_chain *chain)
{
    unsigned *numbers = NULL;
    size_t count = 0;
    int error = 0;

    if (!audit_chain_numbers(file->path, &numbers, &count)) {
        return errno;
    }
    if (count > 0 && audit_chain_name(file->path, numbers[count - 1], name, PATH_MAX)) {
        int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        error = fd < 0 ? errno : audit_chain_read(chain, fd, name, NULL);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    free(numbers);
    return error;
}

/* Finds out where the chain goes on. */
static bool find_end(struct audit_file *file)
{
    struct audit_chain chain = audit_chain_begin();
    int error = file->size > 0 ? audit_chain_read(&chain, file->fd, file->path, NULL)
                               : read_older(file, file->name, &chain);

    if (error != 0) {
        return say(file, "read", error);
    }
    file->damage += chain.faults - (chain.torn > 0);
    if (file->size > 0 && chain.torn > 0) {
        if (!set_torn_aside(file, &chain)) {
            return say(file, "set a torn line aside", errno);
        }
        file->torn += chain.torn;
        file->size = chain.whole;
    }
    if (file->size == 0 && file->began) {
        file->gone += !file->aside; /* `last` is known better than what is there */
        file->aside = false;
        return true;
    }
    file->last = chain.last;
    file->ended = chain.ended;
    file->began = true;
    return true;
}

/* The file, made if need be: a plain file of ours that nobody else has open. */
static bool take_file(struct audit_file *file)
{
    struct stat info;

    file->fd = open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->fd < 0) {
        return say(file, "open", errno);
    }
    if (flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
        return say(file, "lock (another broker has it?)", errno);
    }
    if (fstat(file->fd, &info) != 0 || fchmod(file->fd, 0600) != 0) {
        return say(file, "look at", errno);
    }
    if (!S_ISREG(info.st_mode)) {
        return say(file, "use", EINVAL);
    }
    file->size = info.st_size;
    return file->size > 0 || sync_folder(file->path) || say(file, "sync the folder", errno);
}

bool audit_file_open(struct audit_file *file)
{
    if (file->fd >= 0) {
        return true;
    }
    if (!take_file(file) || !find_end(file)) {
        close_file(file);
        return false;
    }
    file->trouble[0] = '\0';
    return true;
}

/* Whether the name still stands for what is open. */
static bool is_there(const struct audit_file *file)
{
    struct stat named;
    struct stat opened;

    return stat(file->path, &named) == 0 && fstat(file->fd, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

/* ---- Setting aside -------------------------------------------------------------------------- */

/* Gives a large file the next number. When that cannot be, records go on into the same file: that it
 * grows is the lesser harm. */
static void set_aside(struct audit_file *file)
{
    unsigned *numbers = NULL;
    size_t count = 0;

    if (!audit_chain_numbers(file->path, &numbers, &count)) {
        return;
    }
    unsigned number = count > 0 ? numbers[count - 1] + 1 : 1;
    free(numbers);
    if (number <= AUDIT_NUMBER_MAX &&
        audit_chain_name(file->path, number, file->name, sizeof file->name) &&
        rename(file->path, file->name) == 0) {
        (void)sync_folder(file->path);
        close_file(file);
        file->aside = true;
    }
}

/* Open, under its name, and not too large. */
static bool make_ready(struct audit_file *file)
{
    if (file->fd >= 0 && !is_there(file)) {
        close_file(file);
    }
    if (!audit_file_open(file)) {
        return false;
    }
    if (file->size_max > 0 && file->size >= file->size_max) {
        set_aside(file);
    }
    return audit_file_open(file);
}

/* ---- Appending ------------------------------------------------------------------------------ */

/* The name of a user of this machine. Its own file is read and nobody is asked: a name service may take
 * its time, and the broker opens no connection that is not configured. */
static const char *name_of(uid_t user, char name[NAME_SIZE])
{
    FILE *users = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;

    while (users != NULL && (entry = fgetpwent(users)) != NULL && entry->pw_uid != user) {
    }
    if (entry != NULL) {
        (void)snprintf(name, NAME_SIZE, "%s", entry->pw_name);
    }
    if (users != NULL) {
        (void)fclose(users);
    }
    return entry != NULL ? name : NULL;
}

/* Adds a line. False when the buffer has no room for it. */
static bool add_line(struct audit_entry *entry, struct hl7_buffer *buffer, struct audit_link *last)
{
    char memory[NAME_SIZE];
    const char *name = entry->has_user ? name_of(entry->user, memory) : NULL;
    size_t start = buffer->len;

    if (!audit_line_write(entry, name, last, buffer, &entry->link)) {
        buffer->len = start;
        buffer->full = false;
        return false;
    }
    *last = entry->link;
    return true;
}

/* What opening found is a record of its own, before all others. */
static bool add_recovered(const struct audit_file *file, struct hl7_buffer *buffer,
                          struct audit_link *last, int64_t time)
{
    struct audit_entry entry = {.event = AUDIT_RECOVERED, .time = time};

    if (file->torn == 0 && file->damage == 0 && file->gone == 0) {
        return true;
    }
    audit_number(&entry, "torn-bytes", file->torn);
    audit_number(&entry, "faults", file->damage);
    audit_number(&entry, "file-gone", file->gone);
    return add_line(&entry, buffer, last);
}

/* Writes and syncs. When that fails it is taken back; if even that fails, the file is closed. */
static bool write_and_sync(struct audit_file *file, hl7_slice bytes)
{
    if (write_all(file->fd, bytes.ptr, bytes.len)) {
        if (fdatasync(file->fd) == 0) {
            file->size += (off_t)bytes.len;
            return true;
        }
        (void)say(file, "sync", errno);
        close_file(file); /* nobody knows what is on the disk: it is read again */
        return false;
    }
    (void)say(file, "write", errno);
    if (ftruncate(file->fd, file->size) != 0) {
        close_file(file);
    }
    return false;
}

/* As many as fit into the buffer; the first that did not is *ret_next. */
static bool append_some(struct audit_file *file, struct audit_entry *first,
                        struct audit_entry **ret_next)
{
    struct audit_link last = file->last;
    struct audit_entry *at = first;
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, file->line, BATCH_SIZE);
    bool good = add_recovered(file, &buffer, &last, first->time);
    while (good && at != NULL && add_line(at, &buffer, &last)) {
        at = at->next;
    }
    good = good && at != first && write_and_sync(file, hl7_buffer_slice(&buffer));
    if (good) {
        file->last = last;
        file->torn = file->damage = file->gone = 0;
        if (file->forward != NULL) {
            forward_lines(file->forward, hl7_buffer_slice(&buffer));
        }
    }
    *ret_next = at;
    return good;
}

bool audit_file_append(struct audit_file *file, struct audit_entry *first)
{
    struct audit_entry *at = first;

    while (at != NULL) {
        struct audit_entry *next = NULL;

        if (!make_ready(file) || !append_some(file, at, &next)) {
            for (; at != NULL; at = at->next) {
                at->failed = true;
            }
            return false;
        }
        at = next;
    }
    return true;
}
