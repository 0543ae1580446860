/* SPDX-License-Identifier: Apache-2.0
 *
 * How much happens in a minute: steady, rising, ended, and before anything is known. */
#include "support.h"

#include "rate.h"

/* Looks once a second while the count grows by so much a second; the rate at the end. */
static uint64_t after(struct rate *rate, uint64_t *now, uint64_t *count, uint64_t seconds,
                      uint64_t each)
{
    for (uint64_t i = 0; i < seconds; i++) {
        *now += 1000;
        *count += each;
        rate_look(rate, *now, *count);
    }
    return rate_per_minute(rate, *now, *count);
}

static void a_steady_flow_has_its_rate_from_the_second_minute_on(void **state)
{
    struct rate rate = {.minute = 0};
    uint64_t now = 5000;
    uint64_t count = 1000000;

    (void)state;
    rate_look(&rate, now, count);
    assert_int_equal(rate_per_minute(&rate, now, count), 0);
    assert_int_equal(after(&rate, &now, &count, 30, 10), 300);
    (void)after(&rate, &now, &count, 40, 10);
    for (int i = 0; i < 200; i++) {
        uint64_t rate_now = after(&rate, &now, &count, 1, 10);

        assert_true(rate_now >= 590 && rate_now <= 610);
    }
}

static void a_flow_that_ends_is_forgotten_within_two_minutes(void **state)
{
    struct rate rate = {.minute = 0};
    uint64_t now = 1;
    uint64_t count = 0;

    (void)state;
    (void)after(&rate, &now, &count, 200, 10);
    assert_true(after(&rate, &now, &count, 30, 0) < 500);
    assert_int_equal(after(&rate, &now, &count, 90, 0), 0);
}

static void what_came_in_a_long_pause_is_in_no_minute(void **state)
{
    struct rate rate = {.minute = 0};

    (void)state;
    assert_int_equal(rate_per_minute(&rate, 1000, 7), 0);
    rate_look(&rate, 1000, 7);
    rate_look(&rate, 1000 + 3600 * 1000, 1000);
    assert_int_equal(rate_per_minute(&rate, 1000 + 3600 * 1000, 1000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_flow_has_its_rate_from_the_second_minute_on),
        cmocka_unit_test(a_flow_that_ends_is_forgotten_within_two_minutes),
        cmocka_unit_test(what_came_in_a_long_pause_is_in_no_minute),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
