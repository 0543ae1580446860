/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_show.c - `orderly show [FILE]...`: messages as trees.
 */
#include "option_rows.h"
#include "reader.h"
#include "show.h"
#include "../base/text.h"
#include "verb.h"

struct show_options {
    uint64_t max_message;
    const char *charset;
    int color;
    bool all;
    bool full;
    bool json;
    bool no_names;
};

static int show_messages(struct show *show, struct reader *reader, bool json, const char *charset)
{
    while (reader_next_message(reader)) {
        bool shown;

        reader_charset(reader, &show->text.charset, charset);
        shown = json ? show_json(show, &reader->item, &reader->message)
                     : show_tree(show, &reader->item, &reader->message);
        if (!shown) {
            return verb_failed(reader->verb, "out of memory");
        }
    }
    return reader->status;
}

static int show_run(const struct verb_call *call)
{
    const struct show_options *options = call->options;
    const struct source_settings settings = {.max_message = (size_t)options->max_message};
    const char *charset = options->charset == NULL ? "UTF-8" : text_charset_find(options->charset);
    struct show show = {.all = options->all, .plain = options->no_names};
    struct reader reader;
    int status;

    if (charset == NULL) {
        return verb_misuse(call->verb, "--charset: '%.60s' is no character set known here",
                           options->charset);
    }
    text_terminal_open(&show.terminal, stdout, (enum text_when)options->color);
    show.width = show.terminal.is_terminal && !options->full ? show.terminal.width : 0;
    json_to_file(&show.json, stdout);
    if (!reader_open(&reader, call, call->operands, call->operand_count, &settings)) {
        return VERB_FAILED;
    }
    status = show_messages(&show, &reader, options->json, charset);
    reader_close(&reader);
    show_text_free(&show.text);
    show_counts_free(&show.counts);
    return status;
}

static const struct option show_option_table[] = {
    {.name = "all",
     .letter = 'a',
     .kind = OPTION_FLAG,
     .doc = "Show empty fields, too",
     OPTION_PLACE(struct show_options, all)},
    {.name = "full",
     .kind = OPTION_FLAG,
     .doc = "Do not cut long values to the width of the terminal",
     OPTION_PLACE(struct show_options, full)},
    {.name = "json",
     .letter = 'j',
     .kind = OPTION_FLAG,
     .doc = "Print each message as one line of JSON",
     OPTION_PLACE(struct show_options, json)},
    {.name = "no-names",
     .kind = OPTION_FLAG,
     .doc = "Leave out what the HL7 standard calls fields, and what codes stand for",
     OPTION_PLACE(struct show_options, no_names)},
    OPTION_ROW_CHARSET(struct show_options),
    OPTION_ROW_COLOR(struct show_options),
    OPTION_ROW_MAX_MESSAGE(struct show_options),
    {.name = NULL}};

static const char *const show_description[] = {
    "Shows each message as a tree: segments, fields, repetitions, components, sub-components, each "
    "with the path that 'orderly get' and templates use for it. Empty fields are left out. Where a "
    "value holds escapes, what they stand for is shown behind it.",
    "Beside the path stand the field's name and data type, and behind a code what it stands for, as the "
    "HL7 standard says for the message's own version (MSH-12; of a version that there is not, the last "
    "one before it).",
    "Messages come from files, directories (all files in them) or standard input. Control "
    "characters in a message are shown as \\n, \\t or \\x1b.",
    NULL};

static const struct verb_status show_statuses[] = {{VERB_DONE, "All messages were shown"},
                                                   {VERB_MISUSE, "Wrong use"},
                                                   {VERB_FAILED, "Something could not be read"},
                                                   {0, NULL}};

static const struct verb_example show_examples[] = {
    {"orderly show order.hl7", "Shows a message"},
    {"orderly show --color always inbox/ | less -R", "Pages through all messages of a directory"},
    {"orderly show --json order.hl7", "The same tree for programs"},
    {NULL, NULL}};

const struct verb verb_show = {
    .name = "show",
    .summary = "Show messages as trees",
    .usage = "[FILE|DIR|-]...",
    .description = show_description,
    .options = show_option_table,
    .options_size = sizeof(struct show_options),
    .operands = VERB_TAKES_FILES,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = show_statuses,
    .examples = show_examples,
    .run = show_run,
};
