/* SPDX-License-Identifier: Apache-2.0
 *
 * connections.h - ends connections whose request does not become complete in time. libmicrohttpd bounds
 * only how long a connection may be silent: a byte now and then would hold one for ever.
 *
 * A connection has a deadline from its beginning, and from the end of each answer; none while a complete
 * request is worked on and answered within `ANSWER_TIMES` as long. Any thread may call. */
#ifndef WEB_CONNECTIONS_H
#define WEB_CONNECTIONS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { CONNECTIONS_ANSWER_TIMES = 12 };

struct connections_item {
    int fd;
    int64_t deadline; /* clock_steady() */
    struct connections_item *next;
    struct connections_item *previous;
};

struct connections {
    pthread_mutex_t lock;
    int64_t patience;
    struct connections_item *first;
    uint64_t ended; /* for being late */
};

void connections_init(struct connections *connections, int64_t patience);
void connections_release(struct connections *connections);

/* A connection begins; NULL when memory is short. */
struct connections_item *connections_begin(struct connections *connections, int fd, int64_t now);

/* Its request is complete, or its answer is. */
void connections_complete(struct connections *connections, struct connections_item *item,
                          int64_t now);
void connections_again(struct connections *connections, struct connections_item *item, int64_t now);

void connections_end(struct connections *connections, struct connections_item *item);

/* Shuts down the sockets of those that are late; their owner closes them. */
void connections_sweep(struct connections *connections, int64_t now);

#endif
