/* SPDX-License-Identifier: Apache-2.0
 *
 * Arena and buffer: alignment, exact limits, and failure that changes nothing. */
#include "lib/arena.h"
#include "support.h"

#include <stdalign.h>

/* ---- Arena --------------------------------------------------------------------------------- */

static void objects_are_aligned_wherever_the_memory_begins(void **state)
{
    alignas(max_align_t) char memory[256];

    (void)state;
    for (size_t shift = 0; shift < alignof(max_align_t); shift++) {
        struct hl7_arena arena;
        hl7_arena_init(&arena, memory + shift, sizeof memory - shift);
        for (size_t size = 1; size < 20; size += 6) {
            const void *object = hl7_arena_alloc(&arena, size);
            assert_non_null(object);
            assert_int_equal((uintptr_t)object % alignof(max_align_t), 0);
        }
    }
}

static void objects_do_not_overlap(void **state)
{
    alignas(max_align_t) char memory[128];
    struct hl7_arena arena;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    char *first = hl7_arena_alloc(&arena, 17);
    char *second = hl7_arena_alloc(&arena, 17);
    assert_true(second - first >= 17);
    memset(first, 'a', 17);
    memset(second, 'b', 17);
    assert_int_equal(first[16], 'a');
}

static void an_arena_can_be_used_to_its_last_byte(void **state)
{
    alignas(max_align_t) char memory[64];
    struct hl7_arena arena;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    assert_non_null(hl7_arena_alloc(&arena, 64));
    assert_int_equal(arena.used, 64);
    assert_null(hl7_arena_alloc(&arena, 1));
    assert_int_equal(arena.used, 64);
}

static void what_does_not_fit_leaves_the_arena_as_it_was(void **state)
{
    static const size_t sizes[] = {64, 65, SIZE_MAX, SIZE_MAX - 15, SIZE_MAX / 2};
    alignas(max_align_t) char memory[64];
    struct hl7_arena arena;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    assert_non_null(hl7_arena_alloc(&arena, 1));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_null(hl7_arena_alloc(&arena, sizes[i]));
        assert_int_equal(arena.used, 1);
    }
    /* What fits still does. */
    assert_non_null(hl7_arena_alloc(&arena, 48));
}

static void padding_alone_may_be_too_much(void **state)
{
    alignas(max_align_t) char memory[32];
    struct hl7_arena arena;

    (void)state;
    hl7_arena_init(&arena, memory, 20);
    assert_non_null(hl7_arena_alloc(&arena, 17));
    assert_null(hl7_arena_alloc(&arena, 0));
    assert_int_equal(arena.used, 17);
}

static void reset_forgets_everything(void **state)
{
    alignas(max_align_t) char memory[64];
    struct hl7_arena arena;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    const void *first = hl7_arena_alloc(&arena, 40);
    hl7_arena_reset(&arena);
    assert_int_equal(arena.used, 0);
    assert_ptr_equal(hl7_arena_alloc(&arena, 40), first);
}

static void an_arena_without_memory_gives_nothing(void **state)
{
    struct hl7_arena arena;

    (void)state;
    hl7_arena_init(&arena, NULL, 0);
    assert_null(hl7_arena_alloc(&arena, 1));
}

static void text_of_unknown_length_takes_what_was_written_and_no_more(void **state)
{
    alignas(max_align_t) char memory[64];
    struct hl7_arena arena;
    struct hl7_buffer buffer;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    assert_non_null(hl7_arena_alloc(&arena, 10));
    arena_open(&arena, &buffer);
    assert_int_equal(buffer.size, 54);
    hl7_buffer_add(&buffer, HL7_TEXT("DOE^JANE"));
    assert_slice(arena_keep(&arena, &buffer), "DOE^JANE");
    assert_int_equal(arena.used, 18);
}

/* ---- Buffer -------------------------------------------------------------------------------- */

static void appends_follow_one_another(void **state)
{
    char memory[64];
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_buffer_add(&buffer, HL7_TEXT("PID"));
    hl7_buffer_add_byte(&buffer, '-');
    hl7_buffer_add_number(&buffer, 5);
    hl7_buffer_add(&buffer, (hl7_slice){NULL, 0});
    assert_slice(hl7_buffer_slice(&buffer), "PID-5");
    assert_false(buffer.full);
}

static void an_append_that_does_not_fit_adds_nothing_and_is_remembered(void **state)
{
    char memory[6] = "......";
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, memory, 5);
    hl7_buffer_add(&buffer, HL7_TEXT("abc"));
    hl7_buffer_add(&buffer, HL7_TEXT("def"));
    assert_slice(hl7_buffer_slice(&buffer), "abc");
    assert_true(buffer.full);
    hl7_buffer_add(&buffer, HL7_TEXT("de"));
    assert_slice(hl7_buffer_slice(&buffer), "abcde");
    assert_true(buffer.full);
    hl7_buffer_add_byte(&buffer, 'f');
    hl7_buffer_add_number(&buffer, 7);
    assert_int_equal(buffer.len, 5);
    assert_int_equal(memory[5], '.');
}

static void a_buffer_filled_to_its_last_byte_is_not_full(void **state)
{
    char memory[4];
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_buffer_add(&buffer, HL7_TEXT("abc"));
    hl7_buffer_add_byte(&buffer, 'd');
    assert_false(buffer.full);
    hl7_buffer_add(&buffer, HL7_TEXT(""));
    assert_false(buffer.full);
    hl7_buffer_add_byte(&buffer, 'e');
    assert_true(buffer.full);
}

static void a_length_near_the_largest_does_not_wrap_around(void **state)
{
    char memory[4];
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_buffer_add_byte(&buffer, 'a');
    hl7_buffer_add(&buffer, (hl7_slice){memory, SIZE_MAX});
    assert_int_equal(buffer.len, 1);
    assert_true(buffer.full);
}

static void a_buffer_without_memory_is_empty_then_full(void **state)
{
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, NULL, 0);
    hl7_buffer_add(&buffer, HL7_TEXT(""));
    assert_int_equal(hl7_buffer_slice(&buffer).len, 0);
    assert_false(buffer.full);
    hl7_buffer_add_byte(&buffer, 'a');
    assert_true(buffer.full);
}

static void numbers_are_written_in_decimal(void **state)
{
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {
        {0, "0"},
        {9, "9"},
        {10, "10"},
        {4294967295U, "4294967295"},
        {UINT64_MAX, "18446744073709551615"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[20];
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, sizeof memory);
        hl7_buffer_add_number(&buffer, cases[i].number);
        assert_slice(hl7_buffer_slice(&buffer), cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_aligned_wherever_the_memory_begins),
        cmocka_unit_test(objects_do_not_overlap),
        cmocka_unit_test(an_arena_can_be_used_to_its_last_byte),
        cmocka_unit_test(what_does_not_fit_leaves_the_arena_as_it_was),
        cmocka_unit_test(padding_alone_may_be_too_much),
        cmocka_unit_test(reset_forgets_everything),
        cmocka_unit_test(an_arena_without_memory_gives_nothing),
        cmocka_unit_test(text_of_unknown_length_takes_what_was_written_and_no_more),
        cmocka_unit_test(appends_follow_one_another),
        cmocka_unit_test(an_append_that_does_not_fit_adds_nothing_and_is_remembered),
        cmocka_unit_test(a_buffer_filled_to_its_last_byte_is_not_full),
        cmocka_unit_test(a_length_near_the_largest_does_not_wrap_around),
        cmocka_unit_test(a_buffer_without_memory_is_empty_then_full),
        cmocka_unit_test(numbers_are_written_in_decimal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
