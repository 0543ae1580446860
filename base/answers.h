/* SPDX-License-Identifier: Apache-2.0
 *
 * answers.h - what a receiver answers, framed: acknowledgements by the rules, batches of them, and
 * bytes that somebody else made. An answer that does not fit its buffer is taken back: half an
 * answer never leaves. */
#ifndef BASE_ANSWERS_H
#define BASE_ANSWERS_H

#include <time.h>

#include "hl7.h"
#include "parsing.h"
#include "services.h"
#include "templates.h"

/* What is to be answered. */
struct answer_verdict {
    enum hl7_outcome outcome;
    enum hl7_condition condition;
    struct hl7_path where;
    const char *reason;
    hl7_slice rule;                 /* as in struct hl7_ack, like what follows */
    const struct hl7_problem *more; /* must last as long as the verdict is used */
    size_t more_count;
};

/* Begin with {.services = ...}, which give the control ids and serve the templates. */
struct answers {
    struct services *services;
    struct parsing parsing; /* of the messages of a batch */
    struct template_output output;
    struct hl7_refusal refusal; /* of the template that ran last */
    time_t second;              /* the second `time_text` is for */
    char time_text[32];
    size_t time_len;
};

/* What an answer says, for people: "AA", "CA+AA", "batch", "reply" without an MSA; "" for none. */
enum { ANSWER_CODE = 8 };

/* Adds the framed answers that a message asks for, none, one or two (rule 21). False when they do not
 * fit. */
bool answers_message(struct answers *answers, const struct hl7_message *message,
                     const struct answer_verdict *verdict, struct hl7_buffer *out,
                     char code[ANSWER_CODE]);

/* Adds one frame: a batch of acknowledgements (rule 31). False when the batch's header cannot be
 * read, or it does not fit. */
bool answers_batch(struct answers *answers, hl7_slice batch, const struct answer_verdict *verdict,
                   struct hl7_buffer *out, char code[ANSWER_CODE]);

/* Adds the framed answer that a template makes of the message. When it makes none: false, with what to
 * answer instead, whose reason lasts until the next call, and why that is, for the log; NULL when the
 * template refused the message. */
bool answers_template(struct answers *answers, const struct template_file *file,
                      const struct hl7_message *message, struct hl7_buffer *out,
                      char code[ANSWER_CODE], struct answer_verdict *ret_verdict,
                      const char **ret_why);

/* Adds one framed payload; `code` is what its MSA-1 says. False when it does not fit. */
bool answers_bytes(hl7_slice payload, struct hl7_buffer *out, char code[ANSWER_CODE]);

/* Now as an HL7 time with the local zone; borrows from `answers` until the next call. */
hl7_slice answers_time(struct answers *answers);

void answers_free(struct answers *answers);

#endif
