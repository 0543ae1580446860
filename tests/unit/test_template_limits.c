/* SPDX-License-Identifier: Apache-2.0
 *
 * The limits of a template's text: so many of a thing are taken, one more is refused, by its name and
 * where it stands. What one run may take is in test_template_bound.c. */
#include "test_template_support.h"

#include <stdio.h>

#include "template/limits.h"

/* A template of `before`, n times `each`, `middle`, n times `after`, and `end`. A '#' in `each` is the number of
 * the copy, from 1. */
struct pattern {
    const char *before;
    const char *each;
    const char *middle;
    const char *after;
    const char *end;
};

struct limit {
    struct pattern pattern;
    size_t most;
    const char *text; /* of the error, when there is one more */
};

static void add_copy(struct hl7_buffer *buffer, const char *each, size_t number)
{
    for (; *each != '\0'; each++) {
        if (*each == '#') {
            hl7_buffer_add_number(buffer, number);
        } else {
            hl7_buffer_add_byte(buffer, *each);
        }
    }
}

static hl7_slice repeat(const struct pattern *pattern, size_t n)
{
    static char memory[200000];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_buffer_add(&buffer, hl7_slice_of(pattern->before));
    for (size_t i = 1; i <= n; i++) {
        add_copy(&buffer, pattern->each, i);
    }
    hl7_buffer_add(&buffer, hl7_slice_of(pattern->middle));
    for (size_t i = 1; i <= n; i++) {
        add_copy(&buffer, pattern->after, i);
    }
    hl7_buffer_add(&buffer, hl7_slice_of(pattern->end));
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

/* Every name is a file: "d7" includes "d6" and so on to "d0", "full" has as many bytes as a file may
 * have and "over" one more, "part" counts as 1 MiB when it is included; all others hold "x,y". */
static enum hl7_code load(void *context, hl7_slice name, hl7_slice *ret_text)
{
    static char big[TEMPLATE_MAX_BYTES + 1];
    static char texts[16][24];
    unsigned level = 0;

    (void)context;
    memset(big, 'x', sizeof big);
    *ret_text = HL7_TEXT("x,y");
    if (hl7_slice_equal(name, HL7_TEXT("full")) || hl7_slice_equal(name, HL7_TEXT("over"))) {
        *ret_text = (hl7_slice){big, TEMPLATE_MAX_BYTES + (name.ptr[0] == 'o' ? 1 : 0)};
    } else if (hl7_slice_equal(name, HL7_TEXT("part"))) {
        *ret_text = (hl7_slice){big, 1024 * 1024 - TEMPLATE_INCLUDE_COST};
    } else if (name.len <= 3 && name.ptr[0] == 'd') {
        for (size_t i = 1; i < name.len; i++) {
            level = level * 10 + (unsigned)(name.ptr[i] - '0');
        }
        assert_true(level < sizeof texts / sizeof *texts);
        (void)snprintf(texts[level], sizeof texts[level], level == 0 ? "end" : "{include 'd%u'}",
                       level - 1);
        *ret_text = hl7_slice_of(texts[level]);
    }
    return HL7_OK;
}

static const struct hl7_loader loader = {.load = load};
static const struct hl7_compiling how = {.loader = &loader};

static enum hl7_code compile(struct bench *bench, hl7_slice text)
{
    return hl7_template_compile(text, &how, &bench->arena, &bench->program, &bench->diagnostics);
}

static void check_limit(const struct limit *limit)
{
    struct bench *bench = bench_open();

    if (compile(bench, repeat(&limit->pattern, limit->most)) != HL7_OK) {
        fail_msg("%zu times %s: %s", limit->most, limit->pattern.each, bench->diagnostics->text);
    }
    bench = bench_open();
    assert_int_equal(compile(bench, repeat(&limit->pattern, limit->most + 1)), HL7_BAD_TEMPLATE);
    assert_string_equal(bench->diagnostics->text, limit->text);
    if (bench->diagnostics->next != NULL) {
        fail_msg("%s: and %s", limit->text, bench->diagnostics->next->text);
    }
}

static void so_many_are_taken_and_one_more_is_refused(void **state)
{
    static const char too_nested[] = "too many parentheses or brackets within each other";
    static const char too_open[] = "too many loops or brackets within each other";
    static const struct limit limits[] = {
        {{"{let a = ", "(", "'x'", ")", "}"}, TEMPLATE_MAX_NESTING, too_nested},
        {{"{", "upper(", "'x'", ")", "}"}, TEMPLATE_MAX_NESTING, too_nested},
        {{"{concat(", "'#',", "'x')}", "", ""},
         TEMPLATE_MAX_STACK - 1,
         "the expression has too many parts"},
        {{"{for a in OBX}{", "'#' ", "}{end}", "", ""},
         TEMPLATE_MAX_STACK,
         "the expression has too many parts"},
        {{"{let a = 'x' in ", "('x' in ", "('x')", ")", "}"}, TEMPLATE_MAX_NESTING - 1, too_nested},
        {{"", "{for a# in OBX}", "", "{end}", ""}, TEMPLATE_MAX_SCOPES, too_open},
        {{"", "{if 'x'}", "", "{end}", ""},
         TEMPLATE_MAX_BLOCKS,
         "'if' is too deep within other blocks"},
        {{"", "{let v# = 'x'}", "", "", ""}, TEMPLATE_MAX_VARIABLES, "'v251' is one name too many"},
        {{"", "{m#:PID-5}", "", "", ""}, TEMPLATE_MAX_MESSAGES, "'m17' is one message too many"},
        {{"", "{include 'f#'}", "", "", ""}, TEMPLATE_MAX_FILES, "'f65' is one file too many"},
        {{"", "{map('t#', 'x', 'y')}", "", "", ""},
         TEMPLATE_MAX_FILES,
         "'t65.csv' is one file too many"},
        {{"", "{include 'f#'}", "{map('f1', 'x')}", "", ""},
         TEMPLATE_MAX_FILES - 1,
         "'f1.csv' is one file too many"},
        {{"", "\n", "", "", ""},
         TEMPLATE_MAX_INSTRUCTIONS,
         "the template is too long: too many parts"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        check_limit(&limits[i]);
    }
}

static void files_and_their_names_have_limits(void **state)
{
    static const struct limit limits[] = {
        {{"{include '", "n", "'}", "", ""},
         TEMPLATE_MAX_FILE_NAME,
         "'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...' is no file's name: letters, digits, '.', "
         "'_', '-', and '/' between such; no '..'"},
        {{"{map('", "n", "', 'x', 'y')}", "", ""},
         TEMPLATE_MAX_FILE_NAME,
         "'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...' is no file's name: letters, digits, '.', "
         "'_', '-', and '/' between such; no '..'"},
        {{"", "{include 'part'}", "", "", ""},
         TEMPLATE_MAX_EXPANDED / (1024 * 1024),
         "the included files are too long, each as often as it is included: more than 16 MiB"},
    };
    struct bench *bench = bench_open();

    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        check_limit(&limits[i]);
    }
    assert_int_equal(compile(bench, HL7_TEXT("{include 'full'}")), HL7_OK);
    assert_int_equal(compile(bench, HL7_TEXT("{include 'over'}")), HL7_BAD_TEMPLATE);
    assert_string_equal(bench->diagnostics->text, "the file 'over' is too long: more than 1 MiB");
}

static void files_include_each_other_so_deep(void **state)
{
    char text[32];
    struct bench *bench = bench_open();

    (void)state;
    (void)snprintf(text, sizeof text, "{include 'd%d'}", TEMPLATE_MAX_INCLUDES - 1);
    assert_int_equal(compile(bench, hl7_slice_of(text)), HL7_OK);
    (void)snprintf(text, sizeof text, "{include 'd%d'}", TEMPLATE_MAX_INCLUDES);
    assert_int_equal(compile(bench, hl7_slice_of(text)), HL7_BAD_TEMPLATE);
    assert_string_equal(bench->diagnostics->text,
                        "the file 'd0' is included too deep: by the eighth file within others");
    assert_slice(bench->diagnostics->file, "d1");
}

static void findings_are_cut_behind_the_limit(void **state)
{
    static const struct pattern wrong = {"", "{abc}\n", "", "", ""};

    (void)state;
    for (size_t n = TEMPLATE_MAX_DIAGNOSTICS - 1; n <= TEMPLATE_MAX_DIAGNOSTICS + 1; n++) {
        struct bench *bench = bench_open();
        bool cut = false;
        size_t count = 0;
        assert_int_equal(compile(bench, repeat(&wrong, n)), HL7_BAD_TEMPLATE);
        for (const struct hl7_diagnostic *at = bench->diagnostics; at != NULL; at = at->next) {
            cut = strcmp(at->text, "more errors follow") == 0;
            count++;
        }
        assert_int_equal(count, n);
        assert_int_equal(cut, n > TEMPLATE_MAX_DIAGNOSTICS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_are_taken_and_one_more_is_refused),
        cmocka_unit_test(files_and_their_names_have_limits),
        cmocka_unit_test(files_include_each_other_so_deep),
        cmocka_unit_test(findings_are_cut_behind_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
