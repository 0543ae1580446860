/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_run.c - `orderly run`: the broker, in the foreground. broker/ is where it lives; here are its
 * command line and what is said before it starts. */
#include "verb.h"

#ifdef ORDERLY_WITH_BROKER
#include <stdio.h>

#include "../broker/broker.h"
#endif

static const char *const run_description[] = {
    "Receives, stores, acknowledges, routes, converts and delivers, as the configuration says, "
    "until a signal ends it. It stays in the foreground; a service manager puts it in the "
    "background.",
    "A message is acknowledged when it is on the disk (ack = stored). It is kept until each of its "
    "deliveries is settled, whatever happens to the program, the machine or the peers meanwhile.",
    "SIGHUP loads the configuration again: it is checked whole, and one with errors changes nothing. "
    "Changed templates and tables take effect by themselves. SIGTERM and SIGINT end it: what is "
    "under way is answered first.",
    NULL};

static const struct verb_status run_statuses[] = {
    {VERB_DONE, "ended by a signal"},
    {VERB_MISUSE, "wrong use, or a configuration with errors"},
    {VERB_FAILED, "the configuration, the journal or an address could not be used"},
    {0, NULL}};

static const struct verb_example run_examples[] = {
    {"orderly check orderly.ini", "See whether a configuration is right"},
    {"orderly run orderly.ini", "Run it"},
    {"orderly run orderly.ini 2>> orderly.log", "Keep what it reports in a file"},
    {NULL, NULL}};

#ifdef ORDERLY_WITH_BROKER
/* Loads the configuration, or complains about it. */
static int load(const struct verb *verb, const char *path, struct config **ret_config)
{
    struct config_report report = {.count = 0};
    enum config_answer answer = config_load(path, ret_config, &report);
    int status = VERB_DONE;

    for (size_t i = 0; i < report.count; i++) {
        template_print_diagnostic(stderr, report.findings[i].path, &report.findings[i].what);
    }
    if (answer == CONFIG_NO_MEMORY) {
        status = verb_failed(verb, "%s: out of memory", path);
    } else if (answer == CONFIG_WRONG) {
        status = report.unreadable > 0 ? VERB_FAILED : VERB_MISUSE;
    }
    config_report_release(&report);
    return status;
}

static int run(const struct verb_call *call)
{
    struct config *config = NULL;
    int status = load(call->verb, call->operands[0], &config);

    return status == VERB_DONE ? broker_run(call->operands[0], config) : status;
}
#else
static int run(const struct verb_call *call)
{
    return verb_failed(call->verb, "this program was built without the broker (ORDERLY_BROKER)");
}
#endif

const struct verb verb_run = {
    .name = "run",
    .summary = "Run the broker: receive, store, route, convert, deliver",
    .usage = "CONFIG",
    .description = run_description,
    .operands = VERB_TAKES_FILES,
    .operands_min = 1,
    .operands_max = 1,
    .statuses = run_statuses,
    .examples = run_examples,
    .run = run,
};
