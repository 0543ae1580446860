/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_convert.c - `orderly convert -t TEMPLATE [FILE]...`: every message through one template.
 * A message that cannot be converted is complained about; the others are converted all the same.
 */
#include <string.h>

#include "reader.h"
#include "results.h"
#include "templates.h"
#include "verb.h"

struct convert_options {
    const char *template;
    const char *output;
    const char *output_dir;
    uint64_t max_message;
    bool strict;
};

struct convert {
    const struct verb *verb;
    const struct convert_options *options;
    struct template_file template;
    struct template_output memory;
    struct results results;
    struct reader reader;
    int status;
};

static void convert_failed(struct convert *convert, enum hl7_code code,
                           const struct hl7_diagnostic *diagnostic)
{
    const struct source_item *item = &convert->reader.item;

    if (diagnostic->line == 0) {
        convert->status =
            verb_worst(convert->status, verb_failed(convert->verb, "%s:%zu: not converted: %s",
                                                    item->file, item->line, hl7_code_name(code)));
        return;
    }
    (void)verb_failed(convert->verb, "%s:%zu: not converted:", item->file, item->line);
    template_print_diagnostic(stderr, convert->template.path, diagnostic);
    convert->status = verb_worst(convert->status, VERB_NO);
}

/* A message that is damaged can still be taken apart as the original placeholders do it. */
static void convert_warn_unparsed(struct convert *convert)
{
    const struct reader *reader = &convert->reader;

    (void)verb_failed(
        convert->verb, "%s:%zu: byte %zu of this message: %s; only {0-9} placeholders find values",
        reader->item.file, reader->item.line, reader->error.position, reader->error.text);
    convert->status = verb_worst(convert->status, VERB_NO);
}

static void convert_message(struct convert *convert)
{
    const struct reader *reader = &convert->reader;
    struct hl7_conversion conversion = {.source = reader->item.bytes,
                                        .message = reader->parsed ? &reader->message : NULL,
                                        .strict = convert->options->strict};
    struct hl7_diagnostic diagnostic = {.line = 0};
    hl7_slice result = {NULL, 0};
    enum hl7_code code;

    if (reader->item.kind == SOURCE_MESSAGE && !reader->parsed) {
        convert_warn_unparsed(convert);
    }
    code = template_run(&convert->template, &conversion, &convert->memory, &result, &diagnostic);
    if (code == HL7_OK) {
        results_put(&convert->results, &reader->item, result);
    } else {
        convert_failed(convert, code, &diagnostic);
    }
}

static void convert_all(struct convert *convert, const struct verb_call *call)
{
    const struct source_settings settings = {.max_message = (size_t)convert->options->max_message,
                                             .any_text = true};

    if (!results_open(&convert->results, convert->verb, convert->options->output,
                      convert->options->output_dir)) {
        convert->status = VERB_FAILED;
        return;
    }
    if (reader_open(&convert->reader, call, call->operands, call->operand_count, &settings)) {
        while (reader_next(&convert->reader)) {
            convert_message(convert);
        }
        convert->status = verb_worst(convert->status, convert->reader.status);
        reader_close(&convert->reader);
    } else {
        convert->status = VERB_FAILED;
    }
    convert->status = verb_worst(convert->status, results_close(&convert->results));
}

static int convert_run(const struct verb_call *call)
{
    struct convert convert = {.verb = call->verb, .options = call->options};
    int status;

    if (convert.options->template == NULL) {
        return verb_misuse(call->verb, "which template? Name it with --template FILE");
    }
    if (convert.options->output != NULL && convert.options->output_dir != NULL) {
        return verb_misuse(call->verb, "--output and --output-dir exclude each other");
    }
    status = template_load(call->verb, convert.options->template, &convert.template);
    if (status != VERB_DONE) {
        return status;
    }
    convert_all(&convert, call);
    template_output_free(&convert.memory);
    template_unload(&convert.template);
    return convert.status;
}

static const struct option convert_option_table[] = {
    {.name = "template",
     .letter = 't',
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "The template. It must be given",
     OPTION_PLACE(struct convert_options, template)},
    {.name = "strict",
     .kind = OPTION_FLAG,
     .doc = "A placeholder that the message has nothing for is an error, not empty",
     OPTION_PLACE(struct convert_options, strict)},
    {.name = "output",
     .letter = 'o',
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "Write to FILE, which is replaced once all is written",
     OPTION_PLACE(struct convert_options, output)},
    {.name = "output-dir",
     .argument = "DIR",
     .kind = OPTION_DIRECTORY,
     .doc = "Write each result to a file of its own in DIR, named after the file the message came "
            "from: NAME.hl7, NAME-2.hl7 (.txt when it is not HL7). Files that exist are not "
            "replaced",
     OPTION_PLACE(struct convert_options, output_dir)},
    {.name = "max-message",
     .argument = "SIZE",
     .kind = OPTION_SIZE,
     .standard = "16M",
     .min = 1,
     .doc = "Skip a message longer than this",
     OPTION_PLACE(struct convert_options, max_message)},
    {.name = NULL}};

static const char *const convert_description[] = {
    "Converts each message with a template and prints the results. A template is text with "
    "placeholders: {PID-5.1} is a value by its HL7 path, {0-9} is a piece counted by hand: the "
    "segment from 0, then the piece of it between field separators, from 0.",
    "Messages come from files, directories (all files in them) or standard input; a file may hold "
    "many. A file without any MSH line is converted as a whole: {0-9} works on any text.",
    "In a pipe or file the results are exact: HL7 has CR behind its segments. Where there are "
    "several, each ends with its line end. On a terminal each segment has a line.",
    NULL};

static const struct verb_status convert_statuses[] = {
    {VERB_DONE, "All messages were converted"},
    {VERB_NO, "A message could not be converted"},
    {VERB_MISUSE, "Wrong use, or the template has mistakes"},
    {VERB_FAILED, "Something could not be read or written"},
    {0, NULL}};

static const struct verb_example convert_examples[] = {
    {"orderly convert -t ack.hl7 order.hl7", "Prints what the template makes of one message"},
    {"orderly convert -t ris.hl7 -o out.hl7 inbox/", "Converts all files of a directory into one"},
    {"orderly convert -t ris.hl7 --output-dir out inbox/", "The same, file by file"},
    {"orderly convert --strict -t ris.hl7 order.hl7 | orderly send ris:2575",
     "Converts and sends; stops at a value that is missing"},
    {NULL, NULL}};

const struct verb verb_convert = {
    .name = "convert",
    .summary = "Convert messages with a template",
    .usage = "-t TEMPLATE [FILE|DIR|-]...",
    .description = convert_description,
    .options = convert_option_table,
    .options_size = sizeof(struct convert_options),
    .operands = VERB_TAKES_FILES,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = convert_statuses,
    .examples = convert_examples,
    .run = convert_run,
};
