/* SPDX-License-Identifier: Apache-2.0
 *
 * said.h - what is said of a segment, a field, a component. All of the validator asks here and nowhere
 * else, so that this is the one place where something may be laid over the standard. */
#ifndef LIB_VALIDATE_SAID_H
#define LIB_VALIDATE_SAID_H

#include "validator.h"

/* The segment of a name; NULL when nothing is said of it. */
static inline const struct hl7_dict_segment *said_of_segment(const struct validator *validator,
                                                             hl7_slice name)
{
    return hl7_dict_segment(validator->version, name);
}

/* Field `number` of a segment; NULL beyond the last. */
static inline const struct hl7_dict_field *said_of_field(const struct validator *validator,
                                                         const struct hl7_dict_segment *segment,
                                                         size_t number)
{
    (void)validator;
    return hl7_dict_field(segment, number);
}

/* Component `number` of a type; NULL beyond the last. */
static inline const struct hl7_dict_field *said_of_component(const struct validator *validator,
                                                             const struct hl7_dict_type *type,
                                                             size_t number)
{
    (void)validator;
    return hl7_dict_component(type, number);
}

/* The data type of a field or component; NULL when nothing is known of it. */
static inline const struct hl7_dict_type *said_of_type(const struct validator *validator,
                                                       const struct hl7_dict_field *field)
{
    return hl7_dict_type_of(validator->version, field->type);
}

#endif
