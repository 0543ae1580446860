/* SPDX-License-Identifier: Apache-2.0
 *
 * What a run tells over the whole gallery: the events are those of a stack, point into the source and
 * the output, and change nothing. */
#include "test_template_support.h"

#include <stdio.h>
#include <stdlib.h>

#include "case_files.h"
#include "case_services.h"
#include "cases.h"
#include "templates.h"

/* ---- What must hold of all events of a run -------------------------------------------------- */

struct judge {
    struct hl7_trace given;
    const struct hl7_conversion *conversion;
    size_t depth;
    size_t written; /* where the last WRITE ended */
    size_t events;
    size_t values; /* written */
};

static bool is_within(hl7_slice part, hl7_slice whole)
{
    return part.ptr >= whole.ptr && part.len <= whole.len &&
           (size_t)(part.ptr - whole.ptr) <= whole.len - part.len;
}

static void judge_read(const struct judge *judge, const struct hl7_trace_event *event)
{
    hl7_slice whole = event->message == NULL ? judge->conversion->source : event->message->bytes;

    assert_true(event->raw.ptr == NULL || is_within(event->raw, whole));
    if (event->message == NULL || event->segment == HL7_NONE || event->raw.ptr == NULL) {
        return;
    }
    assert_true(event->segment < event->message->segment_count);
    if (event->path.segment[0] != '\0') {
        /* The path leads to these bytes in the message, or to what they are the name or leaf of. */
        hl7_slice found = hl7_message_get(event->message, &event->path);
        assert_true(is_within(event->raw, found));
        assert_int_equal(hl7_message_find(event->message, hl7_slice_of(event->path.segment),
                                          event->path.occurrence),
                         event->segment);
    }
}

static void judge_take(struct judge *judge, size_t count)
{
    assert_true(judge->depth >= count);
    judge->depth -= count;
}

static void judge_event(void *context, const struct hl7_trace_event *event)
{
    struct judge *judge = context;

    judge->events++;
    assert_true(event->line > 0 && event->column > 0);
    switch (event->kind) {
    case HL7_TRACE_READ:
        judge_read(judge, event);
        judge->depth++;
        break;
    case HL7_TRACE_CALL:
        judge_take(judge, event->count);
        judge->depth++;
        break;
    case HL7_TRACE_TEST:
    case HL7_TRACE_KEEP:
        judge_take(judge, 1);
        break;
    case HL7_TRACE_EDIT:
        judge_take(judge, event->count);
        break;
    case HL7_TRACE_WRITE:
        judge_take(judge, event->count);
        assert_int_equal(judge->depth, 0);
        assert_true(event->from >= judge->written && event->to >= event->from);
        judge->written = event->to;
        judge->values += event->count;
        break;
    default:
        judge->depth++;
        break;
    }
}

struct gallery {
    struct bench *bench;
    struct template_file template;
    struct case_services services;
    size_t runs;
    size_t values;
};

/* Runs once; the output is in the bench's buffer. */
static enum hl7_code run_case(struct gallery *gallery, struct hl7_conversion *conversion)
{
    struct bench *bench = gallery->bench;
    size_t used = bench->arena.used;

    case_services_begin(&gallery->services);
    conversion->services = &gallery->services.given;
    hl7_buffer_init(&bench->buffer, bench->output_memory, sizeof bench->output_memory);
    enum hl7_code code = hl7_template_run(gallery->template.program, conversion, &bench->arena,
                                          &bench->buffer, &bench->failure);
    assert_int_equal(bench->arena.used, used);
    return code;
}

static void compare_runs(struct gallery *gallery, struct hl7_conversion *conversion)
{
    static char plain[BENCH_OUTPUT];
    struct judge judge = {.conversion = conversion};
    enum hl7_code code = run_case(gallery, conversion);
    size_t len = gallery->bench->buffer.len;

    memcpy(plain, gallery->bench->output_memory, len);
    judge.given = (struct hl7_trace){.event = judge_event, .context = &judge};
    conversion->trace = &judge.given;
    assert_int_equal(run_case(gallery, conversion), code);
    if (code == HL7_OK) {
        assert_slices(hl7_buffer_slice(&gallery->bench->buffer), ((hl7_slice){plain, len}));
        assert_true(judge.written <= len);
        assert_int_equal(judge.depth, 0);
        assert_true(judge.events > 0);
    }
    conversion->trace = NULL;
    gallery->runs++;
    gallery->values += judge.values;
}

/* With bounds it may meet, a run that is told fails where the other does. */
static void compare_bounds(struct gallery *gallery, struct hl7_conversion *conversion)
{
    struct judge judge = {.conversion = conversion};

    judge.given = (struct hl7_trace){.event = judge_event, .context = &judge};
    for (size_t bound = 64; bound <= 4096; bound *= 4) {
        conversion->max_steps = bound;
        conversion->max_scratch = bound * 4;
        conversion->trace = NULL;
        enum hl7_code code = run_case(gallery, conversion);
        const struct hl7_diagnostic failure = gallery->bench->failure;
        judge.depth = judge.written = 0;
        conversion->trace = &judge.given;
        assert_int_equal(run_case(gallery, conversion), code);
        if (code != HL7_OK) {
            assert_int_equal(gallery->bench->failure.line, failure.line);
            assert_int_equal(gallery->bench->failure.column, failure.column);
        }
    }
    conversion->trace = NULL;
}

static void take_case(struct gallery *gallery, const struct case_files *files)
{
    struct bench *bench = gallery->bench;
    struct memory_block texts[CASE_NAMED_MAX + 1] = {{NULL, 0}};
    static struct hl7_message messages[CASE_NAMED_MAX];
    struct hl7_named named[CASE_NAMED_MAX];
    struct hl7_conversion conversion = {.named_count = files->named_count};

    hl7_arena_init(&bench->arena, bench->arena_memory, sizeof bench->arena_memory);
    assert_int_equal(case_file_read(files->in, &texts[CASE_NAMED_MAX], &conversion.source), 0);
    for (size_t i = 0; i < files->named_count; i++) {
        hl7_slice text;
        assert_int_equal(case_file_read(files->named[i].path, &texts[i], &text), 0);
        assert_int_equal(hl7_message_parse(text, &bench->arena, &messages[i], NULL), HL7_OK);
        named[i] = (struct hl7_named){hl7_slice_of(files->named[i].word), &messages[i]};
    }
    conversion.named = named;
    if (hl7_message_parse(conversion.source, &bench->arena, &bench->message, NULL) == HL7_OK) {
        conversion.message = &bench->message;
    }
    compare_runs(gallery, &conversion);
    compare_bounds(gallery, &conversion);
    for (size_t i = 0; i <= CASE_NAMED_MAX; i++) {
        memory_free(&texts[i]);
    }
}

static void the_gallery_is_told_as_it_is_run(void **state)
{
    static const struct verb verb = {.name = "test"};
    struct case_templates templates = {NULL, 0};
    struct gallery gallery = {.bench = bench_open()};
    const char *source = getenv("ORDERLY_SOURCE");
    char folder[1024];

    (void)state;
    assert_true(snprintf(folder, sizeof folder, "%s/examples/templates",
                         source == NULL ? "." : source) < (int)sizeof folder);
    assert_int_equal(case_templates_find(&verb, folder, &templates), 0);
    for (size_t i = 0; i < templates.count; i++) {
        struct case_list list = {NULL, 0};

        assert_true(template_open(&gallery.template, templates.items[i].path));
        assert_non_null(templates.items[i].folder);
        assert_int_equal(case_list_read(&verb, templates.items[i].folder, &list), 0);
        for (size_t n = 0; n < list.count; n++) {
            take_case(&gallery, &list.items[n]);
        }
        case_list_free(&list);
        template_unload(&gallery.template);
    }
    case_templates_free(&templates);
    assert_true(gallery.runs > 60);
    assert_true(gallery.values > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gallery_is_told_as_it_is_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
