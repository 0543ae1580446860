/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_status.c - `orderly status`: how a running broker is. Tables of what it has, then what needs a
 * person, each with the command that helps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_client.h"
#include "control_print.h"
#include "when.h"

struct status_options {
    struct control_options control;
    bool quiet;
    bool metrics;
};

/* Sentences about what needs a person, until the tables are out. */
struct concerns {
    char *text; /* malloc'd */
    size_t len;
    size_t count;
    FILE *file; /* writes into `text` */
};

/* What the broker says of a lane beside the journal; it comes before the lane itself. */
struct activity {
    int64_t lane;
    int64_t rate;   /* deliveries in the last minute */
    char text[160]; /* of the last try; "" when it was a good one */
};

/* An alert that is raised; alerts come before the lanes. */
struct raised {
    char kind[40];
    char subject[200]; /* of one about a lane: route/destination/number */
    char text[200];
    bool told; /* what is wrong with the lane has been said already */
};

struct status {
    bool prints; /* tables and sentences */
    struct control_print print;
    struct table lanes;
    struct table listeners;
    struct concerns concerns;
    struct activity *activities; /* malloc'd */
    size_t activity_count;
    struct raised *raised; /* malloc'd */
    size_t raised_count;
    int64_t waiting;
    int64_t oldest; /* when what waits longest was received */
};

/* ---- What needs a person -------------------------------------------------------------------- */

static void age_of(const struct status *status, int64_t time, char text[WHEN_TEXT])
{
    when_write_age(status->print.now - time, text);
}

/* A foreign text within a sentence. */
static void put_foreign(FILE *file, hl7_slice text)
{
    text_write_safe(file, text, false);
}

static void put_lane_name(FILE *file, const struct record *lane)
{
    put_foreign(file, record_get(lane, "route"));
    (void)fputs(" to ", file);
    put_foreign(file, record_get(lane, "destination"));
    (void)fprintf(file, " (lane %lld)", (long long)record_get_number(lane, "id"));
}

static void put_waiting(const struct status *status, const struct record *lane)
{
    FILE *file = status->concerns.file;
    int64_t oldest = record_get_number(lane, "oldest");
    char counted[CONTROL_COUNTED];
    char age[WHEN_TEXT];

    control_print_counted(record_get_number(lane, "depth"), "message", counted);
    (void)fprintf(file, "; %s wait%s", counted, record_get_number(lane, "depth") == 1 ? "s" : "");
    if (oldest != 0) {
        age_of(status, oldest, age);
        (void)fprintf(file, ", the oldest for %s", age);
    }
}

static void put_because(FILE *file, hl7_slice why)
{
    if (why.len > 0) {
        (void)fputs(": ", file);
        put_foreign(file, why);
    }
}

/* Without memory for it nothing is known of the lane. */
static void keep_activity(struct status *status, const struct record *record)
{
    hl7_slice text = record_get(record, "reason");
    struct activity *grown =
        reallocarray(status->activities, status->activity_count + 1, sizeof *grown);

    if (grown != NULL) {
        struct activity *added = &grown[status->activity_count++];

        status->activities = grown;
        added->lane = record_get_number(record, "lane");
        added->rate = record_get_number(record, "rate");
        (void)snprintf(added->text, sizeof added->text, "%.*s", (int)text.len,
                       text.len > 0 ? text.ptr : "");
    }
}

static const struct activity *find_activity(const struct status *status, int64_t lane)
{
    for (size_t i = 0; i < status->activity_count; i++) {
        if (status->activities[i].lane == lane) {
            return &status->activities[i];
        }
    }
    return NULL;
}

static void put_reason(const struct status *status, int64_t lane)
{
    const struct activity *activity = find_activity(status, lane);

    if (activity != NULL) {
        put_because(status->concerns.file, hl7_slice_of(activity->text));
    }
}

/* ---- Alerts ---------------------------------------------------------------------------------- */

static void keep_text(char *place, size_t size, hl7_slice text)
{
    (void)snprintf(place, size, "%.*s", (int)(text.len < size ? text.len : size - 1),
                   text.len > 0 ? text.ptr : "");
}

/* Those about dead letters and destinations say nothing that their lanes do not. */
static void keep_alert(struct status *status, const struct record *alert)
{
    hl7_slice kind = record_get(alert, "alert");

    if (hl7_slice_equal(kind, HL7_TEXT("dead-letters")) ||
        hl7_slice_equal(kind, HL7_TEXT("destination-down"))) {
        return;
    }
    struct raised *raised = reallocarray(status->raised, status->raised_count + 1, sizeof *raised);
    if (raised != NULL) {
        struct raised *added = &raised[status->raised_count++];

        status->raised = raised;
        added->told = false;
        keep_text(added->kind, sizeof added->kind, kind);
        keep_text(added->subject, sizeof added->subject, record_get(alert, "subject"));
        keep_text(added->text, sizeof added->text, record_get(alert, "text"));
    }
}

/* What is wrong with this lane has been said. */
static void tell_lane(struct status *status, const struct record *lane)
{
    hl7_slice route = record_get(lane, "route");
    hl7_slice to = record_get(lane, "destination");
    char subject[200];

    (void)snprintf(subject, sizeof subject, "%.*s/%.*s/%lld", (int)route.len,
                   route.len > 0 ? route.ptr : "", (int)to.len, to.len > 0 ? to.ptr : "",
                   (long long)record_get_number(lane, "number"));
    for (size_t i = 0; i < status->raised_count; i++) {
        status->raised[i].told =
            status->raised[i].told || strcmp(status->raised[i].subject, subject) == 0;
    }
}

static void consider_alerts(struct status *status)
{
    for (size_t i = 0; i < status->raised_count; i++) {
        const struct raised *raised = &status->raised[i];

        if (!raised->told) {
            (void)fputs("  ", status->concerns.file);
            put_foreign(status->concerns.file, hl7_slice_of(raised->kind));
            (void)fputs(", ", status->concerns.file);
            put_foreign(status->concerns.file, hl7_slice_of(raised->subject));
            put_because(status->concerns.file, hl7_slice_of(raised->text));
            (void)fputc('\n', status->concerns.file);
            status->concerns.count++;
        }
    }
}

/* ---- Lanes ----------------------------------------------------------------------------------- */

/* A lane that stands still, or whose head does not get through. */
static void consider_queue(struct status *status, const struct record *lane)
{
    FILE *file = status->concerns.file;
    hl7_slice state = record_get(lane, "state");
    long long id = (long long)record_get_number(lane, "id");
    long long attempts = (long long)record_get_number(lane, "attempts");

    if (!hl7_slice_equal(state, HL7_TEXT("running"))) {
        (void)fputs("  ", file);
        put_lane_name(file, lane);
        (void)fprintf(file, " is %.*s", (int)state.len, state.ptr);
        put_because(file, record_get(lane, "why"));
        put_waiting(status, lane);
        (void)fprintf(file, "\n      orderly resume --lane %lld\n", id);
        status->concerns.count++;
        tell_lane(status, lane);
    } else if (attempts > 0) {
        (void)fputs("  ", file);
        put_lane_name(file, lane);
        (void)fputs(" gets nothing through", file);
        put_because(file, record_get(lane, "outcome"));
        put_reason(status, id);
        put_waiting(status, lane);
        (void)fprintf(file, "; %lld %s\n      orderly messages --state pending --oldest-first\n",
                      attempts, attempts == 1 ? "try so far" : "tries so far");
        status->concerns.count++;
        tell_lane(status, lane);
    }
}

static void consider_dead(struct status *status, const struct record *lane)
{
    FILE *file = status->concerns.file;
    char counted[CONTROL_COUNTED];

    if (record_get_number(lane, "dead") > 0) {
        control_print_counted(record_get_number(lane, "dead"), "dead letter", counted);
        (void)fprintf(file, "  %s from ", counted);
        put_lane_name(file, lane);
        (void)fprintf(file, "\n      orderly dead --lane %lld\n",
                      (long long)record_get_number(lane, "id"));
        status->concerns.count++;
    }
}

static void consider_found(struct status *status, const struct record *found)
{
    FILE *file = status->concerns.file;
    bool held = hl7_slice_equal(record_get(found, "state"), HL7_TEXT("held"));
    char counted[CONTROL_COUNTED];

    control_print_counted(record_get_number(found, "messages"), "message", counted);
    (void)fprintf(file, "  %s%s %s\n      orderly messages --state %s\n",
                  record_get_number(found, "more") != 0 ? "more than " : "", counted,
                  held ? "held: their control ids came before, with other content"
                       : "damaged: what is stored fails its checksum",
                  held ? "held" : "damaged");
    status->concerns.count++;
}

static void consider_trouble(struct status *status, const struct record *trouble)
{
    FILE *file = status->concerns.file;

    (void)fputs("  ", file);
    put_foreign(file, record_get(trouble, "what"));
    put_because(file, record_get(trouble, "text"));
    (void)fputc('\n', file);
    status->concerns.count++;
}

/* ---- Tables --------------------------------------------------------------------------------- */

static const struct table_column lane_columns[] = {
    {"LANE", true},    {"ROUTE", false},  {"DESTINATION", false}, {"STATE", false},
    {"WAITING", true}, {"OLDEST", true},  {"TRIES", true},        {"NEXT", true},
    {"SENT", true},    {"PER-MIN", true}, {"DEAD", true},         {"LAST", false}};

static const struct table_column listener_columns[] = {
    {"LISTENER", false}, {"ADDRESS", false}, {"STATE", false},  {"PEERS", true},
    {"STORED", true},    {"PER-MIN", true},  {"REFUSED", true}, {"LAST", false}};

static void take_lane(struct status *status, const struct record *lane)
{
    struct table *table = &status->lanes;
    int64_t oldest = record_get_number(lane, "oldest");
    int64_t dead = record_get_number(lane, "dead");
    hl7_slice state = record_get(lane, "state");
    const struct activity *activity = find_activity(status, record_get_number(lane, "id"));

    table_number(table, TEXT_NORMAL, record_get_number(lane, "id"));
    control_print_field(table, TEXT_BOLD, lane, "route");
    control_print_field(table, TEXT_BOLD, lane, "destination");
    table_text(table, control_print_style(state), state);
    table_number(table, TEXT_NORMAL, record_get_number(lane, "depth"));
    control_print_time(&status->print, table, TEXT_NORMAL, oldest, true);
    table_number(table, record_get_number(lane, "attempts") > 0 ? TEXT_YELLOW : TEXT_NORMAL,
                 record_get_number(lane, "attempts"));
    control_print_time(&status->print, table, TEXT_NORMAL, record_get_number(lane, "next-try"),
                       true);
    table_number(table, TEXT_NORMAL, record_get_number(lane, "delivered"));
    table_number(table, TEXT_NORMAL, activity != NULL ? activity->rate : 0);
    table_number(table, dead > 0 ? TEXT_RED : TEXT_NORMAL, dead);
    control_print_field(table, TEXT_NORMAL, lane, "outcome");
}

static void add_up(struct status *status, const struct record *lane)
{
    int64_t oldest = record_get_number(lane, "oldest");

    status->waiting += record_get_number(lane, "depth");
    if (oldest != 0 && (status->oldest == 0 || oldest < status->oldest)) {
        status->oldest = oldest;
    }
}

static void take_listener(struct status *status, const struct record *listener)
{
    struct table *table = &status->listeners;
    hl7_slice state = record_get(listener, "state");

    control_print_field(table, TEXT_BOLD, listener, "name");
    control_print_field(table, TEXT_NORMAL, listener, "address");
    table_text(table, control_print_style(state), state);
    table_number(table, TEXT_NORMAL, record_get_number(listener, "connections"));
    table_number(table, TEXT_NORMAL, record_get_number(listener, "stored"));
    table_number(table, TEXT_NORMAL, record_get_number(listener, "rate"));
    table_number(table, TEXT_NORMAL, record_get_number(listener, "refused"));
    control_print_time(&status->print, table, TEXT_NORMAL, record_get_number(listener, "last"),
                       true);
}

static void print_broker(const struct status *status, const struct record *broker)
{
    FILE *file = stdout;
    char age[WHEN_TEXT];

    age_of(status, record_get_number(broker, "started"), age);
    (void)fputs("orderly ", file);
    put_foreign(file, record_get(broker, "version"));
    (void)fprintf(file, ", process %lld, runs for %s, with ",
                  (long long)record_get_number(broker, "pid"), age);
    put_foreign(file, record_get(broker, "config"));
    (void)fputs("\n\n", file);
}

static void print_drain(const struct status *status, const struct record *drain)
{
    static const struct {
        const char *name;
        const char *word;
    } rows[] = {{"connections", "connection"},
                {"messages", "unanswered message"},
                {"deliveries", "delivery"}};
    int64_t until = record_get_number(drain, "until");
    char counted[CONTROL_COUNTED];
    char rest[WHEN_TEXT];

    (void)fputs("It is draining, and waits for ", stdout);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        control_print_counted(record_get_number(drain, rows[i].name), rows[i].word, counted);
        (void)fprintf(stdout, "%s%s", i == 0 ? "" : ", ", counted);
    }
    when_write_age(until > status->print.now ? until - status->print.now : 0, rest);
    (void)fprintf(stdout, "; it ends in %s at the latest.\n\n", rest);
}

static void take(struct status *status, const struct record *record)
{
    if (record_is(record, "lane")) {
        consider_queue(status, record);
        consider_dead(status, record);
        add_up(status, record);
        if (status->prints) {
            take_lane(status, record);
        }
    } else if (status->prints && record_is(record, "listener")) {
        take_listener(status, record);
    } else if (record_is(record, "activity")) {
        keep_activity(status, record);
    } else if (record_is(record, "alert")) {
        keep_alert(status, record);
    } else if (record_is(record, "found")) {
        consider_found(status, record);
    } else if (record_is(record, "trouble")) {
        consider_trouble(status, record);
    } else if (status->prints && record_is(record, "broker")) {
        print_broker(status, record);
    } else if (status->prints && record_is(record, "drain")) {
        print_drain(status, record);
    }
}

/* ---- The end -------------------------------------------------------------------------------- */

static void print_summary(const struct status *status)
{
    const struct text_terminal *terminal = &status->print.terminal;
    char counted[CONTROL_COUNTED];
    char age[WHEN_TEXT];

    if (status->concerns.count > 0) {
        control_print_counted((int64_t)status->concerns.count, "thing", counted);
        text_style(terminal, TEXT_RED);
        (void)fprintf(stdout, "%s need%s a person:", counted,
                      status->concerns.count == 1 ? "s" : "");
        text_style(terminal, TEXT_NORMAL);
        (void)fputc('\n', stdout);
        (void)fwrite(status->concerns.text, 1, status->concerns.len, stdout);
        return;
    }
    text_styled(terminal, TEXT_GREEN, "All is well");
    if (status->waiting > 0) {
        control_print_counted(status->waiting, "message", counted);
        age_of(status, status->oldest, age);
        (void)fprintf(stdout, ": %s on the way, the oldest for %s.\n", counted, age);
    } else {
        (void)fputs(": nothing waits.\n", stdout);
    }
}

static bool print_table(struct table *table)
{
    bool any = table->count > 0;
    bool good = table_close(table);

    if (any) {
        (void)fputc('\n', stdout);
    }
    return good;
}

static int finish(struct status *status, const struct verb *verb, int result)
{
    consider_alerts(status);
    bool good = fclose(status->concerns.file) == 0;

    good = print_table(&status->listeners) && good;
    good = print_table(&status->lanes) && good;
    if (result == VERB_DONE && status->prints) {
        print_summary(status);
    }
    if (result == VERB_DONE && status->concerns.count > 0) {
        result = VERB_NO;
    }
    free(status->concerns.text);
    free(status->activities);
    free(status->raised);
    return good ? result : verb_failed(verb, "out of memory");
}

static const struct option status_option_table[] = {
    CONTROL_OPTION_ROWS(struct status_options),
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_FLAG,
     .doc = "Print nothing; the exit status says whether something needs a person",
     OPTION_PLACE(struct status_options, quiet)},
    {.name = "metrics",
     .letter = 'm',
     .kind = OPTION_FLAG,
     .doc = "Print counters, gauges and histograms, as OpenMetrics text",
     OPTION_PLACE(struct status_options, metrics)},
    {.name = NULL}};

static const char *const status_description[] = {
    "Asks a running broker how it is: its listeners, its lanes with what waits in each, and what "
    "needs a person, with the command that helps.",
    "A lane is the queue of one route to one destination. WAITING is how many messages are in it, "
    "OLDEST how long the first has been there, TRIES how often that one was sent in vain, NEXT when "
    "it is tried again, LAST what came of the lane's last attempt. DEAD letters do not hold a lane.",
    "Ages are shown in a terminal; elsewhere times are, and cells have a TAB between them.", NULL};

static const struct verb_status status_statuses[] = {
    {VERB_DONE, "All is well"},
    {VERB_NO, "Something needs a person"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example status_examples[] = {
    {"orderly status", "Shows how the broker is"},
    {"orderly status --quiet || orderly status", "Says something only if something is wrong"},
    {"orderly status --metrics", "What Prometheus reads, for instance through its node exporter"},
    {"orderly status --json", "One line of JSON for each listener, lane and so on"},
    {NULL, NULL}};

/* The text comes line by line; as JSON, the numbers it is made of do. */
static int print_metrics(const struct status_options *options, struct control_client *client)
{
    struct control_print print;
    const struct record *record = NULL;

    control_print_open(&print, &options->control);
    control_client_begin(client, "metrics");
    control_client_add(client, "format", options->control.json ? "records" : "openmetrics");
    while ((record = control_client_next(client)) != NULL) {
        if (options->control.json) {
            control_print_json(&print, record);
        } else if (record_is(record, "line")) {
            text_write_safe(stdout, record_get(record, "text"), false);
            (void)fputc('\n', stdout);
        }
    }
    control_print_close(&print);
    return control_client_close(client);
}

static int status_run(const struct verb_call *call)
{
    const struct status_options *options = call->options;
    struct status status = {.prints = !options->control.json && !options->quiet};
    struct control_client client;
    const struct record *record = NULL;

    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    if (options->metrics) {
        return print_metrics(options, &client);
    }
    control_print_open(&status.print, &options->control);
    table_open(&status.lanes, &status.print.terminal, lane_columns,
               sizeof lane_columns / sizeof lane_columns[0]);
    table_open(&status.listeners, &status.print.terminal, listener_columns,
               sizeof listener_columns / sizeof listener_columns[0]);
    status.listeners.holds = true;
    status.lanes.holds = true;
    status.concerns.file = open_memstream(&status.concerns.text, &status.concerns.len);
    if (status.concerns.file == NULL) {
        (void)control_client_close(&client);
        return verb_failed(call->verb, "out of memory");
    }
    control_client_begin(&client, "status");
    while ((record = control_client_next(&client)) != NULL) {
        if (options->control.json && !options->quiet) {
            control_print_json(&status.print, record);
        }
        take(&status, record);
    }
    int result = finish(&status, call->verb, control_client_close(&client));
    control_print_close(&status.print);
    return result;
}

const struct verb verb_status = {
    .name = "status",
    .summary = "Say how a running broker is, and what needs a person",
    .usage = "",
    .description = status_description,
    .options = status_option_table,
    .options_size = sizeof(struct status_options),
    .operands = VERB_TAKES_NOTHING,
    .statuses = status_statuses,
    .examples = status_examples,
    .run = status_run,
};
