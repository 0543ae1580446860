/* SPDX-License-Identifier: Apache-2.0
 *
 * connections.c - see connections.h. */
#include "connections.h"

#include <stdlib.h>
#include <sys/socket.h>

void connections_init(struct connections *connections, int64_t patience)
{
    *connections = (struct connections){.patience = patience};
    (void)pthread_mutex_init(&connections->lock, NULL);
}

void connections_release(struct connections *connections)
{
    (void)pthread_mutex_destroy(&connections->lock);
}

struct connections_item *connections_begin(struct connections *connections, int fd, int64_t now)
{
    struct connections_item *item = calloc(1, sizeof *item);

    if (item == NULL) {
        return NULL;
    }
    item->fd = fd;
    item->deadline = now + connections->patience;
    (void)pthread_mutex_lock(&connections->lock);
    item->next = connections->first;
    if (item->next != NULL) {
        item->next->previous = item;
    }
    connections->first = item;
    (void)pthread_mutex_unlock(&connections->lock);
    return item;
}

static void set_deadline(struct connections *connections, struct connections_item *item,
                         int64_t deadline)
{
    (void)pthread_mutex_lock(&connections->lock);
    item->deadline = deadline;
    (void)pthread_mutex_unlock(&connections->lock);
}

void connections_complete(struct connections *connections, struct connections_item *item,
                          int64_t now)
{
    set_deadline(connections, item, now + CONNECTIONS_ANSWER_TIMES * connections->patience);
}

void connections_again(struct connections *connections, struct connections_item *item, int64_t now)
{
    set_deadline(connections, item, now + connections->patience);
}

void connections_end(struct connections *connections, struct connections_item *item)
{
    (void)pthread_mutex_lock(&connections->lock);
    if (item->previous != NULL) {
        item->previous->next = item->next;
    } else {
        connections->first = item->next;
    }
    if (item->next != NULL) {
        item->next->previous = item->previous;
    }
    (void)pthread_mutex_unlock(&connections->lock);
    free(item);
}

void connections_sweep(struct connections *connections, int64_t now)
{
    (void)pthread_mutex_lock(&connections->lock);
    for (struct connections_item *at = connections->first; at != NULL; at = at->next) {
        if (at->fd >= 0 && now >= at->deadline) {
            (void)shutdown(at->fd, SHUT_RDWR);
            at->fd = -1;
            connections->ended++;
        }
    }
    (void)pthread_mutex_unlock(&connections->lock);
}
