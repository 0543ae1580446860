/* SPDX-License-Identifier: Apache-2.0
 *
 * beside.c - see beside.h.
 */
#include "beside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A pipe in place of a file must not hold the program up. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* ---- Opening ------------------------------------------------------------------------------- */

static bool is_dots(const char *part, size_t len)
{
    return (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.');
}

int beside_walk(int directory, const char *name)
{
    char part[BESIDE_NAME_MAX];
    int at = directory;
    int next = -1;

    for (const char *rest = name; rest != NULL;) {
        const char *slash = strchr(rest, '/');
        size_t len = slash == NULL ? strlen(rest) : (size_t)(slash - rest);

        if (len == 0 || len >= sizeof part || is_dots(rest, len)) {
            errno = EXDEV; /* as openat2 has it */
            next = -1;
        } else {
            memcpy(part, rest, len);
            part[len] = '\0';
            next = openat(at, part,
                          slash == NULL ? OPEN_FLAGS | O_NOFOLLOW
                                        : O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        }
        int reason = errno;
        if (at != directory) {
            (void)close(at);
        }
        errno = reason;
        at = next;
        rest = slash == NULL || next < 0 ? NULL : slash + 1;
    }
    return next;
}

static int open_beside(int directory, const char *name)
{
    struct open_how how = {.flags = OPEN_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    long fd = syscall(SYS_openat2, directory, name, &how, sizeof how);

    /* EPERM: a container's filter that does not know the call. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        return beside_walk(directory, name);
    }
    return (int)fd;
}

static int open_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";

    if (slash != NULL && snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path) >=
                             (int)sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static struct beside_stamp stamp_of(const struct stat *status)
{
    return (struct beside_stamp){
        .modified = status->st_mtim, .changed = status->st_ctim, .size = (size_t)status->st_size};
}

/* Reads to the end. 0, or what errno says. */
static int read_all(int fd, size_t max, struct beside_file *file)
{
    ssize_t got = 1;

    while (got != 0) {
        if (!memory_grow(&file->text, file->len + 4096)) {
            return ENOMEM;
        }
        got = read(fd, (char *)file->text.ptr + file->len, file->text.size - file->len);
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        file->len += got > 0 ? (size_t)got : 0;
        if (file->len > max) {
            return EFBIG;
        }
    }
    return 0;
}

/* Reads an open file and closes it; -1 stands for one that errno says could not be opened. */
static void read_file(struct beside_file *file, int fd, size_t max, bool any_kind)
{
    struct stat status;

    if (fd < 0 || fstat(fd, &status) != 0) {
        file->reason = errno;
    } else {
        file->stamp = stamp_of(&status);
        file->reason = S_ISDIR(status.st_mode)                 ? EISDIR
                       : !any_kind && !S_ISREG(status.st_mode) ? EINVAL
                                                               : read_all(fd, max, file);
    }
    if (fd > STDIN_FILENO) {
        (void)close(fd);
    }
}

static struct beside_file *add_file(struct beside *beside, hl7_slice name)
{
    struct beside_file *file = calloc(1, sizeof *file);

    if (file != NULL) {
        memcpy(file->name, name.ptr, name.len);
        file->name_len = name.len;
        beside->files[beside->count++] = file;
    }
    return file;
}

/* ---- The loader ---------------------------------------------------------------------------- */

static struct beside_file *find_file(const struct beside *beside, hl7_slice name)
{
    for (size_t i = 1; i < beside->count; i++) {
        struct beside_file *file = beside->files[i];
        if (hl7_slice_equal((hl7_slice){file->name, file->name_len}, name)) {
            return file;
        }
    }
    return NULL;
}

static enum hl7_code code_of(int reason)
{
    switch (reason) {
    case 0:
        return HL7_OK;
    case ENOMEM:
        return HL7_NO_MEMORY;
    case EFBIG:
        return HL7_TOO_LARGE;
    default:
        return HL7_NOT_FOUND;
    }
}

static enum hl7_code load(void *context, hl7_slice name, hl7_slice *ret_text)
{
    struct beside *beside = context;
    struct beside_file *file = find_file(beside, name);

    if (file == NULL) {
        size_t left = BESIDE_ALL_MAX - beside->total;

        if (name.len == 0 || name.len >= BESIDE_NAME_MAX || memchr(name.ptr, '\0', name.len)) {
            return HL7_NOT_FOUND;
        }
        if (beside->count == BESIDE_FILES_MAX) {
            return HL7_TOO_LARGE;
        }
        file = add_file(beside, name);
        if (file == NULL) {
            return HL7_NO_MEMORY;
        }
        read_file(file, open_beside(beside->directory, file->name),
                  left < BESIDE_FILE_MAX ? left : BESIDE_FILE_MAX, false);
        beside->total += file->reason == 0 ? file->len : 0;
    }
    if (file->reason == 0) {
        *ret_text = (hl7_slice){file->text.ptr, file->len};
    }
    return code_of(file->reason);
}

/* ---- All of it ----------------------------------------------------------------------------- */

int beside_open(struct beside *beside, const char *path)
{
    struct beside_file *file;

    *beside = (struct beside){.path = path, .directory = open_folder(path)};
    file = add_file(beside, (hl7_slice){"", 0});
    if (file == NULL) {
        return ENOMEM;
    }
    /* A template may come through a pipe, and that is waited for. */
    read_file(file,
              is_standard_input(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY),
              BESIDE_TEMPLATE_MAX, true);
    return file->reason;
}

struct hl7_loader beside_loader(struct beside *beside)
{
    return (struct hl7_loader){.load = load, .context = beside};
}

hl7_slice beside_template(const struct beside *beside)
{
    return (hl7_slice){beside->files[0]->text.ptr, beside->files[0]->len};
}

void beside_name(const char *path, hl7_slice name, char *text, size_t size)
{
    const char *slash = strrchr(path, '/');

    if (name.len > 0) {
        (void)snprintf(text, size, "%.*s%.*s", slash == NULL ? 0 : (int)(slash - path) + 1, path,
                       (int)name.len, name.ptr);
    } else {
        (void)snprintf(text, size, "%s", is_standard_input(path) ? "standard input" : path);
    }
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* The folder is opened again: another one may have been put in its place. */
static struct beside_stamp look(int directory, const char *name)
{
    struct beside_stamp stamp = {.size = 0};
    struct stat status;
    int fd = open_beside(directory, name);

    if (fd >= 0) {
        stamp = fstat(fd, &status) == 0 ? stamp_of(&status) : stamp;
        (void)close(fd);
    }
    return stamp;
}

static bool is_same(const struct beside_stamp *a, const struct beside_stamp *b)
{
    return is_same_time(a->modified, b->modified) && is_same_time(a->changed, b->changed) &&
           a->size == b->size;
}

/* False as well when it is not there: it is about to be written anew. */
static bool is_there(const struct beside *beside, struct beside_stamp *ret_stamp)
{
    struct stat status;

    if (is_standard_input(beside->path) || stat(beside->path, &status) != 0) {
        return false;
    }
    *ret_stamp = stamp_of(&status);
    return true;
}

bool beside_itself_changed(const struct beside *beside)
{
    struct beside_stamp now;

    return is_there(beside, &now) && !is_same(&now, &beside->files[0]->stamp);
}

bool beside_changed(const struct beside *beside)
{
    struct beside_stamp now;

    if (!is_there(beside, &now)) {
        return false;
    }
    bool changed = !is_same(&now, &beside->files[0]->stamp);
    int directory = beside->count > 1 ? open_folder(beside->path) : -1;
    for (size_t i = 1; !changed && i < beside->count; i++) {
        now = look(directory, beside->files[i]->name);
        changed = !is_same(&now, &beside->files[i]->stamp);
    }
    if (directory >= 0) {
        (void)close(directory);
    }
    return changed;
}

void beside_close(struct beside *beside)
{
    for (size_t i = 0; i < beside->count; i++) {
        memory_free(&beside->files[i]->text);
        free(beside->files[i]);
    }
    if (beside->path != NULL && beside->directory >= 0) {
        (void)close(beside->directory);
    }
    *beside = (struct beside){.directory = -1};
}
