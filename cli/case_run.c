/* SPDX-License-Identifier: Apache-2.0
 *
 * case_run.c - see case_run.h. The input of a case is read as `orderly convert` reads it.
 */
#include "case_run.h"

#include <errno.h>
#include <string.h>

#include "case_files.h"
#include "reader.h"
#include "template_load.h"

#define CASE_MESSAGE_MAX ((size_t)64 << 20)
#define CASE_SENTENCE_MAX 600

/* What came of a conversion. */
struct case_result {
    enum hl7_code code;
    hl7_slice output;                 /* HL7_OK */
    char sentence[CASE_SENTENCE_MAX]; /* any other code */
};

/* ---- Reading -------------------------------------------------------------------------------- */

static enum report_verdict case_mistake(struct case_run *run, int status)
{
    run->status = verb_worst(run->status, status);
    return REPORT_MISTAKE;
}

static bool case_read(struct case_run *run, const char *path, struct memory_block *block,
                      hl7_slice *ret_text)
{
    int failed = case_file_read(path, block, ret_text);

    if (failed != 0) {
        report_says(run->report, "cannot read %s: %s", path, strerror(failed));
        (void)case_mistake(run, VERB_FAILED);
    }
    return failed == 0;
}

static bool case_parse(struct memory_block *index, hl7_slice text, struct hl7_message *ret_message,
                       struct hl7_error *error)
{
    struct hl7_arena arena;

    if (!memory_grow(index, hl7_message_memory(text) + 1)) {
        return false;
    }
    hl7_arena_init(&arena, index->ptr, index->size);
    return hl7_message_parse(text, &arena, ret_message, error) == HL7_OK;
}

static bool case_read_named(struct case_run *run, struct hl7_named named[CASE_NAMED_MAX])
{
    for (size_t i = 0; i < run->files->named_count; i++) {
        struct case_message *into = &run->named[i];
        struct hl7_error error = {.code = HL7_OK};
        hl7_slice text;

        if (!case_read(run, run->files->named[i].path, &into->text, &text)) {
            return false;
        }
        if (!case_parse(&into->index, text, &into->message, &error)) {
            report_says(run->report, "%s: byte %zu: %s", run->files->named[i].path, error.position,
                        error.text);
            (void)case_mistake(run, VERB_MISUSE);
            return false;
        }
        named[i] = (struct hl7_named){hl7_slice_of(run->files->named[i].word), &into->message};
    }
    return true;
}

/* ---- Converting ----------------------------------------------------------------------------- */

/* Gives the template more memory as long as it needs more; each time all is as in the beginning. */
static enum hl7_code case_run_growing(struct case_run *run, struct hl7_conversion *conversion,
                                      struct hl7_buffer *buffer, struct hl7_diagnostic *diagnostic)
{
    enum hl7_code code = HL7_NO_MEMORY;
    size_t scratch = 65536;
    size_t text = 65536;

    while (code == HL7_NO_MEMORY && text <= TEMPLATE_RESULT_MAX && scratch <= TEMPLATE_RESULT_MAX &&
           memory_grow(&run->output.scratch, scratch) && memory_grow(&run->output.text, text)) {
        struct hl7_arena arena;

        hl7_arena_init(&arena, run->output.scratch.ptr, run->output.scratch.size);
        hl7_buffer_init(buffer, run->output.text.ptr, run->output.text.size);
        case_services_begin(&run->services);
        code = hl7_template_run(run->template.program, conversion, &arena, buffer, diagnostic);
        text = run->output.text.size + (buffer->full ? 1 : 0);
        scratch = run->output.scratch.size + (buffer->full ? 0 : 1);
    }
    return code;
}

static void case_convert(struct case_run *run, const struct reader *reader,
                         const struct hl7_named *named, struct case_result *result)
{
    struct hl7_refusal refusal = {.code = HL7_ACK_NONE};
    struct hl7_diagnostic diagnostic = {.line = 0};
    struct hl7_conversion conversion = {.source = reader->item.bytes,
                                        .message = reader->parsed ? &reader->message : NULL,
                                        .named = named,
                                        .named_count = run->files->named_count,
                                        .services = &run->services.given,
                                        .refusal = &refusal};
    struct hl7_buffer buffer = {.len = 0};

    result->code = case_run_growing(run, &conversion, &buffer, &diagnostic);
    if (result->code == HL7_OK) {
        result->output = hl7_buffer_slice(&buffer);
    } else if (result->code == HL7_REFUSED) {
        (void)snprintf(result->sentence, sizeof result->sentence, "refused (%s): %s",
                       hl7_ack_code_name(refusal.code), refusal.reason);
    } else {
        (void)snprintf(result->sentence, sizeof result->sentence, "%s",
                       diagnostic.line > 0 ? diagnostic.text : hl7_code_name(result->code));
    }
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static bool case_difference(void *context, const struct hl7_difference *difference)
{
    struct case_run *run = context;

    report_difference(run->report, &run->text, difference);
    return true;
}

/* False when the two are no HL7 messages. */
static bool case_compare_messages(struct case_run *run, hl7_slice expected, hl7_slice actual,
                                  size_t *ret_differences)
{
    const struct hl7_comparison how = {.difference = case_difference, .context = run};
    const struct hl7_message *a = &run->expected.message;
    const struct hl7_message *b = &run->actual.message;
    struct hl7_arena arena;

    if (!case_parse(&run->expected.index, expected, &run->expected.message, NULL) ||
        !case_parse(&run->actual.index, actual, &run->actual.message, NULL) ||
        !memory_grow(&run->scratch, hl7_diff_memory(a, b))) {
        return false;
    }
    difference_messages(&run->text, a, b);
    hl7_arena_init(&arena, run->scratch.ptr, run->scratch.size);
    return hl7_diff(a, b, &how, &arena, ret_differences) == HL7_OK;
}

static bool case_same(struct case_run *run, hl7_slice expected, hl7_slice actual)
{
    bool is_hl7 = hl7_template_format(run->template.program) == HL7_FORMAT_HL7;
    size_t differences = 0;
    hl7_slice a;
    hl7_slice b;

    if (is_hl7 && case_compare_messages(run, expected, actual, &differences)) {
        return differences == 0;
    }
    if (!difference_of_lines(expected, actual, &differences, &a, &b)) {
        return true;
    }
    report_lines(run->report, differences, a, b);
    return false;
}

/* ---- Updating ------------------------------------------------------------------------------- */

static enum report_verdict case_store(struct case_run *run, const char *path, hl7_slice text)
{
    int failed = case_file_write(path, text);

    if (failed != 0) {
        report_says(run->report, "cannot write %s: %s", path, strerror(failed));
        return case_mistake(run, VERB_FAILED);
    }
    report_says(run->report, "written to %s", path);
    return REPORT_UPDATED;
}

/* Stores what a case gave; HL7 with LF behind its segments, unless the file there has it otherwise. */
static enum report_verdict case_store_output(struct case_run *run, const char *path,
                                             hl7_slice expected, hl7_slice output)
{
    bool is_hl7 = hl7_template_format(run->template.program) == HL7_FORMAT_HL7;
    bool as_lines =
        is_hl7 && (expected.len == 0 || memchr(expected.ptr, '\r', expected.len) == NULL);

    if (as_lines && !case_file_lines(output, &run->scratch, &output)) {
        return case_mistake(run, VERB_FAILED);
    }
    return case_store(run, path, output);
}

static enum report_verdict case_store_sentence(struct case_run *run, const char *path,
                                               const char *sentence)
{
    char line[CASE_SENTENCE_MAX + 1];
    int len = snprintf(line, sizeof line, "%s\n", sentence);

    return case_store(run, path, (hl7_slice){line, (size_t)len});
}

/* A case without any expectation gets one. */
static enum report_verdict case_store_new(struct case_run *run, const struct case_result *result)
{
    static const char *const endings[] = {[HL7_FORMAT_TEXT] = "txt",
                                          [HL7_FORMAT_HL7] = "hl7",
                                          [HL7_FORMAT_JSON] = "json",
                                          [HL7_FORMAT_XML] = "xml",
                                          [HL7_FORMAT_CSV] = "csv"};
    size_t front = strlen(run->files->in) - strlen(strrchr(run->files->in, '/'));
    char path[CASE_PATH_MAX];
    bool good = result->code == HL7_OK;
    int len = snprintf(path, sizeof path, "%.*s/%s.%s%s", (int)front, run->files->in,
                       run->files->name, good ? "out." : "error",
                       good ? endings[hl7_template_format(run->template.program)] : "");

    if (len < 0 || (size_t)len >= sizeof path) {
        report_says(run->report, "the name of the new file would be too long");
        return case_mistake(run, VERB_FAILED);
    }
    return good ? case_store_output(run, path, (hl7_slice){NULL, 0}, result->output)
                : case_store_sentence(run, path, result->sentence);
}

/* ---- Judging -------------------------------------------------------------------------------- */

static enum report_verdict case_failed(struct case_run *run)
{
    run->status = verb_worst(run->status, VERB_NO);
    return REPORT_FAILED;
}

static enum report_verdict case_judge_output(struct case_run *run, const struct case_result *result)
{
    hl7_slice expected;

    if (result->code != HL7_OK) {
        report_says(run->report, "it should give an output, but: %s", result->sentence);
        return case_failed(run);
    }
    if (!case_read(run, run->files->out, &run->expected.text, &expected)) {
        return REPORT_MISTAKE;
    }
    if (case_same(run, expected, result->output)) {
        return REPORT_PASSED;
    }
    return run->update ? case_store_output(run, run->files->out, expected, result->output)
                       : case_failed(run);
}

static enum report_verdict case_judge_error(struct case_run *run, const struct case_result *result)
{
    hl7_slice expected;

    if (result->code == HL7_OK) {
        report_says(run->report, "it should fail, but it gives an output");
        return case_failed(run);
    }
    if (!case_read(run, run->files->error, &run->expected.text, &expected)) {
        return REPORT_MISTAKE;
    }
    expected = case_file_trim(expected);
    if (expected.len == 0 ||
        memmem(result->sentence, strlen(result->sentence), expected.ptr, expected.len) != NULL) {
        return REPORT_PASSED;
    }
    report_says(run->report, "expected the error '%.*s', got '%s'",
                (int)hl7_slice_part(expected, 0, CASE_SENTENCE_MAX).len, expected.ptr,
                result->sentence);
    return run->update ? case_store_sentence(run, run->files->error, result->sentence)
                       : case_failed(run);
}

static enum report_verdict case_judge(struct case_run *run, const struct case_result *result)
{
    if (run->files->out != NULL) {
        return case_judge_output(run, result);
    }
    if (run->files->error != NULL) {
        return case_judge_error(run, result);
    }
    return case_store_new(run, result);
}

static enum report_verdict case_convert_input(struct case_run *run, struct reader *reader)
{
    struct hl7_named named[CASE_NAMED_MAX];
    struct case_result result = {.code = HL7_OK};
    enum report_verdict verdict;

    if (!reader_next(reader)) {
        report_says(run->report, "%s: there is no message in it", run->files->in);
        return case_mistake(run, verb_worst(reader->status, VERB_MISUSE));
    }
    if (!case_read_named(run, named) || (reader->parsed && template_needs_utf8(&run->template) &&
                                         !reader_make_utf8(reader, NULL))) {
        return REPORT_MISTAKE;
    }
    case_convert(run, reader, named, &result);
    verdict = case_judge(run, &result);
    if (reader_next(reader)) {
        report_says(run->report, "%s: there is more than one message in it", run->files->in);
        return case_mistake(run, VERB_MISUSE);
    }
    return verdict;
}

/* What is wrong with the files of a case; NULL when nothing is. */
static const char *case_wrong(const struct case_run *run)
{
    if (run->files->in == NULL) {
        return "it has no input: NAME.in.hl7 or the like is missing";
    }
    if (run->files->out != NULL && run->files->error != NULL) {
        return "it has both an output and an error to expect";
    }
    if (run->files->out == NULL && run->files->error == NULL && !run->update) {
        return "nothing says what to expect: NAME.out.* or NAME.error is missing; --update makes it";
    }
    return NULL;
}

static enum report_verdict case_run_one(struct case_run *run)
{
    const struct source_settings settings = {.max_message = CASE_MESSAGE_MAX, .any_text = true};
    const char *wrong = case_wrong(run);
    struct reader reader;
    enum report_verdict verdict;

    if (wrong != NULL) {
        report_says(run->report, "%s", wrong);
        return case_mistake(run, VERB_MISUSE);
    }
    if (!reader_open(&reader, run->call, &run->files->in, 1, &settings)) {
        report_says(run->report, "out of memory");
        return case_mistake(run, VERB_FAILED);
    }
    verdict = case_convert_input(run, &reader);
    reader_close(&reader);
    return verdict;
}

/* ---- Templates ------------------------------------------------------------------------------ */

static void case_run_list(struct case_run *run, const struct case_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        run->files = &list->items[i];
        report_case_begin(run->report, run->files->name);
        report_case_end(run->report, case_run_one(run));
    }
}

/* A template with mistakes counts as a case that is one. */
static void case_run_none(struct case_run *run, int status)
{
    report_case_begin(run->report, "template");
    report_says(run->report, status == VERB_MISUSE ? "the template has mistakes"
                                                   : "the template cannot be read");
    report_case_end(run->report, case_mistake(run, status));
}

int case_run_template(struct case_run *run, const struct case_template *template)
{
    struct case_list list = {NULL, 0};
    int status = template_load(run->call->verb, template->path, &run->template);

    run->status = VERB_DONE;
    report_template_begin(run->report, template->path);
    if (template->folder != NULL) {
        run->status = case_list_read(run->call->verb, template->folder, &list);
    }
    if (status == VERB_DONE) {
        case_run_list(run, &list);
        template_unload(&run->template);
    } else {
        case_run_none(run, status);
    }
    report_template_end(run->report);
    case_list_free(&list);
    return run->status;
}

static void case_message_free(struct case_message *message)
{
    memory_free(&message->text);
    memory_free(&message->index);
}

void case_run_free(struct case_run *run)
{
    for (size_t i = 0; i < CASE_NAMED_MAX; i++) {
        case_message_free(&run->named[i]);
    }
    case_message_free(&run->expected);
    case_message_free(&run->actual);
    memory_free(&run->scratch);
    template_output_free(&run->output);
    difference_text_free(&run->text);
}
