/* SPDX-License-Identifier: Apache-2.0
 *
 * See peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <stdlib.h>

struct owner {
    struct connection connection;
    struct fixture *fixture;
};

static void on_guard(struct loop_timer *timer)
{
    struct fixture *fixture = LOOP_OWNER(timer, struct fixture, guard);

    fixture->late = true;
    loop_stop(&fixture->loop);
}

static void on_event(struct connection *connection, enum connection_event event)
{
    static const char letters[] = {
        [CONNECTION_OPEN] = 'O',    [CONNECTION_DATA] = 'D',   [CONNECTION_DRAINED] = 'R',
        [CONNECTION_TIMEOUT] = 'T', [CONNECTION_CLOSED] = 'C', [CONNECTION_FAILED] = 'F'};
    struct fixture *fixture = LOOP_OWNER(connection, struct owner, connection)->fixture;
    size_t held = connection->held.len;

    assert_true(fixture->event_count < LOG - 1);
    fixture->events[fixture->event_count++] = letters[event];
    fixture->error = connection->error;
    connection_consume(connection, held < fixture->consume ? held : fixture->consume);
    if (fixture->pause && event == CONNECTION_DATA) {
        connection_pause(connection);
    }
    if (fixture->close) {
        connection_close(connection);
        assert_int_equal(fixture->freed, 0);
    }
    if (fixture->event_count == fixture->wanted) {
        loop_stop(&fixture->loop);
    }
}

void free_connection(struct connection *connection)
{
    struct owner *owner = LOOP_OWNER(connection, struct owner, connection);

    owner->fixture->freed++;
    owner->fixture->connection = NULL;
    free(owner);
}

struct connection *new_connection(struct fixture *fixture)
{
    struct owner *owner = calloc(1, sizeof *owner);

    assert_non_null(owner);
    owner->fixture = fixture;
    owner->connection.on_event = on_event;
    owner->connection.on_freed = free_connection;
    fixture->connection = &owner->connection;
    return fixture->connection;
}

int listen_socket(struct sockaddr_in *ret_address)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *ret_address = address;
    return fd;
}

int set_up_alone(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    if (fixture == NULL || !loop_init(&fixture->loop)) {
        return -1;
    }
    fixture->peer = -1;
    fixture->guard.on_time = on_guard;
    *state = fixture;
    return loop_timer_set(&fixture->loop, &fixture->guard, GUARD) ? 0 : -1;
}

int set_up_peer(void **state)
{
    struct sockaddr_in address;

    if (set_up_alone(state) != 0) {
        return -1;
    }
    struct fixture *fixture = *state;
    int listener = listen_socket(&address);
    fixture->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fixture->peer, (struct sockaddr *)&address, sizeof address), 0);
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(fd >= 0);
    (void)close(listener);
    return connection_accept(new_connection(fixture), &fixture->loop, fd) ? 0 : -1;
}

int tear_down_peer(void **state)
{
    struct fixture *fixture = *state;

    if (fixture->connection != NULL) {
        connection_close(fixture->connection);
    }
    if (fixture->peer >= 0) {
        (void)close(fixture->peer);
    }
    loop_release(&fixture->loop);
    free(fixture);
    return 0;
}

/* ---- Steps --------------------------------------------------------------------------------- */

void expect(struct fixture *fixture, const char *events)
{
    fixture->wanted = strlen(events);
    if (fixture->event_count < fixture->wanted) {
        assert_true(loop_run(&fixture->loop, NULL, NULL));
    }
    assert_false(fixture->late);
    fixture->events[fixture->event_count] = '\0';
    assert_string_equal(fixture->events, events);
    fixture->event_count = 0;
    fixture->wanted = 0;
}

static void stop_now(struct loop_timer *timer)
{
    struct fixture *fixture = LOOP_OWNER(timer, struct fixture, guard);

    loop_stop(&fixture->loop);
}

void run_a_moment(struct fixture *fixture, uint64_t milliseconds)
{
    fixture->guard.on_time = stop_now;
    assert_true(loop_timer_set(&fixture->loop, &fixture->guard, milliseconds));
    assert_true(loop_run(&fixture->loop, NULL, NULL));
    fixture->guard.on_time = on_guard;
    assert_true(loop_timer_set(&fixture->loop, &fixture->guard, GUARD));
}

void expect_nothing(struct fixture *fixture)
{
    run_a_moment(fixture, 30);
    assert_int_equal(fixture->event_count, 0);
}

void peer_sends(struct fixture *fixture, const char *text)
{
    assert_int_equal(send(fixture->peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

void peer_sends_many(struct fixture *fixture, char byte, size_t len)
{
    char *bytes = malloc(len);
    size_t before = fixture->connection->held.len;

    assert_non_null(bytes);
    memset(bytes, byte, len);
    for (size_t at = 0; fixture->connection->held.len < before + len;) {
        ssize_t put =
            at == len ? 0 : send(fixture->peer, bytes + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        at += put > 0 ? (size_t)put : 0;
        fixture->wanted = 1;
        fixture->event_count = 0;
        assert_true(loop_run(&fixture->loop, NULL, NULL));
        assert_false(fixture->late);
    }
    fixture->event_count = 0;
    free(bytes);
}

void peer_resets(struct fixture *fixture)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(fixture->peer, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    (void)close(fixture->peer);
    fixture->peer = -1;
}

void peer_closes(struct fixture *fixture)
{
    (void)close(fixture->peer);
    fixture->peer = -1;
}

void peer_receives(const struct fixture *fixture, const char *text)
{
    char bytes[64];
    ssize_t got = recv(fixture->peer, bytes, sizeof bytes, MSG_DONTWAIT);

    assert_true(got >= 0);
    assert_slices(((hl7_slice){bytes, (size_t)got}), hl7_slice_of(text));
}
