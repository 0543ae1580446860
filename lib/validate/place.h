/* SPDX-License-Identifier: Apache-2.0
 *
 * Where in the tree of a structure a segment may stand, and what it would cost. */
#ifndef LIB_VALIDATE_PLACE_H
#define LIB_VALIDATE_PLACE_H

#include "match.h"

#include <string.h>

/* Three bytes as one number, to be compared at once; 0 for what is no name of a segment. */
static inline uint32_t name_of(hl7_slice name)
{
    uint32_t number = 0;

    if (name.len == 3) {
        memcpy(&number, name.ptr, 3);
    }
    return number;
}

static inline bool is_group(const struct match_node *node)
{
    return node->kind == HL7_NODE_GROUP || node->kind == HL7_NODE_CHOICE;
}

static inline bool is_choice(const struct match_node *node)
{
    return node->kind == HL7_NODE_CHOICE;
}

/* A place for a segment. */
struct place {
    size_t node;   /* HL7_NONE: there is none */
    unsigned cost; /* elements that must be there and are passed over */
};

/* The cheapest place for a name behind a node, HL7_NONE for the beginning; the first of them. */
struct place place_find(const struct match_tree *tree, size_t from, uint32_t name);

/* Places of one segment that are weighed against each other, at most. */
enum { PLACES_MAX = 8 };

/* The first places for a name behind a node, whatever they cost; their number. */
size_t place_list(const struct match_tree *tree, size_t from, uint32_t name,
                  struct place ret_places[PLACES_MAX]);

/* Whether the message may end behind a node. */
bool place_may_end(const struct match_tree *tree, size_t from);

/* Whether something must be there for this element. */
bool place_needs(const struct match_tree *tree, size_t node);

/* Around a node: the group it is in. Of the whole structure there is no node. */
struct level {
    size_t first; /* of its members */
    size_t end;
    bool choice;
    bool repeats;
};

/* The groups a node is in, from the outermost, the whole structure. */
size_t place_levels(const struct match_tree *tree, size_t node, struct level levels[MATCH_DEPTH]);

/* Nodes of a tree. */
struct place_set {
    bool beginning; /* the place before all nodes is among them */
    uint64_t bits[MATCH_NODES / 64];
};

static inline bool set_has(const struct place_set *set, size_t node)
{
    return (set->bits[node / 64] >> (node % 64) & 1) != 0;
}

static inline void set_add(struct place_set *set, size_t node)
{
    set->bits[node / 64] |= (uint64_t)1 << (node % 64);
}

/* The first node of a set from `node` on; HL7_NONE without one. */
size_t set_next(const struct place_set *set, size_t node);

/* All places for a name behind the nodes of a set that cost nothing. False when there is none. */
bool place_find_all(const struct match_tree *tree, const struct place_set *from, uint32_t name,
                    struct place_set *ret_places);

#endif
