/* SPDX-License-Identifier: Apache-2.0 */
#include "disk_trouble.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { HELD_SECONDS = 20 };

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned fail_from[DISK_CALLS];
    int fail_with[DISK_CALLS];
    unsigned die_at; /* 0: not */
    bool hold;
    unsigned held;
} trouble = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

void disk_trouble_fail(enum disk_call call, unsigned from, int error)
{
    (void)pthread_mutex_lock(&trouble.lock);
    trouble.fail_from[call] = from;
    trouble.fail_with[call] = error;
    (void)pthread_mutex_unlock(&trouble.lock);
}

void disk_trouble_die(unsigned at)
{
    (void)pthread_mutex_lock(&trouble.lock);
    trouble.die_at = at;
    (void)pthread_mutex_unlock(&trouble.lock);
}

static void set_hold(bool hold)
{
    (void)pthread_mutex_lock(&trouble.lock);
    trouble.hold = hold;
    (void)pthread_cond_broadcast(&trouble.changed);
    (void)pthread_mutex_unlock(&trouble.lock);
}

void disk_trouble_hold(void)
{
    set_hold(true);
}

void disk_trouble_release(void)
{
    set_hold(false);
}

bool disk_trouble_held(void)
{
    struct timespec until;
    int waited = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += HELD_SECONDS;
    (void)pthread_mutex_lock(&trouble.lock);
    while (trouble.held == 0 && waited == 0) {
        waited = pthread_cond_timedwait(&trouble.changed, &trouble.lock, &until);
    }
    bool held = trouble.held > 0;
    (void)pthread_mutex_unlock(&trouble.lock);
    return held;
}

/* Counts a call, waits or dies if it is to; an errno when it is to fail. */
static int meet(enum disk_call call)
{
    (void)pthread_mutex_lock(&trouble.lock);
    if (trouble.die_at > 0 && --trouble.die_at == 0) {
        _exit(0);
    }
    while (call == DISK_FSYNC && trouble.hold) {
        trouble.held++;
        (void)pthread_cond_broadcast(&trouble.changed);
        (void)pthread_cond_wait(&trouble.changed, &trouble.lock);
        trouble.held--;
    }
    int error = 0;
    if (trouble.fail_from[call] > 1) {
        trouble.fail_from[call]--;
    } else {
        error = trouble.fail_with[call];
    }
    (void)pthread_mutex_unlock(&trouble.lock);
    return error;
}

static bool is_on_disk(int fd)
{
    struct stat facts;

    return fstat(fd, &facts) == 0 && (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode));
}

ssize_t write(int fd, const void *buf, size_t n)
{
    int error = is_on_disk(fd) ? meet(DISK_WRITE) : 0;

    if (error != 0 && n > 1) {
        return syscall(SYS_write, fd, buf, n / 2);
    }
    if (error != 0) {
        errno = error;
        return -1;
    }
    return syscall(SYS_write, fd, buf, n);
}

int fsync(int fd)
{
    int error = meet(DISK_FSYNC);

    if (error != 0) {
        errno = error;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int renameat2(int oldfd, const char *old, int newfd, const char *new, unsigned flags)
{
    int error = meet(DISK_RENAME);

    if (error != 0) {
        errno = error;
        return -1;
    }
    return (int)syscall(SYS_renameat2, oldfd, old, newfd, new, flags);
}

int linkat(int fromfd, const char *from, int tofd, const char *to, int flags)
{
    int error = meet(DISK_LINK);

    if (error != 0) {
        errno = error;
        return -1;
    }
    return (int)syscall(SYS_linkat, fromfd, from, tofd, to, flags);
}
