/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_reload.c - `orderly reload`: a running broker reads its configuration again. */
#include "control_act.h"

struct reload_options {
    struct control_options control;
};

static int reload_run(const struct verb_call *call)
{
    const struct reload_options *options = call->options;
    struct control_client client;

    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    control_client_begin(&client, "reload");
    int status = control_act(&client, &options->control);
    return verb_worst(status, control_client_close(&client));
}

static const struct option reload_option_table[] = {CONTROL_OPTION_ROWS(struct reload_options),
                                                    {.name = NULL}};

static const char *const reload_description[] = {
    "A running broker reads its configuration again, checks all of it, and puts it into force: "
    "connections and lanes stay. With an error in it nothing changes; 'orderly check' says what is "
    "wrong. SIGHUP does the same without telling how it went.",
    NULL};

static const struct verb_status reload_statuses[] = {
    {VERB_DONE, "The configuration is in force"},
    {VERB_NO, "It has errors: what was in force stays"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached"},
    {0, NULL}};

static const struct verb_example reload_examples[] = {
    {"orderly check orderly.ini && orderly reload", "Puts a changed configuration into force"},
    {NULL, NULL}};

const struct verb verb_reload = {
    .name = "reload",
    .summary = "Have a running broker read its configuration again",
    .usage = "",
    .description = reload_description,
    .options = reload_option_table,
    .options_size = sizeof(struct reload_options),
    .operands = VERB_TAKES_NOTHING,
    .statuses = reload_statuses,
    .examples = reload_examples,
    .run = reload_run,
};
