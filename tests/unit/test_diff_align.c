/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of lib/diff_align.c: which segments stand side by side. */
#include "diff_align.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

/* Aligns two messages and writes down which actual segment each expected one has, counted from 0, '-'
 * for none. */
static void check_alignment(const char *expected, const char *actual, const char *beside)
{
    static char memory[262144];
    struct hl7_message messages[2];
    char text[256] = "";
    struct hl7_arena arena;

    hl7_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(hl7_message_parse(hl7_slice_of(expected), &arena, &messages[0], NULL), HL7_OK);
    assert_int_equal(hl7_message_parse(hl7_slice_of(actual), &arena, &messages[1], NULL), HL7_OK);
    size_t used = arena.used;
    struct diff_mark *first = diff_mark(&messages[0], &arena);
    struct diff_mark *second = diff_mark(&messages[1], &arena);
    uint32_t *pairs =
        diff_align(first, messages[0].segment_count, second, messages[1].segment_count, &arena);

    assert_non_null(pairs);
    assert_true(arena.used - used <=
                diff_align_memory(messages[0].segment_count, messages[1].segment_count));
    for (size_t i = 0; i < messages[0].segment_count; i++) {
        char number[16];

        (void)snprintf(number, sizeof number, "%u ", pairs[i]);
        strncat(text, pairs[i] == DIFF_ALONE ? "- " : number, sizeof text - strlen(text) - 1);
    }
    assert_string_equal(text, beside);
}

#define HEAD "MSH|^~\\&|A\r"

static void segments_stand_beside_those_most_like_them(void **state)
{
    (void)state;
    check_alignment(HEAD "PID|1\rPV1|1", HEAD "PID|1\rPV1|1", "0 1 2 ");
    check_alignment(HEAD "PID|1\rPV1|1", HEAD "PV1|2", "0 - 1 ");
    check_alignment(HEAD "OBX|1|a\rOBX|2|b\rOBX|3|c", HEAD "OBX|2|x\rOBX|3|y", "0 - 1 2 ");
    check_alignment(HEAD "OBX|1|a\rOBX|2|b", HEAD "NTE|1\rOBX|2|b\rNTE|2", "0 - 2 ");
    check_alignment(HEAD "OBX|1\rNTE|1\rOBX|2\rNTE|1", HEAD "OBX|2\rNTE|1", "0 - - 1 2 ");
}

static void pairs_never_cross(void **state)
{
    (void)state;
    check_alignment(HEAD "AAA|1\rBBB|1", HEAD "BBB|1\rAAA|1", "0 - 1 ");
}

static void occurrences_count_segments_of_the_same_name(void **state)
{
    static const uint32_t expected[] = {1, 1, 1, 2, 1, 2, 3, 1, 2};
    static char memory[65536];
    struct hl7_message message;
    struct hl7_arena arena;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(hl7_message_parse(HL7_TEXT(HEAD "OBX\rNTE\rOBX\rZ\rNTE\rNTE\rZXB\rZ"), &arena,
                                       &message, NULL),
                     HL7_OK);
    struct diff_mark *marks = diff_mark(&message, &arena);
    assert_non_null(marks);
    for (size_t i = 0; i < message.segment_count; i++) {
        assert_int_equal(marks[i].occurrence, expected[i]);
    }
}

/* A window ends where the messages do not; what is aligned must stay in order all the same. */
static void alignments_longer_than_a_window_stay_in_order(void **state)
{
    enum { COUNT = 2000 };
    static struct diff_mark marks[2][COUNT];
    static char memory[262144];
    struct random_state random;

    (void)state;
    random_init(&random, 1);
    for (int round = 0; round < 20; round++) {
        struct hl7_arena arena;
        uint32_t next = 0;

        for (size_t i = 0; i < COUNT; i++) {
            for (size_t k = 0; k < 2; k++) {
                marks[k][i].name = random_below(&random, 3);
                marks[k][i].content = random_below(&random, 3);
                marks[k][i].front = random_below(&random, 3);
            }
        }
        hl7_arena_init(&arena, memory, sizeof memory);
        uint32_t *pairs = diff_align(marks[0], COUNT, marks[1], COUNT, &arena);
        assert_non_null(pairs);
        for (size_t i = 0; i < COUNT; i++) {
            if (pairs[i] != DIFF_ALONE) {
                assert_true(pairs[i] >= next && pairs[i] < COUNT);
                assert_int_equal(marks[0][i].name, marks[1][pairs[i]].name);
                next = pairs[i] + 1;
            }
        }
        /* Of two texts in three letters at least a third fits. */
        assert_true(next > COUNT / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_stand_beside_those_most_like_them),
        cmocka_unit_test(pairs_never_cross),
        cmocka_unit_test(occurrences_count_segments_of_the_same_name),
        cmocka_unit_test(alignments_longer_than_a_window_stay_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
