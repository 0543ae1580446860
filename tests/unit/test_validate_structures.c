/* SPDX-License-Identifier: Apache-2.0
 *
 * Each structure of each version: a message made by the dictionary passes, and each single change of its
 * segments is found. */
#include "support.h"

#include <stdio.h>

#include "conforming.h"
#include "validated.h"

enum { LONGEST = 1 << 18 };

static char text_memory[LONGEST];
static struct validated validated;
static size_t checked;
static size_t wrong; /* of them */

typedef void check_structure(enum hl7_version version, const struct hl7_dict_structure *structure);

/* Fails when one of them is not as it was expected, and tells the first of those. */
static void for_each_structure(check_structure *check)
{
    checked = 0;
    wrong = 0;
    if (!hl7_dict_available()) {
        skip();
    }
    for (size_t v = 0; v < HL7_VERSION_COUNT - 1; v++) {
        enum hl7_version version = (enum hl7_version)v;
        for (size_t i = 0; i < hl7_dict_structure_count(version); i++) {
            check(version, hl7_dict_structure_at(version, i));
        }
    }
    assert_true(checked > 0);
    assert_int_equal(wrong, 0);
}

static struct hl7_buffer make(enum hl7_version version, const struct hl7_dict_structure *structure,
                              enum conforming_extent extent)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, text_memory, sizeof text_memory);
    conforming_header(version, hl7_dict_text(structure->name), &buffer);
    conforming_body(version, structure, extent, &buffer);
    assert_false(buffer.full);
    return buffer;
}

static void complain(const char *what, hl7_slice text)
{
    wrong++;
    if (wrong <= 20) {
        print_error("%s, found '%s' in\n", what, validated.text);
        for (size_t i = 0; i < text.len; i++) {
            print_error("%c", text.ptr[i] == '\r' ? '\n' : text.ptr[i]);
        }
    }
}

/* ---- As they should be ---------------------------------------------------------------------- */

static void check_passes(enum hl7_version version, const struct hl7_dict_structure *structure,
                         enum conforming_extent extent)
{
    struct hl7_buffer buffer = make(version, structure, extent);

    checked++;
    validate_text(hl7_buffer_slice(&buffer), HL7_ERROR, &validated);
    if (!is_clean(&validated) || validated.validity.structure != structure) {
        complain(hl7_version_name(version), hl7_buffer_slice(&buffer));
    }
}

static void check_least(enum hl7_version version, const struct hl7_dict_structure *structure)
{
    check_passes(version, structure, CONFORMING_LEAST);
}

static void check_most(enum hl7_version version, const struct hl7_dict_structure *structure)
{
    check_passes(version, structure, CONFORMING_MOST);
}

static void each_structure_passes_with_what_is_required(void **state)
{
    (void)state;
    for_each_structure(check_least);
}

static void each_structure_passes_with_all_its_segments(void **state)
{
    (void)state;
    for_each_structure(check_most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_structure_passes_with_what_is_required),
        cmocka_unit_test(each_structure_passes_with_all_its_segments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
