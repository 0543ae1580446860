/* SPDX-License-Identifier: Apache-2.0
 *
 * The stack of an expression. A value is decoded text; a path gives its first leaf (rule 15). What
 * an operation makes lives in the arena; what it can borrow it borrows. */
#include "template/run.h"

#include "template/glob.h"
#include "template/number.h"

#include "arena.h"

#include <assert.h>
#include <string.h>

void run_push(struct run *run, hl7_slice value)
{
    assert(run->depth < run->program->stack_size);
    run->stack[run->depth++] = value;
}

hl7_slice run_pop(struct run *run)
{
    assert(run->depth > 0);
    return run->stack[--run->depth];
}

static void push_truth(struct run *run, bool value)
{
    run_push(run, value ? HL7_TEXT("1") : HL7_TEXT(""));
}

/* ---- Paths --------------------------------------------------------------------------------- */

hl7_slice run_leaf(const struct target *target, const struct hl7_path *path)
{
    if (path->field == 0) {
        return target->raw.ptr == NULL ? target->raw
                                       : hl7_segment_name(target->message, target->segment);
    }
    if (path->field <= 2 && hl7_segment_is_header(hl7_slice_of(path->segment))) {
        return target->raw;
    }
    return hl7_first_leaf(&target->message->delimiters, target->raw);
}

static enum hl7_code decode(struct run *run, const struct hl7_delimiters *delimiters, hl7_slice raw,
                            hl7_slice *ret_text)
{
    struct hl7_buffer buffer;

    if (raw.len == 0 || delimiters->escape == '\0' ||
        memchr(raw.ptr, delimiters->escape, raw.len) == NULL) {
        *ret_text = raw;
        return HL7_OK;
    }
    arena_open(run->arena, &buffer);
    hl7_unescape(delimiters, raw, HL7_TEXT_PLAIN, &buffer);
    if (buffer.full) {
        return HL7_NO_MEMORY;
    }
    *ret_text = arena_keep(run->arena, &buffer);
    return HL7_OK;
}

enum hl7_code run_decode(struct run *run, const struct hl7_path *path, const struct target *target,
                         hl7_slice *ret_text)
{
    bound_add(&run->bound, target->raw.len);
    if (path->field == 0 ||
        (path->field <= 2 && hl7_segment_is_header(hl7_slice_of(path->segment)))) {
        *ret_text = target->raw;
        return HL7_OK;
    }
    return decode(run, &target->message->delimiters, target->raw, ret_text);
}

static enum hl7_code push_path(struct run *run, const struct instruction *instruction)
{
    const struct hl7_path *path = &instruction->as.path;
    struct target target;

    run_resolve(run, instruction, &target);
    bound_add(&run->bound, target.work);
    if (target.raw.ptr == NULL) {
        run_push(run, target.raw);
        return HL7_OK;
    }
    hl7_slice leaf = run_leaf(&target, path);
    bound_add(&run->bound, hl7_piece(target.raw, target.message->delimiters.repetition, 1).len);
    if (path->field <= 2 && hl7_segment_is_header(hl7_slice_of(path->segment))) {
        run_push(run, leaf);
        return HL7_OK;
    }
    enum hl7_code code = decode(run, &target.message->delimiters, leaf, &leaf);
    if (code == HL7_OK) {
        run_push(run, leaf);
    }
    return code;
}

static enum hl7_code push_number(struct run *run, size_t number)
{
    struct hl7_buffer buffer;

    arena_open(run->arena, &buffer);
    hl7_buffer_add_number(&buffer, number);
    if (buffer.full) {
        return HL7_NO_MEMORY;
    }
    run_push(run, arena_keep(run->arena, &buffer));
    return HL7_OK;
}

/* How many turns a loop has is counted once, when somebody asks. */
static size_t total_of(struct run *run, size_t number)
{
    struct cursor *cursor = &run->cursors[number];

    if (cursor->total == 0) {
        cursor->total = run_total(run, number);
    }
    return cursor->total;
}

/* What a loop knows of itself. */
static enum hl7_code push_from_loop(struct run *run, const struct instruction *instruction)
{
    const struct cursor *cursor = &run->cursors[instruction->cursor];

    switch (instruction->op) {
    case OP_PUSH_INDEX:
        return push_number(run, cursor->turn);
    case OP_PUSH_TOTAL:
        return push_number(run, total_of(run, instruction->cursor));
    case OP_PUSH_FIRST:
        push_truth(run, cursor->turn == 1);
        return HL7_OK;
    default:
        push_truth(run, cursor->turn == total_of(run, instruction->cursor));
        return HL7_OK;
    }
}

static enum hl7_code push_about_json(struct run *run, const struct instruction *instruction)
{
    enum hl7_code code = run_open_json(run);

    if (code != HL7_OK) {
        return code;
    }
    size_t node = run_json(run, instruction);
    if (instruction->op == OP_PUSH_COUNT) {
        size_t count = node == HL7_NONE ? 0 : json_tree_count(&run->json, node);
        bound_add(&run->bound, count * BOUND_SEGMENT);
        return push_number(run, count);
    }
    push_truth(run, node != HL7_NONE && json_tree_kind(&run->json, node) != JSON_NULL);
    return HL7_OK;
}

static enum hl7_code push_from_path(struct run *run, const struct instruction *instruction)
{
    struct target target;

    if (instruction->root == ROOT_JSON) {
        return push_about_json(run, instruction);
    }
    if (instruction->op == OP_PUSH_COUNT) {
        return push_number(run, run_count(run, instruction));
    }
    if (instruction->op == OP_PUSH_PATH) {
        return push_path(run, instruction);
    }
    run_resolve(run, instruction, &target);
    bound_add(&run->bound, target.work);
    if (instruction->op == OP_PUSH_HAS) {
        push_truth(run, target.raw.len > 0);
    } else if (instruction->op == OP_PUSH_RAW) {
        run_push(run, target.raw);
    } else if (target.segment == HL7_NONE) {
        run_push(run, (hl7_slice){NULL, 0});
    } else {
        run_push(run, hl7_segment_bytes(target.message, target.segment));
    }
    return HL7_OK;
}

/* ---- Comparing ----------------------------------------------------------------------------- */

/* Below 0, 0, above 0: as numbers when both are numbers, else byte by byte. */
static int compare(struct run *run, hl7_slice a, hl7_slice b)
{
    struct number left;
    struct number right;

    bound_add(&run->bound, a.len + b.len);
    if (number_parse(a, &left) && number_parse(b, &right)) {
        return number_compare(&left, &right);
    }
    size_t least = a.len < b.len ? a.len : b.len;
    int order = least == 0 ? 0 : memcmp(a.ptr, b.ptr, least);
    if (order != 0 || a.len == b.len) {
        return order;
    }
    return a.len < b.len ? -1 : 1;
}

static bool holds(enum comparison comparison, int order)
{
    switch (comparison) {
    case COMPARE_EQUAL:
        return order == 0;
    case COMPARE_NOT:
        return order != 0;
    case COMPARE_LESS:
        return order < 0;
    case COMPARE_LESS_EQUAL:
        return order <= 0;
    case COMPARE_GREATER:
        return order > 0;
    case COMPARE_GREATER_EQUAL:
        break;
    }
    return order >= 0;
}

/* The value, and above it the list. */
static void run_in(struct run *run, size_t count)
{
    bool found = false;

    run->depth -= count;
    hl7_slice value = run->stack[run->depth - 1];
    for (size_t i = 0; i < count && !found; i++) {
        found = compare(run, value, run->stack[run->depth + i]) == 0;
    }
    (void)run_pop(run);
    push_truth(run, found);
}

/* The text, and its pattern. One that would cost more than there is is given up, and not paid for. */
static void run_like(struct run *run, hl7_slice pattern)
{
    const size_t most = bound_room(&run->bound);
    size_t left = most;
    bool fits = glob_match(pattern, run_pop(run), &left);

    bound_add(&run->bound, pattern.len + (most - left));
    push_truth(run, fits);
}

/* ---- Making -------------------------------------------------------------------------------- */

static enum hl7_code run_join(struct run *run, size_t count)
{
    struct hl7_buffer buffer;

    arena_open(run->arena, &buffer);
    run->depth -= count;
    for (size_t i = 0; i < count; i++) {
        hl7_buffer_add(&buffer, run->stack[run->depth + i]);
    }
    if (buffer.full) {
        return HL7_NO_MEMORY;
    }
    bound_add(&run->bound, buffer.len);
    run_push(run, arena_keep(run->arena, &buffer));
    return HL7_OK;
}

static enum hl7_code run_call(struct run *run, const struct instruction *instruction)
{
    hl7_slice value = {NULL, 0};

    run->depth -= instruction->count;
    const struct call call = {.arguments = &run->stack[run->depth],
                              .count = instruction->count,
                              .arena = run->arena,
                              .services = &run->services,
                              .ret_problem = &run->problem};
    enum hl7_code code = instruction->as.function->run(&call, &value);
    for (size_t i = 0; i < call.count; i++) {
        bound_add(&run->bound, call.arguments[i].len);
    }
    if (code == HL7_OK) {
        bound_add(&run->bound, value.len);
        run_push(run, value);
    }
    return code;
}

/* The second column of the row with this key. */
static enum hl7_code run_map(struct run *run, const struct instruction *instruction)
{
    hl7_slice otherwise = instruction->count == 2 ? run_pop(run) : (hl7_slice){NULL, 0};
    hl7_slice key = run_pop(run);
    hl7_slice found = table_find(&run->program->tables[instruction->target], key, 2);

    bound_add(&run->bound, key.len);
    if (found.ptr == NULL && instruction->count < 2) {
        run->problem = "the table has no such key, and there is no default";
        return HL7_NOT_FOUND;
    }
    run_push(run, found.ptr == NULL ? otherwise : found);
    return HL7_OK;
}

static enum hl7_code run_required(struct run *run)
{
    if (run->stack[run->depth - 1].len > 0) {
        return HL7_OK;
    }
    run->problem = "there is no value";
    return HL7_NOT_FOUND;
}

enum hl7_code run_value(struct run *run, const struct instruction *instruction)
{
    hl7_slice right;

    switch (instruction->op) {
    case OP_PUSH_TEXT:
        run_push(run, instruction->as.text);
        return HL7_OK;
    case OP_PUSH_JSON:
        return run_push_json(run, instruction);
    case OP_PUSH_VARIABLE:
        run_push(run, run->variables[instruction->target]);
        return HL7_OK;
    case OP_PUSH_INDEX:
    case OP_PUSH_FIRST:
    case OP_PUSH_LAST:
    case OP_PUSH_TOTAL:
        return push_from_loop(run, instruction);
    case OP_COMPARE:
        right = run_pop(run);
        push_truth(run, holds(instruction->as.comparison, compare(run, run_pop(run), right)));
        return HL7_OK;
    case OP_LIKE:
        right = run_pop(run);
        run_like(run, right);
        return HL7_OK;
    case OP_IN:
        run_in(run, instruction->count);
        return HL7_OK;
    case OP_NOT:
        push_truth(run, run_pop(run).len == 0);
        return HL7_OK;
    case OP_TRUTH:
        push_truth(run, run_pop(run).len > 0);
        return HL7_OK;
    case OP_JOIN:
        return run_join(run, instruction->count);
    case OP_CALL:
        return run_call(run, instruction);
    case OP_MAP:
        return run_map(run, instruction);
    case OP_REQUIRED:
        return run_required(run);
    case OP_ENCODE:
    case OP_RECODE:
    case OP_PUSH_ENCODED:
        return run_encode(run, instruction);
    default:
        return push_from_path(run, instruction);
    }
}
