/* SPDX-License-Identifier: Apache-2.0
 *
 * control_act.c - see control_act.h. A row for each kind of record that says what was done. */
#include "control_act.h"

#include <stdio.h>
#include <string.h>

void control_lanes_add(struct control_client *client, const struct control_lanes *lanes)
{
    control_client_add(client, "route", lanes->route);
    control_client_add(client, "destination", lanes->destination);
    control_client_add_number(client, "lane", (int64_t)lanes->lane);
    control_client_add(client, "all", lanes->all ? "1" : NULL);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static void put_text(const struct record *record, const char *name)
{
    text_write_safe(stdout, record_get(record, name), false);
}

static void put_number(const struct record *record, const char *before, const char *name)
{
    (void)fprintf(stdout, "%s %lld", before, (long long)record_get_number(record, name));
}

static void put_lane(const struct record *record)
{
    put_text(record, "route");
    (void)fputs(" to ", stdout);
    put_text(record, "destination");
    put_number(record, " (lane", "lane");
    (void)fputc(')', stdout);
}

static void print_resent(const struct record *record)
{
    put_number(record, "message", "message");
    (void)fputs(", ", stdout);
    put_lane(record);
    if (record_find(record, "refused") != NULL) {
        (void)fputs(hl7_slice_equal(record_get(record, "refused"), HL7_TEXT("never-sent"))
                        ? ": not sent again, for nothing was sent there before"
                        : ": not sent again, for it is damaged",
                    stdout);
    } else if (record_find(record, "delivery") != NULL) {
        put_number(record, ": sent again as delivery", "delivery");
    } else {
        (void)fputs(": would be sent again", stdout);
    }
}

static void print_missing(const struct record *record)
{
    put_number(record, "message", "message");
    (void)fputs(hl7_slice_equal(record_get(record, "why"), HL7_TEXT("damaged"))
                    ? ": damaged"
                    : ": there is no such message",
                stdout);
}

/* Why something could not be done. */
static void put_refusal(const struct record *record, const char *what)
{
    if (hl7_slice_equal(record_get(record, "refused"), HL7_TEXT("nothing"))) {
        (void)fprintf(stdout, ": there is no such %s", what);
    } else {
        (void)fputs(": not possible in the state it is in", stdout);
    }
}

static void print_settled(const struct record *record)
{
    put_number(record, "delivery", "delivery");
    if (record_find(record, "refused") != NULL) {
        put_refusal(record, "delivery");
    } else {
        (void)fputs(hl7_slice_equal(record_get(record, "as"), HL7_TEXT("retry"))
                        ? ": pending again, in its old place"
                        : ": given up",
                    stdout);
    }
}

static void print_released(const struct record *record)
{
    put_number(record, "message", "message");
    if (record_find(record, "refused") != NULL) {
        put_refusal(record, "message");
    } else {
        (void)fputs(": released", stdout);
    }
}

static void print_lane_set(const struct record *record)
{
    put_lane(record);
    (void)fputs(record_get_number(record, "changed") != 0 ? ": " : ": was already ", stdout);
    put_text(record, "state");
}

static void print_skipped(const struct record *record)
{
    put_lane(record);
    put_number(record, ": gave up delivery", "delivery");
}

static void print_backup(const struct record *record)
{
    put_text(record, "path");
    (void)fputs(": complete", stdout);
}

static const struct {
    const char *kind;
    void (*print)(const struct record *record);
} lines[] = {{"resent", print_resent},     {"missing", print_missing},   {"settled", print_settled},
             {"released", print_released}, {"lane-set", print_lane_set}, {"skipped", print_skipped},
             {"backup", print_backup}};

static void print_line(const struct record *record)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (record_is(record, lines[i].kind)) {
            lines[i].print(record);
            (void)fputc('\n', stdout);
        }
    }
}

/* ---- The end -------------------------------------------------------------------------------- */

/* What the last record counts: the name of its first number, without the s. */
static int print_count(const struct record *count, bool prints)
{
    const struct record_field *done = count->count > 1 ? &count->fields[1] : NULL;
    int64_t refused = record_get_number(count, "refused");
    char noun[RECORD_NAME_MAX + 1];
    char counted[CONTROL_COUNTED];

    if (done == NULL || done->name.len == 0) {
        return VERB_DONE;
    }
    hl7_slice name = done->name;
    hl7_slice stem = hl7_slice_equal(name, HL7_TEXT("deliveries"))
                         ? HL7_TEXT("delivery")
                         : hl7_slice_part(name, 0, name.len - 1);
    (void)snprintf(noun, sizeof noun, "%.*s", (int)stem.len, stem.ptr);
    control_print_counted(done->number, noun, counted);
    if (prints) {
        (void)fputs(counted, stdout);
        if (refused > 0) {
            (void)fprintf(stdout, ", %lld not", (long long)refused);
        }
        (void)fputc('\n', stdout);
    }
    return refused > 0 || done->number == 0 ? VERB_NO : VERB_DONE;
}

int control_act(struct control_client *client, const struct control_options *options)
{
    const struct record *record = NULL;
    struct control_print print;
    int status = VERB_DONE;

    control_print_open(&print, options);
    while ((record = control_client_next(client)) != NULL) {
        if (options->json) {
            control_print_json(&print, record);
        } else {
            print_line(record);
        }
        if (record_is(record, "count")) {
            status = print_count(record, !options->json);
        }
    }
    control_print_close(&print);
    return status;
}

/* ---- Lanes ---------------------------------------------------------------------------------- */

static int act_on(struct control_client *client, const struct verb_call *call,
                  const struct control_options *options, const struct control_lanes *lanes,
                  const char *why)
{
    control_client_begin(client, call->verb->name);
    control_lanes_add(client, lanes);
    control_client_reason(client, why);
    return control_act(client, options);
}

int control_act_on_lanes(const struct verb_call *call, const struct control_options *options,
                         const struct control_lanes *lanes, const char *why)
{
    bool chosen =
        lanes->route != NULL || lanes->destination != NULL || lanes->lane != 0 || lanes->all;
    struct control_client client;
    int status = VERB_DONE;

    if (call->operand_count == 0 && !chosen) {
        return verb_misuse(call->verb, "which lanes? Name a destination, or one of --route, --lane "
                                       "and --all");
    }
    if (call->operand_count > 0 && (lanes->destination != NULL || lanes->lane != 0 || lanes->all)) {
        return verb_misuse(call->verb, "either destinations or --destination, --lane, --all");
    }
    if (!control_client_open(&client, call->verb, options)) {
        return VERB_FAILED;
    }
    if (call->operand_count == 0) {
        status = act_on(&client, call, options, lanes, why);
    }
    for (size_t i = 0; i < call->operand_count && client.status != VERB_FAILED; i++) {
        const struct control_lanes named = {.route = lanes->route,
                                            .destination = call->operands[i]};

        status = verb_worst(status, act_on(&client, call, options, &named, why));
    }
    return verb_worst(status, control_client_close(&client));
}
