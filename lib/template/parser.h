/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser turns a template into instructions. It goes through the text twice with the same code:
 * once to report errors and to count, once to fill arrays of exactly that size. */
#ifndef LIB_TEMPLATE_PARSER_H
#define LIB_TEMPLATE_PARSER_H

#include "template/lexer.h"
#include "template/program.h"
#include "template/report.h"

struct parser {
    struct lexer lexer;
    struct token token; /* within braces: the one being looked at */
    struct report *report;

    /* Filled in the second pass; all NULL in the first. */
    struct instruction *code;
    uint32_t *originals;
    struct hl7_arena *arena; /* for literals that cannot borrow */
    bool no_memory;

    /* Counted in both. */
    size_t count;
    size_t original_count;

    bool hl7;    /* the output is HL7 */
    bool strict; /* {strict} was met */
    bool begun;  /* something was put out: the format is settled */
    bool silent; /* the line holds only statements, comments and blanks */
};

/* The first pass over a text. */
void parser_init(struct parser *parser, hl7_slice text, struct report *report);

/* Goes through the whole text. Errors are in the report. */
void parser_run(struct parser *parser);

#endif
