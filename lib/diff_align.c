/* SPDX-License-Identifier: Apache-2.0
 *
 * diff_align.c - see diff_align.h.
 *
 * What is equal at both ends is taken off first. The rest goes through a window: at most WINDOW
 * segments of each message are aligned so that the likeness of the pairs is greatest, as a longest
 * common subsequence is found. If the messages go on behind the window, only the first half of it is
 * kept, and the next window begins there. So each segment costs a bounded number of steps, whatever
 * the messages look like; within a window the answer is the best one. */
#include "diff_align.h"

#include <string.h>

enum { WINDOW = 128, ROW = WINDOW + 1, FRONT = 4 };

/* How alike two segments of the same name are. */
enum { LIKE_NAME = 2, LIKE_FIELD = 2, LIKE_ALL = 12 };

/* ---- Marks ---------------------------------------------------------------------------------- */

#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

/* FNV-1a; one that collides costs a less fitting pair, nothing else. */
static uint64_t hash_bytes(hl7_slice text)
{
    uint64_t hash = HASH_START;

    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.ptr[i]) * HASH_PRIME;
    }
    return hash;
}

static struct diff_mark mark_segment(const struct hl7_message *message, size_t segment)
{
    struct diff_mark mark = {.name = hash_bytes(hl7_segment_name(message, segment)),
                             .content = HASH_START};
    size_t count = message->segments[segment].count;

    for (size_t field = 1; field < count; field++) {
        uint64_t hash = hash_bytes(hl7_segment_field(message, segment, field));

        mark.content = (mark.content ^ hash) * HASH_PRIME;
        if (field <= FRONT) {
            mark.front |= (hash >> 32 & 0xffff) << (16 * (field - 1));
        }
    }
    return mark;
}

/* A number for a name: the same for the same three characters. */
static uint32_t name_key(const struct hl7_message *message, size_t segment)
{
    hl7_slice name = hl7_segment_name(message, segment);
    uint32_t key = name.len == 3 ? 0 : 1;

    for (size_t i = 0; i < 3; i++) {
        key = key << 8 | (i < name.len ? (unsigned char)name.ptr[i] : 0);
    }
    return key;
}

/* One pass of a radix sort: segments in the order of 8 bits of their keys, else as they were. */
static void sort_pass(const struct hl7_message *message, unsigned shift, const uint32_t *from,
                      uint32_t *to)
{
    size_t starts[257] = {0};

    for (size_t i = 0; i < message->segment_count; i++) {
        starts[(name_key(message, i) >> shift & 0xff) + 1]++;
    }
    for (size_t i = 1; i < 257; i++) {
        starts[i] += starts[i - 1];
    }
    for (size_t i = 0; i < message->segment_count; i++) {
        to[starts[name_key(message, from[i]) >> shift & 0xff]++] = from[i];
    }
}

/* Counts occurrences: by sorting, because a table could be made to collide. */
static void count_occurrences(const struct hl7_message *message, struct diff_mark *marks,
                              uint32_t *order, uint32_t *spare)
{
    for (uint32_t i = 0; i < message->segment_count; i++) {
        order[i] = i;
    }
    for (unsigned shift = 0; shift < 32; shift += 16) {
        sort_pass(message, shift, order, spare);
        sort_pass(message, shift + 8, spare, order);
    }
    for (size_t i = 0; i < message->segment_count; i++) {
        bool again = i > 0 && name_key(message, order[i - 1]) == name_key(message, order[i]);

        marks[order[i]].occurrence = again ? marks[order[i - 1]].occurrence + 1 : 1;
    }
}

struct diff_mark *diff_mark(const struct hl7_message *message, struct hl7_arena *arena)
{
    size_t count = message->segment_count;
    struct diff_mark *marks = hl7_arena_alloc(arena, count * sizeof *marks);
    size_t used = arena->used;
    uint32_t *order = hl7_arena_alloc(arena, count * sizeof *order);
    uint32_t *spare = hl7_arena_alloc(arena, count * sizeof *spare);

    if (marks == NULL || order == NULL || spare == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        marks[i] = mark_segment(message, i);
    }
    count_occurrences(message, marks, order, spare);
    arena->used = used;
    return marks;
}

/* ---- Alignment ------------------------------------------------------------------------------ */

enum step { STEP_PAIR, STEP_EXPECTED, STEP_ACTUAL };

struct aligner {
    const struct diff_mark *expected;
    const struct diff_mark *actual;
    uint32_t *beside;
    size_t i; /* the first expected segment that is not decided */
    size_t j;
    size_t expected_end;
    size_t actual_end;
    unsigned char *steps; /* of the window: ROW by ROW, the best step from each place */
    uint16_t *scores;     /* two rows of it */
};

static bool same(const struct diff_mark *a, const struct diff_mark *b)
{
    return a->name == b->name && a->content == b->content;
}

static unsigned likeness(const struct diff_mark *a, const struct diff_mark *b)
{
    unsigned sum = LIKE_NAME;

    if (a->name != b->name) {
        return 0;
    }
    if (a->content == b->content) {
        return LIKE_ALL;
    }
    for (unsigned field = 0; field < FRONT; field++) {
        sum += ((a->front ^ b->front) >> (16 * field) & 0xffff) == 0 ? LIKE_FIELD : 0;
    }
    return sum;
}

/* Decides the best step from one place of the window, given the scores behind it. */
static enum step best_step(unsigned pair, unsigned expected, unsigned actual, bool may_pair)
{
    if (may_pair && pair >= expected && pair >= actual) {
        return STEP_PAIR;
    }
    return expected >= actual ? STEP_EXPECTED : STEP_ACTUAL;
}

static void fill_row(const struct aligner *aligner, size_t i, size_t columns, const uint16_t *below,
                     uint16_t *row)
{
    const struct diff_mark *expected = &aligner->expected[aligner->i + i];
    unsigned char *steps = aligner->steps + i * ROW;

    row[columns] = 0;
    steps[columns] = STEP_EXPECTED;
    for (size_t j = columns; j-- > 0;) {
        unsigned alike = likeness(expected, &aligner->actual[aligner->j + j]);
        unsigned scores[] = {alike + below[j + 1], below[j], row[j + 1]};
        enum step step =
            best_step(scores[STEP_PAIR], scores[STEP_EXPECTED], scores[STEP_ACTUAL], alike > 0);

        steps[j] = (unsigned char)step;
        row[j] = (uint16_t)scores[step];
    }
}

static void fill_window(const struct aligner *aligner, size_t rows, size_t columns)
{
    memset(aligner->scores, 0, (size_t)2 * ROW * sizeof *aligner->scores);
    memset(aligner->steps + rows * ROW, STEP_ACTUAL, columns + 1);
    for (size_t i = rows; i-- > 0;) {
        fill_row(aligner, i, columns, aligner->scores + (i + 1) % 2 * ROW,
                 aligner->scores + i % 2 * ROW);
    }
}

/* Keeps the best way through the window up to a row and a column, and goes there. */
static void follow_window(struct aligner *aligner, size_t rows, size_t columns)
{
    size_t i = 0;
    size_t j = 0;

    while (i < rows && j < columns) {
        enum step step = (enum step)aligner->steps[i * ROW + j];

        if (step == STEP_PAIR) {
            aligner->beside[aligner->i + i] = (uint32_t)(aligner->j + j);
        }
        i += step != STEP_ACTUAL ? 1 : 0;
        j += step != STEP_EXPECTED ? 1 : 0;
    }
    aligner->i += i;
    aligner->j += j;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void skip_equal_ends(struct aligner *aligner)
{
    while (aligner->i < aligner->expected_end && aligner->j < aligner->actual_end &&
           same(&aligner->expected[aligner->expected_end - 1],
                &aligner->actual[aligner->actual_end - 1])) {
        aligner->beside[--aligner->expected_end] = (uint32_t)--aligner->actual_end;
    }
}

static void skip_equal_starts(struct aligner *aligner)
{
    while (aligner->i < aligner->expected_end && aligner->j < aligner->actual_end &&
           same(&aligner->expected[aligner->i], &aligner->actual[aligner->j])) {
        aligner->beside[aligner->i++] = (uint32_t)aligner->j++;
    }
}

static void align(struct aligner *aligner)
{
    skip_equal_starts(aligner);
    skip_equal_ends(aligner);
    while (aligner->i < aligner->expected_end && aligner->j < aligner->actual_end) {
        size_t left = aligner->expected_end - aligner->i;
        size_t right = aligner->actual_end - aligner->j;
        size_t rows = smaller(left, WINDOW);
        size_t columns = smaller(right, WINDOW);
        bool whole = rows == left && columns == right;

        fill_window(aligner, rows, columns);
        follow_window(aligner, whole ? rows : (rows + 1) / 2, whole ? columns : (columns + 1) / 2);
        skip_equal_starts(aligner);
    }
}

uint32_t *diff_align(const struct diff_mark *expected, size_t expected_count,
                     const struct diff_mark *actual, size_t actual_count, struct hl7_arena *arena)
{
    struct aligner aligner = {.expected = expected,
                              .actual = actual,
                              .beside = hl7_arena_alloc(arena, expected_count * sizeof(uint32_t)),
                              .expected_end = expected_count,
                              .actual_end = actual_count};
    size_t used = arena->used;

    aligner.steps = hl7_arena_alloc(arena, (size_t)ROW * ROW);
    aligner.scores = hl7_arena_alloc(arena, (size_t)2 * ROW * sizeof *aligner.scores);
    if (aligner.beside == NULL || aligner.steps == NULL || aligner.scores == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < expected_count; i++) {
        aligner.beside[i] = DIFF_ALONE;
    }
    align(&aligner);
    arena->used = used;
    return aligner.beside;
}

size_t diff_align_memory(size_t expected, size_t actual)
{
    size_t larger = expected > actual ? expected : actual;
    size_t passing = (size_t)ROW * ROW + (size_t)2 * ROW * sizeof(uint16_t);
    size_t sorting = 2 * larger * sizeof(uint32_t);

    return (expected + actual) * sizeof(struct diff_mark) + expected * sizeof(uint32_t) +
           (passing > sorting ? passing : sorting) + (size_t)8 * _Alignof(max_align_t);
}
