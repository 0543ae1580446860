/* SPDX-License-Identifier: Apache-2.0
 *
 * control_print.h - what verbs that ask a broker print: JSON, or tables and sentences. */
#ifndef ORDERLY_CONTROL_PRINT_H
#define ORDERLY_CONTROL_PRINT_H

#include <stdbool.h>

#include "../base/json.h"
#include "control_client.h"
#include "table.h"

struct control_print {
    const struct control_options *options;
    struct text_terminal terminal;
    struct json json;
    int64_t now;
    char *joined; /* malloc'd: bytes of which the last piece has not come */
    size_t joined_len;
    size_t joined_size;
};

void control_print_open(struct control_print *print, const struct control_options *options);
void control_print_close(struct control_print *print);

/* Prints a record as one line of JSON: its fields as members, '-' in a name as '_'; a time as RFC 3339
 * in UTC. A text that is not UTF-8 is written in base64, as the member NAME_base64. */
void control_print_json(struct control_print *print, const struct record *record);

/* Whole bytes of pieces: true with the last piece of them, whose field `data` then is all of them until
 * the next call. False, too, when memory is short: the pieces do not end. */
bool control_print_join(struct control_print *print, struct record *record);

/* Cells of a table. A time is an age in a terminal, if `age` says so, and the time itself in a pipe. */
void control_print_time(const struct control_print *print, struct table *table,
                        enum text_style style, int64_t time, bool age);
void control_print_field(struct table *table, enum text_style style, const struct record *record,
                         const char *name);

/* The style of a state: red for what needs a person, yellow for what waits, green for what is well. */
enum text_style control_print_style(hl7_slice state);

/* A number with its noun: "1 message", "1,204 messages". */
enum { CONTROL_COUNTED = 64 };
void control_print_counted(int64_t number, const char *noun, char text[CONTROL_COUNTED]);

#endif
