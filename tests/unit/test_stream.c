/* SPDX-License-Identifier: Apache-2.0
 *
 * The names of what can be wrong with a stream. */
#include "support.h"

#include "../net/stream.h"

static void each_trouble_has_a_name_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(stream_trouble_names[STREAM_FINE], "");
    for (int i = STREAM_FINE + 1; i < STREAM_TROUBLES; i++) {
        assert_int_equal(strncmp(stream_trouble_names[i], "tls-", 4), 0);
        for (int j = STREAM_FINE; j < i; j++) {
            assert_string_not_equal(stream_trouble_names[i], stream_trouble_names[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_trouble_has_a_name_of_its_own)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
