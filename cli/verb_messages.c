/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_messages.c - `orderly messages`: finds messages in the journal of a running broker. */
#include <stdio.h>

#include "control_print.h"
#include "control_query.h"

struct messages_options {
    struct control_options control;
    struct control_query query;
    uint64_t limit;
    bool oldest_first;
    const char *cursor;
};

static const struct table_column message_columns[] = {
    {"ID", true},          {"RECEIVED", false}, {"STATE", false},    {"TYPE", false},
    {"CONTROL-ID", false}, {"FROM", false},     {"LISTENER", false}, {"SIZE", true}};

static void take_message(const struct control_print *print, struct table *table,
                         const struct record *message)
{
    hl7_slice state = record_get(message, "state");

    table_number(table, TEXT_BOLD, record_get_number(message, "id"));
    control_print_time(print, table, TEXT_NORMAL, record_get_number(message, "received"), false);
    table_text(table, control_print_style(state), state);
    control_print_field(table, TEXT_NORMAL, message, "type");
    control_print_field(table, TEXT_NORMAL, message, "control-id");
    control_print_field(table, TEXT_NORMAL, message, "application");
    control_print_field(table, TEXT_NORMAL, message, "listener");
    table_number(table, TEXT_NORMAL, record_get_number(message, "size"));
}

/* What the table does not say, on standard error: it is no row. */
static void print_page(const struct record *page)
{
    hl7_slice cursor = record_get(page, "cursor");

    if (record_get_number(page, "messages") == 0) {
        (void)fputs("no messages\n", stderr);
    } else if (record_get_number(page, "more") != 0) {
        (void)fprintf(stderr, "there are more: --cursor %.*s goes on, --limit 0 shows all\n",
                      (int)cursor.len, cursor.ptr);
    }
}

static bool ask(struct control_client *client, const struct messages_options *options)
{
    char limit[24];

    control_client_begin(client, "messages");
    if (!control_query_add(client, &options->query)) {
        return false;
    }
    (void)snprintf(limit, sizeof limit, "%llu", (unsigned long long)options->limit);
    control_client_add(client, "limit", limit);
    control_client_add(client, "order", options->oldest_first ? "oldest-first" : NULL);
    control_client_add(client, "cursor", options->cursor);
    return true;
}

static int list(struct control_client *client, const struct messages_options *options)
{
    const struct record *record = NULL;
    struct control_print print;
    struct table table;
    int64_t count = 0;

    control_print_open(&print, &options->control);
    table_open(&table, &print.terminal, message_columns,
               sizeof message_columns / sizeof message_columns[0]);
    while ((record = control_client_next(client)) != NULL) {
        count += record_is(record, "message");
        if (options->control.json) {
            control_print_json(&print, record);
        } else if (record_is(record, "message")) {
            take_message(&print, &table, record);
        } else if (record_is(record, "page")) {
            bool good = table_close(&table) && fflush(stdout) == 0;
            (void)good;
            print_page(record);
        }
    }
    bool good = table_close(&table);
    control_print_close(&print);
    if (!good) {
        return verb_failed(client->verb, "out of memory");
    }
    return count > 0 ? VERB_DONE : VERB_NO;
}

static int messages_run(const struct verb_call *call)
{
    const struct messages_options *options = call->options;
    struct control_client client;
    int status = VERB_MISUSE;

    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    if (ask(&client, options)) {
        status = list(&client, options);
    }
    int answered = control_client_close(&client);
    return answered != VERB_DONE ? answered : status;
}

static const struct option messages_option_table[] = {
    CONTROL_QUERY_ROWS(struct messages_options),
    {.name = "limit",
     .letter = 'n',
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .standard = "50",
     .max = INT32_MAX,
     .doc = "Show no more than this many; 0: all",
     OPTION_PLACE(struct messages_options, limit)},
    {.name = "oldest-first",
     .kind = OPTION_FLAG,
     .doc = "The oldest comes first, not the newest",
     OPTION_PLACE(struct messages_options, oldest_first)},
    {.name = "cursor",
     .argument = "PLACE",
     .kind = OPTION_TEXT,
     .doc = "Go on where the page before ended",
     OPTION_PLACE(struct messages_options, cursor)},
    CONTROL_OPTION_ROWS(struct messages_options),
    {.name = NULL}};

static const char *const messages_description[] = {
    "Finds messages that a running broker has stored, newest first. A message has to fit all that is "
    "asked for. Every search goes by an index, so that it takes no longer when there are many.",
    "STATE is the worst of a message and its deliveries: settled, pending (something is still to be "
    "delivered), dead (a delivery was given up and waits for a person), held (its control id came "
    "before, with other content), damaged (what is stored fails its checksum).",
    NULL};

static const struct verb_status messages_statuses[] = {
    {VERB_DONE, "There are messages"},
    {VERB_NO, "There are none"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example messages_examples[] = {
    {"orderly messages --since 2h", "What came in the last two hours"},
    {"orderly messages --patient 000123 --type 'ORM^O01'", "The orders of a patient"},
    {"orderly messages --state dead --json", "For programs: those with dead letters"},
    {NULL, NULL}};

const struct verb verb_messages = {
    .name = "messages",
    .summary = "Find messages that a broker has stored",
    .usage = "",
    .description = messages_description,
    .options = messages_option_table,
    .options_size = sizeof(struct messages_options),
    .operands = VERB_TAKES_NOTHING,
    .statuses = messages_statuses,
    .examples = messages_examples,
    .run = messages_run,
};
