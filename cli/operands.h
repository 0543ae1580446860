/* SPDX-License-Identifier: Apache-2.0
 *
 * operands.h - the files that a list of operands stands for, one after another: files, the regular
 * files of directories (in name order, dot files skipped, not deeper), `-` for standard input.
 */
#ifndef ORDERLY_OPERANDS_H
#define ORDERLY_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>

struct dirent;

/* What standard input is called. */
#define OPERANDS_STANDARD_INPUT "standard input"

struct operands {
    int fd;            /* the file to read; -1: none is open */
    const char *name;  /* its name for people; until the next call */
    const char *error; /* after OPERANDS_ERROR: what could not be done ("cannot open") */
    int reason;        /* ...and why, as errno has it; 0: that is all */

    /* The rest is private. */
    char *const *words;
    size_t word_count;
    size_t next_word;
    const char *directory;   /* the one being read */
    struct dirent **entries; /* its entries; NULL when there is none */
    size_t entry_count;
    size_t next_entry;
    bool directory_empty; /* it gave no file yet */
    char *path;           /* of the file in it */
};

enum operands_answer { OPERANDS_FILE, OPERANDS_ERROR, OPERANDS_END };

/* The words must outlive it. Without words, standard input is the only file. */
void operands_init(struct operands *operands, char *const *words, size_t word_count);

/* Opens the next file; none may be open. After an error the next call goes on behind it. */
enum operands_answer operands_next(struct operands *operands);

/* Closes the file that is open, if one is. Standard input stays open. */
void operands_close_file(struct operands *operands);

/* Closes everything. */
void operands_release(struct operands *operands);

#endif
