/* SPDX-License-Identifier: Apache-2.0
 *
 * Running a program: a loop over its instructions. The only scratch memory is the values of the
 * original placeholders, found together when the first of them is met; it goes back to the arena at
 * the end. Nothing here depends on earlier runs, so many threads may run one program. */
#include "template/limits.h"
#include "template/original.h"
#include "template/output.h"
#include "template/report.h"

struct run {
    const struct hl7_template *program;
    const struct hl7_conversion *conversion;
    struct hl7_arena *arena;
    struct output output;
    hl7_slice *values; /* of the original placeholders; NULL until one is needed */
    bool strict;
};

static enum hl7_code run_original(struct run *run, const struct instruction *instruction)
{
    const struct hl7_template *program = run->program;

    if (run->values == NULL) {
        run->values = hl7_arena_alloc(run->arena, program->original_count * sizeof *run->values);
        if (run->values == NULL) {
            return HL7_NO_MEMORY;
        }
        original_find(program, run->conversion->source, run->values);
    }
    hl7_slice value = run->values[instruction->as.original.slot];
    if (value.ptr == NULL && run->strict) {
        return HL7_NOT_FOUND;
    }
    hl7_buffer_add(run->output.buffer, value);
    return HL7_OK;
}

static enum hl7_code run_path(struct run *run, const struct instruction *instruction)
{
    const struct hl7_message *message = run->conversion->message;
    hl7_slice value = {NULL, 0};

    if (message != NULL) {
        value = hl7_message_get(message, &instruction->as.path);
    }
    if (value.ptr == NULL) {
        return run->strict ? HL7_NOT_FOUND : HL7_OK;
    }
    return output_raw(&run->output, &instruction->as.path, value);
}

static enum hl7_code run_instruction(struct run *run, const struct instruction *instruction)
{
    switch (instruction->op) {
    case OP_TEXT:
        hl7_buffer_add(run->output.buffer, instruction->as.text);
        return HL7_OK;
    case OP_LITERAL:
        return output_text(&run->output, instruction->as.text);
    case OP_ORIGINAL:
        return run_original(run, instruction);
    case OP_PATH:
        break;
    }
    return run_path(run, instruction);
}

/* ---- Errors -------------------------------------------------------------------------------- */

static const char *explain(const struct run *run, enum hl7_code code)
{
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

/* The template's own words for what an instruction gives: "{0-9}", "PID-5.1", "'text'". */
static hl7_slice describe(const struct run *run, const struct instruction *instruction,
                          struct hl7_buffer *buffer)
{
    hl7_slice text = run->program->text;
    hl7_slice rest = hl7_slice_part(text, instruction->position, text.len);
    size_t len = 0;

    switch (instruction->op) {
    case OP_PATH:
        hl7_path_write(&instruction->as.path, buffer);
        return hl7_buffer_slice(buffer);
    case OP_ORIGINAL:
        while (rest.ptr[len] != '}') {
            len++;
        }
        return hl7_slice_part(rest, 0, len + 1);
    case OP_LITERAL:
    case OP_TEXT:
        break;
    }
    return HL7_TEXT("this text");
}

static void report_failure(const struct run *run, const struct instruction *instruction,
                           enum hl7_code code, struct hl7_diagnostic *ret_diagnostic)
{
    char memory[80]; /* the longest path has fewer bytes */
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    report_fill(ret_diagnostic, run->program->text, instruction->position, explain(run, code),
                describe(run, instruction, &buffer), (hl7_slice){NULL, 0});
}

/* ---- The loop ------------------------------------------------------------------------------ */

static enum hl7_code run_all(struct run *run, struct hl7_diagnostic *ret_diagnostic)
{
    const struct hl7_template *program = run->program;

    for (size_t i = 0; i < program->count; i++) {
        enum hl7_code code = run_instruction(run, &program->code[i]);
        if (run->output.buffer->full) {
            code = HL7_NO_MEMORY;
        }
        if (code != HL7_OK) {
            report_failure(run, &program->code[i], code, ret_diagnostic);
            return code;
        }
    }
    return HL7_OK;
}

enum hl7_code hl7_template_run(const struct hl7_template *program,
                               const struct hl7_conversion *conversion, struct hl7_arena *arena,
                               struct hl7_buffer *buffer, struct hl7_diagnostic *ret_diagnostic)
{
    size_t used = arena->used;
    struct run run = {.program = program,
                      .conversion = conversion,
                      .arena = arena,
                      .strict = conversion->strict || program->strict};

    output_init(&run.output, buffer, program->hl7, conversion->message);
    enum hl7_code code = run_all(&run, ret_diagnostic);
    arena->used = used;
    return code;
}
