/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_prune.c - `orderly prune`: settled messages are removed from the journal of a running broker. */
#include "control_act.h"
#include "when.h"

struct prune_options {
    struct control_options control;
    uint64_t older_than;
    uint64_t dead_older_than;
    uint64_t max_size;
};

static int prune_run(const struct verb_call *call)
{
    const struct prune_options *options = call->options;
    struct control_client client;
    int64_t now = when_now();

    if (options->older_than == 0 && options->dead_older_than == 0 && options->max_size == 0) {
        return verb_misuse(call->verb, "what? Give --older-than, --dead-older-than or --max-size");
    }
    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    control_client_begin(&client, "prune");
    if (options->older_than != 0) {
        control_client_add_number(&client, "before", now - (int64_t)options->older_than * 1000);
    }
    if (options->dead_older_than != 0) {
        control_client_add_number(&client, "dead-before",
                                  now - (int64_t)options->dead_older_than * 1000);
    }
    control_client_add_number(&client, "max-bytes", (int64_t)options->max_size);
    (void)control_act(&client, &options->control); /* nothing to remove is no failure */
    return control_client_close(&client);
}

static const struct option prune_option_table[] = {
    {.name = "older-than",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .doc = "Settled messages that were received longer ago than this: 30d",
     OPTION_PLACE(struct prune_options, older_than)},
    {.name = "dead-older-than",
     .argument = "TIME",
     .kind = OPTION_DURATION,
     .doc = "Messages with dead letters and nothing pending, likewise",
     OPTION_PLACE(struct prune_options, dead_older_than)},
    {.name = "max-size",
     .argument = "SIZE",
     .kind = OPTION_SIZE,
     .max = (uint64_t)1 << 50,
     .doc = "The oldest settled messages, as long as the journal uses more than this: 20G",
     OPTION_PLACE(struct prune_options, max_size)},
    CONTROL_OPTION_ROWS(struct prune_options),
    {.name = NULL}};

static const char *const prune_description[] = {
    "Removes messages from the journal of a running broker, with all that belongs to them, for good. "
    "What is pending or held never goes, whatever its age. It is done in small steps, between which "
    "messages are received; interrupted, it has removed the oldest.",
    "A broker does this by itself, as keep and keep-size of its configuration say. This is for a disk "
    "that fills up today.",
    NULL};

static const struct verb_status prune_statuses[] = {
    {VERB_DONE, "Done"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example prune_examples[] = {
    {"orderly prune --older-than 30d", "What was settled and is older than 30 days"},
    {"orderly prune --max-size 20G", "The oldest, until no more than 20 GiB are in use"},
    {NULL, NULL}};

const struct verb verb_prune = {
    .name = "prune",
    .summary = "Remove settled messages from the journal",
    .usage = "",
    .description = prune_description,
    .options = prune_option_table,
    .options_size = sizeof(struct prune_options),
    .operands = VERB_TAKES_NOTHING,
    .statuses = prune_statuses,
    .examples = prune_examples,
    .run = prune_run,
};
