/* SPDX-License-Identifier: Apache-2.0
 *
 * What the programs of bench/ share: a clock, strict numbers, growing bytes, and one way to give
 * up.
 *
 * Each program is one source file, so everything here is static inline. A failure that makes the
 * measurement worthless (no memory, no descriptor, wrong use) ends the program with exit code 2.
 */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { BENCH_VT = 0x0b, BENCH_FS = 0x1c, BENCH_CR = 0x0d };

/* Bytes that grow; zeroed means empty. The owner calls bytes_release. */
struct bytes {
    unsigned char *data;
    size_t used;
    size_t size;
};

/* Writes one line to stderr and ends the program with exit code 2. */
__attribute__((format(printf, 1, 2), noreturn)) static inline void bench_give_up(const char *format,
                                                                                 ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    exit(2);
}

/* Nanoseconds of the monotonic clock. */
static inline uint64_t bench_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* Processor seconds, user and system, that this process has used. */
static inline double bench_processor_seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* A whole decimal number from least to most, or the program ends and names the option. */
static inline uint64_t bench_number(const char *name, const char *text, uint64_t least,
                                    uint64_t most)
{
    char *end = NULL;
    unsigned long long value;

    errno = 0;
    value = text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0 || value < least || value > most) {
        bench_give_up("%s: '%s' is not a number from %llu to %llu", name, text,
                      (unsigned long long)least, (unsigned long long)most);
    }
    return value;
}

/* A decimal fraction of seconds in nanoseconds, at most a day. */
static inline uint64_t bench_seconds(const char *name, const char *text)
{
    char *end = NULL;
    double value = text[0] >= '0' && text[0] <= '9' ? strtod(text, &end) : 0;

    if (end == NULL || *end != '\0' || !(value >= 0 && value <= 86400)) {
        bench_give_up("%s: '%s' is not a number of seconds up to 86400", name, text);
    }
    return (uint64_t)(value * 1e9);
}

/* Lets the process open as many descriptors as the system grants it. */
static inline void bench_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Memory that is there, zeroed; the caller frees it. */
static inline void *bench_allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);

    if (memory == NULL) {
        bench_give_up("out of memory for %zu x %zu bytes", count, size);
    }
    return memory;
}

/* Makes room for `more` bytes behind the used ones. */
static inline void bytes_reserve(struct bytes *bytes, size_t more)
{
    size_t size = bytes->size < 256 ? 256 : bytes->size;
    unsigned char *data;

    if (bytes->size - bytes->used >= more) {
        return;
    }
    while (size - bytes->used < more) {
        size *= 2;
    }
    data = realloc(bytes->data, size);
    if (data == NULL) {
        bench_give_up("out of memory for %zu bytes", size);
    }
    bytes->data = data;
    bytes->size = size;
}

/* Appends a copy of `length` bytes. */
static inline void bytes_append(struct bytes *bytes, const void *data, size_t length)
{
    if (length > 0) {
        bytes_reserve(bytes, length);
        memcpy(bytes->data + bytes->used, data, length);
        bytes->used += length;
    }
}

/* Removes the first `length` bytes. */
static inline void bytes_drop(struct bytes *bytes, size_t length)
{
    bytes->used -= length;
    if (length > 0 && bytes->used > 0) {
        memmove(bytes->data, bytes->data + length, bytes->used);
    }
}

static inline void bytes_release(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){0};
}

#endif
