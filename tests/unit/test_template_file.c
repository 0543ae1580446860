/* SPDX-License-Identifier: Apache-2.0
 *
 * Included files: where their text stands, what is refused, and where errors are said to be. */
#include "test_template_support.h"

#include <stdio.h>

struct named_text {
    const char *name;
    const char *text;
};

static const struct named_text files[] = {
    {"header.hl7", "MSH|^~\\&|{app}\r\n"},
    {"plain.hl7", "MSH|^~\\&|X\nPID|{PID-5.1}\n"},
    {"lets.hl7", "{# names #}\n  {let app = 'LAB'}\n{let fac = 'F'}\n"},
    {"one.txt", "one"},
    {"empty.txt", ""},
    {"ends.txt", "a\n\n"},
    {"bom.txt", "\xef\xbb\xbf"
                "b{PID-5.1}"},
    {"line.txt", "[{PID-5.1}]\n"},
    {"inline.txt", "  {let a = 'x'}  \n"},
    {"lib/deep.txt", "{include 'lib/deeper.txt'}!"},
    {"lib/deeper.txt", "deeper"},
    {"source.txt", "{source}"},
    {"loop.txt", "{for x in OBX}{x-3},{end}"},
    {"open.txt", "a\n{if PID-8}b"},
    {"openfor.txt", "{for x in OBX}"},
    {"close.txt", "b{end}"},
    {"else.txt", "{else}"},
    {"strict.txt", "{strict}"},
    {"output.txt", "{output csv}"},
    {"wrong.txt", "ok\n  {PID.5}\n"},
    {"fails.txt", "ok\n {required(PID-9)}"},
    {"self.txt", "{include 'self.txt'}"},
    {"a.txt", "{include 'b.txt'}"},
    {"b.txt", "{include 'a.txt'}"},
    {"many.txt", "{include 'empty.txt'}{include 'empty.txt'}{include 'empty.txt'}"},
    {"sex.csv", "M,male\nF,female\n"},
    {"bad.csv", "M,male\nF\n"},
};

/* "d7" includes "d6", and so on; "w" includes ten times "w" of one less, "big" is over the limit. */
static enum hl7_code load_made(const char *name, hl7_slice *ret_text)
{
    static char texts[10][400];
    static char big[1024 * 1024 + 1];
    size_t level = (size_t)(name[1] - '0');

    if (name[0] == 'b') {
        memset(big, 'x', sizeof big);
        *ret_text = (hl7_slice){big, sizeof big};
        return HL7_OK;
    }
    texts[level][0] = '\0';
    for (size_t i = 0; level > 0 && i < (name[0] == 'w' ? 20 : 1); i++) {
        size_t len = strlen(texts[level]);
        (void)snprintf(texts[level] + len, sizeof texts[level] - len, "{include '%c%zu'}", name[0],
                       level - 1);
    }
    *ret_text = hl7_slice_of(texts[level]);
    return HL7_OK;
}

static enum hl7_code load(void *context, hl7_slice name, hl7_slice *ret_text)
{
    char text[32];

    if (context != NULL) {
        return *(const enum hl7_code *)context;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (hl7_slice_equal(name, hl7_slice_of(files[i].name))) {
            *ret_text = hl7_slice_of(files[i].text);
            return HL7_OK;
        }
    }
    if (name.len == 2 || hl7_slice_equal(name, HL7_TEXT("big"))) {
        (void)snprintf(text, sizeof text, "%.*s", (int)name.len, name.ptr);
        return load_made(text, ret_text);
    }
    return HL7_NOT_FOUND;
}

static const struct hl7_loader loader = {.load = load};
static const struct hl7_compiling how = {.loader = &loader};
static const char source[] = "MSH|^~\\&|APP\rPID|1||||DOE^JANE|||F\rOBX|1||A\rOBX|2||B\r";

static enum hl7_code compile(struct bench *bench, const char *text)
{
    return hl7_template_compile(hl7_slice_of(text), &how, &bench->arena, &bench->program,
                                &bench->diagnostics);
}

static void the_text_stands_where_the_statement_stands(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"{include 'one.txt'}", "one"},
        {"{include 'one.txt'}\n", "one\n"},
        {"  {include 'one.txt'}\nx", "one\nx"},
        {"a {include 'one.txt'} b\n", "a one b\n"},
        {"{include 'one.txt'}{include 'one.txt'}", "oneone"},
        {"a\n{include 'empty.txt'}\nb", "a\nb"},
        {"{include 'ends.txt'}\nb", "a\nb"},
        {"{include 'bom.txt'}", "bDOE"},
        {"<{include 'line.txt'}>", "<[DOE]>"},
        {"<{include 'inline.txt'}>{a}", "<    >x"},
        {"{include 'inline.txt'}\n{a}", "x"},
        {"{include 'lib/deep.txt'}", "deeper!"},
        {"{include 'loop.txt'}", "A,B,"},
        {"{for x in OBX}{include 'one.txt'}{x-3}{end}", "oneAoneB"},
        {"{if PID-8='M'}{include 'one.txt'}{else}two{end}\nz", "two\nz"},
        {"{if PID-8='M'}\n{include 'one.txt'}\n{end}\nz", "z"},
        {"{include 'lets.hl7'}\n{app}{fac}", "LABF"},
        {"{let app = 'A'}\n{include 'header.hl7'}\nPID|{'a|b'}", "MSH|^~\\&|A\rPID|a\\F\\b"},
        {"{include 'lets.hl7'}\n{include 'header.hl7'}\nPID|{'a|b'}\n",
         "MSH|^~\\&|LAB\rPID|a\\F\\b\r"},
        {"{include 'plain.hl7'}\nPV1|{'a&b'}\n", "MSH|^~\\&|X\rPID|DOE\rPV1|a\\T\\b\r"},
        {"{include 'source.txt'}\nZZZ|1\n", "MSH|^~\\&|APP\rPID|1||||DOE^JANE|||F\rOBX|1||A\r"
                                            "OBX|2||B\rZZZ|1\r"},
        {"{include 'sex.csv'}{map('sex', PID-8)}", "M,male\nF,femalefemale"},
        {"{include 'd7'}x", "x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        if (compile(bench, cases[i].text) != HL7_OK) {
            fail_msg("%s: %s", cases[i].text, bench->diagnostics->text);
        }
        assert_int_equal(bench_run(bench, hl7_slice_of(source), false), HL7_OK);
        assert_slice(bench->output, cases[i].expected);
    }
}

static void an_error_says_where_it_is(void **state)
{
    static const struct {
        const char *text;
        const char *file;
        size_t line;
        size_t column;
        const char *start;
    } cases[] = {
        {"{include}", "", 1, 2, "'include' is followed by a file's name: {include 'header.hl7'}"},
        {"{include one}", "", 1, 2, "'include' is followed by a file's name"},
        {"{include 'one.txt' 'x'}", "", 1, 20, "'x' cannot stand here"},
        {"{include 'none.txt'}", "", 1, 10, "there is no file 'none.txt' beside the template"},
        {"{include 'one.txt'}{include 'one.tx'}", "", 1, 29,
         "there is no file 'one.tx' beside the template (did you mean 'one.txt'?)"},
        {"{include '../one.txt'}", "", 1, 10, "'../one.txt' is no file's name: letters, digits"},
        {"{include '/one.txt'}", "", 1, 10, "'/one.txt' is no file's name"},
        {"{include './one.txt'}", "", 1, 10, "'./one.txt' is no file's name"},
        {"{include 'a/'}", "", 1, 10, "'a/' is no file's name"},
        {"{include 'a//b'}", "", 1, 10, "'a//b' is no file's name"},
        {"{include 'a b'}", "", 1, 10, "'a b' is no file's name"},
        {"{include ''}", "", 1, 10, "'' is no file's name"},
        {"MSH|{include 'source.txt'}", "source.txt", 1, 2, "{source} stands on a line of its own"},
        {"x\n{include 'open.txt'}{end}", "open.txt", 2, 12, "the 'if' of line 2 has no {end}"},
        {"{include 'openfor.txt'}{x-3}", "openfor.txt", 1, 15, "the 'for' of line 1 has no {end}"},
        {"{if PID-8}{include 'close.txt'}{end}", "close.txt", 1, 3, "'end' without its 'if'"},
        {"{if PID-8}{include 'else.txt'}{end}", "else.txt", 1, 2, "'else' without its 'if'"},
        {"{include 'strict.txt'}", "strict.txt", 1, 2, "'strict' belongs into the template itself"},
        {"{include 'output.txt'}", "output.txt", 1, 2, "'output' belongs into the template itself"},
        {"{include 'wrong.txt'}", "wrong.txt", 2, 4, "unknown path 'PID.5' (did you mean 'PID-5'"},
        {"{include 'self.txt'}", "self.txt", 1, 10, "the file 'self.txt' includes itself"},
        {"{include 'a.txt'}", "b.txt", 1, 10, "the file 'a.txt' includes itself"},
        {"{include 'd8'}", "d1", 1, 10, "the file 'd0' is included too deep"},
        {"{include 'big'}", "", 1, 10, "the file 'big' is too long: more than 1 MiB"},
        {"{include 'w6'}", "w2", 1, 0, "the included files are too long, each as often as"},
        {"{map('bad', 'x')}{map('bad', 'y')}", "bad.csv", 2, 0, ""},
        {"{map('sxe', 'x')}{map('sex', 'y')}", "", 1, 6, "there is no file 'sxe.csv'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        if (compile(bench, cases[i].text) != HL7_BAD_TEMPLATE) {
            fail_msg("no error in: %s", cases[i].text);
        }
        const struct hl7_diagnostic *first = bench->diagnostics;
        if (!hl7_slice_starts(hl7_slice_of(first->text), hl7_slice_of(cases[i].start)) ||
            first->line != cases[i].line ||
            (cases[i].column != 0 && first->column != cases[i].column)) {
            fail_msg("%s: %zu:%zu: %s", cases[i].text, first->line, first->column, first->text);
        }
        assert_slice(first->file, cases[i].file);
    }
}

static void the_line_shown_is_of_the_included_file(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(compile(bench, "a\n{include 'wrong.txt'}\n{PID.6}"), HL7_BAD_TEMPLATE);
    assert_slice(bench->diagnostics->source, "  {PID.5}");
    assert_slice(bench->diagnostics->next->source, "{PID.6}");
    assert_null(bench->diagnostics->next->file.ptr);
    assert_null(bench->diagnostics->next->next);
}

static void an_error_is_said_once_however_often_its_file_is_included(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(compile(bench, "{include 'wrong.txt'}{include 'wrong.txt'}{map('bad', 'x')}"
                                    "{map('bad', 'x')}"),
                     HL7_BAD_TEMPLATE);
    assert_slice(bench->diagnostics->file, "wrong.txt");
    assert_slice(bench->diagnostics->next->file, "bad.csv");
    assert_slice(bench->diagnostics->next->source, "F");
    assert_null(bench->diagnostics->next->next);
}

static void a_failure_of_a_run_says_where_it_is(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(compile(bench, "a\n\n\n{include 'fails.txt'}"), HL7_OK);
    assert_int_equal(bench_run(bench, hl7_slice_of(source), false), HL7_NOT_FOUND);
    assert_slice(bench->failure.file, "fails.txt");
    assert_int_equal(bench->failure.line, 2);
    assert_int_equal(bench->failure.column, 3);
    assert_slice(bench->failure.source, " {required(PID-9)}");
    assert_string_equal(bench->failure.text, "required: there is no value");
}

static void the_files_of_a_template_can_be_listed(void **state)
{
    static const char text[] = "\xef\xbb\xbf{include 'one.txt'}{map('sex', 'M')}{include 'one.txt'}"
                               "{include 'lib/deep.txt'}{map('sex', 'F')}";
    static const struct named_text expected[] = {{"", text},
                                                 {"one.txt", "one"},
                                                 {"sex.csv", "M,male\nF,female\n"},
                                                 {"lib/deep.txt", "{include 'lib/deeper.txt'}!"},
                                                 {"lib/deeper.txt", "deeper"}};
    struct bench *bench = bench_open();
    hl7_slice name;
    hl7_slice content;

    (void)state;
    assert_int_equal(compile(bench, text), HL7_OK);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_true(hl7_template_file(bench->program, i, &name, &content));
        assert_slice(name, expected[i].name);
        assert_slice(content, expected[i].text);
    }
    assert_false(
        hl7_template_file(bench->program, sizeof expected / sizeof *expected, &name, &content));
}

static void a_template_without_a_loader_has_no_files(void **state)
{
    (void)state;
    assert_string_equal(first_error("{include 'one.txt'}")->text,
                        "there is no file 'one.txt' beside the template");
}

static void what_the_loader_says_is_reported(void **state)
{
    static const struct {
        enum hl7_code said;
        enum hl7_code expected;
        const char *text;
    } cases[] = {
        {HL7_TOO_LARGE, HL7_BAD_TEMPLATE, "the file 'x' is too long"},
        {HL7_BAD_VALUE, HL7_BAD_TEMPLATE, "the file 'x' cannot be read"},
        {HL7_NO_MEMORY, HL7_NO_MEMORY, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        enum hl7_code said = cases[i].said;
        const struct hl7_loader broken = {.load = load, .context = &said};
        const struct hl7_compiling with = {.loader = &broken};
        assert_int_equal(hl7_template_compile(HL7_TEXT("{include 'x'}"), &with, &bench->arena,
                                              &bench->program, &bench->diagnostics),
                         cases[i].expected);
        if (cases[i].text != NULL) {
            assert_string_equal(bench->diagnostics->text, cases[i].text);
        }
    }
}

static void an_arena_without_room_is_an_error_at_every_size(void **state)
{
    static const char *const texts[] = {
        "{include 'lets.hl7'}{include 'header.hl7'}\n{map('sex', 'M')}{PID-5}{'it''s'}",
        "{include 'wrong.txt'}{map('bad', 'M')}{include 'none'}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct bench *bench = bench_open();
        enum hl7_code expected = compile(bench, texts[i]);
        size_t needed = bench->arena.used;
        bool enough = false;
        for (size_t size = 0; size <= needed + 4096 && !enough; size++) {
            struct hl7_arena arena;
            const struct hl7_template *program = NULL;
            struct hl7_diagnostic *found = NULL;
            hl7_arena_init(&arena, bench->arena_memory, size);
            enum hl7_code code =
                hl7_template_compile(hl7_slice_of(texts[i]), &how, &arena, &program, &found);
            enough = code != HL7_NO_MEMORY;
            assert_true(enough || (arena.used == 0 && program == NULL && found == NULL));
            assert_true(!enough || code == expected);
        }
        assert_true(enough);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_stands_where_the_statement_stands),
        cmocka_unit_test(an_error_says_where_it_is),
        cmocka_unit_test(the_line_shown_is_of_the_included_file),
        cmocka_unit_test(an_error_is_said_once_however_often_its_file_is_included),
        cmocka_unit_test(a_failure_of_a_run_says_where_it_is),
        cmocka_unit_test(the_files_of_a_template_can_be_listed),
        cmocka_unit_test(a_template_without_a_loader_has_no_files),
        cmocka_unit_test(what_the_loader_says_is_reported),
        cmocka_unit_test(an_arena_without_room_is_an_error_at_every_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
