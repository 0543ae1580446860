/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling what happens in a run: the events of struct hl7_trace. run_trace.c has what each
 * instruction is told as, run_trace_read.c where a path has led, run_trace_source.c {source},
 * run_trace_cell.c the order and the places of events, which a cell of CSV may move.
 *
 * All of it stands beside the run. An instruction is run as ever; then what it did is found out a
 * second time. So a run nobody listens to pays one branch for each instruction. */
#ifndef LIB_TEMPLATE_RUN_TRACE_H
#define LIB_TEMPLATE_RUN_TRACE_H

#include "template/run.h"

struct run_trace_place {
    uint32_t line; /* 0: not looked up yet */
    uint32_t column;
};

/* An event that waits for the end of its cell. */
struct run_trace_waiting {
    struct hl7_trace_event event;
    struct run_trace_waiting *next;
};

struct run_trace {
    struct run_trace_place *places; /* of the instructions */
    size_t from;                    /* where the instruction at hand began to write */
    size_t cell;                    /* CSV: where the cell began before it, */
    bool wrap;                      /* and whether its end would move what is in it */
    struct run_trace_waiting *first;
    struct run_trace_waiting *last;
    struct run_trace_waiting *free;
    bool no_memory; /* for what waits; HL7_NO_MEMORY then */
};

/* Makes run->trace, in the arena; false when there is no room. */
bool run_trace_begin(struct run *run);

/* Runs an instruction and tells of it. */
enum hl7_code run_trace_step(struct run *run, const struct instruction *instruction);

/* The output is complete. */
void run_trace_end(struct run *run);

/* ---- What the parts share ------------------------------------------------------------------ */

/* An event of this kind, with its place in the template. */
struct hl7_trace_event run_trace_event(struct run *run, const struct instruction *instruction,
                                       enum hl7_trace_kind kind);

/* Gives an event to who listens, now or when its cell is complete. */
void run_trace_send(struct run *run, const struct hl7_trace_event *event);

/* The cell that was open before the instruction is complete: what waits in it gets its final places.
 * A place in it that is no event's yet is given its own by run_trace_moved. */
void run_trace_end_cell(struct run *run);
size_t run_trace_moved(const struct run *run, size_t place);

/* Tells a READ; for count() and the like one that looked at no bytes. */
void run_trace_read(struct run *run, const struct instruction *instruction);
void run_trace_read_original(struct run *run, const struct instruction *instruction);
void run_trace_read_json(struct run *run, const struct instruction *instruction);

/* Tells {source}, which was written from trace->from on. */
void run_trace_source(struct run *run, const struct instruction *instruction);

/* How many repetitions a field of a segment has in the working copy. */
uint32_t run_trace_last_repetition(const struct run *run, size_t segment, uint32_t field);

/* The number of a segment among those of its name, from 1. */
uint32_t run_trace_occurrence(const struct run *run, const struct hl7_message *message,
                              size_t segment);

#endif
