/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_shadow.c - `orderly shadow`: what another template would have made of the messages that went by a
 * route. Asks a running broker, converts here, sends nothing. */
#include <stdlib.h>
#include <string.h>

#include "shadow.h"

/* Messages of a page. The broker is asked about each of them before the next page. */
enum { PAGE = 500, CURSOR_SIZE = 64 };

struct shadow {
    const struct shadow_options *options;
    struct control_client client;
    struct control_print print;
    struct shadow_route route;
    struct shadow_message message;
    struct shadow_compare *compare;
    int64_t ids[PAGE];
    size_t count;
    uint64_t looked_at;
    char cursor[CURSOR_SIZE]; /* "": there is no further page */
    int status;
};

/* The next page of ids, oldest first. False when the broker said no. */
static bool ask_page(struct shadow *shadow)
{
    struct control_client *client = &shadow->client;
    const struct record *record = NULL;

    control_client_begin(client, "messages");
    control_client_add(client, "order", "oldest-first");
    control_client_add_number(client, "limit", PAGE);
    control_client_add(client, "cursor", shadow->cursor[0] != '\0' ? shadow->cursor : NULL);
    if (!control_query_add(client, &shadow->options->query)) {
        shadow->status = VERB_MISUSE;
        return false;
    }
    shadow->count = 0;
    shadow->cursor[0] = '\0';
    while ((record = control_client_next(client)) != NULL) {
        if (record_is(record, "message") && shadow->count < PAGE) {
            shadow->ids[shadow->count++] = record_get_number(record, "id");
        } else if (record_is(record, "page") && record_get_number(record, "more") != 0) {
            hl7_slice cursor = record_get(record, "cursor");
            (void)snprintf(shadow->cursor, sizeof shadow->cursor, "%.*s", (int)cursor.len,
                           cursor.ptr);
        }
    }
    return client->status == VERB_DONE;
}

static bool at_limit(const struct shadow *shadow)
{
    return shadow->options->limit > 0 && shadow->looked_at == shadow->options->limit;
}

/* False when it makes no sense to go on. */
static bool compare_page(struct shadow *shadow)
{
    for (size_t i = 0; i < shadow->count && !at_limit(shadow); i++) {
        if (!shadow_message_ask(&shadow->client, &shadow->print, shadow->ids[i], shadow->options,
                                &shadow->message)) {
            shadow->status = VERB_FAILED;
        } else if (shadow->message.count > 0) {
            shadow->looked_at++;
            if (!shadow_compare_message(shadow->compare, &shadow->message)) {
                shadow->status = VERB_FAILED;
                return false;
            }
        }
        if (shadow->client.status == VERB_FAILED) {
            return false;
        }
    }
    return true;
}

static int go_through(struct shadow *shadow)
{
    const struct shadow_tally *tally = shadow_compare_tally(shadow->compare);
    bool more = true;

    while (more) {
        more = ask_page(shadow) && compare_page(shadow) && shadow->cursor[0] != '\0' &&
               !at_limit(shadow);
    }
    if (shadow->status != VERB_MISUSE && !shadow_tell_end(&shadow->print, tally)) {
        shadow->status = verb_failed(shadow->client.verb, "out of memory");
    }
    return verb_worst(shadow->status,
                      tally->differ > 0 || tally->compared == 0 ? VERB_NO : VERB_DONE);
}

static int shadow_run(const struct verb_call *call)
{
    const struct shadow_options *options = call->options;

    if (options->template == NULL || options->route == NULL) {
        return verb_misuse(call->verb, "both --template and --route are needed");
    }
    struct shadow *shadow = calloc(1, sizeof *shadow);
    if (shadow == NULL) {
        return verb_failed(call->verb, "out of memory");
    }
    shadow->options = options;
    if (!control_client_open(&shadow->client, call->verb, &options->control)) {
        free(shadow);
        return VERB_FAILED;
    }
    control_print_open(&shadow->print, &options->control);
    int status = shadow_route_ask(&shadow->client, options->route, &shadow->route);
    if (status == VERB_DONE) {
        status = shadow_compare_open(call->verb, options, &shadow->route, &shadow->print,
                                     &shadow->compare);
    }
    if (status == VERB_DONE) {
        status = go_through(shadow);
    }
    shadow_compare_close(&shadow->compare);
    shadow_message_free(&shadow->message);
    shadow_route_free(&shadow->route);
    control_print_close(&shadow->print);
    status = verb_worst(status, control_client_close(&shadow->client));
    free(shadow);
    return status;
}

static const struct option shadow_option_table[] = {
    {.name = "template",
     .letter = 't',
     .argument = "FILE",
     .kind = OPTION_FILE,
     .doc = "The template to try",
     OPTION_PLACE(struct shadow_options, template)},
    {.name = "route",
     .letter = 'r',
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .doc = "The route whose messages it is tried on",
     OPTION_PLACE(struct shadow_options, route)},
    CONTROL_SPAN_ROWS(struct shadow_options),
    {.name = "limit",
     .letter = 'n',
     .argument = "NUMBER",
     .kind = OPTION_NUMBER,
     .max = INT32_MAX,
     .doc = "No more than this many messages of the route, the oldest first; 0: all",
     OPTION_PLACE(struct shadow_options, limit)},
    {.name = "sent",
     .letter = 's',
     .kind = OPTION_FLAG,
     .doc = "Compare with what was really sent, not with what the template in force makes today",
     OPTION_PLACE(struct shadow_options, sent)},
    {.name = "loose",
     .letter = 'l',
     .kind = OPTION_FLAG,
     .doc = "What says the same is the same, as in 'orderly diff --loose'",
     OPTION_PLACE(struct shadow_options, loose)},
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_FLAG,
     .doc = "Print no differences, only which fields differ how often, and the counts",
     OPTION_PLACE(struct shadow_options, quiet)},
    CONTROL_OPTION_ROWS(struct shadow_options),
    {.name = NULL}};

static const char *const shadow_description[] = {
    "Tries a template on messages that a running broker has recorded: those that went by a route, "
    "whatever became of them. Each is converted by the template in force and by the new one, and what "
    "differs is printed by field, the value of today first. Nothing is sent, and nothing changes.",
    "The conversions happen in this program, as the broker does them: with the character sets of "
    "listener and destination, and the control ids that delivery has. now() is the time the message "
    "was received, uuid() is the same each time, and sequences begin at 1, so that what differs comes "
    "from the templates. With --sent now() is the time of the try whose bytes are compared; what "
    "uuid() and sequence() gave then differs.",
    "What one template refuses, leaves out or cannot convert and the other does not is a difference "
    "too. At the end stand the fields that differ, with how often they do.",
    NULL};

static const struct verb_status shadow_statuses[] = {
    {VERB_DONE, "Both make the same of all messages"},
    {VERB_NO, "Something differs, or no message went by the route"},
    {VERB_MISUSE, "Wrong use, a template with mistakes, no such route"},
    {VERB_FAILED,
     "The broker could not be reached, its journal failed, a message is damaged, or the "
     "template in force cannot be read"},
    {0, NULL}};

static const struct verb_example shadow_examples[] = {
    {"orderly shadow -t new.hl7 -r orders-to-ris --since 7d",
     "What would have been different last week"},
    {"orderly shadow -t new.hl7 -r orders-to-ris --since 7d --quiet", "Which fields, how often"},
    {"orderly shadow -t new.hl7 -r orders-to-ris --sent --json",
     "Beside what was sent, for programs"},
    {NULL, NULL}};

const struct verb verb_shadow = {
    .name = "shadow",
    .summary = "Try a template on recorded messages, send nothing",
    .usage = "",
    .description = shadow_description,
    .options = shadow_option_table,
    .options_size = sizeof(struct shadow_options),
    .operands = VERB_TAKES_NOTHING,
    .statuses = shadow_statuses,
    .examples = shadow_examples,
    .run = shadow_run,
};
