/* SPDX-License-Identifier: Apache-2.0
 *
 * The known word that a mistyped one was meant to be. */
#include "support.h"

#include "nearest.h"

static void the_distance_of_words_counts_slips_of_the_finger(void **state)
{
    static const struct {
        const char *a;
        const char *b;
        size_t distance;
    } cases[] = {{"", "", 0},          {"send", "send", 0}, {"snd", "send", 1},
                 {"sendd", "send", 1}, {"sand", "send", 1}, {"sned", "send", 1},
                 {"", "send", 4},      {"get", "listen", 5}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(nearest_distance(cases[i].a, cases[i].b), cases[i].distance);
        assert_int_equal(nearest_distance(cases[i].b, cases[i].a), cases[i].distance);
    }
}

static void nothing_is_suggested_for_a_word_that_is_far_off(void **state)
{
    static const char *const words[] = {"listen", "send", "convert", NULL};

    (void)state;
    assert_string_equal(nearest_word("lisen", words), "listen");
    assert_string_equal(nearest_word("conv", words), "convert");
    assert_null(nearest_word("help", words));
    assert_null(nearest_word("x", words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_distance_of_words_counts_slips_of_the_finger),
        cmocka_unit_test(nothing_is_suggested_for_a_word_that_is_far_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
