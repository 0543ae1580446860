/* SPDX-License-Identifier: Apache-2.0
 *
 * chain.c - see chain.h. A file is read in pieces; a line that is longer than any record is is none, and
 * is passed over. */
#include "chain.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 256 * 1024 };

struct audit_chain audit_chain_begin(void)
{
    return (struct audit_chain){.last = audit_link_first()};
}

/* ---- Lines ---------------------------------------------------------------------------------- */

struct reading {
    struct audit_chain *chain;
    const char *path;
    const struct audit_reader *reader;
    int64_t line;
};

static void fault(struct reading *reading, const char *format, ...) HL7_FORMAT(2, 3);

static void fault(struct reading *reading, const char *format, ...)
{
    char text[AUDIT_FAULT_TEXT];
    va_list arguments;

    reading->chain->faults++;
    if (reading->reader->on_fault != NULL) {
        va_start(arguments, format);
        (void)vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        reading->reader->on_fault(reading->reader->context, reading->path, reading->line, text);
    }
}

/* Whether the record is the one that comes next. The first of all may have any number. */
static void check_place(struct reading *reading, const struct audit_line *line)
{
    const struct audit_link *last = &reading->chain->last;
    long long wanted = (long long)last->sequence + 1;
    long long found = (long long)line->link.sequence;

    if (reading->chain->first == 0 && (found != 1 || strcmp(line->previous, last->hash) == 0)) {
        return;
    }
    if (found > wanted) {
        fault(reading, "records %lld to %lld are missing", wanted, found - 1);
    } else if (found < wanted) {
        fault(reading, "record %lld stands where record %lld should", found, wanted);
    } else if (strcmp(line->previous, last->hash) != 0) {
        fault(reading, "record %lld does not continue the record before it", found);
    }
}

static void take_line(struct reading *reading, hl7_slice text)
{
    struct audit_chain *chain = reading->chain;
    struct audit_line line;
    enum audit_line_answer answer = audit_line_read(text, &line);

    reading->line++;
    if (answer == AUDIT_LINE_NONE) {
        fault(reading, "this is no record");
        return;
    }
    if (answer == AUDIT_LINE_CHANGED) {
        fault(reading, "record %lld was changed after it was written",
              (long long)line.link.sequence);
    }
    check_place(reading, &line);
    if (chain->first == 0) {
        chain->first = line.link.sequence;
    }
    chain->last = line.link;
    chain->ended = hl7_slice_equal(line.event, HL7_TEXT("stop"));
    chain->count++;
    if (reading->reader->on_record != NULL) {
        reading->reader->on_record(reading->reader->context, text, &line);
    }
}

/* ---- Files ---------------------------------------------------------------------------------- */

struct window {
    char *bytes;
    size_t len;
    bool skips; /* within a line that is too long */
};

/* Takes all whole lines that are held. */
static void take_lines(struct reading *reading, struct window *window)
{
    size_t at = 0;

    for (;;) {
        const char *end = memchr(window->bytes + at, '\n', window->len - at);

        if (end == NULL) {
            break;
        }
        size_t len = (size_t)(end - window->bytes) - at;
        if (!window->skips) {
            take_line(reading, (hl7_slice){window->bytes + at, len});
        }
        window->skips = false;
        at += len + 1;
    }
    reading->chain->whole += (off_t)at;
    window->len -= at;
    memmove(window->bytes, window->bytes + at, window->len);
    if (window->len == READ_SIZE) {
        if (!window->skips) {
            reading->line++;
            fault(reading, "this is no record");
        }
        window->skips = true;
        reading->chain->whole += READ_SIZE;
        window->len = 0;
    }
}

int audit_chain_read(struct audit_chain *chain, int fd, const char *path,
                     const struct audit_reader *reader)
{
    static const struct audit_reader nobody = {.context = NULL};
    struct reading reading = {chain, path, reader != NULL ? reader : &nobody, 0};
    struct window window = {.bytes = malloc(READ_SIZE)};
    ssize_t got = 1;

    if (window.bytes == NULL) {
        return ENOMEM;
    }
    chain->whole = 0;
    while (got > 0) {
        got = read(fd, window.bytes + window.len, READ_SIZE - window.len);
        if (got > 0) {
            window.len += (size_t)got;
            take_lines(&reading, &window);
        } else if (got < 0 && errno == EINTR) {
            got = 1;
        }
    }
    int error = got < 0 ? errno : 0;
    chain->torn = (off_t)window.len;
    if (error == 0 && window.len > 0) {
        reading.line++;
        fault(&reading, "the last line is incomplete: %zu bytes", window.len);
    }
    free(window.bytes);
    return error;
}

/* ---- Names ---------------------------------------------------------------------------------- */

bool audit_chain_name(const char *path, unsigned number, char *text, size_t size)
{
    int len = snprintf(text, size, "%s.%0*u", path, AUDIT_DIGITS, number);

    return len > 0 && (size_t)len < size;
}

/* The number of an entry of the folder; 0 when it is none of ours. */
static unsigned number_of(const char *entry, const char *name, size_t name_len)
{
    unsigned number = 0;
    size_t len = strlen(entry);

    if (len != name_len + 1 + AUDIT_DIGITS || strncmp(entry, name, name_len) != 0 ||
        entry[name_len] != '.') {
        return 0;
    }
    for (const char *at = entry + name_len + 1; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            return 0;
        }
        number = number * 10 + (unsigned)(*at - '0');
    }
    return number;
}

static int in_order(const void *a, const void *b)
{
    const unsigned *left = a;
    const unsigned *right = b;

    return (*left > *right) - (*left < *right);
}

static DIR *open_folder(const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');

    *ret_name = slash == NULL ? path : slash + 1;
    if (slash == NULL) {
        return opendir(".");
    }
    char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    DIR *found = folder != NULL ? opendir(folder) : NULL;
    free(folder);
    return found;
}

bool audit_chain_numbers(const char *path, unsigned **ret_numbers, size_t *ret_count)
{
    const char *name = NULL;
    DIR *folder = open_folder(path, &name);
    const struct dirent *entry = NULL;
    unsigned *numbers = malloc(sizeof *numbers);
    size_t count = 0;
    size_t size = 1;

    if (folder == NULL || numbers == NULL) {
        int error = errno;
        free(numbers);
        if (folder != NULL) {
            (void)closedir(folder);
        }
        errno = error;
        return false;
    }
    size_t len = strlen(name);
    while (numbers != NULL && (entry = readdir(folder)) != NULL) {
        unsigned number = number_of(entry->d_name, name, len);

        if (number != 0 && count == size) {
            unsigned *grown = realloc(numbers, 2 * size * sizeof *numbers);
            if (grown == NULL) {
                free(numbers);
            }
            numbers = grown;
            size *= 2;
        }
        if (number != 0 && numbers != NULL) {
            numbers[count++] = number;
        }
    }
    (void)closedir(folder);
    if (numbers == NULL) {
        errno = ENOMEM;
        return false;
    }
    qsort(numbers, count, sizeof *numbers, in_order);
    *ret_numbers = numbers;
    *ret_count = count;
    return true;
}
