/* SPDX-License-Identifier: Apache-2.0
 *
 * if, for, let: which branch is taken, what a loop goes along, what a name means within. */
#include "test_template_support.h"

#include <stdio.h>

#include "template/limits.h"

static const char source[] = "MSH|^~\\&|APP|FAC|||20230403||ORU^R01|7|P|2.4\r"
                             "PID|1||42^^^A^MR~43^^^B^PI~44||DO\\T\\E^JANE||19700101|F\r"
                             "NTE|1||of the patient\r"
                             "ORC|RE|A1\r"
                             "OBR|1|A1\r"
                             "OBX|1|NM|A^a||1\r"
                             "OBX|2|NM|B^b||2~3\r"
                             "ORC|RE|A2\r"
                             "OBR|2|A2\r"
                             "OBX|1|NM|A^a||4\r"
                             "NTE|2||of the second\r"
                             "ORC|RE|A3\r";

struct block_case {
    const char *text;
    const char *expected;
};

static void check_cases(const struct block_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hl7_slice output = convert(cases[i].text, source);
        if (!hl7_slice_equal(output, hl7_slice_of(cases[i].expected))) {
            fail_msg("%s: %.*s", cases[i].text, (int)output.len, output.ptr);
        }
    }
}

#define CHECK(cases) check_cases((cases), sizeof(cases) / sizeof *(cases))

static void one_branch_is_taken(void **state)
{
    static const struct block_case cases[] = {
        {"{if PID-8 = 'F'}a{end}", "a"},
        {"{if PID-8 = 'M'}a{end}", ""},
        {"{if PID-8 = 'M'}a{else}b{end}", "b"},
        {"{if PID-8 = 'F'}a{else}b{end}", "a"},
        {"{if ''}a{else if 'x'}b{else if 'y'}c{else}d{end}", "b"},
        {"{if ''}a{else if ''}b{else if 'y'}c{else}d{end}", "c"},
        {"{if ''}a{else if ''}b{else if ''}c{else}d{end}!", "d!"},
        {"{if ''}a{else if ''}b{end}!", "!"},
        {"{if 'x'}{if ''}a{else}b{end}{else}c{end}", "b"},
        {"{if ZPI}a{end}{if PID}b{end}", "b"},
        {"{if PID-3[PID-3.5='PI'].1 = 43}a{end}", "a"},
    };

    (void)state;
    CHECK(cases);
}

static void a_loop_goes_along_segments(void **state)
{
    static const struct block_case cases[] = {
        {"{for obx in OBX}{obx-3.1}={obx-5};{end}", "A=1;B=2~3;A=4;"},
        {"{for obx in OBX[*]}{obx-1}{end}", "121"},
        {"{for z in ZZZ}x{end}y", "y"},
        {"{for obx in OBX}{obx}/{end}", "OBX|1|NM|A^a||1/OBX|2|NM|B^b||2~3/OBX|1|NM|A^a||4/"},
        {"{for obx in OBX}{OBX-5}{end}", "111"},
        {"{for obx in OBX}{obx-3.2 '.'}{end}", "a.b.a."},
        {"{for obx in OBX}{if obx-3.1 = 'A'}{obx-5},{end}{end}", "1,4,"},
        {"{for a in ORC}{for b in NTE}{a-2}{b-1} {end}{end}", "A11 A12 A21 A22 A31 A32 "},
        {"{for o in order:OBX}x{end}", ""},
        {"{for s in source:PID}{s-8}{end}", "F"},
    };

    (void)state;
    CHECK(cases);
}

static void a_loop_goes_along_repetitions(void **state)
{
    static const struct block_case cases[] = {
        {"{for r in PID-3}{r.1};{end}", "42;43;44;"},
        {"{for r in PID-3[*]}{r.5.1}.{end}", "MR.PI.."},
        {"{for r in PID-3}{r};{end}", "42^^^A^MR;43^^^B^PI;44;"},
        {"{for r in PID-9}{r};{end}", ""},
        {"{for obx in OBX}{for v in obx-5}{v}+{end}{end}", "1+2+3+4+"},
        {"{for r in PID-3}{if r.5 = 'PI'}{r.1}{end}{end}", "43"},
        {"{for v in OBX[OBX-3.1='B']-5}{v};{end}", "2;3;"},
        {"{for v in OBX[2]-5}{v};{end}", "2;3;"},
        {"{for obx in OBX}{obx-5[obx-5 > 2]}{end}", "34"},
        {"{for c in MSH-2}{c}{end}", "^~\\&"},
    };

    (void)state;
    CHECK(cases);
}

static void a_group_is_a_segment_and_what_follows(void **state)
{
    static const struct block_case cases[] = {
        {"{for g in ORC..}{ORC-2}{end}", "A1A2A3"},
        {"{for g in ORC..}{OBX-5};{end}", "1;4;;"},
        {"{for g in ORC..}{OBX[2]-5};{OBX[last]-5};{end}", "2~3;2~3;;4;;;"},
        {"{for g in ORC..}{NTE-3};{end}", ";of the second;;"},
        {"{for g in ORC..}{PID-8}{source:PID-8}{end}", "FFF"},
        {"{for g in ORC..}{g:OBR-2}{end}", "A1A2"},
        {"{for g in ORC..}{for x in OBX}{ORC-2}.{x-5} {end}{end}", "A1.1 A1.2~3 A2.4 "},
        {"{for g in ORC..}{count(OBX)}{end}", "210"},
        {"{for g in ORC..}{OBX[OBX-3.1='B']-5};{end}", "2~3;;;"},
        {"{for p in PID..}{for g in ORC..}{p:PID-8}{ORC-2}{end}{end}", "FA1FA2FA3"},
        {"{for g in ORC..}{for h in OBX..}{h:OBX-5}{NTE-3},{end}{end}", "1,2~3,4of the second,"},
    };

    (void)state;
    CHECK(cases);
}

static void a_loop_knows_its_turns(void **state)
{
    static const struct block_case cases[] = {
        {"{for x in OBX}{index}/{count}{if not last},{end}{end}", "1/3,2/3,3/3"},
        {"{for x in PID-3}{if first}[{end}{x.1}{if last}]{end}{end}", "[424344]"},
        {"{for g in ORC..}{for x in OBX}{index}{end};{index};{end}", "12;1;1;2;;3;"},
        {"{for g in ORC..}{let i = index}{for x in OBX}{i '.' index} {end}{end}", "1.1 1.2 2.1 "},
        {"{for g in ORC..}{last}{count}{end}", "3313"},
    };

    (void)state;
    CHECK(cases);
}

static void a_name_keeps_a_value(void **state)
{
    static const struct block_case cases[] = {
        {"{let mrn = PID-3[PID-3.5='MR'].1}{mrn}", "42"},
        {"{let n = PID-5}{n} {n ', ' PID-5.2}", "DO&E DO&E, JANE"},
        {"{if ''}{let a = 'x'}{end}[{a}]", "[]"},
        {"{let a = 'x'}{let a = a 'y'}{a}{a}", "xyxy"},
        {"{let s = ''}{for x in OBX}{let s = s x-5 ','}{end}{s}", "1,2,4,"},
        {"{if 'x'}{let a = 1}{else}{let a = 2}{end}{if a = 1}one{end}", "one"},
    };

    (void)state;
    CHECK(cases);
}

static void lines_of_statements_leave_nothing(void **state)
{
    static const struct block_case cases[] = {
        {"a\n{if PID}\nb\n{else}\nc\n{end}\nd", "a\nb\nd"},
        {"MSH|^~\\&|\n{for x in OBX}\n  {let v = x-5}\nOBX|{index}|{v}\n{end}\nNTE|1\n",
         "MSH|^~\\&|\rOBX|1|1\rOBX|2|2\rOBX|3|4\rNTE|1\r"},
        {"a\n{if ''}b{end}\nc", "a\nc"},
        {"a\n{if 'x'}b{end}\nc", "a\nb\nc"},
        {"a\n{for x in OBX}{x-1}{end}\nc", "a\n121\nc"},
        {"{if ''}b{end}\nc", "c"},
        {"MSH|^~\\&\n{if AL1}{AL1}{end}\n{if ORC}{ORC}{end}\n", "MSH|^~\\&\rORC|RE|A1\r"},
    };

    (void)state;
    CHECK(cases);
}

static void a_line_end_at_the_end_of_a_value_ends_no_line(void **state)
{
    static const char message[] = "MSH|^~\\&|\rPID|a\\X0A\\|M";

    (void)state;
    assert_slice(convert("{output csv}\n{if PID-2}{end}{PID-1}\nx,y\n", message), "\"a\n\"\nx,y\n");
    assert_slice(convert("{if PID-2}{end}{PID-1 ''}\nx\n", message), "a\n\nx\n");
    assert_slice(convert("{if PID-2}{end}{PID-3}\nx\n", message), "x\n");
}

static void an_error_in_a_block_says_where_and_what(void **state)
{
    static const struct {
        const char *text;
        size_t column;
        const char *message;
    } cases[] = {
        {"{if}a{end}", 4, "a value is missing before '}'"},
        {"{if PID-8 = }a{else}b{end}", 13, "a value is missing before '}'"},
        {"a{if 'x'}b", 11, "the 'if' of line 1 has no {end}"},
        {"{end}", 2, "'end' without its 'if' or 'for'"},
        {"{else}", 2, "'else' without its 'if'"},
        {"{for x in OBX}{else}{end}", 16, "'else' without its 'if'"},
        {"{if 'a'}{else}{else}{end}", 16, "nothing but {end} can follow {else}"},
        {"{if 'a'}{else}{else if 'b'}{end}", 16, "nothing but {end} can follow {else}"},
        {"{for x in}{x}{end}", 10, "a value is missing before '}'"},
        {"{for x OBX}{x}{end}", 8, "'for' is written {for name in PATH}"},
        {"{for X in OBX}{end}", 6, "the name 'X' does not begin with a small letter"},
        {"{for if in OBX}{end}", 6, "'if' is a word of the language"},
        {"{for x in 'a'}{end}", 11, "'a' cannot stand here"},
        {"{for x in OBX[2]}{end}", 11,
         "'for' goes along segments (OBX), groups (ORC..) or the repetitions of a field (PID-3)"},
        {"{for x in PID-3.1}{end}", 11,
         "'for' goes along segments (OBX), groups (ORC..) or the repetitions of a field (PID-3)"},
        {"{for x in PID-3..}{end}", 11, "a group begins with a segment, as in ORC.."},
        {"{for x in OBX}{for x in PID}{end}{end}", 20, "'x' is a loop's name already"},
        {"{for x in OBX}{x[2]-5}{end}", 16, "'x' stands at one segment already"},
        {"{for g in ORC..}{g}{end}", 18, "'g' is a group: write g:OBX-5 or the like"},
        {"{for x in OBX}{x:OBX-5}{end}", 16, "'x' is no group: write x-1 or the like"},
        {"{for x in OBX}{end}{x-5}", 21, "unknown name 'x' (a brace as text is {'{'})"},
        {"{index}", 2, "'index' is known within a loop only"},
        {"{a}{let a = 1}", 2, "unknown name 'a' (a brace as text is {'{'})"},
        {"{let a}", 7, "'=' is missing before '}'"},
        {"{let a = }{a}", 10, "a value is missing before '}'"},
        {"{let number = 1}{let a = numbr}", 26, "unknown name 'numbr' (did you mean 'number'?)"},
        {"{for x in OBX}{x-0}{end}", 16, "unknown path 'x-0': numbers in a path count from 1"},
        {"{OBX[OBX-1='1']-0}", 2,
         "unknown path 'OBX[OBX-1='1']-0': numbers in a path count from 1"},
        {"{OBX[*]-5}", 5, "'[*]' and '..' have a meaning in 'for' only"},
        {"{ORC..}", 5, "'[*]' and '..' have a meaning in 'for' only"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct hl7_diagnostic *found = first_error(cases[i].text);
        if (strcmp(found->text, cases[i].message) != 0 || found->column != cases[i].column) {
            fail_msg("%s: %zu: %s", cases[i].text, found->column, found->text);
        }
        if (found->next != NULL) {
            fail_msg("%s: and %s", cases[i].text, found->next->text);
        }
    }
}

static void blocks_are_bounded(void **state)
{
    static char text[(TEMPLATE_MAX_BLOCKS + 2) * 14];
    struct bench *bench = bench_open();
    size_t len = 0;

    (void)state;
    for (int i = 0; i < TEMPLATE_MAX_BLOCKS + 1; i++) {
        memcpy(text + len, "{if 'x'}", 8);
        len += 8;
    }
    for (int i = 0; i < TEMPLATE_MAX_BLOCKS + 1; i++) {
        memcpy(text + len, "{end}", 5);
        len += 5;
    }
    assert_int_equal(bench_compile(bench, (hl7_slice){text, len}), HL7_BAD_TEMPLATE);
    assert_string_equal(bench->diagnostics->text, "'if' is too deep within other blocks");
    assert_null(bench->diagnostics->next);
    assert_int_equal(bench_compile(bench, (hl7_slice){text + 8, len - 13}), HL7_OK);
}

/* Each of the segments is looked for in each turn: were that a walk, it would be 10^9 steps. */
static void many_segments_are_no_burden(void **state)
{
    enum { SEGMENTS = 30000 };
    static char message[SEGMENTS * 8 + 16];
    struct bench *bench = bench_open();
    size_t len = 0;

    (void)state;
    memcpy(message, "MSH|^~\\&|\r", 10);
    len = 10;
    for (size_t i = 0; i < SEGMENTS; i++) {
        memcpy(message + len, i + 1 == SEGMENTS ? "ZZZ|9\r" : "OBX|1\r", 6);
        len += 6;
    }
    hl7_slice output =
        bench_convert(bench, HL7_TEXT("{for x in OBX}{ZZZ-1}{end}"), (hl7_slice){message, len});
    assert_int_equal(output.len, SEGMENTS - 1);
}

/* In a loop segments are found by an index, elsewhere by going along them: whatever the names are,
 * both find the same. */
static void a_loop_finds_what_a_walk_finds(void **state)
{
    enum { MOST = 400, ROUNDS = 300 };
    static const char looked_for[] =
        "{count(AAA)} {AAA[2]-1} {AAA[last]-1} {count(A0B)} {A0B-1} {count(B99)} {B99[last]-1} "
        "{count(AB0)} {AB0[3]-1} {count(A9A)} {A9A-1} {count(MSH)}";
    static char looped[sizeof looked_for + 40];
    static char message[MOST * 16 + 16];
    struct random_state random;

    (void)state;
    (void)snprintf(looped, sizeof looped, "{for x in MSH}%s{end}", looked_for);
    random_init(&random, 11);
    for (int round = 0; round < ROUNDS; round++) {
        size_t segments = random_below(&random, MOST);
        size_t len = (size_t)snprintf(message, sizeof message, "MSH|^~\\&|\r");
        for (size_t i = 0; i < segments; i++) {
            size_t name = random_once_in(&random, 20) ? 1 + random_below(&random, 5) : 3;
            random_fill_from(&random, message + len, name, HL7_TEXT("AAB09a"));
            len += name;
            len += (size_t)snprintf(message + len, sizeof message - len, "|%zu\r", i);
        }
        char walked[200];
        hl7_slice output =
            bench_convert(bench_open(), HL7_TEXT(looked_for), (hl7_slice){message, len});
        assert_in_range(output.len, 1, sizeof walked);
        memcpy(walked, output.ptr, output.len);
        hl7_slice expected = {walked, output.len};
        assert_slices(bench_convert(bench_open(), hl7_slice_of(looped), (hl7_slice){message, len}),
                      expected);
    }
}

/* All the names there are, one of each. */
static void every_name_has_its_place(void **state)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static char message[26 * 36 * 36 * 6 + 16];
    struct bench *bench = bench_open();
    size_t len = (size_t)snprintf(message, sizeof message, "MSH|^~\\&|\r");

    (void)state;
    for (size_t number = 0; number < (size_t)26 * 36 * 36; number++) {
        const char name[] = {digits[number / 36 / 36],
                             digits[number / 36 % 36],
                             digits[number % 36],
                             '|',
                             '1',
                             '\r'};
        if (memcmp(name, "MSH", 3) != 0) {
            memcpy(message + len, name, sizeof name);
            len += sizeof name;
        }
    }
    assert_slice(bench_convert(bench, HL7_TEXT("{for x in Z99}{AAA-1}{count(Q7B)}{Z99-1}{end}"),
                               (hl7_slice){message, len}),
                 "111");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_branch_is_taken),
        cmocka_unit_test(a_loop_goes_along_segments),
        cmocka_unit_test(a_loop_goes_along_repetitions),
        cmocka_unit_test(a_group_is_a_segment_and_what_follows),
        cmocka_unit_test(a_loop_knows_its_turns),
        cmocka_unit_test(a_name_keeps_a_value),
        cmocka_unit_test(lines_of_statements_leave_nothing),
        cmocka_unit_test(a_line_end_at_the_end_of_a_value_ends_no_line),
        cmocka_unit_test(an_error_in_a_block_says_where_and_what),
        cmocka_unit_test(blocks_are_bounded),
        cmocka_unit_test(many_segments_are_no_burden),
        cmocka_unit_test(a_loop_finds_what_a_walk_finds),
        cmocka_unit_test(every_name_has_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
