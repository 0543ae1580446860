/* SPDX-License-Identifier: Apache-2.0
 *
 * gallery.c - see gallery.h. */
#include "gallery.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange.h"
#include "workbench.h"

const struct setup_templates *gallery_folder(const struct setup *setup, hl7_slice name)
{
    for (size_t i = 0; i < setup->folder_count; i++) {
        if (hl7_slice_equal(hl7_slice_of(setup->folders[i].name), name)) {
            return &setup->folders[i];
        }
    }
    return NULL;
}

bool gallery_is_name(hl7_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' &&
            c != '-' && c != '_') {
            return false;
        }
    }
    return name.len > 0 && name.len <= GALLERY_NAME_MAX && name.ptr[0] != '.';
}

/* ---- Listing --------------------------------------------------------------------------------- */

/* What templates are called; tables (.csv without braces) are among them, as templates for CSV are. */
static bool is_template_name(const char *name)
{
    static const char *const endings[] = {".hl7", ".json", ".xml", ".csv", ".txt"};
    const char *ending = strrchr(name, '.');

    for (size_t i = 0; ending != NULL && i < sizeof endings / sizeof endings[0]; i++) {
        if (strcmp(ending, endings[i]) == 0) {
            return gallery_is_name(hl7_slice_of(name));
        }
    }
    return false;
}

static int keeps(const struct dirent *entry)
{
    return is_template_name(entry->d_name);
}

static void add_file(json_t *list, int directory, const char *name)
{
    struct stat found;

    if (json_array_size(list) < GALLERY_FILES_MAX &&
        fstatat(directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode)) {
        (void)json_array_append_new(
            list, json_pack("{s:s,s:I}", "name", name, "size", (json_int_t)found.st_size));
    }
}

static json_t *folder_json(const struct setup_templates *folder)
{
    struct dirent **entries = NULL;
    int directory = open(folder->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int count = directory < 0 ? -1 : scandirat(directory, ".", &entries, keeps, alphasort);
    json_t *list = json_array();
    json_t *json = json_pack("{s:s,s:b,s:o}", "name", folder->name, "writable", folder->save,
                             "templates", list);

    if (count < 0) {
        (void)json_object_set_new(json, "problem", json_string(strerror(errno)));
    }
    for (int i = 0; i < count; i++) {
        add_file(list, directory, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (directory >= 0) {
        (void)close(directory);
    }
    return json;
}

json_t *gallery_list(const struct setup *setup)
{
    json_t *whole = json_pack("{s:[]}", "folders");
    json_t *folders = json_object_get(whole, "folders");

    for (size_t i = 0; i < setup->folder_count; i++) {
        (void)json_array_append_new(folders, folder_json(&setup->folders[i]));
    }
    return whole;
}

/* ---- One template ---------------------------------------------------------------------------- */

static int open_beside(const struct setup_templates *folder, const char *name, int flags)
{
    int directory = open(folder->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = directory < 0 ? -1 : openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, 0640);
    int error = errno;

    if (directory >= 0) {
        (void)close(directory);
    }
    errno = error;
    return fd;
}

char *gallery_read(const struct setup_templates *folder, const char *name, size_t *ret_len)
{
    int fd = open_beside(folder, name, O_RDONLY | O_NONBLOCK);
    char *text = fd < 0 ? NULL : malloc(WORKBENCH_TEMPLATE_MAX + 1);
    size_t len = 0;
    ssize_t got = 0;
    struct stat found;

    if (fd >= 0 && (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode))) {
        got = -1;
        errno = ENOENT;
    }
    while (text != NULL && got >= 0 && len <= WORKBENCH_TEMPLATE_MAX &&
           (got = read(fd, text + len, WORKBENCH_TEMPLATE_MAX + 1 - len)) > 0) {
        len += (size_t)got;
    }
    int error = len > WORKBENCH_TEMPLATE_MAX ? EFBIG : errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (text != NULL && (got < 0 || len > WORKBENCH_TEMPLATE_MAX)) {
        free(text);
        text = NULL;
    }
    errno = error;
    *ret_len = len;
    return text;
}

static bool write_all(int fd, hl7_slice text)
{
    while (text.len > 0) {
        ssize_t put = write(fd, text.ptr, text.len);

        if (put < 0 && errno != EINTR) {
            return false;
        }
        text = hl7_slice_part(text, put > 0 ? (size_t)put : 0, text.len);
    }
    return fsync(fd) == 0;
}

/* Gives the hidden file its name, and syncs the folder. */
static bool put_in_place(const struct setup_templates *folder, const char *hidden, const char *name)
{
    int directory = open(folder->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = directory >= 0 && renameat(directory, hidden, directory, name) == 0 &&
                fsync(directory) == 0;
    int error = errno;

    if (directory >= 0 && !good) {
        (void)unlinkat(directory, hidden, 0);
    }
    if (directory >= 0) {
        (void)close(directory);
    }
    errno = error;
    return good;
}

bool gallery_write(const struct setup_templates *folder, const char *name, hl7_slice text)
{
    char hidden[GALLERY_NAME_MAX + 32];

    (void)snprintf(hidden, sizeof hidden, ".%.200s.new", name);
    int fd = open_beside(folder, hidden, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0) {
        return false;
    }
    bool good = write_all(fd, text);
    int error = errno;
    good = close(fd) == 0 && good;
    errno = error;
    return good && put_in_place(folder, hidden, name);
}

/* FNV-1a: it tells apart the versions of people who do not try to deceive themselves. */
void gallery_hash(hl7_slice text, char ret_hash[GALLERY_HASH])
{
    uint64_t hash = 0xcbf29ce484222325U;

    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.ptr[i]) * 0x100000001b3U;
    }
    (void)snprintf(ret_hash, GALLERY_HASH, "%016llx", (unsigned long long)hash);
}
