/* SPDX-License-Identifier: Apache-2.0
 *
 * conforming.h - makes values, segments and messages as the dictionary says they should be: for tests that
 * change one thing and look whether that is found. */
#ifndef TESTS_UNIT_CONFORMING_H
#define TESTS_UNIT_CONFORMING_H

#include "hl7.h"

/* How much is written. */
enum conforming_extent {
    CONFORMING_LEAST, /* what is required */
    CONFORMING_MOST   /* all that fits */
};

/* A value of a field or of a component that stands by itself. Never empty. */
void conforming_value(enum hl7_version version, const struct hl7_dict_field *field,
                      enum conforming_extent extent, struct hl7_buffer *buffer);

/* False when the dictionary gives a field a length that no code of its table has. */
bool conforming_can(const struct hl7_dict_field *field);

/* A component of such a value, with what is required in it. */
void conforming_component(enum hl7_version version, const struct hl7_dict_field *component,
                          struct hl7_buffer *buffer);

/* A segment and CR. Not for MSH. */
void conforming_segment(enum hl7_version version, const struct hl7_dict_segment *segment,
                        enum conforming_extent extent, struct hl7_buffer *buffer);

/* The same, of what is required, but with this in one field. */
void conforming_segment_but(enum hl7_version version, const struct hl7_dict_segment *segment,
                            size_t number, hl7_slice value, struct hl7_buffer *buffer);

/* The field is one whose type another field names, or names the type of another one. */
bool conforming_is_tied(const struct hl7_dict_segment *segment, size_t number);

/* MSH and CR for a message of a structure ("ADT_A01"); MSH-9 says all of it that it can in a version. */
void conforming_header(enum hl7_version version, hl7_slice structure, struct hl7_buffer *buffer);

/* The segments of a structure without its header: those that must be there, of a choice the first, or
 * all of them once. */
void conforming_body(enum hl7_version version, const struct hl7_dict_structure *structure,
                     enum conforming_extent extent, struct hl7_buffer *buffer);

#endif
