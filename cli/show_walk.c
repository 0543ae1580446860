/* SPDX-License-Identifier: Apache-2.0
 *
 * show_walk.c - the walk over a message, and values as text; see show.h.
 *
 * Occurrences are counted in two tables with one cell for each possible segment name: a capital and
 * two capitals or digits. After a message only the cells it used are cleared.
 */
#include "show.h"

#include <stdlib.h>
#include <string.h>

#define SHOW_NAMES (26 * 36 * 36)
#define SHOW_NO_CELL SIZE_MAX
#define SHOW_NAME_MAX 16 /* bytes of a name that is none */
#define SHOW_PATH_MAX 128

/* A value whose pieces are being visited. */
struct show_frame {
    hl7_slice whole;
    hl7_slice rest;
    size_t level;
    size_t number;
    size_t path_len;  /* of the path the pieces' numbers are added to */
    size_t value_len; /* of the value's own path */
};

struct show_walker {
    const struct hl7_message *message;
    const struct show_visitor *visitor;
    void *context;
    bool all;
    char memory[SHOW_PATH_MAX];
    struct hl7_buffer path;
    struct show_frame frames[3]; /* repetitions, components, sub-components */
    size_t depth;
    struct show_place place;
};

/* ---- Occurrences ---------------------------------------------------------------------------- */

static size_t show_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (size_t)(c - 'A');
    }
    return c >= '0' && c <= '9' ? (size_t)(c - '0') + 26 : SHOW_NO_CELL;
}

/* SHOW_NO_CELL for a name that no path can name. */
static size_t show_cell(hl7_slice name)
{
    size_t a;
    size_t b;
    size_t c;

    if (name.len != 3) {
        return SHOW_NO_CELL;
    }
    a = show_digit(name.ptr[0]);
    b = show_digit(name.ptr[1]);
    c = show_digit(name.ptr[2]);
    if (a >= 26 || b == SHOW_NO_CELL || c == SHOW_NO_CELL) {
        return SHOW_NO_CELL;
    }
    return (a * 36 + b) * 36 + c;
}

static bool show_count(struct show_counts *counts, const struct hl7_message *message)
{
    if (counts->total == NULL) {
        counts->total = calloc(SHOW_NAMES, sizeof *counts->total);
        counts->seen = calloc(SHOW_NAMES, sizeof *counts->seen);
    }
    if (counts->total == NULL || counts->seen == NULL) {
        return false;
    }
    for (size_t i = 0; i < message->segment_count; i++) {
        size_t cell = show_cell(hl7_segment_name(message, i));

        if (cell != SHOW_NO_CELL) {
            counts->total[cell]++;
        }
    }
    return true;
}

static void show_uncount(struct show_counts *counts, const struct hl7_message *message)
{
    for (size_t i = 0; i < message->segment_count; i++) {
        size_t cell = show_cell(hl7_segment_name(message, i));

        if (cell != SHOW_NO_CELL) {
            counts->total[cell] = 0;
            counts->seen[cell] = 0;
        }
    }
}

void show_counts_free(struct show_counts *counts)
{
    free(counts->total);
    free(counts->seen);
    *counts = (struct show_counts){NULL, NULL};
}

/* ---- Values --------------------------------------------------------------------------------- */

/* Adds "-5", "[2]" or ".1" to the path. */
static void show_path_push(struct show_walker *walker, char mark, size_t number)
{
    hl7_buffer_add_byte(&walker->path, mark);
    hl7_buffer_add_number(&walker->path, number);
    if (mark == '[') {
        hl7_buffer_add_byte(&walker->path, ']');
    }
}

static char show_separator(const struct hl7_delimiters *delimiters, size_t level)
{
    const char separators[] = {delimiters->repetition, delimiters->component,
                               delimiters->subcomponent};

    return separators[level];
}

/* The first level at which the value has several pieces; 3 when it has none. */
static size_t show_split_level(const struct show_walker *walker, hl7_slice raw, size_t level)
{
    while (level < 3) {
        char separator = show_separator(&walker->message->delimiters, level);

        if (separator != '\0' && raw.len > 0 && memchr(raw.ptr, separator, raw.len) != NULL) {
            break;
        }
        level++;
    }
    return level;
}

/* The next piece of a value split at this level; what was below the last one is left. */
static void show_place_step(struct show_place *place, size_t level, size_t number)
{
    size_t *const numbers[] = {&place->repetition, &place->component, &place->subcomponent};

    *numbers[level] = number;
    for (size_t below = level + 1; below < 3; below++) {
        *numbers[below] = 0;
    }
}

/* Visits one value, which is split at `level` and deeper; its pieces, if any, are next. */
static void show_visit(struct show_walker *walker, hl7_slice raw, size_t level)
{
    static const enum show_parts parts[] = {SHOW_REPETITIONS, SHOW_COMPONENTS, SHOW_SUBCOMPONENTS,
                                            SHOW_LEAF};
    size_t split = show_split_level(walker, raw, level);
    struct show_value value = {.path = hl7_buffer_slice(&walker->path),
                               .raw = raw,
                               .whole = walker->depth > 0 ? walker->frames[walker->depth - 1].whole
                                                          : (hl7_slice){NULL, 0},
                               .depth = (unsigned)walker->depth + 1,
                               .parts = parts[split],
                               .place = walker->place};

    walker->visitor->value(walker->context, &value);
    if (split < 3) {
        struct show_frame *frame = &walker->frames[walker->depth++];

        frame->value_len = walker->path.len;
        /* A&B without a component separator is component 1. */
        if (split == 2 && level < 2) {
            show_path_push(walker, '.', 1);
            walker->place.component = 1;
        }
        frame->path_len = walker->path.len;
        frame->whole = raw;
        frame->rest = raw;
        frame->level = split;
        frame->number = 0;
    }
}

/* Visits the next piece of the innermost value that has any left, or ends that value. */
static void show_step(struct show_walker *walker)
{
    struct show_frame *frame = &walker->frames[walker->depth - 1];
    char separator = show_separator(&walker->message->delimiters, frame->level);
    hl7_slice piece;

    if (!hl7_piece_next(&frame->rest, separator, &piece)) {
        walker->depth--;
        walker->path.len = frame->value_len;
        walker->visitor->end(walker->context);
        return;
    }
    frame->number++;
    if (piece.len > 0 || walker->all) {
        walker->path.len = frame->path_len;
        show_place_step(&walker->place, frame->level, frame->number);
        show_path_push(walker, frame->level == 0 ? '[' : '.', frame->number);
        show_visit(walker, piece, frame->level + 1);
    }
}

static void show_fields(struct show_walker *walker, size_t segment, bool header)
{
    size_t count = walker->message->segments[segment].count;
    size_t before = walker->path.len;

    for (size_t field = 1; field < count; field++) {
        hl7_slice raw = hl7_segment_field(walker->message, segment, field);

        if (raw.len > 0 || walker->all) {
            walker->path.len = before;
            show_path_push(walker, '-', field);
            walker->place = (struct show_place){.segment = segment, .field = field};
            show_visit(walker, raw, header && field <= 2 ? 3 : 0);
            while (walker->depth > 0) {
                show_step(walker);
            }
        }
    }
}

static void show_one_segment(struct show_walker *walker, struct show_counts *counts, size_t index)
{
    hl7_slice name = hl7_segment_name(walker->message, index);
    size_t cell = show_cell(name);
    struct show_segment segment;

    hl7_buffer_init(&walker->path, walker->memory, sizeof walker->memory);
    hl7_buffer_add(&walker->path, hl7_slice_part(name, 0, SHOW_NAME_MAX));
    if (cell != SHOW_NO_CELL && counts->total[cell] > 1) {
        show_path_push(walker, '[', ++counts->seen[cell]);
    }
    segment = (struct show_segment){hl7_buffer_slice(&walker->path), name, index};
    walker->visitor->segment(walker->context, &segment);
    show_fields(walker, index, hl7_segment_is_header(name));
    walker->visitor->segment_end(walker->context);
}

bool show_walk(const struct hl7_message *message, bool all, struct show_counts *counts,
               const struct show_visitor *visitor, void *context)
{
    struct show_walker walker = {
        .message = message, .visitor = visitor, .context = context, .all = all};

    if (!show_count(counts, message)) {
        return false;
    }
    for (size_t i = 0; i < message->segment_count; i++) {
        show_one_segment(&walker, counts, i);
    }
    show_uncount(counts, message);
    return true;
}

/* ---- Values as text ------------------------------------------------------------------------- */

bool show_decode(struct show_text *text, hl7_slice raw, hl7_slice *ret_raw, hl7_slice *ret_decoded)
{
    size_t room = raw.len * TEXT_UTF8_GROWTH + 1;
    struct hl7_buffer decoded;
    struct hl7_buffer shown;
    struct hl7_buffer plain;
    char *memory;

    *ret_raw = (hl7_slice){NULL, 0};
    *ret_decoded = (hl7_slice){NULL, 0};
    if (raw.len > SIZE_MAX / 16 || !memory_grow(&text->memory, 2 * room + raw.len)) {
        return false;
    }
    memory = text->memory.ptr;
    hl7_buffer_init(&shown, memory, room);
    hl7_buffer_init(&plain, memory + room, room);
    hl7_buffer_init(&decoded, memory + 2 * room, raw.len);
    text_utf8(&text->charset, raw, &shown);
    hl7_unescape(&text->message->delimiters, raw, HL7_TEXT_PLAIN, &decoded);
    text_utf8(&text->charset, hl7_buffer_slice(&decoded), &plain);
    *ret_raw = hl7_buffer_slice(&shown);
    *ret_decoded = hl7_buffer_slice(&plain);
    return true;
}

void show_text_free(struct show_text *text)
{
    text_charset_close(&text->charset);
    memory_free(&text->memory);
}
