/* SPDX-License-Identifier: Apache-2.0
 *
 * Compiling templates: what the arena holds afterwards, and any text at all. */
#include "test_template_support.h"

#include "template/limits.h"
#include "template/program.h"

/* Everything the language has. */
static const char rich[] =
    "\xef\xbb\xbf{strict}\r\n{# a\nb #}\nMSH|^~\\&|{0-2}|{'it''s'}|{PID-3[2].1} {"
    "OBX[last]-5}\r{MSH}{9-99}{'{'}\n";

static void a_program_knows_its_parts(void **state)
{
    static const struct {
        enum opcode op;
        uint32_t position;
    } expected[] = {{OP_TEXT, 0}, {OP_ORIGINAL, 4}, {OP_TEXT, 9}, {OP_LITERAL, 11}, {OP_PATH, 16}};
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(bench_compile(bench, HL7_TEXT("a|b|{3-2}|{'c'}{PID-5.2}")), HL7_OK);
    const struct hl7_template *program = bench->program;
    assert_int_equal(program->count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < program->count; i++) {
        assert_int_equal(program->code[i].op, expected[i].op);
        assert_int_equal(program->code[i].position, expected[i].position);
    }
    assert_int_equal(program->original_count, 1);
    assert_int_equal(program->originals[0], 1);
    assert_int_equal(program->code[1].as.original.segment, 3);
    assert_int_equal(program->code[1].as.original.piece, 2);
    assert_slice(program->code[3].as.text, "c");
    assert_int_equal(program->code[4].as.path.component, 2);
    assert_false(program->hl7);
    assert_false(program->strict);
    assert_null(bench->diagnostics);
}

static void an_arena_that_is_too_small_is_left_as_it_was(void **state)
{
    static char memory[8192];
    hl7_slice text = hl7_slice_of(rich);
    enum hl7_code code = HL7_NO_MEMORY;

    (void)state;
    for (size_t size = 0; code == HL7_NO_MEMORY; size++) {
        const struct hl7_template *program = NULL;
        struct hl7_diagnostic *diagnostics = NULL;
        struct hl7_arena arena;
        assert_true(size < sizeof memory);
        hl7_arena_init(&arena, memory, size);
        code = hl7_template_compile(text, NULL, &arena, &program, &diagnostics);
        assert_true((code == HL7_OK) == (program != NULL));
        assert_null(diagnostics);
        assert_true(code == HL7_OK || arena.used == 0);
    }
    assert_int_equal(code, HL7_OK);
}

static void an_arena_without_room_for_the_errors_is_too_small(void **state)
{
    static char memory[256];
    const struct hl7_template *program = NULL;
    struct hl7_diagnostic *diagnostics = NULL;
    struct hl7_arena arena;

    (void)state;
    hl7_arena_init(&arena, memory, sizeof memory);
    assert_int_equal(hl7_template_compile(HL7_TEXT("{a}{b}"), NULL, &arena, &program, &diagnostics),
                     HL7_NO_MEMORY);
    assert_null(program);
    assert_null(diagnostics);
    assert_int_equal(arena.used, 0);
}

static void success_clears_earlier_findings(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(bench_compile(bench, HL7_TEXT("{a}")), HL7_BAD_TEMPLATE);
    assert_non_null(bench->diagnostics);
    assert_null(bench->program);
    assert_int_equal(bench_compile(bench, HL7_TEXT("a")), HL7_OK);
    assert_null(bench->diagnostics);
}

static void a_template_over_the_limit_is_refused(void **state)
{
    static char text[TEMPLATE_MAX_BYTES + 1];
    struct bench *bench = bench_open();

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(bench_compile(bench, (hl7_slice){text, sizeof text - 1}), HL7_OK);
    assert_int_equal(bench_compile(bench, (hl7_slice){text, sizeof text}), HL7_BAD_TEMPLATE);
    assert_string_equal(bench->diagnostics->text, "the template is too long: more than 1 MiB");
    assert_int_equal(bench->diagnostics->line, 1);
}

static void an_absent_text_is_an_empty_template(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(bench_compile(bench, (hl7_slice){NULL, 0}), HL7_OK);
    assert_int_equal(bench_run(bench, HL7_TEXT("MSH|^~\\&|"), true), HL7_OK);
    assert_int_equal(bench->output.len, 0);
}

/* Compiles a text and, if it has no errors, runs it. */
static void try_template(hl7_slice text)
{
    struct bench *bench = bench_open();
    enum hl7_code code = bench_compile(bench, text);

    assert_true(code == HL7_OK || code == HL7_BAD_TEMPLATE);
    assert_true((code == HL7_OK) == (bench->diagnostics == NULL));
    if (code == HL7_OK) {
        (void)bench_run(bench, HL7_TEXT("MSH|^~\\&|A|B\rPID|1||1~2^3\rOBX|1\rOBX||NM|||7"), false);
    }
}

static void every_prefix_of_a_template_compiles_or_has_errors(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof rich; len++) {
        char *copy = edge_copy(rich, len);
        try_template((hl7_slice){copy, len});
        edge_free(copy, len);
    }
}

static void every_suffix_of_a_template_compiles_or_has_errors(void **state)
{
    (void)state;
    for (size_t start = 0; start < sizeof rich; start++) {
        try_template((hl7_slice){rich + start, sizeof rich - 1 - start});
    }
}

static void any_text_compiles_or_has_errors(void **state)
{
    static const char alphabet[] = "{{{}}''#$@|^-.[]()=\r\n\t PIDOBXMSHlast0123strictfor\0\xff";
    struct random_state random;

    (void)state;
    random_init(&random, 42);
    for (int round = 0; round < 20000; round++) {
        char memory[80];
        size_t len = random_below(&random, sizeof memory);
        random_fill_from(&random, memory, len, HL7_TEXT(alphabet));
        try_template((hl7_slice){memory, len});
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_knows_its_parts),
        cmocka_unit_test(an_arena_that_is_too_small_is_left_as_it_was),
        cmocka_unit_test(an_arena_without_room_for_the_errors_is_too_small),
        cmocka_unit_test(success_clears_earlier_findings),
        cmocka_unit_test(a_template_over_the_limit_is_refused),
        cmocka_unit_test(an_absent_text_is_an_empty_template),
        cmocka_unit_test(every_prefix_of_a_template_compiles_or_has_errors),
        cmocka_unit_test(every_suffix_of_a_template_compiles_or_has_errors),
        cmocka_unit_test(any_text_compiles_or_has_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
