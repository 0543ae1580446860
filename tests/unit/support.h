/* SPDX-License-Identifier: Apache-2.0
 *
 * support.h - what the unit tests share: cmocka with the headers it needs, copies of an input that
 * end at an unreadable page, a small repeatable random generator, and a comparison of slices.
 *
 * Everything is static inline: a test file includes this header and nothing is linked. A helper that
 * cannot get memory fails the test that called it.
 */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hl7.h"

/* ---- Copies at the edge of readable memory -------------------------------------------------- */

/* The bytes of the mapping that holds a copy of `len` bytes, the unreadable page not counted. */
static inline size_t edge_room(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (len / page + 1) * page;
}

/* A copy of the bytes whose last byte is the last one that can be read: one byte more and the test
 * dies of a signal. Give it back with edge_free and the same length. */
static inline char *edge_copy(const void *bytes, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = edge_room(len);
    /* Not MAP_ANONYMOUS: strict C17 does not declare it. */
    int zero = open("/dev/zero", O_RDWR);
    char *pages = MAP_FAILED;

    if (zero >= 0) {
        pages = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
        (void)close(zero);
    }
    if (pages == MAP_FAILED || mprotect(pages + room, page, PROT_NONE) != 0) {
        fail_msg("no memory for a copy of %zu bytes", len);
        return NULL;
    }
    if (len > 0) {
        memcpy(pages + room - len, bytes, len);
    }
    return pages + room - len;
}

static inline void edge_free(char *copy, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t room = edge_room(len);

    if (copy != NULL) {
        (void)munmap(copy + len - room, room + page);
    }
}

/* ---- Random numbers that repeat ------------------------------------------------------------- */

/* The same seed gives the same numbers on every machine. */
struct random_state {
    uint64_t state;
};

static inline void random_init(struct random_state *random, uint64_t seed)
{
    random->state = seed;
}

/* 64 random bits (the generator known as SplitMix64). */
static inline uint64_t random_next(struct random_state *random)
{
    uint64_t bits;

    random->state += UINT64_C(0x9e3779b97f4a7c15);
    bits = random->state;
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}

/* A number from 0 to bound - 1; the bound is at least 1. */
static inline size_t random_below(struct random_state *random, size_t bound)
{
    return (size_t)(random_next(random) % bound);
}

/* True once in `times` calls, on average. */
static inline bool random_once_in(struct random_state *random, size_t times)
{
    return random_below(random, times) == 0;
}

/* Fills memory with any bytes. */
static inline void random_fill(struct random_state *random, char *memory, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        memory[i] = (char)(unsigned char)(random_next(random) & 0xff);
    }
}

/* Fills memory with bytes picked from an alphabet: structure is met far more often that way. */
static inline void random_fill_from(struct random_state *random, char *memory, size_t len,
                                    hl7_slice alphabet)
{
    for (size_t i = 0; i < len; i++) {
        memory[i] = alphabet.ptr[random_below(random, alphabet.len)];
    }
}

/* ---- Where it runs -------------------------------------------------------------------------- */

/* Under valgrind a program that cannot be started is a child that ends with 127: its vfork is a fork. */
static inline bool support_spawn_tells(void)
{
    const char *build = getenv("ORDERLY_BUILD");

    return build == NULL || strcmp(build, "valgrind") != 0;
}

/* ---- Slices --------------------------------------------------------------------------------- */

static inline void check_slice(hl7_slice actual, hl7_slice expected, const char *file, int line)
{
    bool has_bytes = actual.ptr != NULL || actual.len == 0;

    if (!has_bytes || actual.len != expected.len ||
        (actual.len > 0 && memcmp(actual.ptr, expected.ptr, actual.len) != 0)) {
        print_error("expected \"%.*s\" (%zu bytes), found \"%.*s\" (%zu bytes)\n",
                    (int)expected.len, expected.len > 0 ? expected.ptr : "", expected.len,
                    has_bytes ? (int)actual.len : 0, actual.ptr != NULL ? actual.ptr : "",
                    actual.len);
        _fail(file, line);
    }
}

/* The slice holds these bytes; absent and empty are the same. `expected` is a C string. */
#define assert_slice(actual, expected)                                                             \
    check_slice((actual), (hl7_slice){(expected), strlen(expected)}, __FILE__, __LINE__)

/* The same for two slices, which may hold NUL. */
#define assert_slices(actual, expected) check_slice((actual), (expected), __FILE__, __LINE__)

#endif
