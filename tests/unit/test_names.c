/* SPDX-License-Identifier: Apache-2.0
 *
 * What a place in a message is called, which type it has, and what its code stands for. */
#include "support.h"

#include "names.h"

struct row {
    const char *segment;
    size_t numbers[3]; /* field, component, sub-component */
    const char *value;
    const char *beside; /* the type that OBX-2 says, or the coding system */
    const char *said;   /* name, type and meaning */
};

static void assert_said(enum hl7_version version, const struct row *row)
{
    const size_t field = row->numbers[0];
    const bool varies = names_varies_by(hl7_slice_of(row->segment), field) > 0;
    const hl7_slice none = {NULL, 0};
    const struct names_place place = {.segment = hl7_slice_of(row->segment),
                                      .field = field,
                                      .component = row->numbers[1],
                                      .subcomponent = row->numbers[2],
                                      .value = hl7_slice_of(row->value),
                                      .varies = varies ? hl7_slice_of(row->beside) : none,
                                      .system = varies ? none : hl7_slice_of(row->beside)};
    char memory[256];
    struct hl7_buffer buffer;
    struct names names;

    names_find(version, &place, &names);
    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_buffer_add(&buffer, names.name);
    hl7_buffer_add_byte(&buffer, '/');
    hl7_buffer_add(&buffer, names.type);
    hl7_buffer_add_byte(&buffer, '/');
    hl7_buffer_add(&buffer, names.meaning);
    hl7_buffer_add_byte(&buffer, '\0');
    assert_string_equal(memory, row->said);
}

static void assert_all(enum hl7_version version, const struct row *rows, size_t count)
{
    if (!hl7_dict_available()) {
        skip();
    }
    for (size_t i = 0; i < count; i++) {
        assert_said(version, &rows[i]);
    }
}

#define ASSERT_ALL(version, rows) assert_all(version, rows, sizeof(rows) / sizeof(rows)[0])

static void a_place_has_a_name_and_a_type(void **state)
{
    static const struct row rows[] = {
        {"PID", {5, 0, 0}, "", "", "Patient Name/XPN/"},
        {"PID", {5, 1, 0}, "", "", "Family Name/FN/"},
        {"PID", {5, 1, 1}, "", "", "Surname/ST/"},
        {"PID", {8, 1, 0}, "", "", "Administrative Sex/IS/"},
    };

    (void)state;
    ASSERT_ALL(HL7_V2_5_1, rows);
}

static void what_is_not_there_is_empty(void **state)
{
    static const struct row rows[] = {
        {"ZPI", {1, 0, 0}, "F", "", "//"},  {"PID", {0, 0, 0}, "F", "", "//"},
        {"PID", {40, 0, 0}, "F", "", "//"}, {"PID", {5, 99, 0}, "F", "", "//"},
        {"PID", {8, 2, 0}, "F", "", "//"},  {"PID", {5, 1, 99}, "F", "", "//"},
        {"PID", {8, 2, 1}, "F", "", "//"},
    };

    (void)state;
    ASSERT_ALL(HL7_V2_5_1, rows);
}

static void a_code_is_explained_where_it_stands(void **state)
{
    static const struct row rows[] = {
        {"PID", {8, 0, 0}, "F", "", "Administrative Sex/IS/Female"},
        {"PID", {8, 0, 0}, "?", "", "Administrative Sex/IS/"},
        {"PID", {16, 0, 0}, "S", "", "Marital Status/CE/Single"},
        {"PID", {16, 1, 0}, "S", "HL70002", "Identifier/ST/Single"},
        {"PID", {16, 1, 0}, "S", "LOCAL", "Identifier/ST/"},
        {"PID", {16, 2, 0}, "S", "", "Text/ST/"},
    };

    (void)state;
    ASSERT_ALL(HL7_V2_5_1, rows);
}

static void the_message_says_which_type_a_varying_field_has(void **state)
{
    static const struct row rows[] = {
        {"OBX", {5, 0, 0}, "7", "NM", "Observation Value/NM/"},
        {"OBX", {5, 2, 0}, "x", "CE", "Text/ST/"},
        {"OBX", {5, 2, 0}, "x", "QQ", "//"},
    };

    (void)state;
    ASSERT_ALL(HL7_V2_5_1, rows);
}

static void a_segment_of_another_version_is_read_as_there(void **state)
{
    static const struct row rows[] = {
        {"SPM", {4, 0, 0}, "", "", "Specimen Type/CWE/"},
        {"SPM", {4, 1, 0}, "", "", "Identifier/ST/"},
    };

    (void)state;
    ASSERT_ALL(HL7_V2_3, rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_has_a_name_and_a_type),
        cmocka_unit_test(what_is_not_there_is_empty),
        cmocka_unit_test(a_code_is_explained_where_it_stands),
        cmocka_unit_test(the_message_says_which_type_a_varying_field_has),
        cmocka_unit_test(a_segment_of_another_version_is_read_as_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
