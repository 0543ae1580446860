/* SPDX-License-Identifier: Apache-2.0
 *
 * show.h - the tree of a message, for `orderly show`: one walk (show_walk), two listeners, a tree for
 * people (show_tree.c) and JSON (show_json.c). Names of fields and codes are those of the dictionary
 * (names.h).
 *
 * The walk visits segments and, below them, values: a field; its repetitions when it has several;
 * the components of those that have several; their sub-components. A value that has nothing below
 * it is a leaf. Every value is named by the path that `orderly get` takes. The walk is linear in the
 * message's length.
 */
#ifndef ORDERLY_SHOW_H
#define ORDERLY_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "hl7.h"
#include "../base/json.h"
#include "../base/memory.h"
#include "../base/names.h"
#include "source.h"
#include "../base/text.h"

struct show_segment {
    hl7_slice path; /* "PID", or "OBX[2]" when the message has several */
    hl7_slice name;
    size_t index;
};

/* What a value is made of; names the children, too. */
enum show_parts { SHOW_LEAF, SHOW_REPETITIONS, SHOW_COMPONENTS, SHOW_SUBCOMPONENTS };

/* Where a value stands, in numbers from 1; 0: the value is the whole. */
struct show_place {
    size_t segment; /* its index, from 0 */
    size_t field;
    size_t repetition;
    size_t component;
    size_t subcomponent;
};

struct show_value {
    hl7_slice path; /* "OBX[2]-5.1"; borrowed until the next visit */
    hl7_slice raw;
    hl7_slice whole; /* the value that it is a part of; absent for a field */
    unsigned depth;  /* 1: a field */
    enum show_parts parts;
    struct show_place place;
};

/* What the walk calls. `end` follows the children of a value that is no leaf. */
struct show_visitor {
    void (*segment)(void *context, const struct show_segment *segment);
    void (*segment_end)(void *context);
    void (*value)(void *context, const struct show_value *value);
    void (*end)(void *context);
};

/* Counts how often a segment name occurs. Begin with {0}. */
struct show_counts {
    uint32_t *total;
    uint32_t *seen;
};

/* Walks a message. `all`: empty values are visited, too. False when there is no memory. */
bool show_walk(const struct hl7_message *message, bool all, struct show_counts *counts,
               const struct show_visitor *visitor, void *context);

void show_counts_free(struct show_counts *counts);

/* ---- Values as text ------------------------------------------------------------------------- */

/* Turns raw values into UTF-8. Begin with {0}. */
struct show_text {
    const struct hl7_message *message;
    struct text_charset charset;
    struct memory_block memory;
};

/* The raw value as UTF-8, and the decoded one: both borrow until the next call. False, with both
 * absent, when there is no memory. */
bool show_decode(struct show_text *text, hl7_slice raw, hl7_slice *ret_raw, hl7_slice *ret_decoded);

void show_text_free(struct show_text *text);

/* ---- Listeners ------------------------------------------------------------------------------ */

struct show {
    struct text_terminal terminal;
    struct show_text text;
    struct show_counts counts;
    struct json json;
    size_t width; /* columns a line may take; 0: no bound */
    bool all;
    bool plain;               /* no names */
    enum hl7_version version; /* of the message that is shown */
    size_t shown;
};

/* What the dictionary says of a value by the message's version; all empty in a plain tree. */
void show_names(const struct show *show, const struct show_value *value, struct names *ret_names);

/* The title of a segment; empty when it is not known, and in a plain tree. */
hl7_slice show_title(const struct show *show, hl7_slice name);

/* Print one message. False when there is no memory. */
bool show_tree(struct show *show, const struct source_item *item,
               const struct hl7_message *message);
bool show_json(struct show *show, const struct source_item *item,
               const struct hl7_message *message);

#endif
