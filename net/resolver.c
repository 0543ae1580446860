/* SPDX-License-Identifier: Apache-2.0
 *
 * A question belongs to its thread until that has written to the eventfd, then to the loop. When it is
 * cancelled before, whoever of the two comes last frees it: that is what `left` counts. */
#include "resolver.h"

#include "address.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct resolver_question {
    struct loop_source source; /* its fd: the thread is done */
    struct resolver *resolver;
    atomic_int left; /* who still holds it: the thread, the loop */
    struct addrinfo *list;
    const char *reason;
    char host[256];
    char port[8];
};

static void let_go(struct resolver_question *question)
{
    if (atomic_fetch_sub(&question->left, 1) == 1) {
        (void)close(question->source.fd);
        if (question->list != NULL) {
            freeaddrinfo(question->list);
        }
        free(question);
    }
}

static void *ask(void *context)
{
    struct resolver_question *question = context;
    uint64_t one = 1;

    question->list = address_resolve(question->host, question->port, false, &question->reason);
    ssize_t written = write(question->source.fd, &one, sizeof one);
    (void)written; /* a fresh eventfd takes it */
    let_go(question);
    return NULL;
}

static void on_ready(struct loop_source *source, uint32_t events)
{
    struct resolver_question *question = LOOP_OWNER(source, struct resolver_question, source);
    struct resolver *resolver = question->resolver;
    uint64_t number;

    (void)events;
    /* The read orders what the thread wrote before. */
    if (read(source->fd, &number, sizeof number) != (ssize_t)sizeof number) {
        return;
    }
    struct addrinfo *list = question->list;
    const char *reason = question->reason;
    question->list = NULL;
    loop_remove(resolver->loop, source);
    resolver->asked = NULL;
    let_go(question);
    resolver->on_resolved(resolver, list, reason);
}

static void on_now(struct loop_timer *timer)
{
    struct resolver *resolver = LOOP_OWNER(timer, struct resolver, now);
    struct addrinfo *list = resolver->list;

    resolver->list = NULL;
    resolver->on_resolved(resolver, list, NULL);
}

/* An address in numbers; NULL when it is a name. */
static struct addrinfo *in_numbers(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
    struct addrinfo *list = NULL;

    return getaddrinfo(host[0] == '\0' ? "127.0.0.1" : host, port, &hints, &list) == 0 ? list
                                                                                       : NULL;
}

static bool start_thread(struct resolver_question *question)
{
    pthread_attr_t attributes;
    pthread_t thread;

    if (pthread_attr_init(&attributes) != 0) {
        return false;
    }
    bool good = pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0 &&
                pthread_create(&thread, &attributes, ask, question) == 0;
    (void)pthread_attr_destroy(&attributes);
    return good;
}

bool resolver_start(struct resolver *resolver, struct loop *loop, const char *host,
                    const char *port)
{
    resolver->loop = loop;
    resolver->list = in_numbers(host, port);
    if (resolver->list != NULL) {
        resolver->now.on_time = on_now;
        if (loop_timer_set(loop, &resolver->now, 0)) {
            return true;
        }
        freeaddrinfo(resolver->list);
        resolver->list = NULL;
        return false;
    }
    struct resolver_question *question = calloc(1, sizeof *question);
    if (question == NULL) {
        return false;
    }
    question->resolver = resolver;
    question->source = (struct loop_source){
        .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .events = EPOLLIN, .on_ready = on_ready};
    atomic_init(&question->left, 2);
    (void)snprintf(question->host, sizeof question->host, "%s", host);
    (void)snprintf(question->port, sizeof question->port, "%s", port);
    if (question->source.fd < 0) {
        free(question);
        return false;
    }
    if (!loop_add(loop, &question->source) || !start_thread(question)) {
        loop_remove(loop, &question->source);
        (void)close(question->source.fd);
        free(question);
        return false;
    }
    resolver->asked = question;
    return true;
}

void resolver_cancel(struct resolver *resolver)
{
    struct resolver_question *question = resolver->asked;

    if (resolver->list != NULL) {
        loop_timer_clear(resolver->loop, &resolver->now);
        freeaddrinfo(resolver->list);
        resolver->list = NULL;
    }
    if (question != NULL) {
        resolver->asked = NULL;
        loop_remove(resolver->loop, &question->source);
        let_go(question);
    }
}
