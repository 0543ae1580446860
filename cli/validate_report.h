/* SPDX-License-Identifier: Apache-2.0
 *
 * validate_report.h - what `orderly validate` tells: findings for people, one line of JSON for each
 * message, a sum by kind of finding, JUnit's XML.
 *
 *     validate_report.c  messages, findings, and the last line
 *     validate_sum.c     findings counted by kind
 *     validate_junit.c   each message as a test case
 *
 * A value is shown only when asked for: findings alone hold nothing of a patient. */
#ifndef ORDERLY_VALIDATE_REPORT_H
#define ORDERLY_VALIDATE_REPORT_H

#include "hl7.h"
#include "../base/json.h"
#include "../base/memory.h"
#include "../base/text.h"
#include "source.h"

/* ---- Findings counted by kind: the same rule at the same path, whichever segment or repetition ------- */

struct validate_kind {
    struct hl7_finding finding; /* the first of its kind, without its value */
    uint64_t count;             /* 0: an empty slot */
};

enum { VALIDATE_KINDS_MAX = 4096 };

struct validate_sum {
    struct memory_block
        slots; /* of 2 * VALIDATE_KINDS_MAX, by a hash; none before the first finding */
    size_t kinds;
    uint64_t others; /* findings of more kinds than that */
};

/* False when there is no memory. */
bool validate_sum_add(struct validate_sum *sum, const struct hl7_finding *finding);

/* Prints them as a table, the most frequent first. False when there is no memory. */
bool validate_sum_print(const struct validate_sum *sum, const struct text_terminal *terminal);

void validate_sum_free(struct validate_sum *sum);

/* ---- JUnit ---------------------------------------------------------------------------------- */

struct validate_junit {
    FILE *file; /* the cases so far; NULL: nobody wants them */
    char *text;
    size_t len;
    uint64_t cases;
    uint64_t failures;
    uint64_t errors;
    bool failed; /* the case at hand has a failure, which is open */
};

bool validate_junit_open(struct validate_junit *junit);
void validate_junit_begin(struct validate_junit *junit, const struct source_item *item);
void validate_junit_finding(struct validate_junit *junit, hl7_slice line);
void validate_junit_end(struct validate_junit *junit);
void validate_junit_unreadable(struct validate_junit *junit, const struct source_item *item,
                               const char *why);

/* All of it into a file, which appears whole. 0, or what errno says. */
int validate_junit_write(const struct validate_junit *junit, const char *path);
void validate_junit_close(struct validate_junit *junit);

/* ---- The report ----------------------------------------------------------------------------- */

struct validate_report {
    struct text_terminal terminal;
    struct json json;
    bool quiet;
    bool as_json;
    bool summary; /* kinds of findings instead of findings */
    bool values;
    struct validate_sum sum;
    struct validate_junit junit;
    const struct source_item *item;
    const struct hl7_message *message;
    struct text_charset charset;
    struct memory_block text; /* the value at hand as UTF-8, and safe */
    bool announced;           /* the message was named above its first finding */
    bool failed;              /* memory was short */
    uint64_t messages;
    uint64_t wrong;  /* messages with an error */
    uint64_t unread; /* what is no message that can be read */
    uint64_t counts[3];
};

/* Set `quiet` to `values` first. False when there is no memory. */
bool validate_report_open(struct validate_report *report, enum text_when color, bool junit);

void validate_report_begin(struct validate_report *report, const struct source_item *item,
                           const struct hl7_message *message);
void validate_report_finding(struct validate_report *report, const struct hl7_finding *finding);
void validate_report_end(struct validate_report *report, const struct hl7_validity *validity);
void validate_report_unreadable(struct validate_report *report, const struct source_item *item,
                                const struct hl7_error *error);

/* The last lines. */
void validate_report_sum(struct validate_report *report);

void validate_report_close(struct validate_report *report);

#endif
