/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of templates share: a workbench with an arena and a buffer, and the whole way from
 * a template and a source to an output in one call. */
#ifndef TESTS_UNIT_TEST_TEMPLATE_SUPPORT_H
#define TESTS_UNIT_TEST_TEMPLATE_SUPPORT_H

#include "support.h"

enum { BENCH_ARENA = 8 * 1024 * 1024, BENCH_OUTPUT = 1024 * 1024 };

/* Everything one conversion needs and yields. `output` borrows from the bench. */
struct bench {
    char arena_memory[BENCH_ARENA];
    char output_memory[BENCH_OUTPUT];
    struct hl7_arena arena;
    struct hl7_buffer buffer;
    struct hl7_message message;
    hl7_slice source;
    bool is_hl7; /* the source could be parsed */
    const struct hl7_template *program;
    struct hl7_diagnostic *diagnostics; /* of the compilation */
    struct hl7_diagnostic failure;      /* of the run */
    hl7_slice output;
};

/* A bench is too large for the stack; tests run one after the other and share one. */
static inline struct bench *bench_open(void)
{
    static struct bench bench;

    hl7_arena_init(&bench.arena, bench.arena_memory, sizeof bench.arena_memory);
    hl7_buffer_init(&bench.buffer, bench.output_memory, sizeof bench.output_memory);
    bench.program = NULL;
    bench.diagnostics = NULL;
    memset(&bench.failure, 0, sizeof bench.failure);
    bench.output = (hl7_slice){NULL, 0};
    return &bench;
}

static inline enum hl7_code bench_compile(struct bench *bench, hl7_slice text)
{
    return hl7_template_compile(text, NULL, &bench->arena, &bench->program, &bench->diagnostics);
}

/* Runs the compiled program over a source, which may be anything. */
static inline enum hl7_code bench_run(struct bench *bench, hl7_slice source, bool strict)
{
    bench->source = source;
    bench->is_hl7 = hl7_message_parse(source, &bench->arena, &bench->message, NULL) == HL7_OK;

    const struct hl7_conversion conversion = {
        .source = source, .message = bench->is_hl7 ? &bench->message : NULL, .strict = strict};
    enum hl7_code code = hl7_template_run(bench->program, &conversion, &bench->arena,
                                          &bench->buffer, &bench->failure);
    bench->output = hl7_buffer_slice(&bench->buffer);
    return code;
}

/* Compiles and runs; fails the test when either fails. Returns the output. */
static inline hl7_slice bench_convert(struct bench *bench, hl7_slice text, hl7_slice source)
{
    enum hl7_code compiled = bench_compile(bench, text);
    if (compiled != HL7_OK) {
        fail_msg("the template has errors: %s",
                 bench->diagnostics == NULL ? "" : bench->diagnostics->text);
    }
    enum hl7_code code = bench_run(bench, source, false);
    if (code != HL7_OK) {
        fail_msg("the run failed: %s", bench->failure.text);
    }
    return bench->output;
}

/* The same for C strings. */
static inline hl7_slice convert(const char *text, const char *source)
{
    return bench_convert(bench_open(), hl7_slice_of(text), hl7_slice_of(source));
}

/* Compiles a template that must have errors, and returns the first. */
static inline const struct hl7_diagnostic *first_error(const char *text)
{
    struct bench *bench = bench_open();

    if (bench_compile(bench, hl7_slice_of(text)) != HL7_BAD_TEMPLATE) {
        fail_msg("no error in: %s", text);
    }
    return bench->diagnostics;
}

#endif
