/* SPDX-License-Identifier: Apache-2.0
 *
 * convert_trace.c - collecting what happens in a run; see convert_trace.h.
 *
 * Between two events that use values up, what was read and computed is kept as terms. A call takes
 * those of them for its arguments that stand behind its name in the template: arguments are
 * evaluated before their function, and nothing else stands there.
 */
#include "convert_trace.h"

#include <string.h>

/* ---- Lists ---------------------------------------------------------------------------------- */

/* Room for one more item at the end, counted; NULL, and noted, when there is no memory. */
static void *list_add(struct trace *trace, struct trace_list *list, size_t size)
{
    if (!memory_grow(&list->memory, (list->count + 1) * size)) {
        trace->failed = true;
        return NULL;
    }
    return (char *)list->memory.ptr + size * list->count++;
}

static const struct trace_origin *list_origin(const struct trace_list *list, size_t number)
{
    return (const struct trace_origin *)list->memory.ptr + number;
}

/* ---- Texts ---------------------------------------------------------------------------------- */

static void add_text(struct trace_origin *origin, hl7_slice text)
{
    size_t room = sizeof origin->text - origin->len;
    size_t len = text.len < room ? text.len : room;

    if (len > 0) {
        memcpy(origin->text + origin->len, text.ptr, len);
        origin->len += len;
    }
}

static void add_segment(struct trace_origin *origin, size_t segment)
{
    for (size_t i = 0; i < origin->segment_count; i++) {
        if (origin->segments[i] == segment) {
            return;
        }
    }
    if (origin->segment_count < TRACE_SEGMENTS_MAX) {
        origin->segments[origin->segment_count++] = segment;
    }
}

/* Adds a term to what is made of it. */
static void add_term(struct trace_origin *origin, const struct trace_origin *term)
{
    add_text(origin, (hl7_slice){term->text, term->len});
    for (size_t i = 0; i < term->segment_count; i++) {
        add_segment(origin, term->segments[i]);
    }
}

static void set_place(struct trace_origin *origin, const struct hl7_trace_event *event)
{
    origin->file = event->file;
    origin->line = event->line;
    origin->column = event->column;
}

/* ---- Terms ---------------------------------------------------------------------------------- */

/* A new term that stands where the event says. Beyond the bound the last one takes its place. */
static struct trace_origin *push(struct trace *trace, const struct hl7_trace_event *event,
                                 enum trace_kind kind)
{
    size_t number = trace->term_count < TRACE_TERMS_MAX ? trace->term_count++ : TRACE_TERMS_MAX - 1;
    struct trace_origin *term = &trace->terms[number];

    *term = (struct trace_origin){.kind = kind};
    set_place(term, event);
    return term;
}

/* All terms as one origin; they are used up. */
static void settle(struct trace *trace, const struct hl7_trace_event *event,
                   struct trace_origin *ret_origin)
{
    struct trace_origin origin = {.kind = TRACE_FROM_LITERAL};

    set_place(&origin, event);
    for (size_t i = 0; i < trace->term_count; i++) {
        add_text(&origin, i > 0 ? HL7_TEXT(" ") : HL7_TEXT(""));
        add_term(&origin, &trace->terms[i]);
        if (trace->terms[i].kind == TRACE_FROM_VALUE) {
            origin.kind = TRACE_FROM_VALUE;
        }
    }
    if (trace->term_count == 0) {
        bool source = hl7_slice_equal(event->words, HL7_TEXT("source"));
        origin.kind = source ? TRACE_FROM_SOURCE : TRACE_FROM_TEXT;
    }
    trace->term_count = 0;
    *ret_origin = origin;
}

/* The path with the numbers that say something. */
static void write_path(struct hl7_path path, struct hl7_buffer *buffer)
{
    path.occurrence = path.occurrence == 1 ? 0 : path.occurrence;
    path.repetition = path.repetition == 1 ? 0 : path.repetition;
    hl7_path_write(&path, buffer);
}

static void add_name(const struct trace *trace, const struct hl7_message *message,
                     struct trace_origin *term)
{
    const struct hl7_conversion *conversion = trace->conversion;

    for (size_t i = 0; i < conversion->named_count; i++) {
        if (conversion->named[i].message == message) {
            add_text(term, conversion->named[i].name);
            add_text(term, HL7_TEXT(":"));
        }
    }
}

/* The bytes that were read, when they are the source's own. */
static void mark_read(struct trace *trace, hl7_slice raw)
{
    hl7_slice source = trace->conversion->source;

    if (raw.len == 0 || raw.ptr < source.ptr || raw.ptr >= source.ptr + source.len) {
        return;
    }
    struct trace_range *range = list_add(trace, &trace->reads, sizeof *range);
    if (range != NULL) {
        range->from = (size_t)(raw.ptr - source.ptr);
        range->to = range->from + raw.len;
    }
}

static void on_read(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin *term = push(trace, event, TRACE_FROM_VALUE);

    mark_read(trace, event->raw);
    if (event->message == NULL || event->path.segment[0] == '\0') {
        add_text(term, event->words);
        return;
    }
    char memory[80];
    struct hl7_buffer path;
    hl7_buffer_init(&path, memory, sizeof memory);
    write_path(event->path, &path);
    add_name(trace, event->message, term);
    add_text(term, hl7_buffer_slice(&path));
    if (event->message == trace->conversion->message) {
        add_segment(term, event->segment);
    }
}

/* Whether a term stands behind the name of a function. */
static bool is_behind(const struct trace_origin *term, const struct hl7_trace_event *event)
{
    return hl7_slice_equal(term->file, event->file) && term->line == event->line &&
           term->column > event->column;
}

static void on_call(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin call = {.kind = TRACE_FROM_VALUE};
    size_t first = trace->term_count;

    while (first > 0 && is_behind(&trace->terms[first - 1], event)) {
        first--;
    }
    add_text(&call, event->words);
    add_text(&call, HL7_TEXT("("));
    for (size_t i = first; i < trace->term_count; i++) {
        add_text(&call, i > first ? HL7_TEXT(", ") : HL7_TEXT(""));
        add_term(&call, &trace->terms[i]);
    }
    add_text(&call, HL7_TEXT(")"));
    set_place(&call, event);
    trace->term_count = first;
    *push(trace, event, TRACE_FROM_VALUE) = call;
}

static void on_recall(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin *term = push(trace, event, TRACE_FROM_VALUE);

    add_text(term, event->words);
    if (event->variable < TRACE_VARIABLES_MAX && trace->variables[event->variable].len > 0) {
        add_text(term, HL7_TEXT("="));
        add_term(term, &trace->variables[event->variable]);
    }
}

static void on_literal(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin *term = push(trace, event, TRACE_FROM_LITERAL);
    bool bare = event->words.len == 0 || (event->words.ptr[0] != '\'' &&
                                          (event->words.ptr[0] < '0' || event->words.ptr[0] > '9'));

    add_text(term, bare ? HL7_TEXT("'") : HL7_TEXT(""));
    add_text(term, event->words);
    add_text(term, bare ? HL7_TEXT("'") : HL7_TEXT(""));
}

/* ---- What uses values up -------------------------------------------------------------------- */

static void on_keep(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin kept;

    settle(trace, event, &kept);
    if (event->variable < TRACE_VARIABLES_MAX) {
        trace->variables[event->variable] = kept;
    }
}

static void on_edit(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin made;
    struct trace_origin *edit;

    settle(trace, event, &made);
    made.path = event->path;
    edit = list_add(trace, &trace->edits, sizeof *edit);
    if (edit != NULL) {
        *edit = made;
    }
}

static void on_write(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin made;
    struct trace_origin *write;

    settle(trace, event, &made);
    if (made.kind == TRACE_FROM_SOURCE) {
        mark_read(trace, trace->conversion->source);
    }
    if (event->to > event->from && (write = list_add(trace, &trace->writes, sizeof *write))) {
        *write = made;
        write->from = event->from;
        write->to = event->to;
    }
}

/* A run that is tried again with more memory begins anew. */
static void begin_attempt(struct trace *trace)
{
    trace->attempt = trace->output->attempt;
    trace->writes.count = 0;
    trace->edits.count = 0;
    trace->reads.count = 0;
    trace->term_count = 0;
    memset(trace->variables, 0, sizeof trace->variables);
}

static void on_event(void *context, const struct hl7_trace_event *event)
{
    struct trace *trace = context;

    if (trace->attempt != trace->output->attempt) {
        begin_attempt(trace);
    }
    switch (event->kind) {
    case HL7_TRACE_READ:
        on_read(trace, event);
        break;
    case HL7_TRACE_LITERAL:
        on_literal(trace, event);
        break;
    case HL7_TRACE_CALL:
        on_call(trace, event);
        break;
    case HL7_TRACE_RECALL:
        on_recall(trace, event);
        break;
    case HL7_TRACE_KEEP:
        on_keep(trace, event);
        break;
    case HL7_TRACE_TEST:
        trace->term_count = 0;
        break;
    case HL7_TRACE_EDIT:
        on_edit(trace, event);
        break;
    case HL7_TRACE_WRITE:
        on_write(trace, event);
        break;
    }
}

/* ---- The whole ------------------------------------------------------------------------------ */

void trace_begin(struct trace *trace, const struct template_output *output,
                 struct hl7_conversion *conversion)
{
    trace->given = (struct hl7_trace){.event = on_event, .context = trace};
    trace->output = output;
    trace->conversion = conversion;
    trace->failed = false;
    begin_attempt(trace);
    conversion->trace = &trace->given;
}

void trace_release(struct trace *trace)
{
    memory_free(&trace->writes.memory);
    memory_free(&trace->edits.memory);
    memory_free(&trace->reads.memory);
}

const struct trace_origin *trace_write(const struct trace *trace, size_t number)
{
    return list_origin(&trace->writes, number);
}

size_t trace_find(const struct trace *trace, size_t from, size_t to, size_t *ret_count)
{
    size_t low = 0;
    size_t high = trace->writes.count;
    size_t count = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (trace_write(trace, middle)->to <= from) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    while (low + count < trace->writes.count && trace_write(trace, low + count)->from < to) {
        count++;
    }
    *ret_count = count;
    return low;
}

static bool is_set(uint32_t set, uint32_t asked)
{
    return set == 0 || set == (asked == 0 ? 1 : asked);
}

const struct trace_origin *trace_edit(const struct trace *trace, const struct hl7_path *path)
{
    for (size_t i = trace->edits.count; i > 0; i--) {
        const struct trace_origin *edit = list_origin(&trace->edits, i - 1);

        if (memcmp(edit->path.segment, path->segment, sizeof path->segment) == 0 &&
            edit->path.field == path->field && is_set(edit->path.occurrence, path->occurrence) &&
            is_set(edit->path.repetition, path->repetition) &&
            is_set(edit->path.component, path->component) &&
            is_set(edit->path.subcomponent, path->subcomponent)) {
            return edit;
        }
    }
    return NULL;
}

bool trace_is_read(const struct trace *trace, hl7_slice bytes)
{
    const struct trace_range *ranges = trace->reads.memory.ptr;
    size_t from = (size_t)(bytes.ptr - trace->conversion->source.ptr);

    for (size_t i = 0; i < trace->reads.count; i++) {
        if (ranges[i].from < from + bytes.len && from < ranges[i].to) {
            return true;
        }
    }
    return false;
}
