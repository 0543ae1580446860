/* SPDX-License-Identifier: Apache-2.0
 *
 * sections.h - the files of a configuration as sections and keys: included files are in their places,
 * keys are known, values are whole text with their ${file:...} replaced. What the values mean comes
 * later (value.h).
 */
#ifndef BROKER_CONFIG_SECTIONS_H
#define BROKER_CONFIG_SECTIONS_H

#include <sys/types.h>

#include "key.h"
#include "pool.h"
#include "findings.h"

struct section_file {
    struct findings_file as;           /* as findings need it */
    struct beside *beside;             /* holds the text */
    const struct section_file *parent; /* that includes it; NULL: the first */
    dev_t device;
    ino_t inode;
};

/* A key that was given. */
struct section_key {
    const struct config_key *key;
    const struct section_file *file;
    size_t position; /* of the key */
    size_t line;
    hl7_slice raw;  /* the value as it is written */
    hl7_slice text; /* and as it counts; ends in NUL */
    bool from_file; /* what ${file:...} stands for is in it: it is not shown to anybody */
    bool told;      /* something is wrong with it, and has been said */
    bool misspelt;  /* it was given by a name that is like this one, and that has been said, too */
    struct section_key *next;
};

struct section {
    enum config_section section;
    bool defaults;
    const char *name; /* "" for [orderly] and defaults */
    size_t number;    /* among those of its kind, from 0; defaults are not counted */
    const struct section_file *file;
    size_t position;
    size_t line;
    struct section_key *keys;
    struct section *next;
};

struct sections {
    struct config_pool *pool;
    struct config_report *report;
    struct section_file *files[CONFIG_FILES_MAX]; /* in the order they were read */
    size_t file_count;
    struct section *first; /* in their order */
    struct section *last;
    size_t counts[CONFIG_SECTION_KINDS];
    struct section *defaults[CONFIG_SECTION_KINDS]; /* NULL: not given */
};

/* Reads the configuration at a path and all that it includes. Mistakes are in the report; whether memory
 * was short, in pool and report. To be closed in any case, when nothing needs the files any more. */
void sections_read(struct sections *sections, const char *path, struct config_pool *pool,
                   struct config_report *report);

void sections_close(struct sections *sections);

/* The section of a kind with this name; NULL when there is none. */
const struct section *sections_find(const struct sections *sections, enum config_section section,
                                    hl7_slice name);

/* The key as it is given in the section; NULL when it is not. */
struct section_key *sections_given(const struct section *section, const struct config_key *key);

/* The offset in the file of a byte of a value's text. */
size_t sections_locate(const struct section_key *key, size_t offset);

/* A name of a file, from the folder of a file of the configuration. NULL when memory is short. */
const char *sections_path(struct config_pool *pool, const struct section_file *file,
                          hl7_slice name);

/* ---- Parts of sections_read ------------------------------------------------------------------- */

/* sections_file.c: opens the first file. NULL, and reported, when it cannot be read. */
struct section_file *sections_open(struct sections *sections, const char *path);

/* sections_file.c: opens each file that an item of an include key stands for, and has it read. */
void sections_include(struct sections *sections, struct section_key *key, size_t offset,
                      hl7_slice item,
                      void (*read)(struct sections *sections, struct section_file *file));

/* sections_text.c: makes the text of a value from what is written. */
void sections_make_text(struct sections *sections, struct section_key *key);

#endif
