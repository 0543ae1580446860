/* SPDX-License-Identifier: Apache-2.0
 *
 * Splitting is what the original converter does: re.split(r'[\r\n]+', source), then split('|'). A
 * source that begins or ends with a line end has an empty first or last line. Nothing is known here
 * of HL7: the bytes may be anything.
 *
 * A template may ask for the same long line a thousand times. So the placeholders are sorted when
 * the template is compiled, and a run walks the source once, meeting them in order. The cost is the
 * length of the source plus the number of placeholders, the memory one slice for each of these. */
#include "template/original.h"

#include "template/lexer.h"

#include "scan.h"

#include <assert.h>

/* ---- Sorting ------------------------------------------------------------------------------- */

static bool comes_before(const struct instruction *code, uint32_t a, uint32_t b)
{
    const struct original *left = &code[a].as.original;
    const struct original *right = &code[b].as.original;

    if (left->segment != right->segment) {
        return left->segment < right->segment;
    }
    return left->piece < right->piece;
}

/* Moves the entry at `at` down the heap until both below it come before it. */
static void sift(const struct instruction *code, uint32_t *heap, size_t at, size_t count)
{
    for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && comes_before(code, heap[child], heap[child + 1])) {
            child++;
        }
        if (!comes_before(code, heap[at], heap[child])) {
            return;
        }
        uint32_t moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
        at = child;
    }
}

/* A heap sort: no memory, no recursion, no bad case. */
void original_sort(struct instruction *code, uint32_t *originals, size_t count)
{
    for (size_t at = count / 2; at > 0; at--) {
        sift(code, originals, at - 1, count);
    }
    for (size_t left = count; left > 1; left--) {
        uint32_t largest = originals[0];
        originals[0] = originals[left - 1];
        originals[left - 1] = largest;
        sift(code, originals, 0, left - 1);
    }
    for (size_t slot = 0; slot < count; slot++) {
        code[originals[slot]].as.original.slot = (uint32_t)slot;
    }
}

/* ---- Finding ------------------------------------------------------------------------------- */

/* A place in the source: a line, and a piece within it. */
struct cursor {
    hl7_slice source;
    size_t at; /* behind the line */
    size_t line_number;
    hl7_slice line; /* absent behind the last one */
    size_t piece_number;
    hl7_slice piece; /* absent behind the last one of the line */
    hl7_slice rest;  /* the line behind the piece */
};

/* The offset of the next line end, or of the end of the text. */
static size_t line_end(hl7_slice text, size_t at)
{
    while (at < text.len) {
        uint64_t ends = scan_block(text, at, '\r', '\n');
        if (ends != 0) {
            return at + scan_take(&ends);
        }
        at += text.len - at < SCAN_BLOCK ? text.len - at : SCAN_BLOCK;
    }
    return at;
}

/* Enters the line that begins at cursor->at, and its first piece. */
static void enter_line(struct cursor *cursor)
{
    size_t start = cursor->at;

    cursor->at = line_end(cursor->source, start);
    cursor->line = hl7_slice_part(cursor->source, start, cursor->at - start);
    cursor->rest = cursor->line;
    cursor->piece_number = 0;
    (void)hl7_piece_next(&cursor->rest, '|', &cursor->piece);
}

static void next_line(struct cursor *cursor)
{
    cursor->line_number++;
    if (cursor->at == cursor->source.len) {
        cursor->line = (hl7_slice){NULL, 0};
        return;
    }
    while (cursor->at < cursor->source.len && lexer_is_line_end(cursor->source.ptr[cursor->at])) {
        cursor->at++;
    }
    enter_line(cursor);
}

static void next_piece(struct cursor *cursor)
{
    cursor->piece_number++;
    if (!hl7_piece_next(&cursor->rest, '|', &cursor->piece)) {
        cursor->piece = (hl7_slice){NULL, 0};
    }
}

/* The piece wanted; it is not behind the one the cursor stands at. */
static hl7_slice seek(struct cursor *cursor, const struct original *wanted)
{
    while (cursor->line.ptr != NULL && cursor->line_number < wanted->segment) {
        next_line(cursor);
    }
    if (cursor->line.ptr == NULL) {
        return cursor->line;
    }
    while (cursor->piece.ptr != NULL && cursor->piece_number < wanted->piece) {
        next_piece(cursor);
    }
    return cursor->piece;
}

void original_find(const struct hl7_template *program, hl7_slice source, hl7_slice *values)
{
    struct cursor cursor = {.source = source.ptr == NULL ? HL7_TEXT("") : source};

    enter_line(&cursor);
    for (size_t slot = 0; slot < program->original_count; slot++) {
        const struct instruction *instruction = &program->code[program->originals[slot]];
        assert(instruction->op == OP_ORIGINAL);
        values[slot] = seek(&cursor, &instruction->as.original);
    }
}
