/* SPDX-License-Identifier: Apache-2.0
 *
 * send_answer.h - what a framed reply says, and whether it answers a message (rules 21, 27, 31).
 *
 * Pure: bytes in, verdict out. A struct send_answer borrows the payload and the reader's memory
 * until the next answer is read.
 */
#ifndef ORDERLY_SEND_ANSWER_H
#define ORDERLY_SEND_ANSWER_H

#include <stdbool.h>

#include "hl7.h"
#include "../base/memory.h"
#include "send_message.h"
#include "send_outcome.h"

struct send_answer_reader {
    struct memory_block memory; /* the index of the reply */
    struct memory_block batch;  /* the index of a part of a batch */
    struct memory_block seen;   /* a byte for each message of a batch: it was named */
    char detail[240];
};

struct send_answer {
    hl7_slice payload;
    bool is_batch;
    bool is_hl7; /* `index` is the reply's index */
    bool is_ack; /* it has an MSA */
    struct hl7_message index;
    struct hl7_answer says;
    const char *detail; /* not an acknowledgement: why */
};

void send_answer_release(struct send_answer_reader *reader);

/* Reads a reply. False when memory is short. */
bool send_answer_read(struct send_answer_reader *reader, hl7_slice payload,
                      struct send_answer *ret_answer);

/* Does the answer name this message? For a batch: its control id or one of its messages. */
bool send_answer_names(struct send_answer_reader *reader, const struct send_answer *answer,
                       const struct send_message *message);

/* What the answer means for a message it names, or, when it names none, for the one that waits. A
 * CA for a message that awaits an application acknowledgement gives SEND_ACCEPT_ONLY: it is not
 * done yet (rule 27: CA is not AA). */
void send_answer_judge(struct send_answer_reader *reader, const struct send_answer *answer,
                       const struct send_message *message, bool named,
                       struct send_verdict *ret_verdict);

#endif
