/* SPDX-License-Identifier: Apache-2.0
 *
 * Each field of each segment, and each component of each type, of each version: a segment made by the
 * dictionary passes, and each single change of it is found where it was made. The segments stand in a message
 * of a site's own type, so that only they are looked at. */
#include "support.h"

#include <stdio.h>

#include "conforming.h"
#include "validated.h"

enum { LONGEST = 1 << 17 };

static char text_memory[LONGEST];
static struct validated validated;
static size_t checked;
static size_t wrong; /* of them */

static struct hl7_buffer begin(enum hl7_version version)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, text_memory, sizeof text_memory);
    conforming_header(version, HL7_TEXT("ZZZ_Z01"), &buffer);
    return buffer;
}

/* Headers are what says how all is written, and the message that is made has one. */
static bool is_header(const struct hl7_dict_segment *segment)
{
    return hl7_segment_is_header(hl7_slice_of(segment->name));
}

typedef void check_segment(enum hl7_version version, const struct hl7_dict_segment *segment);

/* Fails when one of them is not as it was expected, and tells the first of those. */
static void for_each_segment(check_segment *check)
{
    checked = 0;
    wrong = 0;
    if (!hl7_dict_available()) {
        skip();
    }
    for (size_t v = 0; v < HL7_VERSION_COUNT - 1; v++) {
        enum hl7_version version = (enum hl7_version)v;
        assert_true(hl7_dict_segment_count(version) > 0);
        for (size_t i = 0; i < hl7_dict_segment_count(version); i++) {
            const struct hl7_dict_segment *segment = hl7_dict_segment_at(version, i);
            if (!is_header(segment)) {
                check(version, segment);
            }
        }
    }
    assert_true(checked > 0);
    assert_int_equal(wrong, 0);
}

/* Counts a text in which something else was found than this; tells the first ones. */
static void expect(const struct hl7_buffer *buffer, const char *findings)
{
    hl7_slice text = hl7_buffer_slice(buffer);

    assert_false(buffer->full);
    checked++;
    validate_text(text, HL7_ERROR, &validated);
    bool good = findings[0] == '\0' ? is_clean(&validated) : strcmp(validated.text, findings) == 0;
    if (!good && ++wrong <= 20) {
        print_error("expected '%s', found '%s' in\n", findings, validated.text);
        for (size_t i = 0; i < text.len; i++) {
            print_error("%c", text.ptr[i] == '\r' ? '\n' : text.ptr[i]);
        }
    }
}

/* ---- As they should be ----------------------------------------------------------------------- */

static void check_least(enum hl7_version version, const struct hl7_dict_segment *segment)
{
    struct hl7_buffer buffer = begin(version);

    conforming_segment(version, segment, CONFORMING_LEAST, &buffer);
    expect(&buffer, "");
}

static void check_most(enum hl7_version version, const struct hl7_dict_segment *segment)
{
    struct hl7_buffer buffer = begin(version);

    conforming_segment(version, segment, CONFORMING_MOST, &buffer);
    expect(&buffer, "");
}

static void each_segment_of_each_version_passes_with_what_is_required(void **state)
{
    (void)state;
    for_each_segment(check_least);
}

static void each_segment_of_each_version_passes_with_all_its_fields(void **state)
{
    (void)state;
    for_each_segment(check_most);
}

/* ---- One thing is wrong ---------------------------------------------------------------------- */

typedef void check_field(enum hl7_version version, const struct hl7_dict_segment *segment,
                         size_t number, const struct hl7_dict_field *field);

static check_field *field_check;

static void check_each_field(enum hl7_version version, const struct hl7_dict_segment *segment)
{
    for (size_t n = 1; n <= segment->field_count; n++) {
        const struct hl7_dict_field *field = hl7_dict_field(segment, n);
        if (field->optionality != HL7_OPT_WITHDRAWN && field->optionality != HL7_OPT_NOT_USED &&
            !conforming_is_tied(segment, n)) {
            field_check(version, segment, n, field);
        }
    }
}

static void for_each_field(check_field *check)
{
    field_check = check;
    for_each_segment(check_each_field);
}

/* The segment with this value in a field is expected to have this finding there and no other one.
 * `below` is the rest of the path. */
static void expect_in_field(enum hl7_version version, const struct hl7_dict_segment *segment,
                            size_t number, hl7_slice value, const char *below, const char *rule)
{
    struct hl7_buffer buffer = begin(version);
    char finding[64];

    conforming_segment_but(version, segment, number, value, &buffer);
    (void)snprintf(finding, sizeof finding, "%s-%zu%s %s", segment->name, number, below, rule);
    expect(&buffer, finding);
}

static void check_missing(enum hl7_version version, const struct hl7_dict_segment *segment,
                          size_t number, const struct hl7_dict_field *field)
{
    if (field->optionality == HL7_OPT_REQUIRED) {
        expect_in_field(version, segment, number, (hl7_slice){NULL, 0}, "", "field-missing");
    }
}

static void each_required_field_that_is_missing_is_found(void **state)
{
    (void)state;
    for_each_field(check_missing);
}

static char value_memory[65536];

static void check_too_many(enum hl7_version version, const struct hl7_dict_segment *segment,
                           size_t number, const struct hl7_dict_field *field)
{
    struct hl7_buffer value;
    char below[16];

    if (field->max == 0 || !conforming_can(field)) {
        return;
    }
    hl7_buffer_init(&value, value_memory, sizeof value_memory);
    for (size_t i = 0; i <= field->max; i++) {
        hl7_buffer_add(&value, i == 0 ? HL7_TEXT("") : HL7_TEXT("~"));
        conforming_value(version, field, CONFORMING_LEAST, &value);
    }
    (void)snprintf(below, sizeof below, "[%u]", field->max + 1U);
    expect_in_field(version, segment, number, hl7_buffer_slice(&value), below, "field-repeats");
}

static void each_field_that_repeats_too_often_is_found(void **state)
{
    (void)state;
    for_each_field(check_too_many);
}

/* The type of a field without components; NULL when it has some. */
static const struct hl7_dict_type *simple_type(enum hl7_version version,
                                               const struct hl7_dict_field *field)
{
    const struct hl7_dict_type *type = hl7_dict_type_of(version, field->type);

    return type == NULL || type->component_count > 0 ? NULL : type;
}

static bool has_form(const struct hl7_dict_type *type)
{
    return type != NULL && type->kind >= HL7_KIND_NUMBER && type->kind <= HL7_KIND_DATE_TIME;
}

static void check_form(enum hl7_version version, const struct hl7_dict_segment *segment,
                       size_t number, const struct hl7_dict_field *field)
{
    if (has_form(simple_type(version, field))) {
        expect_in_field(version, segment, number, HL7_TEXT("?"), "", "type");
    }
}

static void each_value_that_has_not_the_form_of_its_type_is_found(void **state)
{
    (void)state;
    for_each_field(check_form);
}

static bool has_codes(const struct hl7_dict_type *type, const struct hl7_dict_field *field)
{
    const struct hl7_dict_table *table = hl7_dict_table(field->table);

    return type != NULL && type->kind == HL7_KIND_CODED && table != NULL &&
           table->kind == HL7_TABLE_HL7 && table->code_count > 0 && table->number != 396 &&
           table->number != 104 && conforming_can(field);
}

static void check_codes(enum hl7_version version, const struct hl7_dict_segment *segment,
                        size_t number, const struct hl7_dict_field *field)
{
    if (has_codes(simple_type(version, field), field)) {
        expect_in_field(version, segment, number, HL7_TEXT("?"), "", "code");
    }
}

static void each_code_that_its_table_does_not_have_is_found(void **state)
{
    (void)state;
    for_each_field(check_codes);
}

static void check_lengths(enum hl7_version version, const struct hl7_dict_segment *segment,
                          size_t number, const struct hl7_dict_field *field)
{
    const struct hl7_dict_type *type = simple_type(version, field);

    if (type == NULL || type->kind != HL7_KIND_TEXT || field->length == 0 ||
        field->length >= sizeof value_memory || version > HL7_V2_6 || field->table != 0) {
        return;
    }
    memset(value_memory, 'A', field->length + 1);
    expect_in_field(version, segment, number, (hl7_slice){value_memory, field->length + 1}, "",
                    "length");
}

static void each_text_that_is_too_long_is_found(void **state)
{
    (void)state;
    for_each_field(check_lengths);
}

/* ---- Types ----------------------------------------------------------------------------------- */

/* What is found in an OBX with a value of a type. */
static size_t validate_typed(enum hl7_version version, hl7_slice type, hl7_slice value)
{
    struct hl7_buffer buffer = begin(version);

    hl7_buffer_add(&buffer, HL7_TEXT("OBX|1|"));
    hl7_buffer_add(&buffer, type);
    hl7_buffer_add(&buffer, HL7_TEXT("|A||"));
    hl7_buffer_add(&buffer, value);
    hl7_buffer_add(&buffer, HL7_TEXT("||||||F\r"));
    assert_false(buffer.full);
    validate_text(hl7_buffer_slice(&buffer), HL7_ERROR, &validated);
    return validated.count;
}

/* Of a value with this component: whether it has another one, too. Without any it would be no value. */
static bool has_other(const struct hl7_dict_field *other, hl7_slice part)
{
    char optionality = other->optionality;

    return optionality == HL7_OPT_REQUIRED ||
           (part.len == 0 && conforming_can(other) && optionality != HL7_OPT_WITHDRAWN &&
            optionality != HL7_OPT_NOT_USED);
}

/* A value with all components that are required, and this one; without it, with all others. */
static void write_with(enum hl7_version version, const struct hl7_dict_type *type, size_t number,
                       hl7_slice part, struct hl7_buffer *buffer)
{
    hl7_buffer_init(buffer, value_memory, sizeof value_memory);
    for (size_t n = 1; n <= type->component_count; n++) {
        const struct hl7_dict_field *component = hl7_dict_component(type, n);
        hl7_buffer_add(buffer, n == 1 ? HL7_TEXT("") : HL7_TEXT("^"));
        if (n == number) {
            hl7_buffer_add(buffer, part);
        } else if (has_other(component, part)) {
            conforming_component(version, component, buffer);
        }
    }
}

/* Puts something wrong into a component: one finding more, and it is there. */
static void expect_in_component(enum hl7_version version, const struct hl7_dict_type *type,
                                size_t number, hl7_slice part, const char *rule)
{
    hl7_slice name = hl7_dict_type_name(type->number);
    char good[256];
    char finding[64];
    struct hl7_buffer component;
    struct hl7_buffer value;

    hl7_buffer_init(&component, good, sizeof good);
    conforming_component(version, hl7_dict_component(type, number), &component);
    write_with(version, type, number, hl7_buffer_slice(&component), &value);
    size_t before = validate_typed(version, name, hl7_buffer_slice(&value));
    write_with(version, type, number, part, &value);
    size_t after = validate_typed(version, name, hl7_buffer_slice(&value));
    checked++;
    (void)snprintf(finding, sizeof finding, ".%zu %s", number, rule);
    if ((after != before + 1 || strstr(validated.text, finding) == NULL) && ++wrong <= 20) {
        print_error("%s %.*s: expected %s, found '%s', %zu before\n", hl7_version_name(version),
                    (int)name.len, name.ptr, finding, validated.text, before);
    }
}

static void check_type(enum hl7_version version, const struct hl7_dict_type *type)
{
    for (size_t n = 1; n <= type->component_count; n++) {
        const struct hl7_dict_field *component = hl7_dict_component(type, n);
        const struct hl7_dict_type *its = simple_type(version, component);
        char optionality = component->optionality;

        if (optionality == HL7_OPT_WITHDRAWN || optionality == HL7_OPT_NOT_USED) {
            continue;
        }
        if (has_form(its)) {
            expect_in_component(version, type, n, HL7_TEXT("?"), "type");
        } else if (has_codes(its, component)) {
            expect_in_component(version, type, n, HL7_TEXT("?"), "code");
        }
        if (optionality == HL7_OPT_REQUIRED && type->component_count > 1) {
            expect_in_component(version, type, n, (hl7_slice){NULL, 0}, "component-missing");
        }
    }
}

static void each_component_of_each_type_that_is_wrong_is_found(void **state)
{
    (void)state;
    if (!hl7_dict_available()) {
        skip();
    }
    checked = 0;
    wrong = 0;
    for (size_t v = 0; v < HL7_VERSION_COUNT - 1; v++) {
        for (size_t n = 1; n <= hl7_dict_type_count(); n++) {
            const struct hl7_dict_type *type = hl7_dict_type_of((enum hl7_version)v, (uint16_t)n);
            if (type != NULL) {
                check_type((enum hl7_version)v, type);
            }
        }
    }
    assert_true(checked > 0);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_segment_of_each_version_passes_with_what_is_required),
        cmocka_unit_test(each_segment_of_each_version_passes_with_all_its_fields),
        cmocka_unit_test(each_required_field_that_is_missing_is_found),
        cmocka_unit_test(each_field_that_repeats_too_often_is_found),
        cmocka_unit_test(each_value_that_has_not_the_form_of_its_type_is_found),
        cmocka_unit_test(each_code_that_its_table_does_not_have_is_found),
        cmocka_unit_test(each_text_that_is_too_long_is_found),
        cmocka_unit_test(each_component_of_each_type_that_is_wrong_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
