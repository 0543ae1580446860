/* SPDX-License-Identifier: Apache-2.0
 *
 * dict_entry.h - what `orderly dict` tells of: a segment, a field or component, a data type, a table, a
 * structure. Found by what a person types (dict_find.c), told to people (dict_print.c) and to programs
 * (dict_json.c). */
#ifndef ORDERLY_DICT_ENTRY_H
#define ORDERLY_DICT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "hl7.h"
#include "../base/json.h"
#include "../base/text.h"

enum dict_kind { DICT_SEGMENT, DICT_FIELD, DICT_TYPE, DICT_TABLE, DICT_STRUCTURE };

/* One of the addresses is set: that of the kind. */
struct dict_entry {
    enum dict_kind kind;
    enum hl7_version version;
    hl7_slice name; /* "PID", "PID-5", "XPN", "ORU_R01"; of a table what was typed */
    const struct hl7_dict_segment *segment;
    const struct hl7_dict_field *field;
    const struct hl7_dict_type *type;
    const struct hl7_dict_table *table;
    const struct hl7_dict_structure *structure;
};

enum { DICT_FOUND_MAX = 4 };

/* What a version has under a name: "PID", "PID-5", "PID-5.1", "XPN", "XPN.1", "0003", "ORU_R01", or a
 * message's code and event "ADT_A04". Their number; the names borrow from `name`. */
size_t dict_find(enum hl7_version version, hl7_slice name, struct dict_entry found[DICT_FOUND_MAX]);

/* The n-th of all that a version has: segments, types, structures, then tables. False beyond the last. */
bool dict_nth(enum hl7_version version, size_t n, struct dict_entry *ret_entry);

/* "required"; "withdrawn". */
const char *dict_optionality(char optionality);

/* "segment"; the word for people and programs. */
const char *dict_kind_word(enum dict_kind kind);

/* Its title; of a field its name. */
hl7_slice dict_title(const struct dict_entry *entry);

/* Prints all of an entry, with the components and codes of a field. False when memory was short. */
bool dict_print(const struct text_terminal *terminal, const struct dict_entry *entry);

/* Writes an entry as one line. */
void dict_json(struct json *json, const struct dict_entry *entry);

/* A walk over the nodes of a structure, a group before its members. Begin with {.structure = ...}. */
enum { DICT_DEPTH_MAX = 16 };

struct dict_walk {
    const struct hl7_dict_structure *structure;
    size_t next;
    size_t depth;                /* groups around the node of the last step */
    size_t ends[DICT_DEPTH_MAX]; /* private: the first node behind each of them */
};

/* The next node; NULL behind the last. */
const struct hl7_dict_node *dict_walk_next(struct dict_walk *walk);

#endif
