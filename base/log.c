/* SPDX-License-Identifier: Apache-2.0
 *
 * log.c - lines on standard error. A line is built in a fixed buffer and written with one write(),
 * so that lines of several processes do not mix. A longer line is cut. */
#include "log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "text.h"

#define LOG_LINE_MAX 1024

enum { LINES_A_SECOND = 10, PAIRS_MAX = 16, TIME_TEXT = 48 };

struct level {
    const char *name;
    int priority; /* of syslog, as the systemd journal takes it */
};

static const struct level levels[] = {
    [LOG_LEVEL_FATAL] = {"fatal", 2},
    [LOG_LEVEL_ERROR] = {"error", 3},
    [LOG_LEVEL_WARNING] = {"warning", 4},
    [LOG_LEVEL_INFO] = {"info", 6},
};

/* How lines are written is as much the process's own as standard error is: this is the one variable of
 * the program that is not somebody's member. */
static struct {
    enum log_format format;
    enum log_level least;
    bool opened;     /* lines have a time */
    bool to_journal; /* which stamps them itself */
} style = {.least = LOG_LEVEL_INFO};

/* ---- Where standard error goes -------------------------------------------------------------- */

/* JOURNAL_STREAM=DEVICE:INODE tells which stream the journal reads: ours may be another by now. */
static bool is_journal(void)
{
    const char *told = getenv("JOURNAL_STREAM");
    struct stat file;
    char text[64];

    if (told == NULL || fstat(STDERR_FILENO, &file) != 0) {
        return false;
    }
    (void)snprintf(text, sizeof text, "%ju:%ju", (uintmax_t)file.st_dev, (uintmax_t)file.st_ino);
    return strcmp(told, text) == 0;
}

void log_open(enum log_format format, enum log_level least)
{
    style.format = format;
    style.least = least;
    style.opened = true;
    style.to_journal = is_journal();
}

/* ---- Lines ---------------------------------------------------------------------------------- */

/* 2026-11-26T15:04:05.123456+01:00 */
static void write_time(char text[TIME_TEXT])
{
    struct timespec now;
    struct tm local;
    char date[24];
    char zone[8];

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (localtime_r(&now.tv_sec, &local) == NULL ||
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &local) == 0 ||
        strftime(zone, sizeof zone, "%z", &local) != 5) {
        (void)snprintf(text, TIME_TEXT, "1970-01-01T00:00:00.000000+00:00");
        return;
    }
    (void)snprintf(text, TIME_TEXT, "%s.%06ld%.3s:%.2s", date, now.tv_nsec / 1000, zone, zone + 3);
}

static void add_text_line(struct hl7_buffer *line, const char *label, const char *event,
                          hl7_slice text, bool keep_lines)
{
    char time[TIME_TEXT];

    if (style.opened && !style.to_journal) {
        write_time(time);
        hl7_buffer_add(line, hl7_slice_of(time));
        hl7_buffer_add_byte(line, ' ');
    }
    hl7_buffer_add(line, HL7_TEXT("orderly"));
    hl7_buffer_add(line, hl7_slice_of(label));
    hl7_buffer_add(line, hl7_slice_of(event));
    hl7_buffer_add(line, HL7_TEXT(": "));
    text_safe(text, keep_lines, line);
}

/* Takes a word name=value, or name="value", off the front of the text. False when there is none. */
static bool take_pair(hl7_slice *text, hl7_slice *ret_name, hl7_slice *ret_value)
{
    size_t at = 0;

    while (at < text->len &&
           ((text->ptr[at] >= 'a' && text->ptr[at] <= 'z') || (at > 0 && text->ptr[at] == '-'))) {
        at++;
    }
    if (at == 0 || at == text->len || text->ptr[at] != '=') {
        return false;
    }
    *ret_name = (hl7_slice){text->ptr, at++};
    bool quoted = at < text->len && text->ptr[at] == '"';
    at += quoted;
    const char *value = text->ptr + at;
    const char *end = memchr(value, quoted ? '"' : ' ', text->len - at);
    if (end == NULL) {
        end = text->ptr + text->len;
    }
    *ret_value = (hl7_slice){value, (size_t)(end - value)};
    at += ret_value->len;
    while (at < text->len && (text->ptr[at] == ' ' || (quoted && text->ptr[at] == '"'))) {
        at++;
    }
    *text = (hl7_slice){text->ptr + at, text->len - at};
    return true;
}

/* The names that every line has. */
static bool is_taken(hl7_slice name, const hl7_slice *names, size_t count)
{
    static const char *const own[] = {"time", "level", "event", "text"};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (hl7_slice_equal(name, hl7_slice_of(own[i]))) {
            return true;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (hl7_slice_equal(name, names[i])) {
            return true;
        }
    }
    return false;
}

/* The first of several pairs with one name counts. */
static void add_members(struct json *json, hl7_slice text)
{
    hl7_slice names[PAIRS_MAX];
    hl7_slice value;
    size_t count = 0;

    while (count < PAIRS_MAX && take_pair(&text, &names[count], &value)) {
        char name[LOG_LINE_MAX];

        if (is_taken(names[count], names, count)) {
            continue;
        }
        memcpy(name, names[count].ptr, names[count].len);
        name[names[count].len] = '\0';
        json_key(json, name);
        json_text(json, value);
        count++;
    }
}

static void add_json_line(struct hl7_buffer *line, enum log_level level, const char *event,
                          hl7_slice text)
{
    struct json json;
    char time[TIME_TEXT];

    write_time(time);
    json_to_buffer(&json, line);
    json_open_object(&json);
    json_key(&json, "time");
    json_text_of(&json, time);
    json_key(&json, "level");
    json_text_of(&json, levels[level].name);
    json_key(&json, "event");
    json_text_of(&json, event);
    add_members(&json, text);
    json_key(&json, "text");
    json_text(&json, text);
    json_end(&json);
}

static void write_line(struct hl7_buffer *line)
{
    hl7_buffer_add_byte(line, '\n');
    fflush(stderr);
    if (write(STDERR_FILENO, line->ptr, line->len) < 0) {
        return; /* there is no one left to tell */
    }
}

static void log_event(enum log_level level, const char *event, const char *format,
                      va_list arguments) HL7_FORMAT(3, 0);

static void log_event(enum log_level level, const char *event, const char *format,
                      va_list arguments)
{
    char text[LOG_LINE_MAX];
    /* In JSON a byte takes six at most, and stands in a member and in the text. */
    char memory[12 * LOG_LINE_MAX + 512];
    struct hl7_buffer line;
    char label[16];

    if (level > style.least) {
        return;
    }
    if (vsnprintf(text, sizeof text, format, arguments) < 0) {
        text[0] = '\0';
    }
    hl7_buffer_init(&line, memory, sizeof memory);
    if (style.to_journal) {
        hl7_buffer_add_byte(&line, '<');
        hl7_buffer_add_byte(&line, (char)('0' + levels[level].priority));
        hl7_buffer_add_byte(&line, '>');
    }
    if (style.format == LOG_AS_JSON) {
        add_json_line(&line, level, event, hl7_slice_of(text));
    } else {
        (void)snprintf(label, sizeof label, ": %s: ", levels[level].name);
        add_text_line(&line, label, event, hl7_slice_of(text), false);
    }
    write_line(&line);
}

void log_plain(const char *verb, const char *format, va_list arguments)
{
    char text[LOG_LINE_MAX];
    char memory[TEXT_SAFE_GROWTH * LOG_LINE_MAX + 128];
    struct hl7_buffer line;

    if (vsnprintf(text, sizeof text, format, arguments) < 0) {
        text[0] = '\0';
    }
    hl7_buffer_init(&line, memory, sizeof memory);
    add_text_line(&line, " ", verb, hl7_slice_of(text), true);
    write_line(&line);
}

/* ---- Events --------------------------------------------------------------------------------- */

void log_info(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_event(LOG_LEVEL_INFO, event, format, arguments);
    va_end(arguments);
}

void log_warning(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_event(LOG_LEVEL_WARNING, event, format, arguments);
    va_end(arguments);
}

void log_error(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_event(LOG_LEVEL_ERROR, event, format, arguments);
    va_end(arguments);
}

void log_fatal(const char *event, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_event(LOG_LEVEL_FATAL, event, format, arguments);
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
