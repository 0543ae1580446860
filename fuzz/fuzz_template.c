/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates: any text compiles or has errors; a program runs over any source. The input is a
 * template, a NUL, and a source; without a NUL the source is empty.
 *
 * What must hold of every run, beside not crashing:
 *   - a template with errors has findings inside the text, in its order; one without has none;
 *   - a second run writes the same bytes, and a strict run the same or an error;
 *   - the arena is given back;
 *   - in an HL7 output every CR is one the template wrote: no value adds a segment. */
#include "hl7.h"
#include "template/program.h"

#include <assert.h>
#include <string.h>

enum { ARENA_BYTES = 4 * 1024 * 1024, OUTPUT_BYTES = 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count_bytes(hl7_slice text, char byte)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++) {
        count += text.ptr[i] == byte ? 1 : 0;
    }
    return count;
}

static void check_findings(hl7_slice text, const struct hl7_diagnostic *first)
{
    size_t line = 1;

    assert(first != NULL);
    for (const struct hl7_diagnostic *at = first; at != NULL; at = at->next) {
        assert(at->line >= line && at->line <= text.len + 1);
        assert(at->column >= 1 && at->column <= at->source.len + 1);
        assert(at->source.len == 0 || (at->source.ptr >= text.ptr &&
                                       at->source.ptr + at->source.len <= text.ptr + text.len));
        assert(memchr(at->text, '\0', sizeof at->text) != NULL);
        line = at->line;
    }
}

/* One run into a fresh buffer. */
static enum hl7_code run(const struct hl7_template *program,
                         const struct hl7_conversion *conversion, struct hl7_arena *arena,
                         char *memory, hl7_slice *ret_output)
{
    struct hl7_diagnostic diagnostic;
    struct hl7_buffer buffer;
    size_t used = arena->used;

    hl7_buffer_init(&buffer, memory, OUTPUT_BYTES);
    enum hl7_code code = hl7_template_run(program, conversion, arena, &buffer, &diagnostic);
    assert(arena->used == used);
    if (code != HL7_OK) {
        check_findings(program->files[0].text, &diagnostic);
    }
    *ret_output = hl7_buffer_slice(&buffer);
    return code;
}

/* Does the number of segments follow from the template alone? Not when raw(...) writes, or when what
 * is written depends on a condition or a loop. */
static bool is_straight(const struct hl7_template *program)
{
    for (size_t i = 0; i < program->count; i++) {
        enum opcode op = program->code[i].op;
        if (op == OP_WRITE_RAW || op == OP_JUMP_UNLESS || op == OP_FOR || op == OP_LINE_END ||
            op == OP_SOURCE || op == OP_REJECT) {
            return false;
        }
    }
    return true;
}

/* Line ends the template writes into an HL7 output; its text holds no CR but these. */
static size_t written_segment_ends(const struct hl7_template *program)
{
    size_t count = 0;

    for (size_t i = 0; i < program->count; i++) {
        const struct instruction *at = &program->code[i];
        count += at->op == OP_TEXT ? count_bytes(at->as.text, '\r') : 0;
    }
    return count;
}

static void check_runs(const struct hl7_template *program, hl7_slice source,
                       struct hl7_arena *arena)
{
    static char memory[OUTPUT_BYTES];
    static char again[OUTPUT_BYTES];
    struct hl7_message message;
    struct hl7_conversion conversion = {.source = source, .max_steps = 100000};
    hl7_slice output;
    hl7_slice second;

    if (hl7_message_parse(source, arena, &message, NULL) == HL7_OK) {
        conversion.message = &message;
    }
    enum hl7_code code = run(program, &conversion, arena, memory, &output);
    enum hl7_code repeated = run(program, &conversion, arena, again, &second);
    assert(repeated == code);
    assert(hl7_slice_equal(output, second));
    if (code == HL7_OK && program->hl7 && is_straight(program)) {
        assert(count_bytes(output, '\r') == written_segment_ends(program));
    }
    conversion.strict = true;
    enum hl7_code strict = run(program, &conversion, arena, again, &second);
    assert(strict == code || strict == HL7_NOT_FOUND);
    assert(strict != HL7_OK || hl7_slice_equal(output, second));
}

/* Warnings change nothing but the list of findings. */
static void check_warnings(hl7_slice text, enum hl7_code code, struct hl7_arena *arena)
{
    static const struct hl7_compiling how = {.warn = true};
    const struct hl7_template *program = NULL;
    struct hl7_diagnostic *findings = NULL;
    size_t used = arena->used;

    enum hl7_code warned = hl7_template_compile(text, &how, arena, &program, &findings);
    assert(warned == code || warned == HL7_NO_MEMORY);
    size_t errors = 0;
    for (const struct hl7_diagnostic *d = findings; d != NULL; d = d->next) {
        assert(d->line > 0 && d->column > 0 && d->column <= d->source.len + 1);
        errors += d->severity == HL7_ERROR ? 1 : 0;
    }
    assert((errors > 0) == (warned == HL7_BAD_TEMPLATE));
    arena->used = used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[ARENA_BYTES];
    hl7_slice text = {(const char *)data, size};
    hl7_slice source = {"", 0};
    const char *nul = size == 0 ? NULL : memchr(data, '\0', size);
    const struct hl7_template *program = NULL;
    struct hl7_diagnostic *findings = NULL;
    struct hl7_arena arena;

    if (nul != NULL) {
        text.len = (size_t)(nul - text.ptr);
        source = (hl7_slice){nul + 1, size - text.len - 1};
    }
    hl7_arena_init(&arena, memory, sizeof memory);
    enum hl7_code code = hl7_template_compile(text, NULL, &arena, &program, &findings);
    assert(code == HL7_OK || code == HL7_BAD_TEMPLATE || code == HL7_NO_MEMORY);
    assert((code == HL7_OK) == (program != NULL));
    if (code == HL7_BAD_TEMPLATE) {
        check_findings(text, findings);
    } else {
        assert(findings == NULL);
    }
    if (code == HL7_OK) {
        check_runs(program, source, &arena);
    }
    check_warnings(text, code, &arena);
    return 0;
}
