/* SPDX-License-Identifier: Apache-2.0
 *
 * workbench_trace.h - listens to a run for workbench.c. */
#ifndef WEB_WORKBENCH_TRACE_H
#define WEB_WORKBENCH_TRACE_H

#include <jansson.h>
#include <stdbool.h>

#include "hl7.h"

enum {
    TRACE_TERMS = 256,   /* values on the stack; those above are made of nothing */
    TRACE_READS = 4096,  /* places they are made of */
    TRACE_KEPT = 64,     /* variables */
    TRACE_KEPT_READS = 8 /* places of one variable, or of one edit */
};

/* A place of the source. */
struct trace_read {
    size_t segment; /* HL7_NONE: none */
    struct hl7_path path;
    size_t from; /* bytes of the source; 0, 0: none of it */
    size_t to;
};

struct trace_term {
    size_t reads; /* how many of the array are its own */
    bool literal;
};

/* What a variable, or an edit, was made of. */
struct trace_kept {
    struct trace_read reads[TRACE_KEPT_READS];
    size_t count;
    bool literal;
    size_t line; /* of an edit */
    size_t column;
    size_t segment;
    struct hl7_path path;
};

struct workbench_trace {
    struct hl7_trace given;
    hl7_slice source;
    const struct hl7_message *message; /* NULL: JSON */
    unsigned char *seen;               /* a byte for each of the source: 1 when it was read */
    json_t *origins;
    struct trace_term terms[TRACE_TERMS];
    size_t term_count;
    struct trace_read reads[TRACE_READS];
    size_t read_count;
    struct trace_kept variables[TRACE_KEPT];
    struct trace_kept *edits; /* malloc'd */
    size_t edit_count;
    bool failed; /* memory was short */
};

/* NULL when memory is short. */
struct workbench_trace *workbench_trace_new(hl7_slice source, const struct hl7_message *message);
void workbench_trace_free(struct workbench_trace *trace);

/* Fields of the source that nothing read, as an array. */
json_t *workbench_trace_unread(const struct workbench_trace *trace);

#endif
