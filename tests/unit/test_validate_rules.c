/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of rules and the sentences made of it. */
#include "support.h"

static void each_rule_has_a_name_of_its_own_by_which_it_is_found(void **state)
{
    (void)state;
    for (int i = 0; i < HL7_RULE_COUNT; i++) {
        enum hl7_rule found = HL7_RULE_COUNT;
        const char *name = hl7_rule_name((enum hl7_rule)i);

        assert_true(strlen(name) > 0);
        assert_true(hl7_rule_find(hl7_slice_of(name), &found));
        assert_int_equal(found, i);
        assert_non_null(hl7_condition_text(hl7_rule_condition((enum hl7_rule)i)));
    }
}

static void a_name_that_is_none_finds_no_rule(void **state)
{
    enum hl7_rule found = HL7_RULE_TYPE;

    (void)state;
    assert_false(hl7_rule_find(HL7_TEXT("field"), &found));
    assert_false(hl7_rule_find(HL7_TEXT(""), &found));
    assert_int_equal(found, HL7_RULE_TYPE);
}

static void each_severity_has_a_word(void **state)
{
    (void)state;
    assert_string_equal(hl7_severity_name(HL7_ERROR), "error");
    assert_string_equal(hl7_severity_name(HL7_WARNING), "warning");
    assert_string_equal(hl7_severity_name(HL7_INFO), "info");
}

struct sentence_case {
    struct hl7_finding finding;
    const char *sentence;
};

static void a_sentence_tells_what_is_wrong_and_nothing_of_the_message(void **state)
{
    static const struct sentence_case cases[] = {
        {{.rule = HL7_RULE_SEGMENT_MISSING}, "the segment is missing"},
        {{.rule = HL7_RULE_SEGMENT_MISSING, .name = {"ORC", 3}, .expected = {"ORDER", 5}},
         "the segment is missing after ORC (group ORDER)"},
        {{.rule = HL7_RULE_SEGMENT_ORDER, .name = {"PV1", 3}, .value = {"DOE", 3}},
         "the segment does not belong here after PV1"},
        {{.rule = HL7_RULE_TYPE, .name = {"Date of Birth", 13}, .expected = {"YYYY[MM[DD]]", 12}},
         "Date of Birth is not written as YYYY[MM[DD]]"},
        {{.rule = HL7_RULE_TYPE, .value = {"DOE", 3}, .expected = {"digits", 6}},
         "the value is not written as digits"},
        {{.rule = HL7_RULE_FIELD_REPEATS, .number = 1, .name = {"Sex", 3}},
         "Sex may have at most 1 repetition"},
        {{.rule = HL7_RULE_LENGTH, .number = 20, .name = {"Sex", 3}},
         "Sex is longer than 20 characters"},
        {{.rule = HL7_RULE_CODE, .number = 3, .name = {"Event", 5}},
         "Event has a code that is not in HL7 table 0003"},
        {{.rule = HL7_RULE_CODE, .number = 12345, .name = {"Event", 5}},
         "Event has a code that is not in HL7 table 12345"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char memory[HL7_FINDING_SIZE];
        struct hl7_buffer buffer;

        hl7_buffer_init(&buffer, memory, sizeof memory);
        hl7_finding_write(&cases[i].finding, &buffer);
        assert_slice(hl7_buffer_slice(&buffer), cases[i].sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_has_a_name_of_its_own_by_which_it_is_found),
        cmocka_unit_test(a_name_that_is_none_finds_no_rule),
        cmocka_unit_test(each_severity_has_a_word),
        cmocka_unit_test(a_sentence_tells_what_is_wrong_and_nothing_of_the_message),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
