/* SPDX-License-Identifier: Apache-2.0
 *
 * log.c - lines on standard error. A line is built in a fixed buffer and written with one write(),
 * so that lines of several processes do not mix. A longer line is cut.
 */
#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "text.h"

#define LOG_LINE_MAX 1024

enum { LINES_A_SECOND = 10 };

static void log_write(const char *label, const char *event, bool keep_lines, const char *format,
                      va_list arguments) HL7_FORMAT(4, 0);

static void log_write(const char *label, const char *event, bool keep_lines, const char *format,
                      va_list arguments)
{
    char text[LOG_LINE_MAX];
    char memory[TEXT_SAFE_GROWTH * LOG_LINE_MAX + 128];
    struct hl7_buffer line;

    if (vsnprintf(text, sizeof text, format, arguments) < 0) {
        text[0] = '\0';
    }
    hl7_buffer_init(&line, memory, sizeof memory);
    hl7_buffer_add(&line, HL7_TEXT("orderly"));
    hl7_buffer_add(&line, hl7_slice_of(label));
    hl7_buffer_add(&line, hl7_slice_of(event));
    hl7_buffer_add(&line, HL7_TEXT(": "));
    text_safe(hl7_slice_of(text), keep_lines, &line);
    hl7_buffer_add_byte(&line, '\n');
    fflush(stderr);
    if (write(STDERR_FILENO, line.ptr, line.len) < 0) {
        return; /* there is no one left to tell */
    }
}

void log_plain(const char *verb, const char *format, va_list arguments)
{
    log_write(" ", verb, true, format, arguments);
}

void log_info(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_write(": info: ", event, false, format, arguments);
    va_end(arguments);
}

void log_warning(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_write(": warning: ", event, false, format, arguments);
    va_end(arguments);
}

void log_error(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_write(": error: ", event, false, format, arguments);
    va_end(arguments);
}

void log_fatal(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_write(": fatal: ", event, false, format, arguments);
    va_end(arguments);
}

bool log_may(struct log_limit *limit, const char *event, uint64_t now)
{
    uint64_t second = now / 1000;

    if (limit->second != second) {
        if (limit->dropped > 0) {
            log_warning(event, "%" PRIu64 " more in a second", limit->dropped);
        }
        *limit = (struct log_limit){.second = second};
    }
    if (limit->lines++ >= LINES_A_SECOND) {
        limit->dropped++;
        return false;
    }
    return true;
}
