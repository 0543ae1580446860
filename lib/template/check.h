/* SPDX-License-Identifier: Apache-2.0
 *
 * Warnings: what a template may say but hardly means. They are looked for when the caller asks for
 * them, in the first pass only, and never fail a template. */
#ifndef LIB_TEMPLATE_CHECK_H
#define LIB_TEMPLATE_CHECK_H

#include "template/limits.h"
#include "template/lexer.h"
#include "template/program.h"
#include "template/report.h"

struct check_place {
    hl7_slice file; /* its name and its text */
    hl7_slice text;
    size_t position;
    bool set;
};

/* What is known of one name that 'let' gives. */
struct check_name {
    struct check_place given; /* by the first 'let' */
    bool used;
};

struct check {
    struct report *report;  /* NULL: nobody asked */
    struct check_place map; /* one without a default, of which it is not known who takes it */
    struct check_name names[TEMPLATE_MAX_VARIABLES];
};

/* An instruction that was emitted; `strict` as the template says. */
void check_instruction(struct check *check, const struct instruction *instruction, bool strict);

/* A piece of text; the lexer stands behind it. */
void check_text(struct check *check, const struct piece *piece, const struct lexer *behind);

/* The end of the template. `names` are those that 'let' gave, by number. */
void check_end(struct check *check, const hl7_slice *names, size_t count);

#endif
