/* SPDX-License-Identifier: Apache-2.0
 *
 * send_report.h - what a person or a program sees of the sending.
 *
 * Standard output, one of:
 *   - a terminal: a line for each message, or, when there is only one, its whole answer;
 *   - a pipe or file: each answer, a segment a line, ended by LF;
 *   - --json: an object for each message.
 * With --quiet only what was not accepted.
 * Standard error: what failed, with the reason; a line of progress on a terminal; the summary. No
 * message content there but the bytes that came in place of an answer.
 */
#ifndef ORDERLY_SEND_REPORT_H
#define ORDERLY_SEND_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/json.h"
#include "send_message.h"
#include "send_options.h"
#include "send_outcome.h"
#include "send_progress.h"
#include "send_stats.h"

struct send_report {
    const struct send_options *options;
    const char *peer;
    struct text_terminal out;
    struct send_progress progress;
    struct send_stats stats;
    struct json json;
    struct text_charset charset;
    struct memory_block text;
    struct memory_block plain;
    int output;     /* descriptor of --output, or -1 */
    bool printed;   /* standard output holds something to flush */
    uint64_t bytes; /* of the sources, that belong to messages that have ended */
    uint64_t extra; /* answers that nobody waited for */
};

/* False, with errno set, when --output cannot be opened. */
bool send_report_open(struct send_report *report, const struct send_options *options,
                      const char *peer);
void send_report_close(struct send_report *report);

/* A message has ended. `time` is how long its answer took, in microseconds. `only`: there is no
 * other message in this run. */
void send_report_ended(struct send_report *report, const struct send_message *message,
                       const struct send_verdict *verdict, uint64_t time, bool only);

/* An accept acknowledgement has come, and the message goes on waiting. */
void send_report_accept(struct send_report *report, hl7_slice payload,
                        const struct hl7_message *index);

/* A try has failed and another one follows, in so many milliseconds. */
void send_report_retry(struct send_report *report, const struct send_message *message,
                       const struct send_verdict *verdict, uint64_t wait);

/* A remark about a message that is sent all the same. */
void send_report_remark(struct send_report *report, const struct send_message *message);

/* A framed answer that nobody waited for. `expected`: no wonder. */
void send_report_extra(struct send_report *report, hl7_slice payload,
                       const struct hl7_message *index, bool expected);

/* Bytes outside frames were skipped (rule 3). */
void send_report_junk(struct send_report *report, hl7_slice front, uint64_t size);

/* Hands to the system what was printed. False when standard output or --output is broken. */
bool send_report_flush(struct send_report *report);

/* The last line. `elapsed` in microseconds; `rest`: what is to be said of messages that were not
 * counted, or NULL. */
void send_report_summary(struct send_report *report, uint64_t elapsed, const char *rest);

#endif
