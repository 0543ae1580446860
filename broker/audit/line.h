/* SPDX-License-Identifier: Apache-2.0
 *
 * line.h - a record of the audit log as a line of JSON, written and read.
 *
 *     {"sequence":7,"time":"2026-11-26T14:02:11.123456Z","event":"view","uid":0,...,
 *      "previous":"<64 hex>","hash":"<64 hex>"}
 *
 * `hash` is SHA-256 of the line up to the comma before it; `previous` is the hash of the record before, 64
 * zeros in the first. All members stand on one level, and are texts or whole numbers. Pure: no I/O. */
#ifndef BROKER_AUDIT_LINE_H
#define BROKER_AUDIT_LINE_H

#include "audit.h"

enum { AUDIT_LINE_MAX = 64 * 1024 };

/* The link before the first record. */
struct audit_link audit_link_first(void);

/* Writes the record that follows `last`, with its LF, and yields its link. `name` is the user's, or NULL.
 * False when the buffer is full. */
bool audit_line_write(const struct audit_entry *entry, const char *name,
                      const struct audit_link *last, struct hl7_buffer *buffer,
                      struct audit_link *ret_link);

struct audit_line {
    struct audit_link link;
    char previous[HL7_SHA256_HEX];
    hl7_slice time; /* as it is written; borrowed from the line, like the next two */
    hl7_slice event;
    hl7_slice rest; /* the members between `event` and `previous`, with a comma in front of each */
};

enum audit_line_answer {
    AUDIT_LINE_GOOD,
    AUDIT_LINE_CHANGED, /* a record, but its hash is not that of its bytes */
    AUDIT_LINE_NONE     /* no record: ret_line is untouched */
};

/* Reads the text of a line, without its LF. */
enum audit_line_answer audit_line_read(hl7_slice text, struct audit_line *ret_line);

/* Takes the next member off `rest`: its name, and its value as JSON has it, a text without its quotes.
 * False when there is none. */
bool audit_line_member(hl7_slice *rest, hl7_slice *ret_name, hl7_slice *ret_value);

/* Its time in microseconds since 1970; 0 when it is none. */
int64_t audit_line_time(const struct audit_line *line);

#endif
