/* SPDX-License-Identifier: Apache-2.0
 *
 * Running a program: a loop over its instructions. The only scratch memory is the values of the
 * original placeholders, found together when the first of them is met; it goes back to the arena at
 * the end. Nothing here depends on earlier runs, so many threads may run one program. */
#include "template/run.h"

#include "template/original.h"
#include "template/parser.h"
#include "template/report.h"
#include "template/run_trace.h"

#include "message.h"

#include <assert.h>

static enum hl7_code run_original(struct run *run, const struct instruction *instruction)
{
    const struct hl7_template *program = run->program;

    if (run->values == NULL) {
        run->values = hl7_arena_alloc(run->arena, program->original_count * sizeof *run->values);
        if (run->values == NULL) {
            return HL7_NO_MEMORY;
        }
        run->kept = run->arena->used;
        original_find(program, run->conversion->source, run->values);
        bound_add(&run->bound, run->conversion->source.len);
    }
    hl7_slice value = run->values[instruction->as.original.slot];
    if (value.ptr == NULL && run->strict) {
        return HL7_NOT_FOUND;
    }
    if (run->output.structured) {
        return output_text(&run->output, value);
    }
    hl7_buffer_add(run->output.buffer, value);
    return HL7_OK;
}

/* In JSON, XML and CSV the escapes of HL7 mean nothing: they are undone, in all of the value. */
static enum hl7_code run_path_as_text(struct run *run, const struct instruction *instruction,
                                      const struct target *target)
{
    hl7_slice text = {NULL, 0};
    enum hl7_code code = run_decode(run, &instruction->as.path, target, &text);

    if (code == HL7_OK) {
        code = output_text(&run->output, text);
    }
    run->arena->used = run->kept;
    return code;
}

static enum hl7_code run_path(struct run *run, const struct instruction *instruction)
{
    struct target target;

    run_resolve(run, instruction, &target);
    bound_add(&run->bound, target.work);
    if (target.raw.ptr == NULL) {
        if (run->strict) {
            return HL7_NOT_FOUND;
        }
        return run->output.structured ? output_text(&run->output, target.raw) : HL7_OK;
    }
    if (run->output.structured) {
        return run_path_as_text(run, instruction, &target);
    }
    return output_raw(&run->output, &target.message->delimiters, &instruction->as.path, target.raw);
}

/* A value is done: so is the memory that was needed to make it. */
static enum hl7_code run_write(struct run *run, const struct instruction *instruction)
{
    hl7_slice value = run_pop(run);
    enum hl7_code code = HL7_OK;

    bound_add(&run->bound, value.len);
    if (instruction->op == OP_WRITE_RAW) {
        output_template(&run->output, value);
    } else {
        code = output_text(&run->output, value);
    }
    run->arena->used = run->kept;
    return code;
}

/* ---- Jumps --------------------------------------------------------------------------------- */

/* A value that decides stays; the other one is taken. */
static void run_shortcut(struct run *run, const struct instruction *instruction)
{
    bool truth = run->stack[run->depth - 1].len > 0;

    if (truth == (instruction->op == OP_OR)) {
        run->next = instruction->target;
    } else {
        run->depth--;
    }
}

/* Searches in a loop are many: the source is indexed before the first. */
static enum hl7_code enter_loop(struct run *run, const struct instruction *instruction)
{
    const struct hl7_message *message = run->conversion->message;

    if (instruction->count == ROOT_JSON) {
        enum hl7_code code = run_open_json(run);
        if (code != HL7_OK) {
            return code;
        }
    }
    if (run->index.message == NULL && message != NULL && run->program->loops) {
        size_t left = bound_lift(&run->bound);
        if (!index_build(&run->index, message, run->arena)) {
            return HL7_NO_MEMORY;
        }
        bound_lower(&run->bound, left);
        bound_add(&run->bound, message->segment_count * BOUND_SEGMENT);
        run->kept = run->arena->used;
    }
    if (!run_first(run, instruction)) {
        run->next = instruction->target;
    }
    return HL7_OK;
}

static enum hl7_code run_control(struct run *run, const struct instruction *instruction)
{
    bool jumps = false;

    switch (instruction->op) {
    case OP_JUMP_UNLESS:
        jumps = run_pop(run).len == 0;
        run->arena->used = run->kept;
        break;
    case OP_FIND_NEXT:
        jumps = run_pop(run).len == 0 && run_next(run, instruction);
        break;
    case OP_NEXT:
        jumps = run_next(run, instruction);
        break;
    case OP_LET:
        run->variables[instruction->target] = run_pop(run);
        run->kept = run->arena->used;
        break;
    case OP_JUMP:
        jumps = true;
        break;
    default:
        return enter_loop(run, instruction);
    }
    if (jumps) {
        run->next = instruction->target;
    }
    return HL7_OK;
}

/* The end of a line whose statements left nothing on it is not written. A line end that is the last
 * byte of a value ends no line. */
static void run_line_end(struct run *run, const struct instruction *instruction)
{
    hl7_slice text = output_written(&run->output);

    if (text.len > 0 &&
        (!lexer_is_line_end(text.ptr[text.len - 1]) || run->value_end == run->output.buffer->len)) {
        output_template(&run->output, instruction->as.text);
    }
}

void run_open_line(struct run *run)
{
    hl7_slice text = output_written(&run->output);

    if (run->line_open && text.len > 0 && !lexer_is_line_end(text.ptr[text.len - 1])) {
        hl7_buffer_add(run->output.buffer, run->output.hl7 ? HL7_TEXT("\r") : HL7_TEXT("\n"));
    }
    run->line_open = false;
}

static enum hl7_code run_placeholder(struct run *run, const struct instruction *instruction)
{
    size_t before = run->output.buffer->len;
    enum hl7_code code;

    switch (instruction->op) {
    case OP_LITERAL:
        code = output_text(&run->output, instruction->as.text);
        break;
    case OP_ORIGINAL:
        code = run_original(run, instruction);
        break;
    case OP_PATH:
        code = run_path(run, instruction);
        break;
    default:
        code = run_write(run, instruction);
        break;
    }
    if (run->output.buffer->len > before) {
        run->value_end = run->output.buffer->len;
    }
    return code;
}

static enum hl7_code run_output(struct run *run, const struct instruction *instruction)
{
    run_open_line(run);
    switch (instruction->op) {
    case OP_TEXT:
        output_template(&run->output, instruction->as.text);
        return HL7_OK;
    case OP_SOURCE:
        run->line_open = run->output.hl7;
        return run_source(run);
    case OP_LINE_END:
        run_line_end(run, instruction);
        return HL7_OK;
    default:
        return run_placeholder(run, instruction);
    }
}

enum hl7_code run_instruction(struct run *run, const struct instruction *instruction)
{
    switch (instruction->op) {
    case OP_AND:
    case OP_OR:
        run_shortcut(run, instruction);
        return HL7_OK;
    case OP_FIND:
    case OP_FIND_NEXT:
    case OP_JUMP:
    case OP_JUMP_UNLESS:
    case OP_FOR:
    case OP_NEXT:
    case OP_LET:
        return run_control(run, instruction);
    case OP_SET:
    case OP_DELETE:
    case OP_APPEND:
        return run_edit(run, instruction);
    case OP_REJECT:
        return run_reject(run, instruction);
    case OP_SOURCE:
    case OP_TEXT:
    case OP_LITERAL:
    case OP_ORIGINAL:
    case OP_PATH:
    case OP_WRITE:
    case OP_WRITE_RAW:
    case OP_LINE_END:
        return run_output(run, instruction);
    default:
        return run_value(run, instruction);
    }
}

/* ---- Errors -------------------------------------------------------------------------------- */

static const char *explain(const struct run *run, enum hl7_code code)
{
    if (run->problem != NULL) {
        return "%: %";
    }
    switch (code) {
    case HL7_NOT_FOUND:
        return run->conversion->message == NULL ? "the source has no % (it is not an HL7 message)"
                                                : "the message has no %";
    case HL7_BAD_DELIMITERS:
        return "MSH-1 and MSH-2 of the output are no delimiters to encode % with";
    case HL7_NOT_ENCODABLE:
        return "% cannot be encoded: MSH-2 of the output has no escape character";
    default:
        return "the output does not fit the memory there is";
    }
}

hl7_slice run_leading_name(hl7_slice text)
{
    size_t len = 0;

    while (len < text.len && (lexer_is_letter(text.ptr[len]) || lexer_is_digit(text.ptr[len]) ||
                              text.ptr[len] == '_')) {
        len++;
    }
    return hl7_slice_part(text, 0, len);
}

hl7_slice run_file_text(const struct run *run, const struct instruction *instruction)
{
    hl7_slice text = run->program->files[instruction->file].text;

    return hl7_slice_part(text, message_bom(text), text.len);
}

/* The template's own words for what an instruction gives: "{0-9}", "PID-5.1", "upper". */
static hl7_slice describe(const struct run *run, const struct instruction *instruction)
{
    hl7_slice text = run_file_text(run, instruction);
    hl7_slice rest = hl7_slice_part(text, instruction->position, text.len);
    size_t len = 0;

    switch (instruction->op) {
    case OP_PATH:
        return path_word(rest);
    case OP_ORIGINAL:
        while (rest.ptr[len] != '}') {
            len++;
        }
        return hl7_slice_part(rest, 0, len + 1);
    case OP_SET:
    case OP_DELETE:
        return path_word(rest);
    case OP_PUSH_JSON:
    case OP_FOR:
        while (len < rest.len && rest.ptr[len] != '}' && !lexer_is_line_end(rest.ptr[len])) {
            len++;
        }
        return hl7_slice_part(rest, 0, len);
    case OP_CALL:
    case OP_MAP:
    case OP_REQUIRED:
    case OP_APPEND:
    case OP_SOURCE:
    case OP_REJECT:
        return run_leading_name(rest);
    default:
        return HL7_TEXT("this text");
    }
}

static void report_failure(const struct run *run, const struct instruction *instruction,
                           enum hl7_code code, struct hl7_diagnostic *ret_diagnostic)
{
    hl7_slice word = describe(run, instruction);
    bool bounded = code == HL7_TOO_LARGE && run->bound.exceeded != BOUND_NONE;
    char digits[20];
    const char *sentence = bounded ? bound_explain(&run->bound, digits, &word) : explain(run, code);

    report_fill(ret_diagnostic, run_file_text(run, instruction), instruction->position, sentence,
                word, hl7_slice_of(run->problem));
    ret_diagnostic->file = run->program->files[instruction->file].name;
}

/* ---- The loop ------------------------------------------------------------------------------ */

static enum hl7_code run_step(struct run *run, const struct instruction *instruction)
{
    return run->trace == NULL ? run_instruction(run, instruction)
                              : run_trace_step(run, instruction);
}

static enum hl7_code run_all(struct run *run, struct hl7_diagnostic *ret_diagnostic)
{
    const struct hl7_template *program = run->program;

    while (run->next < program->count) {
        const struct instruction *instruction = &program->code[run->next++];
        size_t before = run->output.buffer->len;
        enum hl7_code code = bound_step(&run->bound) ? run_step(run, instruction) : HL7_TOO_LARGE;
        code = bound_check(&run->bound, before, code);
        if (code != HL7_OK) {
            run->problem = run->problem == NULL ? run->output.problem : run->problem;
            report_failure(run, instruction, code, ret_diagnostic);
            return code;
        }
    }
    assert(run->depth == 0);
    output_end(&run->output);
    if (run->trace != NULL) {
        run_trace_end(run);
    }
    enum hl7_code code = bound_check(&run->bound, run->output.buffer->len, HL7_OK);
    if (code != HL7_OK) {
        report_failure(run, &program->code[program->count - 1], code, ret_diagnostic);
    }
    return code;
}

/* ---- Beginning ----------------------------------------------------------------------------- */

static const struct hl7_message *find_named(const struct hl7_conversion *conversion, hl7_slice name)
{
    for (size_t i = 0; i < conversion->named_count; i++) {
        if (hl7_slice_equal(conversion->named[i].name, name)) {
            return conversion->named[i].message;
        }
    }
    return NULL;
}

/* Room for `count` objects in the arena; NULL is good for none. */
static bool take(struct hl7_arena *arena, size_t count, size_t size, void **ret_memory)
{
    *ret_memory = count == 0 ? NULL : hl7_arena_alloc(arena, count * size);
    return count == 0 || *ret_memory != NULL;
}

/* Takes what the program is known to need. */
static bool prepare(struct run *run)
{
    const struct hl7_template *program = run->program;
    void *stack = NULL;
    void *cursors = NULL;
    void *messages = NULL;
    void *variables = NULL;

    if (!take(run->arena, program->stack_size, sizeof *run->stack, &stack) ||
        !take(run->arena, program->cursor_count, sizeof *run->cursors, &cursors) ||
        !take(run->arena, program->variable_count, sizeof *run->variables, &variables) ||
        !take(run->arena, program->message_count, sizeof(void *), &messages) ||
        (run->conversion->trace != NULL && !run_trace_begin(run))) {
        return false;
    }
    run->stack = stack;
    run->cursors = cursors;
    run->messages = messages;
    run->variables = variables;
    for (size_t i = 0; i < program->variable_count; i++) {
        run->variables[i] = (hl7_slice){NULL, 0};
    }
    for (size_t i = 0; i < program->cursor_count; i++) {
        run->cursors[i] = (struct cursor){.node = HL7_NONE};
    }
    for (size_t i = 0; i < program->message_count; i++) {
        run->messages[i] = find_named(run->conversion, program->messages[i]);
    }
    run->kept = run->arena->used;
    return true;
}

enum hl7_code hl7_template_run(const struct hl7_template *program,
                               const struct hl7_conversion *conversion, struct hl7_arena *arena,
                               struct hl7_buffer *buffer, struct hl7_diagnostic *ret_diagnostic)
{
    enum hl7_code code = HL7_NO_MEMORY;
    struct run run = {.program = program,
                      .conversion = conversion,
                      .arena = &run.bound.arena,
                      .strict = conversion->strict || program->strict};

    if (conversion->services != NULL) {
        run.services = *conversion->services;
    }
    bound_begin(&run.bound, conversion, arena, buffer);
    output_init(&run.output, &run.bound.buffer, program->hl7, conversion->message);
    output_set_format(&run.output, program->format, program->separator);
    if (prepare(&run)) {
        code = run_all(&run, ret_diagnostic);
    } else {
        report_failure(&run, &program->code[0], code, ret_diagnostic);
    }
    if (conversion->services != NULL) {
        conversion->services->control_id_counter = run.services.control_id_counter;
    }
    bound_end(&run.bound, buffer);
    return code;
}
