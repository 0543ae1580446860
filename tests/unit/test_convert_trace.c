/* SPDX-License-Identifier: Apache-2.0
 *
 * What a trace makes of the events of a run: where values came from, and what was not read. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "convert_trace.h"

#define SOURCE                                                                                     \
    "MSH|^~\\&|LAB|TEST|||20260101||ADT^A01|C1|P|2.5\rPID|1||T1||DOE^JANE\rOBX|1\rOBX|2||V\r"

struct bench {
    char index[16384];
    struct hl7_message message;
    struct hl7_conversion conversion;
    struct template_output output;
    struct trace trace;
};

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    struct hl7_arena arena;

    assert_non_null(bench);
    hl7_arena_init(&arena, bench->index, sizeof bench->index);
    assert_int_equal(hl7_message_parse(HL7_TEXT(SOURCE), &arena, &bench->message, NULL), HL7_OK);
    bench->conversion.source = bench->message.bytes;
    bench->conversion.message = &bench->message;
    trace_begin(&bench->trace, &bench->output, &bench->conversion);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    trace_release(&bench->trace);
    free(bench);
    return 0;
}

/* ---- Events --------------------------------------------------------------------------------- */

static void tell(struct bench *bench, const struct hl7_trace_event *event)
{
    bench->trace.given.event(bench->trace.given.context, event);
}

static struct hl7_trace_event event_of(enum hl7_trace_kind kind, const char *words)
{
    return (struct hl7_trace_event){.kind = kind,
                                    .line = 1,
                                    .column = 1,
                                    .words = hl7_slice_of(words),
                                    .segment = HL7_NONE,
                                    .variable = HL7_NONE};
}

/* An event that takes `count` values. */
static void word(struct bench *bench, enum hl7_trace_kind kind, const char *words, size_t count)
{
    struct hl7_trace_event event = event_of(kind, words);

    event.count = count;
    tell(bench, &event);
}

static void read_path(struct bench *bench, const char *path)
{
    struct hl7_trace_event event = event_of(HL7_TRACE_READ, path);

    event.message = &bench->message;
    assert_int_equal(hl7_path_parse(hl7_slice_of(path), &event.path, NULL), HL7_OK);
    event.raw = hl7_message_get(&bench->message, &event.path);
    event.segment =
        hl7_message_find(&bench->message, hl7_slice_of(event.path.segment), event.path.occurrence);
    tell(bench, &event);
}

static void write_bytes(struct bench *bench, size_t from, size_t to, size_t count)
{
    struct hl7_trace_event event = event_of(HL7_TRACE_WRITE, "");

    event.from = from;
    event.to = to;
    event.count = count;
    tell(bench, &event);
}

/* The only origin of these bytes. */
static const struct trace_origin *origin_of(const struct bench *bench, size_t from, size_t to)
{
    size_t count = 0;
    size_t first = trace_find(&bench->trace, from, to, &count);

    assert_int_equal(count, 1);
    return trace_write(&bench->trace, first);
}

static void assert_text(const struct trace_origin *origin, enum trace_kind kind, const char *text)
{
    assert_int_equal(origin->kind, kind);
    assert_int_equal(origin->len, strlen(text));
    assert_memory_equal(origin->text, text, origin->len);
}

/* ---- Tests ---------------------------------------------------------------------------------- */

static void a_value_comes_from_what_it_took(void **state)
{
    struct bench *bench = *state;

    write_bytes(bench, 0, 4, 0);
    read_path(bench, "PID[1]-5[1].1");
    write_bytes(bench, 4, 7, 1);
    word(bench, HL7_TRACE_LITERAL, "'RIS'", 0);
    write_bytes(bench, 7, 10, 1);
    read_path(bench, "OBX[1]-1");
    write_bytes(bench, 10, 11, 1);
    assert_text(origin_of(bench, 0, 4), TRACE_FROM_TEXT, "");
    assert_text(origin_of(bench, 4, 7), TRACE_FROM_VALUE, "PID-5.1");
    assert_int_equal(origin_of(bench, 4, 7)->segment_count, 1);
    assert_int_equal(origin_of(bench, 4, 7)->segments[0], 1);
    assert_text(origin_of(bench, 8, 9), TRACE_FROM_LITERAL, "'RIS'");
    assert_text(origin_of(bench, 10, 11), TRACE_FROM_VALUE, "OBX[1]-1");
}

static void a_call_takes_as_many_values_as_it_says(void **state)
{
    struct bench *bench = *state;

    /* {PID-1 substr(upper(PID-5.1), 2) OBX[2]-1} */
    read_path(bench, "PID-1");
    read_path(bench, "PID-5.1");
    word(bench, HL7_TRACE_CALL, "upper", 1);
    word(bench, HL7_TRACE_LITERAL, "2", 0);
    word(bench, HL7_TRACE_CALL, "substr", 2);
    read_path(bench, "OBX[2]-1");
    word(bench, HL7_TRACE_CALL, "", 3);
    write_bytes(bench, 0, 9, 1);
    assert_text(origin_of(bench, 0, 9), TRACE_FROM_VALUE,
                "PID-1 substr(upper(PID-5.1), 2) OBX[2]-1");
    assert_int_equal(origin_of(bench, 0, 9)->segment_count, 2);
}

static void operators_stand_between_their_values(void **state)
{
    struct bench *bench = *state;
    struct hl7_trace_event map = event_of(HL7_TRACE_CALL, "map");

    read_path(bench, "PID-1");
    word(bench, HL7_TRACE_LITERAL, "'1'", 0);
    word(bench, HL7_TRACE_CALL, "=", 2);
    write_bytes(bench, 0, 1, 1);
    read_path(bench, "PID-1");
    word(bench, HL7_TRACE_LITERAL, "'1'", 0);
    word(bench, HL7_TRACE_LITERAL, "'2'", 0);
    word(bench, HL7_TRACE_CALL, "in", 3);
    word(bench, HL7_TRACE_CALL, "not", 1);
    write_bytes(bench, 1, 2, 1);
    read_path(bench, "PID-1");
    map.count = 1;
    map.table = HL7_TEXT("'sex'");
    tell(bench, &map);
    write_bytes(bench, 2, 3, 1);
    assert_text(origin_of(bench, 0, 1), TRACE_FROM_VALUE, "PID-1 = '1'");
    assert_text(origin_of(bench, 1, 2), TRACE_FROM_VALUE, "not(PID-1 in ('1', '2'))");
    assert_text(origin_of(bench, 2, 3), TRACE_FROM_VALUE, "map('sex', PID-1)");
}

static void a_let_is_told_with_what_it_kept(void **state)
{
    struct bench *bench = *state;
    struct hl7_trace_event event = event_of(HL7_TRACE_KEEP, "mrn");

    read_path(bench, "PID-3");
    event.variable = 3;
    tell(bench, &event);
    event.kind = HL7_TRACE_RECALL;
    tell(bench, &event);
    write_bytes(bench, 0, 2, 1);
    assert_text(origin_of(bench, 0, 2), TRACE_FROM_VALUE, "mrn=PID-3");
}

static void a_constant_within_a_call_is_told_by_its_name(void **state)
{
    struct bench *bench = *state;
    struct hl7_trace_event event = event_of(HL7_TRACE_KEEP, "iso");

    word(bench, HL7_TRACE_LITERAL, "'%Y'", 0);
    event.variable = 3;
    tell(bench, &event);
    read_path(bench, "PID-3");
    event.kind = HL7_TRACE_RECALL;
    tell(bench, &event);
    word(bench, HL7_TRACE_CALL, "date", 2);
    write_bytes(bench, 0, 2, 1);
    tell(bench, &event);
    write_bytes(bench, 2, 4, 1);
    assert_text(origin_of(bench, 0, 2), TRACE_FROM_VALUE, "date(PID-3, iso)");
    assert_text(origin_of(bench, 2, 4), TRACE_FROM_VALUE, "iso='%Y'");
}

static void what_a_condition_read_is_read_but_made_nothing(void **state)
{
    struct bench *bench = *state;

    word(bench, HL7_TRACE_LITERAL, "'x'", 0);
    read_path(bench, "OBX[2]-3");
    word(bench, HL7_TRACE_TEST, "", 0);
    write_bytes(bench, 0, 2, 1);
    assert_text(origin_of(bench, 0, 2), TRACE_FROM_LITERAL, "'x'");
    assert_true(trace_is_read(&bench->trace, hl7_message_at(&bench->message, "OBX[2]-3")));
    assert_false(trace_is_read(&bench->trace, hl7_message_at(&bench->message, "OBX[2]-1")));
}

static void a_run_that_begins_again_is_told_once(void **state)
{
    struct bench *bench = *state;

    read_path(bench, "PID-3");
    write_bytes(bench, 0, 2, 1);
    bench->output.attempt++;
    read_path(bench, "PID-1");
    write_bytes(bench, 0, 1, 1);
    assert_int_equal(bench->trace.writes.count, 1);
    assert_text(origin_of(bench, 0, 1), TRACE_FROM_VALUE, "PID-1");
    assert_false(trace_is_read(&bench->trace, hl7_message_at(&bench->message, "PID-3")));
}

static void a_long_expression_is_told_by_its_paths(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < 8; i++) {
        read_path(bench, "OBX[2]-3");
        word(bench, HL7_TRACE_LITERAL, "'a long literal'", 0);
        read_path(bench, "PID-5.1");
    }
    word(bench, HL7_TRACE_CALL, "concat", 24);
    write_bytes(bench, 0, 5, 1);
    assert_text(origin_of(bench, 0, 5), TRACE_FROM_VALUE, "concat(...) of OBX[2]-3, PID-5.1");
}

static void an_endless_expression_is_cut(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < 1000; i++) {
        word(bench, HL7_TRACE_LITERAL, "'a long literal of the template'", 0);
    }
    word(bench, HL7_TRACE_CALL, "", 1000);
    write_bytes(bench, 0, 5, 1);
    assert_int_equal(origin_of(bench, 0, 5)->len, TRACE_TEXT_MAX);
    assert_memory_equal(origin_of(bench, 0, 5)->text + TRACE_TEXT_MAX - 3, "...", 3);
    assert_int_equal(bench->trace.depth, 0);
}

/* ---- What is printed ------------------------------------------------------------------------ */

/* A result that has its header from {source} with MSH-4 set, and takes the name from PID-5.2. */
static void tell_conversion(struct bench *bench)
{
    struct hl7_trace_event set = event_of(HL7_TRACE_EDIT, "MSH-4");
    struct hl7_trace_event source = event_of(HL7_TRACE_WRITE, "source");

    word(bench, HL7_TRACE_LITERAL, "'RIS'", 0);
    assert_int_equal(hl7_path_parse(HL7_TEXT("MSH-4"), &set.path, NULL), HL7_OK);
    set.segment = source.segment = 0;
    set.count = source.count = 1;
    tell(bench, &set);
    read_path(bench, "MSH-3");
    source.path = (struct hl7_path){.segment = "MSH", .occurrence = 1};
    source.to = 13;
    tell(bench, &source);
    source.count = 0;
    source.from = 13;
    source.to = 16;
    tell(bench, &source);
    write_bytes(bench, 17, 21, 0);
    read_path(bench, "PID-5.2");
    word(bench, HL7_TRACE_CALL, "a_very_long_name_of_a_function", 1);
    write_bytes(bench, 21, 25, 1);
    write_bytes(bench, 25, 28, 0);
}

/* The trace of that. */
static char *print(struct bench *bench, bool json, bool is_terminal)
{
    static const char result[] = "MSH|^~\\&|LAB|RIS\rPID|JANE|x\r";
    struct show_counts counts = {NULL, NULL};
    struct source_item item = {.file = "in.hl7", .line = 1};
    char *text = NULL;
    size_t len = 0;
    struct json writer;
    struct trace_view view = {.trace = &bench->trace,
                              .item = &item,
                              .message = &bench->message,
                              .template = "a/t.hl7",
                              .result = hl7_slice_of(result),
                              .format = HL7_FORMAT_HL7,
                              .counts = &counts,
                              .json = &writer};
    view.terminal = (struct text_terminal){
        .file = open_memstream(&text, &len), .width = 80, .is_terminal = is_terminal};
    assert_non_null(view.terminal.file);
    json_to_file(&writer, view.terminal.file);
    tell_conversion(bench);
    assert_true(json ? trace_print_json(&view) : trace_print(&view));
    assert_int_equal(fclose(view.terminal.file), 0);
    show_counts_free(&counts);
    return text;
}

static void people_see_columns(void **state)
{
    char *text = print(*state, false, false);

    assert_string_equal(text,
                        "in.hl7:1\n"
                        "  MSH-1         '|'                       <- MSH-1 unchanged (1:1)\n"
                        "  MSH-2         '^~\\&'                    <- MSH-2 unchanged (1:1)\n"
                        "  MSH-3         'LAB'                     <- MSH-3 unchanged (1:1)\n"
                        "  MSH-4         'RIS'                     <- literal 'RIS' (1:1)\n"
                        "  PID-1         'JANE'                    <- "
                        "a_very_long_name_of_a_function(PID-5.2) (1:1)\n"
                        "  PID-2         'x'                       <- text (1:2)\n"
                        "  read by nothing:\n"
                        "  MSH-4         'TEST'\n"
                        "  MSH-7         '20260101'\n"
                        "  MSH-9         'ADT^A01'\n"
                        "  MSH-10        'C1'\n"
                        "  MSH-11        'P'\n"
                        "  MSH-12        '2.5'\n"
                        "  PID-1         '1'\n"
                        "  PID-3         'T1'\n"
                        "  PID-5.1       'DOE'\n"
                        "  OBX[1]-1      '1'\n"
                        "  OBX[2]-1      '2'\n"
                        "  OBX[2]-3      'V'\n");
    free(text);
}

static void on_a_terminal_no_row_is_wider_than_it(void **state)
{
    char *text = print(*state, false, true);
    hl7_slice rest = hl7_slice_of(text);
    hl7_slice line;

    while (hl7_piece_next(&rest, '\n', &line)) {
        assert_true(line.len <= 80);
    }
    assert_non_null(strstr(text, "<- a_very_long_name_of_a_function(PID-\n"
                                 "                                             "
                                 "5.2) (1:1)\n"));
    free(text);
}

static void programs_get_an_object(void **state)
{
    char *text = print(*state, true, false);

    assert_non_null(strstr(text,
                           "{\"path\":\"PID-1\",\"value\":\"JANE\",\"from\":[{\"kind\":\"value\","
                           "\"text\":\"a_very_long_name_of_a_function(PID-5.2)\",\"segments\":[2],"
                           "\"template\":{\"file\":\"a/t.hl7\",\"line\":1,\"column\":1}}]}"));
    assert_non_null(strstr(text, "{\"kind\":\"source\",\"text\":\"MSH-3\""));
    assert_non_null(strstr(text, "\"unread\":[{\"path\":\"MSH-4\",\"value\":\"TEST\"}"));
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_value_comes_from_what_it_took),
        TEST(a_call_takes_as_many_values_as_it_says),
        TEST(operators_stand_between_their_values),
        TEST(a_let_is_told_with_what_it_kept),
        TEST(a_constant_within_a_call_is_told_by_its_name),
        TEST(what_a_condition_read_is_read_but_made_nothing),
        TEST(a_run_that_begins_again_is_told_once),
        TEST(a_long_expression_is_told_by_its_paths),
        TEST(an_endless_expression_is_cut),
        TEST(people_see_columns),
        TEST(on_a_terminal_no_row_is_wider_than_it),
        TEST(programs_get_an_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
