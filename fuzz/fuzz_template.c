/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates: any text compiles or has errors; a program runs over any source. The input is a
 * template, a NUL, and a source; without a NUL the source is empty. The source is every file beside the
 * template, too, to include or to look things up in; and the template is read as a condition as well.
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

/* A finding lies within the file it is about. */
static void check_finding(hl7_slice text, const struct hl7_diagnostic *at)
{
    assert(at->line >= 1 && at->line <= text.len + 1);
    assert(at->column >= 1 && at->column <= at->source.len + 1);
    assert(at->source.len == 0 ||
           (at->source.ptr >= text.ptr && at->source.ptr + at->source.len <= text.ptr + text.len));
    assert(at->text[0] != '\0' && memchr(at->text, '\0', sizeof at->text) != NULL);
}

static void check_findings(hl7_slice text, const struct hl7_diagnostic *first)
{
    size_t line = 1;

    assert(first != NULL);
    for (const struct hl7_diagnostic *at = first; at != NULL; at = at->next) {
        check_finding(text, at);
        assert(at->line >= line);
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
        check_finding(program->files[diagnostic.file.len > 0 ? 1 : 0].text, &diagnostic);
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

/* ---- With files, with warnings, as a condition ------------------------------------------------- */

static enum hl7_code load(void *context, hl7_slice name, hl7_slice *ret_text)
{
    assert(name.len > 0 && name.ptr[0] != '/' && !hl7_slice_starts(name, HL7_TEXT("../")));
    assert(memchr(name.ptr, '\0', name.len) == NULL);
    *ret_text = *(const hl7_slice *)context;
    return HL7_OK;
}

typedef enum hl7_code compile_function(hl7_slice text, const struct hl7_compiling *how,
                                       struct hl7_arena *arena,
                                       const struct hl7_template **ret_template,
                                       struct hl7_diagnostic **ret_diagnostics);

/* With every file there is. Warnings change nothing but the list of findings. */
static enum hl7_code compile_with_files(compile_function *compile, hl7_slice text, hl7_slice *file,
                                        struct hl7_arena *arena,
                                        const struct hl7_template **ret_program)
{
    const struct hl7_loader loader = {.load = load, .context = file};
    struct hl7_diagnostic *findings = NULL;
    size_t used = arena->used;
    size_t errors = 0;

    enum hl7_code warned = compile(text, &(struct hl7_compiling){.loader = &loader, .warn = true},
                                   arena, ret_program, &findings);
    for (const struct hl7_diagnostic *d = findings; d != NULL; d = d->next) {
        check_finding(d->file.len > 0 ? *file : text, d);
        errors += d->severity == HL7_ERROR ? 1 : 0;
    }
    assert((errors > 0) == (warned == HL7_BAD_TEMPLATE));
    arena->used = used;
    findings = NULL;
    enum hl7_code code =
        compile(text, &(struct hl7_compiling){.loader = &loader}, arena, ret_program, &findings);
    assert(warned == code || warned == HL7_NO_MEMORY);
    return code;
}

static void check_with_files(hl7_slice text, hl7_slice source, struct hl7_arena *arena)
{
    const struct hl7_template *program = NULL;
    size_t used = arena->used;

    if (compile_with_files(hl7_template_compile, text, &source, arena, &program) == HL7_OK) {
        check_runs(program, source, arena);
    }
    arena->used = used;
}

static void check_condition(hl7_slice text, hl7_slice source, struct hl7_arena *arena)
{
    const struct hl7_template *condition = NULL;
    struct hl7_conversion conversion = {.source = source, .max_steps = 100000};
    struct hl7_message message;
    size_t used = arena->used;

    if (compile_with_files(hl7_condition_compile, text, &source, arena, &condition) == HL7_OK) {
        enum hl7_code codes[2];
        bool holds[2] = {false, false};

        if (hl7_message_parse(source, arena, &message, NULL) == HL7_OK) {
            conversion.message = &message;
        }
        for (int i = 0; i < 2; i++) {
            struct hl7_diagnostic diagnostic;
            size_t before = arena->used;
            codes[i] = hl7_condition_test(condition, &conversion, arena, &holds[i], &diagnostic);
            assert(arena->used == before);
            if (codes[i] != HL7_OK) {
                check_finding(text, &diagnostic);
            }
        }
        assert(codes[0] == codes[1] && holds[0] == holds[1]);
    }
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
    check_with_files(text, source, &arena);
    check_condition(text, source, &arena);
    return 0;
}
