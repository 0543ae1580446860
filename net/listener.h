/* SPDX-License-Identifier: Apache-2.0
 *
 * A listening socket. When descriptors run out it rests for a second instead of spinning. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "loop.h"

#include <sys/socket.h>

struct addrinfo;

struct listener {
    struct loop_source source;
    struct loop_timer rest;
    struct loop *loop;
    /* A new connection: a non-blocking socket that now belongs to the callee. */
    void (*on_accept)(struct listener *listener, int fd, const struct sockaddr *peer,
                      socklen_t len);
    /* accept() failed for want of descriptors or memory: errno value; it goes on by itself. */
    void (*on_trouble)(struct listener *listener, int error);
};

/* Binds and listens. on_accept and on_trouble are set before. False with errno set. */
bool listener_open(struct listener *listener, struct loop *loop, const struct sockaddr *address,
                   socklen_t len);

/* The same at the first address of a list that can be: a name may stand for addresses that this machine
 * does not have. False with errno set, by the last one. */
bool listener_open_first(struct listener *listener, struct loop *loop, const struct addrinfo *list);

/* Takes a non-blocking socket that listens already, and on success owns it. False with errno set. */
bool listener_watch(struct listener *listener, struct loop *loop, int fd);

/* The address bound to: the port the system chose when 0 was asked for. */
void listener_address(const struct listener *listener, struct sockaddr_storage *ret_address,
                      socklen_t *ret_len);

/* Only this machine can reach the address bound to. */
bool listener_is_local(const struct listener *listener);

void listener_close(struct listener *listener);

#endif
