/* SPDX-License-Identifier: Apache-2.0
 *
 * chain.h - reading the files of an audit log, and finding out whether anything in them was changed,
 * removed, put in, or cut off. What `orderly audit verify` says and what the broker looks at when it
 * opens its log is this.
 *
 * A log is a file and, when it has grown, those that were set aside before it: audit.log.000001, .000002,
 * ... The chain goes through all of them. */
#ifndef BROKER_AUDIT_CHAIN_H
#define BROKER_AUDIT_CHAIN_H

#include "line.h"

enum {
    AUDIT_DIGITS = 6,
    AUDIT_NUMBER_MAX = 999999, /* files set aside */
    AUDIT_FAULT_TEXT = 160
};

/* What has been read so far; goes from file to file. Begin with audit_chain_begin(). */
struct audit_chain {
    struct audit_link last;
    bool ended;    /* the last record is that of a good end */
    int64_t first; /* sequence of the first record; 0: none yet */
    int64_t count; /* of records */
    int64_t faults;
    off_t whole; /* bytes of the file up to the end of its last line */
    off_t torn;  /* bytes behind that */
};

struct audit_chain audit_chain_begin(void);

/* Told of each record, and of each fault. Both may be NULL. */
struct audit_reader {
    void *context;
    void (*on_record)(void *context, hl7_slice text, const struct audit_line *line);
    void (*on_fault)(void *context, const char *path, int64_t line, const char *what);
};

/* Reads what is left of an open file to its end. 0, or an errno. */
int audit_chain_read(struct audit_chain *chain, int fd, const char *path,
                     const struct audit_reader *reader);

/* The numbers of the files that were set aside before `path`, in order: malloc'd. False with errno set. */
bool audit_chain_numbers(const char *path, unsigned **ret_numbers, size_t *ret_count);

/* "audit.log" and 12 are "audit.log.000012". False when it is too long. */
bool audit_chain_name(const char *path, unsigned number, char *text, size_t size);

#endif
