/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_check.c - `orderly check FILE|DIR...`: what is wrong with templates and configurations, before a
 * message meets them. Files are sorted by their kind; each kind checks its own (check.h).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "check.h"

struct check_options {
    bool werror;
    bool json;
};

/* Paths that grow; all are freed with it. */
struct check_paths {
    char **items;
    size_t count;
};

static bool paths_add(struct check_paths *paths, char *path)
{
    char **items = reallocarray(paths->items, paths->count + 1, sizeof *items);

    if (items == NULL || path == NULL) {
        free(path);
        paths->items = items == NULL ? paths->items : items;
        return false;
    }
    items[paths->count++] = path;
    paths->items = items;
    return true;
}

static void paths_free(struct check_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        free(paths->items[i]);
    }
    free(paths->items);
}

/* ---- Operands ------------------------------------------------------------------------------- */

static bool is_directory(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The messages that a template is tested with lie beside it: TEMPLATE.cases/. */
static bool is_cases(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    return len >= 6 && strncmp(path + len - 6, ".cases", 6) == 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static char *join(const char *directory, const char *name)
{
    size_t len = strlen(directory);
    char *path = NULL;

    if (asprintf(&path, "%s%s%s", directory, len > 0 && directory[len - 1] == '/' ? "" : "/",
                 name) < 0) {
        return NULL;
    }
    return path;
}

/* Adds a file of a directory if it is of a kind that is checked there. */
static bool add_entry(struct check_paths *paths, const char *directory, const char *name)
{
    char *path = join(directory, name);
    const struct check_kind *kind = path == NULL ? NULL : check_kind_of(path);
    struct stat status;

    if (path != NULL && (kind == NULL || !kind->in_directories || stat(path, &status) != 0 ||
                         !S_ISREG(status.st_mode))) {
        free(path);
        return true;
    }
    return paths_add(paths, path);
}

static void add_directory(struct check_report *report, struct check_paths *paths,
                          const char *directory)
{
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, is_visible, by_name);
    size_t before = paths->count;

    if (count < 0) {
        check_report_unreadable(report, directory, strerror(errno));
        return;
    }
    for (int i = 0; i < count; i++) {
        if (!add_entry(paths, directory, entries[i]->d_name)) {
            check_report_unreadable(report, directory, strerror(ENOMEM));
        }
        free(entries[i]);
    }
    free((void *)entries);
    if (paths->count == before) {
        check_report_unreadable(report, directory, "there is nothing to check in this directory");
    }
}

static void add_operand(struct check_report *report, struct check_paths *paths, const char *operand)
{
    if (is_directory(operand)) {
        if (!is_cases(operand)) {
            add_directory(report, paths, operand);
        }
    } else if (!paths_add(paths, strdup(operand))) {
        check_report_unreadable(report, operand, strerror(ENOMEM));
    }
}

/* ---- Checking ------------------------------------------------------------------------------- */

/* Hands the files of one kind to its checker, together. */
static void check_one_kind(struct check_report *report, const struct check_paths *paths,
                           const struct check_kind *kind)
{
    char **fitting = calloc(paths->count, sizeof *fitting);
    size_t count = 0;

    for (size_t i = 0; fitting != NULL && i < paths->count; i++) {
        if (check_kind_of(paths->items[i]) == kind) {
            fitting[count++] = paths->items[i];
        }
    }
    if (fitting == NULL) {
        check_report_unreadable(report, kind->name, strerror(ENOMEM));
    } else if (count > 0) {
        kind->check(report, fitting, count);
    }
    free(fitting);
}

static int check_status(const struct check_report *report, bool werror)
{
    int status = werror && report->warnings > 0 ? VERB_NO : VERB_DONE;

    status = verb_worst(status, report->errors > 0 ? VERB_MISUSE : VERB_DONE);
    return verb_worst(status, report->unreadable > 0 ? VERB_FAILED : VERB_DONE);
}

static int check_run(const struct verb_call *call)
{
    const struct check_options *options = call->options;
    struct check_paths paths = {NULL, 0};
    struct check_report report;

    check_report_open(&report, call->verb, options->json);
    for (size_t i = 0; i < call->operand_count; i++) {
        add_operand(&report, &paths, call->operands[i]);
    }
    for (const struct check_kind *kind = check_kinds(); paths.count > 0 && kind->name != NULL;
         kind++) {
        check_one_kind(&report, &paths, kind);
    }
    check_report_close(&report);
    paths_free(&paths);
    return check_status(&report, options->werror);
}

static const struct option check_option_table[] = {
    {.name = "werror",
     .kind = OPTION_FLAG,
     .doc = "Warnings count: where there are some, the exit status is 1",
     OPTION_PLACE(struct check_options, werror)},
    {.name = "json",
     .kind = OPTION_FLAG,
     .doc = "Print one JSON object: the findings, each with file, line, column, severity and text, "
            "and how many there are",
     OPTION_PLACE(struct check_options, json)},
    {.name = NULL}};

static const char *const check_description[] = {
    "Checks templates without a message: every error is shown with its place, in the template, in "
    "the files that it includes and in the tables that it uses. Nothing is written.",
    "Warnings tell what is allowed and hardly meant: a segment or a field that no version of HL7 "
    "has (names with Z are a site's own), a name of a let that is never used, a map without a "
    "default, braces with blanks such as { PID-5 }, which are text.",
    "A file whose name ends in .ini or .conf is a configuration of `orderly run`, and is checked with "
    "all that it includes and names: files, templates, tables. No host is asked for, and no folder "
    "is looked into. What it may say is in orderly.conf(5).",
    "A directory stands for the templates in it: all files but tables (.csv), configurations, "
    "folders, and what is documentation or code by its name (.md, .py and the like). A file that another one of them "
    "includes is checked as a part of that. A table is also checked when it is named.",
    NULL};

static const struct verb_status check_statuses[] = {
    {VERB_DONE, "No mistakes; perhaps warnings"},
    {VERB_NO, "Warnings, with --werror"},
    {VERB_MISUSE, "Wrong use, or there are mistakes"},
    {VERB_FAILED, "Something could not be read"},
    {0, NULL}};

static const struct verb_example check_examples[] = {
    {"orderly check orm-to-ris.hl7", "Says what is wrong with one template"},
    {"orderly check --werror templates/", "Checks all templates of a folder, as before a release"},
    {"orderly check /etc/orderly/orderly.ini", "Says what is wrong with a configuration"},
    {"orderly check --json templates/ | jq '.findings[] | .text'", "For an editor or a build"},
    {NULL, NULL}};

const struct verb verb_check = {
    .name = "check",
    .summary = "Find mistakes in templates and configurations",
    .usage = "FILE|DIR...",
    .description = check_description,
    .options = check_option_table,
    .options_size = sizeof(struct check_options),
    .operands = VERB_TAKES_FILES,
    .operands_min = 1,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = check_statuses,
    .examples = check_examples,
    .run = check_run,
};
