/* SPDX-License-Identifier: Apache-2.0
 *
 * The dictionary: which segments there are and how many fields they have. */
#include "support.h"

static void a_segment_of_any_version_is_found(void **state)
{
    static const struct {
        const char *name;
        unsigned max_field;
    } cases[] = {
        {"ABS", 14}, /* the first of the table */
        {"VTQ", 5},  /* the last; gone since 2.7 */
        {"MSH", 25}, {"PID", 40}, {"PV1", 54},
        {"OBR", 54}, {"NTE", 8},  {"RX1", 30}, /* of 2.1 only */
        {"OBX", 30}, {"PRT", 22},              /* grew in 2.8 */
        {"DPS", 5},  {"SGH", 2},               /* new in 2.8 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hl7_dict_known *found = hl7_dict_known(hl7_slice_of(cases[i].name));
        assert_non_null(found);
        assert_string_equal(found->name, cases[i].name);
        assert_int_equal(found->max_field, cases[i].max_field);
    }
}

static void segments_whose_fields_have_no_end_say_so(void **state)
{
    static const char *const names[] = {"ADD", "QPD", "RDT"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct hl7_dict_known *found = hl7_dict_known(hl7_slice_of(names[i]));
        assert_non_null(found);
        assert_int_equal(found->max_field, 0);
    }
}

static void what_no_version_has_is_not_found(void **state)
{
    static const char *const names[] = {"PIX", "AAA", "ZZZ", "ZL7", "pid", "PI", "PID-5", "", "ED"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_null(hl7_dict_known(hl7_slice_of(names[i])));
    }
    assert_null(hl7_dict_known((hl7_slice){NULL, 0}));
}

static void the_table_is_in_order_and_every_row_is_found(void **state)
{
    size_t count = 0;
    const struct hl7_dict_known *all = hl7_dict_known_all(&count);

    (void)state;
    assert_true(count > 180);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || memcmp(all[i - 1].name, all[i].name, 4) < 0);
        assert_ptr_equal(hl7_dict_known(hl7_slice_of(all[i].name)), &all[i]);
        assert_true(all[i].name[0] != 'Z');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_of_any_version_is_found),
        cmocka_unit_test(segments_whose_fields_have_no_end_say_so),
        cmocka_unit_test(what_no_version_has_is_not_found),
        cmocka_unit_test(the_table_is_in_order_and_every_row_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
