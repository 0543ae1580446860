/* SPDX-License-Identifier: Apache-2.0
 *
 * The two clocks: the wall's is the system's, the steady one never goes back. */
#include "support.h"

#include "clock.h"

#include <time.h>

static void the_wall_clock_is_the_systems_in_microseconds(void **state)
{
    int64_t before = (int64_t)time(NULL) * 1000000;
    int64_t now = clock_wall();

    (void)state;
    /* time() may lag behind by a tick of the system. */
    assert_true(now >= before && now <= ((int64_t)time(NULL) + 2) * 1000000);
}

static void the_steady_clock_never_goes_back(void **state)
{
    int64_t last = clock_steady();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        int64_t now = clock_steady();

        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_is_the_systems_in_microseconds),
        cmocka_unit_test(the_steady_clock_never_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
