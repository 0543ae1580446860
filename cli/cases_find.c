/* SPDX-License-Identifier: Apache-2.0
 *
 * cases_find.c - the templates in a directory tree; see cases.h. Links to directories are not
 * followed, so the walk ends.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cases.h"

#define CASES ".cases"

/* Directories still to be looked at, the next one last. */
struct pending {
    char **paths;
    size_t count;
};

struct entry {
    char *name;
    bool is_directory;
};

struct directory {
    const struct verb *verb;
    const char *path;
    struct entry *entries;
    size_t count;
};

static bool ends_in(const char *name, const char *ending)
{
    size_t len = strlen(name);
    size_t ending_len = strlen(ending);

    return len > ending_len && strcmp(name + len - ending_len, ending) == 0;
}

/* "." is left out of paths. */
static char *path_join(const char *folder, const char *name)
{
    char *path = NULL;
    int failed = strcmp(folder, ".") == 0 ? asprintf(&path, "%s", name)
                                          : asprintf(&path, "%s/%s", folder, name);

    return failed < 0 ? NULL : path;
}

/* ---- A directory ---------------------------------------------------------------------------- */

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Keeps an entry that is a file or a directory. */
static void directory_add(struct directory *directory, const char *name)
{
    char *path = path_join(directory->path, name);
    struct entry *entry = &directory->entries[directory->count];
    struct stat status;

    if (path != NULL && lstat(path, &status) == 0 &&
        (S_ISDIR(status.st_mode) || (stat(path, &status) == 0 && S_ISREG(status.st_mode)))) {
        entry->name = strdup(name);
        entry->is_directory = S_ISDIR(status.st_mode);
        directory->count += entry->name != NULL ? 1 : 0;
    }
    free(path);
}

static bool directory_read(struct directory *directory)
{
    struct dirent **found = NULL;
    int count = scandir(directory->path, &found, is_visible, by_name);

    if (count < 0) {
        return false;
    }
    directory->entries = calloc((size_t)count + 1, sizeof *directory->entries);
    for (int i = 0; i < count; i++) {
        if (directory->entries != NULL) {
            directory_add(directory, found[i]->d_name);
        }
        free(found[i]);
    }
    free((void *)found);
    return directory->entries != NULL;
}

static void directory_free(struct directory *directory)
{
    for (size_t i = 0; i < directory->count; i++) {
        free(directory->entries[i].name);
    }
    free(directory->entries);
}

/* ---- Templates ------------------------------------------------------------------------------ */

/* Takes over both names. */
static int template_add(const struct verb *verb, struct case_templates *templates, char *path,
                        char *folder)
{
    struct case_template *items =
        path == NULL ? NULL : realloc(templates->items, (templates->count + 1) * sizeof *items);

    if (items == NULL) {
        free(path);
        free(folder);
        return verb_failed(verb, "out of memory");
    }
    templates->items = items;
    items[templates->count++] = (struct case_template){path, folder};
    return VERB_DONE;
}

/* The length of a file's name without its ending; 0 when it has none. */
static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot == NULL || strchr(dot, '/') != NULL ? 0 : (size_t)(dot - name);
}

/* The name is that of a folder of cases, and its template has this stem. */
static bool is_folder_of(const struct entry *folder, const char *name)
{
    size_t stem = stem_length(name);

    return folder->is_directory && stem > 0 && strlen(folder->name) == stem + strlen(CASES) &&
           strncmp(folder->name, name, stem) == 0 && ends_in(folder->name, CASES);
}

static const struct entry *folder_of(const struct directory *directory, const char *name)
{
    for (size_t i = 0; i < directory->count; i++) {
        if (is_folder_of(&directory->entries[i], name)) {
            return &directory->entries[i];
        }
    }
    return NULL;
}

/* A table beside a template may have its name. */
static bool is_table_of_another(const struct directory *directory, const char *name)
{
    size_t stem = stem_length(name);

    if (!ends_in(name, ".csv")) {
        return false;
    }
    for (size_t i = 0; i < directory->count; i++) {
        const struct entry *other = &directory->entries[i];

        if (!other->is_directory && strcmp(other->name, name) != 0 &&
            stem_length(other->name) == stem && strncmp(other->name, name, stem) == 0) {
            return true;
        }
    }
    return false;
}

static bool looks_like_template(const char *name)
{
    static const char *const endings[] = {".hl7", ".json", ".xml", ".txt"};

    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        if (ends_in(name, endings[i])) {
            return true;
        }
    }
    return false;
}

/* Each folder of cases has one template. */
static int check_folder(const struct directory *directory, const struct entry *folder)
{
    size_t templates = 0;

    for (size_t i = 0; i < directory->count; i++) {
        const struct entry *entry = &directory->entries[i];

        templates += !entry->is_directory && is_folder_of(folder, entry->name) &&
                             !is_table_of_another(directory, entry->name)
                         ? 1
                         : 0;
    }
    if (templates != 1) {
        (void)verb_failed(directory->verb, "%s/%s: %s", directory->path, folder->name,
                          templates == 0 ? "there is no template of this name beside it"
                                         : "several files beside it could be its template");
        return VERB_MISUSE;
    }
    return VERB_DONE;
}

static int add_file(const struct directory *directory, const struct entry *file, bool has_cases,
                    struct case_templates *templates)
{
    const struct entry *folder = folder_of(directory, file->name);

    if (folder != NULL && !is_table_of_another(directory, file->name)) {
        return template_add(directory->verb, templates, path_join(directory->path, file->name),
                            path_join(directory->path, folder->name));
    }
    if (folder == NULL && has_cases && looks_like_template(file->name)) {
        return template_add(directory->verb, templates, path_join(directory->path, file->name),
                            NULL);
    }
    return VERB_DONE;
}

static int add_files(const struct directory *directory, struct case_templates *templates)
{
    bool has_cases = false;
    int status = VERB_DONE;

    for (size_t i = 0; i < directory->count; i++) {
        const struct entry *entry = &directory->entries[i];

        if (entry->is_directory && ends_in(entry->name, CASES)) {
            has_cases = true;
            status = verb_worst(status, check_folder(directory, entry));
        }
    }
    for (size_t i = 0; i < directory->count; i++) {
        if (!directory->entries[i].is_directory) {
            status = verb_worst(status,
                                add_file(directory, &directory->entries[i], has_cases, templates));
        }
    }
    return status;
}

/* ---- The tree ------------------------------------------------------------------------------- */

static bool pending_push(struct pending *pending, char *path)
{
    char **paths =
        path == NULL ? NULL : realloc((void *)pending->paths, (pending->count + 1) * sizeof *paths);

    if (paths == NULL) {
        free(path);
        return false;
    }
    pending->paths = paths;
    paths[pending->count++] = path;
    return true;
}

static int pending_push_below(struct pending *pending, const struct directory *directory)
{
    for (size_t i = directory->count; i-- > 0;) {
        const struct entry *entry = &directory->entries[i];

        if (entry->is_directory && !ends_in(entry->name, CASES) &&
            !pending_push(pending, path_join(directory->path, entry->name))) {
            return verb_failed(directory->verb, "out of memory");
        }
    }
    return VERB_DONE;
}

static int find_in(const struct verb *verb, const char *path, struct pending *pending,
                   struct case_templates *templates)
{
    struct directory directory = {.verb = verb, .path = path};
    int status;

    if (!directory_read(&directory)) {
        return verb_failed(verb, "cannot read %s: %s", path, strerror(errno));
    }
    status = add_files(&directory, templates);
    status = verb_worst(status, pending_push_below(pending, &directory));
    directory_free(&directory);
    return status;
}

static int find_all(const struct verb *verb, const char *path, struct case_templates *templates)
{
    struct pending pending = {NULL, 0};
    int status =
        pending_push(&pending, strdup(path)) ? VERB_DONE : verb_failed(verb, "out of memory");

    while (pending.count > 0) {
        char *next = pending.paths[--pending.count];

        status = verb_worst(status, find_in(verb, next, &pending, templates));
        free(next);
    }
    free((void *)pending.paths);
    return status;
}

static int find_file(const struct verb *verb, const char *path, struct case_templates *templates)
{
    size_t stem = stem_length(path);
    char *folder = NULL;
    struct stat status;

    if (asprintf(&folder, "%.*s" CASES, (int)(stem > 0 ? stem : strlen(path)), path) < 0) {
        return verb_failed(verb, "out of memory");
    }
    if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
        free(folder);
        folder = NULL;
    }
    return template_add(verb, templates, strdup(path), folder);
}

int case_templates_find(const struct verb *verb, const char *operand,
                        struct case_templates *templates)
{
    struct stat status;

    if (stat(operand, &status) != 0) {
        return verb_failed(verb, "cannot read %s: %s", operand, strerror(errno));
    }
    return S_ISDIR(status.st_mode) ? find_all(verb, operand, templates)
                                   : find_file(verb, operand, templates);
}

void case_templates_free(struct case_templates *templates)
{
    for (size_t i = 0; i < templates->count; i++) {
        free(templates->items[i].path);
        free(templates->items[i].folder);
    }
    free(templates->items);
    *templates = (struct case_templates){NULL, 0};
}
