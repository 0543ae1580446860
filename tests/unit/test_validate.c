/* SPDX-License-Identifier: Apache-2.0
 *
 * Validation of whole messages: one behaviour after the other, by hand. What the dictionary has is gone
 * through by test_validate_structures and test_validate_segments. */
#include "support.h"

#include <stdio.h>

#include "validated.h"

static struct validated validated;

struct validate_case {
    const char *text;
    const char *findings;
};

static void check(const struct validate_case *cases, size_t count, enum hl7_severity least)
{
    if (!hl7_dict_available()) {
        skip();
    }
    for (size_t i = 0; i < count; i++) {
        validate_text(hl7_slice_of(cases[i].text), least, &validated);
        if (strcmp(validated.text, cases[i].findings) != 0) {
            fail_msg("expected '%s', found '%s' in\n%s", cases[i].findings, validated.text,
                     cases[i].text);
        }
    }
}
#define CHECK(cases, least) check(cases, sizeof(cases) / sizeof *(cases), least)

/* A header that is right. */
#define MSH(type, version) "MSH|^~\\&|A|B|C|D|20240229123000||" type "|1|P|" version "\r"
#define ADT MSH("ADT^A01^ADT_A01", "2.5.1") "EVN|A01|20240229\r"
#define PV1 "PV1|1|I\r"
#define ORU                                                                                        \
    MSH("ORU^R01^ORU_R01", "2.5.1")                                                                \
    "PID|1||000123^^^TEST||DOE^JANE\rOBR|1|||1^TEST\r"

static void a_message_that_is_right_has_no_findings(void **state)
{
    static const struct validate_case cases[] = {
        {ADT "PID|1||000123^^^TEST||DOE^JANE^TEST||19800229|F\r" PV1, ""},
        {ADT "PID|1||000123^^^TEST~7^^^TEST||DOE^JANE\rZPD|any|thing\r" PV1 "ZPV\r", ""},
        {ORU "OBX|1|NM|1^TEST||1.5||||||F\rNTE|1||x\rOBX|2|DT|1^TEST||20240229||||||F\r", ""},
    };

    (void)state;
    CHECK(cases, HL7_WARNING);
}

static void the_header_says_what_can_be_known(void **state)
{
    static const struct validate_case cases[] = {
        {MSH("ADT^A01^ADT_A01", "2.9") "EVN||20240229\rPID|1||1^^^A^MR||D\r" PV1, "MSH-12 version"},
        {"MSH|^~|A|B|C|D|20240229||ADT^A01^ADT_A01|1|P|2.5\rEVN||20240229\rPID|1||1||D\r" PV1,
         "MSH-2 encoding-characters"},
        {MSH("ZZZ^Z01^ZZZ_Z01", "2.5") "ZZZ|1\r", "MSH-9 structure-unknown"},
        {MSH("ADT^A04^ADT_A02", "2.5.1") "EVN||20240229\rPID|1||1||D\r" PV1,
         "MSH-9.3 structure-other"},
        {"MSH|^~\\&|||||20240229||ADT^A01^ADT_A01||P|2.5\rEVN||20240229\rPID|1||1||D\r" PV1,
         "MSH-10 field-missing"},
    };

    (void)state;
    CHECK(cases, HL7_WARNING);
}

static void segments_have_their_places(void **state)
{
    static const struct validate_case cases[] = {
        {ADT "PID|1||1||D\r", "PV1 segment-missing"},
        {ADT PV1 "PID|1||1||D\r", "PV1 segment-order"},
        {ADT "PID|1||1||D\rPID|1||1||D\r" PV1, "PID[2] segment-repeats"},
        {ADT "PID|1||1||D\rOBR|1|||1\r" PV1, "OBR segment-foreign"},
        {ADT "PID|1||1||D\rABX|1\r" PV1, "ABX segment-unknown"},
        {ADT "PID|1||1||D\rJane Doe\r" PV1, "Jan segment-name"},
    };

    (void)state;
    CHECK(cases, HL7_WARNING);
}

static void fields_are_there_and_not_too_many(void **state)
{
    static const struct validate_case cases[] = {
        {ADT "PID|1||||D\r" PV1, "PID-3 field-missing"},
        {ADT "PID|1||1||^~&\r" PV1, "PID-5 field-missing"},
        {ADT "PID|1||\"\"||D\r" PV1, ""},
        {ADT "PID|1||1||D|||F~M\r" PV1, "PID-8[2] field-repeats"},
        {ADT "PID|1||1||D\rPV1|1|I|||||||||||||||||||||||||||||||||||||||||||||||||||x\r",
         "PV1-53 field-unknown"},
    };

    (void)state;
    CHECK(cases, HL7_WARNING);
}

static void values_are_written_as_their_types_ask_for(void **state)
{
    static const struct validate_case cases[] = {
        {ADT "PID|A||1||D||1980-02-29\r" PV1, "PID-1 type; PID-7.1 type"},
        {ADT "PID|1||1||D||\"\"\r" PV1, ""},
        {ADT "PID|1||1^^^A&1&ISO&x||D\r" PV1, "PID-3.4.4 component-unknown"},
        {ADT "PID|1||1||D|||F^x\r" PV1, "PID-8 component-unknown"},
        {ADT "PID|1||1||D^^^^^^^^^^^x\r" PV1, "PID-5.12.1 type"},
    };

    (void)state;
    CHECK(cases, HL7_WARNING);
}

static void a_result_has_the_type_that_it_names(void **state)
{
    static const struct validate_case cases[] = {
        {ORU "OBX|1|NM|1||high||||||F\r", "OBX-5 type"},
        {ORU "OBX|1|NM|1||1~2~x||||||F\r", "OBX-5[3] type"},
        {ORU "OBX|1|TX|1||high||||||F\r", ""},
        {ORU "OBX|1||1||high||||||F\r", "OBX-5 type-missing"},
        {ORU "OBX|1||1||||||||X\r", ""},
        {ORU "OBX|1|??|1||high||||||F\r", "OBX-2 code"},
        {ORU "OBX|1|NM|1||1||||||F\rOBX|2|NM|1||x||||||F\r", "OBX[2]-5 type"},
    };

    (void)state;
    CHECK(cases, HL7_WARNING);
}

static void codes_are_those_of_their_tables(void **state)
{
    static const struct validate_case cases[] = {
        {ORU "OBX|1|TX|1||x||||||?\r", "OBX-11 code"},
        {ORU "OBX|1|TX|1||x||||||Z\r", "OBX-11 code-local"},
        {ADT "PID|1||1||D|||?\r" PV1, "PID-8 code-local"},
    };

    (void)state;
    CHECK(cases, HL7_INFO);
}

static void lengths_are_counted_in_characters(void **state)
{
    static const struct validate_case cases[] = {
        {ADT "PID|12345||1||D\r" PV1, "PID-1 length"},
        {ORU "OBX|1|TX|1||x|||ABCDEF|||F\r", "OBX-8 length"},
        {ORU "OBX|1|TX|1||x|||\\X41\\\\T\\\xc3\xa4\xc3\xb6\xc3\xbc|||F\r", ""},
    };

    (void)state;
    CHECK(cases, HL7_WARNING);
}

static bool count(void *context, const struct hl7_finding *finding)
{
    (void)finding;
    return --*(int *)context > 0;
}

/* A message with mistakes enough. */
static void parse_wrong(char *memory, size_t size, struct hl7_message *ret_message)
{
    struct hl7_arena arena;

    hl7_arena_init(&arena, memory, size);
    assert_int_equal(hl7_message_parse(HL7_TEXT(ADT "PID|A||||||x|\r"), &arena, ret_message, NULL),
                     HL7_OK);
}

static void findings_have_a_bound_and_the_caller_can_end_it(void **state)
{
    char memory[4096];
    int left = 1;
    struct hl7_message message;
    struct hl7_validity validity;
    struct hl7_validating how = {.max_findings = 2};

    (void)state;
    if (!hl7_dict_available()) {
        skip();
    }
    parse_wrong(memory, sizeof memory, &message);
    hl7_validate(&message, &how, &validity);
    assert_int_equal(validity.counts[HL7_ERROR], 2);
    assert_false(validity.complete);
    how = (struct hl7_validating){.found = count, .context = &left};
    hl7_validate(&message, &how, &validity);
    assert_int_equal(validity.counts[HL7_ERROR], 1);
    assert_false(validity.complete);
    how = (struct hl7_validating){.max_findings = 0};
    hl7_validate(&message, &how, &validity);
    assert_int_equal(validity.counts[HL7_ERROR], 5);
    assert_true(validity.complete);
}

static void a_version_can_be_given(void **state)
{
    char memory[4096];
    struct hl7_message message;
    struct hl7_validity validity;
    const struct hl7_validating how = {.versioned = true, .version = HL7_V2_3};

    (void)state;
    if (!hl7_dict_available()) {
        skip();
    }
    parse_wrong(memory, sizeof memory, &message);
    hl7_validate(&message, &how, &validity);
    assert_int_equal(validity.version, HL7_V2_3);
    assert_slice(hl7_dict_text(validity.structure->name), "ADT_A01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_that_is_right_has_no_findings),
        cmocka_unit_test(the_header_says_what_can_be_known),
        cmocka_unit_test(segments_have_their_places),
        cmocka_unit_test(fields_are_there_and_not_too_many),
        cmocka_unit_test(values_are_written_as_their_types_ask_for),
        cmocka_unit_test(a_result_has_the_type_that_it_names),
        cmocka_unit_test(codes_are_those_of_their_tables),
        cmocka_unit_test(lengths_are_counted_in_characters),
        cmocka_unit_test(findings_have_a_bound_and_the_caller_can_end_it),
        cmocka_unit_test(a_version_can_be_given),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
