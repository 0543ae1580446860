/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_message.c - `orderly message`: all that a running broker knows of a message: what came, what was
 * sent, what was answered, what people did, and when. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_print.h"
#include "control_query.h"
#include "when.h"

enum raw { RAW_NONE, RAW_RECEIVED, RAW_REPLY, RAW_SENT, RAW_ANSWER };

static const char *const raw_words[] = {"none", "received", "reply", "sent", "answer", NULL};

struct message_options {
    struct control_options control;
    int raw;
};

/* Something that happened, for the timeline. */
struct event {
    int64_t time;
    size_t order; /* events of one moment stay as they came */
    char *text;   /* malloc'd */
};

struct story {
    const struct message_options *options;
    struct control_client *client;
    struct control_print print;
    struct event *events;
    size_t event_count;
    size_t event_size;
    bool told;   /* the timeline is out */
    bool failed; /* memory was short */
    char *raw;   /* malloc'd: the bytes that are printed alone */
    size_t raw_len;
    char *seen[2]; /* malloc'd: what was sent and answered last, not to print it over and over */
    size_t seen_len[2];
};

/* ---- The timeline --------------------------------------------------------------------------- */

/* A sentence about something that happened; its parts are foreign and escaped when it is printed. */
static void add_event(struct story *story, int64_t time, const char *text)
{
    if (story->event_count == story->event_size) {
        size_t size = story->event_size == 0 ? 32 : 2 * story->event_size;
        struct event *events = reallocarray(story->events, size, sizeof *events);

        if (events == NULL) {
            story->failed = true;
            return;
        }
        story->events = events;
        story->event_size = size;
    }
    char *copy = strdup(text);
    story->failed = story->failed || copy == NULL;
    if (copy != NULL) {
        story->events[story->event_count] =
            (struct event){.time = time, .order = story->event_count, .text = copy};
        story->event_count++;
    }
}

/* A field for %.*s. */
#define FIELD(record, name) (int)record_get(record, name).len, field_of(record, name)

static const char *field_of(const struct record *record, const char *name)
{
    hl7_slice text = record_get(record, name);

    return text.len > 0 ? text.ptr : "";
}

static void take_attempt(struct story *story, const struct record *attempt)
{
    hl7_slice reason = record_get(attempt, "reason");
    hl7_slice template = record_get(attempt, "template");
    char text[1200];
    char took[WHEN_TEXT];
    int64_t started = record_get_number(attempt, "started");
    int64_t ended = record_get_number(attempt, "ended");

    when_write_age(ended - started, took);
    (void)snprintf(text, sizeof text, "delivery %lld, try %lld: %.*s (%.*s) after %s%s%.*s%s%.*s",
                   (long long)record_get_number(attempt, "delivery"),
                   (long long)record_get_number(attempt, "number"), FIELD(attempt, "outcome"),
                   FIELD(attempt, "word"), took, reason.len > 0 ? ": " : "",
                   FIELD(attempt, "reason"), template.len > 0 ? "; template " : "",
                   FIELD(attempt, "template"));
    add_event(story, ended, text);
}

static void take_note(struct story *story, const struct record *note)
{
    int64_t delivery = record_get_number(note, "delivery");
    hl7_slice why = record_get(note, "why");
    char about[48] = "";
    char text[1200];

    if (delivery != 0) {
        (void)snprintf(about, sizeof about, "delivery %lld, ", (long long)delivery);
    }
    (void)snprintf(text, sizeof text, "%s%.*s by %.*s%s%.*s", about, FIELD(note, "what"),
                   FIELD(note, "who"), why.len > 0 ? ": " : "", FIELD(note, "why"));
    add_event(story, record_get_number(note, "at"), text);
}

static int compare_events(const void *a, const void *b)
{
    const struct event *left = a;
    const struct event *right = b;

    if (left->time != right->time) {
        return left->time < right->time ? -1 : 1;
    }
    return left->order < right->order ? -1 : 1;
}

static void heading(const struct story *story, const char *text)
{
    (void)fputc('\n', stdout);
    text_styled(&story->print.terminal, TEXT_BOLD, text);
    (void)fputc('\n', stdout);
}

static void tell_events(struct story *story)
{
    char when[WHEN_TEXT];

    if (story->told || story->options->control.json || story->options->raw != RAW_NONE) {
        return;
    }
    story->told = true;
    if (story->event_count > 0) {
        qsort(story->events, story->event_count, sizeof *story->events, compare_events);
        heading(story, "Timeline");
    }
    for (size_t i = 0; i < story->event_count; i++) {
        when_write_local(story->events[i].time, when);
        (void)fprintf(stdout, "  %s  ", when);
        text_write_safe(stdout, hl7_slice_of(story->events[i].text), false);
        (void)fputc('\n', stdout);
    }
}

/* ---- The message ---------------------------------------------------------------------------- */

static void put_line(const char *name, hl7_slice value)
{
    if (value.len > 0) {
        (void)fprintf(stdout, "  %-12s ", name);
        text_write_safe(stdout, value, false);
        (void)fputc('\n', stdout);
    }
}

static void print_message(struct story *story, const struct record *message)
{
    const struct text_terminal *terminal = &story->print.terminal;
    hl7_slice state = record_get(message, "state");
    int64_t received = record_get_number(message, "received");
    char when[WHEN_TEXT];
    char age[WHEN_TEXT];
    char text[400];

    (void)snprintf(text, sizeof text, "Message %lld", (long long)record_get_number(message, "id"));
    text_styled(terminal, TEXT_BOLD, text);
    (void)fputs(", ", stdout);
    text_style(terminal, control_print_style(state));
    text_write_safe(stdout, state, false);
    text_style(terminal, TEXT_NORMAL);
    (void)fputc('\n', stdout);
    when_write_local(received, when);
    when_write_age(story->print.now - received, age);
    (void)snprintf(text, sizeof text, "%s, %s ago", when, age);
    put_line("received", hl7_slice_of(text));
    put_line("listener", record_get(message, "listener"));
    put_line("peer", record_get(message, "peer"));
    put_line("type", record_get(message, "type"));
    put_line("control-id", record_get(message, "control-id"));
    put_line("application", record_get(message, "application"));
    put_line("facility", record_get(message, "facility"));
    (void)snprintf(text, sizeof text, "%lld bytes", (long long)record_get_number(message, "size"));
    put_line("size", hl7_slice_of(text));
    (void)snprintf(text, sizeof text, "received by %.*s from %.*s", FIELD(message, "listener"),
                   FIELD(message, "peer"));
    add_event(story, received, text);
}

static void print_delivery(const struct story *story, const struct record *delivery)
{
    hl7_slice state = record_get(delivery, "state");
    int64_t next = record_get_number(delivery, "next-try");
    char when[WHEN_TEXT];

    (void)fprintf(stdout, "  delivery %lld to ", (long long)record_get_number(delivery, "id"));
    text_write_safe(stdout, record_get(delivery, "destination"), false);
    (void)fputs(" by ", stdout);
    text_write_safe(stdout, record_get(delivery, "route"), false);
    (void)fprintf(stdout, " (lane %lld): ", (long long)record_get_number(delivery, "lane"));
    text_style(&story->print.terminal, control_print_style(state));
    text_write_safe(stdout, state, false);
    text_style(&story->print.terminal, TEXT_NORMAL);
    if (next != 0 && hl7_slice_equal(state, HL7_TEXT("pending"))) {
        when_write_local(next, when);
        (void)fprintf(stdout, ", next try %s", when);
    }
    (void)fputc('\n', stdout);
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

/* A segment per line, as far as it is text. */
static void print_bytes(hl7_slice bytes)
{
    while (bytes.len > 0) {
        size_t len = 0;

        while (len < bytes.len && bytes.ptr[len] != '\r' && bytes.ptr[len] != '\n') {
            len++;
        }
        (void)fputs("  ", stdout);
        text_write_safe(stdout, hl7_slice_part(bytes, 0, len), false);
        (void)fputc('\n', stdout);
        bool pair = len + 1 < bytes.len && bytes.ptr[len] == '\r' && bytes.ptr[len + 1] == '\n';
        bytes = hl7_slice_part(bytes, len + 1 + pair, bytes.len);
    }
}

/* A reply is kept as it left, in its frame, or in two: what stands in them is printed. */
static void print_reply(hl7_slice bytes)
{
    while (bytes.len > 0) {
        size_t start = bytes.ptr[0] == HL7_VT ? 1 : 0;
        const char *end = memchr(bytes.ptr, HL7_FS, bytes.len);
        size_t len = end != NULL ? (size_t)(end - bytes.ptr) : bytes.len;
        hl7_slice rest = hl7_slice_part(bytes, len, bytes.len);
        size_t over = hl7_slice_starts(rest, HL7_TEXT("\x1c\r")) ? 2 : 1;

        print_bytes(hl7_slice_part(bytes, start, len - start));
        bytes = hl7_slice_part(rest, rest.len == 0 ? 0 : over, rest.len);
    }
}

static bool replace(char **place, size_t *len, hl7_slice bytes)
{
    char *copy = malloc(bytes.len + 1);

    if (copy == NULL) {
        return false;
    }
    if (bytes.len > 0) {
        memcpy(copy, bytes.ptr, bytes.len);
    }
    free(*place);
    *place = copy;
    *len = bytes.len;
    return true;
}

/* What is sent again and again is printed once. */
static bool is_repeated(struct story *story, const struct record *bytes)
{
    hl7_slice data = record_get(bytes, "data");
    size_t which = hl7_slice_equal(record_get(bytes, "of"), HL7_TEXT("answer"));

    if (record_get_number(bytes, "delivery") == 0) {
        return false;
    }
    if (story->seen[which] != NULL &&
        hl7_slice_equal(data, (hl7_slice){story->seen[which], story->seen_len[which]})) {
        return true;
    }
    story->failed = !replace(&story->seen[which], &story->seen_len[which], data) || story->failed;
    return false;
}

static void take_bytes(struct story *story, const struct record *bytes)
{
    hl7_slice of = record_get(bytes, "of");
    char title[120];

    if (story->options->raw != RAW_NONE) {
        if (hl7_slice_equal(of, hl7_slice_of(raw_words[story->options->raw]))) {
            story->failed =
                !replace(&story->raw, &story->raw_len, record_get(bytes, "data")) || story->failed;
        }
        return;
    }
    tell_events(story);
    if (record_get_number(bytes, "delivery") == 0) {
        (void)snprintf(title, sizeof title, "%.*s", (int)of.len,
                       hl7_slice_equal(of, HL7_TEXT("reply")) ? "Reply" : "Received");
    } else {
        (void)snprintf(title, sizeof title, "%s, delivery %lld, try %lld",
                       hl7_slice_equal(of, HL7_TEXT("sent")) ? "Sent" : "Answer",
                       (long long)record_get_number(bytes, "delivery"),
                       (long long)record_get_number(bytes, "attempt"));
    }
    if (is_repeated(story, bytes)) {
        return;
    }
    heading(story, title);
    if (hl7_slice_equal(of, HL7_TEXT("reply"))) {
        print_reply(record_get(bytes, "data"));
    } else {
        print_bytes(record_get(bytes, "data"));
    }
}

/* ---- The verb ------------------------------------------------------------------------------- */

static void take_text(struct story *story, const struct record *record)
{
    bool prints = story->options->raw == RAW_NONE;

    if (record_is(record, "bytes")) {
        take_bytes(story, record);
    } else if (!prints) {
        return;
    } else if (record_is(record, "message")) {
        print_message(story, record);
    } else if (record_is(record, "key")) {
        char name[80];
        (void)snprintf(name, sizeof name, "%.*s", FIELD(record, "name"));
        put_line(name, record_get(record, "value"));
    } else if (record_is(record, "delivery")) {
        print_delivery(story, record);
    } else if (record_is(record, "attempt")) {
        take_attempt(story, record);
    } else if (record_is(record, "note")) {
        take_note(story, record);
    } else if (record_is(record, "missing")) {
        tell_events(story);
        (void)fprintf(stdout, "\n  %.*s: damaged, not shown\n", FIELD(record, "of"));
    }
}

static void forget(struct story *story)
{
    for (size_t i = 0; i < story->event_count; i++) {
        free(story->events[i].text);
    }
    free(story->events);
    free(story->raw);
    free(story->seen[0]);
    free(story->seen[1]);
    control_print_close(&story->print);
}

/* The status of one message. */
static int tell(const struct message_options *options, struct control_client *client, int64_t id)
{
    struct story story = {.options = options, .client = client};
    const bool alone = options->raw == RAW_RECEIVED;
    int status = VERB_DONE;

    control_print_open(&story.print, &options->control);
    control_client_begin(client, "message");
    control_client_add_number(client, "id", id);
    control_client_add(client, "bytes", alone ? "received" : "all");
    while (control_client_next(client) != NULL) {
        struct record *record = &client->link.record;

        if (record_is(record, "bytes") && !control_print_join(&story.print, record)) {
            continue;
        }
        if (options->control.json) {
            control_print_json(&story.print, record);
        } else {
            take_text(&story, record);
        }
    }
    if (client->status == VERB_DONE) {
        tell_events(&story);
    }
    if (client->status == VERB_DONE && options->raw != RAW_NONE) {
        if (story.raw != NULL) {
            (void)fwrite(story.raw, 1, story.raw_len, stdout);
        } else {
            status = VERB_NO;
        }
    }
    if (story.failed) {
        status = verb_failed(client->verb, "out of memory");
    }
    forget(&story);
    return status;
}

static int message_run(const struct verb_call *call)
{
    const struct message_options *options = call->options;
    struct control_client client;
    int status = VERB_DONE;

    for (size_t i = 0; i < call->operand_count; i++) {
        int64_t id = 0;
        if (!control_query_id(call->verb, call->operands[i], &id)) {
            return VERB_MISUSE;
        }
    }
    if (!control_client_open(&client, call->verb, &options->control)) {
        return VERB_FAILED;
    }
    for (size_t i = 0; i < call->operand_count && client.status != VERB_FAILED; i++) {
        int64_t id = 0;

        if (i > 0 && !options->control.json && options->raw == RAW_NONE) {
            (void)fputc('\n', stdout);
        }
        (void)control_query_id(call->verb, call->operands[i], &id);
        status = verb_worst(status, tell(options, &client, id));
    }
    return verb_worst(status, control_client_close(&client));
}

static const struct option message_option_table[] = {
    {.name = "raw",
     .argument = "WHAT",
     .kind = OPTION_CHOICE,
     .choices = raw_words,
     .standard = "none",
     .doc = "Print these bytes and nothing else: received, reply (what was answered), sent, answer "
            "(those of the last try)",
     OPTION_PLACE(struct message_options, raw)},
    CONTROL_OPTION_ROWS(struct message_options),
    {.name = NULL}};

static const char *const message_description[] = {
    "Shows what a running broker knows of a message: where it came from, what it is found by, its "
    "deliveries, a timeline of each try and of what people did, then the bytes: as received, as "
    "answered, and what was sent and came back. What was sent several times is shown once.",
    "The number of a message is what 'orderly messages' shows as ID.", NULL};

static const struct verb_status message_statuses[] = {
    {VERB_DONE, "Done"},
    {VERB_NO, "There is no such message, or it has no such bytes"},
    {VERB_MISUSE, "Wrong use"},
    {VERB_FAILED, "The broker could not be reached, or its journal failed"},
    {0, NULL}};

static const struct verb_example message_examples[] = {
    {"orderly message 4711", "Shows message 4711"},
    {"orderly message 4711 --raw received | orderly show -", "Its segments and fields, as a tree"},
    {"orderly message 4711 --raw sent > sent.hl7", "Keeps what was sent"},
    {NULL, NULL}};

const struct verb verb_message = {
    .name = "message",
    .summary = "Show all that a broker knows of a message",
    .usage = "ID...",
    .description = message_description,
    .options = message_option_table,
    .options_size = sizeof(struct message_options),
    .operands = VERB_TAKES_NOTHING,
    .operands_min = 1,
    .operands_max = VERB_ANY_NUMBER,
    .statuses = message_statuses,
    .examples = message_examples,
    .run = message_run,
};
