/* SPDX-License-Identifier: Apache-2.0
 *
 * operands.c - see operands.h.
 */
#include "operands.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char operands_dash[] = "-";
static char *const operands_standard_input[] = {operands_dash, NULL};

static enum operands_answer operands_complain(struct operands *operands, const char *error)
{
    operands->error = error;
    operands->reason = errno;
    return OPERANDS_ERROR;
}

static enum operands_answer operands_open_file(struct operands *operands, const char *path)
{
    operands->name = path;
    operands->fd = open(path, O_RDONLY | O_CLOEXEC);
    return operands->fd < 0 ? operands_complain(operands, "cannot open") : OPERANDS_FILE;
}

static enum operands_answer operands_open_standard_input(struct operands *operands)
{
    operands->name = OPERANDS_STANDARD_INPUT;
    operands->fd = STDIN_FILENO;
    if (isatty(STDIN_FILENO) == 1) {
        fputs("orderly: reading messages typed here; Ctrl-D at the start of a line ends them\n",
              stderr);
    }
    return OPERANDS_FILE;
}

/* ---- Directories ---------------------------------------------------------------------------- */

static int operands_is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int operands_by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum operands_answer operands_open_directory(struct operands *operands, const char *name)
{
    int count;

    operands->name = name;
    count = scandir(name, &operands->entries, operands_is_visible, operands_by_name);
    if (count < 0) {
        operands->entries = NULL;
        return operands_complain(operands, "cannot read this directory");
    }
    operands->directory = name;
    operands->entry_count = (size_t)count;
    operands->next_entry = 0;
    operands->directory_empty = true;
    return OPERANDS_END;
}

static void operands_close_directory(struct operands *operands)
{
    if (operands->entries != NULL) {
        for (size_t i = 0; i < operands->entry_count; i++) {
            free(operands->entries[i]);
        }
        free((void *)operands->entries);
    }
    operands->entries = NULL;
    free(operands->path);
    operands->path = NULL;
}

/* Opens the next regular file of the directory. OPERANDS_END when it has no more. */
static enum operands_answer operands_next_in_directory(struct operands *operands)
{
    while (operands->next_entry < operands->entry_count) {
        const char *name = operands->entries[operands->next_entry++]->d_name;
        struct stat status;

        free(operands->path);
        if (asprintf(&operands->path, "%s/%s", operands->directory, name) < 0) {
            operands->path = NULL;
            operands->name = operands->directory;
            return operands_complain(operands, "cannot read this directory");
        }
        if (stat(operands->path, &status) == 0 && S_ISREG(status.st_mode)) {
            operands->directory_empty = false;
            return operands_open_file(operands, operands->path);
        }
    }
    operands_close_directory(operands);
    if (operands->directory_empty) {
        operands->directory_empty = false;
        operands->name = operands->directory;
        errno = 0;
        return operands_complain(operands, "no files in this directory");
    }
    return OPERANDS_END;
}

/* ---- All together --------------------------------------------------------------------------- */

void operands_init(struct operands *operands, char *const *words, size_t word_count)
{
    memset(operands, 0, sizeof *operands);
    operands->fd = -1;
    operands->words = word_count == 0 ? operands_standard_input : words;
    operands->word_count = word_count == 0 ? 1 : word_count;
}

/* OPERANDS_END: it is a directory, now open. */
static enum operands_answer operands_open_word(struct operands *operands, const char *word)
{
    struct stat status;

    if (strcmp(word, operands_dash) == 0) {
        return operands_open_standard_input(operands);
    }
    if (stat(word, &status) == 0 && S_ISDIR(status.st_mode)) {
        return operands_open_directory(operands, word);
    }
    return operands_open_file(operands, word);
}

enum operands_answer operands_next(struct operands *operands)
{
    enum operands_answer answer = operands_next_in_directory(operands);

    while (answer == OPERANDS_END && operands->next_word < operands->word_count) {
        answer = operands_open_word(operands, operands->words[operands->next_word++]);
        if (answer == OPERANDS_END) {
            answer = operands_next_in_directory(operands);
        }
    }
    return answer;
}

void operands_close_file(struct operands *operands)
{
    if (operands->fd > STDIN_FILENO) {
        (void)close(operands->fd);
    }
    operands->fd = -1;
}

void operands_release(struct operands *operands)
{
    operands_close_file(operands);
    operands_close_directory(operands);
}
