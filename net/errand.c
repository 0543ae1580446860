/* SPDX-License-Identifier: Apache-2.0
 *
 * See errand.h for what it is. The eventfd carries the news, `over` orders memory: what the thread wrote
 * before it is there for who has seen it. The eventfd is closed with the last holder, so that a late
 * thread never writes to a descriptor that has become something else. */
#include "errand.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void let_go(struct errand *errand)
{
    if (atomic_fetch_sub(&errand->holders, 1) == 1) {
        (void)close(errand->source.fd);
        errand->drop(errand);
    }
}

static void *run_thread(void *context)
{
    struct errand *errand = context;
    const uint64_t one = 1;

    errand->run(errand);
    atomic_store(&errand->over, true);
    /* The counter is 0: there is room for 1, always. */
    ssize_t written = write(errand->source.fd, &one, sizeof one);
    assert(written == (ssize_t)sizeof one);
    (void)written;
    let_go(errand);
    return NULL;
}

static void on_over(struct loop_source *source, uint32_t events)
{
    struct errand *errand = LOOP_OWNER(source, struct errand, source);
    uint64_t number = 0;

    (void)events;
    if (read(source->fd, &number, sizeof number) != (ssize_t)sizeof number) {
        return;
    }
    bool over = atomic_load(&errand->over);
    assert(over);
    (void)over;
    loop_remove(errand->loop, source);
    errand->done(errand);
    let_go(errand);
}

/* The thread takes no signals: they are for the thread that has handlers in mind. 0 or an errno. */
static int start_thread(struct errand *errand)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;

    int error = pthread_attr_init(&attributes);
    if (error != 0) {
        return error;
    }
    error = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)sigfillset(&all);
    if (error == 0 && (error = pthread_sigmask(SIG_SETMASK, &all, &before)) == 0) {
        error = pthread_create(&thread, &attributes, run_thread, errand);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    return error;
}

bool errand_start(struct errand *errand, struct loop *loop)
{
    errand->loop = loop;
    errand->source = (struct loop_source){.events = EPOLLIN, .on_ready = on_over};
    atomic_init(&errand->holders, 2);
    atomic_init(&errand->over, false);
    atomic_init(&errand->left, false);
    errand->source.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (errand->source.fd < 0) {
        return false;
    }
    int error = loop_add(loop, &errand->source) ? 0 : errno;
    if (error == 0 && (error = start_thread(errand)) != 0) {
        loop_remove(loop, &errand->source);
    }
    if (error != 0) {
        (void)close(errand->source.fd);
        errno = error;
    }
    return error == 0;
}

void errand_leave(struct errand *errand)
{
    atomic_store(&errand->left, true);
    loop_remove(errand->loop, &errand->source);
    let_go(errand);
}

bool errand_is_left(const struct errand *errand)
{
    return atomic_load(&errand->left);
}
