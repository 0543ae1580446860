/* SPDX-License-Identifier: Apache-2.0
 *
 * Where paths lead: to the source, to another message, to what a loop or a condition in brackets
 * stands at. Nothing here can fail; what is not there is absent. */
#include "template/run.h"

#include "message.h"
#include "path.h"

#include <assert.h>

/* ---- Segments ------------------------------------------------------------------------------ */

/* The segments a path may lead to: those of a message, or of a group. */
struct range {
    const struct index *index; /* NULL: there is none of this message */
    const struct hl7_message *message;
    size_t from;
    size_t to;
};

static struct range make_range(const struct run *run, const struct hl7_message *message,
                               size_t from, size_t to)
{
    bool indexed = message != NULL && run->index.message == message;

    return (struct range){indexed ? &run->index : NULL, message, from, to};
}

static struct range whole(const struct run *run, const struct hl7_message *message)
{
    return make_range(run, message, 0, message == NULL ? 0 : message->segment_count);
}

/* The cursor a path begins at. */
static const struct cursor *cursor_of(const struct run *run, const struct instruction *path)
{
    bool has = path->root != ROOT_MESSAGE && path->root != ROOT_NAMED;

    return has ? &run->cursors[path->slot] : &run->nowhere;
}

static struct range range_of(const struct run *run, const struct instruction *path)
{
    const struct cursor *cursor = cursor_of(run, path);

    switch ((enum root)path->root) {
    case ROOT_MESSAGE:
        return whole(run, run->conversion->message);
    case ROOT_NAMED:
        return whole(run, run->messages[path->slot]);
    case ROOT_GROUP:
        return make_range(run, cursor->message, cursor->from, cursor->to);
    case ROOT_SEGMENT:
    case ROOT_REPETITION:
    case ROOT_JSON:
        break;
    }
    return make_range(run, cursor->message, cursor->segment, cursor->segment + 1);
}

/* The next segment of this name, from `at` on; range->to when there is none. */
static size_t seek(const struct range *range, hl7_slice name, size_t at)
{
    if (range->index != NULL) {
        struct matches matches = index_find(range->index, name, at, range->to);
        return matches.count > 0 ? matches.order[0] : range->to;
    }
    assert(name.len == 3);
    while (at < range->to && !message_segment_is(range->message, at, name.ptr)) {
        at++;
    }
    return at;
}

/* Going along the segments between two places, which only happens where there is no index. */
static size_t walked(const struct range *range, size_t from, size_t to)
{
    return range->index == NULL && to > from ? (to - from) * BOUND_SEGMENT : 0;
}

static size_t find_indexed(const struct range *range, const struct hl7_path *path)
{
    struct matches matches =
        index_find(range->index, hl7_slice_of(path->segment), range->from, range->to);
    size_t wanted = path->occurrence == HL7_LAST ? matches.count : path->occurrence;

    wanted = wanted == 0 && matches.count > 0 ? 1 : wanted;
    return wanted > 0 && wanted <= matches.count ? matches.order[wanted - 1] : HL7_NONE;
}

static size_t find_last(const struct range *range, hl7_slice name)
{
    for (size_t at = range->to; at > range->from; at--) {
        if (message_segment_is(range->message, at - 1, name.ptr)) {
            return at - 1;
        }
    }
    return HL7_NONE;
}

static size_t find_segment(const struct range *range, const struct hl7_path *path)
{
    hl7_slice name = hl7_slice_of(path->segment);

    if (range->message == NULL || range->index != NULL) {
        return range->message == NULL ? HL7_NONE : find_indexed(range, path);
    }
    if (path->occurrence == HL7_LAST) {
        return find_last(range, name);
    }
    size_t at = seek(range, name, range->from);
    for (uint32_t left = path->occurrence; left > 1 && at < range->to; left--) {
        at = seek(range, name, at + 1);
    }
    return at < range->to ? at : HL7_NONE;
}

/* What find_segment() walked to get here, or nowhere. */
static size_t walked_to(const struct range *range, const struct hl7_path *path, size_t found)
{
    if (path->occurrence == HL7_LAST) {
        return walked(range, found == HL7_NONE ? range->from : found, range->to);
    }
    return walked(range, range->from, found == HL7_NONE ? range->to : found);
}

/* ---- Values -------------------------------------------------------------------------------- */

/* How much of `whole` was gone over to find a part of it, or that there is none. */
static size_t gone_over(hl7_slice whole, hl7_slice part)
{
    return part.ptr == NULL || whole.ptr == NULL ? whole.len
                                                 : (size_t)(part.ptr - whole.ptr) + part.len;
}

/* The value within a segment, or within the repetition a cursor stands at. */
static void resolve_value(const struct instruction *path, const struct cursor *cursor,
                          struct target *target)
{
    const struct hl7_path *wanted = &path->as.path;
    const struct hl7_message *message = target->message;

    if (path->root == ROOT_REPETITION) {
        hl7_slice name = hl7_segment_name(message, target->segment);
        target->raw = path_within_field(path_delimiters(&message->delimiters, name, wanted->field),
                                        cursor->piece, wanted);
        target->work += gone_over(cursor->piece, target->raw);
        return;
    }
    target->raw = hl7_segment_get(message, target->segment, wanted);
    if (wanted->repetition != 0 || wanted->component != 0) {
        target->work +=
            gone_over(hl7_segment_field(message, target->segment, wanted->field), target->raw);
    }
}

void run_resolve(const struct run *run, const struct instruction *path, struct target *ret_target)
{
    const struct cursor *cursor = cursor_of(run, path);
    struct range range = range_of(run, path);
    bool stands = path->root == ROOT_SEGMENT || path->root == ROOT_REPETITION;
    struct target target = {.message = range.message, .segment = HL7_NONE};

    if (range.message != NULL) {
        target.segment = stands ? cursor->segment : find_segment(&range, &path->as.path);
        target.work = stands ? 0 : walked_to(&range, &path->as.path, target.segment);
    }
    if (target.segment != HL7_NONE) {
        resolve_value(path, cursor, &target);
    }
    *ret_target = target;
}

static size_t count_segments(const struct range *range, const struct hl7_path *path)
{
    hl7_slice name = hl7_slice_of(path->segment);
    size_t count = 0;

    if (range->message == NULL) {
        return 0;
    }
    if (path->occurrence != 0) {
        return find_segment(range, path) == HL7_NONE ? 0 : 1;
    }
    if (range->index != NULL) {
        return index_find(range->index, name, range->from, range->to).count;
    }
    for (size_t at = seek(range, name, range->from); at < range->to;
         at = seek(range, name, at + 1)) {
        count++;
    }
    return count;
}

static size_t count_pieces(hl7_slice value, char separator)
{
    hl7_slice piece;
    size_t count = 0;

    while (value.len > 0 && hl7_piece_next(&value, separator, &piece)) {
        count++;
    }
    return count;
}

size_t run_count(struct run *run, const struct instruction *path)
{
    const struct hl7_path *wanted = &path->as.path;
    struct target target;

    if (wanted->field == 0 && path->root != ROOT_SEGMENT) {
        struct range range = range_of(run, path);
        bound_add(&run->bound, walked(&range, range.from, range.to));
        return count_segments(&range, wanted);
    }
    run_resolve(run, path, &target);
    bound_add(&run->bound, target.work + target.raw.len);
    if (target.raw.len == 0) {
        return 0;
    }
    if (wanted->field == 0 || path->root == ROOT_REPETITION || wanted->repetition != 0 ||
        wanted->component != 0) {
        return 1;
    }
    return count_pieces(target.raw, path_delimiters(&target.message->delimiters,
                                                    hl7_slice_of(wanted->segment), wanted->field)
                                        ->repetition);
}

/* ---- Cursors ------------------------------------------------------------------------------- */

/* Where the group that begins at a segment ends: at the next segment of its name. */
static void bound_group(const struct range *range, struct cursor *cursor)
{
    hl7_slice name = hl7_segment_name(cursor->message, cursor->segment);

    cursor->from = cursor->segment;
    cursor->to = seek(range, name, cursor->segment + 1);
}

static bool first_segment(struct run *run, const struct instruction *instruction,
                          struct cursor *cursor)
{
    struct range range = range_of(run, instruction);

    if (range.message == NULL) {
        return false;
    }
    cursor->message = range.message;
    cursor->range_to = range.to;
    cursor->segment = seek(&range, hl7_slice_of(instruction->as.path.segment), range.from);
    bound_add(&run->bound, walked(&range, range.from, cursor->segment));
    if (cursor->segment == range.to) {
        return false;
    }
    bound_group(&range, cursor);
    bound_add(&run->bound, walked(&range, cursor->segment, cursor->to));
    return true;
}

static bool next_repetition(struct run *run, struct cursor *cursor)
{
    if (!hl7_piece_next(&cursor->rest, cursor->separator, &cursor->piece)) {
        return false;
    }
    bound_add(&run->bound, cursor->piece.len);
    return true;
}

static bool first_repetition(struct run *run, const struct instruction *instruction,
                             struct cursor *cursor)
{
    struct target target;

    run_resolve(run, instruction, &target);
    bound_add(&run->bound, target.work);
    if (target.raw.len == 0) {
        return false;
    }
    cursor->message = target.message;
    cursor->segment = target.segment;
    cursor->rest = target.raw;
    cursor->separator = path_delimiters(&target.message->delimiters,
                                        hl7_segment_name(target.message, target.segment),
                                        instruction->as.path.field)
                            ->repetition;
    return next_repetition(run, cursor);
}

bool run_first(struct run *run, const struct instruction *instruction)
{
    struct cursor cursor = {.turn = 1, .kind = (enum root)instruction->count};
    bool found;

    if (cursor.kind == ROOT_JSON) {
        found = run_first_json(run, instruction, &cursor);
    } else if (cursor.kind == ROOT_REPETITION) {
        found = first_repetition(run, instruction, &cursor);
    } else {
        found = first_segment(run, instruction, &cursor);
    }
    if (!found) {
        cursor.message = NULL;
    }
    run->cursors[instruction->cursor] = cursor;
    return found;
}

static bool next_segment(struct run *run, struct cursor *cursor)
{
    assert(cursor->message != NULL);
    struct range range = make_range(run, cursor->message, 0, cursor->range_to);

    /* The next one has been looked for already. */
    cursor->segment = cursor->to;
    if (cursor->segment >= cursor->range_to) {
        return false;
    }
    bound_group(&range, cursor);
    bound_add(&run->bound, walked(&range, cursor->segment, cursor->to));
    return true;
}

static bool advance(struct run *run, struct cursor *cursor)
{
    cursor->turn++;
    if (cursor->kind == ROOT_JSON) {
        return run_next_json(run, cursor);
    }
    return cursor->kind == ROOT_REPETITION ? next_repetition(run, cursor)
                                           : next_segment(run, cursor);
}

bool run_next(struct run *run, const struct instruction *instruction)
{
    struct cursor *cursor = &run->cursors[instruction->cursor];
    bool found = advance(run, cursor);

    if (!found) {
        cursor->message = NULL;
    }
    return found;
}

size_t run_total(struct run *run, size_t cursor)
{
    struct cursor ahead = run->cursors[cursor];
    size_t total = ahead.turn;

    while (advance(run, &ahead)) {
        total++;
    }
    bound_add(&run->bound, (total - run->cursors[cursor].turn) * BOUND_SEGMENT);
    return total;
}
