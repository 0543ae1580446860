/* SPDX-License-Identifier: Apache-2.0
 *
 * Edits. The working copy is a list of lines: at first each is the source's own bytes, line end
 * apart. An edit of a field writes that one line anew into the arena; all other lines go on
 * pointing at the source, so what nobody touched is written out byte for byte (rule 12). An edit
 * costs the length of its segment, and a walk along the lines to find it.
 *
 *   text     what stands on the line, the name first
 *   ending   its line end with any blank lines behind it; may be empty on the last line only
 *
 * Setting a value narrows a range of the line step by step: field, repetition, component,
 * sub-component. Where a step runs out of pieces, separators are noted as padding and the range is
 * empty from there on. Then the line is: before the range, padding, the value, behind the range. */
#include "edit.h"

#include "arena.h"
#include "message.h"
#include "path.h"

#include <string.h>

struct line {
    hl7_slice text;
    hl7_slice ending;
    struct line *next;
    struct line *previous;
    size_t segment; /* its number in the message; HL7_NONE: it was added */
    bool gone;      /* taken out */
};

struct hl7_edit {
    struct hl7_arena *arena;
    struct hl7_delimiters delimiters;
    hl7_slice before; /* a byte order mark, or nothing */
    hl7_slice line_end;
    struct line *lines;
    struct line *last;
    struct line *source; /* the lines of the message's segments, by their numbers */
};

/* The line end that added segments get: the header's. A header alone may have none; HL7 has CR. */
static hl7_slice first_line_end(hl7_slice ending)
{
    if (hl7_slice_starts(ending, HL7_TEXT("\r\n"))) {
        return HL7_TEXT("\r\n");
    }
    return hl7_slice_starts(ending, HL7_TEXT("\n")) ? HL7_TEXT("\n") : HL7_TEXT("\r");
}

static hl7_slice ending_of(const struct hl7_message *message, size_t segment)
{
    size_t end = message->segments[segment].end;
    size_t next = segment + 1 < message->segment_count ? message->segments[segment + 1].start
                                                       : message->bytes.len;

    return (hl7_slice){message->bytes.ptr + end, next - end};
}

enum hl7_code hl7_edit_begin(const struct hl7_message *message, struct hl7_arena *arena,
                             struct hl7_edit **ret_edit)
{
    size_t used = arena->used;
    size_t count = message->segment_count;
    struct hl7_edit *edit = hl7_arena_alloc(arena, sizeof *edit);
    struct line *lines = hl7_arena_alloc(arena, count * sizeof *lines);

    if (edit == NULL || lines == NULL) {
        arena->used = used;
        return HL7_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        lines[i] = (struct line){.text = hl7_segment_bytes(message, i),
                                 .ending = ending_of(message, i),
                                 .next = i + 1 < count ? &lines[i + 1] : NULL,
                                 .previous = i > 0 ? &lines[i - 1] : NULL,
                                 .segment = i};
    }
    *edit = (struct hl7_edit){
        .arena = arena,
        .delimiters = message->delimiters,
        .before = hl7_slice_part(message->bytes, 0, message->segments[0].start),
        .line_end = first_line_end(lines[0].ending),
        .lines = lines,
        .last = &lines[count - 1],
        .source = lines,
    };
    *ret_edit = edit;
    return HL7_OK;
}

/* ---- Finding lines and values -------------------------------------------------------------- */

static hl7_slice name_of(const struct hl7_edit *edit, const struct line *line)
{
    return hl7_piece(line->text, edit->delimiters.field, 1);
}

/* The line before the one sought is noted too: NULL for the first. */
static struct line *find_line(const struct hl7_edit *edit, hl7_slice name, size_t occurrence,
                              struct line **ret_before)
{
    struct line *found = NULL;
    struct line *before = NULL;

    for (struct line *line = edit->lines; line != NULL; before = line, line = line->next) {
        if (!hl7_slice_equal(name_of(edit, line), name)) {
            continue;
        }
        if (occurrence <= 1 || occurrence == HL7_LAST) {
            found = line;
            *ret_before = before;
        }
        if (occurrence <= 1) {
            break;
        }
        if (occurrence != HL7_LAST) {
            occurrence--;
        }
    }
    return found;
}

hl7_slice hl7_edit_get(const struct hl7_edit *edit, const struct hl7_path *path)
{
    struct line *before = NULL;
    const struct line *line =
        find_line(edit, hl7_slice_of(path->segment), path->occurrence, &before);

    if (line == NULL) {
        return (hl7_slice){NULL, 0};
    }
    if (path->field == 0) {
        return line->text;
    }
    hl7_slice field = message_line_field(line->text, edit->delimiters.field, path->field);
    return path_within_field(path_delimiters(&edit->delimiters, name_of(edit, line), path->field),
                             field, path);
}

/* ---- Setting a value ----------------------------------------------------------------------- */

/* Numbers of pieces are wider than those of paths: field n is piece n + 1 of its line. */
static const size_t LAST_PIECE = SIZE_MAX;

/* One step from a range of the line to a piece of it. */
struct step {
    char separator;
    size_t number;  /* which piece, from 1; LAST_PIECE */
    size_t missing; /* separators that have to be added to get there */
};

enum { STEPS = 4 };

struct place {
    size_t start; /* the range of the line that the value replaces */
    size_t end;
    struct step steps[STEPS];
    size_t count;
};

/* Narrows the range to a piece of it. */
static void narrow(hl7_slice line, struct place *place, struct step *step)
{
    size_t left = step->number == LAST_PIECE ? SIZE_MAX : step->number - 1;
    const char *separator;

    while (left > 0 && place->end > place->start &&
           (separator = memchr(line.ptr + place->start, step->separator,
                               place->end - place->start)) != NULL) {
        place->start = (size_t)(separator - line.ptr) + 1;
        left--;
    }
    if (step->number == LAST_PIECE) {
        left = 0;
    }
    if (left > 0) {
        place->start = place->end;
        step->missing = left;
        return;
    }
    separator = place->end > place->start
                    ? memchr(line.ptr + place->start, step->separator, place->end - place->start)
                    : NULL;
    if (separator != NULL) {
        place->end = (size_t)(separator - line.ptr);
    }
}

static void add_step(struct place *place, char separator, size_t number)
{
    place->steps[place->count++] = (struct step){.separator = separator, .number = number};
}

static size_t repetition_number(const struct hl7_path *path)
{
    if (path->repetition == HL7_LAST) {
        return LAST_PIECE;
    }
    return path->repetition == 0 ? 1 : path->repetition;
}

/* The steps a path asks for. The whole field goes when nothing below it is named. */
static void plan_steps(const struct hl7_edit *edit, const struct line *line,
                       const struct hl7_path *path, struct place *place)
{
    bool header = hl7_segment_is_header(name_of(edit, line));

    add_step(place, edit->delimiters.field, header ? path->field : (size_t)path->field + 1);
    if (path->repetition != 0 || path->component != 0) {
        add_step(place, edit->delimiters.repetition, repetition_number(path));
    }
    if (path->component != 0) {
        add_step(place, edit->delimiters.component, path->component);
    }
    if (path->subcomponent != 0) {
        add_step(place, edit->delimiters.subcomponent, path->subcomponent);
    }
}

static enum hl7_code find_place(const struct hl7_edit *edit, const struct line *line,
                                const struct hl7_path *path, struct place *ret_place)
{
    struct place place = {.start = 0, .end = line->text.len};

    plan_steps(edit, line, path, &place);
    for (size_t i = 0; i < place.count; i++) {
        struct step *step = &place.steps[i];
        if (step->separator == '\0') {
            if (step->number != 1 && step->number != LAST_PIECE) {
                return HL7_NOT_ENCODABLE;
            }
            continue;
        }
        narrow(line->text, &place, step);
    }
    *ret_place = place;
    return HL7_OK;
}

/* Raw text must not hold what would split the place it is put in, or end the segment or frame. */
static bool fits(const struct place *place, hl7_slice raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        char byte = raw.ptr[i];
        if (byte == '\r' || byte == '\n' || byte == HL7_VT || byte == HL7_FS) {
            return false;
        }
        for (size_t s = 0; s < place->count; s++) {
            if (byte == place->steps[s].separator && byte != '\0') {
                return false;
            }
        }
    }
    return true;
}

static enum hl7_code rewrite(struct hl7_edit *edit, struct line *line, const struct place *place,
                             hl7_slice raw)
{
    struct hl7_buffer buffer;

    arena_open(edit->arena, &buffer);
    hl7_buffer_add(&buffer, hl7_slice_part(line->text, 0, place->start));
    for (size_t i = 0; i < place->count; i++) {
        for (size_t n = place->steps[i].missing; n > 0 && !buffer.full; n--) {
            hl7_buffer_add_byte(&buffer, place->steps[i].separator);
        }
    }
    hl7_buffer_add(&buffer, raw);
    hl7_buffer_add(&buffer, hl7_slice_part(line->text, place->end, line->text.len));
    if (buffer.full) {
        return HL7_NO_MEMORY;
    }
    line->text = arena_keep(edit->arena, &buffer);
    return HL7_OK;
}

static bool is_padded(const struct place *place)
{
    for (size_t i = 0; i < place->count; i++) {
        if (place->steps[i].missing > 0) {
            return true;
        }
    }
    return false;
}

static enum hl7_code set_on_line(struct hl7_edit *edit, struct line *line,
                                 const struct hl7_path *path, hl7_slice raw)
{
    struct place place;

    if (path->field == 0 || (path->field <= 2 && hl7_segment_is_header(name_of(edit, line)))) {
        return HL7_BAD_PATH;
    }
    enum hl7_code code = find_place(edit, line, path, &place);
    if (code != HL7_OK) {
        return code;
    }
    if (!fits(&place, raw)) {
        return HL7_NOT_ENCODABLE;
    }
    /* Nothing put where nothing is: no separators for its sake. */
    if (raw.len == 0 && is_padded(&place)) {
        return HL7_OK;
    }
    return rewrite(edit, line, &place, raw);
}

enum hl7_code hl7_edit_set(struct hl7_edit *edit, const struct hl7_path *path, hl7_slice raw)
{
    struct line *before = NULL;
    struct line *line = find_line(edit, hl7_slice_of(path->segment), path->occurrence, &before);

    return line == NULL ? HL7_NOT_FOUND : set_on_line(edit, line, path, raw);
}

enum hl7_code edit_set_at(struct hl7_edit *edit, size_t segment, const struct hl7_path *path,
                          hl7_slice raw)
{
    return set_on_line(edit, &edit->source[segment], path, raw);
}

size_t edit_length_at(const struct hl7_edit *edit, size_t segment)
{
    return edit->source[segment].text.len;
}

enum hl7_code hl7_edit_set_text(struct hl7_edit *edit, const struct hl7_path *path, hl7_slice text)
{
    struct hl7_buffer buffer;

    arena_open(edit->arena, &buffer);
    enum hl7_code code = hl7_escape(&edit->delimiters, text, &buffer);
    if (code != HL7_OK) {
        return code;
    }
    size_t used = edit->arena->used;
    code = hl7_edit_set(edit, path, arena_keep(edit->arena, &buffer));
    if (code != HL7_OK) {
        edit->arena->used = used;
    }
    return code;
}

/* ---- Lines --------------------------------------------------------------------------------- */

static enum hl7_code delete_line(struct hl7_edit *edit, struct line *line)
{
    struct line *before = line->previous;

    if (before == NULL) {
        return HL7_BAD_PATH;
    }
    /* The line before keeps its line end, even as the last one: were it the message's only CR, an LF
     * in a value would become a line end (rule 9). */
    before->next = line->next;
    if (line->next != NULL) {
        line->next->previous = before;
    } else {
        edit->last = before;
    }
    line->gone = true;
    return HL7_OK;
}

enum hl7_code hl7_edit_delete(struct hl7_edit *edit, hl7_slice name, size_t occurrence)
{
    struct line *before = NULL;
    struct line *line = find_line(edit, name, occurrence, &before);

    return line == NULL ? HL7_NOT_FOUND : delete_line(edit, line);
}

enum hl7_code edit_delete_at(struct hl7_edit *edit, size_t segment)
{
    struct line *line = &edit->source[segment];

    return line->gone ? HL7_OK : delete_line(edit, line);
}

/* Is this text one segment that may stand behind another? */
static enum hl7_code check_segment(const struct hl7_edit *edit, hl7_slice segment)
{
    const struct place whole = {.count = 0};
    hl7_slice name = hl7_piece(segment, edit->delimiters.field, 1);

    if (hl7_slice_equal(name, HL7_TEXT("MSH"))) {
        return HL7_TWO_HEADERS;
    }
    return name.len == 3 && fits(&whole, segment) ? HL7_OK : HL7_NOT_ENCODABLE;
}

static enum hl7_code insert_behind(struct hl7_edit *edit, struct line *line, hl7_slice segment)
{
    enum hl7_code code = check_segment(edit, segment);
    if (code != HL7_OK) {
        return code;
    }
    size_t used = edit->arena->used;
    struct line *added = hl7_arena_alloc(edit->arena, sizeof *added);
    char *copy = hl7_arena_alloc(edit->arena, segment.len);
    if (added == NULL || copy == NULL) {
        edit->arena->used = used;
        return HL7_NO_MEMORY;
    }
    memcpy(copy, segment.ptr, segment.len);
    *added = (struct line){.text = {copy, segment.len},
                           .ending = line->ending,
                           .next = line->next,
                           .previous = line,
                           .segment = HL7_NONE};
    if (line->next != NULL) {
        line->next->previous = added;
    } else {
        edit->last = added;
    }
    line->ending = edit->line_end;
    line->next = added;
    return HL7_OK;
}

enum hl7_code hl7_edit_append(struct hl7_edit *edit, hl7_slice segment)
{
    return insert_behind(edit, edit->last, segment);
}

enum hl7_code hl7_edit_insert(struct hl7_edit *edit, hl7_slice name, size_t occurrence,
                              hl7_slice segment)
{
    struct line *before = NULL;
    struct line *line = find_line(edit, name, occurrence, &before);

    return line == NULL ? HL7_NOT_FOUND : insert_behind(edit, line, segment);
}

void hl7_edit_write(const struct hl7_edit *edit, struct hl7_buffer *buffer)
{
    hl7_buffer_add(buffer, edit->before);
    for (const struct line *line = edit->lines; line != NULL; line = line->next) {
        hl7_buffer_add(buffer, line->text);
        hl7_buffer_add(buffer, line->ending);
    }
}

bool edit_next_line(const struct hl7_edit *edit, const struct line **at, struct edit_line *ret_line)
{
    const struct line *line = *at == NULL ? edit->lines : (*at)->next;

    if (line == NULL) {
        return false;
    }
    *at = line;
    *ret_line = (struct edit_line){line->text, line->ending, line->segment};
    return true;
}
