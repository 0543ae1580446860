/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

void folder_make(struct folder *folder)
{
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/orderly-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(folder->fd >= 0);
}

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts;
    (void)kind;
    (void)where;
    return remove(path);
}

void folder_remove(struct folder *folder)
{
    (void)close(folder->fd);
    /* A thread that was left may still put a file there. */
    int left = -1;
    for (int tries = 0; left != 0 && tries < 100; tries++) {
        left = nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
    assert_int_equal(left, 0);
}

const char *folder_path(const struct folder *folder, const char *name)
{
    static char paths[4][400];
    static size_t next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", folder->path, name);
    return path;
}

static void make_folders(const struct folder *folder, const char *name)
{
    char part[200];

    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        (void)snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
        assert_true(mkdirat(folder->fd, part, 0700) == 0 || errno == EEXIST);
    }
}

void folder_write(const struct folder *folder, const char *name, hl7_slice bytes)
{
    make_folders(folder, name);
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    while (bytes.len > 0) {
        ssize_t put = write(fd, bytes.ptr, bytes.len);
        assert_true(put > 0);
        bytes = hl7_slice_part(bytes, (size_t)put, bytes.len);
    }
    assert_int_equal(close(fd), 0);
}

void folder_write_text(const struct folder *folder, const char *name, const char *text)
{
    folder_write(folder, name, hl7_slice_of(text));
}

hl7_slice folder_read(const struct folder *folder, const char *name)
{
    static char memory[1 << 20];
    size_t len = 0;
    ssize_t got = 0;
    int fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0) {
        assert_int_equal(errno, ENOENT);
        return (hl7_slice){NULL, 0};
    }
    while ((got = read(fd, memory + len, sizeof memory - len)) > 0) {
        len += (size_t)got;
    }
    assert_true(got == 0 && len < sizeof memory);
    (void)close(fd);
    return (hl7_slice){memory, len};
}

bool folder_has(const struct folder *folder, const char *name)
{
    struct stat facts;

    return fstatat(folder->fd, name, &facts, AT_SYMLINK_NOFOLLOW) == 0;
}

static size_t count(const struct folder *folder, bool hidden)
{
    DIR *entries = opendir(folder->path);
    size_t number = 0;

    assert_non_null(entries);
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        bool dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        number += !dots && (entry->d_name[0] == '.') == hidden;
    }
    (void)closedir(entries);
    return number;
}

size_t folder_count(const struct folder *folder)
{
    return count(folder, false);
}

size_t folder_count_hidden(const struct folder *folder)
{
    return count(folder, true);
}
