/* SPDX-License-Identifier: Apache-2.0
 *
 * control_print.c - see control_print.h. */
#include "control_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "when.h"

void control_print_open(struct control_print *print, const struct control_options *options)
{
    *print = (struct control_print){.options = options, .now = when_now()};
    text_terminal_open(&print->terminal, stdout, (enum text_when)options->color);
    json_to_file(&print->json, stdout);
}

void control_print_close(struct control_print *print)
{
    free(print->joined);
    print->joined = NULL;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static bool is_utf8(hl7_slice text)
{
    uint32_t character = 0;

    while (text.len > 0) {
        size_t len = text_utf8_char(text, &character);

        if (len == 0) {
            return false;
        }
        text = hl7_slice_part(text, len, text.len);
    }
    return true;
}

/* The member's name, with what is behind it. */
static void put_key(struct json *json, hl7_slice name, const char *behind)
{
    char text[RECORD_NAME_MAX + 16];
    int len = snprintf(text, sizeof text, "%.*s%s", (int)name.len, name.ptr, behind);

    for (int i = 0; i < len; i++) {
        text[i] = text[i] == '-' ? '_' : text[i];
    }
    json_key(json, text);
}

/* At most 3 bytes as 4 characters. */
static void encode(hl7_slice bytes, char text[4])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned value = 0;

    for (size_t i = 0; i < 3; i++) {
        value = value << 8 | (i < bytes.len ? (unsigned char)bytes.ptr[i] : 0);
    }
    for (size_t i = 0; i < 4; i++) {
        text[i] = i <= bytes.len ? digits[value >> (18 - 6 * i) & 63] : '=';
    }
}

static void put_base64(struct json *json, hl7_slice bytes)
{
    size_t size = (bytes.len + 2) / 3 * 4;
    char *text = malloc(size + 1);

    if (text == NULL) {
        json_nothing(json);
        return;
    }
    for (size_t at = 0; at < bytes.len; at += 3) {
        encode(hl7_slice_part(bytes, at, 3), text + at / 3 * 4);
    }
    json_text(json, (hl7_slice){text, size});
    free(text);
}

static void put_field(struct json *json, const struct record_field *field)
{
    char text[WHEN_TEXT];

    if (field->type == RECORD_TEXT && !is_utf8(field->text)) {
        put_key(json, field->name, "_base64");
        put_base64(json, field->text);
        return;
    }
    put_key(json, field->name, "");
    switch (field->type) {
    case RECORD_TEXT:
        json_text(json, field->text);
        break;
    case RECORD_NUMBER:
        json_signed(json, field->number);
        break;
    case RECORD_BOOL:
        json_bool(json, field->number != 0);
        break;
    case RECORD_TIME:
        when_write_utc(field->number, text);
        json_text_of(json, text);
        break;
    }
}

void control_print_json(struct control_print *print, const struct record *record)
{
    json_open_object(&print->json);
    for (size_t i = 0; i < record->count; i++) {
        put_field(&print->json, &record->fields[i]);
    }
    json_end(&print->json);
    json_line(&print->json);
}

/* ---- Pieces --------------------------------------------------------------------------------- */

static struct record_field *find(struct record *record, const char *name)
{
    for (size_t i = 0; i < record->count; i++) {
        if (hl7_slice_equal(record->fields[i].name, hl7_slice_of(name))) {
            return &record->fields[i];
        }
    }
    return NULL;
}

static bool append(struct control_print *print, hl7_slice bytes)
{
    if (print->joined_size - print->joined_len < bytes.len) {
        size_t size = 2 * (print->joined_len + bytes.len);
        char *joined = realloc(print->joined, size);

        if (joined == NULL) {
            return false;
        }
        print->joined = joined;
        print->joined_size = size;
    }
    if (bytes.len > 0) {
        memcpy(print->joined + print->joined_len, bytes.ptr, bytes.len);
        print->joined_len += bytes.len;
    }
    return true;
}

bool control_print_join(struct control_print *print, struct record *record)
{
    struct record_field *data = find(record, "data");
    struct record_field *offset = find(record, "offset");
    int64_t total = record_get_number(record, "total");

    if (data == NULL || offset == NULL || total < 0 || (int64_t)data->text.len == total) {
        return data != NULL;
    }
    if (offset->number == 0) {
        print->joined_len = 0;
    }
    if (offset->number != (int64_t)print->joined_len || !append(print, data->text) ||
        (int64_t)print->joined_len != total) {
        return false;
    }
    offset->number = 0;
    data->text = (hl7_slice){print->joined, print->joined_len};
    return true;
}

/* ---- Cells ---------------------------------------------------------------------------------- */

void control_print_time(const struct control_print *print, struct table *table,
                        enum text_style style, int64_t time, bool age)
{
    char text[WHEN_TEXT] = "";

    if (time != 0 && !print->terminal.is_terminal) {
        when_write_local(time, text);
    } else if (time != 0 && age) {
        when_write_age(time > print->now ? time - print->now : print->now - time, text);
    } else if (time != 0) {
        when_write_short(time, text);
    }
    table_string(table, style, text);
}

void control_print_field(struct table *table, enum text_style style, const struct record *record,
                         const char *name)
{
    table_text(table, style, record_get(record, name));
}

enum text_style control_print_style(hl7_slice state)
{
    static const struct {
        const char *state;
        enum text_style style;
    } rows[] = {{"dead", TEXT_RED},        {"held", TEXT_RED},        {"damaged", TEXT_RED},
                {"halted", TEXT_RED},      {"down", TEXT_RED},        {"failed", TEXT_RED},
                {"paused", TEXT_YELLOW},   {"pending", TEXT_YELLOW},  {"running", TEXT_GREEN},
                {"up", TEXT_GREEN},        {"delivered", TEXT_GREEN}, {"settled", TEXT_GREEN},
                {"listening", TEXT_GREEN}, {"connected", TEXT_GREEN}, {"retry", TEXT_YELLOW}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (hl7_slice_equal(state, hl7_slice_of(rows[i].state))) {
            return rows[i].style;
        }
    }
    return TEXT_NORMAL;
}

void control_print_counted(int64_t number, const char *noun, char text[CONTROL_COUNTED])
{
    char digits[24];
    char grouped[32];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)number);
    size_t to = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-') {
            grouped[to++] = ',';
        }
        grouped[to++] = digits[i];
    }
    grouped[to] = '\0';
    size_t stem = strlen(noun);
    bool is_y = stem > 0 && noun[stem - 1] == 'y' && number != 1;
    (void)snprintf(text, CONTROL_COUNTED, "%s %.*s%s", grouped, (int)(is_y ? stem - 1 : stem), noun,
                   number == 1 ? ""
                   : is_y      ? "ies"
                               : "s");
}
