/* SPDX-License-Identifier: Apache-2.0
 *
 * Outputs that are neither HL7 nor plain text. Where a value lands is known from the template's own
 * text before it; a value never changes that. So no value ends a string, a cell or an element. */
#ifndef LIB_TEMPLATE_OUTPUT_FORMAT_H
#define LIB_TEMPLATE_OUTPUT_FORMAT_H

#include "template/program.h"

/* Where in the output the next byte lands. */
enum place {
    PLACE_PLAIN,    /* JSON: between values; XML: content; CSV: a cell without quotes */
    PLACE_QUOTED,   /* within '"' */
    PLACE_QUOTED_1, /* XML: within '\'' */
    PLACE_ESCAPE,   /* JSON: within an escape sequence in a string */
    PLACE_TAG,      /* XML: between '<' and '>' */
    PLACE_COMMENT,  /* XML */
    PLACE_CDATA,    /* XML */
    PLACE_PROCESS   /* XML: <? ?> */
};

struct format_state {
    enum hl7_format format;
    char separator; /* of CSV */
    enum place place;
    size_t start;     /* where the output begins */
    size_t cell;      /* CSV: where the cell begins */
    bool wrap;        /* CSV: the cell needs quotes, which it gets at its end */
    unsigned escaped; /* JSON, PLACE_ESCAPE: characters of the sequence that are to come */
    uint64_t objects; /* JSON: a bit for each array or object around, the innermost the lowest */
};

/* Writes text of the template. */
void format_template(struct format_state *state, hl7_slice text, struct hl7_buffer *buffer);

/* Writes a value. HL7_BAD_VALUE where none can stand; then *ret_problem says why. */
enum hl7_code format_value(struct format_state *state, hl7_slice text, struct hl7_buffer *buffer,
                           const char **ret_problem);

/* The output is complete. */
void format_end(struct format_state *state, struct hl7_buffer *buffer);

#endif
