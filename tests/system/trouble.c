/* SPDX-License-Identifier: Apache-2.0
 *
 * trouble.c - a library that a test loads before the others (LD_PRELOAD), and that makes trouble: the
 * journal's writes and syncs fail, memory runs short, the wall clock is set.
 *
 * The test and the program share a file that both have mapped, named by ORDERLY_TROUBLE. In it are the
 * numbers of struct trouble, eight bytes each; trouble.py has the same list. The test may change them at
 * any time. Without that variable everything is passed on as it is. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Calls of one kind: those numbered `from` up to `to` (not with it) fail with `error`. */
struct trouble_calls {
    _Atomic int64_t count;
    _Atomic int64_t from;
    _Atomic int64_t to;
    _Atomic int64_t error;
};

struct trouble {
    _Atomic int64_t seconds; /* that the wall clock is wrong by */
    struct trouble_calls writes;
    struct trouble_calls syncs;
    struct trouble_calls allocations;
    _Atomic int64_t blocks; /* of memory that are in use */
};

static struct trouble *trouble;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("ORDERLY_TROUBLE");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd >= 0) {
        void *mapped = mmap(NULL, sizeof *trouble, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

        trouble = mapped != MAP_FAILED ? mapped : NULL;
        (void)close(fd);
    }
}

/* Counts a call; true when it is to fail, with errno set. */
static bool fails(struct trouble_calls *calls)
{
    int64_t number = atomic_fetch_add(&calls->count, 1);

    if (number < calls->from || number >= calls->to) {
        return false;
    }
    errno = (int)calls->error;
    return true;
}

/* ---- The journal's files -------------------------------------------------------------------- */

static bool is_journal(int fd)
{
    char path[64];
    char name[512];
    int saved = errno;

    /* As far as a file has got, its descriptor fits in this. */
    memcpy(path, "/proc/self/fd/", 14);
    size_t at = 14;
    char digits[12];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + fd % 10);
        fd /= 10;
    } while (fd > 0);
    while (count > 0) {
        path[at++] = digits[--count];
    }
    path[at] = '\0';
    ssize_t len = readlink(path, name, sizeof name - 1);
    errno = saved;
    if (len <= 0) {
        return false;
    }
    name[len] = '\0';
    return strstr(name, "/journal.db") != NULL;
}

static void *original(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

#define EXPORTED __attribute__((visibility("default")))

/* A pointer to a function out of one to data: POSIX says that it can be done, ISO C does not. */
#define CALL(name, type)                                                                           \
    static type call;                                                                              \
    if (call == NULL) {                                                                            \
        void *found = original(name);                                                              \
        memcpy(&call, &found, sizeof call);                                                        \
    }

typedef ssize_t write_call(int, const void *, size_t, off_t);
typedef int sync_call(int);

EXPORTED ssize_t trouble_pwrite(int fd, const void *bytes, size_t len, off_t at) __asm__("pwrite");
ssize_t trouble_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    CALL("pwrite", write_call *)
    return trouble != NULL && is_journal(fd) && fails(&trouble->writes) ? -1
                                                                        : call(fd, bytes, len, at);
}

EXPORTED ssize_t trouble_pwrite64(int fd, const void *bytes, size_t len,
                                  off_t at) __asm__("pwrite64");
ssize_t trouble_pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite(fd, bytes, len, at);
}

EXPORTED int trouble_fdatasync(int fd) __asm__("fdatasync");
int trouble_fdatasync(int fd)
{
    CALL("fdatasync", sync_call *)
    return trouble != NULL && is_journal(fd) && fails(&trouble->syncs) ? -1 : call(fd);
}

EXPORTED int trouble_fsync(int fd) __asm__("fsync");
int trouble_fsync(int fd)
{
    CALL("fsync", sync_call *)
    return trouble != NULL && is_journal(fd) && fails(&trouble->syncs) ? -1 : call(fd);
}

/* ---- The wall clock ------------------------------------------------------------------------- */

typedef int clock_call(clockid_t, struct timespec *);

EXPORTED int trouble_clock_gettime(clockid_t clock, struct timespec *now) __asm__("clock_gettime");
int trouble_clock_gettime(clockid_t clock, struct timespec *now)
{
    CALL("clock_gettime", clock_call *)
    int result = call(clock, now);

    if (result == 0 && trouble != NULL &&
        (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        now->tv_sec += trouble->seconds;
    }
    return result;
}

EXPORTED int trouble_gettimeofday(struct timeval *restrict now,
                                  void *restrict zone) __asm__("gettimeofday");
int trouble_gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &exact) != 0) {
        return -1;
    }
    *now = (struct timeval){.tv_sec = exact.tv_sec, .tv_usec = exact.tv_nsec / 1000};
    return 0;
}

EXPORTED time_t trouble_time(time_t *ret_time) __asm__("time");
time_t trouble_time(time_t *ret_time)
{
    struct timespec now = {.tv_sec = 0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret_time != NULL) {
        *ret_time = now.tv_sec;
    }
    return now.tv_sec;
}

/* ---- Memory --------------------------------------------------------------------------------- */

/* The C library's own, under the names it keeps for such as this one. */
void *libc_malloc(size_t size) __asm__("__libc_malloc");
void *libc_calloc(size_t count, size_t size) __asm__("__libc_calloc");
void *libc_realloc(void *block, size_t size) __asm__("__libc_realloc");
void libc_free(void *block) __asm__("__libc_free");

static bool no_memory(void)
{
    return trouble != NULL && fails(&trouble->allocations);
}

static void *counted(void *block)
{
    if (trouble != NULL && block != NULL) {
        trouble->blocks++;
    }
    return block;
}

EXPORTED void *trouble_malloc(size_t size) __asm__("malloc");
void *trouble_malloc(size_t size)
{
    return no_memory() ? NULL : counted(libc_malloc(size));
}

EXPORTED void *trouble_calloc(size_t count, size_t size) __asm__("calloc");
void *trouble_calloc(size_t count, size_t size)
{
    return no_memory() ? NULL : counted(libc_calloc(count, size));
}

EXPORTED void *trouble_realloc(void *block, size_t size) __asm__("realloc");
void *trouble_realloc(void *block, size_t size)
{
    if (no_memory()) {
        return NULL;
    }
    void *moved = libc_realloc(block, size);

    return block == NULL ? counted(moved) : moved;
}

EXPORTED void trouble_free(void *block) __asm__("free");
void trouble_free(void *block)
{
    if (trouble != NULL && block != NULL) {
        trouble->blocks--;
    }
    libc_free(block);
}
