/* SPDX-License-Identifier: Apache-2.0
 *
 * convert_trace_print.c - a trace for people; see convert_trace.h.
 *
 *     order.hl7:1
 *       MSH-3         'ORDERLY'               <- text (1:10)
 *       PID-5.1       'DOE'                   <- upper(PID-5.1) (3:12)
 *       read by nothing:
 *       PID-8         'F'
 */
#include "convert_trace.h"

#include <string.h>

#include "../base/json.h"

enum {
    NAME_COLUMNS = 14,
    VALUE_COLUMNS = 26,
    ORIGIN_COLUMN = 2 + NAME_COLUMNS + VALUE_COLUMNS,
    ORIGIN_LEAST = 24 /* columns for an origin, however narrow the terminal is */
};

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

/* What {source} wrote came from the same place of the segment it wrote; or an edit made it. */
static const struct trace_origin *find_edit(const struct walk *walk, struct trace_origin *origin,
                                            const struct hl7_path *place)
{
    struct hl7_path path = *place;
    struct hl7_buffer buffer;

    if (origin->segment == HL7_NONE) {
        return origin;
    }
    const struct trace_origin *edit = trace_edit(walk->view->trace, origin->segment, place);
    if (edit != NULL || origin->kind != TRACE_FROM_SOURCE) {
        return edit == NULL ? origin : edit;
    }
    path.occurrence = origin->path.occurrence;
    hl7_buffer_init(&buffer, origin->text, sizeof origin->text);
    trace_path(walk->view->message, origin->segment, path, &buffer);
    origin->len = buffer.len;
    return origin;
}

/* The origins of a leaf. */
static void tell_origins(const struct walk *walk, size_t from, size_t to,
                         const struct hl7_path *path)
{
    const struct trace *trace = walk->view->trace;
    size_t count = 0;
    size_t first = trace_find(trace, from, to, &count);

    for (size_t i = first; i < first + count; i++) {
        struct trace_origin origin = *trace_write(trace, i);

        if (origin.kind == TRACE_FROM_TEXT && origin.from < from) {
            origin.column += from - origin.from;
        }
        if (origin.kind == TRACE_FROM_SOURCE || origin.kind == TRACE_FROM_EDIT) {
            walk->visitor->origin(walk->context, find_edit(walk, &origin, path));
        } else {
            walk->visitor->origin(walk->context, &origin);
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
    const struct trace_spot spot = {.name = value->path, .value = readable(walk, value->raw)};
    walk->visitor->place(walk->context, &spot);
    tell_origins(walk, from, from + value->raw.len, &path);
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

/* Its values are read in its character set. */
static void open_text(struct walk *walk, const struct hl7_message *message)
{
    walk->text = (struct show_text){.message = message, .charset = TEXT_CHARSET_NONE};
    if (message != walk->view->message || !walk->view->is_utf8) {
        (void)text_charset_for(&walk->text.charset, message, walk->view->charset);
    }
}

/* Along a message: false when there is no memory. */
static bool walk_message(struct walk *walk, const struct hl7_message *message,
                         void (*value)(void *context, const struct show_value *value))
{
    const struct show_visitor visitor = {
        .segment = on_segment, .segment_end = on_nothing, .value = value, .end = on_nothing};
    bool done;

    open_text(walk, message);
    done = show_walk(message, false, walk->view->counts, &visitor, walk);
    show_text_free(&walk->text);
    return done && !walk->failed;
}

/* Along the values of a result in lines. */
struct lines {
    hl7_slice text;
    char end;
    size_t number; /* of the line at hand, from 1 */
    size_t start;  /* its bytes */
    size_t stop;
};

static void find_stop(struct lines *lines)
{
    hl7_slice rest = hl7_slice_part(lines->text, lines->start, lines->text.len);
    const char *end = rest.len > 0 ? memchr(rest.ptr, lines->end, rest.len) : NULL;

    lines->stop = end == NULL ? lines->text.len : (size_t)(end - lines->text.ptr);
}

static void go_to(struct lines *lines, size_t offset)
{
    while (lines->stop < offset) {
        lines->start = lines->stop + 1;
        lines->number++;
        find_stop(lines);
    }
}

/* The next value from a number on that is not the template's text; the count when there is none. */
static size_t next_value(const struct trace *trace, size_t number)
{
    while (number < trace->writes.count && trace_write(trace, number)->kind == TRACE_FROM_TEXT) {
        number++;
    }
    return number;
}

/* The line, without the blanks it begins with. */
static hl7_slice line_of(const struct lines *lines)
{
    hl7_slice line = hl7_slice_part(lines->text, lines->start, lines->stop - lines->start);

    while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t')) {
        line = hl7_slice_part(line, 1, line.len);
    }
    return line;
}

/* Lines of text are in the character set of the message; then `alone` is not told. */
static void walk_lines(struct walk *walk)
{
    bool decodes = walk->view->message != NULL && walk->view->format == HL7_FORMAT_TEXT;
    const struct trace *trace = walk->view->trace;
    struct lines lines = {.text = walk->view->result,
                          .end = walk->view->format == HL7_FORMAT_HL7 ? '\r' : '\n',
                          .number = 1};
    size_t behind = 0; /* the line of the last value */
    size_t next = 0;

    if (decodes) {
        open_text(walk, walk->view->message);
        decodes = walk->text.charset.iconv != NULL;
    }
    find_stop(&lines);
    for (size_t i = next_value(trace, 0); i < trace->writes.count; i = next) {
        const struct trace_origin *origin = trace_write(trace, i);

        next = next_value(trace, i + 1);
        go_to(&lines, origin->from);
        struct trace_spot spot = {
            .line = lines.number,
            .column = origin->from - lines.start + 1,
            .value = hl7_slice_part(lines.text, origin->from, origin->to - origin->from)};
        if (decodes) {
            spot.value = readable(walk, spot.value);
        }
        if (!decodes && behind != lines.number && origin->to <= lines.stop &&
            (next == trace->writes.count || trace_write(trace, next)->from > lines.stop)) {
            spot.alone = line_of(&lines);
        }
        behind = lines.number;
        walk->visitor->place(walk->context, &spot);
        walk->visitor->origin(walk->context, origin);
        walk->visitor->place_end(walk->context);
    }
    show_text_free(&walk->text);
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
static void print_value(struct print *print, hl7_slice value, size_t columns, const char *quote)
{
    char memory[TEXT_SAFE_GROWTH * 1024];
    FILE *file = print->view->terminal.file;
    size_t quotes = 2 * strlen(quote);
    struct hl7_buffer safe;
    hl7_slice front;

    hl7_buffer_init(&safe, memory, sizeof memory);
    text_safe(hl7_slice_part(value, 0, 1024), false, &safe);
    front = text_front(hl7_buffer_slice(&safe), columns - quotes);
    if (front.len == safe.len && value.len <= 1024) {
        fprintf(file, "%s%.*s%s", quote, (int)front.len, front.ptr, quote);
        print->column += text_columns(front) + quotes;
    } else if (print->view->terminal.is_terminal) {
        front = text_front(front, columns - quotes - 3);
        fprintf(file, "%s%.*s%s...", quote, (int)front.len, front.ptr, quote);
        print->column += text_columns(front) + quotes + 3;
    } else {
        fputs(quote, file);
        text_write_safe(file, value, false);
        fputs(quote, file);
        print->column += columns + 2;
    }
}

static void print_name(struct print *print, hl7_slice name)
{
    const struct text_terminal *terminal = &print->view->terminal;

    print->column = 2;
    print->rows = 0;
    fputs("  ", terminal->file);
    text_style(terminal, TEXT_CYAN);
    text_write_safe(terminal->file, name, false);
    text_style(terminal, TEXT_NORMAL);
    print->column += text_columns(name);
    print_blanks(print, 2 + NAME_COLUMNS);
}

static void print_place(void *context, const struct trace_spot *spot)
{
    struct print *print = context;
    char memory[64];
    struct hl7_buffer name;

    if (spot->line == 0) {
        print_name(print, spot->name);
        print_value(print, spot->value, VALUE_COLUMNS - 1, "'");
        return;
    }
    hl7_buffer_init(&name, memory, sizeof memory);
    hl7_buffer_add_number(&name, spot->line);
    hl7_buffer_add_byte(&name, ':');
    hl7_buffer_add_number(&name, spot->column);
    print_name(print, hl7_buffer_slice(&name));
    /* A line shows what the value is; one that does not fit hides it. */
    if (spot->alone.ptr != NULL && text_columns(spot->alone) < VALUE_COLUMNS) {
        print_value(print, spot->alone, VALUE_COLUMNS - 1, "");
    } else {
        print_value(print, spot->value, VALUE_COLUMNS - 1, "'");
    }
}

/* "(3:12)", "(header.hl7 2:1)": a file's name cannot hold what would move the cursor. */
static size_t where_of(const struct trace_origin *origin, char *text, size_t size)
{
    int len = snprintf(text, size, "(%.*s%s%zu:%zu)", (int)origin->file.len, origin->file.ptr,
                       origin->file.len == 0 ? "" : " ", origin->line, origin->column);

    return len < 0 ? 0 : (size_t)len;
}

/* Goes on in the next line, below the origin's first word. */
static void next_row(struct print *print)
{
    fputc('\n', print->view->terminal.file);
    print->column = 0;
    print_blanks(print, ORIGIN_COLUMN + 3);
}

/* How many bytes of the text fit this row; all words where there is no terminal. */
static size_t row_end(const struct print *print, hl7_slice text)
{
    const struct text_terminal *terminal = &print->view->terminal;
    size_t room = terminal->width > print->column ? terminal->width - print->column : 0;

    room = room < ORIGIN_LEAST && terminal->width < ORIGIN_COLUMN + 3 + ORIGIN_LEAST ? ORIGIN_LEAST
                                                                                     : room;
    if (!terminal->is_terminal || text_columns(text) <= room) {
        return text.len;
    }
    size_t end = text_front(text, room).len;
    size_t blank = end;
    while (blank > 0 && text.ptr[blank - 1] != ' ') {
        blank--;
    }
    return blank > 0 ? blank : end;
}

static void print_words(struct print *print, hl7_slice words)
{
    char memory[TEXT_SAFE_GROWTH * TRACE_TEXT_MAX];
    struct hl7_buffer safe;
    hl7_slice rest;

    hl7_buffer_init(&safe, memory, sizeof memory);
    text_safe(words, false, &safe);
    rest = hl7_buffer_slice(&safe);
    while (rest.len > 0) {
        size_t end = row_end(print, rest);

        fwrite(rest.ptr, 1, end, print->view->terminal.file);
        print->column += text_columns(hl7_slice_part(rest, 0, end));
        rest = hl7_slice_part(rest, end, rest.len);
        if (rest.len > 0) {
            next_row(print);
        }
    }
}

static void print_kind(struct print *print, const struct trace_origin *origin)
{
    static const struct {
        const char *before;
        enum text_style style;
        const char *behind;
    } kinds[] = {
        [TRACE_FROM_TEXT] = {"text", TEXT_NORMAL, ""},
        [TRACE_FROM_LITERAL] = {"literal ", TEXT_YELLOW, ""},
        [TRACE_FROM_VALUE] = {"", TEXT_GREEN, ""},
        [TRACE_FROM_SOURCE] = {"", TEXT_GREEN, " unchanged"},
        [TRACE_FROM_EDIT] = {"an edit", TEXT_NORMAL, ""},
    };
    const struct text_terminal *terminal = &print->view->terminal;
    hl7_slice before = hl7_slice_of(kinds[origin->kind].before);
    hl7_slice behind = hl7_slice_of(kinds[origin->kind].behind);

    print_words(print, before);
    if (origin->len > 0) {
        text_style(terminal, kinds[origin->kind].style);
        print_words(print, (hl7_slice){origin->text, origin->len});
        text_style(terminal, TEXT_NORMAL);
    }
    print_words(print, origin->kind == TRACE_FROM_SOURCE && origin->len == 0 ? HL7_TEXT("source")
                                                                             : behind);
}

static void print_origin(void *context, const struct trace_origin *origin)
{
    struct print *print = context;
    const struct text_terminal *terminal = &print->view->terminal;
    char where[340];
    size_t len = where_of(origin, where, sizeof where);

    if (print->rows++ > 0) {
        fputc('\n', terminal->file);
        print->column = 0;
    }
    print_blanks(print, ORIGIN_COLUMN);
    fputs("<- ", terminal->file);
    print->column += 3;
    print_kind(print, origin);
    if (terminal->is_terminal && print->column + 1 + len > terminal->width &&
        print->column > ORIGIN_COLUMN + 3) {
        next_row(print);
    } else {
        print_blanks(print, print->column + 1);
    }
    text_style(terminal, TEXT_DIM);
    fputs(where, terminal->file);
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
    const struct text_terminal *terminal = &print->view->terminal;
    size_t room = terminal->is_terminal && terminal->width > 2 + NAME_COLUMNS + ORIGIN_LEAST
                      ? terminal->width - 2 - NAME_COLUMNS
                      : VALUE_COLUMNS;

    if (!print->unread) {
        print->unread = true;
        text_styled(terminal, TEXT_YELLOW, "  read by nothing:");
        fputc('\n', terminal->file);
    }
    print_name(print, name);
    print_value(print, value, room, "'");
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
