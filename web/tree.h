/* SPDX-License-Identifier: Apache-2.0
 *
 * tree.h - a message as JSON: its segments, fields, repetitions, components and sub-components, with the
 * standard's names, and the documents in it. Values that are empty are left out.
 *
 *     struct tree tree;
 *     tree_begin(&tree, &message);
 *     json_t *segments = tree_segments(&tree, documents);
 *     tree_end(&tree);
 *
 * The work is linear in the message's length, and bounded: TREE_NODES values, TREE_VALUE_MAX bytes of
 * each. */
#ifndef WEB_TREE_H
#define WEB_TREE_H

#include <jansson.h>

#include "../base/text.h"
#include "hl7.h"

enum { TREE_NODES = 20000, TREE_VALUE_MAX = 4096 };

struct tree {
    const struct hl7_message *message;
    enum hl7_version version;
    struct text_charset charset;
    json_t *documents; /* borrowed; NULL: nobody wants them */
    size_t document_count;
    size_t nodes;
    bool cut; /* there were more */
};

/* The message is borrowed until tree_end(). */
void tree_begin(struct tree *tree, const struct hl7_message *message);
void tree_end(struct tree *tree);

/* An array of segments. Documents are added to the list. NULL when memory is short. */
json_t *tree_segments(struct tree *tree, json_t *documents);

/* A path as people write it: without the [1] of a segment that comes once. */
enum { TREE_PATH_SIZE = 96 };
void tree_path(const struct hl7_message *message, struct hl7_path path,
               char ret_text[TREE_PATH_SIZE]);

/* A raw value of the message, decoded, as UTF-8: the whole of it when max is 0. */
json_t *tree_value(struct tree *tree, hl7_slice raw, size_t max);

/* Bytes of the message as UTF-8, with their escapes. */
json_t *tree_text(struct tree *tree, hl7_slice bytes);

/* The base64 text of a document, by its number from 1; absent when there is none. */
hl7_slice tree_document(const struct hl7_message *message, size_t number);

#endif
