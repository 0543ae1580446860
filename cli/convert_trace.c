/* SPDX-License-Identifier: Apache-2.0
 *
 * convert_trace.c - collecting what happens in a run; see convert_trace.h.
 *
 * The terms are the stack of values that struct hl7_trace describes, each as the words it was made
 * of.
 */
#include "convert_trace.h"

#include <ctype.h>
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

/* Adds to a text of `room` bytes; one that is cut ends with "...". */
static void add(char *memory, size_t room, size_t *len, hl7_slice text)
{
    size_t added = text.len < room - *len ? text.len : room - *len;

    if (added > 0) {
        memcpy(memory + *len, text.ptr, added);
        *len += added;
    }
    if (added < text.len) {
        memcpy(memory + room - 3, "...", 3);
    }
}

static void add_text(struct trace_origin *origin, hl7_slice text)
{
    add(origin->text, sizeof origin->text, &origin->len, text);
}

static void add_path(struct trace_origin *origin, hl7_slice path)
{
    hl7_slice rest = {origin->paths, origin->paths_len};
    hl7_slice known;

    while (rest.len > 0 && hl7_piece_next(&rest, ',', &known)) {
        if (hl7_slice_equal(hl7_slice_part(known, known.ptr[0] == ' ' ? 1 : 0, known.len), path)) {
            return;
        }
    }
    if (origin->paths_len > 0) {
        add(origin->paths, sizeof origin->paths, &origin->paths_len, HL7_TEXT(", "));
    }
    add(origin->paths, sizeof origin->paths, &origin->paths_len, path);
}

static void add_paths(struct trace_origin *origin, const struct trace_origin *term)
{
    hl7_slice rest = {term->paths, term->paths_len};
    hl7_slice path;

    while (rest.len > 0 && hl7_piece_next(&rest, ',', &path)) {
        add_path(origin,
                 hl7_slice_part(path, path.len > 0 && path.ptr[0] == ' ' ? 1 : 0, path.len));
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

/* A constant has a name that says enough where it is only a part. */
static struct trace_origin shortened(const struct trace_origin *term)
{
    struct trace_origin shown = *term;

    if (term->short_len > 0 && term->paths_len == 0) {
        shown.len = term->short_len - 1;
    }
    return shown;
}

/* Adds a term to what is made of it. */
static void add_term(struct trace_origin *origin, const struct trace_origin *term)
{
    add_text(origin, (hl7_slice){term->text, term->len});
    add_paths(origin, term);
    for (size_t i = 0; i < term->segment_count; i++) {
        add_segment(origin, term->segments[i]);
    }
}

static struct trace_origin origin_of(const struct hl7_trace_event *event, enum trace_kind kind)
{
    return (struct trace_origin){.kind = kind,
                                 .segment = event->segment,
                                 .path = event->path,
                                 .file = event->file,
                                 .line = event->line,
                                 .column = event->column};
}

static bool is_from_source(const struct hl7_trace_event *event)
{
    return hl7_slice_equal(event->words, HL7_TEXT("source"));
}

/* ---- Terms ---------------------------------------------------------------------------------- */

static void push(struct trace *trace, const struct trace_origin *term)
{
    if (trace->depth < TRACE_TERMS_MAX) {
        trace->terms[trace->depth] = *term;
    }
    trace->depth++;
}

/* Takes terms off: those that are known of them stay where they are until the next is put there. */
static const struct trace_origin *take(struct trace *trace, size_t count, size_t *ret_known)
{
    size_t first = trace->depth > count ? trace->depth - count : 0;
    size_t end = trace->depth < TRACE_TERMS_MAX ? trace->depth : TRACE_TERMS_MAX;

    trace->depth = first;
    *ret_known = end > first ? end - first : 0;
    return &trace->terms[*ret_known > 0 ? first : 0];
}

static bool is_repeated(const struct hl7_message *message, size_t segment,
                        const struct hl7_path *path)
{
    const struct hl7_path field = {.field = path->field};
    hl7_slice value = hl7_segment_get(message, segment, &field);
    hl7_slice first;
    char separator = message->delimiters.repetition;

    return separator != '\0' && value.len > 0 && hl7_piece_next(&value, separator, &first) &&
           value.ptr != NULL;
}

void trace_path(const struct hl7_message *message, size_t segment, struct hl7_path path,
                struct hl7_buffer *buffer)
{
    if (path.occurrence == 1 &&
        hl7_message_find(message, hl7_slice_of(path.segment), 2) == HL7_NONE) {
        path.occurrence = 0;
    }
    if (path.repetition == 1 && !is_repeated(message, segment, &path)) {
        path.repetition = 0;
    }
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
static void mark_read(const struct trace *trace, hl7_slice raw)
{
    hl7_slice source = trace->conversion->source;

    if (raw.len == 0 || raw.ptr < source.ptr || raw.ptr >= source.ptr + source.len ||
        trace->read.ptr == NULL) {
        return;
    }
    memset((char *)trace->read.ptr + (raw.ptr - source.ptr), 1, raw.len);
}

static void on_read(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin term = origin_of(event, TRACE_FROM_VALUE);
    char memory[80];
    struct hl7_buffer path;

    mark_read(trace, event->raw);
    hl7_buffer_init(&path, memory, sizeof memory);
    if (event->message == NULL) {
        add_text(&term, event->json.len > 0 ? event->json : event->words);
    } else if (event->segment == HL7_NONE || event->path.segment[0] == '\0') {
        add_text(&term, event->words);
    } else {
        trace_path(event->message, event->segment, event->path, &path);
        add_name(trace, event->message, &term);
        add_text(&term, hl7_buffer_slice(&path));
    }
    add_path(&term, (hl7_slice){term.text, term.len});
    if (event->message == trace->conversion->message && event->segment != HL7_NONE) {
        add_segment(&term, event->segment);
    }
    push(trace, &term);
}

/* ---- Calls ---------------------------------------------------------------------------------- */

/* Operators stand between their values. */
static bool is_operator(hl7_slice words)
{
    return words.len == 0 || !isalpha((unsigned char)words.ptr[0]) ||
           hl7_slice_equal(words, HL7_TEXT("like")) || hl7_slice_equal(words, HL7_TEXT("in"));
}

static void add_joint(struct trace_origin *call, const struct hl7_trace_event *event, size_t number)
{
    bool in = hl7_slice_equal(event->words, HL7_TEXT("in"));

    if (!is_operator(event->words) || (in && number > 1)) {
        add_text(call, HL7_TEXT(", "));
        return;
    }
    add_text(call, HL7_TEXT(" "));
    if (event->words.len > 0) {
        add_text(call, event->words);
        add_text(call, in ? HL7_TEXT(" (") : HL7_TEXT(" "));
    }
}

static void open_call(struct trace_origin *call, const struct hl7_trace_event *event)
{
    if (is_operator(event->words)) {
        return;
    }
    add_text(call, event->words);
    add_text(call, HL7_TEXT("("));
    add_text(call, event->table);
    add_text(call, event->table.len > 0 ? HL7_TEXT(", ") : HL7_TEXT(""));
}

static void on_call(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin call = origin_of(event, TRACE_FROM_VALUE);
    size_t known = 0;
    const struct trace_origin *terms = take(trace, event->count, &known);
    bool literal = event->words.len == 0;

    open_call(&call, event);
    for (size_t i = 0; i < known; i++) {
        if (i > 0) {
            add_joint(&call, event, i);
        }
        const struct trace_origin term = shortened(&terms[i]);
        add_term(&call, &term);
        literal = literal && terms[i].kind == TRACE_FROM_LITERAL;
    }
    if (!is_operator(event->words) || hl7_slice_equal(event->words, HL7_TEXT("in"))) {
        add_text(&call, HL7_TEXT(")"));
    }
    call.kind = literal ? TRACE_FROM_LITERAL : TRACE_FROM_VALUE;
    push(trace, &call);
}

/* A variable with what it was made of; what a loop knows by its name. */
static void on_recall(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin term = origin_of(event, TRACE_FROM_VALUE);

    add_text(&term, event->words);
    if (event->variable < TRACE_VARIABLES_MAX && trace->variables[event->variable].len > 0) {
        add_text(&term, HL7_TEXT("="));
        term.short_len = term.len;
        add_term(&term, &trace->variables[event->variable]);
    }
    push(trace, &term);
}

static void on_literal(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin term = origin_of(event, TRACE_FROM_LITERAL);

    add_text(&term, event->words);
    push(trace, &term);
}

/* ---- What uses values up -------------------------------------------------------------------- */

/* Of a long text how it begins, and the paths: "replace(...) of PID-5.1, PID-5.2". */
static void shorten(struct trace_origin *made)
{
    struct trace_origin shown = *made;
    size_t name = 0;

    if (made->len <= TRACE_TEXT_LONG || made->paths_len == 0) {
        return;
    }
    while (isalnum((unsigned char)made->text[name]) || made->text[name] == '_') {
        name++;
    }
    shown.len = 0;
    add_text(&shown, (hl7_slice){made->text, name});
    add_text(&shown, made->text[name] == '('   ? HL7_TEXT("(...)")
                     : made->text[name] == '=' ? HL7_TEXT("=...")
                                               : HL7_TEXT("..."));
    add_text(&shown, HL7_TEXT(" of "));
    add_text(&shown, (hl7_slice){made->paths, made->paths_len});
    *made = shown;
}

/* What an event was made of. */
static struct trace_origin settle(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin made = origin_of(event, TRACE_FROM_TEXT);
    size_t known = 0;
    const struct trace_origin *terms = take(trace, event->count, &known);

    if (known > 0) {
        made.kind = terms[0].kind;
        add_term(&made, &terms[0]);
    }
    shorten(&made);
    if (is_from_source(event)) {
        made.kind = event->count > 0 ? TRACE_FROM_SOURCE : TRACE_FROM_EDIT;
    }
    return made;
}

static void on_keep(struct trace *trace, const struct hl7_trace_event *event)
{
    size_t known = 0;
    const struct trace_origin *terms = take(trace, 1, &known);

    if (event->variable < TRACE_VARIABLES_MAX && known > 0) {
        trace->variables[event->variable] = terms[0];
    }
}

static void on_test(struct trace *trace)
{
    size_t known = 0;

    (void)take(trace, 1, &known);
}

static void on_edit(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin made = settle(trace, event);
    struct trace_origin *edit = list_add(trace, &trace->edits, sizeof *edit);

    if (edit != NULL) {
        *edit = made;
    }
}

static void on_write(struct trace *trace, const struct hl7_trace_event *event)
{
    struct trace_origin made = settle(trace, event);
    struct trace_origin *write;

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
    trace->depth = 0;
    memset(trace->variables, 0, sizeof trace->variables);
    if (!memory_grow(&trace->read, trace->conversion->source.len + 1)) {
        trace->failed = true;
    } else {
        memset(trace->read.ptr, 0, trace->conversion->source.len);
    }
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
        on_test(trace);
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
    memory_free(&trace->read);
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

const struct trace_origin *trace_edit(const struct trace *trace, size_t segment,
                                      const struct hl7_path *path)
{
    for (size_t i = trace->edits.count; i > 0; i--) {
        const struct trace_origin *edit = list_origin(&trace->edits, i - 1);

        if (edit->segment == segment && is_set(edit->path.field, path->field) &&
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
    const char *read = trace->read.ptr;

    return read != NULL && bytes.len > 0 &&
           memchr(read + (bytes.ptr - trace->conversion->source.ptr), 1, bytes.len) != NULL;
}
