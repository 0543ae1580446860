/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of lib/diff.c and lib/diff_align.c: what is told of two messages, and where. */
#include "sample.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

enum { TOLD_SIZE = 65536 };

/* Two messages and what was told about them: a line for each difference. */
struct bench {
    struct hl7_message messages[2];
    void *memory[2];
    char told[TOLD_SIZE];
    struct hl7_buffer lines;
    size_t count;
    size_t stop_after; /* 0: never */
};

static struct bench bench;

static void parse(size_t which, hl7_slice text)
{
    size_t size = hl7_message_memory(text);
    struct hl7_arena arena;

    free(bench.memory[which]);
    bench.memory[which] = malloc(size + 1);
    assert_non_null(bench.memory[which]);
    hl7_arena_init(&arena, bench.memory[which], size);
    assert_int_equal(hl7_message_parse(text, &arena, &bench.messages[which], NULL), HL7_OK);
}

static int release(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        free(bench.memory[i]);
        bench.memory[i] = NULL;
    }
    return 0;
}

static void add_value(hl7_slice value)
{
    if (value.ptr == NULL) {
        hl7_buffer_add(&bench.lines, HL7_TEXT(" nothing"));
        return;
    }
    hl7_buffer_add(&bench.lines, HL7_TEXT(" '"));
    hl7_buffer_add(&bench.lines, value);
    hl7_buffer_add(&bench.lines, HL7_TEXT("'"));
}

static bool write_down(void *context, const struct hl7_difference *difference)
{
    struct bench *into = context;

    hl7_path_write(&difference->path, &into->lines);
    hl7_buffer_add_byte(&into->lines, ' ');
    hl7_buffer_add(&into->lines, hl7_slice_of(hl7_difference_name(difference->kind)));
    add_value(difference->expected);
    add_value(difference->actual);
    hl7_buffer_add_byte(&into->lines, '\n');
    into->count++;
    return into->count != into->stop_after;
}

/* Compares the two in exactly the memory that was asked for. */
static size_t compare_parsed(bool loose)
{
    const struct hl7_comparison how = {.loose = loose, .difference = write_down, .context = &bench};
    size_t size = hl7_diff_memory(&bench.messages[0], &bench.messages[1]);
    void *memory = malloc(size);
    size_t count = 0;
    struct hl7_arena arena;

    assert_non_null(memory);
    hl7_buffer_init(&bench.lines, bench.told, sizeof bench.told);
    bench.count = 0;
    hl7_arena_init(&arena, memory, size);
    assert_int_equal(hl7_diff(&bench.messages[0], &bench.messages[1], &how, &arena, &count),
                     HL7_OK);
    assert_int_equal(arena.used, 0);
    assert_int_equal(count, bench.count);
    free(memory);
    return count;
}

static size_t compare(hl7_slice expected, hl7_slice actual, bool loose)
{
    parse(0, expected);
    parse(1, actual);
    return compare_parsed(loose);
}

#define HEAD "MSH|^~\\&|A|B\r"

struct diff_case {
    const char *expected; /* behind HEAD */
    const char *actual;
    const char *told;
};

static void check_case(const struct diff_case *row, bool loose)
{
    char expected[512];
    char actual[512];

    (void)snprintf(expected, sizeof expected, "%s%s", HEAD, row->expected);
    (void)snprintf(actual, sizeof actual, "%s%s", HEAD, row->actual);
    (void)compare(hl7_slice_of(expected), hl7_slice_of(actual), loose);
    assert_slice(hl7_buffer_slice(&bench.lines), row->told);
}

/* ---- Values --------------------------------------------------------------------------------- */

static void a_difference_is_told_as_deep_as_it_lies(void **state)
{
    static const struct diff_case cases[] = {
        {"PID|1||7", "PID|1||8", "PID[1]-3 changed '7' '8'\n"},
        {"PID|a^b", "PID|a^c", "PID[1]-1.2 changed 'b' 'c'\n"},
        {"PID|a^b&c", "PID|a^b&d", "PID[1]-1.2.2 changed 'c' 'd'\n"},
        {"PID|a~b", "PID|a~c", "PID[1]-1[2] changed 'b' 'c'\n"},
        {"PID|a~b^c&d", "PID|a~b^x&d", "PID[1]-1[2].2.1 changed 'c' 'x'\n"},
        {"PID|a&b", "PID|a&c", "PID[1]-1.1.2 changed 'b' 'c'\n"},
        {"PID|a&b~c", "PID|a&b~d|x", "PID[1]-1[2] changed 'c' 'd'\nPID[1]-2 extra nothing 'x'\n"},
        {"PID|DOE", "PID|DOE^JOHN", "PID[1]-1.2 extra nothing 'JOHN'\n"},
        {"PID|DOE^JOHN", "PID|DOE", "PID[1]-1.2 missing 'JOHN' nothing\n"},
        {"PID|a", "PID|b~c", "PID[1]-1[1] changed 'a' 'b'\nPID[1]-1[2] extra nothing 'c'\n"},
        {"PID|a|b", "PID|a|", "PID[1]-2 missing 'b' ''\n"},
        {"PID|a|", "PID|a|b", "PID[1]-2 extra '' 'b'\n"},
        {"PID||x^y", "PID||", "PID[1]-2 missing 'x^y' ''\n"},
        {"PID|\"\"", "PID|", "PID[1]-1 missing '\"\"' ''\n"},
        {"PID|a^b^c", "PID|x^b^z", "PID[1]-1.1 changed 'a' 'x'\nPID[1]-1.3 changed 'c' 'z'\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case(&cases[i], false);
    }
}

static void empty_parts_are_told_only_where_nothing_follows(void **state)
{
    static const struct diff_case cases[] = {
        {"PID|1", "PID|1|||x", "PID[1]-4 extra nothing 'x'\n"},
        {"PID|1|||x", "PID|1", "PID[1]-4 missing 'x' nothing\n"},
        {"PID|1", "PID|1|||", "PID[1]-4 extra nothing ''\n"},
        {"PID|1||", "PID|1", "PID[1]-3 missing '' nothing\n"},
        {"PID|a", "PID|a^^", "PID[1]-1.3 extra nothing ''\n"},
        {"PID|a", "PID|a^^c", "PID[1]-1.3 extra nothing 'c'\n"},
        {"PID|a~~", "PID|a", "PID[1]-1[3] missing '' nothing\n"},
        {"PID|a&&", "PID|a", "PID[1]-1.1.3 missing '' nothing\n"},
        {"PID|", "PID|~", "PID[1]-1 extra '' '~'\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case(&cases[i], false);
    }
}

/* rule 13 */
static void loosely_empty_parts_at_the_end_count_for_nothing(void **state)
{
    static const struct diff_case cases[] = {
        {"PID|1", "PID|1|||", ""},
        {"PID|a^^&", "PID|a", ""},
        {"PID|a&&^^", "PID|a", ""},
        {"PID|1", "PID|1|^^&|", ""},
        {"PID|1|^", "PID|1|", ""},
        {"PID|1|^x", "PID|1|", "PID[1]-2 missing '^x' ''\n"},
        {"PID|a~^", "PID|a~", ""},
        /* Blank repetitions count (rule 16). */
        {"PID|a~", "PID|a", "PID[1]-1[2] missing '' nothing\n"},
        {"PID|a\\T\\b", "PID|a\\X26\\b", ""},
        {"PID|a\\T\\b", "PID|a\\S\\b", "PID[1]-1 changed 'a\\T\\b' 'a\\S\\b'\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case(&cases[i], true);
    }
}

static void line_ends_blank_lines_and_byte_order_marks_count_for_nothing(void **state)
{
    (void)state;
    assert_int_equal(compare(HL7_TEXT("MSH|^~\\&|A\rPID|1\r"),
                             HL7_TEXT("\xef\xbb\xbfMSH|^~\\&|A\n\nPID|1"), false),
                     0);
}

static void random_values_differ_exactly_when_their_bytes_do_and_loosely_by_rule_13(void **state)
{
    struct random_state random;

    (void)state;
    random_init(&random, 1);
    for (int i = 0; i < 20000; i++) {
        char texts[2][32];
        hl7_slice messages[2];
        hl7_slice values[2];

        for (size_t k = 0; k < 2; k++) {
            size_t len = random_below(&random, 7);

            memcpy(texts[k], "MSH|^~\\&|", 9);
            random_fill_from(&random, texts[k] + 9, len, HL7_TEXT("ab^^&&~"));
            messages[k] = (hl7_slice){texts[k], 9 + len};
            values[k] = (hl7_slice){texts[k] + 9, len};
        }
        assert_int_equal(compare(messages[0], messages[1], false) == 0,
                         hl7_slice_equal(values[0], values[1]));
        assert_int_equal(compare_parsed(true) == 0,
                         hl7_value_equal(&hl7_standard_delimiters, values[0], values[1]));
    }
}

/* rule 20 */
static void other_delimiters_are_a_difference_only_in_the_header(void **state)
{
    static const struct hl7_delimiters other = {'#', '$', '*', '@', '!', '\0'};
    struct random_state random;

    (void)state;
    random_init(&random, 2);
    for (int i = 0; i < 5000; i++) {
        char first[64] = "MSH|^~\\&|";
        char second[512] = "MSH#$*@!#";
        size_t len = random_below(&random, 20);
        struct hl7_buffer buffer;

        random_fill_from(&random, first + 9, len, HL7_TEXT("aTX26^&~\\\\$#!@*"));
        hl7_buffer_init(&buffer, second, sizeof second);
        buffer.len = 9;
        assert_int_equal(
            hl7_recode(&hl7_standard_delimiters, &other, (hl7_slice){first + 9, len}, &buffer),
            HL7_OK);
        assert_int_equal(compare((hl7_slice){first, 9 + len}, hl7_buffer_slice(&buffer), false), 2);
        assert_slice(hl7_buffer_slice(&bench.lines), "MSH[1]-1 changed '|' '#'\n"
                                                     "MSH[1]-2 changed '^~\\&' '$*@!'\n");
        assert_int_equal(compare_parsed(true), 0);
    }
}

/* ---- Segments ------------------------------------------------------------------------------- */

static void segments_that_came_or_went_are_told_as_such(void **state)
{
    static const struct diff_case cases[] = {
        {"PID|1\rPV1|1", "PID|1", "PV1[1] segment-missing 'PV1|1' nothing\n"},
        {"PID|1", "ZPI|x\rPID|1", "ZPI[1] segment-extra nothing 'ZPI|x'\n"},
        {"OBX|1|a\rOBX|2|b\rOBX|3|c", "OBX|1|a\rOBX|3|c",
         "OBX[2] segment-missing 'OBX|2|b' nothing\n"},
        {"OBX|1|a\rOBX|2|b", "OBX|2|c",
         "OBX[1] segment-missing 'OBX|1|a' nothing\nOBX[2]-2 changed 'b' 'c'\n"},
        {"PID|1\rPV1|1", "PV1|1\rPID|1",
         "PID[1] segment-missing 'PID|1' nothing\nPID[1] segment-extra nothing 'PID|1'\n"},
        {"OBX|1\rNTE|1|x\rOBX|2", "OBX|1\rOBX|2\rNTE|1|y",
         "NTE[1] segment-missing 'NTE|1|x' nothing\nNTE[1] segment-extra nothing 'NTE|1|y'\n"},
        {"AB|1\rlonger|1", "AB|1\rlonger|2", "lon[1]-1 changed '1' '2'\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_case(&cases[i], false);
    }
}

static void the_callback_can_end_the_comparison(void **state)
{
    (void)state;
    bench.stop_after = 2;
    assert_int_equal(compare(HL7_TEXT(HEAD "PID|a^b|c~d|e\rPV1|1"),
                             HL7_TEXT(HEAD "PID|1^2|3~4|5\rPV2|1"), false),
                     2);
    bench.stop_after = 0;
}

static void a_message_does_not_differ_from_itself(void **state)
{
    static struct sample sample;
    struct random_state random;

    (void)state;
    random_init(&random, 3);
    for (int i = 0; i < 1000; i++) {
        sample_message(&random, &sample);
        assert_int_equal(compare(sample.text, sample.text, false), 0);
        assert_int_equal(compare_parsed(true), 0);
    }
}

static void whether_two_messages_differ_does_not_depend_on_their_order(void **state)
{
    static struct sample first;
    static struct sample second;
    struct random_state random;

    (void)state;
    random_init(&random, 4);
    for (int i = 0; i < 1000; i++) {
        bool loose = random_once_in(&random, 2);
        size_t there;

        sample_message(&random, &first);
        second = first;
        second.text.ptr = second.memory + (first.text.ptr - first.memory);
        second.memory[random_below(&random, first.text.len)] = 'x';
        struct hl7_arena arena = {NULL, 0, 0};
        if (hl7_message_parse(second.text, &arena, &bench.messages[1], NULL) != HL7_NO_MEMORY) {
            continue;
        }
        there = compare(first.text, second.text, loose);
        assert_int_equal(compare(second.text, first.text, loose) == 0, there == 0);
    }
}

/* ---- Edits come back as differences ------------------------------------------------------------ */

enum { EDIT_SEGMENTS = 12, EDIT_TEXT = 16384 };

/* Segments that can be told apart by their first fields, with values of all depths behind them. */
static hl7_slice edit_source(char *memory)
{
    struct hl7_buffer buffer;
    char line[256];

    hl7_buffer_init(&buffer, memory, EDIT_TEXT);
    hl7_buffer_add(&buffer, HL7_TEXT(HEAD));
    for (int i = 1; i <= EDIT_SEGMENTS; i++) {
        (void)snprintf(line, sizeof line, "OBX|%d|S%d|C%d|U%d|a&b^c&d~e&f^g&h|i&j^k&l~m&n^o&p\r", i,
                       i, i, i);
        hl7_buffer_add(&buffer, hl7_slice_of(line));
    }
    return hl7_buffer_slice(&buffer);
}

static void edit_leaf(struct hl7_edit *edit, struct random_state *random, size_t segment,
                      size_t deleted, struct hl7_buffer *told)
{
    char line[128];
    char raw[32];
    struct hl7_path path = {.segment = "OBX",
                            .occurrence = (uint32_t)(segment - deleted),
                            .field = 5 + (uint32_t)random_below(random, 2),
                            .repetition = 1 + (uint32_t)random_below(random, 2),
                            .component = 1 + (uint32_t)random_below(random, 2),
                            .subcomponent = 1 + (uint32_t)random_below(random, 2)};
    char before = "abcdefghijklmnop"[(path.field - 5) * 8 + (path.repetition - 1) * 4 +
                                     (path.component - 1) * 2 + path.subcomponent - 1];

    (void)snprintf(raw, sizeof raw, "new%zu", segment);
    assert_int_equal(hl7_edit_set(edit, &path, hl7_slice_of(raw)), HL7_OK);
    path.occurrence = (uint32_t)segment;
    hl7_path_write(&path, told);
    (void)snprintf(line, sizeof line, " changed '%c' '%s'\n", before, raw);
    hl7_buffer_add(told, hl7_slice_of(line));
}

static void delete_segment(struct hl7_edit *edit, size_t segment, size_t deleted,
                           struct hl7_buffer *told)
{
    char line[64];
    hl7_slice bytes = hl7_segment_bytes(&bench.messages[0], segment);

    assert_int_equal(hl7_edit_delete(edit, HL7_TEXT("OBX"), segment - deleted), HL7_OK);
    (void)snprintf(line, sizeof line, "OBX[%zu] segment-missing '", segment);
    hl7_buffer_add(told, hl7_slice_of(line));
    hl7_buffer_add(told, bytes);
    hl7_buffer_add(told, HL7_TEXT("' nothing\n"));
}

static void insert_behind(struct hl7_edit *edit, size_t occurrence, size_t inserted,
                          struct hl7_buffer *told)
{
    char line[64];

    (void)snprintf(line, sizeof line, "ZZ1|%zu", inserted);
    assert_int_equal(hl7_edit_insert(edit, HL7_TEXT("OBX"), occurrence, hl7_slice_of(line)),
                     HL7_OK);
    (void)snprintf(line, sizeof line, "ZZ1[%zu] segment-extra nothing 'ZZ1|%zu'\n", inserted,
                   inserted);
    hl7_buffer_add(told, hl7_slice_of(line));
}

/* Edits each segment in one way or not at all; `told` is what a comparison must then say. The copy
 * counts occurrences without the segments that are gone. Between two pairs, what is missing is told
 * before what is extra. */
static void edit_randomly(struct hl7_edit *edit, struct random_state *random,
                          struct hl7_buffer *told)
{
    char memory[64] = "";
    struct hl7_buffer extra;
    size_t deleted = 0;
    size_t inserted = 0;

    hl7_buffer_init(&extra, memory, sizeof memory);
    for (size_t segment = 1; segment <= EDIT_SEGMENTS; segment++) {
        size_t choice = random_below(random, 6);

        if (choice == 0) {
            delete_segment(edit, segment, deleted++, told);
            continue;
        }
        hl7_buffer_add(told, hl7_buffer_slice(&extra));
        extra.len = 0;
        if (choice == 1) {
            insert_behind(edit, segment - deleted, ++inserted, &extra);
        } else if (choice < 4) {
            edit_leaf(edit, random, segment, deleted, told);
        }
    }
    hl7_buffer_add(told, hl7_buffer_slice(&extra));
}

static void random_edits_are_told_and_nothing_else(void **state)
{
    static char source[EDIT_TEXT];
    static char edited[EDIT_TEXT];
    static char arena_memory[262144];
    static char told_memory[TOLD_SIZE];
    struct random_state random;

    (void)state;
    random_init(&random, 5);
    for (int i = 0; i < 2000; i++) {
        struct hl7_arena arena;
        struct hl7_buffer told;
        struct hl7_buffer written;
        struct hl7_edit *edit;

        parse(0, edit_source(source));
        hl7_arena_init(&arena, arena_memory, sizeof arena_memory);
        hl7_buffer_init(&told, told_memory, sizeof told_memory);
        hl7_buffer_init(&written, edited, sizeof edited);
        assert_int_equal(hl7_edit_begin(&bench.messages[0], &arena, &edit), HL7_OK);
        edit_randomly(edit, &random, &told);
        hl7_edit_write(edit, &written);
        parse(1, hl7_buffer_slice(&written));
        (void)compare_parsed(random_once_in(&random, 2));
        assert_slices(hl7_buffer_slice(&bench.lines), hl7_buffer_slice(&told));
    }
}

/* ---- Memory and size -------------------------------------------------------------------------- */

static void without_memory_nothing_is_told(void **state)
{
    const struct hl7_comparison how = {.loose = true, .difference = write_down, .context = &bench};
    static char memory[65536];
    enum hl7_code code = HL7_NO_MEMORY;
    size_t size = 0;

    (void)state;
    parse(0, HL7_TEXT(HEAD "PID|a^b|c~d|e\rPV1|1"));
    parse(1, HL7_TEXT(HEAD "PID|1^2|3~4|5\rPV2|1"));
    bench.count = 0;
    hl7_buffer_init(&bench.lines, bench.told, sizeof bench.told);
    for (; code != HL7_OK && size < sizeof memory; size += 7) {
        size_t count = 99;
        struct hl7_arena arena;

        hl7_arena_init(&arena, memory, size);
        code = hl7_diff(&bench.messages[0], &bench.messages[1], &how, &arena, &count);
        assert_int_equal(code, code == HL7_OK ? HL7_OK : HL7_NO_MEMORY);
        assert_int_equal(arena.used, 0);
        assert_int_equal(bench.count, code == HL7_OK ? count : 0);
        assert_true(code == HL7_OK || count == 99);
    }
    assert_int_equal(code, HL7_OK);
    assert_true(size <= hl7_diff_memory(&bench.messages[0], &bench.messages[1]) + 7);
}

/* A message of a unit again and again, up to a size. */
static hl7_slice repeated(const char *unit, size_t size)
{
    size_t len = strlen(unit);
    char *text = malloc(size + len);
    struct hl7_buffer buffer;

    assert_non_null(text);
    hl7_buffer_init(&buffer, text, size + len);
    hl7_buffer_add(&buffer, HL7_TEXT(HEAD));
    while (buffer.len < size) {
        hl7_buffer_add(&buffer, hl7_slice_of(unit));
    }
    return hl7_buffer_slice(&buffer);
}

/* With a cost that is not linear these would take hours (rule 17). */
static void large_messages_of_any_shape_are_compared(void **state)
{
    static const char *const units[] = {
        "A\r",  "OBX|1\r", "OBX|2\r",  "OBX|1\rNTE|1\r", "|",     "^", "~", "&",
        "~^&|", "\\T\\",   "~a^b&c|d", "NTE|1\rOBX|1\r", "\rPID|"};
    enum { COUNT = sizeof units / sizeof *units };

    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        hl7_slice first = repeated(units[i], 300000);
        hl7_slice second = repeated(units[(i + 5) % COUNT], 300000);

        assert_true(compare(first, second, i % 2 == 0) > 0);
        assert_int_equal(compare(first, first, true), 0);
        free((void *)(uintptr_t)first.ptr);
        free((void *)(uintptr_t)second.ptr);
    }
}

static void a_long_run_of_new_segments_does_not_disturb_what_surrounds_it(void **state)
{
    static char actual[65536];
    struct hl7_buffer buffer;

    (void)state;
    hl7_buffer_init(&buffer, actual, sizeof actual);
    hl7_buffer_add(&buffer, HL7_TEXT(HEAD "PID|1\rOBX|1|a\r"));
    for (uint64_t i = 0; i < 1000; i++) {
        hl7_buffer_add(&buffer, HL7_TEXT("OBX|new|"));
        hl7_buffer_add_number(&buffer, i);
        hl7_buffer_add_byte(&buffer, '\r');
    }
    hl7_buffer_add(&buffer, HL7_TEXT("OBX|2|b\rNTE|1\r"));
    assert_int_equal(compare(HL7_TEXT(HEAD "PID|1\rOBX|1|a\rOBX|2|b\rNTE|1\r"),
                             hl7_buffer_slice(&buffer), false),
                     1000);
    assert_true(hl7_slice_starts(hl7_buffer_slice(&bench.lines),
                                 HL7_TEXT("OBX[2] segment-extra nothing 'OBX|new|0'\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_difference_is_told_as_deep_as_it_lies),
        cmocka_unit_test(empty_parts_are_told_only_where_nothing_follows),
        cmocka_unit_test(loosely_empty_parts_at_the_end_count_for_nothing),
        cmocka_unit_test(line_ends_blank_lines_and_byte_order_marks_count_for_nothing),
        cmocka_unit_test(random_values_differ_exactly_when_their_bytes_do_and_loosely_by_rule_13),
        cmocka_unit_test(other_delimiters_are_a_difference_only_in_the_header),
        cmocka_unit_test(segments_that_came_or_went_are_told_as_such),
        cmocka_unit_test(the_callback_can_end_the_comparison),
        cmocka_unit_test(a_message_does_not_differ_from_itself),
        cmocka_unit_test(whether_two_messages_differ_does_not_depend_on_their_order),
        cmocka_unit_test(random_edits_are_told_and_nothing_else),
        cmocka_unit_test(without_memory_nothing_is_told),
        cmocka_unit_test(large_messages_of_any_shape_are_compared),
        cmocka_unit_test(a_long_run_of_new_segments_does_not_disturb_what_surrounds_it),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
