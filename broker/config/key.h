/* SPDX-License-Identifier: Apache-2.0
 *
 * key.h - keys.tbl as arrays: what sections there are, what keys each has, and how their values are
 * read. Everything that reads, compares or describes a configuration goes along these.
 */
#ifndef BROKER_CONFIG_KEY_H
#define BROKER_CONFIG_KEY_H

#include "config.h"

struct value;

/* How a value is written: a row of types.tbl. */
struct config_type {
    const char *name;         /* "SIZE" */
    const char *what;         /* what has to stand there */
    const char *const *words; /* of a choice; ended by NULL */
    bool literal;             /* ${file:...} means nothing in it */
    size_t width;             /* of the member */
    bool (*read)(struct value *value, void *slot);
    bool (*same)(const struct config *a, const void *slot_a, const struct config *b,
                 const void *slot_b);
};

/* A row of keys.tbl. */
struct config_key {
    enum config_section section;
    const char *name;
    const struct config_type *type;
    size_t place; /* of the member in the section's struct */
    size_t width;
    const char *standard; /* "": none */
    const char *zero;     /* NULL: 0 is no value, or no special one */
    uint64_t min;
    uint64_t max;
    enum config_effect effect;
    bool own;         /* not in [defaults ...] */
    const char *door; /* the key it goes with; NULL: any */
    const char *doc;
};

struct config_section_kind {
    enum config_section section;
    const char *word;
    size_t width; /* of its struct */
    const char *doc;
};

enum { CONFIG_SECTION_KINDS = CONFIG_ROUTE + 1 };

/* All kinds of sections, by their enum. */
const struct config_section_kind *config_section_kinds(void);

/* All keys, section by section, ended by one without a name. */
const struct config_key *config_keys(void);

/* The key of a section with this name, or NULL. */
const struct config_key *config_key_find(enum config_section section, hl7_slice name);

/* The name of a key of the section that is most like this one, or NULL. */
const char *config_key_nearest(enum config_section section, hl7_slice name);

/* A kind of section by its word; NULL when there is none. */
const struct config_section_kind *config_section_find(hl7_slice word);

/* The word of a kind of section, or "defaults", most like this one; NULL when none is near. */
const char *config_section_nearest(hl7_slice word);

#endif
