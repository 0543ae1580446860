/* SPDX-License-Identifier: Apache-2.0
 *
 * workbench_trace.c - see workbench_trace.h. */
#include "workbench_trace.h"

#include <stdlib.h>
#include <string.h>

#include "exchange.h"
#include "workbench.h"

enum { PATH_BYTES = 96, EDITS_MAX = 4096 };

/* ---- The stack of values --------------------------------------------------------------------- */

static void push(struct workbench_trace *trace, const struct trace_read *reads, size_t count,
                 bool literal)
{
    size_t room = TRACE_READS - trace->read_count;
    size_t kept = count < room ? count : room;

    if (trace->term_count >= TRACE_TERMS) {
        trace->term_count++; /* made of nothing */
        return;
    }
    if (kept > 0) {
        memcpy(trace->reads + trace->read_count, reads, kept * sizeof *reads);
    }
    trace->read_count += kept;
    trace->terms[trace->term_count++] = (struct trace_term){.reads = kept, .literal = literal};
}

/* Takes values off. What they were made of stays in the array, behind read_count, until the next push. */
static size_t take(struct workbench_trace *trace, size_t count, bool *ret_literal)
{
    size_t reads = 0;

    *ret_literal = count > 0;
    for (; count > 0 && trace->term_count > 0; count--) {
        trace->term_count--;
        if (trace->term_count < TRACE_TERMS) {
            reads += trace->terms[trace->term_count].reads;
            *ret_literal = *ret_literal && trace->terms[trace->term_count].literal;
        }
    }
    trace->read_count -= reads;
    return reads;
}

static void on_read(struct workbench_trace *trace, const struct hl7_trace_event *event)
{
    struct trace_read read = {.segment = event->segment, .path = event->path};
    const char *end = trace->source.ptr + trace->source.len;

    if (event->raw.len > 0 && event->raw.ptr >= trace->source.ptr && event->raw.ptr < end) {
        read.from = (size_t)(event->raw.ptr - trace->source.ptr);
        read.to = read.from + event->raw.len;
        memset(trace->seen + read.from, 1, event->raw.len);
    }
    if (event->message != trace->message) {
        read.segment = HL7_NONE;
    } else if (trace->message != NULL && read.path.occurrence == 1 &&
               hl7_message_find(trace->message, hl7_slice_of(read.path.segment), 2) == HL7_NONE) {
        read.path.occurrence = 0;
    }
    push(trace, &read, 1, false);
}

static void on_call(struct workbench_trace *trace, const struct hl7_trace_event *event)
{
    bool literal = false;
    size_t reads = take(trace, event->count, &literal);

    push(trace, trace->reads + trace->read_count, reads, literal && event->words.len == 0);
}

static void keep(const struct workbench_trace *trace, struct trace_kept *kept, size_t reads,
                 bool literal)
{
    kept->count = reads < TRACE_KEPT_READS ? reads : TRACE_KEPT_READS;
    kept->literal = literal;
    memcpy(kept->reads, trace->reads + trace->read_count, kept->count * sizeof kept->reads[0]);
}

static void on_keep(struct workbench_trace *trace, const struct hl7_trace_event *event)
{
    bool literal = false;
    size_t reads = take(trace, 1, &literal);

    if (event->variable < TRACE_KEPT) {
        keep(trace, &trace->variables[event->variable], reads, literal);
    }
}

static void on_recall(struct workbench_trace *trace, const struct hl7_trace_event *event)
{
    const struct trace_kept none = {.count = 0};
    const struct trace_kept *kept =
        event->variable < TRACE_KEPT ? &trace->variables[event->variable] : &none;

    push(trace, kept->reads, kept->count, kept->literal);
}

static void on_edit(struct workbench_trace *trace, const struct hl7_trace_event *event)
{
    bool literal = false;
    size_t reads = take(trace, event->count, &literal);
    struct trace_kept *larger = NULL;

    if (trace->edit_count == EDITS_MAX) {
        return;
    }
    larger = reallocarray(trace->edits, trace->edit_count + 1, sizeof *larger);
    if (larger == NULL) {
        trace->failed = true;
        return;
    }
    trace->edits = larger;
    struct trace_kept *edit = &larger[trace->edit_count++];
    *edit = (struct trace_kept){.line = event->line,
                                .column = event->column,
                                .segment = event->segment,
                                .path = event->path};
    keep(trace, edit, reads, literal);
}

/* ---- What is written ------------------------------------------------------------------------- */

static bool leads(uint32_t edited, uint32_t written)
{
    return edited == 0 || edited == (written == 0 ? 1 : written);
}

/* What changed this place of {source} last. */
static const struct trace_kept *find_edit(const struct workbench_trace *trace,
                                          const struct hl7_trace_event *event)
{
    for (size_t i = trace->edit_count; i > 0; i--) {
        const struct trace_kept *edit = &trace->edits[i - 1];

        if (edit->segment == event->segment && leads(edit->path.field, event->path.field) &&
            leads(edit->path.repetition, event->path.repetition) &&
            leads(edit->path.component, event->path.component)) {
            return edit;
        }
    }
    return NULL;
}

static json_t *place_json(size_t segment, const struct hl7_path *path, size_t from, size_t to)
{
    char text[PATH_BYTES];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, text, sizeof text);
    if (path->segment[0] != '\0') {
        hl7_path_write(path, &buffer);
    }
    return json_pack(
        "{s:I,s:o,s:I,s:I}", "segment", (json_int_t)(segment == HL7_NONE ? 0 : segment + 1), "path",
        text_json(hl7_buffer_slice(&buffer)), "from", (json_int_t)from, "to", (json_int_t)to);
}

static json_t *reads_json(const struct trace_read *reads, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(
            list, place_json(reads[i].segment, &reads[i].path, reads[i].from, reads[i].to));
    }
    return list;
}

static const char *kind_of(const struct hl7_trace_event *event, size_t reads, bool literal)
{
    if (hl7_slice_equal(event->words, HL7_TEXT("source"))) {
        return event->count > 0 ? "source" : "edit";
    }
    if (event->count == 0) {
        return "text";
    }
    return literal && reads == 0 ? "literal" : "value";
}

static void on_write(struct workbench_trace *trace, const struct hl7_trace_event *event)
{
    bool literal = false;
    size_t count = take(trace, event->count, &literal);
    const struct trace_read *reads = trace->reads + trace->read_count;
    const char *kind = kind_of(event, count, literal);
    size_t line = event->line;
    size_t column = event->column;

    if (event->to <= event->from || json_array_size(trace->origins) >= WORKBENCH_ORIGINS_MAX) {
        return;
    }
    const struct trace_kept *edit = strcmp(kind, "edit") == 0 ? find_edit(trace, event) : NULL;
    if (edit != NULL) {
        reads = edit->reads;
        count = edit->count;
        line = edit->line;
        column = edit->column;
    }
    json_t *origin = json_pack("{s:I,s:I,s:s,s:I,s:I,s:o}", "from", (json_int_t)event->from, "to",
                               (json_int_t)event->to, "kind", kind, "line", (json_int_t)line,
                               "column", (json_int_t)column, "reads", reads_json(reads, count));
    if (event->file.ptr != NULL && edit == NULL) {
        (void)json_object_set_new(origin, "file", text_json(event->file));
    }
    trace->failed = json_array_append_new(trace->origins, origin) != 0 || trace->failed;
}

static void on_event(void *context, const struct hl7_trace_event *event)
{
    struct workbench_trace *trace = context;
    bool literal = false;

    switch (event->kind) {
    case HL7_TRACE_READ:
        on_read(trace, event);
        break;
    case HL7_TRACE_LITERAL:
        push(trace, NULL, 0, true);
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
        (void)take(trace, 1, &literal);
        break;
    case HL7_TRACE_EDIT:
        on_edit(trace, event);
        break;
    case HL7_TRACE_WRITE:
        on_write(trace, event);
        break;
    }
}

/* ---- What was not read ----------------------------------------------------------------------- */

static void add_unread(const struct workbench_trace *trace, json_t *list, size_t segment,
                       uint32_t number)
{
    const struct hl7_message *message = trace->message;
    hl7_slice field = hl7_segment_field(message, segment, number);
    size_t from = field.len > 0 ? (size_t)(field.ptr - trace->source.ptr) : 0;

    if (field.len == 0 || memchr(trace->seen + from, 1, field.len) != NULL) {
        return;
    }
    struct hl7_path path = {.field = number};
    hl7_slice name = hl7_segment_name(message, segment);
    memcpy(path.segment, name.ptr, name.len < 3 ? name.len : 3);
    (void)json_array_append_new(list, place_json(segment, &path, from, from + field.len));
}

json_t *workbench_trace_unread(const struct workbench_trace *trace)
{
    json_t *list = json_array();
    const struct hl7_message *message = trace->message;

    for (size_t i = 0; message != NULL && i < message->segment_count; i++) {
        uint32_t first = hl7_segment_is_header(hl7_segment_name(message, i)) ? 3 : 1;

        for (uint32_t field = first;
             field < message->segments[i].count && json_array_size(list) < WORKBENCH_ORIGINS_MAX;
             field++) {
            add_unread(trace, list, i, field);
        }
    }
    return list;
}

/* ---- Life ------------------------------------------------------------------------------------ */

struct workbench_trace *workbench_trace_new(hl7_slice source, const struct hl7_message *message)
{
    struct workbench_trace *trace = calloc(1, sizeof *trace);

    if (trace == NULL) {
        return NULL;
    }
    trace->given = (struct hl7_trace){.event = on_event, .context = trace};
    trace->source = source;
    trace->message = message;
    trace->seen = calloc(1, source.len + 1);
    trace->origins = json_array();
    if (trace->seen == NULL || trace->origins == NULL) {
        workbench_trace_free(trace);
        return NULL;
    }
    return trace;
}

void workbench_trace_free(struct workbench_trace *trace)
{
    if (trace != NULL) {
        free(trace->seen);
        free(trace->edits);
        json_decref(trace->origins);
        free(trace);
    }
}
