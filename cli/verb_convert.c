/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_convert.c - `orderly convert -t TEMPLATE [FILE]...`: every message through one template.
 * A message that cannot be converted is complained about; the others are converted all the same.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "convert_trace.h"
#include "option_rows.h"
#include "reader.h"
#include "results.h"
#include "../base/services.h"
#include "template_load.h"
#include "../base/text.h"
#include "verb.h"

struct convert_options {
    const char *template;
    const char *output;
    const char *output_dir;
    const char *sequence_file;
    const char *charset;
    struct option_list messages;
    uint64_t max_message;
    uint64_t max_steps;
    uint64_t max_output;
    int color;
    bool strict;
    bool trace;
    bool json;
};

/* --message NAME=FILE: the message and its index. */
struct convert_named {
    struct memory_block text;
    struct memory_block index;
    struct hl7_message message;
};

struct convert {
    const struct verb *verb;
    const struct convert_options *options;
    struct template_file template;
    struct template_output memory;
    struct services services;
    struct results results;
    struct reader reader;
    struct convert_named others[OPTION_LIST_MAX];
    struct hl7_named named[OPTION_LIST_MAX];
    size_t named_count;
    struct trace *trace; /* --trace */
    struct text_terminal terminal;
    struct show_counts counts;
    const char *charset; /* of messages that name none */
    struct json json;
    int status;
};

/* ---- What cannot be converted --------------------------------------------------------------- */

static void convert_refused(struct convert *convert, const struct source_item *item,
                            const struct hl7_refusal *refusal)
{
    char memory[TEXT_SAFE_GROWTH * sizeof refusal->reason];
    struct hl7_buffer reason;

    hl7_buffer_init(&reason, memory, sizeof memory);
    text_safe(hl7_slice_of(refusal->reason), false, &reason);
    (void)verb_failed(convert->verb, "%s:%zu: refused by the template (%s): %.*s", item->file,
                      item->line, hl7_ack_code_name(refusal->code), (int)reason.len, reason.ptr);
    convert->status = verb_worst(convert->status, VERB_NO);
}

static void convert_failed(struct convert *convert, const struct source_item *item,
                           enum hl7_code code, const struct hl7_diagnostic *diagnostic)
{
    const char *why = convert->services.sequences.error;

    if (diagnostic->line == 0 && why[0] != '\0') {
        const char *file = convert->options->sequence_file;

        (void)verb_failed(convert->verb, "%s:%zu: not converted: %s: %s", item->file, item->line,
                          file == NULL ? "sequence()" : file, why);
        convert->status = verb_worst(convert->status, file == NULL ? VERB_NO : VERB_FAILED);
    } else if (diagnostic->line == 0) {
        convert->status =
            verb_worst(convert->status, verb_failed(convert->verb, "%s:%zu: not converted: %s",
                                                    item->file, item->line, hl7_code_name(code)));
    } else {
        (void)verb_failed(convert->verb, "%s:%zu: not converted:", item->file, item->line);
        template_print_diagnostic(stderr, convert->template.path, diagnostic);
        convert->status = verb_worst(convert->status, VERB_NO);
    }
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

/* ---- Converting ----------------------------------------------------------------------------- */

static void convert_show(struct convert *convert, const struct source_item *item,
                         const struct hl7_message *message, hl7_slice result)
{
    const struct trace_view view = {.trace = convert->trace,
                                    .item = item,
                                    .message = message,
                                    .is_utf8 = template_needs_utf8(&convert->template),
                                    .charset = convert->charset,
                                    .template = convert->template.path,
                                    .result = result,
                                    .format = hl7_template_format(convert->template.program),
                                    .terminal = convert->terminal,
                                    .counts = &convert->counts,
                                    .json = &convert->json};

    if (!(convert->options->json ? trace_print_json(&view) : trace_print(&view))) {
        convert->status = verb_failed(convert->verb, "out of memory");
    }
}

static void convert_source(struct convert *convert, const struct source_item *item,
                           const struct hl7_message *message)
{
    struct hl7_refusal refusal = {.code = HL7_ACK_NONE};
    struct hl7_conversion conversion = {.source = item->bytes,
                                        .message = message,
                                        .strict = convert->options->strict,
                                        .named = convert->named,
                                        .named_count = convert->named_count,
                                        .refusal = &refusal,
                                        .max_steps = (size_t)convert->options->max_steps,
                                        .max_output = (size_t)convert->options->max_output};
    struct hl7_diagnostic diagnostic = {.line = 0};
    hl7_slice result = {NULL, 0};

    if (convert->trace != NULL) {
        trace_begin(convert->trace, &convert->memory, &conversion);
    }
    enum hl7_code code = template_run(&convert->template, &conversion, &convert->services,
                                      &convert->memory, &result, &diagnostic);

    if (code == HL7_OK && convert->trace != NULL) {
        convert_show(convert, item, message, result);
    } else if (code == HL7_OK) {
        results_put(&convert->results, item, result);
    } else if (code == HL7_REFUSED) {
        convert_refused(convert, item, &refusal);
    } else {
        convert_failed(convert, item, code, &diagnostic);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next line that is not blank, without the blanks around it. */
static bool next_line(hl7_slice *rest, size_t *number, hl7_slice *ret_line)
{
    hl7_slice line;

    while (hl7_piece_next(rest, '\n', &line)) {
        ++*number;
        while (line.len > 0 && is_blank(line.ptr[0])) {
            line = hl7_slice_part(line, 1, line.len);
        }
        while (line.len > 0 && is_blank(line.ptr[line.len - 1])) {
            line.len--;
        }
        if (line.len > 0) {
            *ret_line = line;
            return true;
        }
    }
    return false;
}

/* JSON Lines: several lines, each of which is an object or an array. In one JSON text no line that
 * ends with a closing bracket is followed by one that begins with an opening one. */
static bool is_json_lines(hl7_slice text)
{
    size_t count = 0;
    hl7_slice line = {NULL, 0};

    while (next_line(&text, &(size_t){0}, &line)) {
        char last = line.ptr[line.len - 1];

        if (line.ptr[0] != (last == '}' ? '{' : '[') || (last != '}' && last != ']')) {
            return false;
        }
        count++;
    }
    return count > 1;
}

static void convert_lines(struct convert *convert)
{
    struct source_item item = convert->reader.item;
    hl7_slice rest = item.bytes;
    size_t number = item.line - 1;
    size_t count = item.number - 1;

    while (next_line(&rest, &number, &item.bytes)) {
        item.line = number;
        item.number = ++count;
        convert_source(convert, &item, NULL);
    }
}

static void convert_item(struct convert *convert)
{
    struct reader *reader = &convert->reader;

    if (reader->item.kind == SOURCE_TEXT && is_json_lines(reader->item.bytes)) {
        convert_lines(convert);
        return;
    }
    if (reader->item.kind == SOURCE_MESSAGE && !reader->parsed) {
        convert_warn_unparsed(convert);
    }
    if (reader->parsed && template_needs_utf8(&convert->template) &&
        !reader_make_utf8(reader, convert->charset)) {
        return;
    }
    convert_source(convert, &reader->item, reader->parsed ? &reader->message : NULL);
}

static void convert_all(struct convert *convert, const struct verb_call *call)
{
    const struct source_settings settings = {.max_message = (size_t)convert->options->max_message,
                                             .any_text = true};

    if (!results_open(&convert->results, convert->verb, convert->options->output,
                      convert->options->output_dir,
                      hl7_template_format(convert->template.program))) {
        convert->status = VERB_FAILED;
        return;
    }
    if (reader_open(&convert->reader, call, call->operands, call->operand_count, &settings)) {
        while (reader_next(&convert->reader)) {
            convert_item(convert);
        }
        convert->status = verb_worst(convert->status, convert->reader.status);
        reader_close(&convert->reader);
    } else {
        convert->status = VERB_FAILED;
    }
    convert->status = verb_worst(convert->status, results_close(&convert->results));
}

/* ---- Other messages ------------------------------------------------------------------------- */

/* Takes the first message of the reader for its own. */
static bool keep_message(struct convert_named *other, const struct reader *reader)
{
    hl7_slice bytes = reader->item.bytes;
    size_t need = hl7_message_memory(bytes);
    struct hl7_arena arena;

    if (!memory_grow(&other->text, bytes.len + 1) || !memory_grow(&other->index, need)) {
        return false;
    }
    memcpy(other->text.ptr, bytes.ptr, bytes.len);
    hl7_arena_init(&arena, other->index.ptr, other->index.size);
    return hl7_message_parse((hl7_slice){other->text.ptr, bytes.len}, &arena, &other->message,
                             NULL) == HL7_OK;
}

/* A file with exactly one message. */
static int read_named(struct convert *convert, const struct verb_call *call, const char *file,
                      struct convert_named *ret_other)
{
    const struct source_settings settings = {.max_message = (size_t)convert->options->max_message};
    char *operand = (char[PATH_MAX]){0};
    struct reader reader;
    int status = VERB_FAILED;

    (void)snprintf(operand, PATH_MAX, "%s", file);
    if (!reader_open(&reader, call, &operand, 1, &settings)) {
        return VERB_FAILED;
    }
    if (!reader_next_message(&reader)) {
        status = verb_failed(convert->verb, "--message: %s has no message", file);
    } else if (!keep_message(ret_other, &reader)) {
        status = verb_failed(convert->verb, "out of memory");
    } else if (reader_next_message(&reader)) {
        status = verb_misuse(convert->verb, "--message: %s has more than one message", file);
    } else {
        status = reader.status;
    }
    reader_close(&reader);
    return status;
}

/* --message NAME=FILE */
static int read_others(struct convert *convert, const struct verb_call *call)
{
    const struct option_list *list = &convert->options->messages;
    int status = VERB_DONE;

    for (size_t i = 0; i < list->count && status == VERB_DONE; i++) {
        const char *equals = strchr(list->items[i], '=');

        if (equals == NULL || equals == list->items[i] || equals[1] == '\0') {
            return verb_misuse(convert->verb, "--message takes NAME=FILE, not '%.60s'",
                               list->items[i]);
        }
        convert->named[i] =
            (struct hl7_named){.name = {list->items[i], (size_t)(equals - list->items[i])},
                               .message = &convert->others[i].message};
        convert->named_count = i + 1;
        status = read_named(convert, call, equals + 1, &convert->others[i]);
    }
    return status;
}

/* ---- The verb ------------------------------------------------------------------------------- */

static bool convert_begin_trace(struct convert *convert)
{
    convert->trace = calloc(1, sizeof *convert->trace);
    convert->services.rehearsal = true;
    text_terminal_open(&convert->terminal, stdout, (enum text_when)convert->options->color);
    json_to_file(&convert->json, stdout);
    return convert->trace != NULL;
}

static void convert_release(struct convert *convert)
{
    if (convert->trace != NULL) {
        trace_release(convert->trace);
        free(convert->trace);
    }
    show_counts_free(&convert->counts);
    for (size_t i = 0; i < OPTION_LIST_MAX; i++) {
        memory_free(&convert->others[i].text);
        memory_free(&convert->others[i].index);
    }
    services_close(&convert->services);
    template_output_free(&convert->memory);
    template_unload(&convert->template);
}

/* Standard input can be read once. */
static bool wants_standard_input(const struct verb_call *call)
{
    for (size_t i = 0; i < call->operand_count; i++) {
        if (strcmp(call->operands[i], "-") == 0) {
            return true;
        }
    }
    return call->operand_count == 0;
}

static int convert_check(const struct verb_call *call)
{
    const struct convert_options *options = call->options;

    if (options->template == NULL) {
        return verb_misuse(call->verb, "which template? Name it with --template FILE");
    }
    if (options->output != NULL && options->output_dir != NULL) {
        return verb_misuse(call->verb, "--output and --output-dir exclude each other");
    }
    if (options->trace && (options->output != NULL || options->output_dir != NULL)) {
        return verb_misuse(call->verb, "--trace prints no results; leave --output out");
    }
    if (options->json && !options->trace) {
        return verb_misuse(call->verb, "--json is a form of --trace; give both");
    }
    if (options->charset != NULL && text_charset_find(options->charset) == NULL) {
        return verb_misuse(call->verb, "--charset: '%.60s' is no character set known here",
                           options->charset);
    }
    if (strcmp(options->template, "-") == 0 && wants_standard_input(call)) {
        return verb_misuse(call->verb, "the template comes from standard input; name the files");
    }
    return VERB_DONE;
}

static int convert_run(const struct verb_call *call)
{
    struct convert convert = {.verb = call->verb, .options = call->options};
    int status = convert_check(call);

    if (status == VERB_DONE) {
        status = template_load(call->verb, convert.options->template, &convert.template);
    }
    if (status != VERB_DONE) {
        return status;
    }
    convert.charset =
        convert.options->charset == NULL ? NULL : text_charset_find(convert.options->charset);
    services_open(&convert.services, convert.options->sequence_file);
    if (convert.options->trace && !convert_begin_trace(&convert)) {
        status = verb_failed(call->verb, "out of memory");
    }
    status = status == VERB_DONE ? read_others(&convert, call) : status;
    if (status == VERB_DONE) {
        convert_all(&convert, call);
    }
    convert_release(&convert);
    return verb_worst(status, convert.status);
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
    {.name = "trace",
     .kind = OPTION_FLAG,
     .doc = "Print, in place of the results, where each value of them came from, and then what of "
            "the message nothing read",
     OPTION_PLACE(struct convert_options, trace)},
    {.name = "json",
     .letter = 'j',
     .kind = OPTION_FLAG,
     .doc = "Print the trace as JSON, an object for each message",
     OPTION_PLACE(struct convert_options, json)},
    OPTION_ROW_COLOR(struct convert_options),
    {.name = "message",
     .letter = 'm',
     .argument = "NAME=FILE",
     .kind = OPTION_TEXT,
     .many = true,
     .doc = "Lend the template another message, the one in FILE: {NAME:PID-5} reads it",
     OPTION_PLACE(struct convert_options, messages)},
    {.name = "sequence-file",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "Keep the numbers of sequence('name') in FILE, so that they go on in the next run; "
            "without it they begin at 1",
     OPTION_PLACE(struct convert_options, sequence_file)},
    {.name = "output",
     .letter = 'o',
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "Write to FILE, which is replaced once all is written",
     OPTION_PLACE(struct convert_options, output)},
    {.name = "output-dir",
     .argument = "DIR",
     .kind = OPTION_DIRECTORY,
     .doc =
         "Write each result to a file of its own in DIR, named after the file the message came "
         "from: NAME.hl7, NAME-2.hl7; .json, .xml, .csv or .txt where the template makes that. Files that exist are not "
         "replaced",
     OPTION_PLACE(struct convert_options, output_dir)},
    OPTION_ROW_CHARSET(struct convert_options),
    OPTION_ROW_MAX_MESSAGE(struct convert_options),
    {.name = "max-steps",
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .standard = "10000000",
     .min = 1,
     .doc = "Give a message up when its conversion takes more steps than this",
     OPTION_PLACE(struct convert_options, max_steps)},
    {.name = "max-output",
     .argument = "SIZE",
     .kind = OPTION_SIZE,
     .standard = "64M",
     .min = 1,
     .max = TEMPLATE_RESULT_MAX,
     .doc = "Give a message up when its result becomes longer than this",
     OPTION_PLACE(struct convert_options, max_output)},
    {.name = NULL}};

static const char *const convert_description[] = {
    "Converts each message with a template and prints the results. A template is text that looks "
    "like the result, with placeholders: {PID-5.1} is a value by its HL7 path, {$.patient.name} one "
    "of JSON, {upper(PID-5.1)} is computed; {0-9} is a piece counted by hand: the segment from 0, "
    "then the piece of it between field separators, from 0. Tables and included files are looked "
    "for beside the template.",
    "Messages come from files, directories (all files in them) or standard input; a file may hold "
    "many. A file without any MSH line is converted as a whole, JSON or any text. When each of its "
    "lines is a JSON object or array, each line is converted.",
    "In a pipe or file the results are exact: HL7 has CR behind its segments. Where there are "
    "several, each ends with its line end. On a terminal each segment has a line.",
    "--trace tells of each value of a result where it came from: a path such as PID-3[2].1, a function "
    "with its arguments, a literal, or the template's text, and in parentheses the template's line and "
    "column. A result that is not one HL7 message is told value by value, by line and column. Then "
    "come the parts of the message that nothing has read.",
    "A message that the template refuses ({reject}) is not converted. Its reason is printed on "
    "standard error, and may hold content of the message.",
    NULL};

static const struct verb_status convert_statuses[] = {
    {VERB_DONE, "All messages were converted"},
    {VERB_NO, "A message could not be converted, or was refused by the template"},
    {VERB_MISUSE, "Wrong use, or the template has mistakes"},
    {VERB_FAILED, "Something could not be read or written"},
    {0, NULL}};

static const struct verb_example convert_examples[] = {
    {"orderly convert -t ack.hl7 order.hl7", "Prints what the template makes of one message"},
    {"orderly convert -t ris.hl7 -o out.hl7 inbox/", "Converts all files of a directory into one"},
    {"orderly convert -t ris.hl7 --output-dir out inbox/", "The same, file by file"},
    {"orderly convert --trace -t ris.hl7 order.hl7", "Tells where each value comes from"},
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
