/* SPDX-License-Identifier: Apache-2.0
 *
 * shadow_tell.c - the words of `orderly shadow`. See shadow.h. */
#include "shadow.h"

#include <stdio.h>

void shadow_tell_message(struct control_print *print, const struct shadow_message *message,
                         const struct shadow_delivery *delivery)
{
    FILE *file = print->terminal.file;

    if (print->options->json) {
        return;
    }
    text_style(&print->terminal, TEXT_BOLD);
    (void)fprintf(file, "message %lld to ", (long long)message->id);
    text_write_safe(file, hl7_slice_of(delivery->destination), false);
    text_style(&print->terminal, TEXT_NORMAL);
    (void)fputs(", ", file);
    text_write_safe(file, hl7_slice_of(message->type), false);
    (void)fputc(' ', file);
    text_write_safe(file, hl7_slice_of(message->control_id), false);
    (void)fputc('\n', file);
}

/* The members that every object about a message begins with. */
static void begin(struct json *json, const char *record, const struct shadow_message *message,
                  const struct shadow_delivery *delivery)
{
    json_open_object(json);
    json_key(json, "record");
    json_text_of(json, record);
    json_key(json, "message");
    json_signed(json, message->id);
    json_key(json, "delivery");
    json_signed(json, delivery->id);
    json_key(json, "destination");
    json_text_of(json, delivery->destination);
}

static void finish(struct json *json)
{
    json_end(json);
    json_line(json);
}

static void tell_side(struct control_print *print, const char *when, const struct shadow_side *side)
{
    FILE *file = print->terminal.file;

    (void)fprintf(file, "%s: %s%s", when, side->word, side->reason[0] != '\0' ? ": " : "");
    text_write_safe(file, hl7_slice_of(side->reason), false);
    (void)fputc('\n', file);
}

static void member_side(struct json *json, const char *name, const struct shadow_side *side)
{
    json_key(json, name);
    json_open_object(json);
    json_key(json, "outcome");
    json_text_of(json, side->word);
    json_key(json, "reason");
    json_text_of(json, side->reason[0] != '\0' ? side->reason : NULL);
    json_end(json);
}

void shadow_tell_outcome(struct control_print *print, const struct shadow_message *message,
                         const struct shadow_delivery *delivery, const struct shadow_side *before,
                         const struct shadow_side *now)
{
    if (print->options->json) {
        begin(&print->json, "outcome", message, delivery);
        member_side(&print->json, "before", before);
        member_side(&print->json, "now", now);
        finish(&print->json);
    } else {
        tell_side(print, "before", before);
        tell_side(print, "now", now);
    }
}

void shadow_tell_difference(struct control_print *print, const struct shadow_message *message,
                            const struct shadow_delivery *delivery, struct difference_text *text,
                            const struct hl7_difference *difference)
{
    if (print->options->json) {
        begin(&print->json, "difference", message, delivery);
        difference_json(&print->json, text, difference);
        finish(&print->json);
    } else {
        difference_print(&print->terminal, &difference_change, text, difference);
    }
}

void shadow_tell_lines(struct control_print *print, const struct shadow_message *message,
                       const struct shadow_delivery *delivery, size_t line, hl7_slice before,
                       hl7_slice now)
{
    if (print->options->json) {
        begin(&print->json, "lines", message, delivery);
        json_key(&print->json, "line");
        json_number(&print->json, line);
        json_key(&print->json, "expected");
        json_text(&print->json, before);
        json_key(&print->json, "actual");
        json_text(&print->json, now);
        finish(&print->json);
    } else {
        difference_print_lines(print->terminal.file, line, before, now);
    }
}

/* ---- The end --------------------------------------------------------------------------------- */

static void end_json(struct json *json, const struct shadow_tally *tally)
{
    for (size_t i = 0; i < tally->field_count; i++) {
        json_open_object(json);
        json_key(json, "record");
        json_text_of(json, "field");
        json_key(json, "segment");
        json_text_of(json, tally->fields[i].segment);
        json_key(json, "field");
        json_number(json, tally->fields[i].field);
        json_key(json, "differences");
        json_number(json, tally->fields[i].count);
        finish(json);
    }
    json_open_object(json);
    json_key(json, "record");
    json_text_of(json, "count");
    json_key(json, "compared");
    json_number(json, tally->compared);
    json_key(json, "differ");
    json_number(json, tally->differ);
    json_key(json, "never_sent");
    json_number(json, tally->never_sent);
    finish(json);
}

/* Which fields differ, and how often. */
static bool end_table(struct control_print *print, const struct shadow_tally *tally)
{
    static const struct table_column columns[] = {{"DIFFERENCES", true}, {"FIELD", false}};
    struct table table;

    table_open(&table, &print->terminal, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < tally->field_count; i++) {
        const struct shadow_field *at = &tally->fields[i];
        char name[32];

        (void)snprintf(name, sizeof name, at->field > 0 ? "%s-%u" : "%s", at->segment, at->field);
        table_number(&table, TEXT_NORMAL, (int64_t)at->count);
        table_string(&table, TEXT_BOLD, name);
    }
    if (tally->elsewhere > 0) {
        table_number(&table, TEXT_NORMAL, (int64_t)tally->elsewhere);
        table_string(&table, TEXT_NORMAL, "elsewhere");
    }
    return table_close(&table);
}

bool shadow_tell_end(struct control_print *print, const struct shadow_tally *tally)
{
    char counted[CONTROL_COUNTED];
    bool good = true;

    if (print->options->json) {
        end_json(&print->json, tally);
        return true;
    }
    if (tally->field_count > 0 || tally->elsewhere > 0) {
        good = end_table(print, tally);
    }
    control_print_counted((int64_t)tally->compared, "conversion", counted);
    (void)fprintf(print->terminal.file, "%s: %llu differ, %llu are the same\n", counted,
                  (unsigned long long)tally->differ,
                  (unsigned long long)(tally->compared - tally->differ));
    if (tally->never_sent > 0) {
        control_print_counted((int64_t)tally->never_sent, "message", counted);
        (void)fprintf(print->terminal.file, "%s left out: nothing was sent yet\n", counted);
    }
    return good;
}
