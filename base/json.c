/* SPDX-License-Identifier: Apache-2.0
 *
 * json.c - see json.h. Two states decide what may come next: what is open, and whether a key waits.
 */
#include "json.h"

#include <assert.h>
#include <string.h>

#include "text.h"

static void json_add(struct json *json, hl7_slice text)
{
    if (json->buffer != NULL) {
        hl7_buffer_add(json->buffer, text);
    } else {
        fwrite(text.ptr, 1, text.len, json->file);
    }
}

void json_to_file(struct json *json, FILE *file)
{
    memset(json, 0, sizeof *json);
    json->file = file;
}

void json_to_buffer(struct json *json, struct hl7_buffer *buffer)
{
    memset(json, 0, sizeof *json);
    json->buffer = buffer;
}

static bool json_in_object(const struct json *json)
{
    return json->depth > 0 && json->open[json->depth - 1] == '{';
}

/* What goes before a value: nothing after a key, a comma after another element. */
static void json_before_value(struct json *json)
{
    assert(!json->complete);
    assert(!json_in_object(json) || json->keyed);
    if (json->started && !json->keyed) {
        json_add(json, HL7_TEXT(","));
    }
    json->keyed = false;
    json->started = true;
    json->complete = json->depth == 0;
}

static void json_value(struct json *json, hl7_slice written)
{
    json_before_value(json);
    json_add(json, written);
}

static void json_begin(struct json *json, char bracket)
{
    json_before_value(json);
    assert(json->depth < JSON_DEPTH_MAX);
    json_add(json, (hl7_slice){&bracket, 1});
    json->open[json->depth++] = bracket;
    json->started = false;
    json->complete = false;
}

void json_open_object(struct json *json)
{
    json_begin(json, '{');
}

void json_open_array(struct json *json)
{
    json_begin(json, '[');
}

void json_end(struct json *json)
{
    assert(json->depth > 0 && !json->keyed);
    json->depth--;
    json_add(json, json->open[json->depth] == '{' ? HL7_TEXT("}") : HL7_TEXT("]"));
    json->started = true;
    json->complete = json->depth == 0;
}

/* ---- Text ----------------------------------------------------------------------------------- */

/* Writes the escape of a character that cannot stand in a string as it is. */
static void json_escape(struct json *json, uint32_t c)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char named[] = "\"\\bfnrt";
    const char *found = c == 0 ? NULL : strchr(plain, (int)c);
    char text[8];
    int len;

    if (found != NULL) {
        len = snprintf(text, sizeof text, "\\%c", named[found - plain]);
    } else {
        len = snprintf(text, sizeof text, "\\u%04x", (unsigned)c);
    }
    json_add(json, (hl7_slice){text, (size_t)len});
}

/* False for what JSON wants escaped and for what could drive a terminal. */
static bool json_is_plain(size_t len, uint32_t c)
{
    if (len == 1) {
        return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
    }
    return len != 0 && c >= 0xa0 && c != 0x2028 && c != 0x2029;
}

static void json_quoted(struct json *json, hl7_slice text)
{
    size_t from = 0;
    size_t at = 0;

    json_add(json, HL7_TEXT("\""));
    while (at < text.len) {
        uint32_t c = 0;
        size_t len = text_utf8_char((hl7_slice){text.ptr + at, text.len - at}, &c);

        if (!json_is_plain(len, c)) {
            json_add(json, (hl7_slice){text.ptr + from, at - from});
            if (len == 0) {
                json_add(json, HL7_TEXT("\xef\xbf\xbd"));
                len = 1;
            } else {
                json_escape(json, c);
            }
            from = at + len;
        }
        at += len;
    }
    json_add(json, (hl7_slice){text.ptr + from, at - from});
    json_add(json, HL7_TEXT("\""));
}

void json_key(struct json *json, const char *name)
{
    assert(json_in_object(json) && !json->keyed);
    if (json->started) {
        json_add(json, HL7_TEXT(","));
    }
    json_quoted(json, hl7_slice_of(name));
    json_add(json, HL7_TEXT(":"));
    json->keyed = true;
}

void json_text(struct json *json, hl7_slice text)
{
    if (text.ptr == NULL) {
        json_nothing(json);
    } else {
        json_before_value(json);
        json_quoted(json, text);
    }
}

void json_text_of(struct json *json, const char *text)
{
    json_text(json, hl7_slice_of(text));
}

/* ---- Numbers and words ---------------------------------------------------------------------- */

void json_number(struct json *json, uint64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)number);

    json_value(json, (hl7_slice){text, (size_t)len});
}

void json_signed(struct json *json, int64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%lld", (long long)number);

    json_value(json, (hl7_slice){text, (size_t)len});
}

void json_thousandths(struct json *json, uint64_t number)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%llu.%03llu", (unsigned long long)(number / 1000),
                       (unsigned long long)(number % 1000));

    json_value(json, (hl7_slice){text, (size_t)len});
}

void json_bool(struct json *json, bool value)
{
    json_value(json, value ? HL7_TEXT("true") : HL7_TEXT("false"));
}

void json_nothing(struct json *json)
{
    json_value(json, HL7_TEXT("null"));
}

void json_line(struct json *json)
{
    assert(json->complete && json->depth == 0);
    json_add(json, HL7_TEXT("\n"));
    json->complete = false;
    json->started = false;
}
