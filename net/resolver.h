/* SPDX-License-Identifier: Apache-2.0
 *
 * Host names to addresses without holding up the loop: asking the system may take seconds, so a thread
 * does it and the loop hears of the answer. An address in numbers needs no asking and no thread.
 *
 * Life: resolver_start, then on_resolved once, unless resolver_cancel came first. After either the
 * request can be started again. */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include "loop.h"

struct addrinfo;

struct resolver {
    /* Set by the owner. `list` is for freeaddrinfo(), by the callee; NULL with a reason when there
     * is no address. Never called from within resolver_start. */
    void (*on_resolved)(struct resolver *resolver, struct addrinfo *list, const char *reason);

    struct loop *loop;               /* private, as all that follows */
    struct loop_timer now;           /* an answer that is there at once */
    struct addrinfo *list;           /* of that */
    struct resolver_question *asked; /* what the thread works on; NULL: nothing */
};

/* Begins to look up a host ("" is the loopback) and a port. Both are copied. False when memory or
 * threads are short. */
bool resolver_start(struct resolver *resolver, struct loop *loop, const char *host,
                    const char *port);

/* Forgets the question, if there is one; the thread ends by itself. */
void resolver_cancel(struct resolver *resolver);

#endif
