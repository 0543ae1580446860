/* SPDX-License-Identifier: Apache-2.0
 *
 * control_act.h - verbs that change something in a running broker: what they have alike. Each thing that
 * was done, or could not be, is a line; with --json, a record. */
#ifndef ORDERLY_CONTROL_ACT_H
#define ORDERLY_CONTROL_ACT_H

#include "control_print.h"

/* Which lanes. The rows are for a member struct control_lanes `lanes`. */
struct control_lanes {
    const char *route;
    const char *destination;
    uint64_t lane;
    bool all;
};

#define CONTROL_LANE_ROWS(options_type)                                                            \
    {.name = "route",                                                                              \
     .letter = 'r',                                                                                \
     .argument = "NAME",                                                                           \
     .kind = OPTION_TEXT,                                                                          \
     .doc = "Of this route",                                                                       \
     OPTION_PLACE(options_type, lanes.route)},                                                     \
        {.name = "destination",                                                                    \
         .letter = 'd',                                                                            \
         .argument = "NAME",                                                                       \
         .kind = OPTION_TEXT,                                                                      \
         .doc = "To this destination",                                                             \
         OPTION_PLACE(options_type, lanes.destination)},                                           \
    {                                                                                              \
        .name = "lane", .letter = 'l', .argument = "NUMBER", .kind = OPTION_NUMBER,                \
        .max = INT32_MAX, .doc = "The lane with this number, as 'orderly status' shows it",        \
        OPTION_PLACE(options_type, lanes.lane)                                                     \
    }

/* const char *why */
#define CONTROL_WHY_ROW(options_type, text)                                                        \
    {                                                                                              \
        .name = "why", .letter = 'w', .argument = "TEXT", .kind = OPTION_TEXT, .doc = (text),      \
        OPTION_PLACE(options_type, why)                                                            \
    }

void control_lanes_add(struct control_client *client, const struct control_lanes *lanes);

/* Sends the request that was made and prints what was done. VERB_NO when nothing was, or something could
 * not be; else VERB_DONE. What control_client_close() says comes on top of it. */
int control_act(struct control_client *client, const struct control_options *options);

/* The whole of a verb that does the same to lanes: those of the destinations it names, or those the
 * options choose. */
int control_act_on_lanes(const struct verb_call *call, const struct control_options *options,
                         const struct control_lanes *lanes, const char *why);

#endif
