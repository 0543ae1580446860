/* SPDX-License-Identifier: Apache-2.0
 *
 * door.h - a way out for one lane: MLLP, a directory, a program. One file per kind.
 *
 * Life: door_open, then letters, then door_close. A letter is given with door_send; its result comes
 * exactly once, through on_result, from the loop and never from within door_send. The letter's bytes
 * belong to the lane and stay until then. A door that is closed with a letter under way gives no
 * result. One letter is under way at a time, but for kinds that `pipelines`: those take as many as the
 * destination's `pipeline` says, and name the letter in each result.
 *
 * A door keeps what it can between letters (a connection, a program) and closes it on a result that
 * leaves the peer's state unknown (rule 27). It knows nothing of retries: the lane decides what
 * follows from a result.
 *
 * When the configuration is loaded again and the destination means the same, door_adopt points the
 * door at the new one; else the lane opens another door. */
#ifndef BROKER_DELIVER_DOOR_H
#define BROKER_DELIVER_DOOR_H

#include "../../net/loop.h"
#include "../config/config.h"
#include "../secure/secure.h"
#include "hl7.h"

/* What came of a letter, for the destination's policies. */
enum door_outcome {
    DOOR_ACCEPTED,    /* AA, CA; written; a program that ended with 0 */
    DOOR_ERROR,       /* AE, CE; a program that ended with 1 */
    DOOR_REJECTED,    /* AR, CR; a program that ended with 2 */
    DOOR_TIMEOUT,     /* no answer in time */
    DOOR_UNFRAMED,    /* an answer that is none: no frame, no MSA, another message's */
    DOOR_CLOSED,      /* the connection ended before the answer, or the program died */
    DOOR_UNREACHABLE, /* could not connect, start or write: nothing was handed over */
    DOOR_WITHDRAWN,   /* the connection was given up for another letter's sake: nothing is known */
    DOOR_OUTCOMES
};

/* The outcome in a word that is stable: "accepted", "timeout". */
const char *door_outcome_name(enum door_outcome outcome);

struct door_letter {
    void *token;          /* the lane's; comes back with the result of kinds that pipeline */
    hl7_slice bytes;      /* to be sent, without frame bytes */
    hl7_slice control_id; /* its MSH-10; empty when it is not HL7 */
    int64_t id;           /* of the stored message */
    int64_t received;     /* microseconds since 1970 */
    hl7_slice type;       /* of the stored message: "ORM^O01" */
    hl7_slice listener;
    hl7_slice route;
    bool asks_accept; /* what its MSH-15 and MSH-16 ask for; both false: no answer is waited for */
    bool asks_application;
    bool is_hl7;
};

struct door_result {
    void *token; /* of the letter; NULL: of the only one under way */
    enum door_outcome outcome;
    const char *word; /* "AA", "timeout", "refused": kept with the attempt; static */
    hl7_slice
        answer; /* what came back, without frame bytes; absent: nothing. Until on_result returns */
    char reason[200]; /* a sentence without message content; may be empty */
};

struct door;
struct spawner;

struct door_kind {
    const char *name; /* "mllp" */
    bool pipelines;   /* takes letters while others are under way */
    struct door *(*open)(struct loop *loop, const struct config_destination *to);
    void (*send)(struct door *door, const struct door_letter *letter);
    void (*adopt)(struct door *door);
    void (*close)(struct door *door);
};

/* The part that all doors begin with. */
struct door {
    const struct door_kind *kind;
    const struct config_destination *to;
    struct loop *loop;
    struct spawner *spawner;     /* of programs; NULL: they are our own children */
    const struct secure *secure; /* set behind door_open, where TLS may be wanted */
    void (*on_result)(struct door *door, const struct door_result *result);
    void *owner; /* the lane's */
};

extern const struct door_kind door_mllp;
extern const struct door_kind door_directory;
extern const struct door_kind door_command;

/* Opens the kind of door a destination asks for; nothing is connected or started yet. NULL when memory
 * is short. */
struct door *door_open(struct loop *loop, struct spawner *spawner,
                       const struct config_destination *to,
                       void (*on_result)(struct door *door, const struct door_result *result),
                       void *owner);

void door_send(struct door *door, const struct door_letter *letter);

/* The destination has not changed its meaning, but its place in memory. */
void door_adopt(struct door *door, const struct config_destination *to);

/* Accepts NULL and a pointer to NULL. */
void door_close(struct door **door);

#endif
