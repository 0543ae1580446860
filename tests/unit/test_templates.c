/* SPDX-License-Identifier: Apache-2.0
 *
 * Templates in files: what is said about their mistakes, and memory that grows with the result. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "templates.h"

static void the_caret_stands_below_the_column(void **state)
{
    static const struct {
        const char *line;
        size_t column;
        const char *shown;
    } cases[] = {
        {"PID|{x}", 5, "    PID|{x}\n        ^\n"},
        {"PID", 1, "    PID\n    ^\n"},
        {"PID", 4, "    PID\n       ^\n"},
        {"PID", 99, "    PID\n       ^\n"},
        {"", 1, "    \n    ^\n"},
        {"M\xc3\xbcller|{x}", 9, "    M\xc3\xbcller|{x}\n           ^\n"},
        {"\t{x}", 2, "    \\t{x}\n      ^\n"},
        {"\x1b{x}", 2, "    \\x1b{x}\n        ^\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *file = open_memstream(&text, &len);

        assert_non_null(file);
        template_print_caret(file, hl7_slice_of(cases[i].line), cases[i].column);
        assert_int_equal(fclose(file), 0);
        assert_string_equal(text, cases[i].shown);
        free(text);
    }
}

static void a_long_line_is_shown_around_the_caret(void **state)
{
    char line[1001];
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    (void)state;
    memset(line, '-', 1000);
    line[1000] = '\0';
    line[500] = 'X';
    assert_non_null(file);
    template_print_caret(file, hl7_slice_of(line), 501);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(strchr(text, '\n') - text, 4 + 100);
    assert_int_equal(text[4 + 60], 'X');
    assert_int_equal(strchr(text, '^') - strchr(text, '\n') - 1, 4 + 60);
    free(text);
}

static void a_finding_names_file_line_and_column(void **state)
{
    const struct hl7_diagnostic diagnostic = {.severity = HL7_WARNING,
                                              .line = 4,
                                              .column = 5,
                                              .source = HL7_TEXT("PID|{x}"),
                                              .text = "this is odd"};
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);

    (void)state;
    assert_non_null(file);
    template_print_diagnostic(file, "a.hl7", &diagnostic);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, "a.hl7:4:5: warning: this is odd\n    PID|{x}\n        ^\n");
    free(text);
}

/* Compiles a text that is in memory. */
static struct template_file compile(const char *text)
{
    struct template_file file = {.path = "memory"};
    struct hl7_diagnostic *diagnostics = NULL;
    struct hl7_arena arena;

    assert_true(memory_grow(&file.memory, 65536));
    hl7_arena_init(&arena, file.memory.ptr, file.memory.size);
    assert_int_equal(
        hl7_template_compile(hl7_slice_of(text), NULL, &arena, &file.program, &diagnostics),
        HL7_OK);
    return file;
}

static void a_result_may_be_much_larger_than_the_memory_there_was(void **state)
{
    size_t len = (size_t)3 << 20;
    char *source = malloc(len);
    struct template_file file = compile("{0-0}{0-0}|{0-0}");
    struct template_output output = {.attempt = 0};
    struct hl7_diagnostic diagnostic = {.line = 0};
    struct hl7_conversion conversion = {.source = {source, len}};
    hl7_slice result = {NULL, 0};

    (void)state;
    assert_non_null(source);
    memset(source, 'x', len);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(template_run(&file, &conversion, NULL, &output, &result, &diagnostic),
                         HL7_OK);
        assert_int_equal(result.len, 3 * len + 1);
        assert_int_equal(result.ptr[2 * len], '|');
    }
    template_output_free(&output);
    template_unload(&file);
    free(source);
}

static void a_conversion_that_fails_says_where(void **state)
{
    struct template_file file = compile("A|{0-0}\n|{0-7}");
    struct template_output output = {.attempt = 0};
    struct hl7_diagnostic diagnostic = {.line = 0};
    struct hl7_conversion conversion = {.source = HL7_TEXT("a|b"), .strict = true};
    hl7_slice result = {NULL, 0};

    (void)state;
    assert_int_equal(template_run(&file, &conversion, NULL, &output, &result, &diagnostic),
                     HL7_NOT_FOUND);
    assert_int_equal(diagnostic.line, 2);
    assert_int_equal(diagnostic.column, 2);
    template_output_free(&output);
    template_unload(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_caret_stands_below_the_column),
        cmocka_unit_test(a_long_line_is_shown_around_the_caret),
        cmocka_unit_test(a_finding_names_file_line_and_column),
        cmocka_unit_test(a_result_may_be_much_larger_than_the_memory_there_was),
        cmocka_unit_test(a_conversion_that_fails_says_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
