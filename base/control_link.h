/* SPDX-License-Identifier: Apache-2.0
 *
 * control_link.h - the asking side of docs/control-protocol.md: a connection to a running broker, requests,
 * and their answers record by record.
 *
 *     struct control_link link;
 *     if (!control_link_open(&link, path, 0)) { perror(path); return; }
 *     control_link_begin(&link, "messages");
 *     control_link_add(&link, "patient", patient);
 *     while ((record = control_link_next(&link)) != NULL) { ... }
 *     if (link.outcome != CONTROL_ANSWERED) { complain(link.reason); }
 *     control_link_close(&link);
 *
 * Blocking. It says nothing to anybody: what went wrong stands in the struct. */
#ifndef BASE_CONTROL_LINK_H
#define BASE_CONTROL_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

#define CONTROL_STANDARD_SOCKET "/run/orderly/control.sock"

enum control_outcome {
    CONTROL_ANSWERED, /* the answer was complete; so it is before the first */
    CONTROL_REFUSED,  /* the broker says no: `error` and `reason` are its words */
    CONTROL_LOST      /* no broker, or not in time, or no memory: `reason` says so */
};

enum { CONTROL_REASON_MAX = 400, CONTROL_ERROR_MAX = 32 };

struct control_link {
    int fd;
    struct record_writer request;
    bool asked; /* the request went out, and its answer has not ended */
    char *held; /* malloc'd: what has come */
    size_t start;
    size_t len;
    size_t size;
    struct record record;
    enum control_outcome outcome; /* of the last answer */
    char error[CONTROL_ERROR_MAX];
    char reason[CONTROL_REASON_MAX];
};

/* Connects to the socket at `path`. `patience`: milliseconds that the broker may be silent, 0 for any
 * time. False with errno set, and nothing to close; ENAMETOOLONG when the path is none of a socket. */
bool control_link_open(struct control_link *link, const char *path, unsigned patience);

/* A request: its name, then parameters; an absent text, NULL and 0 are left out. Several may follow each
 * other on one connection. */
void control_link_begin(struct control_link *link, const char *request);
void control_link_add(struct control_link *link, const char *name, const char *value);
void control_link_add_text(struct control_link *link, const char *name, hl7_slice value);
void control_link_add_number(struct control_link *link, const char *name, int64_t value);

/* The next record of the answer, until the next call; NULL at the end. */
const struct record *control_link_next(struct control_link *link);

void control_link_close(struct control_link *link);

#endif
