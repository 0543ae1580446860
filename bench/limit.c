/* SPDX-License-Identifier: Apache-2.0
 *
 * limit: the least a single-threaded epoll server can do for HL7 over MLLP, as a ceiling to compare
 * with.
 *
 * It accepts connections, finds 0B ... 1C 0D, counts separators to MSH-10 and answers a short AA
 * with that control id. It checks nothing else, stores nothing and has no timeouts: not a server to
 * use. With a FILE it stores each message in a database there (limit_store.h): what arrived in one
 * round of events is committed together, and answered only then.
 *
 * One readiness costs one recv and at most one send, which carries the replies to every frame of
 * that read. Bytes are read into one shared buffer; only an unfinished frame moves to a buffer of
 * its connection, which then reads there until it is empty again. A peer that does not take its
 * replies is not read until it does. A frame over 16 MB closes its connection. SIGUSR1 prints how
 * many messages were answered, as "answered N". SIGTERM or SIGINT ends the program.
 */
#include "common.h"
#include "limit_store.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SHARED_SIZE = 256 * 1024,
    LEAST_ROOM = 64 * 1024,
    FRAME_MOST = 16 * 1024 * 1024 + 3,
    EVENTS = 1024,
    BACKLOG = 4096
};

struct peer {
    int fd;
    struct bytes in;       /* an unfinished frame, or nothing */
    size_t searched;       /* bytes of `in` that hold no trailer */
    struct bytes out;      /* replies the kernel did not take yet, or that await the commit */
    struct peer *next_due; /* in the list of those whose replies await it */
    struct peer *next;
    struct peer *previous;
};

struct server {
    int epoll_fd;
    int listen_fd;
    int signal_fd;
    struct peer *peers;
    unsigned char *shared;
    struct bytes replies;
    struct store store;
    struct peer *due; /* their messages are in the transaction that is open */
    uint64_t answered;
};

/* The control id: what lies between the ninth and the tenth separator of the first segment. */
static size_t find_control_id(const unsigned char *message, size_t length, size_t *ret_at)
{
    size_t separators = 0;
    size_t at = 3;
    size_t end;

    if (length < 9 || memcmp(message, "MSH", 3) != 0) {
        return 0;
    }
    while (at < length && separators < 9 && message[at] != BENCH_CR) {
        separators += message[at] == message[3];
        at++;
    }
    if (separators < 9) {
        return 0;
    }
    end = at;
    while (end < length && message[end] != message[3] && message[end] != BENCH_CR) {
        end++;
    }
    *ret_at = at;
    return end - at;
}

static void append_reply(struct bytes *replies, const unsigned char *message, size_t length)
{
    static const char head[] = "\x0bMSH|^~\\&|LIMIT|BENCH|||||ACK|";
    static const char middle[] = "|P|2.4\rMSA|AA|";
    static const char tail[] = "\r\x1c\r";
    size_t at = 0;
    size_t id = find_control_id(message, length, &at);

    bytes_append(replies, head, sizeof head - 1);
    bytes_append(replies, message + at, id);
    bytes_append(replies, middle, sizeof middle - 1);
    bytes_append(replies, message + at, id);
    bytes_append(replies, tail, sizeof tail - 1);
}

/* The position of the trailer at or after `from`, or `length` when it is not there yet. */
static size_t find_trailer(const unsigned char *data, size_t from, size_t length)
{
    while (from < length) {
        const unsigned char *found = memchr(data + from, BENCH_FS, length - from);

        if (found == NULL || (size_t)(found - data) + 1 == length) {
            break;
        }
        from = (size_t)(found - data) + 1;
        if (data[from] == BENCH_CR) {
            return from - 1;
        }
    }
    return length;
}

/*
 * Stores every whole frame, and answers it into the server's `replies`. Returns how many bytes are done with; what remains
 * begins with 0B, and its first *searched bytes need not be looked at for a trailer again.
 */
static size_t answer_frames(struct server *server, const unsigned char *data, size_t length,
                            size_t *searched)
{
    size_t start = 0;
    size_t from = *searched;

    *searched = 0;
    while (start < length) {
        const unsigned char *found = memchr(data + start, BENCH_VT, length - start);
        size_t end;

        if (found == NULL) {
            return length;
        }
        start = (size_t)(found - data);
        end = find_trailer(data, from > start + 1 ? from : start + 1, length);
        if (end == length) {
            *searched = length - start - 1;
            return start;
        }
        store_add(&server->store, data + start + 1, end - start - 1);
        append_reply(&server->replies, data + start + 1, end - start - 1);
        server->answered++;
        start = end + 2;
        from = start;
    }
    return length;
}

static void watch(const struct server *server, struct peer *peer, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = peer};

    if (epoll_ctl(server->epoll_fd, operation, peer->fd, &event) != 0) {
        bench_give_up("limit: epoll_ctl: %s", strerror(errno));
    }
}

static void peer_close(struct server *server, struct peer *peer)
{
    if (peer->previous != NULL) {
        peer->previous->next = peer->next;
    } else {
        server->peers = peer->next;
    }
    if (peer->next != NULL) {
        peer->next->previous = peer->previous;
    }
    (void)close(peer->fd);
    bytes_release(&peer->in);
    bytes_release(&peer->out);
    free(peer);
}

static void peer_open(struct server *server, int fd)
{
    struct peer *peer = bench_allocate(1, sizeof *peer);
    int on = 1;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    peer->fd = fd;
    peer->next = server->peers;
    if (peer->next != NULL) {
        peer->next->previous = peer;
    }
    server->peers = peer;
    watch(server, peer, EPOLL_CTL_ADD, EPOLLIN);
}

static void accept_all(struct server *server)
{
    for (;;) {
        struct sockaddr_in from;
        void *generic = &from;
        socklen_t length = sizeof from;
        int fd = accept4(server->listen_fd, generic, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            peer_open(server, fd);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            bench_give_up("limit: accept: %s", strerror(errno));
        }
    }
}

/* Returns how many bytes the kernel took, or -1 when the connection is gone. */
static ssize_t send_some(int fd, const struct bytes *bytes)
{
    ssize_t sent = send(fd, bytes->data, bytes->used, MSG_NOSIGNAL);

    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    return sent;
}

/* Sends the replies of a round, or keeps them until what they acknowledge is committed. */
static void peer_reply(struct server *server, struct peer *peer)
{
    struct bytes *replies = &server->replies;
    ssize_t sent;

    if (server->store.db != NULL) {
        bytes_append(&peer->out, replies->data, replies->used);
        peer->next_due = server->due;
        server->due = peer;
        return;
    }
    sent = send_some(peer->fd, replies);
    if (sent < 0) {
        peer_close(server, peer);
    } else if ((size_t)sent < replies->used) {
        bytes_append(&peer->out, replies->data + sent, replies->used - (size_t)sent);
        watch(server, peer, EPOLL_CTL_MOD, EPOLLOUT);
    }
}

static void peer_writable(struct server *server, struct peer *peer)
{
    ssize_t sent = send_some(peer->fd, &peer->out);

    if (sent < 0) {
        peer_close(server, peer);
        return;
    }
    bytes_drop(&peer->out, (size_t)sent);
    if (peer->out.used == 0) {
        watch(server, peer, EPOLL_CTL_MOD, EPOLLIN);
    }
}

/* Commits what the round has stored, and answers it. (A peer has one event in a round: none of these
 * was closed since it was put into the list.) */
static void answer_due(struct server *server)
{
    store_commit(&server->store);
    while (server->due != NULL) {
        struct peer *peer = server->due;
        ssize_t sent = send_some(peer->fd, &peer->out);

        server->due = peer->next_due;
        if (sent < 0) {
            peer_close(server, peer);
            continue;
        }
        bytes_drop(&peer->out, (size_t)sent);
        if (peer->out.used > 0) {
            watch(server, peer, EPOLL_CTL_MOD, EPOLLOUT);
        }
    }
}

/* One recv: into the shared buffer, or behind the unfinished frame. Returns what recv returns. */
static ssize_t peer_receive(struct server *server, struct peer *peer)
{
    ssize_t count;

    if (peer->in.used == 0) {
        return recv(peer->fd, server->shared, SHARED_SIZE, 0);
    }
    bytes_reserve(&peer->in, LEAST_ROOM);
    count = recv(peer->fd, peer->in.data + peer->in.used, peer->in.size - peer->in.used, 0);
    peer->in.used += count > 0 ? (size_t)count : 0;
    return count;
}

static void peer_readable(struct server *server, struct peer *peer)
{
    bool shared = peer->in.used == 0;
    ssize_t count = peer_receive(server, peer);
    size_t done;

    if (count <= 0) {
        if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
            peer_close(server, peer);
        }
        return;
    }
    server->replies.used = 0;
    if (shared) {
        done = answer_frames(server, server->shared, (size_t)count, &peer->searched);
        bytes_append(&peer->in, server->shared + done, (size_t)count - done);
    } else {
        done = answer_frames(server, peer->in.data, peer->in.used, &peer->searched);
        bytes_drop(&peer->in, done);
    }
    if (peer->in.used > FRAME_MOST) {
        peer_close(server, peer);
    } else if (server->replies.used > 0) {
        peer_reply(server, peer);
    }
}

static int listen_on(uint16_t port, uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    void *generic = &address;
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, generic, sizeof address) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, generic, &length) != 0) {
        bench_give_up("limit: port %u: %s", (unsigned)port, strerror(errno));
    }
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static int signals_as_descriptor(void)
{
    sigset_t signals;
    int fd;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) {
        bench_give_up("limit: signalfd: %s", strerror(errno));
    }
    return fd;
}

/* False when a signal asks to end. */
static bool take_signal(const struct server *server)
{
    struct signalfd_siginfo info;

    if (read(server->signal_fd, &info, sizeof info) != (ssize_t)sizeof info) {
        return true;
    }
    if (info.ssi_signo != SIGUSR1) {
        return false;
    }
    (void)printf("answered %llu\n", (unsigned long long)server->answered);
    (void)fflush(stdout);
    return true;
}

static void server_init(struct server *server, uint16_t port, const char *database)
{
    struct epoll_event accepting = {.events = EPOLLIN, .data.ptr = &server->listen_fd};
    struct epoll_event ending = {.events = EPOLLIN, .data.ptr = &server->signal_fd};
    uint16_t bound = 0;

    *server = (struct server){.shared = bench_allocate(1, SHARED_SIZE)};
    if (database != NULL) {
        store_open(&server->store, database);
    }
    server->signal_fd = signals_as_descriptor();
    server->listen_fd = listen_on(port, &bound);
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll_fd < 0 ||
        epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->listen_fd, &accepting) != 0 ||
        epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->signal_fd, &ending) != 0) {
        bench_give_up("limit: epoll: %s", strerror(errno));
    }
    (void)printf("listening on 127.0.0.1:%u\n", (unsigned)bound);
    (void)fflush(stdout);
}

/* Handles what is ready; false when a signal asks to end. */
static bool server_step(struct server *server)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(server->epoll_fd, events, EVENTS, -1);
    bool goes_on = true;

    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &server->listen_fd) {
            accept_all(server);
        } else if (events[i].data.ptr == &server->signal_fd) {
            goes_on = take_signal(server);
        } else if ((events[i].events & EPOLLOUT) != 0) {
            peer_writable(server, events[i].data.ptr);
        } else {
            peer_readable(server, events[i].data.ptr);
        }
    }
    answer_due(server);
    return goes_on;
}

static void server_release(struct server *server)
{
    struct peer *peer = server->peers;

    while (peer != NULL) {
        struct peer *next = peer->next;

        peer_close(server, peer);
        peer = next;
    }
    (void)close(server->epoll_fd);
    (void)close(server->listen_fd);
    (void)close(server->signal_fd);
    bytes_release(&server->replies);
    store_close(&server->store);
    free(server->shared);
}

int main(int argc, char **argv)
{
    struct server server;

    if (argc != 2 && argc != 3) {
        bench_give_up("usage: limit PORT [FILE] (0 takes a free one)");
    }
    bench_raise_descriptors();
    server_init(&server, (uint16_t)bench_number("PORT", argv[1], 0, 65535), argv[2]);
    while (server_step(&server)) {
    }
    server_release(&server);
    return 0;
}
