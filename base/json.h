/* SPDX-License-Identifier: Apache-2.0
 *
 * json.h - a small JSON writer.
 *
 *     struct json json;
 *     json_to_file(&json, stdout);
 *     json_open_object(&json);
 *     json_key(&json, "type");
 *     json_text(&json, HL7_TEXT("ADT^A01"));
 *     json_key(&json, "sizes");
 *     json_open_array(&json);
 *     json_number(&json, 12);
 *     json_end(&json);
 *     json_end(&json);      -> {"type":"ADT^A01","sizes":[12]}
 *     json_line(&json);     -> an LF; the writer is ready for the next value
 *
 * The names are not those of the library Jansson, which a program may link beside it. Commas and colons
 * come by themselves. Misuse - a key outside an object, a value without a key, an
 * end too many, a line while something is open - is a bug of ours and asserts. Text must be UTF-8;
 * a byte that is not becomes U+FFFD (see text_utf8()). The writer allocates nothing.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hl7.h"

#define JSON_DEPTH_MAX 32

struct json {
    FILE *file;                /* one of these two is NULL */
    struct hl7_buffer *buffer; /* check buffer->full at the end */
    unsigned depth;
    bool started;              /* private: the open object or array holds something */
    bool keyed;                /* private: a key waits for its value */
    bool complete;             /* private: one whole value stands at the top */
    char open[JSON_DEPTH_MAX]; /* private: '{' or '[' */
};

void json_to_file(struct json *json, FILE *file);
void json_to_buffer(struct json *json, struct hl7_buffer *buffer);

void json_open_object(struct json *json);
void json_open_array(struct json *json);
/* Closes the innermost object or array. */
void json_end(struct json *json);

void json_key(struct json *json, const char *name);

/* An absent slice is written as null, an empty one as "". */
void json_text(struct json *json, hl7_slice text);
void json_text_of(struct json *json, const char *text); /* NULL is written as null */
void json_number(struct json *json, uint64_t number);
void json_signed(struct json *json, int64_t number);
/* Thousandths: 1234 is written as 1.234. */
void json_thousandths(struct json *json, uint64_t number);
void json_bool(struct json *json, bool value);
void json_nothing(struct json *json);

/* Ends a line after a complete value: JSON Lines. */
void json_line(struct json *json);

#endif
