/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, TICK = 20, CONNECTIONS = 8 };

static int bind_port(int port, int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return -1;
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

int deliver_peer_free_port(void)
{
    int port = 0;
    int fd = bind_port(0, &port);

    if (fd >= 0) {
        (void)close(fd);
    }
    return port;
}

static void take_id(struct deliver_peer *peer, const char *message, size_t len)
{
    size_t number = atomic_load(&peer->count);
    char *id = peer->ids[number % PEER_MESSAGES];
    size_t fields = 0;
    size_t at = 0;
    size_t to = 0;

    while (at < len && fields < 9) {
        fields += message[at++] == '|';
    }
    while (at < len && message[at] != '|' && message[at] != '\r' && to < PEER_ID - 1) {
        id[to++] = message[at++];
    }
    id[to] = '\0';
}

static void say(int fd, const char *text)
{
    (void)send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void acknowledge(int fd, const char *code, const char *id)
{
    char text[200];

    (void)snprintf(text, sizeof text,
                   "\x0bMSH|^~\\&|P|P|S|S|20260101||ACK|R%s|P|2.5\rMSA|%s|%s\r\x1c\r", id, code,
                   id);
    say(fd, text);
}

/* Answers a message as the script says. False: the connection is to be closed. */
static bool answer(struct deliver_peer *peer, int fd, const char *id)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    char step = peer->script[peer->at] != '\0' ? peer->script[peer->at++] : 'A';

    switch (step) {
    case 'E':
        acknowledge(fd, "AE", id);
        break;
    case 'R':
        acknowledge(fd, "AR", id);
        break;
    case 'C':
        acknowledge(fd, "CA", id);
        break;
    case 'B':
        acknowledge(fd, "CA", id);
        acknowledge(fd, "AA", id);
        break;
    case 'W':
        acknowledge(fd, "AA", "another");
        break;
    case 'G':
        say(fd, "MSA|AA|no frame around this");
        break;
    case 'N':
        say(fd, "\x0bMSH|^~\\&|P|P|S|S|20260101||ORU^R01|7|P|2.5\r\x1c\r");
        break;
    case 'T':
        break;
    case 'X':
        return false;
    case 'Z':
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return false;
    default:
        acknowledge(fd, "AA", id);
        break;
    }
    return true;
}

/* Moves bytes to the front. (Not memmove: valgrind takes its fortified form for memcpy.) */
static void shift(char *bytes, size_t by, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = bytes[i + by];
    }
}

/* One connection at a time is enough: a lane has one. Frames are assumed to be whole and well. */
static void serve(struct deliver_peer *peer, int fd)
{
    static _Thread_local char held[BUFFER];
    size_t len = 0;

    while (!atomic_load(&peer->ending)) {
        struct pollfd polled = {.fd = fd, .events = POLLIN};

        if (poll(&polled, 1, TICK) <= 0) {
            /* Somebody else wants in: the lane has given this connection up. */
            struct pollfd next = {.fd = peer->listener, .events = POLLIN};
            if (poll(&next, 1, 0) > 0) {
                break;
            }
            continue;
        }
        ssize_t got = recv(fd, held + len, sizeof held - len, 0);
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
        const char *end = memchr(held, '\x1c', len);
        while (end != NULL && (size_t)(end - held) + 2 <= len) {
            size_t used = (size_t)(end - held) + 2;

            take_id(peer, held + 1, used - 3);
            size_t number = atomic_fetch_add(&peer->count, 1);
            if (!answer(peer, fd, peer->ids[number % PEER_MESSAGES])) {
                return;
            }
            len -= used;
            shift(held, used, len);
            end = memchr(held, '\x1c', len);
        }
    }
}

static void *run(void *context)
{
    struct deliver_peer *peer = context;

    while (!atomic_load(&peer->ending)) {
        struct pollfd polled = {.fd = peer->listener, .events = POLLIN};

        if (poll(&polled, 1, TICK) <= 0) {
            continue;
        }
        int fd = accept(peer->listener, NULL, NULL);
        if (fd >= 0) {
            atomic_fetch_add(&peer->connections, 1);
            serve(peer, fd);
            (void)close(fd);
        }
    }
    return NULL;
}

bool deliver_peer_start(struct deliver_peer *peer, const char *script, int port)
{
    memset(peer, 0, sizeof *peer);
    peer->script = script;
    peer->listener = bind_port(port, &peer->port);
    return peer->listener >= 0 && pthread_create(&peer->thread, NULL, run, peer) == 0;
}

void deliver_peer_stop(struct deliver_peer *peer)
{
    atomic_store(&peer->ending, true);
    (void)pthread_join(peer->thread, NULL);
    (void)close(peer->listener);
}
