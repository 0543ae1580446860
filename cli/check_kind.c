/* SPDX-License-Identifier: Apache-2.0
 *
 * check_kind.c - the kinds of files that `orderly check` knows, by their names. See check.h.
 */
#include <string.h>

#include "check.h"

static const char *const table_suffixes[] = {".csv", NULL};
/* What lies beside templates and is hardly one. */
static const char *const other_suffixes[] = {".md", "~", ".bak", NULL};

/* The first that fits. A table is checked with the template that uses it, or when it is named; so is
 * what a directory has beside templates, as one. */
static const struct check_kind kinds[] = {
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

const struct check_kind *check_kind_of(const char *path)
{
    const struct check_kind *kind = kinds;

    while (kind->name != NULL && !fits(kind, path)) {
        kind++;
    }
    return kind->name == NULL ? NULL : kind;
}

const struct check_kind *check_kinds(void)
{
    return kinds;
}
