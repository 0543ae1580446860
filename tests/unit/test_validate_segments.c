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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_segment_of_each_version_passes_with_what_is_required),
        cmocka_unit_test(each_segment_of_each_version_passes_with_all_its_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
