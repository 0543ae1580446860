/* SPDX-License-Identifier: Apache-2.0
 *
 * sequences.h - the numbers that sequence('name') gives in a template.
 *
 * Without a file they count from 1 in each run of the program. With one they go on across runs, and
 * across programs that use the file at the same time. It is text, a line "NAME NUMBER" for each
 * sequence: the number given out last.
 *
 *     sequences_open(&sequences, path);              (path NULL: no file)
 *     number = sequences_next(&sequences, name);     (in a conversion, any number of times)
 *     sequences_keep(&sequences)                     its result counts: the numbers are used up
 *     sequences_drop(&sequences)                     it does not: they are given again
 *     sequences_close(&sequences);
 *
 * From the first number of a conversion until keep or drop the file is locked. keep writes a new file,
 * syncs it and puts it in place: what was kept is not given again, whatever happens to the machine.
 */
#ifndef BASE_SEQUENCES_H
#define BASE_SEQUENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hl7.h"

/* Sequences in a file or run, and how long a name may be: letters, digits, '.', '_' and '-'. */
enum { SEQUENCES_MAX = 256, SEQUENCE_NAME_MAX = 40 };

struct sequence {
    char name[SEQUENCE_NAME_MAX];
    size_t name_len;
    uint64_t kept;  /* the last number whose use is settled */
    uint64_t given; /* the last one given */
};

struct sequences {
    const char *path; /* borrowed; NULL: there is no file */
    int fd;           /* the locked file while a conversion has numbers of it; else -1 */
    char error[160];  /* why a number could not be given, or kept; "" when all is well */
    bool used;        /* a number was given since the last keep or drop */
    size_t count;
    struct sequence all[SEQUENCES_MAX];
};

void sequences_open(struct sequences *sequences, const char *path);

/* The next number. 0 when there is none; the error then says why, and keep fails. */
uint64_t sequences_next(struct sequences *sequences, hl7_slice name);

/* False when the numbers could not be kept: what was made with them must not be used. */
bool sequences_keep(struct sequences *sequences);
void sequences_drop(struct sequences *sequences);

void sequences_close(struct sequences *sequences);

#endif
