/* SPDX-License-Identifier: Apache-2.0
 *
 * The listening socket. Each wake-up accepts a bounded number of connections, so that a flood of
 * them does not starve those that are open. */
#include "listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

enum { ACCEPTS_PER_WAKE = 64, REST_MILLISECONDS = 1000 };

static void on_rested(struct loop_timer *timer)
{
    struct listener *listener = LOOP_OWNER(timer, struct listener, rest);

    loop_change(listener->loop, &listener->source, EPOLLIN);
}

/* Connections that went away before they were accepted are no trouble. */
static bool is_passing(int error)
{
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM;
}

static void on_ready(struct loop_source *source, uint32_t events)
{
    struct listener *listener = LOOP_OWNER(source, struct listener, source);

    (void)events;
    for (int i = 0; i < ACCEPTS_PER_WAKE && listener->source.fd >= 0; i++) {
        struct sockaddr_storage peer;
        socklen_t len = sizeof peer;
        int fd = accept4(source->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->on_accept(listener, fd, (struct sockaddr *)&peer, len);
        } else if (errno == EAGAIN) {
            return;
        } else if (!is_passing(errno)) {
            listener->on_trouble(listener, errno);
            if (loop_timer_set(listener->loop, &listener->rest, REST_MILLISECONDS)) {
                loop_change(listener->loop, source, 0);
            }
            return;
        }
    }
}

static bool bind_and_listen(int fd, const struct sockaddr *address, socklen_t len)
{
    const int yes = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
           bind(fd, address, len) == 0 && listen(fd, SOMAXCONN) == 0;
}

bool listener_watch(struct listener *listener, struct loop *loop, int fd)
{
    listener->loop = loop;
    listener->source = (struct loop_source){.fd = fd, .events = EPOLLIN, .on_ready = on_ready};
    listener->rest = (struct loop_timer){.on_time = on_rested};
    if (!loop_add(loop, &listener->source)) {
        listener->source.fd = -1;
        return false;
    }
    return true;
}

bool listener_open(struct listener *listener, struct loop *loop, const struct sockaddr *address,
                   socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return false;
    }
    if (!bind_and_listen(fd, address, len) || !listener_watch(listener, loop, fd)) {
        int error = errno;
        (void)close(fd);
        listener->source.fd = -1;
        errno = error;
        return false;
    }
    return true;
}

bool listener_open_first(struct listener *listener, struct loop *loop, const struct addrinfo *list)
{
    bool done = false;

    for (const struct addrinfo *at = list; at != NULL && !done; at = at->ai_next) {
        done = listener_open(listener, loop, at->ai_addr, at->ai_addrlen);
    }
    return done;
}

void listener_address(const struct listener *listener, struct sockaddr_storage *ret_address,
                      socklen_t *ret_len)
{
    *ret_len = sizeof *ret_address;
    if (getsockname(listener->source.fd, (struct sockaddr *)ret_address, ret_len) != 0) {
        *ret_len = 0;
    }
}

bool listener_is_local(const struct listener *listener)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = 0;

    listener_address(listener, &address, &len);
    if (len > 0 && address.ss_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, &address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    if (len > 0 && address.ss_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, &address, sizeof v6);
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
    }
    return len > 0;
}

void listener_close(struct listener *listener)
{
    if (listener->source.fd < 0) {
        return;
    }
    loop_timer_clear(listener->loop, &listener->rest);
    loop_remove(listener->loop, &listener->source);
    (void)close(listener->source.fd);
    listener->source.fd = -1;
}
