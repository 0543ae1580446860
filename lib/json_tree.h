/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict JSON reader (RFC 8259). The text is checked once and becomes a flat index of its values in
 * the arena, in the order of the text. Nothing is copied or converted: a number stays the digits
 * that were written, a string is decoded when it is asked for. The text must outlive the index.
 *
 *     [1,{"a":"x"}]   ->   0 array, 1 number, 2 object, 3 string (the key), 4 string (its value)
 *
 * A value is named by its place in the index; 0 is the whole. A member's key stands before its
 * value. Refused, with the position of the byte at fault: whatever the grammar refuses, text that is
 * not UTF-8, half of a surrogate pair, nesting deeper than JSON_MAX_DEPTH, an empty text. A byte
 * order mark is passed over. Of members with the same name the last one counts.
 */
#ifndef LIB_JSON_TREE_H
#define LIB_JSON_TREE_H

#include "hl7.h"

enum { JSON_MAX_DEPTH = 64 };

/* The code of a text that is not JSON. */
#define JSON_BAD HL7_BAD_VALUE

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_node {
    uint32_t start; /* offset of the value; of a string: behind its quote */
    uint32_t end;   /* past it; of a string: at its closing quote */
    uint32_t next;  /* the node behind this one and all that is in it */
    uint8_t kind;   /* enum json_kind */
    bool escaped;   /* a string with a '\' in it */
};

struct json_tree {
    hl7_slice text;
    const struct json_node *nodes;
    size_t count;
};

/* What an index of this text takes from the arena at most: computed by one pass. */
size_t json_tree_memory(hl7_slice text);

/* Reads a text. HL7_NO_MEMORY, HL7_TOO_LARGE (4 GiB), or JSON_BAD with the position. */
enum hl7_code json_tree_parse(hl7_slice text, struct hl7_arena *arena, struct json_tree *ret_tree,
                              struct hl7_error *error);

enum json_kind json_tree_kind(const struct json_tree *tree, size_t node);

/* The first element of an array or the first member's value of an object; HL7_NONE when there is
 * none, or when the node is neither. */
size_t json_tree_first(const struct json_tree *tree, size_t parent);

/* The one behind `node` in the same parent; HL7_NONE behind the last. */
size_t json_tree_next(const struct json_tree *tree, size_t parent, size_t node);

/* How many elements or members. */
size_t json_tree_count(const struct json_tree *tree, size_t parent);

/* The value of the member of this (decoded) name; HL7_NONE when there is none, or no object. *work
 * grows by the members and the bytes of their names. */
size_t json_tree_member(const struct json_tree *tree, size_t object, hl7_slice name, size_t *work);

/* The value as text: a string decoded (it borrows from the text when nothing is escaped, else from
 * the arena), a number as written, true, false, an array or object as its JSON; null is absent. */
enum hl7_code json_tree_text(const struct json_tree *tree, size_t node, struct hl7_arena *arena,
                             hl7_slice *ret_text);

/* ---- Paths --------------------------------------------------------------------------------- */

/* One step: a member by name, or an element by number, counted from 0 as in JSONPath. */
struct json_step {
    hl7_slice name; /* absent for an element */
    uint32_t index; /* HL7_LAST for [last] */
};

struct json_path {
    const struct json_step *steps;
    size_t count;
};

/* Reads the longest row of steps at the front of the text, which may be none: what follows the '$',
 * or the name of a variable. *ret_used is its length.
 *     .name        letters, digits, '_', '-' and all that is not ASCII
 *     ['any name'] a quote is written twice
 *     [0] [last]
 * HL7_BAD_PATH with a position, or HL7_NO_MEMORY. The names borrow from the text, or from the arena
 * where a quote was undone. */
enum hl7_code json_path_read(hl7_slice text, struct hl7_arena *arena, struct json_path *ret_path,
                             size_t *ret_used, struct hl7_error *error);

/* The value at a path below a node, or HL7_NONE. What is looked at to get there is added to *work:
 * the elements, and the bytes of the names. */
size_t json_tree_find(const struct json_tree *tree, size_t node, const struct json_path *path,
                      size_t *work);

#endif
