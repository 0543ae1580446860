/* SPDX-License-Identifier: Apache-2.0
 *
 * sections_file.c - opening the files of a configuration: each once, by names and patterns that count
 * from the folder of the file that has them. Part of sections.h.
 */
#include "sections.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

static const char pattern_marks[] = "*?[";

/* The folder of a path with its slash; empty when it has none. */
static hl7_slice folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return (hl7_slice){path, slash == NULL ? 0 : (size_t)(slash - path) + 1};
}

const char *sections_path(struct config_pool *pool, const struct section_file *file, hl7_slice name)
{
    hl7_slice folder = folder_of(file->as.path);

    if (name.len > 0 && name.ptr[0] == '/') {
        folder.len = 0;
    } else if (folder.len == 0 && hl7_slice_equal(name, HL7_TEXT("-"))) {
        folder = HL7_TEXT("./"); /* a file of that name, not standard input */
    }
    return pool_print(pool, "%.*s%.*s", (int)folder.len, folder.ptr, (int)name.len, name.ptr);
}

/* ---- Opening -------------------------------------------------------------------------------- */

static void cannot_read(struct sections *sections, const char *path, const struct section_key *key,
                        size_t offset, int reason)
{
    const struct findings_file none = {.path = path, .text = HL7_TEXT(""), .number = 0};

    if (reason == ENOMEM) {
        sections->report->failed = true;
    }
    findings_unreadable(sections->report, key == NULL ? &none : &key->file->as,
                        key == NULL ? 0 : sections_locate(key, offset), path, strerror(reason));
}

static bool is_file(const struct section_file *file, const struct stat *status)
{
    return file->device == status->st_dev && file->inode == status->st_ino;
}

/* The file may be read: not too deep, not twice. */
static bool may_read(struct sections *sections, const char *path, const struct section_key *key,
                     size_t offset, const struct stat *status)
{
    const struct findings_file *at = &key->file->as;
    size_t position = sections_locate(key, offset);
    size_t depth = 1;

    for (const struct section_file *file = key->file; file != NULL; file = file->parent) {
        if (is_file(file, status)) {
            findings_error(sections->report, at, position, "%.80s would be included in itself",
                           path);
            return false;
        }
        depth++;
    }
    for (size_t i = 0; i < sections->file_count; i++) {
        if (is_file(sections->files[i], status)) {
            findings_error(sections->report, at, position, "%.80s is included twice", path);
            return false;
        }
    }
    if (depth > CONFIG_DEPTH_MAX) {
        findings_error(sections->report, at, position, "more than %d files include each other",
                       CONFIG_DEPTH_MAX);
        return false;
    }
    if (sections->file_count == CONFIG_FILES_MAX) {
        findings_error(sections->report, at, position, "there are more than %d files",
                       CONFIG_FILES_MAX);
        return false;
    }
    return true;
}

static struct section_file *add_file(struct sections *sections, const char *path,
                                     const struct section_key *key, const struct stat *status)
{
    struct section_file *file = pool_alloc(sections->pool, 1, sizeof *file);
    struct beside *beside = pool_alloc(sections->pool, 1, sizeof *beside);

    if (file == NULL || beside == NULL) {
        return NULL;
    }
    *file = (struct section_file){.as = {.path = path, .text = HL7_TEXT("")},
                                  .beside = beside,
                                  .parent = key == NULL ? NULL : key->file,
                                  .device = status->st_dev,
                                  .inode = status->st_ino};
    file->as.number = sections->file_count;
    return file;
}

/* Reads the file at a path into a new entry of the list. */
static struct section_file *read_file(struct sections *sections, const char *path,
                                      const struct section_key *key, size_t offset,
                                      const struct stat *status)
{
    struct section_file *file = add_file(sections, path, key, status);

    if (file == NULL) {
        return NULL;
    }
    int reason = beside_open(file->beside, path);
    sections->files[sections->file_count++] = file;
    if (reason == 0 && beside_template(file->beside).len > CONFIG_FILE_BYTES) {
        reason = EFBIG;
    }
    if (reason != 0) {
        cannot_read(sections, path, key, offset, reason);
        return NULL;
    }
    if (beside_template(file->beside).len > 0) {
        file->as.text = beside_template(file->beside);
    }
    return file;
}

struct section_file *sections_open(struct sections *sections, const char *path)
{
    struct stat status = {.st_dev = 0};

    /* It may be a pipe, or "-", and is waited for. */
    if (strcmp(path, "-") != 0 && stat(path, &status) != 0) {
        cannot_read(sections, path, NULL, 0, errno);
        return NULL;
    }
    return read_file(sections, path, NULL, 0, &status);
}

static void include(struct sections *sections, const char *path, struct section_key *key,
                    size_t offset,
                    void (*read)(struct sections *sections, struct section_file *file))
{
    struct section_file *file = NULL;
    struct stat status;

    if (stat(path, &status) != 0) {
        cannot_read(sections, path, key, offset, errno);
    } else if (!S_ISREG(status.st_mode)) {
        cannot_read(sections, path, key, offset, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
    } else if (may_read(sections, path, key, offset, &status)) {
        file = read_file(sections, path, key, offset, &status);
    }
    if (file != NULL) {
        read(sections, file);
    }
}

void sections_close(struct sections *sections)
{
    for (size_t i = 0; i < sections->file_count; i++) {
        beside_close(sections->files[i]->beside);
    }
    sections->file_count = 0;
}

/* ---- Patterns ------------------------------------------------------------------------------- */

/* The folder, in which nothing is a pattern, and the item, in which all is. */
static const char *make_pattern(struct sections *sections, const struct section_file *file,
                                hl7_slice item)
{
    hl7_slice folder = item.ptr[0] == '/' ? (hl7_slice){"", 0} : folder_of(file->as.path);
    char *pattern = pool_alloc(sections->pool, 2 * folder.len + item.len + 1, 1);
    size_t len = 0;

    if (pattern == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < folder.len; i++) {
        if (folder.ptr[i] == '\\' || strchr(pattern_marks, folder.ptr[i]) != NULL) {
            pattern[len++] = '\\';
        }
        pattern[len++] = folder.ptr[i];
    }
    memcpy(pattern + len, item.ptr, item.len);
    return pattern;
}

static bool is_pattern(hl7_slice item)
{
    for (size_t i = 0; i < item.len; i++) {
        if (strchr(pattern_marks, item.ptr[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* The files are sorted by their bytes: the program never asks for the order of a language. */
static void include_pattern(struct sections *sections, struct section_key *key, size_t offset,
                            hl7_slice item,
                            void (*read)(struct sections *sections, struct section_file *file))
{
    const char *pattern = make_pattern(sections, key->file, item);
    glob_t found = {.gl_pathc = 0};

    if (pattern == NULL) {
        return;
    }
    int answer = glob(pattern, 0, NULL, &found);
    if (answer == GLOB_NOSPACE) {
        sections->report->failed = true;
    } else if (answer != 0) {
        findings_warning(sections->report, &key->file->as, sections_locate(key, offset),
                         "no file fits this pattern");
    }
    for (size_t i = 0; answer == 0 && i < found.gl_pathc; i++) {
        const char *path = pool_text(sections->pool, hl7_slice_of(found.gl_pathv[i]));
        if (path != NULL) {
            include(sections, path, key, offset, read);
        }
    }
    globfree(&found);
}

void sections_include(struct sections *sections, struct section_key *key, size_t offset,
                      hl7_slice item,
                      void (*read)(struct sections *sections, struct section_file *file))
{
    const char *path = NULL;

    if (is_pattern(item)) {
        include_pattern(sections, key, offset, item, read);
        return;
    }
    path = sections_path(sections->pool, key->file, item);
    if (path != NULL) {
        include(sections, path, key, offset, read);
    }
}
