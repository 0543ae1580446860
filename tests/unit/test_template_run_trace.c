/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run tells: which events, in which order, and which bytes of the output a value became. */
#include "test_template_support.h"

#include <stdio.h>
#include <stdlib.h>

#define SOURCE                                                                                     \
    "MSH|^~\\&|LAB|TEST|||20260101||ORU^R01|C1|P|2.5\rPID|1||A^^^X^MR~B^^^Y^PI||DOE&D^JANE|||F\r"  \
    "OBX|1|NM|K^Kalium||4.1\rOBX|2|ST|N^Note||a\\F\\b\rZZZ|z\r"

/* ---- Events as words ------------------------------------------------------------------------ */

struct listener {
    struct hl7_trace given;
    struct hl7_buffer text;
    char memory[65536];
    const struct hl7_buffer *output;
};

static void add_name(struct hl7_buffer *text, enum hl7_trace_kind kind)
{
    static const char *const names[] = {
        [HL7_TRACE_READ] = "READ",     [HL7_TRACE_LITERAL] = "LITERAL", [HL7_TRACE_CALL] = "CALL",
        [HL7_TRACE_RECALL] = "RECALL", [HL7_TRACE_KEEP] = "KEEP",       [HL7_TRACE_TEST] = "TEST",
        [HL7_TRACE_EDIT] = "EDIT",     [HL7_TRACE_WRITE] = "WRITE"};

    hl7_buffer_add(text, text->len > 0 ? HL7_TEXT("; ") : HL7_TEXT(""));
    hl7_buffer_add(text, hl7_slice_of(names[kind]));
}

static void add_word(struct hl7_buffer *text, hl7_slice word)
{
    hl7_buffer_add(text, word.len > 0 ? HL7_TEXT(" ") : HL7_TEXT(""));
    hl7_buffer_add(text, word);
}

static void add_bytes(struct hl7_buffer *text, hl7_slice bytes)
{
    hl7_buffer_add(text, HL7_TEXT(" ["));
    hl7_buffer_add(text, bytes);
    hl7_buffer_add(text, HL7_TEXT("]"));
}

static void add_path(struct hl7_buffer *text, const struct hl7_trace_event *event)
{
    hl7_buffer_add(text, HL7_TEXT(" "));
    if (event->path.segment[0] != '\0') {
        hl7_path_write(&event->path, text);
    }
    if (event->segment != HL7_NONE) {
        hl7_buffer_add(text, HL7_TEXT("@"));
        hl7_buffer_add_number(text, event->segment);
    }
}

static void add_count(struct hl7_buffer *text, size_t count)
{
    hl7_buffer_add(text, HL7_TEXT(" "));
    hl7_buffer_add_number(text, count);
}

static void on_event(void *context, const struct hl7_trace_event *event)
{
    struct listener *listener = context;
    struct hl7_buffer *text = &listener->text;

    add_name(text, event->kind);
    switch (event->kind) {
    case HL7_TRACE_READ:
        add_word(text, event->json);
        if (event->message != NULL) {
            add_path(text, event);
        }
        add_bytes(text, event->raw);
        break;
    case HL7_TRACE_CALL:
        add_word(text, event->words);
        add_word(text, event->table);
        add_count(text, event->count);
        break;
    case HL7_TRACE_EDIT:
        add_path(text, event);
        add_count(text, event->count);
        break;
    case HL7_TRACE_WRITE:
        add_word(text, event->words);
        add_count(text, event->count);
        add_bytes(text, (hl7_slice){listener->output->ptr + event->from, event->to - event->from});
        break;
    default:
        add_word(text, event->words);
        break;
    }
}

/* The events of a template over a source. */
static hl7_slice events_of(const char *template, hl7_slice source)
{
    static struct listener listener;
    struct bench *bench = bench_open();
    struct hl7_conversion conversion = {.source = source, .trace = &listener.given};

    listener.given = (struct hl7_trace){.event = on_event, .context = &listener};
    listener.output = &bench->buffer;
    hl7_buffer_init(&listener.text, listener.memory, sizeof listener.memory);
    if (bench_compile(bench, hl7_slice_of(template)) != HL7_OK) {
        fail_msg("%s: %s", template, bench->diagnostics->text);
    }
    if (hl7_message_parse(source, &bench->arena, &bench->message, NULL) == HL7_OK) {
        conversion.message = &bench->message;
    }
    if (hl7_template_run(bench->program, &conversion, &bench->arena, &bench->buffer,
                         &bench->failure) != HL7_OK) {
        fail_msg("%s: %s", template, bench->failure.text);
    }
    return hl7_buffer_slice(&listener.text);
}

struct telling {
    const char *template;
    const char *events;
};

static void check_tellings(const struct telling *tellings, size_t count, const char *source)
{
    for (size_t i = 0; i < count; i++) {
        hl7_slice events = events_of(tellings[i].template, hl7_slice_of(source));
        if (!hl7_slice_equal(events, hl7_slice_of(tellings[i].events))) {
            fail_msg("%s\n  expected %s\n  told     %.*s", tellings[i].template, tellings[i].events,
                     (int)events.len, events.ptr);
        }
    }
}

#define CHECK(tellings, source)                                                                    \
    check_tellings(tellings, sizeof(tellings) / sizeof *(tellings), source)

static void a_path_is_told_with_the_numbers_of_where_it_led(void **state)
{
    static const struct telling tellings[] = {
        {"{PID-5.2}", "READ PID[1]-5[1].2@1 [JANE]; WRITE 1 [JANE]"},
        {"{OBX[last]-5}", "READ OBX[2]-5@3 [a\\F\\b]; WRITE 1 [a\\F\\b]"},
        {"{PID-3[last].1}", "READ PID[1]-3[2].1@1 [B]; WRITE 1 [B]"},
        {"{PID-8 ''}", "READ PID[1]-8@1 [F]; LITERAL ''; CALL 2; WRITE 1 [F]"},
        {"{PID-5 ''}", "READ PID[1]-5[1].1.1@1 [DOE]; LITERAL ''; CALL 2; WRITE 1 [DOE]"},
        {"{PID-3 ''}", "READ PID[1]-3[1].1@1 [A]; LITERAL ''; CALL 2; WRITE 1 [A]"},
        {"{0-9}{1-8}", "READ MSH[1]-10@0 [C1]; WRITE 1 [C1]; READ PID[1]-8@1 [F]; WRITE 1 [F]"},
        {"{1-0}", "READ @1 [PID]; WRITE 1 [PID]"},
        {"{9-9}", "READ  []; WRITE 1 []"},
        {"{ZZZ}", "READ ZZZ[1]@4 [ZZZ|z]; WRITE 1 [ZZZ|z]"},
        {"{PV1-2}", "READ PV1-2 []; WRITE 1 []"},
        {"{MSH-2}", "READ MSH[1]-2@0 [^~\\&]; WRITE 1 [^~\\&]"},
        {"{MSH-2 ''}", "READ MSH[1]-2@0 [^~\\&]; LITERAL ''; CALL 2; WRITE 1 [^~\\&]"},
    };

    (void)state;
    CHECK(tellings, SOURCE);
}

static void a_call_is_told_behind_what_it_took(void **state)
{
    static const struct telling tellings[] = {
        {"{upper('a')}", "LITERAL 'a'; CALL upper 1; WRITE 1 [A]"},
        {"{concat('a''', -3)}", "LITERAL 'a'''; LITERAL -3; CALL concat 2; WRITE 1 [a'-3]"},
        {"{'it''s'}", "LITERAL 'it''s'; WRITE 1 [it's]"},
        {"{count(OBX)}", "READ OBX []; CALL count 1; WRITE 1 [2]"},
        {"{count(PID-3)}", "READ PID[1]-3@1 [A^^^X^MR~B^^^Y^PI]; CALL count 1; WRITE 1 [2]"},
        {"{has(PID-8)}", "READ PID[1]-8@1 [F]; CALL has 1; WRITE 1 [1]"},
        {"{raw( PID-8 )}", "READ PID[1]-8@1 [F]; CALL raw 1; WRITE 1 [F]"},
        {"{segment(ZZZ-1)}", "READ ZZZ[1]@4 [ZZZ|z]; CALL segment 1; WRITE 1 [ZZZ|z]"},
        {"{required(PID-8)}", "READ PID[1]-8@1 [F]; CALL required 1; WRITE 1 [F]"},
        {"{PID-8 = 'F'}", "READ PID[1]-8@1 [F]; LITERAL 'F'; CALL = 2; WRITE 1 [1]"},
        {"{not PID-8 in ('M', 'F')}",
         "READ PID[1]-8@1 [F]; LITERAL 'M'; LITERAL 'F'; CALL in 3; CALL not 1; WRITE 1 []"},
        {"{PID-8 like 'F*'}", "READ PID[1]-8@1 [F]; LITERAL 'F*'; CALL like 2; WRITE 1 [1]"},
    };

    (void)state;
    CHECK(tellings, SOURCE);
}

static void what_conditions_read_is_used_up_by_their_test(void **state)
{
    static const struct telling tellings[] = {
        {"{if PID-8 = 'F'}x{end}", "READ PID[1]-8@1 [F]; LITERAL 'F'; CALL = 2; TEST; WRITE 0 [x]"},
        {"{if PID-8 and PV1-1}x{else}y{end}",
         "READ PID[1]-8@1 [F]; TEST; READ PV1-1 []; TEST; WRITE 0 [y]"},
        {"{if PV1-1 and PID-8}x{end}", "READ PV1-1 []; TEST"},
        {"{concat('-', PID-3[PID-3.5='PI'].1)}",
         "LITERAL '-'; READ PID[1]-3[1].5@1 [MR]; LITERAL 'PI'; CALL = 2; TEST; "
         "READ PID[1]-3[2].5@1 [PI]; LITERAL 'PI'; CALL = 2; TEST; "
         "READ PID[1]-3[2].1@1 [B]; CALL concat 2; WRITE 1 [-B]"},
        {"{OBX[OBX-2='ST']-1}", "READ OBX[1]-2@2 [NM]; LITERAL 'ST'; CALL = 2; TEST; "
                                "READ OBX[2]-2@3 [ST]; LITERAL 'ST'; CALL = 2; TEST; "
                                "READ OBX[2]-1@3 [2]; WRITE 1 [2]"},
    };

    (void)state;
    CHECK(tellings, SOURCE);
}

static void loops_and_lets_are_told_with_what_they_stand_for(void **state)
{
    static const struct telling tellings[] = {
        {"{for o in OBX}{o-1}{index}{end}",
         "READ OBX[1]-1@2 [1]; WRITE 1 [1]; RECALL index; WRITE 1 [1]; "
         "READ OBX[2]-1@3 [2]; WRITE 1 [2]; RECALL index; WRITE 1 [2]"},
        {"{for r in PID-3}{r.1}{end}",
         "READ PID[1]-3[1].1@1 [A]; WRITE 1 [A]; READ PID[1]-3[2].1@1 [B]; WRITE 1 [B]"},
        {"{for g in OBX..}{g:OBX-1}{end}",
         "READ OBX[1]-1@2 [1]; WRITE 1 [1]; READ OBX[2]-1@3 [2]; WRITE 1 [2]"},
        {"{let a = PID-8}{a}{a}", "READ PID[1]-8@1 [F]; KEEP a; RECALL a; WRITE 1 [F]; "
                                  "RECALL a; WRITE 1 [F]"},
    };

    (void)state;
    CHECK(tellings, SOURCE);
}

static void a_json_source_is_told_by_its_whole_path(void **state)
{
    static const struct telling tellings[] = {
        {"{$.a.b}", "READ $.a.b [x\\ny]; WRITE 1 [x\ny]"},
        {"{for i in $.list}{upper(i.n)}{end}",
         "READ $.list[0].n [1]; CALL upper 1; WRITE 1 [1]; "
         "READ $.list[1].n [two]; CALL upper 1; WRITE 1 [TWO]"},
        {"{count($.list)}", "READ $.list []; CALL count 1; WRITE 1 [2]"},
        {"{$['a b']['it''s']}", "READ $['a b']['it''s'] [3]; WRITE 1 [3]"},
        {"{$.none}", "READ []; WRITE 1 []"},
    };

    (void)state;
    CHECK(tellings, "{\"a\":{\"b\":\"x\\ny\"},\"list\":[{\"n\":1},{\"n\":\"two\"}],"
                    "\"a b\":{\"it's\":3}}");
}

static void a_source_is_told_by_its_segments(void **state)
{
    static const struct telling tellings[] = {
        {"{source}", "READ MSH[1]@0 [MSH|^~\\&|L]; WRITE source 1 [MSH|^~\\&|L]; "
                     "READ OBX[1]@1 [OBX|1|a^b]; WRITE source 1 [OBX|1|a^b]; "
                     "READ OBX[2]@2 [OBX|2]; WRITE source 1 [OBX|2]"},
        {"{set OBX-2.2 = 'x|'}\n{delete OBX[2]}\n{append NTE 'NTE|' MSH-3}\n{source}",
         "LITERAL 'x|'; EDIT OBX[1]-2[1].2@1 1; EDIT OBX[2]@2 0; "
         "LITERAL 'NTE|'; READ MSH[1]-3@0 [L]; CALL 2; EDIT NTE@3 1; "
         "READ MSH[1]@0 [MSH|^~\\&|L]; WRITE source 1 [MSH|^~\\&|L]; "
         "READ OBX[1]-1@1 [1]; WRITE source 1 [1]; "
         "READ OBX[1]-2[1].1@1 [a]; WRITE source 1 [a]; WRITE source 0 [x\\F\\]; "
         "WRITE source 0 [NTE|L]"},
        {"{set MSH-4 = 'T'}\n{delete OBX}\n{source}",
         "LITERAL 'T'; EDIT MSH[1]-4@0 1; EDIT OBX[1]@1 0; EDIT OBX[2]@2 0; "
         "READ MSH[1]-1@0 [|]; WRITE source 1 [|]; READ MSH[1]-2@0 [^~\\&]; "
         "WRITE source 1 [^~\\&]; READ MSH[1]-3@0 [L]; WRITE source 1 [L]; WRITE source 0 [T]"},
        {"{set OBX-2[2].1.2 = 'y'}\n{set OBX-2.3 = 'c'}\n{delete OBX[2]}\n{source}",
         "LITERAL 'y'; EDIT OBX[1]-2[2].1.2@1 1; LITERAL 'c'; EDIT OBX[1]-2[1].3@1 1; "
         "EDIT OBX[2]@2 0; READ MSH[1]@0 [MSH|^~\\&|L]; WRITE source 1 [MSH|^~\\&|L]; "
         "READ OBX[1]-1@1 [1]; WRITE source 1 [1]; READ OBX[1]-2[1].1@1 [a]; "
         "WRITE source 1 [a]; READ OBX[1]-2[1].2@1 [b]; WRITE source 1 [b]; WRITE source 0 [c]; "
         "WRITE source 0 [y]"},
        {"{delete NTE-3}\n{delete OBX[2]-1}\n{delete NTE}",
         "LITERAL; EDIT  1; LITERAL; EDIT OBX[2]-1@2 1"},
        {"{output json}\"{source}\"",
         "WRITE 0 [\"]; READ  [MSH|^~\\&|L\rOBX|1|a^b\rOBX|2]; "
         "WRITE source 1 [MSH|^~\\\\&|L\\rOBX|1|a^b\\rOBX|2]; WRITE 0 [\"]"},
    };

    (void)state;
    CHECK(tellings, "MSH|^~\\&|L\rOBX|1|a^b\rOBX|2");
}

static void a_value_behind_a_source_without_its_line_end_begins_its_line(void **state)
{
    static const struct telling tellings[] = {
        {"{source}\n{MSH-3}", "READ MSH[1]@0 [MSH|^~\\&|L]; WRITE source 1 [MSH|^~\\&|L]; "
                              "READ MSH[1]-3@0 [L]; WRITE 1 [L]"},
    };

    (void)state;
    CHECK(tellings, "MSH|^~\\&|L");
}

static void the_events_of_a_cell_come_when_its_quotes_are_settled(void **state)
{
    static const struct telling tellings[] = {
        {"{output csv}a{PID-1 ''}{PID-2 ''},{PID-3 ''}\n",
         "WRITE 0 [a]; READ PID[1]-1@1 [q\"]; LITERAL ''; CALL 2; WRITE 1 [q\"\"]; "
         "READ PID[1]-2@1 [,]; LITERAL ''; CALL 2; WRITE 1 [,]; WRITE 0 [\",]; "
         "READ PID[1]-3@1 [z]; LITERAL ''; CALL 2; WRITE 1 [z]; WRITE 0 [\n]"},
        {"{output csv}{PID-2 ''}", "READ PID[1]-2@1 [,]; LITERAL ''; CALL 2; WRITE 1 [,]"},
        {"{output csv}\"{PID-1 ''}\"",
         "WRITE 0 [\"]; READ PID[1]-1@1 [q\"]; LITERAL ''; CALL 2; WRITE 1 [q\"\"]; WRITE 0 [\"]"},
    };

    (void)state;
    CHECK(tellings, "MSH|^~\\&|L\rPID|q\"|,|z\r");
}

/* ---- Values in the output ------------------------------------------------------------------- */

/* Reads back what a format wrote for a value. */
static size_t read_back(enum hl7_format format, hl7_slice text, char *value)
{
    static const struct {
        enum hl7_format format;
        hl7_slice written;
        char meant;
    } escapes[] = {
        {HL7_FORMAT_JSON, {"\\\"", 2}, '"'},    {HL7_FORMAT_JSON, {"\\\\", 2}, '\\'},
        {HL7_FORMAT_JSON, {"\\n", 2}, '\n'},    {HL7_FORMAT_XML, {"&amp;", 5}, '&'},
        {HL7_FORMAT_XML, {"&lt;", 4}, '<'},     {HL7_FORMAT_XML, {"&gt;", 4}, '>'},
        {HL7_FORMAT_XML, {"&quot;", 6}, '"'},   {HL7_FORMAT_XML, {"&apos;", 6}, '\''},
        {HL7_FORMAT_XML, {"&#39;", 5}, '\''},   {HL7_FORMAT_XML, {"&#10;", 5}, '\n'},
        {HL7_FORMAT_XML, {"&#xA;", 5}, '\n'},   {HL7_FORMAT_CSV, {"\"\"", 2}, '"'},
        {HL7_FORMAT_HL7, {"\\F\\", 3}, '|'},    {HL7_FORMAT_HL7, {"\\S\\", 3}, '^'},
        {HL7_FORMAT_HL7, {"\\E\\", 3}, '\\'},   {HL7_FORMAT_HL7, {"\\T\\", 3}, '&'},
        {HL7_FORMAT_HL7, {"\\R\\", 3}, '~'},    {HL7_FORMAT_HL7, {"\\.br\\", 5}, '\n'},
        {HL7_FORMAT_HL7, {"\\X0A\\", 5}, '\n'},
    };
    size_t len = 0;

    while (text.len > 0) {
        size_t taken = 1;

        value[len] = text.ptr[0];
        for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
            if (escapes[i].format == format && hl7_slice_starts(text, escapes[i].written)) {
                value[len] = escapes[i].meant;
                taken = escapes[i].written.len;
            }
        }
        len++;
        text = hl7_slice_part(text, taken, text.len);
    }
    return len;
}

struct catcher {
    struct hl7_trace given;
    const struct hl7_buffer *output;
    size_t ranges[8][2];
    size_t count;
};

static void catch_value(void *context, const struct hl7_trace_event *event)
{
    struct catcher *catcher = context;

    if (event->kind == HL7_TRACE_WRITE && event->count == 1) {
        assert_true(catcher->count < 8);
        catcher->ranges[catcher->count][0] = event->from;
        catcher->ranges[catcher->count++][1] = event->to;
    }
}

/* A JSON source, so that any text can be a value: its members are encoded by the test. */
static void write_source(struct hl7_buffer *source, const hl7_slice values[2])
{
    for (size_t v = 0; v < 2; v++) {
        hl7_buffer_add(source, v == 0 ? HL7_TEXT("{\"a\":\"") : HL7_TEXT("\",\"b\":\""));
        for (size_t i = 0; i < values[v].len; i++) {
            char c = values[v].ptr[i];
            if (c == '"' || c == '\\') {
                hl7_buffer_add_byte(source, '\\');
            }
            hl7_buffer_add_byte(source, c == '\n' ? '\\' : c);
            hl7_buffer_add(source, c == '\n' ? HL7_TEXT("n") : HL7_TEXT(""));
        }
    }
    hl7_buffer_add(source, HL7_TEXT("\"}"));
}

static void check_values(const char *template, const hl7_slice values[2])
{
    struct bench *bench = bench_open();
    struct catcher catcher = {.output = &bench->buffer};
    char memory[256];
    char back[256];
    struct hl7_buffer source;

    hl7_buffer_init(&source, memory, sizeof memory);
    write_source(&source, values);
    catcher.given = (struct hl7_trace){.event = catch_value, .context = &catcher};
    const struct hl7_conversion conversion = {.source = hl7_buffer_slice(&source),
                                              .trace = &catcher.given};
    assert_int_equal(bench_compile(bench, hl7_slice_of(template)), HL7_OK);
    /* A part of a cell must be some output before the run's own. */
    hl7_buffer_add(&bench->buffer, HL7_TEXT("before"));
    assert_int_equal(hl7_template_run(bench->program, &conversion, &bench->arena, &bench->buffer,
                                      &bench->failure),
                     HL7_OK);
    assert_int_equal(catcher.count, 4);
    for (size_t i = 0; i < 4; i++) {
        hl7_slice written = {bench->buffer.ptr + strlen("before") + catcher.ranges[i][0],
                             catcher.ranges[i][1] - catcher.ranges[i][0]};
        size_t len = read_back(hl7_template_format(bench->program), written, back);
        assert_slices(((hl7_slice){back, len}), values[i % 2]);
    }
}

static void what_was_written_reads_back_as_the_value(void **state)
{
    static const char *const templates[] = {
        "{output json}{\"x\": \"{$.a}-{$.b}\", \"y\": [\"{$.a}\", \"{$.b}\"]}",
        "{output xml}<x y=\"{$.a}\">-{$.b}</x><z>{$.a}{$.b}</z>",
        "{output csv}{$.a}-{$.b},\"{$.a}\",x {$.b}\n",
        "{output csv}x{$.a}{$.b},\n{$.a}-,{$.b}",
        "MSH|^~\\&|{$.a}|-{$.b}\nPID|{$.a}^x{$.b}\n",
        "{output text}{$.a}-{$.b}\n{$.a}{$.b}",
    };
    static const char alphabet[] = "\"\"',;|^~\\&<>{} ab\n";
    struct random_state random = {.state = 20};

    (void)state;
    for (int turn = 0; turn < 1500; turn++) {
        char bytes[2][12];
        hl7_slice values[2];

        for (size_t v = 0; v < 2; v++) {
            values[v] = (hl7_slice){bytes[v], random_below(&random, sizeof bytes[v])};
            random_fill_from(&random, bytes[v], values[v].len, HL7_TEXT(alphabet));
        }
        check_values(templates[(size_t)turn % (sizeof templates / sizeof *templates)], values);
    }
}

/* ---- Memory --------------------------------------------------------------------------------- */

static void without_memory_for_what_waits_the_run_asks_for_more(void **state)
{
    struct listener *listener = calloc(1, sizeof *listener);
    struct bench *bench = bench_open();
    size_t failures = 0;

    (void)state;
    assert_non_null(listener);
    listener->given = (struct hl7_trace){.event = on_event, .context = listener};
    listener->output = &bench->buffer;
    assert_int_equal(bench_compile(bench, HL7_TEXT("{output csv}{for i in $.l}{i.a}-{end}")),
                     HL7_OK);
    const struct hl7_conversion conversion = {
        .source = HL7_TEXT("{\"l\":[{\"a\":1},{\"a\":\",\"}]}"), .trace = &listener->given};
    for (size_t room = 64;; room += 64) {
        struct hl7_arena arena;
        hl7_arena_init(&arena, bench->arena_memory + BENCH_ARENA - room, room);
        hl7_buffer_init(&listener->text, listener->memory, sizeof listener->memory);
        hl7_buffer_init(&bench->buffer, bench->output_memory, sizeof bench->output_memory);
        enum hl7_code code =
            hl7_template_run(bench->program, &conversion, &arena, &bench->buffer, &bench->failure);
        if (code == HL7_OK) {
            break;
        }
        assert_int_equal(code, HL7_NO_MEMORY);
        failures++;
    }
    assert_true(failures > 10);
    assert_slice(hl7_buffer_slice(&listener->text),
                 "READ $.l[0].a [1]; WRITE 1 [1]; WRITE 0 [-]; READ $.l[1].a [,]; WRITE 1 [,]; "
                 "WRITE 0 [-]");
    free(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_told_with_the_numbers_of_where_it_led),
        cmocka_unit_test(a_call_is_told_behind_what_it_took),
        cmocka_unit_test(what_conditions_read_is_used_up_by_their_test),
        cmocka_unit_test(loops_and_lets_are_told_with_what_they_stand_for),
        cmocka_unit_test(a_json_source_is_told_by_its_whole_path),
        cmocka_unit_test(a_source_is_told_by_its_segments),
        cmocka_unit_test(a_value_behind_a_source_without_its_line_end_begins_its_line),
        cmocka_unit_test(the_events_of_a_cell_come_when_its_quotes_are_settled),
        cmocka_unit_test(what_was_written_reads_back_as_the_value),
        cmocka_unit_test(without_memory_for_what_waits_the_run_asks_for_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
