/* SPDX-License-Identifier: Apache-2.0
 *
 * Places of segments in a tree, and what they cost. */
#include "support.h"

#include "validate/place.h"

/* A { [B] C ( D | E ) } [F] */
static const struct hl7_dict_node nodes[] = {
    {"AAA", 0, 1, 1, 1, HL7_NODE_SEGMENT}, {"", 0, 6, 1, 0, HL7_NODE_GROUP},
    {"BBB", 0, 1, 0, 1, HL7_NODE_SEGMENT}, {"CCC", 0, 1, 1, 1, HL7_NODE_SEGMENT},
    {"", 0, 3, 1, 1, HL7_NODE_CHOICE},     {"DDD", 0, 1, 1, 1, HL7_NODE_SEGMENT},
    {"EEE", 0, 1, 1, 1, HL7_NODE_SEGMENT}, {"FFF", 0, 1, 0, 1, HL7_NODE_SEGMENT},
};

static struct match_tree tree;

static int build_tree(void **state)
{
    (void)state;
    tree.count = 0;
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        assert_true(match_add(&tree, &nodes[i]));
    }
    return 0;
}

struct place_case {
    size_t from;
    const char *name;
    size_t node;
    unsigned cost;
};

static void a_place_costs_what_is_passed_over(void **state)
{
    static const struct place_case cases[] = {
        {HL7_NONE, "AAA", 0, 0}, {HL7_NONE, "BBB", 2, 1}, {HL7_NONE, "EEE", 6, 2},
        {HL7_NONE, "FFF", 7, 2}, {0, "CCC", 3, 0},        {0, "DDD", 5, 1},
        {2, "CCC", 3, 0},        {3, "EEE", 6, 0},        {3, "FFF", 7, 1},
        {3, "BBB", 2, 1},        {5, "BBB", 2, 0},        {5, "CCC", 3, 0},
        {5, "EEE", 6, 1},        {6, "FFF", 7, 0},        {7, "FFF", HL7_NONE, 0},
        {7, "AAA", HL7_NONE, 0}, {0, "XXX", HL7_NONE, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place place = place_find(&tree, cases[i].from, name_of(hl7_slice_of(cases[i].name)));
        assert_int_equal(place.node, cases[i].node);
        assert_int_equal(place.cost, cases[i].cost);
    }
}

static void a_message_may_end_where_nothing_more_must_be_there(void **state)
{
    (void)state;
    assert_false(place_may_end(&tree, HL7_NONE));
    assert_false(place_may_end(&tree, 0));
    assert_false(place_may_end(&tree, 3));
    assert_true(place_may_end(&tree, 5));
    assert_true(place_may_end(&tree, 7));
}

static void the_groups_around_a_node_are_known(void **state)
{
    struct level levels[MATCH_DEPTH];

    (void)state;
    assert_int_equal(place_levels(&tree, 6, levels), 3);
    assert_int_equal(levels[0].end, 8);
    assert_int_equal(levels[1].first, 2);
    assert_true(levels[1].repeats);
    assert_true(levels[2].choice);
    assert_int_equal(place_levels(&tree, 7, levels), 1);
}

static void places_of_a_set_are_all_that_cost_nothing(void **state)
{
    struct place_set from = {.beginning = false};
    struct place_set places;

    (void)state;
    set_add(&from, 0);
    set_add(&from, 5);
    assert_true(place_find_all(&tree, &from, name_of(HL7_TEXT("CCC")), &places));
    assert_int_equal(set_next(&places, 0), 3);
    assert_int_equal(set_next(&places, 4), HL7_NONE);
    assert_false(place_find_all(&tree, &from, name_of(HL7_TEXT("EEE")), &places));
    from.beginning = true;
    assert_true(place_find_all(&tree, &from, name_of(HL7_TEXT("AAA")), &places));
    assert_int_equal(set_next(&places, 0), 0);
    assert_false(places.beginning);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_costs_what_is_passed_over),
        cmocka_unit_test(a_message_may_end_where_nothing_more_must_be_there),
        cmocka_unit_test(the_groups_around_a_node_are_known),
        cmocka_unit_test(places_of_a_set_are_all_that_cost_nothing),
    };

    return cmocka_run_group_tests(tests, build_tree, NULL);
}
