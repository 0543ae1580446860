/* SPDX-License-Identifier: Apache-2.0
 *
 * A connection. See the header for its life. Three things are worth knowing:
 *
 * Reading. One recv per wake-up, into the loop's buffer when nothing is held, else behind what is
 * held. When a recv filled its space there is more: the loop is level-triggered and comes again, but
 * bytes that end exactly there might look like the end of what the peer sent, so it reads on once
 * more before the owner is asked.
 *
 * Deadlines. An owner sets one for every message. The timer is not moved each time: it fires at its
 * old time, finds a later deadline, and is set again.
 *
 * Streams. Shaking hands is a state before the others, as connecting is (connection_stream.c).
 *
 * Closing within a callback. The socket goes at once; the memory when the callback is left. */
#include "connection_parts.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HELD_FIRST = 16 * 1024,
    READ_ROOM = 64 * 1024,  /* room offered to recv behind what is held, at least */
    OUT_PAUSE = 1024 * 1024 /* with more output waiting than this, no more is read */
};

/* ---- Events to the owner ------------------------------------------------------------------- */

/* False when the connection was closed in the callback: its memory may be gone now. */
static bool leave(struct connection *connection)
{
    bool open = !connection->closing;

    connection->in_event = false;
    if (!open && connection->on_freed != NULL) {
        connection->on_freed(connection);
    }
    return open;
}

bool connection_is_open(const struct connection *connection)
{
    return !connection->connecting && !connection->shaking && !connection->draining;
}

static uint32_t wanted_events(const struct connection *connection)
{
    const struct stream *stream = connection->stream;
    bool reads = !connection->paused && !connection->ended && connection->out_len <= OUT_PAUSE;
    bool stuck = stream != NULL && stream->wants_write;

    if (connection->connecting) {
        return EPOLLOUT;
    }
    if (connection->shaking) {
        return stuck ? EPOLLOUT : EPOLLIN;
    }
    if (connection->draining) {
        return EPOLLIN;
    }
    bool writes = connection->out_len > 0 || connection->ending || (reads && stuck);
    return (writes ? EPOLLOUT : 0U) | (reads ? EPOLLIN : 0U);
}

static void update_watch(struct connection *connection)
{
    if (!connection->closing) {
        loop_change(connection->loop, &connection->source, wanted_events(connection));
    }
}

/* What the owner left over is copied out of the loop's buffer, which others read into next. */
static bool keep_held(struct connection *connection)
{
    if (connection->held.len == 0) {
        free(connection->held_own);
        connection->held_own = NULL;
        connection->held_size = 0;
        connection->held = (hl7_slice){NULL, 0};
        return true;
    }
    if (connection->held_own != NULL) {
        if (connection->held.ptr != connection->held_own) {
            memmove(connection->held_own, connection->held.ptr, connection->held.len);
            connection->held.ptr = connection->held_own;
        }
        return true;
    }
    size_t size = connection->held.len < HELD_FIRST ? HELD_FIRST : connection->held.len;
    char *own = malloc(size);
    if (own == NULL) {
        return false;
    }
    memcpy(own, connection->held.ptr, connection->held.len);
    connection->held_own = own;
    connection->held_size = size;
    connection->held.ptr = own;
    return true;
}

void connection_tell(struct connection *connection, enum connection_event event)
{
    if (!connection->closing) {
        connection->on_event(connection, event);
    }
}

void connection_fail(struct connection *connection, int error)
{
    if (!connection->closing) {
        connection->error = error;
        connection->paused = true;
        connection_tell(connection, CONNECTION_FAILED);
    }
}

/* The end of every event, whichever it was: what the owner left over is kept, the watch follows.
 * False as with leave(). */
static bool finish_event(struct connection *connection)
{
    if (!connection->closing && connection->error == 0 && !keep_held(connection)) {
        connection_fail(connection, ENOMEM);
    }
    update_watch(connection);
    return leave(connection);
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* Room to read into, behind what is held. */
static bool make_room(struct connection *connection, char **ret_room, size_t *ret_size)
{
    if (connection->held.len == 0) {
        *ret_room = connection->loop->read_buffer;
        *ret_size = LOOP_READ_SIZE;
        return true;
    }
    assert(connection->held.ptr == connection->held_own);
    if (connection->held_size - connection->held.len < READ_ROOM) {
        size_t size = 2 * connection->held_size + READ_ROOM;
        char *own = realloc(connection->held_own, size);
        if (own == NULL) {
            return false;
        }
        connection->held_own = own;
        connection->held_size = size;
        connection->held.ptr = own;
    }
    *ret_room = connection->held_own + connection->held.len;
    size_t rest = connection->held_size - connection->held.len;
    *ret_size = rest < LOOP_READ_SIZE ? rest : LOOP_READ_SIZE;
    return true;
}

enum read_result { READ_DONE, READ_FULL };

static ssize_t receive(const struct connection *connection, char *room, size_t size)
{
    return connection->stream != NULL
               ? connection->stream->kind->read(connection->stream, room, size)
               : recv(connection->source.fd, room, size, 0);
}

static enum read_result read_once(struct connection *connection)
{
    char *room = NULL;
    size_t size = 0;

    if (!make_room(connection, &room, &size)) {
        connection_fail(connection, ENOMEM);
        return READ_DONE;
    }
    ssize_t got = receive(connection, room, size);
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            connection_fail(connection, errno);
        }
        return READ_DONE;
    }
    if (got == 0) {
        connection->ended = true;
        return READ_DONE;
    }
    if (connection->held.len == 0) {
        connection->held.ptr = room;
    }
    connection->held.len += (size_t)got;
    bool more = connection->stream != NULL ? connection->stream->more : (size_t)got == size;
    return more ? READ_FULL : READ_DONE;
}

static void read_ready(struct connection *connection)
{
    size_t before = connection->held.len;

    if (read_once(connection) == READ_FULL) {
        if (!keep_held(connection)) {
            connection_fail(connection, ENOMEM);
            return;
        }
        (void)read_once(connection);
    }
    if (connection->closing || connection->error != 0) {
        return;
    }
    /* An end that the peer did not announce may be somebody else's doing: it decides nothing about
     * bytes that are held. Without any it is an end like others; many programs close like that. */
    bool cut = connection->ended && connection->stream != NULL && connection->stream->cut;
    connection->ended = connection->ended && !cut;
    if (connection->held.len > before) {
        connection_tell(connection, CONNECTION_DATA);
    }
    if (connection->closing || connection->error != 0 || connection->paused) {
        return;
    }
    connection->ended = connection->ended || (cut && connection->held.len == 0);
    if (cut && !connection->ended) {
        connection_fail(connection, ECONNRESET);
    } else if (connection->ended) {
        connection_tell(connection, CONNECTION_CLOSED);
    }
}

bool connection_read(struct connection *connection)
{
    assert(!connection->in_event);
    if (connection->closing || connection->error != 0 || connection->paused || connection->ended ||
        !connection_is_open(connection)) {
        return !connection->closing;
    }
    connection->in_event = true;
    read_ready(connection);
    return finish_event(connection);
}

bool connection_has_input(const struct connection *connection)
{
    char byte;

    return !connection->closing && !connection->connecting &&
           recv(connection->source.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void connection_consume(struct connection *connection, size_t n)
{
    assert(n <= connection->held.len);
    if (n > 0) { /* nothing may be held, at no place */
        connection->held.ptr += n;
        connection->held.len -= n;
    }
    if (connection->held.len == 0 && !connection->in_event) {
        (void)keep_held(connection); /* nothing is left: this gives the buffer back */
    }
}

size_t connection_memory(const struct connection *connection)
{
    size_t least = connection->held_own != NULL ? connection->held_size : HELD_FIRST;
    return connection->held.len == 0 || connection->held.len > least ? connection->held.len : least;
}

void connection_pause(struct connection *connection)
{
    connection->paused = true;
    if (!connection->in_event) {
        update_watch(connection);
    }
}

bool connection_resume(struct connection *connection)
{
    if (connection->closing || connection->error != 0) {
        return !connection->closing;
    }
    connection->paused = false;
    if (connection->in_event) {
        return true;
    }
    connection->in_event = true;
    if (connection->held.len > 0) {
        connection_tell(connection, CONNECTION_DATA);
    }
    if (connection->ended && !connection->paused) {
        connection_tell(connection, CONNECTION_CLOSED);
    }
    return finish_event(connection);
}

/* ---- Writing ------------------------------------------------------------------------------- */

size_t connection_waiting(const struct connection *connection)
{
    return connection->out_len;
}

/* Hands bytes to the system; how many it took, or -1 with errno set. */
static ssize_t write_some(const struct connection *connection, const char *bytes, size_t len)
{
    struct stream *stream = connection->stream;
    ssize_t put = stream != NULL ? stream->kind->write(stream, bytes, len)
                                 : send(connection->source.fd, bytes, len, MSG_NOSIGNAL);

    if (put < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    return put;
}

static bool keep_out(struct connection *connection, hl7_slice bytes)
{
    if (connection->out_size - connection->out_start - connection->out_len < bytes.len) {
        size_t size = connection->out_len + bytes.len;
        size += size / 2;
        char *out = malloc(size);
        if (out == NULL) {
            return false;
        }
        if (connection->out_len > 0) {
            memcpy(out, connection->out + connection->out_start, connection->out_len);
        }
        free(connection->out);
        connection->out = out;
        connection->out_start = 0;
        connection->out_size = size;
    }
    memcpy(connection->out + connection->out_start + connection->out_len, bytes.ptr, bytes.len);
    connection->out_len += bytes.len;
    return true;
}

bool connection_send(struct connection *connection, hl7_slice bytes)
{
    if (connection->closing || connection->error != 0 || connection->draining || bytes.len == 0) {
        return true;
    }
    if (connection->out_len == 0 && connection_is_open(connection)) {
        ssize_t put = write_some(connection, bytes.ptr, bytes.len);
        if (put < 0) {
            /* The read side will say the same, as an event of its own. */
            put = (ssize_t)bytes.len;
        }
        bytes = hl7_slice_part(bytes, (size_t)put, bytes.len);
    }
    if (bytes.len > 0 && !keep_out(connection, bytes)) {
        return false;
    }
    if (!connection->in_event) {
        update_watch(connection);
    }
    return true;
}

static void write_ready(struct connection *connection)
{
    ssize_t put =
        write_some(connection, connection->out + connection->out_start, connection->out_len);

    if (put < 0) {
        connection_fail(connection, errno);
        return;
    }
    connection->out_start += (size_t)put;
    connection->out_len -= (size_t)put;
    if (connection->out_len == 0) {
        free(connection->out);
        connection->out = NULL;
        connection->out_start = 0;
        connection->out_size = 0;
        connection_tell(connection, CONNECTION_DRAINED);
    }
}

/* ---- Life ---------------------------------------------------------------------------------- */

static int socket_error(const struct connection *connection)
{
    int error = 0;
    socklen_t len = sizeof error;

    return getsockopt(connection->source.fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error
                                                                                      : errno;
}

static void connect_ready(struct connection *connection)
{
    int error = socket_error(connection);

    if (error != 0) {
        connection_fail(connection, error);
        return;
    }
    connection->connecting = false;
    if (connection->shaking) {
        connection_shake(connection);
    } else {
        connection_tell(connection, CONNECTION_OPEN);
    }
}

/* The stream's end waited for the socket. */
static void end_ready(struct connection *connection)
{
    connection->ending = false;
    connection_end_output(connection);
}

static void transfer(struct connection *connection, uint32_t events)
{
    bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;

    if (connection->error != 0) {
        return; /* told already: the owner is to close it */
    }
    if ((events & EPOLLOUT) != 0 && connection->out_len > 0) {
        write_ready(connection);
    } else if ((events & EPOLLOUT) != 0 && connection->ending) {
        end_ready(connection);
    }
    if (connection->closing || connection->error != 0) {
        return;
    }
    if (!connection->paused && !connection->ended) {
        bool stuck = connection->stream != NULL && connection->stream->wants_write;
        if ((events & EPOLLIN) != 0 || broken || (stuck && (events & EPOLLOUT) != 0)) {
            read_ready(connection);
        }
    } else if (broken) {
        /* Reading is out of the question, so recv cannot say what is wrong; and epoll would tell
         * of it again and again. No answer can reach this peer. */
        int error = socket_error(connection);
        connection_fail(connection, error != 0 ? error : ECONNRESET);
    }
}

static void on_ready(struct loop_source *source, uint32_t events)
{
    struct connection *connection = LOOP_OWNER(source, struct connection, source);

    connection->in_event = true;
    if (connection->connecting) {
        connect_ready(connection);
    } else if (connection->shaking) {
        connection_shake(connection);
    } else if (connection->draining) {
        connection_drain(connection);
    } else {
        transfer(connection, events);
    }
    (void)finish_event(connection);
}

static void on_time(struct loop_timer *timer)
{
    struct connection *connection = LOOP_OWNER(timer, struct connection, timer);
    uint64_t now = connection->loop->now;

    if (connection->deadline == 0) {
        return;
    }
    if (connection->deadline > now) {
        if (!loop_timer_set(connection->loop, timer, connection->deadline - now)) {
            connection_fail(connection, ENOMEM);
        }
        return;
    }
    connection->deadline = 0;
    connection->in_event = true;
    if (connection->draining) {
        connection->draining = false;
        connection_fail(connection, connection->drain_error);
    } else {
        connection_tell(connection, CONNECTION_TIMEOUT);
    }
    (void)finish_event(connection);
}

void connection_set_deadline(struct connection *connection, uint64_t delay)
{
    struct loop *loop = connection->loop;

    if (connection->closing) {
        return;
    }
    connection->deadline = delay == 0 ? 0 : loop->now + delay;
    if (delay == 0 ||
        (connection->timer.place != 0 && connection->timer.due <= connection->deadline)) {
        return;
    }
    if (!loop_timer_set(loop, &connection->timer, delay)) {
        /* Without a timer the connection could stay for ever: better none. */
        connection->error = ENOMEM;
        (void)shutdown(connection->source.fd, SHUT_RDWR);
    }
}

static void free_stream(struct connection *connection)
{
    if (connection->stream != NULL) {
        connection->stream->kind->free(connection->stream);
        connection->stream = NULL;
    }
}

static bool begin(struct connection *connection, struct loop *loop, int fd, uint32_t events)
{
    const int yes = 1;

    connection->loop = loop;
    connection->shaking = connection->stream != NULL;
    if (connection->stream != NULL) {
        connection->stream->fd = fd;
    }
    connection->source = (struct loop_source){.fd = fd, .events = events, .on_ready = on_ready};
    connection->timer = (struct loop_timer){.on_time = on_time};
    /* Answers are small and waited for; a peer that vanished is noticed in the end. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    return loop_add(loop, &connection->source);
}

bool connection_accept(struct connection *connection, struct loop *loop, int fd)
{
    connection->connecting = false;
    if (!begin(connection, loop, fd, EPOLLIN)) {
        free_stream(connection);
        return false;
    }
    return true;
}

bool connection_connect(struct connection *connection, struct loop *loop,
                        const struct sockaddr *address, socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        free_stream(connection);
        return false;
    }
    connection->connecting = true;
    if ((connect(fd, address, len) != 0 && errno != EINPROGRESS) ||
        !begin(connection, loop, fd, EPOLLOUT)) {
        int error = errno;
        (void)close(fd);
        connection->source.fd = -1;
        free_stream(connection);
        errno = error;
        return false;
    }
    return true;
}

void connection_end_output(struct connection *connection)
{
    struct stream *stream = connection->stream;

    if (connection->closing) {
        return;
    }
    if (stream != NULL && connection_is_open(connection) &&
        stream->kind->end(stream) == STREAM_AGAIN) {
        connection->ending = true;
        if (!connection->in_event) {
            update_watch(connection);
        }
        return;
    }
    (void)shutdown(connection->source.fd, SHUT_WR);
}

void connection_close(struct connection *connection)
{
    if (connection->closing) {
        return;
    }
    connection->closing = true;
    if (connection->stream != NULL && connection_is_open(connection) && connection->error == 0) {
        (void)connection->stream->kind->end(connection->stream);
    }
    loop_timer_clear(connection->loop, &connection->timer);
    loop_remove(connection->loop, &connection->source);
    (void)close(connection->source.fd);
    connection->source.fd = -1;
    free_stream(connection);
    free(connection->held_own);
    free(connection->out);
    connection->held_own = NULL;
    connection->out = NULL;
    connection->out_len = 0;
    connection->held = (hl7_slice){NULL, 0};
    if (!connection->in_event && connection->on_freed != NULL) {
        connection->on_freed(connection);
    }
}
