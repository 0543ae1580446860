/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_skip.c - `orderly skip`: the delivery that blocks a lane is given up, and the lane goes on. */
#include "control_act.h"

struct skip_options {
    struct control_options control;
    struct control_lanes lanes;
    uint64_t delivery;
    const char *why;
};

static int skip_run(const struct verb_call *call)
{
    const struct skip_options *options = call->options;
    struct control_lanes lanes = options->lanes;
    struct control_client client;

    if (call->operand_count > 0 && lanes.destination != NULL) {
        return verb_misuse(call->verb, "either a destination or --destination");
    }
    if (call->operand_count > 0) {
        lanes.destination = call->operands[0];
    }
    if (lanes.destination == NULL && lanes.route == NULL && lanes.lane == 0) {
        return verb_misuse(call->verb, "which lane? Name its destination, or --lane NUMBER");
    }
    if (options->why == NULL) {
        return verb_misuse(call->verb, "--why is missing: the reason is kept with the message");
    }
    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    control_client_begin(&client, "skip");
    control_lanes_add(&client, &lanes);
    control_client_add_number(&client, "delivery", (int64_t)options->delivery);
    control_client_reason(&client, options->why);
    int status = control_act(&client, &options->control);
    return verb_worst(status, control_client_close(&client));
}

static const struct option skip_option_table[] = {
    CONTROL_LANE_ROWS(struct skip_options),
    {.name = "delivery",
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .max = INT32_MAX,
     .doc =
         "Only if it is this one that stands at the head: for scripts, and for two people at once",
     OPTION_PLACE(struct skip_options, delivery)},
    CONTROL_WHY_ROW(struct skip_options, "The reason, kept with the message; it has to be given"),
    CONTROL_OPTION_ROWS(struct skip_options),
    {.name = NULL}};

static const char *const skip_description[] = {
    "Gives up the delivery at the head of a lane, so that what waits behind it goes on. The message stays "
    "in the journal, with who skipped it and why; 'orderly resend' sends it again.",
    "When several lanes fit and more than one has something waiting, nothing is done: --lane names one.",
    NULL};

static const struct verb_status skip_statuses[] = {
    {VERB_DONE, "Done"},
    {VERB_NO, "Nothing waits there, or more than one lane fits"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example skip_examples[] = {
    {"orderly skip ris --why 'their system cannot take it'",
     "Gives up what blocks the lane to ris"},
    {"orderly skip --lane 3 --delivery 812 --why test", "If it still is delivery 812"},
    {NULL, NULL}};

const struct verb verb_skip = {
    .name = "skip",
    .summary = "Give up the delivery that blocks a lane",
    .usage = "[DESTINATION]",
    .description = skip_description,
    .options = skip_option_table,
    .options_size = sizeof(struct skip_options),
    .operands = VERB_TAKES_NOTHING,
    .operands_max = 1,
    .statuses = skip_statuses,
    .examples = skip_examples,
    .run = skip_run,
};
