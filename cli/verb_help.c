/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_help.c - `orderly help [VERB]`.
 */
#include "document.h"
#include "verb.h"

static int help_run(const struct verb_call *call)
{
    const struct verb *verb;

    if (call->operand_count == 0) {
        document_overview(stdout);
        return VERB_DONE;
    }
    verb = verb_find(call->operands[0]);
    if (verb == NULL) {
        return verb_misuse(call->verb, "there is no verb '%.60s'", call->operands[0]);
    }
    document_help(stdout, verb);
    return VERB_DONE;
}

const struct verb verb_help = {
    .name = "help",
    .summary = "Show what the verbs are, or all about one",
    .usage = "[VERB]",
    .operands = VERB_TAKES_VERBS,
    .operands_max = 1,
    .run = help_run,
};
