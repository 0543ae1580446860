/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching the segments of a message with the structure the standard has for it. */
#ifndef LIB_VALIDATE_MATCH_H
#define LIB_VALIDATE_MATCH_H

#include "hl7.h"

/* Groups within groups, at most. */
enum { MATCH_DEPTH = 16 };

/* Nodes of a structure, at most. */
enum { MATCH_NODES = 1024 };

/* A node, made to be looked at often. */
struct match_node {
    uint32_t name; /* three bytes as one number; 0 for a group and for any segment */
    uint16_t end;  /* the node behind all that is in this one */
    bool optional;
    bool repeats;
    uint8_t kind; /* an enum hl7_node_kind */
};

struct match_tree {
    size_t count;
    struct match_node nodes[MATCH_NODES];
};

/* Adds the next node, in the order of hl7_dict_node(). False when there are too many. Begin with a count
 * of 0. */
bool match_add(struct match_tree *tree, const struct hl7_dict_node *node);

enum match_kind {
    MATCH_MISSING,   /* the standard has an element here, and the message has not */
    MATCH_MISPLACED, /* the segment belongs elsewhere */
    MATCH_REPEATED,  /* the segment has been there and may come only once */
    MATCH_FOREIGN    /* the structure does not have this segment at all */
};

struct match_finding {
    enum match_kind kind;
    size_t
        segment; /* the one it is about; of what is missing, the one found in its place, which is the
                     * number of segments at the end of the message */
    size_t element; /* the node that is missing; HL7_NONE for another kind */
    size_t leaf;    /* the first segment of it that must be there */
    size_t after;   /* the node of the last segment that had its place; HL7_NONE: there was none */
};

/* Called for each finding in the order of the message; false ends the matching. */
struct match_listener {
    bool (*found)(void *context, const struct match_finding *finding);
    void *context;
};

/* Goes through a message's segments once. Segments of a site (Z..) may stand anywhere. False when the
 * listener ended it. */
bool match(const struct match_tree *tree, const struct hl7_message *message,
           const struct match_listener *listener);

#endif
