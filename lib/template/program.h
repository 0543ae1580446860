/* SPDX-License-Identifier: Apache-2.0
 *
 * A compiled template: a flat array of instructions, run from the first to the last. Each one knows
 * where in the template it came from. Texts borrow from the template, or from the arena where
 * quotes had to be undone. Nothing in it changes once it is made. */
#ifndef LIB_TEMPLATE_PROGRAM_H
#define LIB_TEMPLATE_PROGRAM_H

#include "hl7.h"

enum opcode {
    OP_TEXT,     /* text of the template, line ends too: copied */
    OP_LITERAL,  /* {'text'}: a value, escaped for the output */
    OP_ORIGINAL, /* {0-9} */
    OP_PATH      /* {PID-5.1}, {PID} */
};

/* Segment and piece, both counted from 0. */
struct original {
    size_t segment;
    size_t piece;
    uint32_t slot; /* its place in struct hl7_template.originals */
};

struct instruction {
    enum opcode op;
    uint32_t position; /* offset in the template */
    union {
        hl7_slice text;
        struct original original;
        struct hl7_path path;
    } as;
};

struct hl7_template {
    hl7_slice text; /* the template without its byte order mark */
    const struct instruction *code;
    size_t count;
    /* The instructions that are OP_ORIGINAL, by segment, then by piece: one walk along the source
     * meets them in this order. */
    const uint32_t *originals;
    size_t original_count;
    bool hl7;    /* the output is HL7, else text */
    bool strict; /* {strict} */
};

#endif
