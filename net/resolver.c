/* SPDX-License-Identifier: Apache-2.0
 *
 * A question is an errand: the thread asks the system, the loop hears of the answer. One that is taken
 * back is left, and goes when its thread is done. */
#include "resolver.h"

#include "address.h"
#include "errand.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

struct resolver_question {
    struct errand errand;
    struct resolver *resolver;
    struct addrinfo *list;
    const char *reason;
    char host[256];
    char port[8];
};

static void ask(struct errand *errand)
{
    struct resolver_question *question = LOOP_OWNER(errand, struct resolver_question, errand);

    question->list = address_resolve(question->host, question->port, false, &question->reason);
}

static void on_answered(struct errand *errand)
{
    struct resolver_question *question = LOOP_OWNER(errand, struct resolver_question, errand);
    struct resolver *resolver = question->resolver;
    struct addrinfo *list = question->list;

    question->list = NULL;
    resolver->asked = NULL;
    resolver->on_resolved(resolver, list, question->reason);
}

static void drop(struct errand *errand)
{
    struct resolver_question *question = LOOP_OWNER(errand, struct resolver_question, errand);

    if (question->list != NULL) {
        freeaddrinfo(question->list);
    }
    free(question);
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
    question->errand.run = ask;
    question->errand.done = on_answered;
    question->errand.drop = drop;
    question->resolver = resolver;
    (void)snprintf(question->host, sizeof question->host, "%s", host);
    (void)snprintf(question->port, sizeof question->port, "%s", port);
    if (!errand_start(&question->errand, loop)) {
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
        errand_leave(&question->errand);
    }
}
