/* SPDX-License-Identifier: Apache-2.0
 *
 * send_outcome.h - how sending a message can end: one table of names, classes and sentences.
 *
 * A sentence says what happened, what it probably means and what to do. The names are stable: they
 * are the `outcome` of --json and the event of the line on standard error.
 */
#ifndef ORDERLY_SEND_OUTCOME_H
#define ORDERLY_SEND_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hl7.h"

enum send_outcome {
    SEND_ACCEPTED,        /* AA, or CA where nothing more is asked for */
    SEND_SILENCE,         /* no answer, where silence means success */
    SEND_SENT,            /* no answer awaited */
    SEND_ERROR,           /* AE, CE */
    SEND_REJECTED,        /* AR, CR */
    SEND_FOREIGN,         /* the answer is for another message (rule 27) */
    SEND_UNFRAMED,        /* bytes that are no MLLP frame (rule 7) */
    SEND_TRUNCATED,       /* closed in the middle of a frame */
    SEND_BROKEN,          /* a damaged frame (rule 4) */
    SEND_TOO_LARGE,       /* longer than --max-reply */
    SEND_NOT_AN_ACK,      /* framed, but no acknowledgement */
    SEND_UNKNOWN_CODE,    /* MSA-1 is none of the six codes */
    SEND_BATCH_MISMATCH,  /* not one acknowledgement for each message of the batch (rule 31) */
    SEND_CLOSED,          /* closed without an answer */
    SEND_RESET,           /* reset without an answer */
    SEND_TIMEOUT,         /* not one byte in time */
    SEND_INCOMPLETE,      /* bytes, but no whole frame in time (rule 7) */
    SEND_ACCEPT_ONLY,     /* CA, but the application acknowledgement never came */
    SEND_GIVEN_UP,        /* the connection was closed because of another message */
    SEND_REFUSED,         /* nobody listens there */
    SEND_UNREACHABLE,     /* another reason why no connection came about */
    SEND_NO_TLS,          /* certificates, versions, damage: the detail says what */
    SEND_CONNECT_TIMEOUT, /* no connection in time */
    SEND_UNREADABLE,      /* the file or a part of it could not be read */
    SEND_UNSENDABLE,      /* read, but it cannot be put into a frame */
    SEND_INTERRUPTED,     /* a second signal: the answer was not waited for */
    SEND_OUTCOMES
};

enum send_class {
    SEND_GOOD,        /* exit status 0 */
    SEND_ANSWERED_NO, /* 1 */
    SEND_NO_ANSWER    /* 3 */
};

/* How sending one message ended, or one try of it. Slices borrow. */
struct send_verdict {
    enum send_outcome outcome;
    enum hl7_ack_code code;
    hl7_slice code_text; /* MSA-1 as it came */
    hl7_slice other_id;  /* MSA-2 as it came */
    hl7_slice reason;    /* the answer's own words, raw */
    hl7_slice reply;     /* the payload of the answer, else the bytes that came instead */
    size_t reply_size;   /* bytes that came, of which `reply` is the front */
    const struct hl7_message *index; /* of the reply, when it is HL7 */
    int error;                       /* errno */
    const char *detail;              /* more on what is wrong, or NULL */
    size_t accepted;                 /* of a batch: its acknowledgements by class */
    size_t errors;
    size_t rejected;
};

/* What the sentences name besides the verdict. */
struct send_facts {
    const char *peer;
    hl7_slice control_id;
    uint64_t connect_timeout;
    uint64_t timeout;
    uint64_t max_reply;
};

const char *send_outcome_name(enum send_outcome outcome);
enum send_class send_outcome_class(enum send_outcome outcome);

/* Worth another try? An error answered at the accept level always is (rule 22), at the application
 * level when `on_error` says so. */
bool send_outcome_retries(const struct send_verdict *verdict, bool on_error);

/* Why a connection did not come about. */
enum send_outcome send_outcome_of_connect(int error);

/* Adds the sentence. No message content but the bytes that came in place of an answer, escaped. */
void send_outcome_explain(const struct send_verdict *verdict, const struct send_facts *facts,
                          struct hl7_buffer *buffer);

/* Adds bytes as printable ASCII: \r, \n, \\ and \x1c. At most four bytes for each. */
void send_escape(hl7_slice bytes, struct hl7_buffer *buffer);

/* Adds a duration as options read it: "250ms", "1.5s", "30s", "5m". */
void send_duration(uint64_t milliseconds, struct hl7_buffer *buffer);

/* Of unexpected bytes, so many are shown (rule 7). */
enum { SEND_EVIDENCE = 200 };

/* True when what came in place of a frame is recognised: more of it would tell nothing new. */
bool send_evidence_is_clear(hl7_slice bytes);

#endif
