/* SPDX-License-Identifier: Apache-2.0
 *
 * record.h - lines of named fields: what programs say to a running broker, and hear from it.
 * docs/control-protocol.md describes them for those who write such a program.
 *
 *     record=lane <TAB> id#=3 <TAB> depth#=1200 <TAB> oldest@=1795701600000000 <TAB> leased?=1 <LF>
 *
 * The mark behind a name says what the value is. A text may hold any bytes: those that would end a
 * field or drive a terminal are written as \t, \n, \r, \\ and \xHH, in capitals, and no others are.
 *
 *     struct record_writer writer = {0};
 *     record_begin(&writer, "lane");
 *     record_number(&writer, "id", 3);
 *     record_end(&writer);
 *     if (!writer.failed) { send(record_slice(&writer)); }
 *     record_release(&writer);
 *
 * Reading never fails on what a peer may send but says that it is no record.
 */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hl7.h"

/* ---- Writing -------------------------------------------------------------------------------- */

/* Lines in memory that grows. Begin with {0}. */
struct record_writer {
    char *ptr; /* malloc'd */
    size_t len;
    size_t size;
    bool failed;  /* memory was short: what is there is not whole */
    bool started; /* private: the line holds a field */
};

/* Begins a line; its first field is record=KIND. */
void record_begin(struct record_writer *writer, const char *kind);

/* Add a field. An absent text, a NULL and the time 0 are left out; an empty text is written. A name is
 * made of small letters, digits and '-', and is ours: anything else asserts. */
void record_text(struct record_writer *writer, const char *name, hl7_slice value);
void record_string(struct record_writer *writer, const char *name, const char *value);
void record_number(struct record_writer *writer, const char *name, int64_t value);
void record_bool(struct record_writer *writer, const char *name, bool value);
void record_time(struct record_writer *writer, const char *name, int64_t microseconds);

/* Ends the line. */
void record_end(struct record_writer *writer);

/* Adds bytes as they are: a line without a kind. */
void record_line(struct record_writer *writer, const char *text);

hl7_slice record_slice(const struct record_writer *writer);

/* Takes away what was written behind the first `len` bytes. */
void record_cut(struct record_writer *writer, size_t len);

/* Gives the memory back; the writer may be used again. */
void record_release(struct record_writer *writer);

/* ---- Reading -------------------------------------------------------------------------------- */

enum record_type {
    RECORD_TEXT,   /* name=bytes */
    RECORD_NUMBER, /* name#=-12 */
    RECORD_BOOL,   /* name?=1 */
    RECORD_TIME    /* name@=microseconds since 1970, UTC */
};

/* More fields than that are no record of ours; longer names neither. */
enum { RECORD_FIELDS_MAX = 64, RECORD_NAME_MAX = 32 };

struct record_field {
    hl7_slice name;
    enum record_type type;
    hl7_slice text; /* RECORD_TEXT: decoded; else as it is written */
    int64_t number; /* RECORD_NUMBER, RECORD_TIME; RECORD_BOOL: 0 or 1 */
};

struct record {
    struct record_field fields[RECORD_FIELDS_MAX];
    size_t count;
};

/* Reads a line without its LF. Texts are decoded in place: the record borrows the line, and the line
 * is of no other use any more. False when it is none. */
bool record_read(char *line, size_t len, struct record *ret_record);

/* The field of that name, or NULL. */
const struct record_field *record_find(const struct record *record, const char *name);

/* Its text, absent when it is not there; its number, 0 when it is not there. */
hl7_slice record_get(const struct record *record, const char *name);
int64_t record_get_number(const struct record *record, const char *name);

/* Whether its first field is record=KIND. */
bool record_is(const struct record *record, const char *kind);

#endif
