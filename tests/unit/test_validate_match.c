/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching segments with a structure: trees made by hand, messages of nothing but names. */
#include "support.h"

#include <stdio.h>

#include "validate/match.h"

/* name, nodes, least, most */
#define SEGMENT(name, min, max)                                                                    \
    {                                                                                              \
        name, 0, 1, min, max, HL7_NODE_SEGMENT                                                     \
    }
#define GROUP(size, min, max)                                                                      \
    {                                                                                              \
        "", 0, size, min, max, HL7_NODE_GROUP                                                      \
    }
#define CHOICE(size, min, max)                                                                     \
    {                                                                                              \
        "", 0, size, min, max, HL7_NODE_CHOICE                                                     \
    }

/* MSH { [ PID [PD1] [{NTE}] [PV1] ] { [ORC] OBR [{NTE}] [{ OBX [{NTE}] }] [{CTI}] } } [DSP] */
static const struct hl7_dict_node results[] = {
    SEGMENT("MSH", 1, 1), GROUP(14, 1, 0),      GROUP(5, 0, 1),       SEGMENT("PID", 1, 1),
    SEGMENT("PD1", 0, 1), SEGMENT("NTE", 0, 0), SEGMENT("PV1", 0, 1), GROUP(8, 1, 0),
    SEGMENT("ORC", 0, 1), SEGMENT("OBR", 1, 1), SEGMENT("NTE", 0, 0), GROUP(3, 0, 0),
    SEGMENT("OBX", 1, 1), SEGMENT("NTE", 0, 0), SEGMENT("CTI", 0, 0), SEGMENT("DSP", 0, 1),
};

/* MSH EVN PID [PD1] [{ROL}] PV1 [{AL1}] [{ PR1 [{ROL}] }] [{ IN1 [IN2] }] */
static const struct hl7_dict_node admission[] = {
    SEGMENT("MSH", 1, 1), SEGMENT("EVN", 1, 1), SEGMENT("PID", 1, 1), SEGMENT("PD1", 0, 1),
    SEGMENT("ROL", 0, 0), SEGMENT("PV1", 1, 1), SEGMENT("AL1", 0, 0), GROUP(3, 0, 0),
    SEGMENT("PR1", 1, 1), SEGMENT("ROL", 0, 0), GROUP(3, 0, 0),       SEGMENT("IN1", 1, 1),
    SEGMENT("IN2", 0, 1),
};

/* MSH { ORC ( OBR | RQD | { RXO [RXR] } ) [{NTE}] } */
static const struct hl7_dict_node orders[] = {
    SEGMENT("MSH", 1, 1), GROUP(9, 1, 0),       SEGMENT("ORC", 1, 1), CHOICE(6, 1, 1),
    SEGMENT("OBR", 1, 1), SEGMENT("RQD", 1, 1), GROUP(3, 1, 0),       SEGMENT("RXO", 1, 1),
    SEGMENT("RXR", 0, 1), SEGMENT("NTE", 0, 0),
};

/* MSH { MFE [any] } EQL */
static const struct hl7_dict_node anything[] = {
    SEGMENT("MSH", 1, 1),           GROUP(3, 1, 0),       SEGMENT("MFE", 1, 1),
    {"", 0, 1, 0, 1, HL7_NODE_ANY}, SEGMENT("EQL", 1, 1),
};

struct hand_made {
    const struct hl7_dict_node *nodes;
    size_t count;
};

#define TREE(nodes)                                                                                \
    {                                                                                              \
        (nodes), sizeof(nodes) / sizeof *(nodes)                                                   \
    }
static const struct hand_made result_tree = TREE(results);
static const struct hand_made admission_tree = TREE(admission);
static const struct hand_made order_tree = TREE(orders);
static const struct hand_made any_tree = TREE(anything);

static struct match_tree built;

struct tried {
    const struct hand_made *tree;
    struct hl7_buffer findings;
    size_t most;
};

/* "missing OBR at 3; " */
static bool found(void *context, const struct match_finding *finding)
{
    static const char *const kinds[] = {[MATCH_MISSING] = "missing",
                                        [MATCH_MISPLACED] = "misplaced",
                                        [MATCH_REPEATED] = "repeated",
                                        [MATCH_FOREIGN] = "foreign"};
    struct tried *tried = context;

    if (tried->findings.len > 0) {
        hl7_buffer_add(&tried->findings, HL7_TEXT("; "));
    }
    hl7_buffer_add(&tried->findings, hl7_slice_of(kinds[finding->kind]));
    hl7_buffer_add_byte(&tried->findings, ' ');
    if (finding->leaf != HL7_NONE) {
        hl7_buffer_add(&tried->findings, hl7_slice_of(tried->tree->nodes[finding->leaf].segment));
        hl7_buffer_add_byte(&tried->findings, ' ');
    }
    hl7_buffer_add_number(&tried->findings, finding->segment);
    return --tried->most > 0;
}

/* Parses "MSH PID OBR" as a message of these segments. */
static void parse_names(const char *names, char text[1024], struct hl7_arena *arena,
                        struct hl7_message *ret_message)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, text, 1024);
    hl7_buffer_add(&buffer, HL7_TEXT("MSH|^~\\&|\r"));
    for (const char *p = strchr(names, ' '); p != NULL; p = strchr(p + 1, ' ')) {
        hl7_buffer_add(&buffer, hl7_slice_part(hl7_slice_of(p + 1), 0, 3));
        hl7_buffer_add(&buffer, HL7_TEXT("|1\r"));
    }
    assert_false(buffer.full);
    assert_int_equal(hl7_message_parse(hl7_buffer_slice(&buffer), arena, ret_message, NULL),
                     HL7_OK);
}

static void check(const struct hand_made *tree, const char *names, size_t most,
                  const char *expected)
{
    char text[1024];
    char memory[8192];
    char findings[512];
    struct hl7_arena arena;
    struct hl7_message message;
    struct tried tried = {.tree = tree, .most = most};
    const struct match_listener listener = {.found = found, .context = &tried};

    hl7_arena_init(&arena, memory, sizeof memory);
    parse_names(names, text, &arena, &message);
    hl7_buffer_init(&tried.findings, findings, sizeof findings);
    built.count = 0;
    for (size_t i = 0; i < tree->count; i++) {
        assert_true(match_add(&built, &tree->nodes[i]));
    }
    (void)match(&built, &message, &listener);
    hl7_slice actual = hl7_buffer_slice(&tried.findings);
    if (!hl7_slice_equal(actual, hl7_slice_of(expected))) {
        fail_msg("%s: expected '%s', found '%.*s'", names, expected, (int)actual.len, actual.ptr);
    }
}

static void a_structure_has_a_bound(void **state)
{
    const struct hl7_dict_node node = SEGMENT("MSH", 1, 1);

    (void)state;
    built.count = 0;
    while (match_add(&built, &node)) {
    }
    assert_int_equal(built.count, MATCH_NODES);
}

struct match_case {
    const struct hand_made *tree;
    const char *names;
    const char *findings;
};

static void check_all(const struct match_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check(cases[i].tree, cases[i].names, 100, cases[i].findings);
    }
}
#define CHECK(cases) check_all(cases, sizeof(cases) / sizeof *(cases))

static void a_message_of_the_structure_has_no_findings(void **state)
{
    static const struct match_case cases[] = {
        {&result_tree, "MSH OBR", ""},
        {&result_tree, "MSH PID OBR OBX", ""},
        {&result_tree, "MSH PID PD1 NTE NTE PV1 ORC OBR NTE OBX NTE NTE OBX CTI CTI DSP", ""},
        {&result_tree, "MSH PID OBR OBX OBR OBX ORC OBR PID OBR OBX NTE", ""},
        {&admission_tree, "MSH EVN PID PV1", ""},
        {&admission_tree, "MSH EVN PID ROL PV1 AL1 AL1 PR1 ROL ROL PR1 PR1 ROL IN1 IN2 IN1", ""},
        {&order_tree, "MSH ORC OBR ORC RQD NTE ORC RXO RXR RXO ORC OBR NTE", ""},
        {&any_tree, "MSH MFE MFE PID MFE LOC EQL", ""},
    };

    (void)state;
    CHECK(cases);
}

static void segments_of_a_site_may_stand_anywhere(void **state)
{
    static const struct match_case cases[] = {
        {&result_tree, "MSH ZZZ PID ZPD OBR ZOB OBX ZZZ", ""},
        {&admission_tree, "MSH EVN ZEV PID PV1 ZPV", ""},
        {&result_tree, "MSH ZZZ PID ZPD ZOB OBX ZZZ", "missing OBR 5"},
    };

    (void)state;
    CHECK(cases);
}

static void what_is_missing_is_told_once_and_matching_goes_on(void **state)
{
    static const struct match_case cases[] = {
        {&result_tree, "MSH", "missing OBR 1"},
        {&result_tree, "MSH PID", "missing OBR 2"},
        {&result_tree, "MSH PID OBX OBX NTE OBX", "missing OBR 2"},
        {&result_tree, "MSH PID ORC OBR OBX ORC OBX ORC OBR OBX", "missing OBR 6"},
        {&result_tree, "MSH PD1 PV1 OBR OBX", "missing PID 1"},
        {&admission_tree, "MSH PID PV1", "missing EVN 1"},
        {&admission_tree, "MSH EVN PV1 AL1", "missing PID 2"},
        {&admission_tree, "MSH EVN PID", "missing PV1 3"},
        {&admission_tree, "MSH EVN PID AL1 IN1", "missing PV1 3"},
        {&admission_tree, "MSH", "missing EVN 1; missing PID 1; missing PV1 1"},
        {&admission_tree, "MSH EVN PID PV1 IN2", "missing IN1 4"},
        {&order_tree, "MSH OBR ORC OBR", "missing ORC 1"},
        {&order_tree, "MSH ORC NTE", "missing OBR 2"},
        {&order_tree, "MSH ORC RXR NTE", "missing RXO 2"},
        {&any_tree, "MSH MFE PID", "missing EQL 3"},
    };

    (void)state;
    CHECK(cases);
}

static void what_is_out_of_place_is_told_once(void **state)
{
    static const struct match_case cases[] = {
        {&admission_tree, "MSH PID EVN PV1", "misplaced 1"},
        {&admission_tree, "MSH EVN PV1 PID", "misplaced 2"},
        {&admission_tree, "MSH EVN PV1 PID AL1 PR1", "misplaced 2"},
        {&admission_tree, "MSH EVN PID PV1 PD1", "misplaced 4"},
        {&result_tree, "MSH OBX PID OBR OBX", "missing OBR 1"},
        {&result_tree, "MSH PID OBR OBX DSP NTE", "misplaced 5"},
        {&order_tree, "MSH NTE ORC OBR", "misplaced 1"},
    };

    (void)state;
    CHECK(cases);
}

static void what_comes_too_often_is_told_once(void **state)
{
    static const struct match_case cases[] = {
        {&admission_tree, "MSH EVN EVN PID PV1", "repeated 2"},
        {&admission_tree, "MSH EVN PID PID PV1 AL1", "repeated 3"},
        {&admission_tree, "MSH EVN PID PV1 PV1", "repeated 4"},
        {&admission_tree, "MSH EVN PID PV1 IN1 IN2 IN2", "repeated 6"},
        {&result_tree, "MSH PID PD1 PD1 OBR", "repeated 3"},
        {&order_tree, "MSH ORC ORC OBR", "repeated 2"},
        {&order_tree, "MSH ORC OBR RQD ORC OBR", "missing ORC 3"},
    };

    (void)state;
    CHECK(cases);
}

static void what_the_structure_does_not_have_is_told_and_passed_over(void **state)
{
    static const struct match_case cases[] = {
        {&admission_tree, "MSH EVN OBX PID PV1", "foreign 2"},
        {&admission_tree, "MSH EVN PID FT1 FT1 PV1", "foreign 3; foreign 4"},
        {&result_tree, "MSH PID OBR ??? OBX", "foreign 3"},
    };

    (void)state;
    CHECK(cases);
}

static void the_listener_can_end_it(void **state)
{
    (void)state;
    check(&admission_tree, "MSH", 1, "missing EVN 1");
    check(&admission_tree, "MSH EVN PID FT1 FT1 PV1", 1, "foreign 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_of_the_structure_has_no_findings),
        cmocka_unit_test(segments_of_a_site_may_stand_anywhere),
        cmocka_unit_test(what_is_missing_is_told_once_and_matching_goes_on),
        cmocka_unit_test(what_is_out_of_place_is_told_once),
        cmocka_unit_test(what_comes_too_often_is_told_once),
        cmocka_unit_test(what_the_structure_does_not_have_is_told_and_passed_over),
        cmocka_unit_test(the_listener_can_end_it),
        cmocka_unit_test(a_structure_has_a_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
