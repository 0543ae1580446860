/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_run.c - `orderly run`: the broker, in the foreground. broker/ is where it lives; here are its
 * command line and what is said before it starts. */
#include "verb.h"

#ifdef ORDERLY_WITH_BROKER
#include <stdio.h>

#include "../base/privilege.h"
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
/* Why a configuration cannot be run, as `orderly check` says it. */
static int complain(const struct verb *verb, const char *path, enum config_answer answer,
                    const struct config_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        template_print_diagnostic(stderr, report->findings[i].path, &report->findings[i].what);
    }
    if (answer == CONFIG_NO_MEMORY) {
        return verb_failed(verb, "%s: out of memory", path);
    }
    return report->unreadable > 0 ? VERB_FAILED : VERB_MISUSE;
}

static int run(const struct verb_call *call)
{
    const char *path = call->operands[0];
    struct config_report report = {.count = 0};
    struct config *config = NULL;

    privilege_close();
    enum config_answer answer = config_load(path, &config, &report);
    int status = answer == CONFIG_LOADED ? broker_run(path, config, &report)
                                         : complain(call->verb, path, answer, &report);

    config_report_release(&report);
    return status;
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
