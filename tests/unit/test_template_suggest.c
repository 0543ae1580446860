/* SPDX-License-Identifier: Apache-2.0
 *
 * "Did you mean": words and paths. */
#include "support.h"

#include "template/suggest.h"

static void the_nearest_word_is_suggested(void **state)
{
    static const hl7_slice words[] = {{"strict", 6},
                                      {"upper", 5},
                                      {"a_word_that_is_longer_than_any_word_is", 38},
                                      {"lower", 5},
                                      {"map", 3}};
    static const struct {
        const char *word;
        const char *expected; /* NULL: none */
    } cases[] = {
        {"strct", "strict"},   {"Strict", "strict"},
        {"stricct", "strict"}, {"strikt", "strict"},
        {"uper", "upper"},     {"lowe", "lower"},
        {"loper", "lower"},    {"mop", "map"},
        {"mox", NULL},         {"something", NULL},
        {"x", NULL},           {"", NULL},
        {"oper", NULL},        {"a_word_that_is_longer_than_any_word_i", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hl7_slice found =
            suggest_word(hl7_slice_of(cases[i].word), words, sizeof words / sizeof *words);
        if (cases[i].expected == NULL) {
            assert_null(found.ptr);
        } else {
            assert_slice(found, cases[i].expected);
        }
    }
}

static void a_path_with_a_slip_is_put_right(void **state)
{
    static const struct {
        const char *word;
        const char *expected; /* NULL: none */
    } cases[] = {
        {"pid-5", "PID-5"},
        {"Pid-5.1", "PID-5.1"},
        {"pid", "PID"},
        {"PID.5", "PID-5"},
        {"PID.5.1.2", "PID-5.1.2"},
        {"PID-5-1", "PID-5.1"},
        {"PID-5-1-2", "PID-5.1.2"},
        {"PID5", "PID-5"},
        {"PID5.1", "PID-5.1"},
        {"PID_5_1", "PID-5.1"},
        {"PID:5", "PID-5"},
        {"pv1.2", "PV1-2"},
        {"PID.3[2].1", "PID-3[2].1"},
        {"obx[2].5", "OBX[2]-5"},
        {"OBX[last].5", "OBX[last]-5"},
        {"PID-5", NULL},
        {"PID-0", NULL},
        {"PID-", NULL},
        {"PID-5.1.2.3", NULL},
        {"patient", NULL},
        {"{id-5", NULL},
        {"", NULL},
        {"PI", NULL},
        {"pid-5555555555555555555555555555555555555555555555555555555555555", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[SUGGEST_PATH_BYTES];
        struct hl7_buffer buffer;
        hl7_buffer_init(&buffer, memory, sizeof memory);
        bool found = suggest_path(hl7_slice_of(cases[i].word), &buffer);
        if (found != (cases[i].expected != NULL)) {
            fail_msg("%s", cases[i].word);
        }
        assert_slice(hl7_buffer_slice(&buffer), found ? cases[i].expected : "");
    }
}

static void the_longest_word_fits_with_a_separator_more(void **state)
{
    static const char word[] = "PID5[0000000000000000000000000000000000000000000000000000001].1";
    char memory[SUGGEST_PATH_BYTES];
    struct hl7_buffer buffer;

    (void)state;
    assert_int_equal(strlen(word), SUGGEST_PATH_BYTES - 1);
    hl7_buffer_init(&buffer, memory, sizeof memory);
    assert_true(suggest_path(hl7_slice_of(word), &buffer));
    assert_false(buffer.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_word_is_suggested),
        cmocka_unit_test(a_path_with_a_slip_is_put_right),
        cmocka_unit_test(the_longest_word_fits_with_a_separator_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
