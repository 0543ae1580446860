/* SPDX-License-Identifier: Apache-2.0
 *
 * cases.c - the folder of a template's cases; see cases.h. Templates are found in cases_find.c.
 */
#include "cases.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_case_file(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && entry->d_name[len - 1] != '~' &&
           strncmp(entry->d_name, "README", 6) != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* The case of a name; made when there is none. NULL without memory. */
static struct case_files *case_of(struct case_list *list, const char *name, size_t len)
{
    struct case_files *items;

    for (size_t i = list->count; i-- > 0;) {
        if (strncmp(list->items[i].name, name, len) == 0 && list->items[i].name[len] == '\0') {
            return &list->items[i];
        }
    }
    items = realloc(list->items, (list->count + 1) * sizeof *items);
    if (items == NULL) {
        return NULL;
    }
    list->items = items;
    items[list->count] = (struct case_files){.name = strndup(name, len)};
    return items[list->count].name == NULL ? NULL : &items[list->count++];
}

/* Which part of a case a file is: the word between its name's last dots. */
static char **case_part(struct case_files *files, const char *word, size_t len)
{
    if (len == 2 && strncmp(word, "in", len) == 0) {
        return &files->in;
    }
    if (len == 3 && strncmp(word, "out", len) == 0) {
        return &files->out;
    }
    if (files->named_count == CASE_NAMED_MAX) {
        return NULL;
    }
    files->named[files->named_count].word = strndup(word, len);
    return &files->named[files->named_count++].path;
}

/* The dot before `end`; NULL when there is none behind the first character. */
static const char *dot_before(const char *text, const char *end)
{
    while (end > text + 1) {
        if (*--end == '.') {
            return end;
        }
    }
    return NULL;
}

static int case_add(const struct verb *verb, const char *folder, const char *file,
                    struct case_list *list)
{
    const char *ending = dot_before(file, file + strlen(file));
    const char *word = ending == NULL ? NULL : dot_before(file, ending);
    bool is_error = ending != NULL && strcmp(ending, ".error") == 0;
    const char *end = is_error ? ending : word;
    struct case_files *files;
    char **part;

    if (end == NULL || (!is_error && word + 1 == ending)) {
        (void)verb_failed(verb,
                          "%s/%s belongs to no case: it is none of NAME.in.*, NAME.out.*, "
                          "NAME.error, NAME.WORD.hl7",
                          folder, file);
        return VERB_MISUSE;
    }
    files = case_of(list, file, (size_t)(end - file));
    if (files == NULL) {
        return verb_failed(verb, "out of memory");
    }
    part = is_error ? &files->error : case_part(files, word + 1, (size_t)(ending - word - 1));
    if (part == NULL || *part != NULL) {
        (void)verb_failed(verb, "%s/%s: the case has another file for this, or too many", folder,
                          file);
        return VERB_MISUSE;
    }
    return asprintf(part, "%s/%s", folder, file) < 0 ? verb_failed(verb, "out of memory")
                                                     : VERB_DONE;
}

int case_list_read(const struct verb *verb, const char *folder, struct case_list *ret_list)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_case_file, by_name);
    int status = VERB_DONE;

    *ret_list = (struct case_list){NULL, 0};
    if (count < 0) {
        return verb_failed(verb, "cannot read %s: %s", folder, strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        status = verb_worst(status, case_add(verb, folder, entries[i]->d_name, ret_list));
        free(entries[i]);
    }
    free((void *)entries);
    return status;
}

void case_list_free(struct case_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct case_files *files = &list->items[i];

        for (size_t n = 0; n < files->named_count; n++) {
            free(files->named[n].word);
            free(files->named[n].path);
        }
        free(files->name);
        free(files->in);
        free(files->out);
        free(files->error);
    }
    free(list->items);
    *list = (struct case_list){NULL, 0};
}
