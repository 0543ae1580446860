/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections: what is read and held, pausing, resuming. */
#include "peer.h"

#include <errno.h>
#include <sys/ioctl.h>

/* ---- Reading ------------------------------------------------------------------------------- */

static void what_is_not_consumed_stays_in_front_of_what_follows(void **state)
{
    struct fixture *fixture = *state;

    fixture->consume = 2;
    peer_sends(fixture, "abcde");
    expect(fixture, "D");
    assert_slice(fixture->connection->held, "cde");
    peer_sends(fixture, "fgh");
    expect(fixture, "D");
    assert_slice(fixture->connection->held, "efgh");
    assert_true(fixture->connection->held.ptr == fixture->connection->held_own);
}

static void a_connection_that_holds_nothing_has_no_buffer(void **state)
{
    struct fixture *fixture = *state;

    fixture->consume = SIZE_MAX;
    peer_sends(fixture, "abc");
    expect(fixture, "D");
    assert_null(fixture->connection->held_own);
    assert_int_equal(fixture->connection->held.len, 0);
}

/* What was held goes in each of these; then more comes than its buffer had room for. */
static void check_room_after(struct fixture *fixture)
{
    assert_int_equal(fixture->connection->held.len, 0);
    assert_null(fixture->connection->held_own);
    fixture->consume = 0;
    peer_sends_many(fixture, 'x', 200000);
    assert_int_equal(fixture->connection->held.len, 200000);
    assert_null(memchr(fixture->connection->held.ptr, 'a', 200000));
}

static void consuming_all_from_outside_a_callback_gives_the_buffer_back(void **state)
{
    struct fixture *fixture = *state;

    peer_sends(fixture, "aaa");
    expect(fixture, "D");
    connection_consume(fixture->connection, 3);
    check_room_after(fixture);
}

static void consuming_all_at_a_timeout_gives_the_buffer_back(void **state)
{
    struct fixture *fixture = *state;

    peer_sends(fixture, "aaa");
    expect(fixture, "D");
    fixture->consume = SIZE_MAX;
    connection_set_deadline(fixture->connection, 1);
    expect(fixture, "T");
    check_room_after(fixture);
}

static void consuming_all_before_resuming_gives_the_buffer_back(void **state)
{
    struct fixture *fixture = *state;

    fixture->pause = true;
    peer_sends(fixture, "aaa");
    expect(fixture, "D");
    fixture->pause = false;
    connection_consume(fixture->connection, 3);
    assert_true(connection_resume(fixture->connection));
    check_room_after(fixture);
}

static void more_than_the_loop_reads_at_a_time_is_held_whole(void **state)
{
    struct fixture *fixture = *state;

    peer_sends_many(fixture, 'a', 3 * MEGABYTE);
    peer_sends_many(fixture, 'b', 100);
    hl7_slice held = fixture->connection->held;
    assert_int_equal(held.len, 3 * MEGABYTE + 100);
    assert_ptr_equal(memchr(held.ptr, 'b', held.len), held.ptr + 3 * MEGABYTE);
}

static void reading_at_once_sees_what_the_loop_has_not_told_of(void **state)
{
    struct fixture *fixture = *state;
    int waiting = 0;

    assert_false(connection_has_input(fixture->connection));
    peer_sends(fixture, "abc");
    while (waiting < 3) {
        assert_int_equal(ioctl(fixture->connection->source.fd, FIONREAD, &waiting), 0);
    }
    assert_true(connection_has_input(fixture->connection));
    assert_true(connection_read(fixture->connection));
    expect(fixture, "D");
    assert_slice(fixture->connection->held, "abc");
    assert_true(connection_read(fixture->connection));
    assert_int_equal(fixture->event_count, 0);
}

static void the_peers_end_comes_after_its_last_bytes(void **state)
{
    struct fixture *fixture = *state;

    peer_sends(fixture, "abc");
    assert_int_equal(shutdown(fixture->peer, SHUT_WR), 0);
    expect(fixture, "DC");
    assert_true(fixture->connection->ended);
    assert_slice(fixture->connection->held, "abc");
    expect_nothing(fixture);
    assert_true(connection_send(fixture->connection, HL7_TEXT("still")));
    peer_receives(fixture, "still");
}

static void a_reset_is_a_failure(void **state)
{
    struct fixture *fixture = *state;

    peer_resets(fixture);
    expect(fixture, "F");
    assert_int_equal(fixture->error, ECONNRESET);
    expect_nothing(fixture);
    assert_true(connection_send(fixture->connection, HL7_TEXT("to nobody")));
    assert_int_equal(connection_waiting(fixture->connection), 0);
    assert_true(connection_resume(fixture->connection));
    assert_true(connection_read(fixture->connection));
    assert_int_equal(fixture->event_count, 0);
}

/* ---- Pausing ------------------------------------------------------------------------------- */

static void a_paused_connection_reads_nothing_until_it_resumes(void **state)
{
    struct fixture *fixture = *state;

    fixture->pause = true;
    peer_sends(fixture, "abc");
    expect(fixture, "D");
    peer_sends(fixture, "def");
    expect_nothing(fixture);
    assert_slice(fixture->connection->held, "abc");
    fixture->pause = false;
    assert_true(connection_resume(fixture->connection));
    expect(fixture, "DD");
    assert_slice(fixture->connection->held, "abcdef");
}

static void a_reset_while_paused_is_a_failure_and_offers_nothing_again(void **state)
{
    struct fixture *fixture = *state;

    fixture->pause = true;
    peer_sends(fixture, "abc");
    expect(fixture, "D");
    peer_sends(fixture, "def");
    peer_resets(fixture);
    expect(fixture, "F");
    assert_int_equal(fixture->error, ECONNRESET);
    assert_slice(fixture->connection->held, "abc");
    expect_nothing(fixture);
}

static void a_peer_that_is_gone_for_good_while_paused_is_a_failure_once(void **state)
{
    struct fixture *fixture = *state;

    fixture->pause = true;
    peer_sends(fixture, "abc");
    expect(fixture, "D");
    peer_closes(fixture);
    expect_nothing(fixture);
    /* What the peer can no longer take is answered with a reset. */
    assert_true(connection_send(fixture->connection, HL7_TEXT("late")));
    expect(fixture, "F");
    assert_slice(fixture->connection->held, "abc");
    expect_nothing(fixture);
}

static void the_end_of_the_peer_is_told_after_resuming(void **state)
{
    struct fixture *fixture = *state;

    fixture->pause = true;
    peer_sends(fixture, "abc");
    expect(fixture, "D");
    assert_int_equal(shutdown(fixture->peer, SHUT_WR), 0);
    expect_nothing(fixture);
    fixture->pause = false;
    assert_true(connection_resume(fixture->connection));
    expect(fixture, "DC");
}

#define WITH_PEER(name) cmocka_unit_test_setup_teardown(name, set_up_peer, tear_down_peer)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PEER(what_is_not_consumed_stays_in_front_of_what_follows),
        WITH_PEER(a_connection_that_holds_nothing_has_no_buffer),
        WITH_PEER(consuming_all_from_outside_a_callback_gives_the_buffer_back),
        WITH_PEER(consuming_all_at_a_timeout_gives_the_buffer_back),
        WITH_PEER(consuming_all_before_resuming_gives_the_buffer_back),
        WITH_PEER(more_than_the_loop_reads_at_a_time_is_held_whole),
        WITH_PEER(reading_at_once_sees_what_the_loop_has_not_told_of),
        WITH_PEER(the_peers_end_comes_after_its_last_bytes),
        WITH_PEER(a_reset_is_a_failure),
        WITH_PEER(a_paused_connection_reads_nothing_until_it_resumes),
        WITH_PEER(a_reset_while_paused_is_a_failure_and_offers_nothing_again),
        WITH_PEER(a_peer_that_is_gone_for_good_while_paused_is_a_failure_once),
        WITH_PEER(the_end_of_the_peer_is_told_after_resuming),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
