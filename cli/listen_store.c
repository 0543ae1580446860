/* SPDX-License-Identifier: Apache-2.0
 *
 * Saved messages: one file each, 000000000001.hl7 and so on. A name is made of our own counter,
 * never of anything a message says. A file is written under a temporary name, synced, and linked to
 * its name with link(2), which never replaces a file: two listeners may share a directory. The names
 * are durable once the directory is synced, which one sync does for all files of a read. */
#include "listen.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 40 };

/* The number in "000000000012.hl7", 0 when it is another name. */
static uint64_t number_of(const char *name)
{
    char *end = NULL;

    if (name[0] < '0' || name[0] > '9') {
        return 0;
    }
    unsigned long long number = strtoull(name, &end, 10);
    if (number == ULLONG_MAX || !hl7_slice_equal(hl7_slice_of(end), HL7_TEXT(".hl7"))) {
        return 0;
    }
    return number;
}

static bool find_next(struct listen_store *store)
{
    int copy = openat(store->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);

    if (entries == NULL) {
        if (copy >= 0) {
            (void)close(copy);
        }
        return false;
    }
    uint64_t last = 0;
    for (const struct dirent *entry = readdir(entries); entry != NULL; entry = readdir(entries)) {
        uint64_t number = number_of(entry->d_name);
        last = number > last ? number : last;
    }
    (void)closedir(entries);
    store->next = last + 1;
    return true;
}

bool listen_store_open(struct listen_store *store, const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return false;
    }
    store->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->directory < 0) {
        return false;
    }
    if (faccessat(store->directory, ".", W_OK | X_OK, AT_EACCESS) != 0 || !find_next(store)) {
        int error = errno;
        listen_store_close(store);
        errno = error;
        return false;
    }
    return true;
}

void listen_store_close(struct listen_store *store)
{
    if (store->directory >= 0) {
        (void)close(store->directory);
        store->directory = -1;
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

/* Links the temporary file to the next free number. */
static bool publish(struct listen_store *store, const char *temporary, uint64_t *ret_number)
{
    char name[NAME_SIZE];

    for (;;) {
        uint64_t number = store->next++;
        (void)snprintf(name, sizeof name, "%012llu.hl7", (unsigned long long)number);
        if (linkat(store->directory, temporary, store->directory, name, 0) == 0) {
            *ret_number = number;
            return true;
        }
        if (errno != EEXIST) {
            return false;
        }
    }
}

/* Opens a file under a name nobody else uses. Process ids are no such name: containers that share a
 * directory have the same ones. */
static int open_temporary(const struct listen_store *store, char name[NAME_SIZE])
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    uint64_t random = 0;
    int fd = -1;

    do {
        if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
            return -1;
        }
        (void)snprintf(name, NAME_SIZE, ".%016llx.tmp", (unsigned long long)random);
        fd = openat(store->directory, name, flags, 0600);
    } while (fd < 0 && errno == EEXIST);
    return fd;
}

bool listen_store_add(struct listen_store *store, hl7_slice bytes, uint64_t *ret_number)
{
    char temporary[NAME_SIZE];
    uint64_t number = 0;

    int fd = open_temporary(store, temporary);
    if (fd < 0) {
        return false;
    }
    bool done = write_all(fd, bytes) && fsync(fd) == 0;
    done = close(fd) == 0 && done;
    done = done && publish(store, temporary, &number);
    int error = errno;
    (void)unlinkat(store->directory, temporary, 0);
    errno = error;
    if (done) {
        store->unsynced = true;
        *ret_number = number;
    }
    return done;
}

bool listen_store_sync(struct listen_store *store)
{
    if (!store->unsynced) {
        return true;
    }
    if (fsync(store->directory) != 0) {
        return false;
    }
    store->unsynced = false;
    return true;
}
