/* SPDX-License-Identifier: Apache-2.0
 *
 * The bounds of a run: what it writes, what it keeps, and what it does. Costs are measured in steps,
 * the least number of them that lets a conversion through, so no clock is looked at. */
#include "test_template_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "template/limits.h"

static const char source[] = "MSH|^~\\&|APP|FAC|||20230403||ORU^R01|7|P|2.4\r"
                             "PID|1||42~43^x&y||DOE^JANE\\T\\CO||\"\"|\r"
                             "OBX|1|NM|A||1.5\r"
                             "OBX|2|NM|B||2,\"5\r";

enum { TURNS = 90 };

/* A header and so many OBX. */
static hl7_slice long_source(size_t segments)
{
    static char text[64 + 20000 * 16];
    size_t len = (size_t)snprintf(text, sizeof text, "MSH|^~\\&|APP\rPID|1||a~b\r");

    assert_true(segments <= 20000);
    for (size_t i = 1; i <= segments; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "OBX|%zu||T|x\r", i);
    }
    return (hl7_slice){text, len};
}

/* ---- Output --------------------------------------------------------------------------------- */

/* Runs the bench's program over its message with the bounds of `conversion`, behind what the buffer
 * holds. */
static enum hl7_code run_message(struct bench *bench, const struct hl7_conversion *bounds)
{
    struct hl7_conversion conversion = *bounds;

    conversion.source = bench->source;
    conversion.message = bench->is_hl7 ? &bench->message : NULL;
    return hl7_template_run(bench->program, &conversion, &bench->arena, &bench->buffer,
                            &bench->failure);
}

static enum hl7_code run_over(struct bench *bench, hl7_slice text,
                              const struct hl7_conversion *bounds)
{
    bench->source = text;
    bench->is_hl7 = true;
    assert_int_equal(hl7_message_parse(text, &bench->arena, &bench->message, NULL), HL7_OK);
    return run_message(bench, bounds);
}

static enum hl7_code run_with_output(struct bench *bench, size_t max_output)
{
    return run_message(bench, &(struct hl7_conversion){.max_output = max_output});
}

static const char *const outputs[] = {
    "plain {PID-5} {'a' PID-5.1} {raw(PID-3)} {2-1}\n{PID}",
    "MSH|^~\\&|{PID-5}|{'a|b' PID-5.2}\n{for o in OBX}\n{o}\n{end}\nZZZ|{raw('x|y')}",
    "{output json}\n{\"a\": {PID-5.1}, \"b\": [\"{PID-5.2}\", {OBX[last]-5}]}\n",
    "{output xml}\n<a b=\"{PID-5.2}\"><!-- c -->{PID-5.2}</a>\n",
    "{output csv}\na,{OBX[2]-5} {OBX[2]-5},\"{OBX[2]-5}\"\n{OBX[2]-5}",
    "{set PID-5.1 = 'SOMEBODY ELSE'}{append NTE 'NTE|1||' PID-5.1}\n{source}",
    "{source}{source}",
    "{output json}\n{set PID-5.1 = 'SOMEBODY ELSE'}\n{\"a\": \"{source}\"}",
};

static void no_output_is_longer_than_it_may_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        struct bench *bench = bench_open();
        size_t len = bench_convert(bench, hl7_slice_of(outputs[i]), hl7_slice_of(source)).len;
        for (size_t most = 1; most <= len; most++) {
            char sentence[80];
            bench->buffer.len = 0;
            enum hl7_code code = run_with_output(bench, most);
            assert_int_equal(code, most < len ? HL7_TOO_LARGE : HL7_OK);
            assert_true(bench->buffer.len <= most);
            assert_false(bench->buffer.full);
            (void)snprintf(sentence, sizeof sentence, "the output becomes longer than %zu bytes",
                           most);
            if (code != HL7_OK) {
                assert_string_equal(bench->failure.text, sentence);
            }
        }
    }
}

static void a_full_buffer_is_not_a_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        struct bench *bench = bench_open();
        size_t len = bench_convert(bench, hl7_slice_of(outputs[i]), hl7_slice_of(source)).len;
        for (size_t size = 0; size < len; size++) {
            hl7_buffer_init(&bench->buffer, bench->output_memory, size);
            assert_int_equal(run_with_output(bench, len), HL7_NO_MEMORY);
            assert_true(bench->buffer.full);
            assert_string_equal(bench->failure.text, "the output does not fit the memory there is");
        }
    }
}

static void what_the_buffer_held_before_is_not_counted(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    (void)bench_convert(bench, HL7_TEXT("123{PID-5.1}"), hl7_slice_of(source));
    assert_int_equal(run_with_output(bench, 6), HL7_OK);
    assert_int_equal(run_with_output(bench, 6), HL7_OK);
    assert_slice(hl7_buffer_slice(&bench->buffer), "123DOE123DOE123DOE");
    assert_int_equal(run_with_output(bench, 5), HL7_TOO_LARGE);
}

static void going_over_is_said_where_it_happens(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    (void)bench_convert(bench, HL7_TEXT("ab\n  {PID-5.1}{'x' 'y'}"), hl7_slice_of(source));
    assert_int_equal(run_with_output(bench, 7), HL7_TOO_LARGE);
    assert_int_equal(bench->failure.line, 2);
    assert_int_equal(bench->failure.column, 4);
    assert_slice(bench->failure.source, "  {PID-5.1}{'x' 'y'}");
}

static void the_standard_bound_of_the_output_is_as_documented(void **state)
{
    const size_t size = (size_t)TEMPLATE_MAX_OUTPUT + 16;
    struct bench *bench = bench_open();
    char *memory = malloc(size);
    /* 10,000 in each turn. */
    static const char text[] = "{for a in OBX}{for b in OBX}{for c in OBX}{for d in OBX}{for e in "
                               "OBX}{pad('', 10000)}{end}{end}{end}{end}{end}";

    (void)state;
    assert_non_null(memory);
    assert_int_equal(bench_compile(bench, hl7_slice_of(text)), HL7_OK);
    hl7_buffer_init(&bench->buffer, memory, size);
    assert_int_equal(run_over(bench, long_source(6), &(struct hl7_conversion){0}), HL7_TOO_LARGE);
    assert_string_equal(bench->failure.text, "the output becomes longer than 67108864 bytes");
    assert_int_equal(bench->buffer.len, TEMPLATE_MAX_OUTPUT / 10000 * 10000);
    assert_false(bench->buffer.full);
    free(memory);
}

/* ---- Values and edits ----------------------------------------------------------------------- */

static void values_and_edits_are_bounded(void **state)
{
    static const char *const cases[] = {
        "{let x = 'ab'}{for o in OBX}\n {let x = x x}{end}",
        "{let x = 'ab'}{for o in OBX}\n {let x = concat(x, x)}{end}",
        "{let x = 'ab'}{for o in OBX}\n {let x = join('-', x, x)}{end}",
        "{let x = 'ab'}{for o in OBX}\n {let x = replace(x, 'a', 'aa')}{let x = x x}{end}",
        "{let x = 'ab'}{for o in OBX}\n {let x = base64(x)}{end}",
        "{let x = 'ab'}{for o in OBX}\n {let x = hex(x)}{end}",
        "{let x = '<'}{for o in OBX}\n {let x = xml(x) x}{end}",
        "{let x = '\"'}{for o in OBX}\n {let x = json(x)}{end}",
        "{let x = '%'}{for o in OBX}\n {let x = url(x) x}{end}",
        "{let x = '|'}{for o in OBX}\n {let x = hl7(x) hl7(x)}{end}",
        "{let x = 'ab'}{for o in OBX}\n {let x = upper(x x)}{end}",
        "\n {replace(replace(pad('', 10000, 'a'), 'a', pad('', 10000, 'b')), 'b', '--')}",
        "\n {length(replace(replace(pad('', 10000, 'a'), 'a', pad('', 10000, 'b')), 'b', ''))}",
        "{let x = 'ab'}{for o in OBX}\n {set o-5 = x}{let x = x x}{end}",
        "{let x = pad('', 10000)}{for o in OBX}{for p in OBX}\n {append NTE 'NTE|' x}{end}{end}",
        "{let x = pad('', 10000)}{for o in OBX}{for p in OBX}\n {set PID-5 = x}{end}{end}",
        "{let x = pad('', 10000, '&')}{for o in OBX}{for p in OBX}\n {set PID-5 = x}{end}{end}",
    };
    enum { MOST = 1000000 };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench *bench = bench_open();
        assert_int_equal(bench_compile(bench, hl7_slice_of(cases[i])), HL7_OK);
        enum hl7_code code =
            run_over(bench, long_source(TURNS), &(struct hl7_conversion){.max_scratch = MOST});
        if (code != HL7_TOO_LARGE) {
            fail_msg("%s: %d %s", cases[i], (int)code, bench->failure.text);
        }
        assert_string_equal(bench->failure.text,
                            "the values of the conversion take more than 1000000 bytes");
        assert_int_equal(bench->failure.line, 2);
        assert_false(bench->buffer.full);
    }
}

static void the_standard_bound_of_values_is_as_documented(void **state)
{
    const size_t size = (size_t)TEMPLATE_MAX_SCRATCH * 2;
    struct bench *bench = bench_open();
    char *memory = malloc(size);
    hl7_slice text = long_source(TURNS);
    char sentence[80];

    (void)state;
    assert_non_null(memory);
    assert_int_equal(
        bench_compile(bench, HL7_TEXT("{let x = 'ab'}{for o in OBX}{let x = x x}{end}")), HL7_OK);
    hl7_arena_init(&bench->arena, memory, size);
    assert_int_equal(run_over(bench, text, &(struct hl7_conversion){0}), HL7_TOO_LARGE);
    (void)snprintf(sentence, sizeof sentence,
                   "the values of the conversion take more than %zu bytes",
                   (size_t)TEMPLATE_MAX_SCRATCH + TEMPLATE_SCRATCH_PER_SOURCE * text.len);
    assert_string_equal(bench->failure.text, sentence);
    free(memory);
}

static void a_small_arena_is_not_a_limit(void **state)
{
    struct bench *bench = bench_open();

    (void)state;
    assert_int_equal(
        bench_compile(bench, HL7_TEXT("{let x = 'ab'}{for o in OBX}{let x = x x}{end}")), HL7_OK);
    assert_int_equal(bench_run(bench, long_source(TURNS), false), HL7_NO_MEMORY);
    assert_false(bench->buffer.full);
    assert_string_equal(bench->failure.text, "the output does not fit the memory there is");
}

/* Fills nearly all that values may take, then needs the lines of a working copy. */
static enum hl7_code edit_late(struct bench *bench, char *memory, size_t size)
{
    static const char text[] = "{for o in OBX}{let x = pad('', 10000)}{end}{delete PID}";
    enum { SEGMENTS = 6730 };

    assert_int_equal(bench_compile(bench, hl7_slice_of(text)), HL7_OK);
    hl7_slice long_text = long_source(SEGMENTS);
    bench->source = long_text;
    bench->is_hl7 = true;
    assert_int_equal(hl7_message_parse(long_text, &bench->arena, &bench->message, NULL), HL7_OK);
    hl7_arena_init(&bench->arena, memory,
                   TEMPLATE_MAX_SCRATCH + TEMPLATE_SCRATCH_PER_SOURCE * long_text.len + size);
    return run_with_output(bench, 0);
}

/* The index of segments and the lines of the working copy follow from the message: they are not
 * counted, and when there is no room for them, more memory helps. */
static void what_follows_from_the_source_is_not_counted(void **state)
{
    const size_t most = (size_t)TEMPLATE_MAX_SCRATCH * 2;
    char *memory = malloc(most);

    (void)state;
    assert_non_null(memory);
    assert_int_equal(edit_late(bench_open(), memory, (size_t)600 * 1024), HL7_NO_MEMORY);
    assert_int_equal(edit_late(bench_open(), memory, (size_t)1500 * 1024), HL7_OK);
    free(memory);
}

/* ---- Steps ---------------------------------------------------------------------------------- */

/* The least number of steps that lets the bench's program through. */
static size_t least_steps(struct bench *bench)
{
    size_t low = 1;
    size_t high = 1;
    enum hl7_code code = HL7_TOO_LARGE;

    while (code == HL7_TOO_LARGE) {
        high *= 2;
        bench->buffer.len = 0;
        code = run_message(bench, &(struct hl7_conversion){.max_steps = high});
    }
    if (code != HL7_OK) {
        fail_msg("column %zu: %s", bench->failure.column, bench->failure.text);
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bench->buffer.len = 0;
        code = run_message(bench, &(struct hl7_conversion){.max_steps = middle});
        if (code == HL7_OK) {
            high = middle;
        } else {
            assert_int_equal(code, HL7_TOO_LARGE);
            assert_string_equal(bench->failure.text, "the conversion takes too many steps");
            low = middle + 1;
        }
    }
    return high;
}

/* What a template costs for a message with `n` of something. */
static size_t cost_of(const char *text, hl7_slice (*make)(size_t), size_t n)
{
    struct bench *bench = bench_open();
    hl7_slice message = make(n);

    if (bench_compile(bench, hl7_slice_of(text)) != HL7_OK) {
        fail_msg("%s: %s", text, bench->diagnostics->text);
    }
    bench->is_hl7 = hl7_message_parse(message, &bench->arena, &bench->message, NULL) == HL7_OK;
    bench->source = message;
    return least_steps(bench);
}

/* A PID with n repetitions and one field of n bytes. */
static hl7_slice long_fields(size_t n)
{
    static char text[300000];
    size_t len = (size_t)snprintf(text, sizeof text, "MSH|^~\\&|APP\rPID|1||");

    assert_true(n * 9 + 100 < sizeof text);
    for (size_t i = 0; i < n; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "a^b&c~");
    }
    text[len++] = '|';
    memset(text + len, 'x', n);
    len += n;
    len += (size_t)snprintf(text + len, sizeof text - len, "|\\T\\|");
    memset(text + len, '*', n);
    return (hl7_slice){text, len + n};
}

static hl7_slice long_json(size_t n)
{
    static char text[300000];
    size_t len = (size_t)snprintf(text, sizeof text, "{\"head\": {\"a\": 1}, \"items\": [0");

    assert_true(n * 18 + 100 < sizeof text);
    for (size_t i = 1; i < n; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, ", {\"a\": \"\\n%zu\"}", i);
    }
    return (hl7_slice){text, len + (size_t)snprintf(text + len, sizeof text - len, "]}")};
}

struct shape {
    const char *text;
    hl7_slice (*make)(size_t);
};

static void twice_the_message_takes_twice_the_steps(void **state)
{
    static const struct shape shapes[] = {
        {"{for o in OBX}{o-1} {o-4}{end}", long_source},
        {"{for o in OBX}{OBX[3]-1}{OBX[last]-1}{PID-3.1}{end}", long_source},
        {"{for o in OBX}{count} {last}{count(OBX)}{end}", long_source},
        {"{for o in OBX}{set OBX-4 = 'changed' index}{end}{source}", long_source},
        {"{for o in OBX}{set o-4 = 'changed' index}{end}{source}", long_source},
        {"{for o in OBX}{set OBX[last]-4 = index}{end}{source}", long_source},
        {"{for o in OBX}{delete o}{end}{source}", long_source},
        {"{for o in OBX}{append NTE 'NTE|' o-1}{end}{source}", long_source},
        {"{for g in OBX..}{for o in OBX}{o-1}{end}{count(OBX)}{end}", long_source},
        {"{for g in PID..}{for o in OBX}{o-1}{OBX[last]-1}{end}{count(OBX)}{end}", long_source},
        {"{if has(ZZZ)}a{end}{count(OBX)} {OBX[last]-1}{OBX[OBX-1='x']-1}", long_source},
        {"{for o in OBX}{let n = o-1}{end}{n}", long_source},
        {"{PID-3}{count(PID-3)}{PID-3[last].1}{raw(PID)}", long_fields},
        {"{for r in PID-3}{r.1}{r.2.2}{count}{end}", long_fields},
        {"{upper(PID-4)}{length(PID-4)}{sha256(PID-4)}{base64(PID-4)}{hex(PID-4)}", long_fields},
        {"{replace(PID-4, 'xx', 'y')}{part(PID-4, 'x', -1)}{substr(PID-4, -1)}", long_fields},
        {"{if PID-4 = PID-4}{PID-4 PID-4}{end}{if PID-4 in ('a', 'b')}{end}", long_fields},
        {"{if PID-4 like '*x*x*'}a{end}{if PID-4 like 'xx[a-y]*'}b{end}", long_fields},
        {"{set PID-5 = PID-4}{set PID-3 = 'x'}{source}", long_fields},
        {"{2-1}{1-4}{0-1}", long_fields},
        {"{output json}\n{\"a\": [{PID-4}, \"{PID-3}\"]}", long_fields},
        {"{output xml}\n<a>{PID-4}</a>", long_fields},
        {"{output csv}\n{PID-4},{PID-4 '\"'}\n", long_fields},
        {"{for x in $.items}{x.a}{$.head.a}{end}{count($.items)}", long_json},
        {"{for x in $.items}{index}/{count}{end}{$.items[last].a}", long_json},
    };
    enum { N = 400 };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t once = cost_of(shapes[i].text, shapes[i].make, N);
        size_t twice = cost_of(shapes[i].text, shapes[i].make, 2 * N);
        if (twice > once * 22 / 10 || twice < once * 15 / 10) {
            fail_msg("%s: %zu, then %zu", shapes[i].text, once, twice);
        }
    }
}

/* PID-4 is n bytes long, the n repetitions of PID-3 are 6 n, PID 8 n: how many times n bytes a
 * template goes over or writes. */
static void every_byte_gone_over_is_paid_for(void **state)
{
    static const struct {
        const char *text;
        size_t times;
    } cases[] = {
        {"{PID-4}", 1},
        {"{PID-3[last].1}", 6},
        {"{if PID-4}a{end}", 1},
        {"{if PID-4 = 'y'}a{end}", 2},
        {"{if PID-3[last].1}a{end}", 6},
        {"{if has(PID-3[last].1)}a{end}", 6},
        {"{if length(PID-4)}a{end}", 2},
        {"{if upper(PID-4)}a{end}", 3},
        {"{upper(PID-4)}", 5},
        {"{for r in PID-4}{end}", 1},
        {"{output xml}\n<a>{PID-4}</a>", 2},
        {"{set PID-5 = 'x'}", 8},
        {"{set PID-5 = PID-4}", 10},
        {"{set PID-5 = upper(PID-4)}", 14},
        {"{append NTE 'NTE|' PID-4}", 3},
        {"{0-1}", 8},
    };
    enum { N = 100 * TEMPLATE_BYTES_PER_STEP };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t once = cost_of(cases[i].text, long_fields, N);
        size_t more = cost_of(cases[i].text, long_fields, 2 * N) - once;
        if ((more + 50) / 100 != cases[i].times) {
            fail_msg("%s: %zu steps more", cases[i].text, more);
        }
    }
}

/* What goes along all for each of all is not linear: it is paid for, so the limit ends it. */
static void what_is_not_linear_is_paid_for(void **state)
{
    static const struct shape shapes[] = {
        {"{for o in OBX}{for p in OBX}{end}{end}", long_source},
        {"{for o in OBX}{OBX[OBX-1='no']-1}{end}", long_source},
        {"{let x = ''}{for o in OBX}{let x = x 'a'}{end}", long_source},
        {"{for r in PID-3}{PID-4}{end}", long_fields},
        {"{for r in PID-3}{set PID-5 = index}{end}", long_fields},
        {"{for r in PID-3}{set PID-5 = ''}{end}", long_fields},
        {"{for r in PID-3}{if PID-4 = 'y'}{end}{end}", long_fields},
        {"{for r in PID-3}{if has(PID-3[last].1)}{end}{end}", long_fields},
        {"{for r in PID-3}{if count(PID-3) = 1}{end}{end}", long_fields},
        {"{for r in PID-3}{let x = upper(PID-4)}{end}", long_fields},
        {"{for r in PID-3}{if sha256(PID-4)}{end}{end}", long_fields},
        {"{if PID-4 like '*' PID-4 'y'}a{end}", long_fields},
        {"{if PID-4 like '*' replace(PID-4, 'x', '?') 'y'}a{end}", long_fields},
        {"{for x in $.items}{if $.items[last].a = 'x'}{end}{end}", long_json},
        {"{for x in $.items}{if count($.items) = 0}{end}{end}", long_json},
    };
    enum { N = 60 };

    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t first = cost_of(shapes[i].text, shapes[i].make, N);
        size_t once = cost_of(shapes[i].text, shapes[i].make, 2 * N);
        size_t twice = cost_of(shapes[i].text, shapes[i].make, 4 * N);
        /* a + b n + c n n: the second difference is c's. */
        if (twice - once < 2 * (once - first) + N / 2) {
            fail_msg("%s: %zu, %zu, then %zu", shapes[i].text, first, once, twice);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_output_is_longer_than_it_may_be),
        cmocka_unit_test(a_full_buffer_is_not_a_limit),
        cmocka_unit_test(what_the_buffer_held_before_is_not_counted),
        cmocka_unit_test(going_over_is_said_where_it_happens),
        cmocka_unit_test(the_standard_bound_of_the_output_is_as_documented),
        cmocka_unit_test(values_and_edits_are_bounded),
        cmocka_unit_test(the_standard_bound_of_values_is_as_documented),
        cmocka_unit_test(a_small_arena_is_not_a_limit),
        cmocka_unit_test(what_follows_from_the_source_is_not_counted),
        cmocka_unit_test(twice_the_message_takes_twice_the_steps),
        cmocka_unit_test(every_byte_gone_over_is_paid_for),
        cmocka_unit_test(what_is_not_linear_is_paid_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
