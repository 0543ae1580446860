/* SPDX-License-Identifier: Apache-2.0 */
#include "line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../base/json.h"

enum { HASH = HL7_SHA256_HEX - 1, MILLION = 1000000 };

struct audit_link audit_link_first(void)
{
    struct audit_link link = {.sequence = 0};

    memset(link.hash, '0', HASH);
    return link;
}

/* ---- Writing -------------------------------------------------------------------------------- */

static void write_time(struct json *json, int64_t time)
{
    time_t seconds = (time_t)(time / MILLION);
    char text[64];
    struct tm parts;

    (void)gmtime_r(&seconds, &parts);
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + len, sizeof text - len, ".%06ldZ", (long)(time % MILLION));
    json_key(json, "time");
    json_text_of(json, text);
}

static void write_field(struct json *json, const struct audit_field *field)
{
    json_key(json, field->name);
    if (field->text == NULL) {
        json_signed(json, field->number);
    } else {
        json_text(json, (hl7_slice){field->text, field->len});
    }
}

static void write_members(const struct audit_entry *entry, const char *name,
                          const struct audit_link *last, struct json *json)
{
    json_open_object(json);
    json_key(json, "sequence");
    json_signed(json, last->sequence + 1);
    write_time(json, entry->time);
    json_key(json, "event");
    json_text_of(json, audit_event_word(entry->event));
    if (entry->has_user) {
        json_key(json, "uid");
        json_number(json, entry->user);
    }
    if (name != NULL) {
        json_key(json, "user");
        json_text_of(json, name);
    }
    for (size_t i = 0; i < entry->count; i++) {
        write_field(json, &entry->fields[i]);
    }
    json_key(json, "previous");
    json_text_of(json, last->hash);
    json_end(json);
}

bool audit_line_write(const struct audit_entry *entry, const char *name,
                      const struct audit_link *last, struct hl7_buffer *buffer,
                      struct audit_link *ret_link)
{
    size_t start = buffer->len;
    struct json json;

    json_to_buffer(&json, buffer);
    write_members(entry, name, last, &json);
    if (buffer->full) {
        return false;
    }
    buffer->len--; /* the brace comes behind the hash */
    struct audit_link link = {.sequence = last->sequence + 1};
    hl7_sha256_hex((hl7_slice){buffer->ptr + start, buffer->len - start}, link.hash);
    hl7_buffer_add(buffer, HL7_TEXT(",\"hash\":\""));
    hl7_buffer_add(buffer, (hl7_slice){link.hash, HASH});
    hl7_buffer_add(buffer, HL7_TEXT("\"}\n"));
    if (buffer->full) {
        return false;
    }
    *ret_link = link;
    return true;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* Takes a text off the front; false when it does not stand there. */
static bool take(hl7_slice *rest, hl7_slice text)
{
    if (!hl7_slice_starts(*rest, text)) {
        return false;
    }
    *rest = hl7_slice_part(*rest, text.len, rest->len);
    return true;
}

static bool take_number(hl7_slice *rest, int64_t *ret_number)
{
    int64_t number = 0;
    size_t len = 0;

    while (len < rest->len && len < 18 && rest->ptr[len] >= '0' && rest->ptr[len] <= '9') {
        number = number * 10 + (rest->ptr[len++] - '0');
    }
    *rest = hl7_slice_part(*rest, len, rest->len);
    *ret_number = number;
    return len > 0;
}

/* Takes a text and the quote behind it, whose opening quote has been taken. */
static bool take_text(hl7_slice *rest, hl7_slice *ret_text)
{
    for (size_t i = 0; i < rest->len; i++) {
        if (rest->ptr[i] == '\\') {
            i++;
        } else if (rest->ptr[i] == '"') {
            *ret_text = hl7_slice_part(*rest, 0, i);
            *rest = hl7_slice_part(*rest, i + 1, rest->len);
            return true;
        }
    }
    return false;
}

static bool take_hash(hl7_slice text, char ret_hash[HL7_SHA256_HEX])
{
    if (text.len != HASH) {
        return false;
    }
    for (size_t i = 0; i < HASH; i++) {
        if (strchr("0123456789abcdef", text.ptr[i]) == NULL || text.ptr[i] == '\0') {
            return false;
        }
        ret_hash[i] = text.ptr[i];
    }
    ret_hash[HASH] = '\0';
    return true;
}

bool audit_line_member(hl7_slice *rest, hl7_slice *ret_name, hl7_slice *ret_value)
{
    hl7_slice at = *rest;

    if (!take(&at, HL7_TEXT(",\"")) || !take_text(&at, ret_name) || !take(&at, HL7_TEXT(":"))) {
        return false;
    }
    if (take(&at, HL7_TEXT("\""))) {
        if (!take_text(&at, ret_value)) {
            return false;
        }
    } else {
        size_t len = 0;

        while (len < at.len && strchr("-0123456789", at.ptr[len]) != NULL && at.ptr[len] != '\0') {
            len++;
        }
        if (len == 0) {
            return false;
        }
        *ret_value = hl7_slice_part(at, 0, len);
        at = hl7_slice_part(at, len, at.len);
    }
    *rest = at;
    return true;
}

/* The two hashes at the end, and what stands between them and the front. */
static bool read_end(hl7_slice rest, struct audit_line *line)
{
    static const hl7_slice previous = {",\"previous\":\"", 13};
    static const hl7_slice hash = {"\",\"hash\":\"", 10};
    const size_t tail = previous.len + HASH + hash.len + HASH + 2;

    if (rest.len < tail) {
        return false;
    }
    hl7_slice at = hl7_slice_part(rest, rest.len - tail, tail);
    line->rest = hl7_slice_part(rest, 0, rest.len - tail);
    if (!take(&at, previous) || !take_hash(hl7_slice_part(at, 0, HASH), line->previous)) {
        return false;
    }
    at = hl7_slice_part(at, HASH, at.len);
    return take(&at, hash) && take_hash(hl7_slice_part(at, 0, HASH), line->link.hash) &&
           hl7_slice_equal(hl7_slice_part(at, HASH, at.len), HL7_TEXT("\"}"));
}

static bool read_parts(hl7_slice text, struct audit_line *line)
{
    hl7_slice name;
    hl7_slice value;

    if (!take(&text, HL7_TEXT("{\"sequence\":")) || !take_number(&text, &line->link.sequence) ||
        !take(&text, HL7_TEXT(",\"time\":\"")) || !take_text(&text, &line->time) ||
        !take(&text, HL7_TEXT(",\"event\":\"")) || !take_text(&text, &line->event) ||
        !read_end(text, line)) {
        return false;
    }
    for (text = line->rest; text.len > 0;) {
        if (!audit_line_member(&text, &name, &value)) {
            return false;
        }
    }
    return true;
}

enum audit_line_answer audit_line_read(hl7_slice text, struct audit_line *ret_line)
{
    const size_t end = HASH + 11; /* ,"hash":"..."} */
    struct audit_line line;
    char hash[HL7_SHA256_HEX];

    if (!read_parts(text, &line)) {
        return AUDIT_LINE_NONE;
    }
    *ret_line = line;
    hl7_sha256_hex(hl7_slice_part(text, 0, text.len - end), hash);
    return strcmp(hash, line.link.hash) == 0 ? AUDIT_LINE_GOOD : AUDIT_LINE_CHANGED;
}

int64_t audit_line_time(const struct audit_line *line)
{
    struct tm parts = {.tm_isdst = 0};
    char text[32];
    long fraction = 0;

    (void)snprintf(text, sizeof text, "%.*s", (int)(line->time.len < 31 ? line->time.len : 31),
                   line->time.ptr);
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (end == NULL || *end != '.') {
        return 0;
    }
    for (size_t i = 1; i <= 6 && end[i] >= '0' && end[i] <= '9'; i++) {
        fraction = fraction * 10 + (end[i] - '0');
    }
    return (int64_t)timegm(&parts) * MILLION + fraction;
}
