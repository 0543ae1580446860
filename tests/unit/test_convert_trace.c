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

static void word(struct bench *bench, enum hl7_trace_kind kind, const char *words, size_t column)
{
    const struct hl7_trace_event event = {
        .kind = kind, .line = 1, .column = column, .words = hl7_slice_of(words)};

    tell(bench, &event);
}

static void read_path(struct bench *bench, const char *path, size_t column)
{
    struct hl7_trace_event event = {.kind = HL7_TRACE_READ,
                                    .line = 1,
                                    .column = column,
                                    .words = hl7_slice_of(path),
                                    .message = &bench->message};

    assert_int_equal(hl7_path_parse(hl7_slice_of(path), &event.path, NULL), HL7_OK);
    event.raw = hl7_message_get(&bench->message, &event.path);
    event.segment =
        hl7_message_find(&bench->message, hl7_slice_of(event.path.segment), event.path.occurrence);
    tell(bench, &event);
}

static void write_bytes(struct bench *bench, size_t from, size_t to)
{
    const struct hl7_trace_event event = {
        .kind = HL7_TRACE_WRITE, .line = 1, .column = 1, .from = from, .to = to};

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

static void a_value_comes_from_what_was_read_before_it_was_written(void **state)
{
    struct bench *bench = *state;

    write_bytes(bench, 0, 4);
    read_path(bench, "PID[1]-5[1].1", 2);
    write_bytes(bench, 4, 7);
    word(bench, HL7_TRACE_LITERAL, "RIS", 9);
    write_bytes(bench, 7, 10);
    assert_text(origin_of(bench, 0, 4), TRACE_FROM_TEXT, "");
    assert_text(origin_of(bench, 4, 7), TRACE_FROM_VALUE, "PID-5.1");
    assert_int_equal(origin_of(bench, 4, 7)->segment_count, 1);
    assert_int_equal(origin_of(bench, 4, 7)->segments[0], 1);
    assert_text(origin_of(bench, 8, 9), TRACE_FROM_LITERAL, "'RIS'");
}

static void a_call_takes_what_stands_behind_its_name(void **state)
{
    struct bench *bench = *state;

    /* {PID-1 substr(upper(PID-5.1), 2) OBX[2]-1} */
    read_path(bench, "PID-1", 2);
    read_path(bench, "PID-5.1", 21);
    word(bench, HL7_TRACE_CALL, "upper", 15);
    word(bench, HL7_TRACE_LITERAL, "2", 31);
    word(bench, HL7_TRACE_CALL, "substr", 8);
    read_path(bench, "OBX[2]-1", 34);
    write_bytes(bench, 0, 9);
    assert_text(origin_of(bench, 0, 9), TRACE_FROM_VALUE,
                "PID-1 substr(upper(PID-5.1), 2) OBX[2]-1");
    assert_int_equal(origin_of(bench, 0, 9)->segment_count, 2);
}

static void a_let_is_told_with_what_it_kept(void **state)
{
    struct bench *bench = *state;
    struct hl7_trace_event event = {.variable = 3, .words = HL7_TEXT("mrn"), .line = 1};

    read_path(bench, "PID-3", 2);
    event.kind = HL7_TRACE_KEEP;
    tell(bench, &event);
    event.kind = HL7_TRACE_RECALL;
    tell(bench, &event);
    write_bytes(bench, 0, 2);
    assert_text(origin_of(bench, 0, 2), TRACE_FROM_VALUE, "mrn=PID-3");
}

static void what_a_condition_read_is_read_but_made_nothing(void **state)
{
    struct bench *bench = *state;

    read_path(bench, "OBX[2]-3", 2);
    word(bench, HL7_TRACE_TEST, "", 1);
    write_bytes(bench, 0, 2);
    assert_text(origin_of(bench, 0, 2), TRACE_FROM_TEXT, "");
    assert_true(trace_is_read(&bench->trace, hl7_message_at(&bench->message, "OBX[2]-3")));
    assert_false(trace_is_read(&bench->trace, hl7_message_at(&bench->message, "OBX[2]-1")));
}

static void a_run_that_begins_again_is_told_once(void **state)
{
    struct bench *bench = *state;

    read_path(bench, "PID-3", 2);
    write_bytes(bench, 0, 2);
    bench->output.attempt++;
    read_path(bench, "PID-1", 2);
    write_bytes(bench, 0, 1);
    assert_int_equal(bench->trace.writes.count, 1);
    assert_text(origin_of(bench, 0, 1), TRACE_FROM_VALUE, "PID-1");
    assert_false(trace_is_read(&bench->trace, hl7_message_at(&bench->message, "PID-3")));
}

static void an_endless_expression_is_cut(void **state)
{
    struct bench *bench = *state;

    for (size_t i = 0; i < 1000; i++) {
        word(bench, HL7_TRACE_LITERAL, "a long literal of the template", i + 1);
    }
    write_bytes(bench, 0, 5);
    assert_int_equal(origin_of(bench, 0, 5)->len, TRACE_TEXT_MAX);
}

/* ---- What is printed ------------------------------------------------------------------------ */

/* The trace of a result that takes the name from PID-5.2 and sets MSH-4 in the copy. */
static char *print(struct bench *bench, bool json)
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
    struct hl7_trace_event set = {.kind = HL7_TRACE_EDIT, .line = 1, .column = 3};

    view.terminal = (struct text_terminal){.file = open_memstream(&text, &len), .width = 80};
    assert_non_null(view.terminal.file);
    json_to_file(&writer, view.terminal.file);
    word(bench, HL7_TRACE_LITERAL, "RIS", 8);
    assert_int_equal(hl7_path_parse(HL7_TEXT("MSH-4"), &set.path, NULL), HL7_OK);
    tell(bench, &set);
    struct hl7_trace_event source = {
        .kind = HL7_TRACE_WRITE, .words = HL7_TEXT("source"), .line = 2, .column = 2, .to = 17};
    tell(bench, &source);
    write_bytes(bench, 17, 21);
    read_path(bench, "PID-5.2", 5);
    write_bytes(bench, 21, 25);
    write_bytes(bench, 25, 28);
    assert_true(json ? trace_print_json(&view) : trace_print(&view));
    assert_int_equal(fclose(view.terminal.file), 0);
    show_counts_free(&counts);
    return text;
}

static void people_see_columns(void **state)
{
    char *text = print(*state, false);

    assert_string_equal(text,
                        "in.hl7:1\n"
                        "  MSH-1           '|'                           <- source, unchanged "
                        "(template 2:2)\n"
                        "  MSH-2           '^~\\&'                        <- source, unchanged "
                        "(template 2:2)\n"
                        "  MSH-3           'LAB'                         <- source, unchanged "
                        "(template 2:2)\n"
                        "  MSH-4           'RIS'                         <- literal 'RIS' "
                        "(template 1:3)\n"
                        "  PID-1           'JANE'                        <- PID-5.2 "
                        "(segment 2, template 1:1)\n"
                        "  PID-2           'x'                           <- text 1:1\n");
    free(text);
}

static void programs_get_an_object(void **state)
{
    char *text = print(*state, true);

    assert_non_null(strstr(text,
                           "{\"path\":\"PID-1\",\"value\":\"JANE\",\"from\":[{\"kind\":\"value\","
                           "\"text\":\"PID-5.2\",\"segments\":[2],\"template\":{\"file\":"
                           "\"a/t.hl7\",\"line\":1,\"column\":1}}]}"));
    assert_non_null(strstr(text, "\"unread\":[]}\n"));
    free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_value_comes_from_what_was_read_before_it_was_written),
        TEST(a_call_takes_what_stands_behind_its_name),
        TEST(a_let_is_told_with_what_it_kept),
        TEST(what_a_condition_read_is_read_but_made_nothing),
        TEST(a_run_that_begins_again_is_told_once),
        TEST(an_endless_expression_is_cut),
        TEST(people_see_columns),
        TEST(programs_get_an_object),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
