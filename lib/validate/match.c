/* SPDX-License-Identifier: Apache-2.0
 *
 * The matcher stands at a node of the tree, the segment it saw last, and looks for the next place a segment
 * fits: the node itself when it repeats, then forward through the open groups, their repetitions first.
 * A place has a cost, the number of elements that must be there and are passed over; the first of the
 * cheapest places is taken. All the state is the node: a structure has no counts but 0, 1 and any.
 *
 * When the cheapest place costs something, or there is none, the message departs from the structure.
 * Then two stories are compared by how many of the segments that follow fit: elements are missing, or this
 * segment is out of place. The better one is told, so that one slip makes one finding. A segment
 * told to be out of place is remembered for a while and not told to be missing, too.
 *
 * A step looks at each node of the tree a few times at most, a departure at some following segments:
 * the time is linear in the message, whatever is in it. Nothing is allocated and nothing recurses.
 *
 * Some structures are ambiguous: after A B A, is the next A one more repetition of {A B} or what follows the
 * group? Where the first of the cheapest places leads into a departure, all the ways that the segments since
 * the last departure can be read are followed side by side, as a set of nodes; only when none is left, it is a
 * departure.
 *
 * "Any segment" of a structure (HL7_NODE_ANY) is taken only by what has no place of its own. */
#include "match.h"

#include <string.h>

enum {
    LOOK_AHEAD = 8, /* segments that decide between two stories */
    STRAYS = 8      /* segments out of place that are remembered */
};

/* A place for a segment. */
struct place {
    size_t node;   /* HL7_NONE: there is none */
    unsigned cost; /* elements passed over */
};

static const struct place NO_PLACE = {HL7_NONE, 0};

/* Nodes of a tree. */
struct set {
    uint64_t bits[MATCH_NODES / 64];
};

struct matcher {
    const struct match_tree *tree;
    const struct hl7_message *message;
    const struct match_listener *listener;
    size_t at; /* the node of the last segment that had its place; HL7_NONE before the first */
    uint32_t strays[STRAYS];
    size_t stray_count;
    struct set seen;
    /* Where the last departure was, or the beginning: what follows is read anew from there. */
    size_t synced_at;
    size_t synced_segment; /* the first one behind it */
    bool wide;             /* all ways are followed: they are at these nodes */
    struct set ways;
};

/* Three bytes as one number, to be compared at once; 0 for what is no name of a segment. */
static uint32_t name_of(hl7_slice name)
{
    uint32_t number = 0;

    if (name.len == 3) {
        memcpy(&number, name.ptr, 3);
    }
    return number;
}

bool match_add(struct match_tree *tree, const struct hl7_dict_node *node)
{
    size_t end = tree->count + node->size;

    if (tree->count == MATCH_NODES || end > UINT16_MAX) {
        return false;
    }
    tree->nodes[tree->count++] = (struct match_node){
        .name = node->kind == HL7_NODE_SEGMENT ? name_of((hl7_slice){node->segment, 3}) : 0,
        .end = (uint16_t)end,
        .optional = node->min == 0,
        .repeats = node->max != 1,
        .kind = node->kind};
    return true;
}

static bool is_group(const struct match_node *node)
{
    return node->kind == HL7_NODE_GROUP || node->kind == HL7_NODE_CHOICE;
}

static bool is_choice(const struct match_node *node)
{
    return node->kind == HL7_NODE_CHOICE;
}

static bool set_has(const struct set *set, size_t node)
{
    return (set->bits[node / 64] >> (node % 64) & 1) != 0;
}

static void set_add(struct set *set, size_t node)
{
    set->bits[node / 64] |= (uint64_t)1 << (node % 64);
}

/* The first node of a set from `node` on; HL7_NONE without one. */
static size_t set_next(const struct set *set, size_t node)
{
    for (; node < MATCH_NODES; node++) {
        if (set_has(set, node)) {
            return node;
        }
    }
    return HL7_NONE;
}

/* ---- Places -------------------------------------------------------------------------------- */

/* A group that a search is in. */
struct frame {
    size_t end;
    unsigned entry; /* the cost at its beginning */
    unsigned least; /* of a choice: the cost behind its cheapest member */
    bool choice;
    bool optional;
};

/* A search for a name: through the members of one group, from one of them on. */
struct search {
    const struct match_tree *tree;
    uint32_t name;
    unsigned cost;
    struct place best;
    struct place any; /* where any segment may stand */
    struct set *all;  /* NULL, or where to put all places that cost nothing */
    struct frame frames[MATCH_DEPTH];
    size_t depth;
};

static void enter(struct search *search, size_t end, bool choice, bool optional)
{
    search->frames[search->depth++] = (struct frame){.end = end,
                                                     .entry = search->cost,
                                                     .least = UINT32_MAX,
                                                     .choice = choice,
                                                     .optional = optional};
}

/* An element was passed over. In a choice its cost is one of several. */
static void pass(struct search *search, unsigned cost)
{
    struct frame *frame = &search->frames[search->depth - 1];

    search->cost = cost;
    if (frame->choice) {
        frame->least = cost < frame->least ? cost : frame->least;
        search->cost = frame->entry;
    }
}

/* Leaves the groups that end before this node. A whole group that is missing counts as one element. */
static void leave(struct search *search, size_t node)
{
    while (search->depth > 1 && search->frames[search->depth - 1].end <= node) {
        const struct frame frame = search->frames[--search->depth];
        unsigned inside = frame.choice ? frame.least : search->cost;

        pass(search, frame.optional || inside == frame.entry ? frame.entry : frame.entry + 1);
    }
}

/* Notes a place if it is the cheapest so far. */
static void note(struct place *best, size_t node, unsigned cost)
{
    if (best->node == HL7_NONE || cost < best->cost) {
        *best = (struct place){.node = node, .cost = cost};
    }
}

/* Notes that the segment may stand here, or any segment. True when nothing better need be looked for. */
static bool note_place(struct search *search, size_t node)
{
    bool any = search->tree->nodes[node].kind == HL7_NODE_ANY;

    note(any ? &search->any : &search->best, node, search->cost);
    if (search->all == NULL) {
        return !any && search->cost == 0;
    }
    if (search->cost == 0) {
        set_add(search->all, node);
    }
    return false;
}

static bool may_be(const struct search *search, size_t node)
{
    const struct match_node *there = &search->tree->nodes[node];

    return there->kind == HL7_NODE_ANY || there->name == search->name;
}

/* Looks through the nodes from `node` to `end`, members of a group. True when a place was found that
 * costs nothing. */
static bool look(struct search *search, size_t node, size_t end, bool choice)
{
    const struct match_tree *tree = search->tree;

    search->depth = 0;
    enter(search, end, choice, false);
    for (; node < end; node++) {
        leave(search, node);
        if (is_group(&tree->nodes[node]) && search->depth < MATCH_DEPTH) {
            enter(search, tree->nodes[node].end, is_choice(&tree->nodes[node]),
                  tree->nodes[node].optional);
            continue;
        }
        if (may_be(search, node) && note_place(search, node)) {
            return true;
        }
        pass(search, search->cost + (tree->nodes[node].optional ? 0 : 1));
    }
    leave(search, end);
    if (choice && search->frames[0].least != UINT32_MAX) {
        search->cost = search->frames[0].least;
    }
    return false;
}

static struct search new_search(const struct match_tree *tree, uint32_t name)
{
    return (struct search){.tree = tree, .name = name, .best = NO_PLACE, .any = NO_PLACE};
}

/* Whether something must be there for this element. */
static bool needs(const struct match_tree *tree, size_t node)
{
    if (tree->nodes[node].optional || !is_group(&tree->nodes[node])) {
        return !tree->nodes[node].optional;
    }
    struct search search = new_search(tree, 0);
    (void)look(&search, node + 1, tree->nodes[node].end, is_choice(&tree->nodes[node]));
    return search.cost > 0;
}

/* Around a node: the group it is in. Of the whole structure there is no node. */
struct level {
    size_t first; /* of its members */
    size_t end;
    bool choice;
    bool repeats;
};

/* The groups a node is in, from the outermost, the whole structure. */
static size_t levels_of(const struct match_tree *tree, size_t node,
                        struct level levels[MATCH_DEPTH])
{
    size_t at = 0;
    size_t depth = 0;

    levels[depth++] = (struct level){.end = tree->count};
    while (depth < MATCH_DEPTH) {
        while (tree->nodes[at].end <= node) {
            at = tree->nodes[at].end;
        }
        if (at == node) {
            break;
        }
        levels[depth++] = (struct level){.first = at + 1,
                                         .end = tree->nodes[at].end,
                                         .choice = is_choice(&tree->nodes[at]),
                                         .repeats = tree->nodes[at].repeats};
        at++;
    }
    return depth;
}

/* Looks behind a node: at the rest of each group it is in, and at the group's next repetition. */
static void look_behind(struct search *search, size_t from)
{
    struct level levels[MATCH_DEPTH];

    for (size_t depth = levels_of(search->tree, from, levels); depth > 0; depth--) {
        const struct level *level = &levels[depth - 1];

        if (!level->choice && look(search, search->tree->nodes[from].end, level->end, false)) {
            return;
        }
        unsigned cost = search->cost;
        if (level->repeats && look(search, level->first, level->end, level->choice)) {
            return;
        }
        search->cost = cost;
        from = level->first - 1;
    }
}

/* Looks for a name behind a node, HL7_NONE for the beginning. */
static void look_from(struct search *search, size_t from)
{
    const struct match_tree *tree = search->tree;

    if (from == HL7_NONE) {
        (void)look(search, 0, tree->count, false);
        return;
    }
    if (tree->nodes[from].repeats && may_be(search, from) && note_place(search, from)) {
        return;
    }
    look_behind(search, from);
}

/* The cheapest place for a name behind a node. */
static struct place find(const struct match_tree *tree, size_t from, uint32_t name)
{
    struct search search = new_search(tree, name);

    look_from(&search, from);
    bool any = search.any.node != HL7_NONE &&
               (search.best.node == HL7_NONE || search.any.cost < search.best.cost);
    return any ? search.any : search.best;
}

/* All places for a name behind the nodes of a set that cost nothing. False when there is none. */
static bool find_all(const struct match_tree *tree, const struct set *from, uint32_t name,
                     struct set *ret_places)
{
    struct set places = {{0}};

    for (size_t node = set_next(from, 0); node != HL7_NONE; node = set_next(from, node + 1)) {
        struct search search = new_search(tree, name);
        search.all = &places;
        look_from(&search, node);
    }
    *ret_places = places;
    return set_next(&places, 0) != HL7_NONE;
}

/* ---- Segments ------------------------------------------------------------------------------ */

static uint32_t name_at(const struct matcher *matcher, size_t segment)
{
    return name_of(hl7_segment_name(matcher->message, segment));
}

/* Z.. is a site's own; ADD and DSC continue what does not fit one message. */
static bool may_stand_anywhere(const struct matcher *matcher, size_t segment)
{
    hl7_slice name = hl7_segment_name(matcher->message, segment);

    return (name.len == 3 && name.ptr[0] == 'Z') || hl7_slice_equal(name, HL7_TEXT("DSC")) ||
           hl7_slice_equal(name, HL7_TEXT("ADD"));
}

/* Whether the message may end behind a node. */
static bool may_end(const struct match_tree *tree, size_t from)
{
    struct search search = new_search(tree, 0);

    if (from == HL7_NONE) {
        (void)look(&search, 0, tree->count, false);
    } else {
        look_behind(&search, from);
    }
    return search.cost == 0;
}

/* How many segments from this one on fit behind a node, one after another. *ret_failed is the name of the
 * first that does not. The end counts as one. */
static unsigned fitting(const struct matcher *matcher, size_t node, size_t segment,
                        uint32_t *ret_failed)
{
    unsigned count = 0;

    *ret_failed = 0;
    for (; segment < matcher->message->segment_count && count < LOOK_AHEAD; segment++) {
        uint32_t name = name_at(matcher, segment);
        struct place place = find(matcher->tree, node, name);
        if (place.node == HL7_NONE || place.cost > 0) {
            if (may_stand_anywhere(matcher, segment)) {
                continue;
            }
            *ret_failed = name;
            return count;
        }
        node = place.node;
        count++;
    }
    if (segment == matcher->message->segment_count && may_end(matcher->tree, node)) {
        count++;
    }
    return count;
}

/* ---- Telling ------------------------------------------------------------------------------- */

static bool take_stray(struct matcher *matcher, uint32_t name)
{
    for (size_t i = 0; i < matcher->stray_count; i++) {
        if (matcher->strays[i] == name) {
            matcher->strays[i] = matcher->strays[--matcher->stray_count];
            return true;
        }
    }
    return false;
}

static void remember_stray(struct matcher *matcher, uint32_t name)
{
    if (matcher->stray_count == STRAYS) {
        memmove(matcher->strays, matcher->strays + 1, (STRAYS - 1) * sizeof *matcher->strays);
        matcher->stray_count--;
    }
    matcher->strays[matcher->stray_count++] = name;
}

/* The first segment of an element that must be there, or of a choice its first. */
static size_t leaf_of(const struct match_tree *tree, size_t node)
{
    while (is_group(&tree->nodes[node]) && tree->nodes[node].end > node + 1) {
        bool choice = is_choice(&tree->nodes[node]);
        size_t end = tree->nodes[node].end;

        node++;
        while (!choice && !needs(tree, node) && tree->nodes[node].end < end) {
            node = tree->nodes[node].end;
        }
    }
    return node;
}

/* What is missing before a segment, and what of it is not to be told: it comes later. */
struct gap {
    struct matcher *matcher;
    size_t segment;
    uint32_t later;
};

static bool tell_missing(const struct gap *gap, size_t node)
{
    const struct match_tree *tree = gap->matcher->tree;
    struct match_finding finding = {
        .kind = MATCH_MISSING, .segment = gap->segment, .element = node, .after = gap->matcher->at};

    if (!needs(tree, node)) {
        return true;
    }
    finding.leaf = leaf_of(tree, node);
    uint32_t name = tree->nodes[finding.leaf].name;
    if (name == gap->later || take_stray(gap->matcher, name)) {
        return true;
    }
    return gap->matcher->listener->found(gap->matcher->listener->context, &finding);
}

/* Tells what must be there among the members of a group from `node` up to `to`, which may lie deeper. */
static bool tell_members(const struct gap *gap, size_t node, size_t end, size_t to, bool choice)
{
    const struct match_tree *tree = gap->matcher->tree;

    while (node < end && node != to) {
        if (to >= node && to < tree->nodes[node].end) {
            choice = is_choice(&tree->nodes[node]);
            node++;
            continue;
        }
        if (!choice && !tell_missing(gap, node)) {
            return false;
        }
        node = tree->nodes[node].end;
    }
    return true;
}

/* Tells what is passed over on the way from one node to another, HL7_NONE for the end. */
static bool tell_way(const struct gap *gap, size_t from, size_t to)
{
    const struct match_tree *tree = gap->matcher->tree;
    struct level levels[MATCH_DEPTH];

    if (from == HL7_NONE) {
        return tell_members(gap, 0, tree->count, to, false);
    }
    for (size_t depth = levels_of(tree, from, levels); depth > 0; depth--) {
        const struct level *level = &levels[depth - 1];
        size_t next = tree->nodes[from].end;
        bool ahead = !level->choice && to >= next && to < level->end;

        if (!level->choice && !tell_members(gap, next, level->end, ahead ? to : HL7_NONE, false)) {
            return false;
        }
        if (ahead) {
            return true;
        }
        if (level->repeats && to >= level->first && to < level->end) {
            return tell_members(gap, level->first, level->end, to, level->choice);
        }
        from = level->first - 1;
    }
    return true;
}

/* ---- Departures ---------------------------------------------------------------------------- */

static void take_place(struct matcher *matcher, size_t node)
{
    matcher->at = node;
    set_add(&matcher->seen, node);
}

static enum match_kind kind_of_stray(const struct matcher *matcher, uint32_t name)
{
    enum match_kind kind = MATCH_FOREIGN;

    for (size_t node = 0; node < matcher->tree->count; node++) {
        if (name != 0 && matcher->tree->nodes[node].name == name) {
            if (set_has(&matcher->seen, node)) {
                return MATCH_REPEATED;
            }
            kind = MATCH_MISPLACED;
        }
    }
    return kind;
}

/* The segment before had the same name. */
static bool comes_again(const struct matcher *matcher, uint32_t name)
{
    return matcher->at != HL7_NONE && matcher->tree->nodes[matcher->at].name == name;
}

/* A segment without a place here. */
static bool set_aside(struct matcher *matcher, size_t segment, bool elsewhere)
{
    uint32_t name = name_at(matcher, segment);
    struct match_finding finding = {.kind = kind_of_stray(matcher, name),
                                    .segment = segment,
                                    .element = HL7_NONE,
                                    .leaf = HL7_NONE,
                                    .after = matcher->at};

    if (finding.kind == MATCH_REPEATED && elsewhere && !comes_again(matcher, name)) {
        finding.kind = MATCH_MISPLACED;
    }
    if (finding.kind == MATCH_MISPLACED) {
        remember_stray(matcher, name);
    }
    return matcher->listener->found(matcher->listener->context, &finding);
}

/* A segment that fits only when something is missing, or not at all. */
static bool depart(struct matcher *matcher, size_t segment, struct place place)
{
    struct gap gap = {.matcher = matcher, .segment = segment};
    uint32_t failed;

    if (place.node == HL7_NONE) {
        return set_aside(matcher, segment, false);
    }
    /* What fits afterwards, less the findings that it costs. */
    int jumped = (int)fitting(matcher, place.node, segment + 1, &gap.later) - (int)place.cost;
    int skipped = (int)fitting(matcher, matcher->at, segment + 1, &failed) - 1;
    if (skipped > jumped ||
        (skipped == jumped && comes_again(matcher, name_at(matcher, segment)))) {
        return set_aside(matcher, segment, true);
    }
    if (!tell_way(&gap, matcher->at, place.node)) {
        return false;
    }
    take_place(matcher, place.node);
    return true;
}

/* ---- Ways ---------------------------------------------------------------------------------- */

/* One step of all ways. A segment that may stand anywhere and has no place is passed over. */
static bool step(struct matcher *matcher, size_t segment)
{
    struct set next;

    if (find_all(matcher->tree, &matcher->ways, name_at(matcher, segment), &next)) {
        matcher->ways = next;
        return true;
    }
    return may_stand_anywhere(matcher, segment);
}

/* All ways from the last departure up to a segment, which is not taken itself. */
static void widen(struct matcher *matcher, size_t segment)
{
    size_t first = matcher->synced_segment;

    if (matcher->wide) {
        return;
    }
    matcher->wide = true;
    memset(&matcher->ways, 0, sizeof matcher->ways);
    if (matcher->synced_at != HL7_NONE) {
        set_add(&matcher->ways, matcher->synced_at);
    } else if (matcher->at != HL7_NONE) {
        /* The header: there is one place for it. */
        struct place place = find(matcher->tree, HL7_NONE, name_at(matcher, first));
        set_add(&matcher->ways, place.node == HL7_NONE ? matcher->at : place.node);
        first++;
    }
    for (size_t i = first; i < segment; i++) {
        (void)step(matcher, i);
    }
}

/* From here on there is one way again. */
static void sync(struct matcher *matcher, size_t segment)
{
    matcher->wide = false;
    matcher->synced_at = matcher->at;
    matcher->synced_segment = segment;
}

static bool take(struct matcher *matcher, size_t segment)
{
    struct place place = NO_PLACE;

    if (!matcher->wide) {
        place = find(matcher->tree, matcher->at, name_at(matcher, segment));
        if (place.node != HL7_NONE && place.cost == 0) {
            take_place(matcher, place.node);
            return true;
        }
        if (may_stand_anywhere(matcher, segment)) {
            return true;
        }
        widen(matcher, segment);
    }
    if (step(matcher, segment)) {
        take_place(matcher, set_next(&matcher->ways, 0));
        return true;
    }
    place = find(matcher->tree, matcher->at, name_at(matcher, segment));
    if (!depart(matcher, segment, place)) {
        return false;
    }
    sync(matcher, segment + 1);
    return true;
}

/* The message ends: that it may, on one of the ways, or what is missing. */
static bool end(struct matcher *matcher)
{
    size_t count = matcher->message->segment_count;
    const struct gap gap = {.matcher = matcher, .segment = count};

    if (!may_end(matcher->tree, matcher->at)) {
        widen(matcher, count);
    }
    for (size_t node = matcher->wide ? set_next(&matcher->ways, 0) : HL7_NONE; node != HL7_NONE;
         node = set_next(&matcher->ways, node + 1)) {
        if (may_end(matcher->tree, node)) {
            return true;
        }
    }
    return tell_way(&gap, matcher->at, HL7_NONE);
}

bool match(const struct match_tree *tree, const struct hl7_message *message,
           const struct match_listener *listener)
{
    struct matcher matcher = {.tree = tree,
                              .message = message,
                              .listener = listener,
                              .at = HL7_NONE,
                              .synced_at = HL7_NONE};

    for (size_t segment = 0; segment < message->segment_count; segment++) {
        if (!take(&matcher, segment)) {
            return false;
        }
    }
    return end(&matcher);
}
