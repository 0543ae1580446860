/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_resume.c - `orderly resume`: lanes that were paused or halted go on. */
#include "control_act.h"

struct resume_options {
    struct control_options control;
    struct control_lanes lanes;
    const char *why;
};

static int resume_run(const struct verb_call *call)
{
    const struct resume_options *options = call->options;

    return control_act_on_lanes(call, &options->control, &options->lanes, options->why);
}

static const struct option resume_option_table[] = {
    CONTROL_LANE_ROWS(struct resume_options),
    {.name = "all",
     .kind = OPTION_FLAG,
     .doc = "All lanes there are",
     OPTION_PLACE(struct resume_options, lanes.all)},
    CONTROL_WHY_ROW(struct resume_options, "The reason, shown by status"),
    CONTROL_OPTION_ROWS(struct resume_options),
    {.name = NULL}};

static const char *const resume_description[] = {
    "Sets lanes running that a person paused, or that halted because the configuration says so for an "
    "answer they got. What waits for its next try, in any of the lanes named, is tried at once.",
    "Name destinations, or choose lanes with options.", NULL};

static const struct verb_status resume_statuses[] = {
    {VERB_DONE, "Done"},
    {VERB_NO, "There is no such lane, or all of them were running already"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example resume_examples[] = {
    {"orderly resume ris", "What waits for ris goes on"},
    {"orderly resume --all", "All lanes go on"},
    {NULL, NULL}};

const struct verb verb_resume = {
    .name = "resume",
    .summary = "Set lanes running that were paused or halted",
    .usage = "[DESTINATION]...",
    .description = resume_description,
    .options = resume_option_table,
    .options_size = sizeof(struct resume_options),
    .operands = VERB_TAKES_NOTHING,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = resume_statuses,
    .examples = resume_examples,
    .run = resume_run,
};
