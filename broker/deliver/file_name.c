/* SPDX-License-Identifier: Apache-2.0 */
#include "file_name.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool is_safe(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Adds what a message says, at most `most` bytes of it. */
static void add_foreign(struct hl7_buffer *buffer, hl7_slice text, size_t most)
{
    text = hl7_slice_part(text, 0, most);
    if (text.len == 0) {
        hl7_buffer_add_byte(buffer, '_');
    }
    for (size_t i = 0; i < text.len; i++) {
        hl7_buffer_add_byte(buffer, is_safe(text.ptr[i]) ? text.ptr[i] : '_');
    }
}

/* Adds what the configuration says. It is checked when it is loaded; that a name stays within its
 * folder does not depend on it. */
static void add_own(struct hl7_buffer *buffer, hl7_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        hl7_buffer_add_byte(buffer, c < 0x20 || c == '/' || c == 0x7f ? '_' : text.ptr[i]);
    }
}

/* "ORM^O01": what stands before the first '^', or behind it up to the next. */
static hl7_slice component(hl7_slice type, size_t number)
{
    hl7_slice rest = type;

    for (;;) {
        const char *end = rest.len == 0 ? NULL : memchr(rest.ptr, '^', rest.len);
        size_t len = end == NULL ? rest.len : (size_t)(end - rest.ptr);
        if (--number == 0) {
            return hl7_slice_part(rest, 0, len);
        }
        rest = end == NULL ? (hl7_slice){NULL, 0} : hl7_slice_part(rest, len + 1, rest.len);
    }
}

/* Three numbers side by side: "20261126", "141502". */
static void add_digits(struct hl7_buffer *buffer, int first, int second, int third)
{
    char text[40];

    (void)snprintf(text, sizeof text, "%02d%02d%02d", first, second, third);
    add_own(buffer, hl7_slice_of(text));
}

/* The local time it came; all zeros when the system cannot say. */
static struct tm local_time(int64_t received)
{
    time_t seconds = (time_t)(received / 1000000);
    struct tm local;

    return localtime_r(&seconds, &local) != NULL ? local
                                                 : (struct tm){.tm_year = -1900, .tm_mon = -1};
}

static void add_part(struct hl7_buffer *buffer, const struct config_name_part *part,
                     const struct door_letter *letter, size_t most)
{
    char digits[24];
    struct tm came;

    switch (part->kind) {
    case CONFIG_NAME_TEXT:
        add_own(buffer, hl7_slice_of(part->text));
        break;
    case CONFIG_NAME_ID:
        (void)snprintf(digits, sizeof digits, "%0*" PRId64, FILE_NAME_DIGITS, letter->id);
        add_own(buffer, hl7_slice_of(digits));
        break;
    case CONFIG_NAME_CONTROL_ID:
        add_foreign(buffer, letter->control_id, most);
        break;
    case CONFIG_NAME_TYPE:
        add_foreign(buffer, component(letter->type, 1), most);
        break;
    case CONFIG_NAME_EVENT:
        add_foreign(buffer, component(letter->type, 2), most);
        break;
    case CONFIG_NAME_ROUTE:
        add_own(buffer, letter->route);
        break;
    case CONFIG_NAME_LISTENER:
        add_own(buffer, letter->listener);
        break;
    case CONFIG_NAME_DATE:
        came = local_time(letter->received);
        add_digits(buffer, came.tm_year + 1900, came.tm_mon + 1, came.tm_mday);
        break;
    case CONFIG_NAME_TIME:
        came = local_time(letter->received);
        add_digits(buffer, came.tm_hour, came.tm_min, came.tm_sec);
        break;
    }
}

bool file_name_write(const struct config_file_name *pattern, const struct door_letter *letter,
                     char ret_name[FILE_NAME_SIZE])
{
    char memory[FILE_NAME_MAX];
    struct hl7_buffer buffer;
    size_t most = FILE_NAME_PART_MAX;

    do {
        hl7_buffer_init(&buffer, memory, sizeof memory);
        for (size_t i = 0; i < pattern->count; i++) {
            add_part(&buffer, &pattern->parts[i], letter, most);
        }
        most /= 2;
    } while (buffer.full && most > 0);
    if (buffer.full || buffer.len == 0) {
        return false;
    }
    if (memory[0] == '.' || memory[0] == '-') {
        memory[0] = '_';
    }
    memcpy(ret_name, memory, buffer.len);
    ret_name[buffer.len] = '\0';
    return true;
}
