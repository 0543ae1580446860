/* SPDX-License-Identifier: Apache-2.0
 *
 * cases.h - the cases beside templates, as files:
 *
 *     oru-to-ris.hl7                       the template
 *     oru-to-ris.cases/urgent.in.hl7       a message
 *     oru-to-ris.cases/urgent.order.hl7    the message {order:PID-5} reads
 *     oru-to-ris.cases/urgent.out.hl7      what comes of it
 *     oru-to-ris.cases/empty.in.hl7
 *     oru-to-ris.cases/empty.error         or the error that comes of it
 *
 * Finding them reads folders only. Everything is allocated and given back by the free functions.
 */
#ifndef ORDERLY_CASES_H
#define ORDERLY_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "verb.h"

struct case_template {
    char *path;
    char *folder; /* NULL: it has no cases */
};

struct case_templates {
    struct case_template *items;
    size_t count;
};

/* Adds the templates that an operand names: a file, or all in a directory and below it. In a
 * directory, a file is a template when it has cases, or stands beside one that has and ends in
 * .hl7, .json, .xml or .txt. What is wrong is complained about; the answer is the worst status. */
int case_templates_find(const struct verb *verb, const char *operand,
                        struct case_templates *templates);

void case_templates_free(struct case_templates *templates);

#define CASE_NAMED_MAX 16

struct case_files {
    char *name;
    char *in;    /* these are paths; NULL: there is none */
    char *out;   /* NAME.out.* */
    char *error; /* NAME.error */
    struct {
        char *word;
        char *path;
    } named[CASE_NAMED_MAX];
    size_t named_count;
};

struct case_list {
    struct case_files *items;
    size_t count;
};

/* Reads the folder of a template. Files that belong to no case are complained about. */
int case_list_read(const struct verb *verb, const char *folder, struct case_list *ret_list);

void case_list_free(struct case_list *list);

#endif
