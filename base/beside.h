/* SPDX-License-Identifier: Apache-2.0
 *
 * beside.h - a template's files: the template itself and what it loads from beside it, tables and
 * included files. Each is read once, is in memory as long as the template, and remembers what it was
 * read from, so that a change can be noticed.
 *
 * Names are looked for from the template's folder, and never leave it: not by "..", not by an absolute
 * name, not by a symbolic link. A link that stays in the folder is followed where the system can
 * tell (openat2), else no link is.
 */
#ifndef BASE_BESIDE_H
#define BASE_BESIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "hl7.h"
#include "memory.h"

/* The longest template; the longest file beside it; all of them together. */
#define BESIDE_TEMPLATE_MAX ((size_t)16 << 20)
#define BESIDE_FILE_MAX ((size_t)64 << 20)
#define BESIDE_ALL_MAX ((size_t)256 << 20)

enum { BESIDE_FILES_MAX = 256, BESIDE_NAME_MAX = 200 };

/* What a version of a file is known by. A missing file has a version too: all zero. */
struct beside_stamp {
    struct timespec modified;
    struct timespec changed; /* another file of the same age may be put in its place */
    size_t size;
};

struct beside_file {
    char name[BESIDE_NAME_MAX]; /* from the folder; "" for the template */
    size_t name_len;
    struct memory_block text;
    size_t len;
    int reason; /* why it could not be read, as errno has it; 0: it was */
    struct beside_stamp stamp;
};

struct beside {
    const char *path; /* of the template, borrowed; "-" is standard input */
    int directory;    /* its folder; -1: it could not be opened */
    struct beside_file *files[BESIDE_FILES_MAX];
    size_t count;
    size_t total; /* bytes */
};

/* Reads the template. 0, or why not, as errno has it; to be closed in any case. */
int beside_open(struct beside *beside, const char *path);

/* The template's text. */
hl7_slice beside_template(const struct beside *beside);

/* What lends the files beside it; it borrows `beside`, which may move when compiling is over. */
struct hl7_loader beside_loader(struct beside *beside);

/* The file as a person would name it: "folder/sex.csv". An empty name is the template's own. At
 * most `size` bytes with the NUL. */
void beside_name(const char *path, hl7_slice name, char *text, size_t size);

/* Whether any of the files is another one now, or one beside the template has come or gone. */
bool beside_changed(const struct beside *beside);

/* Whether the template is another one now; the files beside it are not looked at. */
bool beside_itself_changed(const struct beside *beside);

void beside_close(struct beside *beside);

/* Opens a file of a folder for reading without following any link; a negative number with errno set
 * when it cannot. What beside_open uses where there is no openat2. */
int beside_walk(int directory, const char *name);

#endif
