/* SPDX-License-Identifier: Apache-2.0
 *
 * validator.h - what the parts of the validator share.
 *
 *     validate.c          the header, the structure, segment by segment
 *     validate_fields.c   the fields of a segment
 *     validate_values.c   a value and its components, by its data type
 *     said.h              what is said of a segment, a field, a component: by the standard
 *     validate_tell.c     findings on their way out
 */
#ifndef LIB_VALIDATE_VALIDATOR_H
#define LIB_VALIDATE_VALIDATOR_H

#include "hl7.h"

/* A segment, and which of its name it is: where counting goes on from. */
struct counted {
    size_t segment;
    uint32_t occurrence; /* 0: none was counted */
};

enum { COUNTED = 64 };

/* A code that was found in its table: messages have the same few ones again and again. */
struct known_code {
    uint32_t table;
    hl7_slice code;
};

enum { KNOWN_CODES = 16 };

struct validator {
    const struct hl7_message *message;
    const struct hl7_validating *how;
    enum hl7_version version;
    size_t left; /* findings that may still be told */
    bool stopped;
    struct hl7_validity *validity;
    struct counted counted[COUNTED];
    /* What was looked up last: the segments of a name come together, and values of a type. */
    const struct hl7_dict_segment *known;
    hl7_slice type_name;
    const struct hl7_dict_type *type;
    struct known_code codes[KNOWN_CODES]; /* by the number of the table */
};

/* A place in a message: numbers as in a path, 0 above the place. */
struct spot {
    size_t segment;
    uint32_t field;
    uint32_t repetition;
    uint32_t component;
    uint32_t subcomponent;
};

/* What a finding says besides where and which rule. */
struct telling {
    hl7_slice value;
    hl7_slice name;
    hl7_slice expected;
    uint32_t number;
};

/* Tells a finding at a place of the message. */
void tell(struct validator *validator, enum hl7_rule rule, const struct spot *spot,
          const struct telling *telling);

/* Tells that a segment is missing where another one, or the end, is. */
void tell_missing_segment(struct validator *validator, hl7_slice name, size_t segment,
                          const struct telling *telling);

/* Checks the fields of a segment that the version knows. */
void check_fields(struct validator *validator, size_t segment,
                  const struct hl7_dict_segment *known);

/* Checks one repetition of a field, which is neither empty nor null. */
void check_value(struct validator *validator, struct spot spot, const struct hl7_dict_field *said,
                 const struct hl7_dict_type *type, hl7_slice value);

/* Nothing but delimiters: no value. */
static inline bool is_blank(const struct hl7_delimiters *delimiters, hl7_slice value)
{
    for (size_t i = 0; value.ptr != NULL && i < value.len; i++) {
        char byte = value.ptr[i];
        if (byte != delimiters->component && byte != delimiters->repetition &&
            byte != delimiters->subcomponent) {
            return false;
        }
    }
    return true;
}

/* As hl7_state(), of a value that is not empty. */
static inline bool is_null(hl7_slice value)
{
    return value.ptr != NULL && value.len == 2 && value.ptr[0] == '"' && value.ptr[1] == '"';
}

/* As hl7_piece_next(), inline: most pieces are a few bytes long. */
static inline bool next_piece(hl7_slice *rest, char separator, hl7_slice *ret_piece)
{
    size_t len = 0;

    if (rest->ptr == NULL) {
        return false;
    }
    if (separator == '\0') {
        len = rest->len;
    }
    while (len < rest->len && rest->ptr[len] != separator) {
        len++;
    }
    *ret_piece = (hl7_slice){rest->ptr, len};
    *rest = len < rest->len ? (hl7_slice){rest->ptr + len + 1, rest->len - len - 1}
                            : (hl7_slice){NULL, 0};
    return true;
}

#endif
