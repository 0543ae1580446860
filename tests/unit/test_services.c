/* SPDX-License-Identifier: Apache-2.0 */
#include "services.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* 2026-01-02 03:04:05 UTC. */
#define MOMENT (INT64_C(1767323045) * 1000000)

static void the_clock_goes_until_it_is_stopped(void **state)
{
    struct services services;
    struct hl7_time now;

    (void)state;
    services_open(&services, NULL);
    services_begin(&services);
    assert_true(services.given.now.year >= 2024);

    services_stop(&services, MOMENT);
    services_begin(&services);
    now = services.given.now;
    services_begin(&services);
    assert_memory_equal(&now, &services.given.now, sizeof now);
    assert_int_equal(now.second, 5);
    services_close(&services);
}

static void a_stopped_clock_can_be_moved(void **state)
{
    struct services services;

    (void)state;
    services_open(&services, NULL);
    services_stop(&services, MOMENT);
    services_stop(&services, MOMENT + INT64_C(2000000));
    services_begin(&services);
    assert_int_equal(services.given.now.second, 7);
    services_close(&services);
}

static void what_is_stopped_uses_nothing_up(void **state)
{
    struct services services;
    unsigned char first[16];
    unsigned char second[16];

    (void)state;
    services_open(&services, NULL);
    services_stop(&services, MOMENT);
    for (int i = 0; i < 2; i++) {
        services_begin(&services);
        assert_int_equal(
            services.given.sequence(services.given.sequence_context, HL7_TEXT("orders")), 1);
        services.given.control_id_counter++;
        assert_true(services_end(&services, true));
        assert_int_equal(services.counter, 0);
    }
    services.given.random(services.given.random_context, first, sizeof first);
    services.given.random(services.given.random_context, second, sizeof second);
    assert_memory_equal(first, second, sizeof first);
    services_close(&services);
}

static void pinned_ids_are_the_same_each_time(void **state)
{
    struct services services;
    char first[CONTROL_ID_SIZE];
    char again[CONTROL_ID_SIZE];
    char after[CONTROL_ID_SIZE];

    (void)state;
    services_open(&services, NULL);
    struct services_pin before = services_pin(&services, MOMENT, 32);
    (void)services_control_id(&services, first);
    services_unpin(&services, &before);
    before = services_pin(&services, MOMENT, 32);
    (void)services_control_id(&services, again);
    services_unpin(&services, &before);
    (void)services_control_id(&services, after);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, after, sizeof first);
    services_close(&services);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_goes_until_it_is_stopped),
        cmocka_unit_test(a_stopped_clock_can_be_moved),
        cmocka_unit_test(what_is_stopped_uses_nothing_up),
        cmocka_unit_test(pinned_ids_are_the_same_each_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
