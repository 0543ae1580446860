/* SPDX-License-Identifier: Apache-2.0
 *
 * Validation as receivers do it: what goes to the log, and what into the answer. */
#include "support.h"

#include "validation.h"

static char memory[65536];
static struct hl7_message message;
static struct validation validation;

static bool passes(const char *text)
{
    struct hl7_arena arena;

    if (!hl7_dict_available()) {
        skip();
    }
    hl7_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(hl7_message_parse(hl7_slice_of(text), &arena, &message, NULL), HL7_OK);
    return validation_passes(&validation, &message);
}

#define HEAD                                                                                       \
    "MSH|^~\\&|A|B|C|D|20240229||ADT^A01^ADT_A01|1|P|2.5.1\rEVN||20240229\r"                       \
    "PID|1||1||D\r"

static void a_message_with_warnings_passes(void **state)
{
    (void)state;
    assert_true(passes(HEAD "PV1|1|I\r"));
    assert_true(passes(HEAD "PV1|1|I|||||||||||||||||||||||||||||||||||||||||||||||||||||x\r"));
    assert_string_equal(validation_text(&validation), "");
}

static void errors_are_told_by_path_and_rule(void **state)
{
    (void)state;
    assert_false(passes(HEAD "PV1|x\r"));
    assert_string_equal(validation_text(&validation), "PV1-1 type, PV1-2 field-missing");
}

/* What stands where a name should be may be a patient's. */
static void an_unknown_segment_is_told_by_its_number(void **state)
{
    (void)state;
    assert_false(passes(HEAD "PV1|1|I\rDOE|JANE\r"));
    assert_string_equal(validation_text(&validation), "segment 5 segment-unknown");
    assert_int_equal(validation.problems[0].where.segment[0], '\0');
}

static void the_answer_has_the_errors_and_they_are_bounded(void **state)
{
    (void)state;
    assert_false(passes(HEAD "PV1|x\r"));
    struct answer_verdict verdict = validation_verdict(&validation);
    assert_int_equal(verdict.outcome, HL7_FAILED);
    assert_int_equal(verdict.condition, HL7_DATA_TYPE);
    assert_string_equal(verdict.reason, "Set ID - PV1 is not written as digits");
    assert_slice(verdict.rule, "type");
    assert_int_equal(verdict.more_count, 1);
    assert_int_equal(verdict.more[0].condition, HL7_REQUIRED_FIELD);

    assert_false(passes(HEAD "PV1|1|I\rABX\rABX\rABX\rABX\rABX\rABX\rABX\rABX\rABX\r"));
    assert_int_equal(validation_verdict(&validation).more_count, VALIDATION_TOLD - 1);
    assert_non_null(strstr(validation_text(&validation), ", more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_with_warnings_passes),
        cmocka_unit_test(errors_are_told_by_path_and_rule),
        cmocka_unit_test(an_unknown_segment_is_told_by_its_number),
        cmocka_unit_test(the_answer_has_the_errors_and_they_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
