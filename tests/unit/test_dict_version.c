/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions: their names, and which of them a text in MSH-12 stands for. */
#include "support.h"

static void every_version_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < HL7_VERSION_COUNT; i++) {
        enum hl7_version found = HL7_V2_1;
        assert_true(hl7_version_parse(hl7_slice_of(hl7_version_name((enum hl7_version)i)), &found));
        assert_int_equal(found, i);
    }
}

static void a_text_that_is_no_version_s_name_leaves_the_result_alone(void **state)
{
    static const char *const names[] = {"", "2", "2.5.", "2.5.2", "v2.5", " 2.5", "ANY", "3.0"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        enum hl7_version found = HL7_V2_4;
        assert_false(hl7_version_parse(hl7_slice_of(names[i]), &found));
        assert_int_equal(found, HL7_V2_4);
    }
    assert_false(hl7_version_parse((hl7_slice){NULL, 0}, &(enum hl7_version){HL7_V2_1}));
}

struct nearest_case {
    const char *text;
    enum hl7_version version;
};

static void check_nearest(const struct nearest_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(hl7_version_nearest(hl7_slice_of(cases[i].text)), cases[i].version);
    }
}

static void a_version_stands_for_itself_or_for_the_last_one_before_it(void **state)
{
    static const struct nearest_case cases[] = {
        {"2.1", HL7_V2_1},       {"2.3.1", HL7_V2_3_1}, {"2.8.2", HL7_V2_8_2},
        {" 2.5.1 ", HL7_V2_5_1}, {"2.5.0", HL7_V2_5},   {"02.05", HL7_V2_5},
        {"2.3.2", HL7_V2_3_1},   {"2.4.1", HL7_V2_4},   {"2.3.1.7", HL7_V2_3_1},
        {"2.9", HL7_V2_8_2},     {"3.0", HL7_V2_8_2},   {"2.99999999999", HL7_V2_8_2},
        {"2.0", HL7_V2_1},       {"0.1", HL7_V2_1},
    };

    (void)state;
    check_nearest(cases, sizeof cases / sizeof *cases);
}

static void what_is_no_version_stands_for_any(void **state)
{
    static const struct nearest_case cases[] = {
        {NULL, HL7_ANY_VERSION},   {"", HL7_ANY_VERSION},     {"  ", HL7_ANY_VERSION},
        {"2", HL7_ANY_VERSION},    {"2.", HL7_ANY_VERSION},   {".5", HL7_ANY_VERSION},
        {"2.x", HL7_ANY_VERSION},  {"D.2", HL7_ANY_VERSION},  {"2 .5", HL7_ANY_VERSION},
        {"-2.5", HL7_ANY_VERSION}, {"\"\"", HL7_ANY_VERSION}, {"2..5", HL7_ANY_VERSION},
    };

    (void)state;
    check_nearest(cases, sizeof cases / sizeof *cases);
}

static enum hl7_version version_of(const char *text)
{
    char memory[1024];
    struct hl7_arena arena;
    struct hl7_message message;

    hl7_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(hl7_message_parse(hl7_slice_of(text), &arena, &message, NULL), HL7_OK);
    return hl7_message_version(&message);
}

static void a_message_s_version_is_the_first_component_of_msh_12(void **state)
{
    (void)state;
    assert_int_equal(version_of("MSH|^~\\&|||||||ACK|1|P|2.3\r"), HL7_V2_3);
    assert_int_equal(version_of("MSH|^~\\&|||||||ACK|1|P|2.5^DEU&&ISO3166\r"), HL7_V2_5);
    assert_int_equal(version_of("MSH|^~\\&|||||||ACK|1|P\r"), HL7_ANY_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_version_is_found_by_its_name),
        cmocka_unit_test(a_text_that_is_no_version_s_name_leaves_the_result_alone),
        cmocka_unit_test(a_version_stands_for_itself_or_for_the_last_one_before_it),
        cmocka_unit_test(what_is_no_version_stands_for_any),
        cmocka_unit_test(a_message_s_version_is_the_first_component_of_msh_12),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
