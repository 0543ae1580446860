/* SPDX-License-Identifier: Apache-2.0
 *
 * send_message.h - a message on its way out: the frame as it goes over the wire, where it came
 * from, and which answers it waits for.
 *
 * A struct send_message is a place that is filled again and again: its memory is kept, so that
 * sending small messages allocates nothing once the places have been used.
 */
#ifndef ORDERLY_SEND_MESSAGE_H
#define ORDERLY_SEND_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hl7.h"
#include "../base/memory.h"
#include "source.h"

enum send_kind {
    SEND_MESSAGE, /* one message in a frame */
    SEND_BATCH,   /* a whole batch in a frame */
    SEND_PROBLEM  /* nothing to send: `text` says why */
};

struct send_message {
    enum send_kind kind;
    hl7_slice frame;      /* VT ... FS CR; borrows from `memory` like all that follows */
    hl7_slice control_id; /* MSH-10, of a batch BHS-11 or FHS-11; raw, may be empty */
    const char *file;
    size_t line;
    const char *text;   /* PROBLEM: what is wrong. Else a remark for the person, or NULL */
    bool unread;        /* PROBLEM: the source could not be read (else: it cannot be sent) */
    size_t messages;    /* how many messages the frame holds */
    size_t source_size; /* bytes it takes in its file */
    struct memory_block memory;

    /* Which answers are awaited (rules 21 and 23). */
    bool awaits_accept;            /* CA when all is well */
    bool awaits_application;       /* AA when all is well */
    bool awaits_error;             /* CE or AE when it is not */
    bool awaits_application_error; /* AE, also after CA */

    /* How far it is; kept by the link that sends it. */
    bool sent;         /* on this try */
    bool stored;       /* CA came, the application acknowledgement did not yet */
    unsigned attempts; /* tries that have ended */
    uint64_t sent_at;  /* microseconds, monotonic */
    uint64_t deadline; /* loop time */
    struct send_message *next;
};

/* A new control id is 20 digits and capitals: the milliseconds since 1970 (enough until the year
 * 2059), the process, a counter. HL7 allows 20 characters before version 2.7. */
enum { SEND_ID_TIME = 8, SEND_ID_PROCESS = 5, SEND_ID_COUNT = 7, SEND_ID_SIZE = 20 };

/* Makes messages ready; one thread uses it. */
struct send_maker {
    bool new_control_id;
    bool no_wait;
    char prefix[SEND_ID_TIME + SEND_ID_PROCESS];
    uint64_t counter;
    struct memory_block arena_memory;
    struct memory_block scratch;
};

/* `milliseconds` since 1970 and `process` make new control ids differ from those of other runs. The
 * settings are set behind it. */
void send_maker_init(struct send_maker *maker, uint64_t milliseconds, uint64_t process);
void send_maker_release(struct send_maker *maker);

/* Makes a message of a source's item. What cannot be sent becomes a PROBLEM. False when memory is
 * short: the message is then nothing. */
bool send_message_make(struct send_maker *maker, const struct source_item *item,
                       struct send_message *message);

/* Makes a PROBLEM of a source's error. */
bool send_message_problem(struct send_message *message, const char *text);

/* The payload within the frame. */
hl7_slice send_message_payload(const struct send_message *message);

/* No answer is awaited at all: sent is done. */
bool send_message_is_done_when_sent(const struct send_message *message);

/* Silence means success: only an error would be answered. */
bool send_message_succeeds_silently(const struct send_message *message);

/* It is not done with CA: an application acknowledgement is to come, or might. */
bool send_message_goes_on_after_accept(const struct send_message *message);

/* Gives back memory that a large message took. */
void send_message_trim(struct send_message *message);

#endif
