/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_diff.c - `orderly diff A B`: what differs between two messages, or between the messages of
 * two files, the first with the first, the second with the second, to the end.
 */
#include "difference.h"
#include "operands.h"
#include "reader.h"
#include "verb.h"

struct diff_options {
    uint64_t max_message;
    bool loose;
    bool json;
    bool quiet;
    int color;
};

struct diff {
    const struct verb_call *call;
    const struct diff_options *options;
    struct text_terminal terminal;
    struct json json;
    struct reader readers[2];
    struct difference_text text;
    struct memory_block memory;
    size_t number;  /* of the pair */
    bool announced; /* the pair was named above its first difference */
    int status;
};

/* ---- Telling -------------------------------------------------------------------------------- */

static void diff_name(const struct diff *diff, const char *sign, enum text_style style,
                      const struct source_item *item)
{
    text_style(&diff->terminal, style);
    fprintf(diff->terminal.file, "%s ", sign);
    text_write_safe(diff->terminal.file, hl7_slice_of(item->file), false);
    if (diff->number > 1 || item->line > 1) {
        fprintf(diff->terminal.file, ":%zu", item->line);
    }
    text_style(&diff->terminal, TEXT_NORMAL);
    fputc('\n', diff->terminal.file);
}

/* Names both messages, once. */
static void diff_announce(struct diff *diff)
{
    if (!diff->announced) {
        diff->announced = true;
        diff_name(diff, "---", TEXT_RED, &diff->readers[0].item);
        diff_name(diff, "+++", TEXT_GREEN, &diff->readers[1].item);
    }
}

static bool diff_print(void *context, const struct hl7_difference *difference)
{
    struct diff *diff = context;

    if (diff->options->quiet) {
        return false;
    }
    if (diff->options->json) {
        json_open_object(&diff->json);
        json_key(&diff->json, "message");
        json_number(&diff->json, diff->number);
        difference_json(&diff->json, &diff->text, difference);
        json_end(&diff->json);
        json_line(&diff->json);
    } else {
        diff_announce(diff);
        difference_print(&diff->terminal, &difference_change, &diff->text, difference);
    }
    return true;
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static bool diff_pair(struct diff *diff)
{
    const struct hl7_message *a = &diff->readers[0].message;
    const struct hl7_message *b = &diff->readers[1].message;
    const struct hl7_comparison how = {
        .loose = diff->options->loose, .difference = diff_print, .context = diff};
    struct hl7_arena arena;
    size_t count = 0;

    diff->announced = false;
    if (!memory_grow(&diff->memory, hl7_diff_memory(a, b))) {
        diff->status = verb_failed(diff->call->verb, "out of memory");
        return false;
    }
    difference_messages(&diff->text, a, b);
    hl7_arena_init(&arena, diff->memory.ptr, diff->memory.size);
    (void)hl7_diff(a, b, &how, &arena, &count);
    if (count > 0) {
        diff->status = verb_worst(diff->status, VERB_NO);
    }
    return true;
}

/* One of the inputs has ended: counts what the other one still has. */
static void diff_rest(struct diff *diff, size_t longer)
{
    struct reader *reader = &diff->readers[longer];
    size_t more = 1;

    while (reader_next_message(reader)) {
        more++;
    }
    diff->status = verb_worst(diff->status, VERB_NO);
    if (!diff->options->quiet && diff->readers[1 - longer].status == VERB_DONE) {
        (void)verb_failed(diff->call->verb, "%s has %zu message%s more than %s",
                          diff->call->operands[longer], more, more == 1 ? "" : "s",
                          diff->call->operands[1 - longer]);
    }
}

static void diff_messages(struct diff *diff)
{
    bool more = true;

    while (more) {
        bool first = reader_next_message(&diff->readers[0]);
        bool second = reader_next_message(&diff->readers[1]);

        diff->number++;
        more = first && second;
        if (first != second) {
            diff_rest(diff, first ? 0 : 1);
        } else if (more) {
            more = diff_pair(diff);
        }
    }
    for (size_t i = 0; i < 2; i++) {
        diff->status = verb_worst(diff->status, diff->readers[i].status);
        if (diff->readers[i].source.ordinal == 0 && diff->readers[i].status == VERB_DONE) {
            diff->status = verb_failed(diff->call->verb, "%s: there is no message in it",
                                       diff->call->operands[i]);
        }
    }
}

static int diff_run(const struct verb_call *call)
{
    const struct diff_options *options = call->options;
    const struct source_settings settings = {.max_message = (size_t)options->max_message};
    struct diff diff = {.call = call, .options = options};

    text_terminal_open(&diff.terminal, stdout, (enum text_when)options->color);
    json_to_file(&diff.json, stdout);
    if (!reader_open(&diff.readers[0], call, call->operands, 1, &settings)) {
        return VERB_FAILED;
    }
    if (reader_open(&diff.readers[1], call, call->operands + 1, 1, &settings)) {
        diff_messages(&diff);
        reader_close(&diff.readers[1]);
    } else {
        diff.status = VERB_FAILED;
    }
    reader_close(&diff.readers[0]);
    memory_free(&diff.memory);
    difference_text_free(&diff.text);
    return diff.status;
}

static const struct option diff_option_table[] = {
    {.name = "loose",
     .letter = 'l',
     .kind = OPTION_FLAG,
     .doc = "What says the same is the same: empty parts at the end, other delimiters, and another "
            "escape for the same character make no difference",
     OPTION_PLACE(struct diff_options, loose)},
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_FLAG,
     .doc = "Print nothing; the exit status says it",
     OPTION_PLACE(struct diff_options, quiet)},
    {.name = "json",
     .letter = 'j',
     .kind = OPTION_FLAG,
     .doc = "Print each difference as one line of JSON",
     OPTION_PLACE(struct diff_options, json)},
    {.name = "color",
     .argument = "WHEN",
     .kind = OPTION_CHOICE,
     .choices = text_when_words,
     .standard = "auto",
     .doc = "Use colours: auto (on a terminal), always or never",
     OPTION_PLACE(struct diff_options, color)},
    {.name = "max-message",
     .argument = "SIZE",
     .kind = OPTION_SIZE,
     .standard = "16M",
     .min = 1,
     .doc = "Skip a message longer than this",
     OPTION_PLACE(struct diff_options, max_message)},
    {.name = NULL}};

static const char *const diff_description[] = {
    "Compares messages field by field. Each line names the path of what differs, with the value of "
    "the first and of the second message. 'nothing' is a part that is not there; '' is one that is "
    "there and empty. Line ends make no difference.",
    "Each operand is a file, a directory (all files in it) or - for standard input. Where they hold "
    "several messages, the first is compared with the first, the second with the second.",
    NULL};

static const struct verb_status diff_statuses[] = {{VERB_DONE, "The messages are the same"},
                                                   {VERB_NO, "They differ"},
                                                   {VERB_MISUSE, "Wrong use"},
                                                   {VERB_FAILED, "Something could not be read"},
                                                   {0, NULL}};

static const struct verb_example diff_examples[] = {
    {"orderly diff before.hl7 after.hl7", "Says what changed"},
    {"orderly convert -t new.hl7 in.hl7 | orderly diff old.out.hl7 -",
     "Compares what a template makes with what it made"},
    {"orderly diff --json a.hl7 b.hl7", "The same for programs"},
    {NULL, NULL}};

const struct verb verb_diff = {
    .name = "diff",
    .summary = "Say what differs between messages",
    .usage = "FILE FILE",
    .description = diff_description,
    .options = diff_option_table,
    .options_size = sizeof(struct diff_options),
    .operands = VERB_TAKES_FILES,
    .operands_min = 2,
    .operands_max = 2,
    .statuses = diff_statuses,
    .examples = diff_examples,
    .run = diff_run,
};
