/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_dead.c - `orderly dead`: deliveries that a running broker gave up. They are listed, tried again or
 * dropped. */
#include <stdio.h>
#include <string.h>

#include "control_act.h"
#include "control_query.h"

static const char *const dead_words[] = {"list", "retry", "drop", NULL};

enum { IDS_PER_REQUEST = 500 };

struct dead_options {
    struct control_options control;
    struct control_lanes lanes;
    uint64_t limit;
    const char *why;
};

/* ---- list ----------------------------------------------------------------------------------- */

static const struct table_column dead_columns[] = {
    {"DELIVERY", true},    {"MESSAGE", true},      {"DIED", false}, {"TYPE", false},
    {"CONTROL-ID", false}, {"DESTINATION", false}, {"TRIES", true}, {"WHY", false}};

/* What of a message stands in the rows of its deliveries, which follow it. */
struct letter_message {
    char type[64];
    char control_id[128];
};

static void keep(char *place, size_t size, hl7_slice text)
{
    (void)snprintf(place, size, "%.*s", (int)(text.len < size ? text.len : size - 1),
                   text.len > 0 ? text.ptr : "");
}

static void take_letter(const struct control_print *print, struct table *table,
                        const struct letter_message *message, const struct record *delivery)
{
    hl7_slice reason = record_get(delivery, "reason");
    hl7_slice word = record_get(delivery, "word");
    char why[600];

    table_number(table, TEXT_BOLD, record_get_number(delivery, "id"));
    table_number(table, TEXT_NORMAL, record_get_number(delivery, "message"));
    control_print_time(print, table, TEXT_NORMAL, record_get_number(delivery, "settled"), false);
    table_string(table, TEXT_NORMAL, message->type);
    table_string(table, TEXT_NORMAL, message->control_id);
    control_print_field(table, TEXT_NORMAL, delivery, "destination");
    table_number(table, TEXT_NORMAL, record_get_number(delivery, "attempts"));
    (void)snprintf(why, sizeof why, "%.*s%s%.*s", (int)word.len, word.len > 0 ? word.ptr : "",
                   reason.len > 0 ? ": " : "", (int)reason.len, reason.len > 0 ? reason.ptr : "");
    table_string(table, TEXT_RED, why);
}

static int list(struct control_client *client, const struct dead_options *options)
{
    const struct record *record = NULL;
    struct letter_message message = {"", ""};
    struct control_print print;
    struct table table;
    int64_t count = 0;
    char limit[24];

    (void)snprintf(limit, sizeof limit, "%llu", (unsigned long long)options->limit);
    control_client_begin(client, "dead");
    control_lanes_add(client, &options->lanes);
    control_client_add(client, "limit", limit);
    control_print_open(&print, &options->control);
    table_open(&table, &print.terminal, dead_columns, sizeof dead_columns / sizeof dead_columns[0]);
    while ((record = control_client_next(client)) != NULL) {
        count += record_is(record, "delivery");
        if (options->control.json) {
            control_print_json(&print, record);
        } else if (record_is(record, "message")) {
            keep(message.type, sizeof message.type, record_get(record, "type"));
            keep(message.control_id, sizeof message.control_id, record_get(record, "control-id"));
        } else if (record_is(record, "delivery")) {
            take_letter(&print, &table, &message, record);
        }
    }
    bool good = table_close(&table);
    control_print_close(&print);
    if (!good) {
        return verb_failed(client->verb, "out of memory");
    }
    if (client->status == VERB_DONE && count == 0 && !options->control.json) {
        (void)fputs("no dead letters\n", stderr);
    }
    return count > 0 ? VERB_DONE : VERB_NO;
}

/* ---- retry, drop ---------------------------------------------------------------------------- */

static int settle(struct control_client *client, const struct verb_call *call, const char *how)
{
    const struct dead_options *options = call->options;
    int status = VERB_DONE;
    size_t first = 1;

    do {
        control_client_begin(client, how);
        for (size_t i = first; i < call->operand_count && i < first + IDS_PER_REQUEST; i++) {
            control_client_add(client, "delivery", call->operands[i]);
        }
        control_lanes_add(client, &options->lanes);
        control_client_reason(client, options->why);
        status = verb_worst(status, control_act(client, &options->control));
        first += IDS_PER_REQUEST;
    } while (first < call->operand_count && client->status == VERB_DONE);
    return status;
}

/* What of the command line contradicts itself. */
static int check(const struct verb_call *call, const char *how)
{
    const struct dead_options *options = call->options;
    const struct control_lanes *lanes = &options->lanes;
    bool named = call->operand_count > 1;
    bool chosen =
        lanes->route != NULL || lanes->destination != NULL || lanes->lane != 0 || lanes->all;
    int64_t id = 0;

    for (size_t i = 1; i < call->operand_count; i++) {
        if (!control_query_id(call->verb, call->operands[i], &id)) {
            return VERB_MISUSE;
        }
    }
    if (strcmp(how, "list") == 0) {
        return named || lanes->all
                   ? verb_misuse(call->verb, "'list' takes --route, --destination or --lane")
                   : VERB_DONE;
    }
    if (named == chosen) {
        return verb_misuse(call->verb,
                           "'%s' wants either numbers of deliveries or one of --route, "
                           "--destination, --lane, --all",
                           how);
    }
    if (strcmp(how, "drop") == 0 && options->why == NULL) {
        return verb_misuse(call->verb, "'drop' wants --why: the reason is kept with the message");
    }
    return VERB_DONE;
}

static int dead_run(const struct verb_call *call)
{
    const struct dead_options *options = call->options;
    const char *how = call->operand_count > 0 ? call->operands[0] : "list";
    struct control_client client;
    size_t word = 0;

    while (dead_words[word] != NULL && strcmp(dead_words[word], how) != 0) {
        word++;
    }
    if (dead_words[word] == NULL) {
        return verb_misuse(call->verb, "'%.60s' is none of list, retry and drop", how);
    }
    int status = check(call, how);
    if (status != VERB_DONE) {
        return status;
    }
    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    status = word == 0 ? list(&client, options) : settle(&client, call, how);
    int answered = control_client_close(&client);
    return answered != VERB_DONE ? answered : status;
}

static const struct option dead_option_table[] = {
    CONTROL_LANE_ROWS(struct dead_options),
    {.name = "all",
     .kind = OPTION_FLAG,
     .doc = "retry and drop: all dead letters there are",
     OPTION_PLACE(struct dead_options, lanes.all)},
    CONTROL_WHY_ROW(struct dead_options, "The reason, kept with the message; drop wants one"),
    {.name = "limit",
     .letter = 'n',
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .standard = "50",
     .max = INT32_MAX,
     .doc = "list: no more than this many; 0: all",
     OPTION_PLACE(struct dead_options, limit)},
    CONTROL_OPTION_ROWS(struct dead_options),
    {.name = NULL}};

static const char *const dead_description[] = {
    "A dead letter is a delivery that a running broker gave up: its destination refused it, or it was "
    "tried as often as the configuration allows. It no longer holds its lane, and waits for a person.",
    "'orderly dead' lists them. 'retry' makes them pending again, before what came after them. 'drop' "
    "gives them up for good; with numbers it also gives up deliveries that are pending or held.",
    NULL};

static const struct verb_status dead_statuses[] = {
    {VERB_DONE, "Done; list: there are dead letters"},
    {VERB_NO, "There were none, or some could not be settled"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example dead_examples[] = {
    {"orderly dead", "Lists dead letters"},
    {"orderly dead retry --destination ris", "Tries those to ris again"},
    {"orderly dead drop 812 --why 'entered by hand'", "Gives delivery 812 up"},
    {NULL, NULL}};

const struct verb verb_dead = {
    .name = "dead",
    .summary = "List, retry or drop the deliveries that were given up",
    .usage = "[list | retry | drop] [DELIVERY]...",
    .description = dead_description,
    .options = dead_option_table,
    .options_size = sizeof(struct dead_options),
    .operands = VERB_TAKES_ACTION,
    .operand_words = dead_words,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = dead_statuses,
    .examples = dead_examples,
    .run = dead_run,
};
