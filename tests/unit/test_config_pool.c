/* SPDX-License-Identifier: Apache-2.0
 *
 * The memory of a configuration: pieces that never move. */
#include "support.h"

#include <stdalign.h>

#include "broker/config/pool.h"

static void pieces_are_zero_aligned_and_apart(void **state)
{
    struct config_pool *pool = pool_new();
    struct random_state random;
    unsigned char *pieces[400];
    size_t sizes[400];

    (void)state;
    assert_non_null(pool);
    random_init(&random, 1);
    for (size_t i = 0; i < 400; i++) {
        sizes[i] = random_below(&random, i % 50 == 0 ? 100000 : 300);
        pieces[i] = pool_alloc(pool, sizes[i], 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal(pieces[i][j], 0);
        }
        memset(pieces[i], (int)(i % 255 + 1), sizes[i]);
    }
    for (size_t i = 0; i < 400; i++) {
        for (size_t j = 0; j < sizes[i]; j++) {
            assert_int_equal(pieces[i][j], i % 255 + 1);
        }
    }
    assert_false(pool_failed(pool));
    pool_free(&pool);
    assert_null(pool);
    pool_free(&pool);
}

static void texts_end_in_nul(void **state)
{
    struct config_pool *pool = pool_new();

    (void)state;
    assert_non_null(pool);
    assert_string_equal(pool_text(pool, hl7_slice_part(HL7_TEXT("abcdef"), 1, 3)), "bcd");
    assert_string_equal(pool_text(pool, (hl7_slice){NULL, 0}), "");
    assert_string_equal(pool_print(pool, "%s/%d", "a", 7), "a/7");
    assert_string_equal(pool_print(pool, "%s", ""), "");
    pool_free(&pool);
}

static void what_cannot_be_had_is_refused_and_so_is_all_that_follows(void **state)
{
    struct config_pool *pool = pool_new();

    (void)state;
    assert_non_null(pool);
    assert_non_null(pool_alloc(pool, 0, 8));
    assert_null(pool_alloc(pool, SIZE_MAX / 2, 4));
    assert_true(pool_failed(pool));
    assert_null(pool_alloc(pool, 1, 1));
    assert_null(pool_text(pool, HL7_TEXT("a")));
    pool_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zero_aligned_and_apart),
        cmocka_unit_test(texts_end_in_nul),
        cmocka_unit_test(what_cannot_be_had_is_refused_and_so_is_all_that_follows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
