/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of cli/case_services.c: what cases get instead of clock and randomness. */
#include <stdio.h>

#include "case_services.h"
#include "support.h"

static struct case_services services;

static void random_bytes_are_numbered(void **state)
{
    unsigned char bytes[16];

    (void)state;
    case_services_begin(&services);
    for (unsigned i = 1; i <= 300; i++) {
        services.given.random(services.given.random_context, bytes, sizeof bytes);
        assert_int_equal(bytes[15] | bytes[14] << 8, i);
        assert_int_equal(bytes[0] | bytes[13], 0);
    }
}

static uint64_t next(const char *name)
{
    return services.given.sequence(services.given.sequence_context, hl7_slice_of(name));
}

static void each_sequence_begins_at_1_in_each_case(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        case_services_begin(&services);
        assert_int_equal(next("a"), 1);
        assert_int_equal(next("a"), 2);
        assert_int_equal(next("b"), 1);
        assert_int_equal(next("a"), 3);
    }
}

static void names_beyond_the_bound_share_a_sequence(void **state)
{
    char name[16];

    (void)state;
    case_services_begin(&services);
    for (unsigned i = 0; i < CASE_SEQUENCES_MAX; i++) {
        (void)snprintf(name, sizeof name, "n%u", i);
        assert_int_equal(next(name), 1);
    }
    assert_int_equal(next("one more"), 1);
    assert_int_equal(next("and one more"), 2);
    assert_int_equal(next("n0"), 2);
}

static void the_clock_stands_still(void **state)
{
    char text[32];
    struct hl7_buffer buffer;

    (void)state;
    case_services_begin(&services);
    hl7_buffer_init(&buffer, text, sizeof text);
    hl7_time_write(&services.given.now, &buffer);
    assert_slice(hl7_buffer_slice(&buffer), "20260102030405+0000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bytes_are_numbered),
        cmocka_unit_test(each_sequence_begins_at_1_in_each_case),
        cmocka_unit_test(names_beyond_the_bound_share_a_sequence),
        cmocka_unit_test(the_clock_stands_still),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
