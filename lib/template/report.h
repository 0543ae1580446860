/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings about a template: where, which line, one sentence. */
#ifndef LIB_TEMPLATE_REPORT_H
#define LIB_TEMPLATE_REPORT_H

#include "hl7.h"

/* The findings of one compilation, in the arena, in the order they are made. */
struct report {
    hl7_slice text; /* which findings are about, */
    hl7_slice file; /* and its name; absent: the template itself */
    struct hl7_arena *arena;
    struct hl7_diagnostic *first;
    struct hl7_diagnostic *last;
    size_t count; /* errors */
    size_t warnings;
    const struct hl7_loader *loader; /* of files beside the template; NULL when there are none */
    bool no_memory;                  /* a finding did not fit the arena */
};

void report_init(struct report *report, hl7_slice text, struct hl7_arena *arena);

/* Adds an error. Each '%' of the pattern is replaced by one of the words, in order. Behind
 * TEMPLATE_MAX_DIAGNOSTICS only one more is kept, which says that there are others. */
void report_add(struct report *report, size_t position, const char *pattern, hl7_slice first,
                hl7_slice second);

/* Adds a finding that is complete, as one about a table. */
void report_take(struct report *report, const struct hl7_diagnostic *finding);

/* Takes out what is said twice of one place: a file may be included again and again. */
void report_unique(struct report *report);

/* The same for a warning, which takes its place in the order of the text. What was said before and
 * what is behind the limit is left out. */
void report_warn(struct report *report, size_t position, const char *pattern, hl7_slice first,
                 hl7_slice second);

/* The line of an offset, from 1. */
size_t report_line(const struct report *report, size_t position);

/* Fills in one finding about a place in the template. The first word is cut when it is long, the
 * text when all of it is. */
void report_fill(struct hl7_diagnostic *diagnostic, hl7_slice text, size_t position,
                 const char *pattern, hl7_slice first, hl7_slice second);

#endif
