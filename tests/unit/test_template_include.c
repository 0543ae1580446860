/* SPDX-License-Identifier: Apache-2.0
 *
 * Files beside a template: lookup tables. */
#include "test_template_support.h"

static enum hl7_code load(void *context, hl7_slice name, hl7_slice *ret_text)
{
    (void)context;
    if (hl7_slice_equal(name, HL7_TEXT("sex.csv"))) {
        *ret_text = HL7_TEXT("M,male\nF,female\n\"a,b\",\"x|y\"\n");
        return HL7_OK;
    }
    if (hl7_slice_equal(name, HL7_TEXT("bad.csv"))) {
        *ret_text = HL7_TEXT("M,male\nF\n");
        return HL7_OK;
    }
    return HL7_NOT_FOUND;
}

static const struct hl7_loader loader = {.load = load};
static const struct hl7_compiling how = {.loader = &loader};

static enum hl7_code compile(struct bench *bench, const char *text)
{
    return hl7_template_compile(hl7_slice_of(text), &how, &bench->arena, &bench->program,
                                &bench->diagnostics);
}

static void map_looks_a_key_up(void **state)
{
    static const struct {
        const char *text;
        const char *expected; /* NULL: an error */
    } cases[] = {
        {"{map('sex', PID-8, 'U')}", "female"},
        {"{map('sex', 'M')}{map('sex', 'F')}", "malefemale"},
        {"{map('sex', 'X', 'U')}", "U"},
        {"{map('sex', 'X', PID-8)}", "F"},
        {"MSH|^~\\&|{map('sex', 'a,b')}", "MSH|^~\\&|x\\F\\y"},
        {"{map('sex', 'X')}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(compile(bench, cases[i].text), HL7_OK);
        enum hl7_code code = bench_run(bench, HL7_TEXT("MSH|^~\\&|\rPID||||||||F"), false);
        assert_int_equal(code, cases[i].expected == NULL ? HL7_NOT_FOUND : HL7_OK);
        if (cases[i].expected != NULL) {
            assert_slice(bench->output, cases[i].expected);
        } else {
            assert_string_equal(bench->failure.text,
                                "map: the table has no such key, and there is no default");
        }
    }
}

static void an_error_in_a_map_says_where(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        const char *start;
    } cases[] = {
        {"{map('none', 'x')}", 6, "there is no file 'none.csv' beside the template"},
        {"{map('../sex', 'x')}", 6, "'../sex' is no file's name: "},
        {"{map(PID-8, 'x')}", 6, "the first argument is the name of a table"},
        {"{map('sex', 'a', 'b', 'c')}", 2, "too many arguments: map('table', key, default)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(compile(bench, cases[i].text), HL7_BAD_TEMPLATE);
        if (!hl7_slice_starts(hl7_slice_of(bench->diagnostics->text),
                              hl7_slice_of(cases[i].start)) ||
            bench->diagnostics->column != cases[i].column) {
            fail_msg("%s: %zu: %s", cases[i].text, bench->diagnostics->column,
                     bench->diagnostics->text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_looks_a_key_up),
        cmocka_unit_test(an_error_in_a_map_says_where),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
