/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes differences. The input is two messages with a NUL between them. What must hold, beside not
 * crashing:
 *   - the memory asked for is enough, and all of it is given back;
 *   - a message does not differ from itself;
 *   - whether two messages differ does not depend on their order, and what differs loosely differs;
 *   - without a difference the messages have the same segments with the same fields;
 *   - each difference says where: its values are those of the two messages there. */
#include "hl7.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 4096, INDEX = 1 << 17 };

struct pair {
    const struct hl7_message *expected;
    const struct hl7_message *actual;
};

static char index_memory[2][INDEX];

static bool within(hl7_slice value, hl7_slice text)
{
    return value.ptr == NULL || (value.ptr >= text.ptr && value.len <= text.len &&
                                 (size_t)(value.ptr - text.ptr) <= text.len - value.len);
}

/* The path leads to the value, unless the segment has a name no path has. */
static void check_value(const struct hl7_message *message, size_t segment, hl7_slice value,
                        const struct hl7_path *path)
{
    hl7_slice found = hl7_segment_get(message, segment, path);

    assert(within(value, message->bytes));
    assert(value.len == 0 || hl7_slice_equal(found, value));
}

static bool check_difference(void *context, const struct hl7_difference *difference)
{
    const struct pair *pair = context;

    switch (difference->kind) {
    case HL7_SEGMENT_MISSING:
        assert(difference->actual_segment == HL7_NONE && difference->actual.ptr == NULL);
        break;
    case HL7_SEGMENT_EXTRA:
        assert(difference->expected_segment == HL7_NONE && difference->expected.ptr == NULL);
        break;
    case HL7_CHANGED:
        assert(difference->expected.len > 0 && difference->actual.len > 0);
        break;
    case HL7_MISSING:
        assert(difference->expected.ptr != NULL && difference->actual.len == 0);
        break;
    case HL7_EXTRA:
        assert(difference->actual.ptr != NULL && difference->expected.len == 0);
        break;
    }
    check_value(pair->expected, difference->expected_segment, difference->expected,
                &difference->path);
    check_value(pair->actual, difference->actual_segment, difference->actual, &difference->path);
    return true;
}

static size_t compare(const struct hl7_message *expected, const struct hl7_message *actual,
                      bool loose)
{
    struct pair pair = {expected, actual};
    const struct hl7_comparison how = {
        .loose = loose, .difference = check_difference, .context = &pair};
    size_t size = hl7_diff_memory(expected, actual);
    void *memory = malloc(size);
    struct hl7_arena arena;
    size_t count = 0;

    assert(memory != NULL);
    hl7_arena_init(&arena, memory, size);
    assert(hl7_diff(expected, actual, &how, &arena, &count) == HL7_OK);
    assert(arena.used == 0);
    free(memory);
    return count;
}

/* Without a difference, line ends and blank lines may differ, and in MSH-1 and MSH-2 nothing. */
static void check_same(const struct hl7_message *a, const struct hl7_message *b)
{
    assert(a->segment_count == b->segment_count);
    for (size_t i = 0; i < a->segment_count; i++) {
        assert(hl7_slice_equal(hl7_segment_bytes(a, i), hl7_segment_bytes(b, i)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *middle = size == 0 ? NULL : memchr(data, '\0', size);
    struct hl7_message messages[2];
    hl7_slice texts[2];

    if (middle == NULL || size > LONGEST) {
        return 0;
    }
    texts[0] = (hl7_slice){(const char *)data, (size_t)(middle - data)};
    texts[1] = (hl7_slice){(const char *)middle + 1, size - texts[0].len - 1};
    for (size_t i = 0; i < 2; i++) {
        struct hl7_arena arena;

        hl7_arena_init(&arena, index_memory[i], INDEX);
        if (hl7_message_parse(texts[i], &arena, &messages[i], NULL) != HL7_OK) {
            return 0;
        }
        assert(compare(&messages[i], &messages[i], false) == 0);
        assert(compare(&messages[i], &messages[i], true) == 0);
    }
    size_t exact = compare(&messages[0], &messages[1], false);
    size_t loose = compare(&messages[0], &messages[1], true);
    assert((exact == 0) == (compare(&messages[1], &messages[0], false) == 0));
    assert((loose == 0) == (compare(&messages[1], &messages[0], true) == 0));
    assert(exact > 0 || loose == 0);
    if (exact == 0) {
        check_same(&messages[0], &messages[1]);
    }
    return 0;
}
