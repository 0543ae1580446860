/* SPDX-License-Identifier: Apache-2.0
 *
 * control_client.h - the side of the verbs in docs/control-protocol.md: asks a running broker, and takes
 * its answer record by record.
 *
 *     struct control_client client;
 *     if (!control_client_open(&client, call->verb, &options->control)) { return VERB_FAILED; }
 *     control_client_begin(&client, "messages");
 *     control_client_add(&client, "patient", options->patient);
 *     while ((record = control_client_next(&client)) != NULL) { ... }
 *     status = control_client_close(&client);
 *
 * What goes wrong is complained about here, once; the status says the rest. */
#ifndef ORDERLY_CONTROL_CLIENT_H
#define ORDERLY_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/control_link.h"
#include "../base/text.h"
#include "verb.h"

/* Options that all verbs of this kind have. */
struct control_options {
    const char *socket;
    const char *config;
    bool json;
    int color;
};

/* The rows for them. The verb's options struct has a struct control_options `control`. */
#define CONTROL_OPTION_ROWS(options_type)                                                          \
    {.name = "control",                                                                            \
     .argument = "SOCKET",                                                                         \
     .kind = OPTION_FILE,                                                                          \
     .doc = "The control socket of the broker; ORDERLY_CONTROL in the environment does the same. " \
            "/run/orderly/control.sock when none is given",                                        \
     OPTION_PLACE(options_type, control.socket)},                                                  \
        {.name = "config",                                                                         \
         .argument = "FILE",                                                                       \
         .kind = OPTION_FILE,                                                                      \
         .doc = "Take the path of the socket from this configuration",                             \
         OPTION_PLACE(options_type, control.config)},                                              \
        {.name = "json",                                                                           \
         .letter = 'j',                                                                            \
         .kind = OPTION_FLAG,                                                                      \
         .doc = "Print each record as one line of JSON",                                           \
         OPTION_PLACE(options_type, control.json)},                                                \
    {                                                                                              \
        .name = "color", .argument = "WHEN", .kind = OPTION_CHOICE, .choices = text_when_words,    \
        .standard = "auto", .doc = "Use colours: auto (on a terminal), always or never",           \
        OPTION_PLACE(options_type, control.color)                                                  \
    }

struct control_client {
    const struct verb *verb;
    struct control_link link;
    int status;
};

/* Connects. False, with a complaint, when nobody is there. */
bool control_client_open(struct control_client *client, const struct verb *verb,
                         const struct control_options *options);

/* A request: its name, then parameters; NULL and 0 are left out. Several may follow each other on one
 * connection. */
void control_client_begin(struct control_client *client, const char *request);
void control_client_add(struct control_client *client, const char *name, const char *value);
void control_client_add_number(struct control_client *client, const char *name, int64_t value);

/* Who asks and, if there is one, why: for what changes something. */
void control_client_reason(struct control_client *client, const char *why);

/* The next record of the answer, until the next call; NULL at the end. */
const struct record *control_client_next(struct control_client *client);

/* Closes the connection. The worst of what the answers were: VERB_NO when the broker says no, VERB_MISUSE
 * when it cannot understand, VERB_FAILED when it failed or is gone. */
int control_client_close(struct control_client *client);

#endif
