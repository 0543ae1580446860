/* SPDX-License-Identifier: Apache-2.0
 *
 * The search for places: one walk over the nodes of a group from a given one on, which keeps account of
 * what would be missing. A whole group that is passed over counts as one element, and of a choice the cheapest
 * member counts. It is done for each group that a node is in, from the innermost: for what is left of the
 * group, then for its next repetition. So a node of the tree is looked at a few times at most. */
#include "place.h"

static const struct place NO_PLACE = {HL7_NONE, 0};

size_t set_next(const struct place_set *set, size_t node)
{
    for (; node < MATCH_NODES; node++) {
        if (set_has(set, node)) {
            return node;
        }
    }
    return HL7_NONE;
}

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
    struct place any;      /* where any segment may stand */
    struct place_set *all; /* NULL, or where to put all places that cost nothing */
    struct place *list;    /* NULL, or where to put all places */
    size_t listed;
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
    if (search->list != NULL) {
        if (search->listed < PLACES_MAX) {
            search->list[search->listed++] = (struct place){node, search->cost};
        }
        return false;
    }
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
bool place_needs(const struct match_tree *tree, size_t node)
{
    if (tree->nodes[node].optional || !is_group(&tree->nodes[node])) {
        return !tree->nodes[node].optional;
    }
    struct search search = new_search(tree, 0);
    (void)look(&search, node + 1, tree->nodes[node].end, is_choice(&tree->nodes[node]));
    return search.cost > 0;
}

/* The groups a node is in, from the outermost, the whole structure. */
size_t place_levels(const struct match_tree *tree, size_t node, struct level levels[MATCH_DEPTH])
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

    for (size_t depth = place_levels(search->tree, from, levels); depth > 0; depth--) {
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
struct place place_find(const struct match_tree *tree, size_t from, uint32_t name)
{
    struct search search = new_search(tree, name);

    look_from(&search, from);
    bool any = search.any.node != HL7_NONE &&
               (search.best.node == HL7_NONE || search.any.cost < search.best.cost);
    return any ? search.any : search.best;
}

size_t place_list(const struct match_tree *tree, size_t from, uint32_t name,
                  struct place ret_places[PLACES_MAX])
{
    struct search search = new_search(tree, name);

    search.list = ret_places;
    look_from(&search, from);
    return search.listed;
}

/* All places for a name behind the nodes of a set that cost nothing. False when there is none. */
bool place_find_all(const struct match_tree *tree, const struct place_set *from, uint32_t name,
                    struct place_set *ret_places)
{
    struct place_set places = {.beginning = false};

    if (from->beginning) {
        struct search search = new_search(tree, name);
        search.all = &places;
        look_from(&search, HL7_NONE);
    }

    for (size_t node = set_next(from, 0); node != HL7_NONE; node = set_next(from, node + 1)) {
        struct search search = new_search(tree, name);
        search.all = &places;
        look_from(&search, node);
    }
    *ret_places = places;
    return set_next(&places, 0) != HL7_NONE;
}

/* Whether the message may end behind a node. */
bool place_may_end(const struct match_tree *tree, size_t from)
{
    struct search search = new_search(tree, 0);

    if (from == HL7_NONE) {
        (void)look(&search, 0, tree->count, false);
    } else {
        look_behind(&search, from);
    }
    return search.cost == 0;
}
