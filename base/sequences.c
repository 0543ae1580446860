/* SPDX-License-Identifier: Apache-2.0
 *
 * sequences.c - see sequences.h.
 *
 * The lock is on the file itself. Who keeps numbers puts a new file in its place, so who waited for
 * the lock may get that of a file which has no name any more; then the lock is taken anew.
 */
#include "sequences.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A line: name, blank, number, line end. */
enum { LINE_MAX_BYTES = SEQUENCE_NAME_MAX + 24, FILE_MAX_BYTES = SEQUENCES_MAX * LINE_MAX_BYTES };

/* Other programs hold the lock for a conversion; one that holds it longer is stuck. */
enum { LOCK_TRIES = 500, LOCK_PAUSE_MS = 10 };

static bool fail(struct sequences *sequences, const char *what)
{
    (void)snprintf(sequences->error, sizeof sequences->error, "%s", what);
    return false;
}

static bool fail_by(struct sequences *sequences, const char *what)
{
    (void)snprintf(sequences->error, sizeof sequences->error, "%s: %s", what, strerror(errno));
    return false;
}

void sequences_open(struct sequences *sequences, const char *path)
{
    *sequences = (struct sequences){.path = path, .fd = -1};
}

static void unlock(struct sequences *sequences)
{
    if (sequences->fd >= 0) {
        (void)close(sequences->fd);
        sequences->fd = -1;
    }
}

void sequences_close(struct sequences *sequences)
{
    unlock(sequences);
}

/* ---- Names --------------------------------------------------------------------------------- */

static bool is_name(hl7_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return name.len > 0 && name.len <= SEQUENCE_NAME_MAX;
}

/* The sequence of this name, a new one if need be; NULL when there are too many. */
static struct sequence *find(struct sequences *sequences, hl7_slice name)
{
    for (size_t i = 0; i < sequences->count; i++) {
        struct sequence *sequence = &sequences->all[i];
        if (hl7_slice_equal((hl7_slice){sequence->name, sequence->name_len}, name)) {
            return sequence;
        }
    }
    if (sequences->count == SEQUENCES_MAX) {
        return NULL;
    }
    struct sequence *sequence = &sequences->all[sequences->count++];
    *sequence = (struct sequence){.name_len = name.len};
    memcpy(sequence->name, name.ptr, name.len);
    return sequence;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Takes the lock, without waiting for ever. */
static bool lock(int fd)
{
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_MS * 1000L * 1000L};

    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return false;
        }
        (void)nanosleep(&pause, NULL);
    }
    errno = ETIMEDOUT;
    return false;
}

/* Opens and locks the file that has the name now. */
static bool open_locked(struct sequences *sequences)
{
    for (;;) {
        struct stat mine;
        struct stat named;
        int fd = open(sequences->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

        if (fd < 0) {
            return fail_by(sequences, "cannot open it");
        }
        if (fstat(fd, &mine) != 0 || !S_ISREG(mine.st_mode)) {
            (void)close(fd);
            return fail(sequences, "it is no regular file");
        }
        if (!lock(fd)) {
            (void)fail_by(sequences, "cannot lock it");
            (void)close(fd);
            return false;
        }
        if (stat(sequences->path, &named) == 0 && named.st_dev == mine.st_dev &&
            named.st_ino == mine.st_ino) {
            sequences->fd = fd;
            return true;
        }
        (void)close(fd);
    }
}

/* "accession 1042". */
static bool read_line(struct sequences *sequences, hl7_slice line)
{
    const char *blank = line.len == 0 ? NULL : memchr(line.ptr, ' ', line.len);
    size_t len = blank == NULL ? 0 : (size_t)(blank - line.ptr);
    uint64_t number = 0;

    if (!is_name(hl7_slice_part(line, 0, len)) || len + 1 == line.len || line.len - len > 20) {
        return false;
    }
    for (size_t i = len + 1; i < line.len; i++) {
        if (line.ptr[i] < '0' || line.ptr[i] > '9') {
            return false;
        }
        number = number * 10 + (uint64_t)(line.ptr[i] - '0');
    }
    struct sequence *sequence = find(sequences, hl7_slice_part(line, 0, len));
    if (sequence == NULL) {
        return false;
    }
    sequence->kept = number;
    sequence->given = number;
    return true;
}

/* A file that is damaged is an error: numbers that begin again would be given twice. */
static bool read_all(struct sequences *sequences)
{
    char memory[FILE_MAX_BYTES + 1];
    ssize_t got = 1;
    size_t len = 0;
    hl7_slice line;

    while (got > 0 && len < sizeof memory) {
        got = pread(sequences->fd, memory + len, sizeof memory - len, (off_t)len);
        if (got < 0) {
            return fail_by(sequences, "cannot read it");
        }
        len += (size_t)got;
    }
    hl7_slice text = {memory, len};
    sequences->count = 0;
    while (hl7_piece_next(&text, '\n', &line)) {
        if (line.len > 0 && !read_line(sequences, line)) {
            return fail(sequences, "it does not consist of lines 'NAME NUMBER'");
        }
    }
    return len < sizeof memory || fail(sequences, "it is too long");
}

uint64_t sequences_next(struct sequences *sequences, hl7_slice name)
{
    struct sequence *sequence;

    if (sequences->error[0] != '\0') {
        return 0;
    }
    if (!is_name(name)) {
        (void)fail(sequences, "a name of a sequence has 1 to 40 letters, digits, '.', '_' or '-'");
        return 0;
    }
    if (sequences->path != NULL && sequences->fd < 0 &&
        (!open_locked(sequences) || !read_all(sequences))) {
        return 0;
    }
    sequence = find(sequences, name);
    if (sequence == NULL) {
        (void)fail(sequences, "there are too many sequences");
        return 0;
    }
    sequences->used = true;
    return ++sequence->given;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static bool write_all(const struct sequences *sequences, int fd)
{
    char memory[FILE_MAX_BYTES];
    struct hl7_buffer text;

    hl7_buffer_init(&text, memory, sizeof memory);
    for (size_t i = 0; i < sequences->count; i++) {
        const struct sequence *sequence = &sequences->all[i];
        hl7_buffer_add(&text, (hl7_slice){sequence->name, sequence->name_len});
        hl7_buffer_add_byte(&text, ' ');
        hl7_buffer_add_number(&text, sequence->given);
        hl7_buffer_add_byte(&text, '\n');
    }
    return write(fd, text.ptr, text.len) == (ssize_t)text.len;
}

/* A rename is lasting when the folder is synced. */
static bool sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";

    if (slash != NULL) {
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return done;
}

/* The new file has the rights of the old one, and its lock too before it has the name. */
static bool replace(struct sequences *sequences)
{
    char temporary[PATH_MAX];
    struct stat old;

    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", sequences->path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool done = fstat(sequences->fd, &old) == 0 && fchmod(fd, old.st_mode & 07777) == 0 &&
                flock(fd, LOCK_EX | LOCK_NB) == 0 && write_all(sequences, fd) && fsync(fd) == 0 &&
                rename(temporary, sequences->path) == 0;
    if (!done) {
        int reason = errno;
        (void)unlink(temporary);
        errno = reason;
    }
    (void)close(fd);
    return done && sync_folder(sequences->path);
}

bool sequences_keep(struct sequences *sequences)
{
    if (sequences->error[0] == '\0' && sequences->used && sequences->path != NULL &&
        !replace(sequences)) {
        (void)fail_by(sequences, "cannot replace it");
    }
    unlock(sequences);
    if (sequences->error[0] != '\0') {
        return false;
    }
    for (size_t i = 0; i < sequences->count; i++) {
        sequences->all[i].kept = sequences->all[i].given;
    }
    sequences->used = false;
    return true;
}

void sequences_drop(struct sequences *sequences)
{
    for (size_t i = 0; i < sequences->count; i++) {
        sequences->all[i].given = sequences->all[i].kept;
    }
    sequences->used = false;
    sequences->error[0] = '\0';
    unlock(sequences);
}
