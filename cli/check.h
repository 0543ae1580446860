/* SPDX-License-Identifier: Apache-2.0
 *
 * check.h - what `orderly check` is made of: kinds of files, each with its own way to be checked, and
 * one report they all write to. A new kind is a row of the table in check_kind.c and a function.
 */
#ifndef ORDERLY_CHECK_H
#define ORDERLY_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "hl7.h"
#include "../base/json.h"
#include "verb.h"

/* Findings are printed as they come, with a summary at the end; or all is one JSON object. */
struct check_report {
    const struct verb *verb;
    bool as_json;
    struct json json;
    size_t files;
    size_t errors;
    size_t warnings;
    size_t unreadable;
};

void check_report_open(struct check_report *report, const struct verb *verb, bool as_json);

/* A finding about the file at `path`, or one beside it. */
void check_report_add(struct check_report *report, const char *path,
                      const struct hl7_diagnostic *finding);

/* A file that could not be read, and why. */
void check_report_unreadable(struct check_report *report, const char *path, const char *reason);

void check_report_close(struct check_report *report);

/* One kind of file. The checker is given files of one directory together, so that those which are a
 * part of another need not be checked alone. */
struct check_kind {
    const char *name;
    const char *const *suffixes; /* ended by NULL; NULL: any other file */
    bool in_directories;         /* those of a directory are checked without being named */
    void (*check)(struct check_report *report, char *const *paths, size_t count);
};

/* The kind of a file; NULL: none that is checked. */
const struct check_kind *check_kind_of(const char *path);

/* All kinds, ended by one without a name. */
const struct check_kind *check_kinds(void);

void check_templates(struct check_report *report, char *const *paths, size_t count);
void check_tables(struct check_report *report, char *const *paths, size_t count);
void check_configs(struct check_report *report, char *const *paths, size_t count);

#endif
