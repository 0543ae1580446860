/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_release.c - `orderly release`: messages that are held go on. */
#include "control_act.h"
#include "control_query.h"

struct release_options {
    struct control_options control;
    bool all;
    const char *why;
};

enum { IDS_PER_REQUEST = 500 };

static int release_run(const struct verb_call *call)
{
    const struct release_options *options = call->options;
    struct control_client client;
    int status = VERB_DONE;
    int64_t id = 0;

    if ((call->operand_count > 0) == options->all) {
        return verb_misuse(call->verb, "either numbers of messages or --all");
    }
    for (size_t i = 0; i < call->operand_count; i++) {
        if (!control_query_id(call->verb, call->operands[i], &id)) {
            return VERB_MISUSE;
        }
    }
    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    size_t first = 0;
    do {
        control_client_begin(&client, "release");
        for (size_t i = first; i < call->operand_count && i < first + IDS_PER_REQUEST; i++) {
            control_client_add(&client, "id", call->operands[i]);
        }
        control_client_add(&client, "all", options->all ? "1" : NULL);
        control_client_reason(&client, options->why);
        status = verb_worst(status, control_act(&client, &options->control));
        first += IDS_PER_REQUEST;
    } while (first < call->operand_count && client.status == VERB_DONE);
    return verb_worst(status, control_client_close(&client));
}

static const struct option release_option_table[] = {
    {.name = "all",
     .kind = OPTION_FLAG,
     .doc = "All messages that are held",
     OPTION_PLACE(struct release_options, all)},
    CONTROL_WHY_ROW(struct release_options, "The reason, kept with the messages"),
    CONTROL_OPTION_ROWS(struct release_options),
    {.name = NULL}};

static const char *const release_description[] = {
    "A message is held when its sender used the control id of another message for other content: a "
    "broker that looks for duplicates cannot tell which of the two is meant. 'orderly messages --state "
    "held' finds them; released, they are delivered like any other. One that is not to be delivered is "
    "given up with 'orderly dead drop DELIVERY'.",
    NULL};

static const struct verb_status release_statuses[] = {
    {VERB_DONE, "Done"},
    {VERB_NO, "Nothing was held, or some are not held"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example release_examples[] = {
    {"orderly release 4711 --why 'the sender counts from 1 again'", "Message 4711 is delivered"},
    {"orderly release --all", "All that are held"},
    {NULL, NULL}};

const struct verb verb_release = {
    .name = "release",
    .summary = "Let messages go on that are held",
    .usage = "[ID]...",
    .description = release_description,
    .options = release_option_table,
    .options_size = sizeof(struct release_options),
    .operands = VERB_TAKES_NOTHING,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = release_statuses,
    .examples = release_examples,
    .run = release_run,
};
