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
 * DSC, which says that a message goes on in another one, is never missing, though old structures ask for it.
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

#include "place.h"

#include <string.h>

enum {
    LOOK_AHEAD = 8, /* segments that decide between two stories */
    STRAYS = 8      /* segments out of place that are remembered */
};

struct matcher {
    const struct match_tree *tree;
    const struct hl7_message *message;
    const struct match_listener *listener;
    size_t at; /* the node of the last segment that had its place; HL7_NONE before the first */
    uint32_t strays[STRAYS];
    size_t stray_count;
    struct place_set seen;
    /* Where the last departure was, or the beginning: what follows is read anew from there. */
    size_t synced_at;
    size_t synced_segment; /* the first one behind it */
    bool wide;             /* all ways are followed: they are at these nodes */
    struct place_set ways;
};

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

/* How many segments from this one on fit behind a node, one after another. *ret_failed is the name of the
 * first that does not. The end counts as one. */
static unsigned fitting(const struct matcher *matcher, size_t node, size_t segment,
                        uint32_t *ret_failed)
{
    unsigned count = 0;

    *ret_failed = 0;
    for (; segment < matcher->message->segment_count && count < LOOK_AHEAD; segment++) {
        uint32_t name = name_at(matcher, segment);
        struct place place = place_find(matcher->tree, node, name);
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
    if (segment == matcher->message->segment_count && place_may_end(matcher->tree, node)) {
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
        while (!choice && !place_needs(tree, node) && tree->nodes[node].end < end) {
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

    if (!place_needs(tree, node)) {
        return true;
    }
    finding.leaf = leaf_of(tree, node);
    uint32_t name = tree->nodes[finding.leaf].name;
    if (name == gap->later || name == name_of(HL7_TEXT("DSC")) || take_stray(gap->matcher, name)) {
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
    for (size_t depth = place_levels(tree, from, levels); depth > 0; depth--) {
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

/* A place, and what it is worth: how much fits afterwards, less the findings that it costs. */
struct story {
    struct place place;
    int worth;
    uint32_t failed; /* the name of the first segment that does not fit afterwards */
};

/* The best place for a segment that has none without something missing. */
static struct story best_story(const struct matcher *matcher, size_t segment)
{
    struct place places[PLACES_MAX];
    struct story best = {.place = {HL7_NONE, 0}};
    size_t count = place_list(matcher->tree, matcher->at, name_at(matcher, segment), places);

    for (size_t i = 0; i < count; i++) {
        struct story story = {.place = places[i]};
        story.worth =
            (int)fitting(matcher, places[i].node, segment + 1, &story.failed) - (int)places[i].cost;
        if (best.place.node == HL7_NONE || story.worth > best.worth) {
            best = story;
        }
    }
    return best;
}

/* From here on there is one way again. */
static void sync(struct matcher *matcher, size_t segment)
{
    matcher->wide = false;
    matcher->synced_at = matcher->at;
    matcher->synced_segment = segment;
}

/* A segment that fits only when something is missing, or not at all. */
static bool depart(struct matcher *matcher, size_t segment)
{
    struct story story = best_story(matcher, segment);
    const struct gap gap = {.matcher = matcher, .segment = segment, .later = story.failed};
    uint32_t failed;

    if (story.place.node == HL7_NONE) {
        return set_aside(matcher, segment, false);
    }
    int skipped = (int)fitting(matcher, matcher->at, segment + 1, &failed) - 1;
    if (skipped > story.worth ||
        (skipped == story.worth && comes_again(matcher, name_at(matcher, segment)))) {
        return set_aside(matcher, segment, true);
    }
    if (!tell_way(&gap, matcher->at, story.place.node)) {
        return false;
    }
    take_place(matcher, story.place.node);
    sync(matcher, segment + 1);
    return true;
}

/* ---- Ways ---------------------------------------------------------------------------------- */

/* One step of all ways; false when it is none of any, and they stay where they are. */
static bool step(struct matcher *matcher, size_t segment)
{
    struct place_set next;

    if (!place_find_all(matcher->tree, &matcher->ways, name_at(matcher, segment), &next)) {
        return false;
    }
    matcher->ways = next;
    return true;
}

/* All ways from the last departure up to a segment, which is not taken itself. */
static void widen(struct matcher *matcher, size_t segment)
{
    if (matcher->wide) {
        return;
    }
    matcher->wide = true;
    matcher->ways = (struct place_set){.beginning = matcher->synced_at == HL7_NONE};
    if (matcher->synced_at != HL7_NONE) {
        set_add(&matcher->ways, matcher->synced_at);
    }
    for (size_t i = matcher->synced_segment; i < segment; i++) {
        (void)step(matcher, i);
    }
}

static bool take(struct matcher *matcher, size_t segment)
{
    if (!matcher->wide) {
        struct place place = place_find(matcher->tree, matcher->at, name_at(matcher, segment));
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
    return may_stand_anywhere(matcher, segment) || depart(matcher, segment);
}

/* The message ends: that it may, on one of the ways, or what is missing. */
static bool finish(struct matcher *matcher)
{
    size_t count = matcher->message->segment_count;
    const struct gap gap = {.matcher = matcher, .segment = count};

    if (!place_may_end(matcher->tree, matcher->at)) {
        widen(matcher, count);
    }
    for (size_t node = matcher->wide ? set_next(&matcher->ways, 0) : HL7_NONE; node != HL7_NONE;
         node = set_next(&matcher->ways, node + 1)) {
        if (place_may_end(matcher->tree, node)) {
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
    return finish(&matcher);
}
