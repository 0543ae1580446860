/* SPDX-License-Identifier: Apache-2.0
 *
 * One run of a program, as its parts share it: run.c the loop and its errors, run_value.c the
 * stack, run_path.c where paths lead, run_index.c where the segments of a name are, run_edit.c the
 * working copy, bound.c what all of it may take, run_trace.c what is told of it.
 *
 * Scratch memory is the arena's. What a value needs lives until the placeholder or condition it
 * belongs to is done; what must last is kept by moving `kept` on. */
#ifndef LIB_TEMPLATE_RUN_H
#define LIB_TEMPLATE_RUN_H

#include "template/bound.h"
#include "template/function.h"
#include "template/output.h"
#include "template/program.h"

/* Segments of one name, in their order. */
struct index_name {
    uint32_t number; /* the name as one */
    uint32_t start;  /* where in the order they begin */
    uint32_t count;  /* 0: a free slot */
    uint32_t filled;
};

/* The segments of a message by name, those that a path can name. Not built while `message` is NULL. */
struct index {
    const struct hl7_message *message;
    struct index_name *table;
    size_t size;
    uint32_t *order;
};

struct matches {
    const uint32_t *order;
    size_t count;
};

bool index_build(struct index *index, const struct hl7_message *message, struct hl7_arena *arena);

/* The segments of a name from one place up to another. */
struct matches index_find(const struct index *index, hl7_slice name, size_t from, size_t to);

/* What a loop, or a condition in brackets, stands at. `message` is NULL when it stands nowhere. */
struct cursor {
    const struct hl7_message *message;
    size_t from; /* ROOT_GROUP: its segments */
    size_t to;
    size_t segment;  /* ROOT_SEGMENT, ROOT_REPETITION */
    hl7_slice piece; /* ROOT_REPETITION */
    hl7_slice rest;  /* what follows it */
    size_t range_to; /* behind the segments it goes along */
    size_t turn;     /* of a loop, from 1 */
    size_t total;    /* turns there are; 0: not counted yet */
    enum root kind;
    char separator; /* ROOT_REPETITION */
    size_t node;    /* ROOT_JSON: HL7_NONE nowhere */
    size_t parent;
};

struct run {
    const struct hl7_template *program;
    const struct hl7_conversion *conversion;
    struct bound bound;
    struct hl7_arena *arena; /* the one in `bound` */
    size_t kept;             /* the arena up to here lasts until the end of the run */
    struct output output;
    struct hl7_services services;
    hl7_slice *values; /* of the original placeholders; NULL until one is needed */
    hl7_slice *stack;
    size_t depth;
    struct cursor *cursors;
    struct cursor nowhere; /* for paths that begin at none */
    struct index index;    /* of the source */
    hl7_slice *variables;
    struct json_tree json;               /* of the source; no nodes until one is needed */
    struct hl7_edit *edit;               /* the working copy; NULL until something is edited */
    bool line_open;                      /* {source} was written: what follows begins a line */
    size_t value_end;                    /* of the buffer, behind the last value written */
    const struct hl7_message **messages; /* the named ones; NULL for those that are not there */
    size_t next;                         /* the instruction to run */
    struct run_trace *trace;             /* run_trace.h; NULL: nobody listens */
    const char *problem;                 /* a sentence about what failed, or NULL */
    bool strict;
};

/* Where a path leads. The message is NULL when it leads nowhere. */
struct target {
    const struct hl7_message *message;
    size_t segment; /* HL7_NONE: no such segment */
    hl7_slice raw;  /* absent when there is no such value */
    size_t work;    /* bytes gone over to get there */
};

/* Whoever asks lets `work` be paid for, with bound_add(). */
void run_resolve(const struct run *run, const struct instruction *path, struct target *ret_target);

/* How many turns the loop of a cursor has. */
size_t run_total(struct run *run, size_t cursor);

/* How many segments or repetitions a path has. */
size_t run_count(struct run *run, const struct instruction *path);

/* The cursor of an instruction goes to the first place it goes along; false when there is none. */
bool run_first(struct run *run, const struct instruction *instruction);
bool run_next(struct run *run, const struct instruction *instruction);

/* Reads a JSON source, once. */
enum hl7_code run_open_json(struct run *run);

/* The value a JSON path leads to, or HL7_NONE. */
size_t run_json(struct run *run, const struct instruction *path);
bool run_first_json(struct run *run, const struct instruction *loop, struct cursor *cursor);
bool run_next_json(const struct run *run, struct cursor *cursor);
enum hl7_code run_push_json(struct run *run, const struct instruction *instruction);

/* All of a value decoded; it borrows from the message or the arena. */
enum hl7_code run_decode(struct run *run, const struct hl7_path *path, const struct target *target,
                         hl7_slice *ret_text);

/* The first leaf of a value; of a whole segment its name. */
hl7_slice run_leaf(const struct target *target, const struct hl7_path *path);

/* Any instruction. */
enum hl7_code run_instruction(struct run *run, const struct instruction *instruction);

/* What follows {source} begins a line, even if the source does not end with one. */
void run_open_line(struct run *run);

/* The text in which positions of an instruction are counted, and a name at the front of one. */
hl7_slice run_file_text(const struct run *run, const struct instruction *instruction);
hl7_slice run_leading_name(hl7_slice text);

/* The instructions of values; others are not for it. */
enum hl7_code run_value(struct run *run, const struct instruction *instruction);

/* set, delete, append. */
enum hl7_code run_edit(struct run *run, const struct instruction *instruction);

/* Values on their way into the working copy. */
enum hl7_code run_encode(struct run *run, const struct instruction *instruction);

enum hl7_code run_source(struct run *run);
enum hl7_code run_reject(struct run *run, const struct instruction *instruction);

void run_push(struct run *run, hl7_slice value);
hl7_slice run_pop(struct run *run);

#endif
