/* SPDX-License-Identifier: Apache-2.0
 *
 * exchange.c - see exchange.h. */
#include "exchange.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_JSON "application/json"

/* ---- What was asked -------------------------------------------------------------------------- */

const char *exchange_query(const struct exchange *exchange, const char *name)
{
    const char *value =
        MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Digits alone. */
static bool read_number(hl7_slice text, int64_t *ret_number)
{
    int64_t number = 0;

    for (size_t i = 0; i < text.len && i < 19; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        number = i < 18 ? number * 10 + (text.ptr[i] - '0') : -1;
    }
    *ret_number = number;
    return text.len > 0 && text.len <= 18;
}

bool exchange_query_number(struct exchange *exchange, const char *name, int64_t min, int64_t max,
                           int64_t standard, int64_t *ret_number)
{
    const char *text = exchange_query(exchange, name);
    int64_t number = standard;

    if (text != NULL &&
        (!read_number(hl7_slice_of(text), &number) || number < min || number > max)) {
        return exchange_error(exchange, 400, "bad-value", "'%s' is a number from %lld to %lld",
                              name, (long long)min, (long long)max);
    }
    *ret_number = number;
    return true;
}

int64_t exchange_part_number(const struct exchange *exchange, size_t part)
{
    int64_t number = 0;

    (void)read_number(exchange->parts[part], &number); /* the route has digits there */
    return number;
}

bool exchange_text(struct exchange *exchange, const char *name, bool wanted, size_t max,
                   const char **ret_text, size_t *ret_len)
{
    const json_t *value = json_object_get(exchange->given, name);
    size_t len = 0;

    *ret_text = NULL;
    if (value == NULL && !wanted) {
        return true;
    }
    len = json_string_length(value);
    if (!json_is_string(value) || len > max || (wanted && len == 0)) {
        return exchange_error(exchange, 400, "bad-value", "'%s' is a text of %s%zu bytes", name,
                              wanted ? "1 to " : "at most ", max);
    }
    if (ret_len == NULL && memchr(json_string_value(value), '\0', len) != NULL) {
        return exchange_error(exchange, 400, "bad-value", "'%s' has a byte 0 in it", name);
    }
    *ret_text = json_string_value(value);
    if (ret_len != NULL) {
        *ret_len = len;
    }
    return true;
}

static bool is_word(const char *words, const char *word)
{
    hl7_slice rest = hl7_slice_of(words);
    hl7_slice piece;

    while (hl7_piece_next(&rest, ' ', &piece)) {
        if (hl7_slice_equal(piece, hl7_slice_of(word))) {
            return true;
        }
    }
    return false;
}

bool exchange_has_only(struct exchange *exchange, const char *words)
{
    const char *name;
    json_t *value;

    json_object_foreach(exchange->given, name, value)
    {
        if (!is_word(words, name)) {
            return exchange_error(exchange, 400, "unknown", "this takes: %s", words);
        }
    }
    return true;
}

/* ---- Answers --------------------------------------------------------------------------------- */

void exchange_bytes(struct exchange *exchange, const char *type, char *bytes, size_t len)
{
    free(exchange->answer.bytes);
    exchange->answer.status = 200;
    exchange->answer.type = type;
    exchange->answer.bytes = bytes;
    exchange->answer.constant = NULL;
    exchange->answer.len = len;
}

void exchange_json_text(struct exchange *exchange, char *text)
{
    if (text == NULL) {
        (void)exchange_no_memory(exchange);
    } else {
        exchange_bytes(exchange, TYPE_JSON, text, strlen(text));
    }
}

void exchange_json(struct exchange *exchange, json_t *json)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    exchange_json_text(exchange, text);
}

void exchange_finish(struct exchange *exchange, const struct control_link *link, json_t *whole)
{
    if (exchange_heard(exchange, link)) {
        exchange_json(exchange, whole);
    } else {
        json_decref(whole);
    }
}

void exchange_nothing(struct exchange *exchange)
{
    exchange_bytes(exchange, NULL, NULL, 0);
    exchange->answer.status = 204;
}

bool exchange_error(struct exchange *exchange, unsigned status, const char *code,
                    const char *format, ...)
{
    char text[400];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_t *error =
        json_pack("{s:{s:s,s:o}}", "error", "code", code, "text", text_json(hl7_slice_of(text)));
    char *bytes = error != NULL ? json_dumps(error, JSON_COMPACT) : NULL;
    json_decref(error);
    exchange_bytes(exchange, TYPE_JSON, bytes, bytes != NULL ? strlen(bytes) : 0);
    exchange->answer.status = status;
    exchange->answer.etag[0] = '\0';
    return false;
}

bool exchange_no_memory(struct exchange *exchange)
{
    return exchange_error(exchange, 503, "no-memory", "memory is short; try again");
}

/* ---- The broker ------------------------------------------------------------------------------ */

bool exchange_ask(struct exchange *exchange, struct control_link *link)
{
    const struct setup_web *setup = &exchange->web->setup.web;

    if (!control_link_open(link, setup->control, (unsigned)setup->broker_timeout)) {
        return exchange_error(exchange, 503, "no-broker", "the broker cannot be reached");
    }
    return true;
}

void exchange_request(const struct exchange *exchange, struct control_link *link,
                      const char *request)
{
    control_link_begin(link, request);
    if (exchange->session.user[0] != '\0') {
        control_link_add(link, "actor", exchange->session.user);
    }
}

bool exchange_heard(struct exchange *exchange, const struct control_link *link)
{
    static const struct {
        const char *error;
        unsigned status;
    } rows[] = {{"nothing", 404}, {"refused", 409},   {"ambiguous", 409},
                {"busy", 503},    {"bad-value", 400}, {"missing", 400},
                {"unknown", 400}, {"too-large", 400}, {"damaged", 410}};

    if (link->outcome == CONTROL_ANSWERED) {
        return true;
    }
    if (link->outcome == CONTROL_LOST) {
        return exchange_error(exchange, 503, "no-broker", "the broker did not answer");
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(link->error, rows[i].error) == 0) {
            return exchange_error(exchange, rows[i].status, rows[i].error, "%s", link->reason);
        }
    }
    return exchange_error(exchange, 502, "failed", "the broker could not do it");
}
