/* SPDX-License-Identifier: Apache-2.0
 *
 * convert_trace_print.c - a trace for people and for programs; see convert_trace.h.
 *
 *     order.hl7:1
 *       MSH-3           'ORDERLY'                 <- text 1:1
 *       PID-5.1         'DOE'                     <- upper(PID-5.1) (segment 2, template 3:12)
 *       read by nothing:
 *       PID-8           'F'
 */
#include "convert_trace.h"

#include <string.h>

#include "../base/json.h"

enum { NAME_COLUMNS = 16, VALUE_COLUMNS = 28 };

/* ---- The walk ------------------------------------------------------------------------------- */

struct walk {
    const struct trace_view *view;
    const struct trace_visitor *visitor;
    void *context;
    struct show_text text; /* of the message that is walked along */
    unsigned skip; /* values deeper than this are part of one that was told whole; 0: none */
    bool failed;
};

/* The value as UTF-8. */
static hl7_slice readable(struct walk *walk, hl7_slice raw)
{
    hl7_slice text = raw;
    hl7_slice decoded;

    if (!show_decode(&walk->text, raw, &text, &decoded)) {
        walk->failed = true;
        return (hl7_slice){"", 0};
    }
    return text;
}

static void tell_origins(const struct walk *walk, size_t from, size_t to,
                         const struct hl7_path *path, bool text_too)
{
    const struct trace *trace = walk->view->trace;
    size_t count = 0;
    size_t first = trace_find(trace, from, to, &count);

    for (size_t i = first; i < first + count; i++) {
        const struct trace_origin *origin = trace_write(trace, i);

        if (origin->kind == TRACE_FROM_SOURCE && path != NULL) {
            const struct trace_origin *edit = trace_edit(trace, path);
            origin = edit == NULL ? origin : edit;
        }
        if (text_too || origin->kind != TRACE_FROM_TEXT) {
            walk->visitor->origin(walk->context, origin);
        }
    }
}

static void on_result(void *context, const struct show_value *value)
{
    struct walk *walk = context;
    struct hl7_path path = {.segment = ""};
    size_t from = (size_t)(value->raw.ptr - walk->view->result.ptr);

    if (value->parts != SHOW_LEAF) {
        return;
    }
    (void)hl7_path_parse(value->path, &path, NULL);
    walk->visitor->place(walk->context, value->path, 0, readable(walk, value->raw));
    tell_origins(walk, from, from + value->raw.len, &path, true);
    walk->visitor->place_end(walk->context);
}

/* A field that nothing read is told whole; of one that was read in part, the other parts. */
static void on_source(void *context, const struct show_value *value)
{
    struct walk *walk = context;
    struct hl7_path path = {.segment = ""};

    if (walk->skip != 0 && value->depth > walk->skip) {
        return;
    }
    walk->skip = 0;
    if (trace_is_read(walk->view->trace, value->raw) ||
        (hl7_path_parse(value->path, &path, NULL) == HL7_OK && path.field < 3 &&
         hl7_segment_is_header(hl7_slice_of(path.segment)))) {
        return;
    }
    walk->skip = value->depth;
    walk->visitor->unread(walk->context, value->path, readable(walk, value->raw));
}

static void on_segment(void *context, const struct show_segment *segment)
{
    struct walk *walk = context;

    (void)segment;
    walk->skip = 0;
}

static void on_nothing(void *context)
{
    (void)context;
}

/* Along a message: false when there is no memory. */
static bool walk_message(struct walk *walk, const struct hl7_message *message,
                         void (*value)(void *context, const struct show_value *value))
{
    const struct show_visitor visitor = {
        .segment = on_segment, .segment_end = on_nothing, .value = value, .end = on_nothing};
    bool done;

    walk->text = (struct show_text){.message = message, .charset = TEXT_CHARSET_NONE};
    (void)text_charset_for(&walk->text.charset, message, NULL);
    done = show_walk(message, false, walk->view->counts, &visitor, walk);
    show_text_free(&walk->text);
    return done && !walk->failed;
}

static void walk_lines(const struct walk *walk)
{
    const char end = walk->view->format == HL7_FORMAT_HL7 ? '\r' : '\n';
    hl7_slice rest = walk->view->result;
    hl7_slice line;
    size_t number = 0;

    while (hl7_piece_next(&rest, end, &line)) {
        char memory[24];
        struct hl7_buffer name;
        size_t from = (size_t)(line.ptr - walk->view->result.ptr);

        if (line.len == 0 && rest.ptr == NULL) {
            break;
        }
        hl7_buffer_init(&name, memory, sizeof memory);
        hl7_buffer_add_number(&name, ++number);
        walk->visitor->place(walk->context, hl7_buffer_slice(&name), number, line);
        tell_origins(walk, from, from + line.len, NULL, false);
        walk->visitor->place_end(walk->context);
    }
}

/* A result that is no message after all is shown by its lines. */
static bool walk_result(struct walk *walk)
{
    hl7_slice result = walk->view->result;
    struct memory_block memory = {NULL, 0};
    struct hl7_message message;
    struct hl7_arena arena;
    bool done = true;

    if (walk->view->format == HL7_FORMAT_HL7 && memory_grow(&memory, hl7_message_memory(result))) {
        hl7_arena_init(&arena, memory.ptr, memory.size);
        if (hl7_message_parse(result, &arena, &message, NULL) == HL7_OK) {
            done = walk_message(walk, &message, on_result);
            memory_free(&memory);
            return done;
        }
    }
    memory_free(&memory);
    walk_lines(walk);
    return done;
}

bool trace_walk(const struct trace_view *view, const struct trace_visitor *visitor, void *context)
{
    struct walk walk = {.view = view, .visitor = visitor, .context = context};
    bool done = walk_result(&walk);

    visitor->unread_begin(context);
    if (view->message != NULL) {
        done = walk_message(&walk, view->message, on_source) && done;
    }
    return done && !view->trace->failed;
}

/* ---- For people ----------------------------------------------------------------------------- */

struct print {
    const struct trace_view *view;
    size_t column; /* where the row at hand has come to; 0: at its begin */
    size_t rows;   /* origins of the place at hand */
    bool unread;   /* something was */
};

static void print_blanks(struct print *print, size_t column)
{
    size_t count = print->column < column ? column - print->column : 1;

    fprintf(print->view->terminal.file, "%*s", (int)count, "");
    print->column += count;
}

/* The front of it on a terminal, all of it elsewhere. */
static void print_value(struct print *print, hl7_slice value)
{
    char memory[TEXT_SAFE_GROWTH * 4 * VALUE_COLUMNS];
    FILE *file = print->view->terminal.file;
    struct hl7_buffer safe;
    hl7_slice front;

    hl7_buffer_init(&safe, memory, sizeof memory);
    text_safe(hl7_slice_part(value, 0, (size_t)4 * VALUE_COLUMNS), false, &safe);
    front = text_front(hl7_buffer_slice(&safe), VALUE_COLUMNS - 2);
    if (front.len == safe.len && value.len <= (size_t)4 * VALUE_COLUMNS) {
        fprintf(file, "'%.*s'", (int)front.len, front.ptr);
        print->column += text_columns(front) + 2;
    } else if (print->view->terminal.is_terminal) {
        front = text_front(front, VALUE_COLUMNS - 5);
        fprintf(file, "'%.*s'...", (int)front.len, front.ptr);
        print->column += text_columns(front) + 5;
    } else {
        fputc('\'', file);
        text_write_safe(file, value, false);
        fputc('\'', file);
        print->column += VALUE_COLUMNS + 2;
    }
}

static void print_place(void *context, hl7_slice name, size_t line, hl7_slice value)
{
    struct print *print = context;
    const struct text_terminal *terminal = &print->view->terminal;

    (void)line;
    print->column = 2;
    print->rows = 0;
    fputs("  ", terminal->file);
    text_style(terminal, TEXT_CYAN);
    text_write_safe(terminal->file, name, false);
    text_style(terminal, TEXT_NORMAL);
    print->column += text_columns(name);
    print_blanks(print, 2 + NAME_COLUMNS);
    print_value(print, value);
}

/* "(segment 2, template 3:12)" */
static void print_where(const struct print *print, const struct trace_origin *origin)
{
    FILE *file = print->view->terminal.file;
    char name[300];

    fputs(" (", file);
    for (size_t i = 0; i < origin->segment_count; i++) {
        fprintf(file, "%s%zu",
                i > 0                       ? ", "
                : origin->segment_count > 1 ? "segments "
                                            : "segment ",
                origin->segments[i] + 1);
    }
    beside_name(print->view->template, origin->file, name, sizeof name);
    fprintf(file, "%s%s %zu:%zu)",
            origin->segment_count > 1   ? "; "
            : origin->segment_count > 0 ? ", "
                                        : "",
            origin->file.len > 0 ? name : "template", origin->line, origin->column);
}

static void print_origin(void *context, const struct trace_origin *origin)
{
    struct print *print = context;
    const struct text_terminal *terminal = &print->view->terminal;

    if (print->rows++ > 0) {
        fputc('\n', terminal->file);
        print->column = 0;
    }
    print_blanks(print, 2 + NAME_COLUMNS + VALUE_COLUMNS + 2);
    fputs("<- ", terminal->file);
    if (origin->kind == TRACE_FROM_TEXT) {
        fprintf(terminal->file, "text %zu:%zu", origin->line, origin->column);
        return;
    }
    if (origin->kind == TRACE_FROM_SOURCE) {
        fputs("source, unchanged", terminal->file);
    } else {
        fputs(origin->kind == TRACE_FROM_LITERAL ? "literal " : "", terminal->file);
        text_style(terminal, origin->kind == TRACE_FROM_LITERAL ? TEXT_YELLOW : TEXT_GREEN);
        text_write_safe(terminal->file, (hl7_slice){origin->text, origin->len}, false);
        text_style(terminal, TEXT_NORMAL);
    }
    text_style(terminal, TEXT_DIM);
    print_where(print, origin);
    text_style(terminal, TEXT_NORMAL);
}

static void print_place_end(void *context)
{
    const struct print *print = context;

    fputc('\n', print->view->terminal.file);
}

static void print_unread_begin(void *context)
{
    (void)context;
}

static void print_unread(void *context, hl7_slice name, hl7_slice value)
{
    struct print *print = context;

    if (!print->unread) {
        print->unread = true;
        text_styled(&print->view->terminal, TEXT_YELLOW, "  read by nothing:");
        fputc('\n', print->view->terminal.file);
    }
    print_place(context, name, 0, value);
    print_place_end(context);
}

bool trace_print(const struct trace_view *view)
{
    static const struct trace_visitor visitor = {.place = print_place,
                                                 .origin = print_origin,
                                                 .place_end = print_place_end,
                                                 .unread_begin = print_unread_begin,
                                                 .unread = print_unread};
    struct print print = {.view = view};
    char where[64];

    (void)snprintf(where, sizeof where, ":%zu\n", view->item->line);
    text_styled(&view->terminal, TEXT_BOLD, view->item->file);
    fputs(where, view->terminal.file);
    return trace_walk(view, &visitor, &print);
}
