/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections: output that waits, deadlines, connecting, closing. */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Writing ------------------------------------------------------------------------------- */

static void output_that_has_to_wait_leaves_in_order_and_whole(void **state)
{
    enum { PIECES = 40, PIECE = 256 * 1024 };
    struct fixture *fixture = *state;
    char *piece = malloc(PIECE);
    size_t received = 0;

    assert_non_null(piece);
    for (int i = 0; i < PIECES; i++) {
        memset(piece, 'a' + i % 26, PIECE);
        assert_true(connection_send(fixture->connection, (hl7_slice){piece, PIECE}));
    }
    assert_true(connection_waiting(fixture->connection) > 0);
    fixture->wanted = 1;
    while (received < (size_t)PIECES * PIECE) {
        ssize_t got = recv(fixture->peer, piece, PIECE, MSG_DONTWAIT);
        for (ssize_t i = 0; i < got; i++, received++) {
            assert_int_equal(piece[i], 'a' + (int)(received / PIECE) % 26);
        }
        if (connection_waiting(fixture->connection) > 0) {
            run_a_moment(fixture, 1);
        }
    }
    assert_int_equal(fixture->event_count, 1);
    assert_int_equal(fixture->events[0], 'R');
    assert_null(fixture->connection->out);
    free(piece);
}

static void nothing_is_read_while_much_output_waits(void **state)
{
    struct fixture *fixture = *state;
    char *much = calloc(1, 32 * MEGABYTE);
    char away[65536];

    assert_non_null(much);
    assert_true(connection_send(fixture->connection, (hl7_slice){much, 32 * MEGABYTE}));
    free(much);
    peer_sends(fixture, "abc");
    expect_nothing(fixture);
    for (fixture->wanted = 2; fixture->event_count < 2;) {
        while (recv(fixture->peer, away, sizeof away, MSG_DONTWAIT) > 0) {
        }
        run_a_moment(fixture, 1);
    }
    assert_non_null(memchr(fixture->events, 'D', 2));
    assert_non_null(memchr(fixture->events, 'R', 2));
    assert_slice(fixture->connection->held, "abc");
}

static void a_peer_that_goes_while_output_waits_is_a_failure(void **state)
{
    struct fixture *fixture = *state;
    char *much = calloc(1, 32 * MEGABYTE);

    assert_non_null(much);
    assert_true(connection_send(fixture->connection, (hl7_slice){much, 32 * MEGABYTE}));
    free(much);
    peer_resets(fixture);
    expect(fixture, "F");
    expect_nothing(fixture);
}

static void ending_the_output_leaves_the_input_open(void **state)
{
    struct fixture *fixture = *state;

    assert_true(connection_send(fixture->connection, HL7_TEXT("last")));
    connection_end_output(fixture->connection);
    peer_receives(fixture, "last");
    peer_receives(fixture, "");
    peer_sends(fixture, "abc");
    expect(fixture, "D");
    peer_closes(fixture);
    expect(fixture, "C");
}

/* ---- Deadlines ----------------------------------------------------------------------------- */

static void a_deadline_comes_once(void **state)
{
    struct fixture *fixture = *state;

    connection_set_deadline(fixture->connection, 5);
    expect(fixture, "T");
    expect_nothing(fixture);
}

static void a_deadline_that_is_put_off_comes_when_it_was_put_to(void **state)
{
    struct fixture *fixture = *state;

    connection_set_deadline(fixture->connection, 5);
    connection_set_deadline(fixture->connection, 200);
    expect_nothing(fixture);
    expect(fixture, "T");
}

static void a_deadline_that_is_brought_forward_comes_early(void **state)
{
    struct fixture *fixture = *state;

    connection_set_deadline(fixture->connection, 2 * GUARD);
    connection_set_deadline(fixture->connection, 5);
    expect(fixture, "T");
}

static void a_deadline_that_is_taken_away_never_comes(void **state)
{
    struct fixture *fixture = *state;

    connection_set_deadline(fixture->connection, 5);
    connection_set_deadline(fixture->connection, 0);
    expect_nothing(fixture);
}

/* ---- Life ---------------------------------------------------------------------------------- */

static void closing_frees_once_and_at_once(void **state)
{
    struct fixture *fixture = *state;

    connection_set_deadline(fixture->connection, 1);
    connection_close(fixture->connection);
    assert_int_equal(fixture->freed, 1);
    expect_nothing(fixture);
    peer_receives(fixture, "");
}

static void closing_in_a_callback_frees_when_the_callback_is_left(void **state)
{
    struct fixture *fixture = *state;

    fixture->close = true;
    peer_sends(fixture, "abc");
    assert_int_equal(shutdown(fixture->peer, SHUT_WR), 0);
    expect(fixture, "D");
    assert_int_equal(fixture->freed, 1);
}

static void closing_in_a_callback_of_a_direct_read_is_told_to_its_caller(void **state)
{
    struct fixture *fixture = *state;

    fixture->close = true;
    peer_sends(fixture, "abc");
    while (!connection_has_input(fixture->connection)) {
    }
    assert_false(connection_read(fixture->connection));
    assert_int_equal(fixture->freed, 1);
}

static void closing_at_each_kind_of_event_is_safe(void **state)
{
    struct fixture *fixture = *state;

    fixture->close = true;
    connection_set_deadline(fixture->connection, 1);
    expect(fixture, "T");
    assert_int_equal(fixture->freed, 1);
}

static void connecting_is_told_when_it_is_done(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in address;
    int listener = listen_socket(&address);

    assert_true(connection_connect(new_connection(fixture), &fixture->loop,
                                   (struct sockaddr *)&address, sizeof address));
    /* What is sent before is kept until then. */
    assert_true(connection_send(fixture->connection, HL7_TEXT("early")));
    assert_int_equal(connection_waiting(fixture->connection), 5);
    expect(fixture, "OR");
    fixture->peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    peer_receives(fixture, "early");
    (void)close(listener);
}

static void a_refused_connection_is_a_failure(void **state)
{
    struct fixture *fixture = *state;
    struct sockaddr_in address;
    int listener = listen_socket(&address);

    (void)close(listener);
    if (connection_connect(new_connection(fixture), &fixture->loop, (struct sockaddr *)&address,
                           sizeof address)) {
        expect(fixture, "F");
        assert_int_equal(fixture->error, ECONNREFUSED);
    } else {
        assert_int_equal(errno, ECONNREFUSED);
        free_connection(fixture->connection);
    }
}

#define WITH_PEER(name) cmocka_unit_test_setup_teardown(name, set_up_peer, tear_down_peer)
#define ALONE(name) cmocka_unit_test_setup_teardown(name, set_up_alone, tear_down_peer)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PEER(output_that_has_to_wait_leaves_in_order_and_whole),
        WITH_PEER(nothing_is_read_while_much_output_waits),
        WITH_PEER(a_peer_that_goes_while_output_waits_is_a_failure),
        WITH_PEER(ending_the_output_leaves_the_input_open),
        WITH_PEER(a_deadline_comes_once),
        WITH_PEER(a_deadline_that_is_put_off_comes_when_it_was_put_to),
        WITH_PEER(a_deadline_that_is_brought_forward_comes_early),
        WITH_PEER(a_deadline_that_is_taken_away_never_comes),
        WITH_PEER(closing_frees_once_and_at_once),
        WITH_PEER(closing_in_a_callback_frees_when_the_callback_is_left),
        WITH_PEER(closing_in_a_callback_of_a_direct_read_is_told_to_its_caller),
        WITH_PEER(closing_at_each_kind_of_event_is_safe),
        ALONE(connecting_is_told_when_it_is_done),
        ALONE(a_refused_connection_is_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
