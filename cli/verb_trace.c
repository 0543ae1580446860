/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_trace.c - `orderly trace`: everything a running broker has about a value, in the order it came. */
#include <stdio.h>

#include "control_print.h"
#include "control_query.h"

struct trace_options {
    struct control_options control;
    struct control_query query; /* the span alone */
    uint64_t limit;
};

/* A delivery is a row below its message: what it went to, and what came of it. */
static const struct table_column trace_columns[] = {
    {"RECEIVED", false},   {"ID", true},    {"TYPE", false},
    {"CONTROL-ID", false}, {"FROM", false}, {"DESTINATION", false},
    {"STATE", false},      {"TRIES", true}, {"LAST", false}};

struct trace {
    struct control_print print;
    struct table table;
    int64_t received;
    int64_t id;
    char type[64];
    char control_id[128];
    char from[64];
    bool pending; /* the message has no row yet */
    int64_t count;
};

static void keep(char *place, size_t size, hl7_slice text)
{
    (void)snprintf(place, size, "%.*s", (int)(text.len < size ? text.len : size - 1),
                   text.len > 0 ? text.ptr : "");
}

static void begin_row(struct trace *trace)
{
    control_print_time(&trace->print, &trace->table, TEXT_NORMAL, trace->received, false);
    table_number(&trace->table, TEXT_BOLD, trace->id);
    table_string(&trace->table, TEXT_NORMAL, trace->type);
    table_string(&trace->table, TEXT_NORMAL, trace->control_id);
    table_string(&trace->table, TEXT_NORMAL, trace->from);
    trace->pending = false;
}

/* A message without deliveries has a row of its own. */
static void end_message(struct trace *trace, hl7_slice state)
{
    if (trace->pending) {
        begin_row(trace);
        table_string(&trace->table, TEXT_NORMAL, NULL);
        table_text(&trace->table, TEXT_NORMAL, state);
        table_string(&trace->table, TEXT_NORMAL, NULL);
        table_string(&trace->table, TEXT_NORMAL, NULL);
    }
}

static void take_message(struct trace *trace, const struct record *message)
{
    end_message(trace, HL7_TEXT("no-delivery"));
    trace->received = record_get_number(message, "received");
    trace->id = record_get_number(message, "id");
    keep(trace->type, sizeof trace->type, record_get(message, "type"));
    keep(trace->control_id, sizeof trace->control_id, record_get(message, "control-id"));
    keep(trace->from, sizeof trace->from, record_get(message, "application"));
    trace->pending = true;
    trace->count++;
}

static void take_delivery(struct trace *trace, const struct record *delivery)
{
    hl7_slice state = record_get(delivery, "state");

    begin_row(trace);
    control_print_field(&trace->table, TEXT_BOLD, delivery, "destination");
    table_text(&trace->table, control_print_style(state), state);
    table_number(&trace->table, TEXT_NORMAL, record_get_number(delivery, "attempts"));
    hl7_slice reason = record_get(delivery, "reason");
    char last[400];
    keep(last, sizeof last, record_get(delivery, "word"));
    if (reason.len > 0) {
        size_t len = hl7_slice_of(last).len;
        (void)snprintf(last + len, sizeof last - len, ": %.*s", (int)reason.len, reason.ptr);
    }
    table_string(&trace->table, TEXT_NORMAL, last);
}

static void take(struct trace *trace, const struct record *record)
{
    if (record_is(record, "message")) {
        take_message(trace, record);
    } else if (record_is(record, "delivery")) {
        take_delivery(trace, record);
    }
}

static int list(struct control_client *client, const struct trace_options *options)
{
    const struct record *record = NULL;
    struct trace trace = {.count = 0};

    control_print_open(&trace.print, &options->control);
    table_open(&trace.table, &trace.print.terminal, trace_columns,
               sizeof trace_columns / sizeof trace_columns[0]);
    while ((record = control_client_next(client)) != NULL) {
        if (options->control.json) {
            trace.count += record_is(record, "message");
            control_print_json(&trace.print, record);
        } else {
            take(&trace, record);
        }
    }
    end_message(&trace, HL7_TEXT("no-delivery"));
    bool good = table_close(&trace.table);
    control_print_close(&trace.print);
    if (!good) {
        return verb_failed(client->verb, "out of memory");
    }
    return trace.count > 0 ? VERB_DONE : VERB_NO;
}

static int trace_run(const struct verb_call *call)
{
    const struct trace_options *options = call->options;
    struct control_client client;
    char limit[24];
    int status = VERB_MISUSE;

    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    (void)snprintf(limit, sizeof limit, "%llu", (unsigned long long)options->limit);
    control_client_begin(&client, "trace");
    control_client_add(&client, "value", call->operands[0]);
    control_client_add(&client, "limit", limit);
    if (control_query_add(&client, &options->query)) {
        status = list(&client, options);
    }
    int answered = control_client_close(&client);
    return answered != VERB_DONE ? answered : status;
}

static const struct option trace_option_table[] = {
    CONTROL_SPAN_ROWS(struct trace_options),
    {.name = "limit",
     .letter = 'n',
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .standard = "1000",
     .max = 100000,
     .doc = "Show the newest this many; 0: as many as can be",
     OPTION_PLACE(struct trace_options, limit)},
    CONTROL_OPTION_ROWS(struct trace_options),
    {.name = NULL}};

static const char *const trace_description[] = {
    "Shows everything that a running broker has about a value, in the order it came, whichever "
    "listener it came by: messages with this control id, this patient, this accession number, or this "
    "value in any index of the configuration. Each delivery is a row, with what came of it.",
    NULL};

static const struct verb_status trace_statuses[] = {
    {VERB_DONE, "There is something"},
    {VERB_NO, "There is nothing"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example trace_examples[] = {
    {"orderly trace 000123", "What happened with patient 000123"},
    {"orderly trace A77 --since 1d", "With accession A77, in the last day"},
    {NULL, NULL}};

const struct verb verb_trace = {
    .name = "trace",
    .summary = "Show everything a broker has about a patient or an order",
    .usage = "VALUE",
    .description = trace_description,
    .options = trace_option_table,
    .options_size = sizeof(struct trace_options),
    .operands = VERB_TAKES_NOTHING,
    .operands_min = 1,
    .operands_max = 1,
    .statuses = trace_statuses,
    .examples = trace_examples,
    .run = trace_run,
};
