/* SPDX-License-Identifier: Apache-2.0
 *
 * In CSV a cell gets quotes at its end when a value in it needs them, and then all that stands in
 * the cell moves (output_format.c). So events of a cell that is open wait, in their order, and go
 * out with the places they have in the end. In all other formats events go out at once. */
#include "template/run_trace.h"

/* Something written in the open cell waits, or will. */
static bool must_wait(const struct run *run, const struct hl7_trace_event *event)
{
    if (!run->output.structured || run->output.state.format != HL7_FORMAT_CSV) {
        return false;
    }
    return run->trace->first != NULL || (event->kind == HL7_TRACE_WRITE &&
                                         event->to + run->output.start > run->output.state.cell);
}

/* The free ones are used first: no more are made than the longest cell needs. */
static struct run_trace_waiting *take(struct run *run)
{
    struct run_trace_waiting *waiting = run->trace->free;

    if (waiting != NULL) {
        run->trace->free = waiting->next;
        return waiting;
    }
    waiting = hl7_arena_alloc(run->arena, sizeof *waiting);
    run->kept = run->arena->used;
    return waiting;
}

void run_trace_send(struct run *run, const struct hl7_trace_event *event)
{
    const struct hl7_trace *given = run->conversion->trace;
    struct run_trace *trace = run->trace;

    if (!must_wait(run, event)) {
        given->event(given->context, event);
        return;
    }
    struct run_trace_waiting *waiting = take(run);
    if (waiting == NULL) {
        trace->no_memory = true;
        return;
    }
    *waiting = (struct run_trace_waiting){.event = *event};
    /* What else the event refers to lasts as long. */
    run->kept = run->arena->used;
    if (trace->first == NULL) {
        trace->first = waiting;
    } else {
        trace->last->next = waiting;
    }
    trace->last = waiting;
}

/* ---- Places -------------------------------------------------------------------------------- */

/* Where the bytes of a cell are that stood before `offset`, when it has its quotes now. */
static size_t behind(const struct run *run, size_t cell, size_t offset)
{
    const char *bytes = run->output.buffer->ptr;
    size_t at = cell + 1;

    for (size_t i = cell; i < offset; i++) {
        at += bytes[at] == '"' ? 2 : 1;
    }
    return at;
}

size_t run_trace_moved(const struct run *run, size_t place)
{
    size_t offset = place + run->output.start;

    if (!run->trace->wrap || offset < run->trace->cell) {
        return place;
    }
    return behind(run, run->trace->cell, offset) - run->output.start;
}

static size_t end_moved(const struct run *run, size_t place)
{
    return place + run->output.start <= run->trace->cell ? place : run_trace_moved(run, place);
}

void run_trace_end_cell(struct run *run)
{
    const struct hl7_trace *given = run->conversion->trace;
    struct run_trace *trace = run->trace;

    while (trace->first != NULL) {
        struct run_trace_waiting *waiting = trace->first;
        struct hl7_trace_event *event = &waiting->event;

        if (event->kind == HL7_TRACE_WRITE) {
            size_t to = end_moved(run, event->to);
            event->from = run_trace_moved(run, event->from);
            event->to = to < event->from ? event->from : to;
        }
        given->event(given->context, event);
        trace->first = waiting->next;
        waiting->next = trace->free;
        trace->free = waiting;
    }
    trace->last = NULL;
}
