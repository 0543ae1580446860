/* SPDX-License-Identifier: Apache-2.0
 *
 * What each instruction is told as. The events follow the stack of the run: an instruction that puts
 * a value there is told by an event that does, one that changes the value on top is not told. */
#include "template/run_trace.h"

#include "edit.h"
#include "template/lexer.h"
#include "template/parser.h"

#include "message.h"

#include <string.h>

/* ---- Words --------------------------------------------------------------------------------- */

/* The template from an instruction's position on. */
static hl7_slice text_at(const struct run *run, const struct instruction *instruction)
{
    hl7_slice text = run_file_text(run, instruction);

    return hl7_slice_part(text, instruction->position, text.len);
}

/* A string with its quotes, or a number. Empty where the template has neither. */
static hl7_slice literal_word(hl7_slice text)
{
    size_t len = 0;

    if (text.len > 0 && text.ptr[0] == '\'') {
        for (len = 1; len < text.len; len++) {
            if (text.ptr[len] != '\'') {
                continue;
            }
            if (len + 1 == text.len || text.ptr[len + 1] != '\'') {
                return hl7_slice_part(text, 0, len + 1);
            }
            len++;
        }
    }
    len = 0;
    while (len < text.len && (lexer_is_digit(text.ptr[len]) || text.ptr[len] == '.' ||
                              (len == 0 && text.ptr[len] == '-'))) {
        len++;
    }
    return hl7_slice_part(text, 0, len);
}

/* The table of "map('sex', PID-8)". */
static hl7_slice table_word(hl7_slice text)
{
    const char *quote = memchr(text.ptr, '\'', text.len);

    return literal_word(hl7_slice_part(text, (size_t)(quote - text.ptr), text.len));
}

/* The variable of "let mrn = ...". */
static hl7_slice let_word(hl7_slice text)
{
    size_t at = run_leading_name(text).len;

    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t')) {
        at++;
    }
    return run_leading_name(hl7_slice_part(text, at, text.len));
}

/* The function whose argument begins at a position: count, has, raw, segment. *ret_start is where
 * its name does. */
static hl7_slice function_before(hl7_slice text, size_t position, size_t *ret_start)
{
    size_t end = position;

    while (end > 0 &&
           (text.ptr[end - 1] == ' ' || text.ptr[end - 1] == '\t' || text.ptr[end - 1] == '(')) {
        end--;
    }
    size_t start = end;
    while (start > 0 && lexer_is_letter(text.ptr[start - 1])) {
        start--;
    }
    *ret_start = start;
    return hl7_slice_part(text, start, end - start);
}

/* ---- Places -------------------------------------------------------------------------------- */

static struct run_trace_place look_up(hl7_slice text, size_t position)
{
    struct run_trace_place place = {.line = 1};
    size_t start = 0;

    for (size_t i = 0; i < position; i++) {
        bool crlf = text.ptr[i] == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n';
        if (lexer_is_line_end(text.ptr[i]) && !crlf) {
            place.line++;
            start = i + 1;
        }
    }
    place.column = (uint32_t)(position - start) + 1;
    return place;
}

struct hl7_trace_event run_trace_event(struct run *run, const struct instruction *instruction,
                                       enum hl7_trace_kind kind)
{
    struct run_trace_place *place = &run->trace->places[instruction - run->program->code];

    if (place->line == 0) {
        *place = look_up(run_file_text(run, instruction), instruction->position);
    }
    return (struct hl7_trace_event){.kind = kind,
                                    .file = run->program->files[instruction->file].name,
                                    .line = place->line,
                                    .column = place->column,
                                    .segment = HL7_NONE,
                                    .variable = HL7_NONE};
}

/* ---- Values -------------------------------------------------------------------------------- */

static void tell_literal(struct run *run, const struct instruction *instruction)
{
    struct hl7_trace_event event = run_trace_event(run, instruction, HL7_TRACE_LITERAL);

    event.words = literal_word(text_at(run, instruction));
    run_trace_send(run, &event);
}

static void tell_call(struct run *run, const struct instruction *instruction, hl7_slice name,
                      size_t count)
{
    struct hl7_trace_event event = run_trace_event(run, instruction, HL7_TRACE_CALL);

    event.words = name;
    event.count = count;
    if (instruction->op == OP_MAP) {
        event.table = table_word(text_at(run, instruction));
    }
    run_trace_send(run, &event);
}

/* Functions that know the path of their argument; of them only the path's place is kept. */
static void tell_path_call(struct run *run, const struct instruction *instruction)
{
    struct hl7_trace_event event = run_trace_event(run, instruction, HL7_TRACE_CALL);
    size_t start = 0;

    event.words = function_before(run_file_text(run, instruction), instruction->position, &start);
    event.column -= instruction->position - start;
    event.count = 1;
    run_trace_send(run, &event);
}

static void tell_variable(struct run *run, const struct instruction *instruction,
                          enum hl7_trace_kind kind)
{
    struct hl7_trace_event event = run_trace_event(run, instruction, kind);
    hl7_slice text = text_at(run, instruction);
    bool numbered = instruction->op == OP_PUSH_VARIABLE || instruction->op == OP_LET;

    event.words = kind == HL7_TRACE_KEEP ? let_word(text) : run_leading_name(text);
    event.variable = numbered ? instruction->target : HL7_NONE;
    run_trace_send(run, &event);
}

static hl7_slice comparison_word(enum comparison comparison)
{
    static const hl7_slice words[] = {
        [COMPARE_EQUAL] = {"=", 1},   [COMPARE_NOT] = {"!=", 2},
        [COMPARE_LESS] = {"<", 1},    [COMPARE_LESS_EQUAL] = {"<=", 2},
        [COMPARE_GREATER] = {">", 1}, [COMPARE_GREATER_EQUAL] = {">=", 2},
    };

    return words[comparison];
}

static void tell_value(struct run *run, const struct instruction *instruction)
{
    switch (instruction->op) {
    case OP_PUSH_TEXT:
        tell_literal(run, instruction);
        return;
    case OP_PUSH_PATH:
    case OP_PUSH_ENCODED:
        run_trace_read(run, instruction);
        return;
    case OP_PUSH_JSON:
        run_trace_read_json(run, instruction);
        return;
    case OP_PUSH_RAW:
    case OP_PUSH_SEGMENT:
    case OP_PUSH_COUNT:
    case OP_PUSH_HAS:
        if (instruction->root == ROOT_JSON) {
            run_trace_read_json(run, instruction);
        } else {
            run_trace_read(run, instruction);
        }
        tell_path_call(run, instruction);
        return;
    default:
        tell_variable(run, instruction, HL7_TRACE_RECALL);
        return;
    }
}

static void tell_operation(struct run *run, const struct instruction *instruction)
{
    hl7_slice none = HL7_TEXT("");

    switch (instruction->op) {
    case OP_COMPARE:
        tell_call(run, instruction, comparison_word(instruction->as.comparison), 2);
        return;
    case OP_LIKE:
        tell_call(run, instruction, HL7_TEXT("like"), 2);
        return;
    case OP_IN:
        tell_call(run, instruction, HL7_TEXT("in"), (size_t)instruction->count + 1);
        return;
    case OP_NOT:
        tell_call(run, instruction, HL7_TEXT("not"), 1);
        return;
    case OP_JOIN:
        tell_call(run, instruction, none, instruction->count);
        return;
    case OP_REQUIRED:
        tell_call(run, instruction, run_leading_name(text_at(run, instruction)), 1);
        return;
    case OP_CALL:
    case OP_MAP:
        tell_call(run, instruction, run_leading_name(text_at(run, instruction)),
                  instruction->count);
        return;
    default:
        return;
    }
}

/* ---- Statements ---------------------------------------------------------------------------- */

static void tell_test(struct run *run, const struct instruction *instruction)
{
    struct hl7_trace_event event = run_trace_event(run, instruction, HL7_TRACE_TEST);

    run_trace_send(run, &event);
}

/* Appended segments are numbered in their order, behind those of the message. */
static size_t last_appended(const struct run *run)
{
    size_t number = run->conversion->message->segment_count;
    const struct line *at = NULL;
    struct edit_line line;

    while (edit_next_line(run->edit, &at, &line)) {
        number += line.segment == HL7_NONE ? 1 : 0;
    }
    return number - 1;
}

/* The repetition that was set: [last] is of the working copy. */
static uint32_t set_repetition(const struct run *run, const struct instruction *instruction,
                               size_t segment)
{
    uint32_t asked = instruction->as.path.repetition;

    if (instruction->root == ROOT_REPETITION) {
        return (uint32_t)run->cursors[instruction->slot].turn;
    }
    if (asked == HL7_LAST) {
        return run_trace_last_repetition(run, segment, instruction->as.path.field);
    }
    return asked == 0 && instruction->as.path.component != 0 ? 1 : asked;
}

static void tell_edit(struct run *run, const struct instruction *instruction)
{
    struct hl7_trace_event event = run_trace_event(run, instruction, HL7_TRACE_EDIT);
    struct target target = {.segment = HL7_NONE};

    event.count = instruction->op == OP_DELETE ? 0 : 1;
    if (instruction->op == OP_APPEND) {
        event.words = instruction->as.text;
        event.segment = last_appended(run);
        memcpy(event.path.segment, instruction->as.text.ptr, sizeof event.path.segment - 1);
        run_trace_send(run, &event);
        return;
    }
    run_resolve(run, instruction, &target);
    event.words = path_word(text_at(run, instruction));
    if (target.segment ==
        HL7_NONE) { /* a delete of what is not there; one of a field has a value */
        if (event.count > 0) {
            run_trace_send(run, &event);
        }
        return;
    }
    event.segment = target.segment;
    event.path = instruction->as.path;
    event.path.occurrence = run_trace_occurrence(run, target.message, target.segment);
    event.path.repetition = set_repetition(run, instruction, target.segment);
    run_trace_send(run, &event);
}

/* ---- Output -------------------------------------------------------------------------------- */

static void tell_write(struct run *run, const struct instruction *instruction, size_t count)
{
    struct hl7_trace_event event = run_trace_event(run, instruction, HL7_TRACE_WRITE);

    event.count = count;
    event.from = run->trace->from;
    event.to = output_written(&run->output).len;
    if (count > 0 || event.to > event.from) {
        run_trace_send(run, &event);
    }
}

static void tell_output(struct run *run, const struct instruction *instruction)
{
    switch (instruction->op) {
    case OP_SOURCE:
        run_trace_source(run, instruction);
        return;
    case OP_TEXT:
    case OP_LINE_END:
        tell_write(run, instruction, 0);
        return;
    case OP_LITERAL:
        tell_literal(run, instruction);
        break;
    case OP_ORIGINAL:
        run_trace_read_original(run, instruction);
        break;
    case OP_PATH:
        run_trace_read(run, instruction);
        break;
    default:
        break;
    }
    tell_write(run, instruction, 1);
}

/* ---- The whole ----------------------------------------------------------------------------- */

static bool is_output(enum opcode op)
{
    return op <= OP_LINE_END;
}

static bool is_push(enum opcode op)
{
    return op >= OP_PUSH_TEXT && op <= OP_PUSH_TOTAL;
}

static void tell(struct run *run, const struct instruction *instruction, size_t depth)
{
    if (is_output(instruction->op)) {
        tell_output(run, instruction);
        return;
    }
    if (is_push(instruction->op)) {
        tell_value(run, instruction);
        return;
    }
    switch (instruction->op) {
    case OP_AND:
    case OP_OR:
        if (run->depth < depth) {
            tell_test(run, instruction);
        }
        return;
    case OP_FIND_NEXT:
    case OP_JUMP_UNLESS:
        tell_test(run, instruction);
        return;
    case OP_LET:
        tell_variable(run, instruction, HL7_TRACE_KEEP);
        return;
    case OP_SET:
    case OP_DELETE:
    case OP_APPEND:
        tell_edit(run, instruction);
        return;
    default:
        tell_operation(run, instruction);
        return;
    }
}

/* What an instruction may change and its events need as it was before. */
static void note(struct run *run)
{
    const struct format_state *state = &run->output.state;

    run->trace->from = output_written(&run->output).len;
    run->trace->cell = state->cell;
    run->trace->wrap = state->wrap;
}

bool run_trace_begin(struct run *run)
{
    size_t count = run->program->count;
    size_t left = bound_lift(&run->bound);
    struct run_trace *trace = hl7_arena_alloc(run->arena, sizeof *trace);
    struct run_trace_place *places = hl7_arena_alloc(run->arena, count * sizeof *places);

    if (trace == NULL || places == NULL) {
        return false;
    }
    bound_lower(&run->bound, left);
    memset(places, 0, count * sizeof *places);
    *trace = (struct run_trace){.places = places};
    run->trace = trace;
    note(run);
    return true;
}

enum hl7_code run_trace_step(struct run *run, const struct instruction *instruction)
{
    struct run_trace *trace = run->trace;
    size_t depth = run->depth;

    if (is_output(instruction->op)) {
        run_open_line(run);
    }
    note(run);
    enum hl7_code code = run_instruction(run, instruction);
    if (code != HL7_OK || run->output.buffer->full) {
        return code;
    }
    /* What telling costs is not the conversion's. */
    size_t left = bound_lift(&run->bound);
    size_t work = run->bound.work;
    if (run->output.state.cell != trace->cell) {
        trace->from = run_trace_moved(run, trace->from);
        run_trace_end_cell(run);
    }
    tell(run, instruction, depth);
    note(run);
    run->bound.work = work;
    if (!trace->no_memory) {
        bound_lower(&run->bound, left);
    }
    return trace->no_memory ? HL7_NO_MEMORY : HL7_OK;
}

void run_trace_end(struct run *run)
{
    if (!run->output.buffer->full) {
        run_trace_end_cell(run);
    }
}
