/* SPDX-License-Identifier: Apache-2.0
 *
 * request.h - what a program asked: lines name=value, ended by an empty line, read and checked by the
 * table of requests.
 *
 *     request=messages <LF> patient=000123 <LF> limit=20 <LF> <LF>
 *
 * Pure: no I/O, no clock, no memory of its own. A request that came over the wire is whole or an
 * error; a handler never meets a parameter that its table does not name, or a value of another kind.
 */
#ifndef BROKER_CONTROL_REQUEST_H
#define BROKER_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hl7.h"

enum {
    REQUEST_BYTES_MAX = 64 * 1024, /* of a request, its empty line included */
    REQUEST_VALUES_MAX = 1024      /* lines of a request */
};

enum request_id {
#define REQUEST(name, parameters, event, record, doc) REQUEST_##name,
#include "requests.tbl"
#undef REQUEST
    REQUEST_COUNT
};

enum request_kind {
    REQUEST_TEXT,   /* any bytes but none at all */
    REQUEST_NUMBER, /* 0 or more */
    REQUEST_FLAG,   /* 1, or 0 as if it were not given */
    REQUEST_TIME,   /* microseconds since 1970, UTC */
    REQUEST_WORD,   /* one of `words` */
    REQUEST_INDEX   /* NAME=VALUE: an index and what to look for in it */
};

struct request_parameter {
    const char *name;
    enum request_kind kind;
    bool required;
    bool many;                /* may come several times */
    const char *const *words; /* REQUEST_WORD, ended by NULL */
    const char *doc;
};

struct request_spec {
    const char *name;
    const struct request_parameter *parameters; /* ended by one without a name */
    const char *doc;
};

/* The row of a request. */
const struct request_spec *request_spec(enum request_id id);

/* The name of a kind, for `help`. */
const char *request_kind_name(enum request_kind kind);

struct request_value {
    const struct request_parameter *parameter;
    hl7_slice text;
    int64_t
        number; /* NUMBER, FLAG, TIME: the value; WORD: the place of the word; INDEX: length of NAME */
};

struct request {
    enum request_id id;
    struct request_value values[REQUEST_VALUES_MAX];
    size_t count;
};

/* Why an answer is an error. The names are stable. */
enum request_error {
    REQUEST_GOOD = 0,
    REQUEST_MALFORMED,
    REQUEST_TOO_LARGE,
    REQUEST_UNKNOWN, /* request, parameter or word */
    REQUEST_MISSING,
    REQUEST_BAD_VALUE,
    REQUEST_NOTHING,   /* nothing of the kind is there */
    REQUEST_REFUSED,   /* cannot be done to this */
    REQUEST_AMBIGUOUS, /* more than one fits */
    REQUEST_BUSY,      /* later, perhaps */
    REQUEST_DAMAGED,
    REQUEST_FAILED,
    REQUEST_ERRORS
};

const char *request_error_name(enum request_error error);

enum { REQUEST_REASON_MAX = 300 };

/* How long the request at the front of the bytes is, its empty line included; 0 while it is not
 * whole. */
size_t request_length(hl7_slice bytes);

/* Reads a whole request, in place: its values borrow `bytes`. An error comes with a sentence for
 * people; parameter and word are quoted as far as they are printable. */
enum request_error request_read(char *bytes, size_t len, struct request *ret_request,
                                char ret_reason[REQUEST_REASON_MAX]);

/* The first value of a parameter, which the table has; NULL when it was not given. */
const struct request_value *request_get(const struct request *request, const char *name);

/* The same: absent, or `standard`, when it was not given. */
hl7_slice request_text(const struct request *request, const char *name);
int64_t request_number(const struct request *request, const char *name, int64_t standard);

/* Whether a value belongs to the parameter of that name. */
bool request_is(const struct request_value *value, const char *name);

/* How often a parameter was given. */
size_t request_times(const struct request *request, const char *name);

#endif
