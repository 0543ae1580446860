/* SPDX-License-Identifier: Apache-2.0
 *
 * convert_trace.h - `orderly convert --trace`: where each value of a result came from, and what of the
 * source nothing read. convert_trace.c collects what happens in a run, convert_trace_print.c shows it
 * to people, convert_trace_json.c to programs.
 *
 *     trace_begin(&trace, &output, &conversion);
 *     conversion.trace = &trace.given;
 *     template_run(..., &output, &result, ...);
 *     trace_print(&trace, &view);
 *     trace_release(&trace);
 */
#ifndef ORDERLY_CONVERT_TRACE_H
#define ORDERLY_CONVERT_TRACE_H

#include "hl7.h"
#include "../base/memory.h"
#include "show.h"
#include "source.h"
#include "../base/templates.h"

enum {
    TRACE_TEXT_MAX = 240,  /* what is longer is cut, and ends with "..." */
    TRACE_TEXT_LONG = 100, /* what is longer is told by the paths in it */
    TRACE_PATHS_MAX = 160,
    TRACE_TERMS_MAX = 64,   /* values of one expression; further ones are left out */
    TRACE_SEGMENTS_MAX = 4, /* segments of the source told for one value */
    TRACE_VARIABLES_MAX = 256
};

enum trace_kind {
    TRACE_FROM_TEXT,    /* the template's text */
    TRACE_FROM_LITERAL, /* a string in an expression */
    TRACE_FROM_VALUE,   /* something of a message, or computed */
    TRACE_FROM_SOURCE,  /* {source}, untouched */
    TRACE_FROM_EDIT     /* {source}, where a set or append changed it */
};

/* Where a value came from. */
struct trace_origin {
    enum trace_kind kind;
    size_t from; /* the bytes of the result it made */
    size_t to;
    size_t segment;       /* of an edit and of {source}: as in struct hl7_trace_event */
    struct hl7_path path; /* the same */
    hl7_slice file;
    size_t line;
    size_t column;
    size_t len;
    char text[TRACE_TEXT_MAX]; /* "upper(PID-5.1)" */
    size_t short_len;          /* of a let: its name is so long, with the '='; else 0 */
    size_t paths_len;
    char paths[TRACE_PATHS_MAX]; /* those in it, each once: "PID-5.1, PID-5.2" */
    size_t segments[TRACE_SEGMENTS_MAX];
    size_t segment_count;
};

/* Items of one size in memory that grows. */
struct trace_list {
    struct memory_block memory;
    size_t count;
};

struct trace {
    struct hl7_trace given;
    const struct template_output *output;
    const struct hl7_conversion *conversion;
    size_t attempt;           /* the run that is being listened to */
    struct trace_list writes; /* struct trace_origin, in the order of the result */
    struct trace_list edits;  /* struct trace_origin */
    struct memory_block read; /* a byte for each of the source: not 0 when it was read */
    struct trace_origin terms[TRACE_TERMS_MAX];
    size_t depth; /* how many there are, and those that were left out */
    struct trace_origin variables[TRACE_VARIABLES_MAX];
    bool failed; /* there was no memory: the trace is not complete */
};

/* Listens to the runs of a conversion, which it goes into. */
void trace_begin(struct trace *trace, const struct template_output *output,
                 struct hl7_conversion *conversion);
void trace_release(struct trace *trace);

/* The origins of bytes of the result: the first one's number, and how many follow from there. */
size_t trace_find(const struct trace *trace, size_t from, size_t to, size_t *ret_count);
const struct trace_origin *trace_write(const struct trace *trace, size_t number);

/* What set this place of a segment last, or appended it; NULL when nothing did. */
const struct trace_origin *trace_edit(const struct trace *trace, size_t segment,
                                      const struct hl7_path *path);

/* Writes a path of a message with those numbers that say something: [2], and [1] where there are
 * more. */
void trace_path(const struct hl7_message *message, size_t segment, struct hl7_path path,
                struct hl7_buffer *buffer);

/* Whether any of these bytes of the source were read. */
bool trace_is_read(const struct trace *trace, hl7_slice bytes);

/* ---- Showing -------------------------------------------------------------------------------- */

struct trace_view {
    const struct trace *trace;
    const struct source_item *item;
    const struct hl7_message *message; /* the source; NULL when it is not HL7 */
    bool is_utf8;                      /* it was made UTF-8, whatever its MSH-18 says */
    const char *charset;               /* of messages that name none; NULL: UTF-8 */
    const char *template;
    hl7_slice result;
    enum hl7_format format;
    struct text_terminal terminal;
    struct show_counts *counts;
    struct json *json; /* for trace_print_json */
};

/* False when there is no memory. */
bool trace_print(const struct trace_view *view);
bool trace_print_json(const struct trace_view *view);

/* A place of the result: a leaf of an HL7 message, or else a value that was written. */
struct trace_spot {
    hl7_slice name; /* "PID-5.1"; absent where there are lines only */
    size_t line;    /* of the result */
    size_t column;
    hl7_slice value;
    hl7_slice alone; /* the line, when this is its only value; else absent */
};

/* What both walk along: places of the result with their origins, then what was not read. */
struct trace_visitor {
    void (*place)(void *context, const struct trace_spot *spot);
    void (*origin)(void *context, const struct trace_origin *origin);
    void (*place_end)(void *context);
    void (*unread_begin)(void *context);
    void (*unread)(void *context, hl7_slice name, hl7_slice value);
};

bool trace_walk(const struct trace_view *view, const struct trace_visitor *visitor, void *context);

#endif
