/* SPDX-License-Identifier: Apache-2.0
 *
 * The dictionary's look-ups. */
#include "support.h"

static void a_dictionary_that_was_left_out_answers_every_look_up_with_nothing(void **state)
{
    (void)state;
    if (hl7_dict_available()) {
        skip();
    }
    for (int i = 0; i < HL7_VERSION_COUNT; i++) {
        enum hl7_version version = (enum hl7_version)i;
        assert_null(hl7_dict_segment(version, HL7_TEXT("PID")));
        assert_null(hl7_dict_segment_at(version, 0));
        assert_int_equal(hl7_dict_segment_count(version), 0);
        assert_null(hl7_dict_type(version, HL7_TEXT("XPN")));
        assert_null(hl7_dict_type_of(version, 1));
        assert_null(hl7_dict_structure(version, HL7_TEXT("ORU_R01")));
        assert_null(hl7_dict_structure_of(version, HL7_TEXT("ADT"), HL7_TEXT("A04")));
        assert_null(hl7_dict_structure_at(version, 0));
        assert_int_equal(hl7_dict_structure_count(version), 0);
    }
    assert_null(hl7_dict_table(1));
    assert_null(hl7_dict_table_at(0));
    assert_int_equal(hl7_dict_table_count(), 0);
    assert_int_equal(hl7_dict_type_count(), 0);
    assert_int_equal(hl7_dict_type_name(1).len, 0);
    assert_int_equal(hl7_dict_text(0).len, 0);
}

static void of_nothing_there_is_nothing(void **state)
{
    (void)state;
    assert_null(hl7_dict_field(NULL, 1));
    assert_null(hl7_dict_component(NULL, 1));
    assert_null(hl7_dict_code(NULL, HL7_TEXT("F")));
    assert_null(hl7_dict_code_at(NULL, 0));
    assert_null(hl7_dict_node(NULL, 0));
    assert_null(hl7_dict_type_of(HL7_ANY_VERSION, 0));
    assert_null(hl7_dict_type_of(HL7_ANY_VERSION, UINT16_MAX));
    assert_int_equal(hl7_dict_type_name(0).len, 0);
    assert_int_equal(hl7_dict_text(0).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dictionary_that_was_left_out_answers_every_look_up_with_nothing),
        cmocka_unit_test(of_nothing_there_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
