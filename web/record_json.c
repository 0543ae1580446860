/* SPDX-License-Identifier: Apache-2.0
 *
 * record_json.c - what the broker says, as JSON: the part of exchange.h that makes values. */
#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../base/text.h"

json_t *text_json(hl7_slice text)
{
    struct text_charset utf8 = TEXT_CHARSET_NONE;
    struct hl7_buffer buffer;
    size_t size = text.len * TEXT_UTF8_GROWTH + 1;
    char *memory = malloc(size);

    if (memory == NULL) {
        return NULL;
    }
    hl7_buffer_init(&buffer, memory, size);
    text_utf8(&utf8, text, &buffer);
    json_t *json = json_stringn_nocheck(buffer.ptr, buffer.len);
    text_charset_close(&utf8);
    free(memory);
    return json;
}

json_t *time_json(int64_t microseconds)
{
    time_t seconds = (time_t)(microseconds / 1000000);
    struct tm utc;
    char date[32];
    char text[48];

    if (gmtime_r(&seconds, &utc) == NULL ||
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
        return json_null();
    }
    (void)snprintf(text, sizeof text, "%s.%06dZ", date, (int)(microseconds % 1000000));
    return json_string(text);
}

/* Z, or +hh:mm: minutes east of UTC. */
static bool read_zone(const char *text, int *ret_minutes)
{
    static const char pattern[] = "+00:00";
    int hours = 0;
    int minutes = 0;

    if (strcmp(text, "Z") == 0) {
        *ret_minutes = 0;
        return true;
    }
    if (text[0] != '+' && text[0] != '-') {
        return false;
    }
    for (size_t i = 1; i < sizeof pattern; i++) {
        bool digit = pattern[i] == '0';

        if (digit ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i]) {
            return false;
        }
    }
    hours = (text[1] - '0') * 10 + text[2] - '0';
    minutes = (text[4] - '0') * 10 + text[5] - '0';
    if (hours > 14 || minutes > 59) {
        return false;
    }
    *ret_minutes = (hours * 60 + minutes) * (text[0] == '-' ? -1 : 1);
    return true;
}

bool time_read(const char *text, int64_t *ret_microseconds)
{
    struct tm utc;
    int64_t fraction = 0;
    int zone = 0;

    memset(&utc, 0, sizeof utc);
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    if (rest != NULL && rest[0] == '.') {
        int64_t unit = 100000;

        for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10) {
            fraction += unit * (*rest - '0');
        }
    }
    if (rest == NULL || !read_zone(rest, &zone)) {
        return false;
    }
    *ret_microseconds = ((int64_t)timegm(&utc) - zone * 60) * 1000000 + fraction;
    return *ret_microseconds >= 0;
}

static json_t *field_json(const struct record_field *field)
{
    switch (field->type) {
    case RECORD_NUMBER:
        return json_integer(field->number);
    case RECORD_BOOL:
        return json_boolean(field->number != 0);
    case RECORD_TIME:
        return time_json(field->number);
    case RECORD_TEXT:
        break;
    }
    return text_json(field->text);
}

json_t *record_json(const struct record *record)
{
    json_t *object = json_object();

    /* The first says of what kind it is. */
    for (size_t i = 1; i < record->count; i++) {
        const struct record_field *field = &record->fields[i];
        char name[RECORD_NAME_MAX + 1];

        (void)snprintf(name, sizeof name, "%.*s", (int)field->name.len, field->name.ptr);
        for (char *c = name; *c != '\0'; c++) {
            *c = *c == '-' ? '_' : *c;
        }
        if (json_object_set_new(object, name, field_json(field)) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}
