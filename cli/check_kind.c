/* SPDX-License-Identifier: Apache-2.0
 *
 * check_kind.c - the kinds of files that `orderly check` knows, by their names and, where a name
 * does not say it, by how they begin. See check.h.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"

static const char *const config_suffixes[] = {".ini", ".conf", NULL};
static const char *const table_suffixes[] = {".csv", NULL};
/* What lies beside templates and is hardly one. */
static const char *const other_suffixes[] = {".md", ".bak", "~",   ".c", ".h",
                                             ".py", ".sh",  ".js", NULL};

/* The first that fits. A table is checked with the template that uses it, or when it is named; so is
 * what a directory has beside templates, as one. A configuration is checked when it is named: others of
 * a directory may be parts of it. */
static const struct check_kind kinds[] = {
    {"configuration", config_suffixes, false, check_configs},
    {"table", table_suffixes, false, check_tables},
    {"template", other_suffixes, false, check_templates},
    {"template", NULL, true, check_templates},
    {NULL, NULL, false, NULL},
};

static bool ends_with(const char *path, const char *suffix)
{
    size_t len = strlen(path);
    size_t end = strlen(suffix);

    return len >= end && strcmp(path + len - end, suffix) == 0;
}

static bool fits(const struct check_kind *kind, const char *path)
{
    const char *const *suffix = kind->suffixes;

    while (suffix != NULL && *suffix != NULL && !ends_with(path, *suffix)) {
        suffix++;
    }
    return suffix == NULL || *suffix != NULL;
}

/* A template that makes CSV is named like a table. It begins with {output csv}, or with a comment. */
static bool begins_as_template(const char *path)
{
    char start[2] = "";
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return false;
    }
    size_t len = fread(start, 1, sizeof start, file);
    (void)fclose(file);
    return len == sizeof start && start[0] == '{' && (start[1] == '#' || start[1] == 'o');
}

const struct check_kind *check_kind_of(const char *path)
{
    const struct check_kind *kind = kinds;

    while (kind->name != NULL &&
           (!fits(kind, path) || (kind->check == check_tables && begins_as_template(path)))) {
        kind++;
    }
    return kind->name == NULL ? NULL : kind;
}

const struct check_kind *check_kinds(void)
{
    return kinds;
}
