/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_resend.c - `orderly resend`: messages that a running broker has stored go out once more. */
#include "control_act.h"
#include "control_query.h"

#include <stdio.h>

static const char *const as_words[] = {"template", "recorded", NULL};

struct resend_options {
    struct control_options control;
    struct control_query query;
    const char *route;
    const char *destination;
    int as;
    uint64_t limit;
    bool dry_run;
    const char *why;
};

/* Ids that go into one request: the rest follow in others. */
enum { IDS_PER_REQUEST = 500 };

static bool check(const struct verb_call *call, const struct resend_options *options)
{
    int64_t id = 0;

    for (size_t i = 0; i < call->operand_count; i++) {
        if (!control_query_id(call->verb, call->operands[i], &id)) {
            return false;
        }
    }
    if ((call->operand_count > 0) == control_query_given(&options->query)) {
        (void)verb_misuse(call->verb, call->operand_count > 0
                                          ? "either numbers of messages or options that choose them"
                                          : "which messages? Their numbers, or options that choose "
                                            "them, are missing");
        return false;
    }
    return true;
}

/* One request, with the ids from `first` on, or the query. False when an option is wrong. */
static bool ask(struct control_client *client, const struct verb_call *call, size_t first)
{
    const struct resend_options *options = call->options;

    control_client_begin(client, "resend");
    for (size_t i = first; i < call->operand_count && i < first + IDS_PER_REQUEST; i++) {
        control_client_add(client, "id", call->operands[i]);
    }
    control_client_add(client, "route", options->route);
    control_client_add(client, "destination", options->destination);
    control_client_add(client, "as", as_words[options->as]);
    control_client_add_number(client, "limit", (int64_t)options->limit);
    control_client_add(client, "dry-run", options->dry_run ? "1" : NULL);
    control_client_reason(client, options->why);
    return control_query_add(client, &options->query);
}

static int resend_run(const struct verb_call *call)
{
    const struct resend_options *options = call->options;
    struct control_client client;
    int status = VERB_DONE;

    if (!check(call, options)) {
        return VERB_MISUSE;
    }
    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    size_t first = 0;
    do {
        if (!ask(&client, call, first)) {
            status = VERB_MISUSE;
            break;
        }
        status = verb_worst(status, control_act(&client, &options->control));
        first += IDS_PER_REQUEST;
    } while (first < call->operand_count && client.status == VERB_DONE);
    return verb_worst(status, control_client_close(&client));
}

static const struct option resend_option_table[] = {
    CONTROL_QUERY_ROWS(struct resend_options),
    {.name = "route",
     .letter = 'r',
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .doc = "What this route sent, and nothing else",
     OPTION_PLACE(struct resend_options, route)},
    {.name = "destination",
     .letter = 'd',
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .doc = "To this destination, and to no other",
     OPTION_PLACE(struct resend_options, destination)},
    {.name = "as",
     .argument = "WHAT",
     .kind = OPTION_CHOICE,
     .choices = as_words,
     .standard = "template",
     .doc = "template: through the template in force now; recorded: the bytes that were sent then",
     OPTION_PLACE(struct resend_options, as)},
    {.name = "limit",
     .letter = 'n',
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .max = INT32_MAX,
     .doc = "No more messages than this, the oldest first; 0: all",
     OPTION_PLACE(struct resend_options, limit)},
    {.name = "dry-run",
     .kind = OPTION_FLAG,
     .doc = "Say what would be sent, and send nothing",
     OPTION_PLACE(struct resend_options, dry_run)},
    CONTROL_WHY_ROW(struct resend_options, "The reason, kept with the messages"),
    CONTROL_OPTION_ROWS(struct resend_options),
    {.name = NULL}};

static const char *const resend_description[] = {
    "Delivers messages once more that a running broker has stored: those with the given numbers, or "
    "all that the options choose. Each goes out again on every lane it went by before, once, behind "
    "what waits there. The control id stays the same, so that a receiver may take it for a repetition.",
    "Who asked and why is kept with the message: 'orderly message' shows it.", NULL};

static const struct verb_status resend_statuses[] = {
    {VERB_DONE, "All of them are on their way again"},
    {VERB_NO, "There was nothing to send, or some could not be sent"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example resend_examples[] = {
    {"orderly resend 4711 --why 'lost at their side'", "Sends message 4711 again"},
    {"orderly resend --destination ris --from 14:00 --to 14:30 --dry-run",
     "Shows what would go to ris once more"},
    {"orderly resend 4711 --as recorded", "The very bytes that were sent before"},
    {NULL, NULL}};

const struct verb verb_resend = {
    .name = "resend",
    .summary = "Deliver stored messages once more",
    .usage = "[ID]...",
    .description = resend_description,
    .options = resend_option_table,
    .options_size = sizeof(struct resend_options),
    .operands = VERB_TAKES_NOTHING,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = resend_statuses,
    .examples = resend_examples,
    .run = resend_run,
};
