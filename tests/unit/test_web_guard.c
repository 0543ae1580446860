/* SPDX-License-Identifier: Apache-2.0
 *
 * Who gives wrong passwords has to wait, and for how long. */
#include "support.h"

#include <stdio.h>

#include "../web/guard.h"

#define SECOND ((int64_t)1000000)
#define HOUR (3600 * SECOND)

static struct guard guard;

static int set_up(void **state)
{
    (void)state;
    guard_init(&guard, 3, 10 * SECOND);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    guard_release(&guard);
    return 0;
}

static void try_wrong(const char *key, int times, int64_t now)
{
    for (int i = 0; i < times; i++) {
        guard_failed(&guard, key, now);
    }
}

static void a_few_failures_cost_nothing(void **state)
{
    (void)state;
    try_wrong("anna", 2, 1);
    assert_int_equal(guard_wait(&guard, "anna", 1), 0);
}

static void then_there_is_a_wait_that_passes(void **state)
{
    (void)state;
    try_wrong("anna", 3, 1);
    assert_int_equal(guard_wait(&guard, "anna", 1), 10 * SECOND);
    assert_int_equal(guard_wait(&guard, "anna", 1 + 9 * SECOND), SECOND);
    assert_int_equal(guard_wait(&guard, "anna", 1 + 10 * SECOND), 0);
    assert_int_equal(guard_wait(&guard, "bob", 1), 0);
}

static void each_further_failure_doubles_it_up_to_an_hour(void **state)
{
    (void)state;
    try_wrong("anna", 4, 0);
    assert_int_equal(guard_wait(&guard, "anna", 0), 20 * SECOND);
    try_wrong("anna", 1, 0);
    assert_int_equal(guard_wait(&guard, "anna", 0), 40 * SECOND);
    try_wrong("anna", 1000, 0);
    assert_int_equal(guard_wait(&guard, "anna", 0), HOUR);
}

static void the_right_password_forgets_the_wrong_ones(void **state)
{
    (void)state;
    try_wrong("anna", 3, 0);
    guard_passed(&guard, "anna");
    assert_int_equal(guard_wait(&guard, "anna", 0), 0);
    try_wrong("anna", 2, 0);
    assert_int_equal(guard_wait(&guard, "anna", 0), 0);
}

static void a_day_forgets_as_well(void **state)
{
    (void)state;
    try_wrong("anna", 3, 0);
    try_wrong("anna", 1, 25 * HOUR);
    assert_int_equal(guard_wait(&guard, "anna", 25 * HOUR), 0);
}

static void too_many_keys_push_out_the_one_that_failed_longest_ago(void **state)
{
    char key[20];

    (void)state;
    try_wrong("anna", 3, 0);
    try_wrong("bob", 3, 2);
    for (int i = 0; i < GUARD_KEYS - 1; i++) {
        (void)snprintf(key, sizeof key, "%d", i);
        try_wrong(key, 1, 3);
    }
    assert_int_equal(guard_wait(&guard, "anna", 0), 0);
    assert_true(guard_wait(&guard, "bob", 2) > 0);
}

static void a_long_key_counts_by_its_front(void **state)
{
    char key[200];

    (void)state;
    memset(key, 'x', sizeof key);
    key[sizeof key - 1] = '\0';
    try_wrong(key, 3, 0);
    assert_true(guard_wait(&guard, key, 0) > 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_few_failures_cost_nothing),
        TEST(then_there_is_a_wait_that_passes),
        TEST(each_further_failure_doubles_it_up_to_an_hour),
        TEST(the_right_password_forgets_the_wrong_ones),
        TEST(a_day_forgets_as_well),
        TEST(too_many_keys_push_out_the_one_that_failed_longest_ago),
        TEST(a_long_key_counts_by_its_front),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
