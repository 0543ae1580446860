/* SPDX-License-Identifier: Apache-2.0
 *
 * control_query.h - options that choose messages, alike in all verbs that do. */
#ifndef ORDERLY_CONTROL_QUERY_H
#define ORDERLY_CONTROL_QUERY_H

#include "control_client.h"

struct control_query {
    const char *control_id;
    const char *patient;
    const char *accession;
    const char *type;
    const char *application;
    const char *listener;
    struct option_list keys;
    int state;
    const char *from;
    const char *to;
    uint64_t since;
};

/* The rows are for a member struct control_query `query`. "any" first, then the states of the protocol. */
extern const char *const control_query_states[];

#define CONTROL_SPAN_ROWS(options_type)                                                            \
    {.name = "since",                                                                              \
     .argument = "TIME",                                                                           \
     .kind = OPTION_DURATION,                                                                      \
     .doc = "Received within this time up to now: 30m, 2h, 1d",                                    \
     OPTION_PLACE(options_type, query.since)},                                                     \
        {.name = "from",                                                                           \
         .argument = "WHEN",                                                                       \
         .kind = OPTION_TEXT,                                                                      \
         .doc = "Received then or later: 2026-11-26, 2026-11-26T14:00, 14:00 for today; local "    \
                "unless a zone stands behind it",                                                  \
         OPTION_PLACE(options_type, query.from)},                                                  \
    {                                                                                              \
        .name = "to", .argument = "WHEN", .kind = OPTION_TEXT, .doc = "Received before then",      \
        OPTION_PLACE(options_type, query.to)                                                       \
    }

#define CONTROL_QUERY_ROWS(options_type)                                                           \
    {.name = "patient",                                                                            \
     .letter = 'p',                                                                                \
     .argument = "ID",                                                                             \
     .kind = OPTION_TEXT,                                                                          \
     .doc = "Of this patient",                                                                     \
     OPTION_PLACE(options_type, query.patient)},                                                   \
        {.name = "accession",                                                                      \
         .letter = 'a',                                                                            \
         .argument = "NUMBER",                                                                     \
         .kind = OPTION_TEXT,                                                                      \
         .doc = "With this accession number",                                                      \
         OPTION_PLACE(options_type, query.accession)},                                             \
        {.name = "control-id",                                                                     \
         .argument = "ID",                                                                         \
         .kind = OPTION_TEXT,                                                                      \
         .doc = "With this control id (MSH-10)",                                                   \
         OPTION_PLACE(options_type, query.control_id)},                                            \
        {.name = "key",                                                                            \
         .letter = 'k',                                                                            \
         .argument = "INDEX=VALUE",                                                                \
         .kind = OPTION_TEXT,                                                                      \
         .many = true,                                                                             \
         .doc = "With this value in an index of the configuration; may be repeated",               \
         OPTION_PLACE(options_type, query.keys)},                                                  \
        {.name = "type",                                                                           \
         .letter = 't',                                                                            \
         .argument = "TYPE",                                                                       \
         .kind = OPTION_TEXT,                                                                      \
         .doc = "Of this type: ORM^O01",                                                           \
         OPTION_PLACE(options_type, query.type)},                                                  \
        {.name = "application",                                                                    \
         .argument = "NAME",                                                                       \
         .kind = OPTION_TEXT,                                                                      \
         .doc = "From this application (MSH-3)",                                                   \
         OPTION_PLACE(options_type, query.application)},                                           \
        {.name = "listener",                                                                       \
         .argument = "NAME",                                                                       \
         .kind = OPTION_TEXT,                                                                      \
         .doc = "That came by this listener",                                                      \
         OPTION_PLACE(options_type, query.listener)},                                              \
        {.name = "state",                                                                          \
         .letter = 's',                                                                            \
         .argument = "STATE",                                                                      \
         .kind = OPTION_CHOICE,                                                                    \
         .choices = control_query_states,                                                          \
         .standard = "any",                                                                        \
         .doc = "In this state: any, settled, pending, dead, held or damaged",                     \
         OPTION_PLACE(options_type, query.state)},                                                 \
        CONTROL_SPAN_ROWS(options_type)

/* Adds them to a request. False when a time is none: that is complained about. */
bool control_query_add(struct control_client *client, const struct control_query *query);

/* Whether any was given. */
bool control_query_given(const struct control_query *query);

/* A number of the protocol's. False, with a complaint, when the text is none. */
bool control_query_id(const struct verb *verb, const char *text, int64_t *ret_id);

#endif
