/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_pause.c - `orderly pause`: lanes stop until they are resumed. */
#include "control_act.h"

struct pause_options {
    struct control_options control;
    struct control_lanes lanes;
    const char *why;
};

static int pause_run(const struct verb_call *call)
{
    const struct pause_options *options = call->options;

    return control_act_on_lanes(call, &options->control, &options->lanes, options->why);
}

static const struct option pause_option_table[] = {
    CONTROL_LANE_ROWS(struct pause_options),
    {.name = "all",
     .kind = OPTION_FLAG,
     .doc = "All lanes there are",
     OPTION_PLACE(struct pause_options, lanes.all)},
    CONTROL_WHY_ROW(struct pause_options, "The reason, shown by status"),
    CONTROL_OPTION_ROWS(struct pause_options),
    {.name = NULL}};

static const char *const pause_description[] = {
    "Stops lanes: messages go on being received, stored and acknowledged, and wait. What is on its way "
    "gets its answer first. A pause survives a restart; 'orderly resume' ends it.",
    "A lane is the queue of one route to one destination; 'orderly status' shows them. Name "
    "destinations, or choose lanes with options.",
    NULL};

static const struct verb_status pause_statuses[] = {
    {VERB_DONE, "Done"},
    {VERB_NO, "There is no such lane, or all of them were paused already"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example pause_examples[] = {
    {"orderly pause ris --why 'they update until 6'", "Stops what goes to ris"},
    {"orderly pause --lane 3", "Stops one lane"},
    {NULL, NULL}};

const struct verb verb_pause = {
    .name = "pause",
    .summary = "Stop lanes: messages wait",
    .usage = "[DESTINATION]...",
    .description = pause_description,
    .options = pause_option_table,
    .options_size = sizeof(struct pause_options),
    .operands = VERB_TAKES_NOTHING,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = pause_statuses,
    .examples = pause_examples,
    .run = pause_run,
};
