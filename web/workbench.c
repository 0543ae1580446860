/* SPDX-License-Identifier: Apache-2.0
 *
 * workbench.c - see workbench.h. */
#include "workbench.h"

#include <string.h>

#include "../base/memory.h"
#include "../base/parsing.h"
#include "../base/services.h"
#include "exchange.h"
#include "workbench_trace.h"

#define MIB ((size_t)1 << 20)

/* Address space that is reserved; what is not used costs nothing. */
#define COMPILE_BYTES (16 * MIB)
#define RUN_BYTES (24 * MIB)
#define SCRATCH_BYTES (8 * MIB)

/* One conversion. */
struct bench {
    const struct workbench *work;
    json_t *whole;
    json_t *findings;
    void *memory; /* of the template, then of the run, then of the result */
    const struct hl7_template *program;
    struct parsing parsing;
    struct hl7_message index;
    const struct hl7_message *message; /* NULL: JSON */
    struct services services;
};

/* ---- Findings -------------------------------------------------------------------------------- */

static void add_finding(struct bench *bench, const struct hl7_diagnostic *found)
{
    json_t *finding = json_pack("{s:s,s:I,s:I,s:o}", "severity",
                                found->severity == HL7_WARNING ? "warning" : "error", "line",
                                (json_int_t)found->line, "column", (json_int_t)found->column,
                                "text", text_json(hl7_slice_of(found->text)));

    if (found->file.ptr != NULL) {
        (void)json_object_set_new(finding, "file", text_json(found->file));
    }
    (void)json_array_append_new(bench->findings, finding);
}

/* A failure that has no place in the template. */
static void add_failure(struct bench *bench, const char *text)
{
    struct hl7_diagnostic found = {.severity = HL7_ERROR, .line = 1, .column = 1};

    (void)snprintf(found.text, sizeof found.text, "%s", text);
    add_finding(bench, &found);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static bool compile(struct bench *bench)
{
    const struct hl7_compiling how = {.loader = bench->work->loader, .warn = true};
    struct hl7_diagnostic *found = NULL;
    struct hl7_arena arena;

    hl7_arena_init(&arena, bench->memory, COMPILE_BYTES);
    enum hl7_code code =
        hl7_template_compile(bench->work->text, &how, &arena, &bench->program, &found);
    for (const struct hl7_diagnostic *at = found; at != NULL; at = at->next) {
        add_finding(bench, at);
    }
    if (code != HL7_OK && found == NULL) {
        add_failure(bench, "the template is too large for the workbench");
    }
    return code == HL7_OK;
}

static bool is_json(hl7_slice text)
{
    size_t at = 0;

    while (at < text.len && strchr(" \t\r\n", text.ptr[at]) != NULL && text.ptr[at] != '\0') {
        at++;
    }
    return at < text.len && (text.ptr[at] == '{' || text.ptr[at] == '[');
}

static bool read_message(struct bench *bench)
{
    struct hl7_error error;

    if (is_json(bench->work->message)) {
        return true;
    }
    if (!parsing_message(&bench->parsing, bench->work->message, &bench->index, &error)) {
        (void)json_object_set_new(bench->whole, "message_problem",
                                  json_sprintf("byte %zu: %s", error.position, error.text));
        return false;
    }
    bench->message = &bench->index;
    return true;
}

/* Where each field of an HL7 result stands. */
static void add_fields(json_t *list, const struct hl7_message *result, size_t segment)
{
    hl7_slice name = hl7_segment_name(result, segment);
    char path[32];

    for (size_t i = 1;
         i < result->segments[segment].count && json_array_size(list) < WORKBENCH_ORIGINS_MAX;
         i++) {
        hl7_slice field = hl7_segment_field(result, segment, i);
        size_t from = field.len > 0 ? (size_t)(field.ptr - result->bytes.ptr) : 0;

        if (field.len > 0) {
            (void)snprintf(path, sizeof path, "%.*s-%zu", name.len < 8 ? (int)name.len : 8,
                           name.ptr, i);
            (void)json_array_append_new(
                list, json_pack("{s:o,s:I,s:I}", "path", text_json(hl7_slice_of(path)), "from",
                                (json_int_t)from, "to", (json_int_t)from + (json_int_t)field.len));
        }
    }
}

static void tell_result(struct bench *bench, hl7_slice result)
{
    struct parsing parsing = {.memory = {NULL, 0}};
    struct hl7_message message;
    json_t *fields = json_array();

    (void)json_object_set_new(bench->whole, "result", text_json(result));
    if (hl7_template_format(bench->program) == HL7_FORMAT_HL7 &&
        parsing_message(&parsing, result, &message, NULL)) {
        for (size_t i = 0; i < message.segment_count; i++) {
            add_fields(fields, &message, i);
        }
    }
    (void)json_object_set_new(bench->whole, "fields", fields);
    parsing_free(&parsing);
}

static void tell_trace(struct bench *bench, const struct workbench_trace *trace)
{
    (void)json_object_set(bench->whole, "origins", trace->origins);
    (void)json_object_set_new(bench->whole, "unread", workbench_trace_unread(trace));
}

static void tell_end(struct bench *bench, enum hl7_code code, const struct hl7_refusal *refusal,
                     const struct hl7_diagnostic *found)
{
    if (code == HL7_REFUSED) {
        (void)json_object_set_new(bench->whole, "refused",
                                  json_pack("{s:s,s:o}", "code", hl7_ack_code_name(refusal->code),
                                            "reason", text_json(hl7_slice_of(refusal->reason))));
    } else if (found->line > 0) {
        add_finding(bench, found);
    } else {
        add_failure(bench, code == HL7_NO_MEMORY ? "the result is too large for the workbench"
                                                 : hl7_code_name(code));
    }
}

static void run(struct bench *bench, struct workbench_trace *trace)
{
    struct hl7_refusal refusal = {.code = HL7_ACK_NONE};
    struct hl7_diagnostic found = {.line = 0};
    const struct hl7_conversion conversion = {.source = bench->work->message,
                                              .message = bench->message,
                                              .services = &bench->services.given,
                                              .refusal = &refusal,
                                              .trace = &trace->given,
                                              .max_steps = bench->work->max_steps,
                                              .max_output = WORKBENCH_RESULT_MAX,
                                              .max_scratch = SCRATCH_BYTES};
    struct hl7_arena arena;
    struct hl7_buffer buffer;
    char *memory = bench->memory;

    hl7_arena_init(&arena, memory + COMPILE_BYTES, RUN_BYTES);
    hl7_buffer_init(&buffer, memory + COMPILE_BYTES + RUN_BYTES, WORKBENCH_RESULT_MAX);
    services_begin(&bench->services);
    enum hl7_code code = hl7_template_run(bench->program, &conversion, &arena, &buffer, &found);
    (void)services_end(&bench->services, code == HL7_OK);
    tell_trace(bench, trace);
    if (code == HL7_OK) {
        (void)json_object_set_new(bench->whole, "good", json_true());
        tell_result(bench, hl7_buffer_slice(&buffer));
    } else {
        tell_end(bench, code, &refusal, &found);
    }
}

static void convert(struct bench *bench)
{
    static const char *const formats[] = {[HL7_FORMAT_TEXT] = "text",
                                          [HL7_FORMAT_HL7] = "hl7",
                                          [HL7_FORMAT_JSON] = "json",
                                          [HL7_FORMAT_XML] = "xml",
                                          [HL7_FORMAT_CSV] = "csv"};
    bool readable = read_message(bench);

    if (!compile(bench)) {
        return;
    }
    (void)json_object_set_new(bench->whole, "format",
                              json_string(formats[hl7_template_format(bench->program)]));
    if (!readable) {
        return;
    }
    struct workbench_trace *trace = workbench_trace_new(bench->work->message, bench->message);
    if (trace != NULL) {
        run(bench, trace);
        workbench_trace_free(trace);
    }
}

json_t *workbench_convert(const struct workbench *work)
{
    const size_t size = COMPILE_BYTES + RUN_BYTES + WORKBENCH_RESULT_MAX;
    struct bench bench = {.work = work,
                          .whole = json_pack("{s:b,s:[]}", "good", 0, "findings"),
                          .memory = memory_reserve(size)};

    bench.findings = json_object_get(bench.whole, "findings");
    if (bench.memory != NULL && bench.whole != NULL) {
        services_open(&bench.services, NULL);
        bench.services.rehearsal = true;
        convert(&bench);
        services_close(&bench.services);
    } else {
        json_decref(bench.whole);
        bench.whole = NULL;
    }
    parsing_free(&bench.parsing);
    memory_release(bench.memory, size);
    return bench.whole;
}
