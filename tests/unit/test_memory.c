/* SPDX-License-Identifier: Apache-2.0
 *
 * Reserved memory: cleared, growing, given back. */
#include "support.h"

#include "memory.h"

#define MEGABYTE ((size_t)1 << 20)

static void a_reservation_is_zero_and_can_be_written(void **state)
{
    char *memory = memory_reserve(3 * MEGABYTE + 1);

    (void)state;
    assert_non_null(memory);
    assert_int_equal(memory[0], 0);
    assert_int_equal(memory[3 * MEGABYTE], 0);
    memory[3 * MEGABYTE] = 'x';
    memory_release(memory, 3 * MEGABYTE + 1);
}

static void a_reservation_that_cannot_be_is_refused(void **state)
{
    (void)state;
    assert_null(memory_reserve(SIZE_MAX));
    assert_null(memory_reserve(SIZE_MAX / 2));
}

static void an_empty_reservation_is_one(void **state)
{
    void *memory = memory_reserve(0);

    (void)state;
    assert_non_null(memory);
    memory_release(memory, 0);
    memory_release(NULL, 5);
}

static void a_block_keeps_what_it_holds_while_it_grows(void **state)
{
    struct memory_block block = {NULL, 0};
    size_t first;

    (void)state;
    assert_true(memory_grow(&block, 10));
    first = block.size;
    memcpy(block.ptr, "kept", 5);
    assert_true(memory_grow(&block, first));
    assert_int_equal(block.size, first);
    assert_true(memory_grow(&block, first + 1));
    assert_true(block.size >= 2 * first);
    assert_true(memory_grow(&block, 10 * MEGABYTE));
    assert_string_equal(block.ptr, "kept");
    memory_free(&block);
    assert_null(block.ptr);
    memory_free(&block);
}

static void a_block_that_cannot_grow_stays_as_it_was(void **state)
{
    struct memory_block block = {NULL, 0};
    size_t size;

    (void)state;
    assert_true(memory_grow(&block, 10));
    size = block.size;
    assert_false(memory_grow(&block, SIZE_MAX));
    assert_false(memory_grow(&block, SIZE_MAX / 2));
    assert_int_equal(block.size, size);
    memory_free(&block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reservation_is_zero_and_can_be_written),
        cmocka_unit_test(a_reservation_that_cannot_be_is_refused),
        cmocka_unit_test(an_empty_reservation_is_one),
        cmocka_unit_test(a_block_keeps_what_it_holds_while_it_grows),
        cmocka_unit_test(a_block_that_cannot_grow_stays_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
