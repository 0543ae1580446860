/* SPDX-License-Identifier: Apache-2.0
 *
 * hl7/dict.h - what the HL7 standard says of segments; part of <hl7.h>, which includes it.
 *
 * Facts of the versions 2.1 to 2.8.2, all together: a segment is known when any version has it. The
 * tables are constants; a look-up is a binary search. */
#ifndef HL7_DICT_H
#define HL7_DICT_H

#ifndef HL7_H
#error "include <hl7.h>"
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct hl7_dict_segment {
    char name[4];
    uint16_t max_field; /* the largest field number of any version; 0: there is no end */
};

/* The segment of this name ("PID"), or NULL. Names are upper case; those that begin with Z are a
 * site's own and never in the table. */
HL7_API const struct hl7_dict_segment *hl7_dict_segment(hl7_slice name);

/* All of them, by name. */
HL7_API const struct hl7_dict_segment *hl7_dict_segments(size_t *ret_count);

#ifdef __cplusplus
}
#endif

#endif
