/* SPDX-License-Identifier: Apache-2.0
 *
 * Differences between messages (rules 12 and 13). The segments are aligned first (diff_align.c); then
 * each pair is walked field by field, and a field that differs is taken apart level by level, both
 * values at once, without recursion. A difference is told at the level at which one side has nothing
 * or nothing more can be split. All memory is taken before the first one is told. */
#include "diff_align.h"

#include <string.h>

enum { REPETITIONS, COMPONENTS, SUBCOMPONENTS, LEAF };

/* Five bytes for one: a line end in a value becomes \X0D\. */
enum { RECODE_GROWTH = 5 };

/* Two values whose pieces are being compared. */
struct frame {
    hl7_slice expected;
    hl7_slice actual;
    unsigned level;
    uint32_t number;
};

/* Where a value is written in other forms. */
struct room {
    char *standard;
    char *text;
    size_t size; /* of each */
};

struct diff {
    const struct hl7_message *expected;
    const struct hl7_message *actual;
    const struct hl7_comparison *how;
    bool alike; /* the messages have the same delimiters */
    bool stopped;
    bool last; /* neither side has a piece behind the one that is compared */
    size_t count;
    struct diff_mark *expected_marks;
    struct diff_mark *actual_marks;
    uint32_t *beside;
    struct room expected_room;
    struct room actual_room;
    struct hl7_difference at; /* where the comparison is */
    struct frame frames[LEAF];
    unsigned depth;
};

const char *hl7_difference_name(enum hl7_difference_kind kind)
{
    static const char *const names[] = {"changed", "missing", "extra", "segment-missing",
                                        "segment-extra"};

    return names[kind];
}

/* ---- Telling -------------------------------------------------------------------------------- */

static void tell(struct diff *diff, enum hl7_difference_kind kind, hl7_slice expected,
                 hl7_slice actual)
{
    diff->at.kind = kind;
    diff->at.expected = expected;
    diff->at.actual = actual;
    diff->count++;
    if (diff->how->difference != NULL) {
        diff->stopped = !diff->how->difference(diff->how->context, &diff->at);
    }
}

static void tell_value(struct diff *diff, hl7_slice expected, hl7_slice actual)
{
    enum hl7_difference_kind kind = HL7_CHANGED;

    if (actual.len == 0 && (expected.len > 0 || actual.ptr == NULL)) {
        kind = HL7_MISSING;
    } else if (expected.len == 0) {
        kind = HL7_EXTRA;
    }
    tell(diff, kind, expected, actual);
}

/* ---- Values --------------------------------------------------------------------------------- */

static char separator_of(const struct hl7_message *message, unsigned level)
{
    const struct hl7_delimiters *delimiters = &message->delimiters;
    const char separators[] = {delimiters->repetition, delimiters->component,
                               delimiters->subcomponent};

    return separators[level];
}

static bool holds(hl7_slice value, char separator)
{
    return separator != '\0' && value.len > 0 && memchr(value.ptr, separator, value.len) != NULL;
}

/* The first level, from `level` on, at which one of the values has several pieces. */
static unsigned split_level(const struct diff *diff, hl7_slice expected, hl7_slice actual,
                            unsigned level)
{
    while (level < LEAF && !holds(expected, separator_of(diff->expected, level)) &&
           !holds(actual, separator_of(diff->actual, level))) {
        level++;
    }
    return level;
}

/* The value consists of empty components and sub-components. */
static bool is_hollow(const struct hl7_message *message, hl7_slice value)
{
    for (size_t i = 0; value.ptr != NULL && i < value.len; i++) {
        char c = value.ptr[i];

        if (c == '\0' ||
            (c != message->delimiters.component && c != message->delimiters.subcomponent)) {
            return false;
        }
    }
    return true;
}

/* One of the values is empty or absent: does that make a difference? An empty piece that the other
 * side lacks is implied by what stands behind it, so it counts only if nothing does. */
static bool differs_from_nothing(const struct diff *diff, hl7_slice expected, hl7_slice actual,
                                 unsigned level)
{
    bool both = (expected.ptr == NULL) == (actual.ptr == NULL);

    if (diff->how->loose) {
        return !is_hollow(diff->expected, expected) || !is_hollow(diff->actual, actual) ||
               (level == COMPONENTS && !both && diff->last);
    }
    return expected.len != actual.len || (!both && diff->last);
}

/* A value in the standard delimiters; loosely as text, so that it does not matter how it is escaped.
 * (Only then a formatting sequence is the same as its characters, escaped.) */
static hl7_slice said_by(const struct diff *diff, const struct hl7_message *message, hl7_slice raw,
                         const struct room *room)
{
    struct hl7_buffer standard;
    struct hl7_buffer text;

    hl7_buffer_init(&standard, room->standard, room->size);
    hl7_buffer_init(&text, room->text, room->size);
    if (hl7_recode(&message->delimiters, &hl7_standard_delimiters, raw, &standard) != HL7_OK) {
        return raw;
    }
    if (!diff->how->loose) {
        return hl7_buffer_slice(&standard);
    }
    hl7_unescape(&hl7_standard_delimiters, hl7_buffer_slice(&standard), HL7_TEXT_HL7, &text);
    return hl7_buffer_slice(&text);
}

static bool leaves_differ(const struct diff *diff, hl7_slice expected, hl7_slice actual)
{
    if (diff->alike && (!diff->how->loose || hl7_slice_equal(expected, actual))) {
        return !hl7_slice_equal(expected, actual);
    }
    return !hl7_slice_equal(said_by(diff, diff->expected, expected, &diff->expected_room),
                            said_by(diff, diff->actual, actual, &diff->actual_room));
}

/* The number in the path that counts the pieces of a level. */
static uint32_t *path_number(struct diff *diff, unsigned level)
{
    struct hl7_path *path = &diff->at.path;

    if (level == REPETITIONS) {
        return &path->repetition;
    }
    return level == COMPONENTS ? &path->component : &path->subcomponent;
}

/* Compares two values, which may be split at `level` and deeper; pieces that must be looked at are
 * left in a frame. */
static void compare_values(struct diff *diff, hl7_slice expected, hl7_slice actual, unsigned level)
{
    if (expected.len == 0 || actual.len == 0) {
        if (differs_from_nothing(diff, expected, actual, level)) {
            tell_value(diff, expected, actual);
        }
        return;
    }
    if (diff->alike && hl7_slice_equal(expected, actual)) {
        return;
    }
    unsigned split = split_level(diff, expected, actual, level);
    if (split < LEAF) {
        diff->frames[diff->depth++] = (struct frame){expected, actual, split, 0};
        /* A&B without a component separator is component 1. */
        if (split == SUBCOMPONENTS && level < SUBCOMPONENTS) {
            diff->at.path.component = 1;
        }
    } else if (leaves_differ(diff, expected, actual)) {
        tell_value(diff, expected, actual);
    }
}

/* Compares the next pieces of the innermost values that have any left, or leaves these values. */
static void compare_pieces(struct diff *diff)
{
    struct frame *frame = &diff->frames[diff->depth - 1];
    hl7_slice expected = {NULL, 0};
    hl7_slice actual = {NULL, 0};
    bool more_expected =
        hl7_piece_next(&frame->expected, separator_of(diff->expected, frame->level), &expected);
    bool more_actual =
        hl7_piece_next(&frame->actual, separator_of(diff->actual, frame->level), &actual);

    for (unsigned level = frame->level; level < LEAF; level++) {
        *path_number(diff, level) = 0;
    }
    if (!more_expected && !more_actual) {
        diff->depth--;
        return;
    }
    *path_number(diff, frame->level) = ++frame->number;
    diff->last = frame->expected.ptr == NULL && frame->actual.ptr == NULL;
    compare_values(diff, expected, actual, frame->level + 1);
}

/* ---- Segments ------------------------------------------------------------------------------- */

static void compare_field(struct diff *diff, uint32_t field, bool delimiters)
{
    hl7_slice expected = hl7_segment_field(diff->expected, diff->at.expected_segment, field);
    hl7_slice actual = hl7_segment_field(diff->actual, diff->at.actual_segment, field);

    diff->at.path.field = field;
    for (unsigned level = REPETITIONS; level < LEAF; level++) {
        *path_number(diff, level) = 0;
    }
    if (delimiters) {
        if (!diff->how->loose && !hl7_slice_equal(expected, actual)) {
            tell_value(diff, expected, actual);
        }
        return;
    }
    compare_values(diff, expected, actual, REPETITIONS);
    while (diff->depth > 0 && !diff->stopped) {
        compare_pieces(diff);
    }
}

/* Goes to a segment, or a pair of them; HL7_NONE for the one that is not there. */
static void go_to(struct diff *diff, size_t expected, size_t actual)
{
    bool in_expected = expected != HL7_NONE;
    hl7_slice name = in_expected ? hl7_segment_name(diff->expected, expected)
                                 : hl7_segment_name(diff->actual, actual);
    struct hl7_path *path = &diff->at.path;

    *path = (struct hl7_path){.occurrence = in_expected ? diff->expected_marks[expected].occurrence
                                                        : diff->actual_marks[actual].occurrence};
    if (name.len > 0) {
        memcpy(path->segment, name.ptr, name.len < 3 ? name.len : 3);
    }
    diff->at.expected_segment = expected;
    diff->at.actual_segment = actual;
}

static void segment_missing(struct diff *diff, size_t expected)
{
    go_to(diff, expected, HL7_NONE);
    tell(diff, HL7_SEGMENT_MISSING, hl7_segment_bytes(diff->expected, expected),
         (hl7_slice){NULL, 0});
}

static void segment_extra(struct diff *diff, size_t actual)
{
    go_to(diff, HL7_NONE, actual);
    tell(diff, HL7_SEGMENT_EXTRA, (hl7_slice){NULL, 0}, hl7_segment_bytes(diff->actual, actual));
}

static void compare_segments(struct diff *diff, size_t expected, size_t actual)
{
    size_t count = diff->expected->segments[expected].count;
    size_t other = diff->actual->segments[actual].count;
    bool header = hl7_segment_is_header(hl7_segment_name(diff->expected, expected));

    if (diff->alike && hl7_slice_equal(hl7_segment_bytes(diff->expected, expected),
                                       hl7_segment_bytes(diff->actual, actual))) {
        return;
    }
    go_to(diff, expected, actual);
    count = count > other ? count : other;
    for (uint32_t field = 1; field < count && !diff->stopped; field++) {
        diff->last = field + 1 == count;
        compare_field(diff, field, header && field <= 2);
    }
}

/* A pair; or, where hashes of different names collided, two segments that only look like one. */
static void compare_pair(struct diff *diff, size_t expected, size_t actual)
{
    if (hl7_slice_equal(hl7_segment_name(diff->expected, expected),
                        hl7_segment_name(diff->actual, actual))) {
        compare_segments(diff, expected, actual);
        return;
    }
    segment_missing(diff, expected);
    if (!diff->stopped) {
        segment_extra(diff, actual);
    }
}

static void compare_messages(struct diff *diff)
{
    size_t i = 0;
    size_t j = 0;

    while (!diff->stopped &&
           (i < diff->expected->segment_count || j < diff->actual->segment_count)) {
        bool paired = i < diff->expected->segment_count && diff->beside[i] != DIFF_ALONE;

        if (i < diff->expected->segment_count && !paired) {
            segment_missing(diff, i++);
        } else if (!paired || j < diff->beside[i]) {
            segment_extra(diff, j++);
        } else {
            compare_pair(diff, i++, j++);
        }
    }
}

/* ---- Memory --------------------------------------------------------------------------------- */

static size_t longest_segment(const struct hl7_message *message)
{
    size_t longest = 0;

    for (size_t i = 0; i < message->segment_count; i++) {
        size_t len = hl7_segment_bytes(message, i).len;
        longest = len > longest ? len : longest;
    }
    return longest;
}

static bool same_delimiters(const struct hl7_delimiters *a, const struct hl7_delimiters *b)
{
    return a->field == b->field && a->component == b->component && a->repetition == b->repetition &&
           a->escape == b->escape && a->subcomponent == b->subcomponent &&
           a->truncation == b->truncation;
}

size_t hl7_diff_memory(const struct hl7_message *expected, const struct hl7_message *actual)
{
    return diff_align_memory(expected->segment_count, actual->segment_count) +
           2 * RECODE_GROWTH * (longest_segment(expected) + longest_segment(actual)) +
           4 * _Alignof(max_align_t);
}

static bool take_room(const struct hl7_message *message, struct hl7_arena *arena,
                      struct room *ret_room)
{
    size_t size = RECODE_GROWTH * longest_segment(message);

    *ret_room = (struct room){hl7_arena_alloc(arena, size), hl7_arena_alloc(arena, size), size};
    return ret_room->standard != NULL && ret_room->text != NULL;
}

static bool prepare(struct diff *diff, struct hl7_arena *arena)
{
    diff->alike = same_delimiters(&diff->expected->delimiters, &diff->actual->delimiters);
    diff->expected_marks = diff_mark(diff->expected, arena);
    diff->actual_marks = diff_mark(diff->actual, arena);
    if (diff->expected_marks == NULL || diff->actual_marks == NULL) {
        return false;
    }
    diff->beside = diff_align(diff->expected_marks, diff->expected->segment_count,
                              diff->actual_marks, diff->actual->segment_count, arena);
    if (diff->alike && !diff->how->loose) {
        return diff->beside != NULL;
    }
    return diff->beside != NULL && take_room(diff->expected, arena, &diff->expected_room) &&
           take_room(diff->actual, arena, &diff->actual_room);
}

enum hl7_code hl7_diff(const struct hl7_message *expected, const struct hl7_message *actual,
                       const struct hl7_comparison *how, struct hl7_arena *arena, size_t *ret_count)
{
    struct diff diff = {.expected = expected, .actual = actual, .how = how};
    size_t used = arena->used;
    bool ready = prepare(&diff, arena);

    if (ready) {
        compare_messages(&diff);
        *ret_count = diff.count;
    }
    arena->used = used;
    return ready ? HL7_OK : HL7_NO_MEMORY;
}
