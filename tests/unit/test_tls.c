/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections over TLS: bytes both ways at every split, ends, and what is changed or missing. */
#include "tls_pair.h"

#include <errno.h>
#include <stdio.h>

#define HELLO "a message of the client"
#define REPLY "the server's answer"

static bool is_slow(void)
{
    const char *build = getenv("ORDERLY_BUILD");

    return build != NULL && (strcmp(build, "valgrind") == 0 || strcmp(build, "coverage") == 0);
}

static void say(struct tls_side *side, const char *text)
{
    assert_true(connection_send(&side->connection, hl7_slice_of(text)));
}

/* ---- Both ways ----------------------------------------------------------------------------- */

static void bytes_go_both_ways(void **state)
{
    struct tls_pair *pair = *state;

    pair_open_mutual(pair);
    say(&pair->client, HELLO);
    pair_settle(pair);
    pair_expect(&pair->server, "D");
    pair_received(&pair->server, HELLO);
    say(&pair->server, REPLY);
    pair_settle(pair);
    pair_received(&pair->client, REPLY);
    assert_string_equal(pair->server.connection.stream->version, "TLSv1.3");
    assert_string_equal(pair->server.connection.stream->cipher, "TLS_AES_256_GCM_SHA384");
    assert_string_equal(pair->server.connection.stream->peer, "client");
    assert_string_equal(pair->client.connection.stream->peer, "ris.example");
}

static void what_is_said_before_hands_are_shaken_waits(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_settings client = pair_settings(pair, false, "client", "ca");

    pair_open(pair, &server, &client);
    say(&pair->client, HELLO);
    assert_int_equal(connection_waiting(&pair->client.connection), strlen(HELLO));
    pair_settle(pair);
    pair_expect(&pair->client, "OR");
    pair_received(&pair->server, HELLO);
}

/* Carries everything, cut once at this byte of one direction; answers how many there were. */
static size_t talk(struct tls_pair *pair, bool to_server, size_t cut)
{
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_settings client = pair_settings(pair, false, "client", "ca");
    size_t before = 0;
    size_t moved = 1;

    pair_open(pair, &server, &client);
    say(&pair->client, HELLO);
    say(&pair->server, REPLY);
    pair_turn(pair);
    while (moved > 0) {
        size_t left = before < cut ? cut - before : TLS_ALL;
        size_t n = pair_carry(pair, to_server, left);
        before += n;
        moved = n + pair_carry(pair, !to_server, TLS_ALL);
    }
    pair_received(&pair->server, HELLO);
    pair_received(&pair->client, REPLY);
    return before;
}

static void it_works_at_every_split_of_the_bytes(void **state)
{
    struct tls_pair *pair = *state;
    size_t step = is_slow() ? 97 : 3;

    for (int to_server = 0; to_server <= 1; to_server++) {
        size_t all = talk(pair, to_server == 1, TLS_ALL);

        for (size_t cut = 1; cut < all; cut += cut < 16 ? 1 : step) {
            (void)talk(pair, to_server == 1, cut);
        }
    }
}

static void it_works_byte_by_byte(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_settings client = pair_settings(pair, false, "client", "ca");

    pair_open(pair, &server, &client);
    say(&pair->client, HELLO);
    pair_turn(pair);
    while (pair_carry(pair, true, 1) + pair_carry(pair, false, 1) > 0) {
    }
    pair_received(&pair->server, HELLO);
}

static void what_does_not_fit_into_the_socket_waits_and_arrives(void **state)
{
    struct tls_pair *pair = *state;
    const size_t len = 3 * 1024 * 1024;
    char *bytes = malloc(len);

    assert_non_null(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)(i * 7 + i / 251);
    }
    pair_open_mutual(pair);
    assert_true(connection_send(&pair->client.connection, (hl7_slice){bytes, len}));
    assert_true(connection_waiting(&pair->client.connection) > 0);
    pair_settle(pair);
    assert_true(connection_send(&pair->server.connection, (hl7_slice){bytes, len}));
    pair_settle(pair);
    assert_int_equal(pair->server.got_len, len);
    assert_memory_equal(pair->server.got, bytes, len);
    assert_int_equal(pair->client.got_len, len);
    assert_memory_equal(pair->client.got, bytes, len);
    assert_int_equal(connection_waiting(&pair->client.connection), 0);
    free(bytes);
}

static void a_connection_that_pauses_reads_on_when_it_resumes(void **state)
{
    struct tls_pair *pair = *state;

    pair_open_mutual(pair);
    connection_pause(&pair->server.connection);
    say(&pair->client, HELLO);
    pair_settle(pair);
    pair_expect(&pair->server, "");
    assert_true(connection_resume(&pair->server.connection));
    pair_settle(pair);
    pair_received(&pair->server, HELLO);
}

/* ---- Ends ---------------------------------------------------------------------------------- */

static void one_side_may_end_and_still_read(void **state)
{
    struct tls_pair *pair = *state;

    pair_open_mutual(pair);
    say(&pair->client, HELLO);
    connection_end_output(&pair->client.connection);
    pair_settle(pair);
    pair_expect(&pair->server, "DC");
    say(&pair->server, REPLY);
    pair_settle(pair);
    pair_expect(&pair->client, "D");
    pair_received(&pair->client, REPLY);
    connection_close(&pair->server.connection);
    pair_settle(pair);
    assert_int_equal(pair->client.events[0], 'C');
}

static void an_end_without_notice_is_an_end_when_nothing_is_held(void **state)
{
    struct tls_pair *pair = *state;

    pair_open_mutual(pair);
    assert_int_equal(shutdown(pair->server.far, SHUT_WR), 0);
    pair_settle(pair);
    pair_expect(&pair->server, "C");
}

static void an_end_without_notice_decides_nothing_about_what_is_held(void **state)
{
    struct tls_pair *pair = *state;

    pair_open_mutual(pair);
    pair->server.keep = true;
    say(&pair->client, HELLO);
    pair_settle(pair);
    assert_int_equal(shutdown(pair->server.far, SHUT_WR), 0);
    pair_settle(pair);
    pair_expect(&pair->server, "DF");
    assert_false(pair->server.connection.ended);
    assert_int_equal(pair->server.connection.error, ECONNRESET);
}

static void a_peer_that_goes_while_hands_are_shaken_is_told_once(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_settings client = pair_settings(pair, false, "client", "ca");

    for (size_t at = 0; at < 220; at += at < 8 ? 1 : 60) {
        pair_open(pair, &server, &client);
        pair_turn(pair);
        assert_int_equal(at > 0 ? pair_carry(pair, true, at) : 0, at);
        assert_int_equal(shutdown(pair->server.far, SHUT_WR), 0);
        pair_turn(pair);
        pair_expect(&pair->server, "F");
        assert_int_equal(pair->server.trouble, STREAM_CUT);
    }
}

static void a_server_that_goes_while_hands_are_shaken_is_told_once(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_settings client = pair_settings(pair, false, "client", "ca");

    for (size_t at = 0; at < 700; at += 150) {
        pair_open(pair, &server, &client);
        pair_turn(pair);
        (void)pair_carry(pair, true, TLS_ALL);
        assert_int_equal(at > 0 ? pair_carry(pair, false, at) : 0, at);
        assert_int_equal(shutdown(pair->client.far, SHUT_WR), 0);
        pair_turn(pair);
        pair_expect(&pair->client, "F");
        assert_int_equal(pair->client.trouble, STREAM_CUT);
    }
}

static void hands_that_are_not_shaken_in_time_are_late(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");

    pair_open(pair, &server, NULL);
    connection_set_deadline(&pair->server.connection, 1);
    while (pair->server.event_count == 0) {
        pair_turn(pair);
    }
    pair_expect(&pair->server, "T");
    assert_int_equal(pair->server.trouble, STREAM_LATE);
}

static void an_owner_may_close_at_any_event(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_settings client = pair_settings(pair, false, "client", "ca");

    pair_open(pair, &server, &client);
    pair->server.close = true;
    pair->client.close = true;
    pair_settle(pair);
    assert_true(pair->server.freed);
    assert_true(pair->client.freed);
}

/* ---- What is changed ----------------------------------------------------------------------- */

/* One byte of the client's record is another one. */
static void flip(struct tls_pair *pair, size_t at)
{
    char bytes[4096];

    pair_open_mutual(pair);
    say(&pair->client, HELLO);
    ssize_t len = recv(pair->client.far, bytes, sizeof bytes, MSG_DONTWAIT);
    assert_true(len > (ssize_t)strlen(HELLO));
    if (at >= (size_t)len) {
        return;
    }
    bytes[at] = (char)(bytes[at] ^ (1 << (at % 8)));
    assert_int_equal(send(pair->server.far, bytes, (size_t)len, MSG_NOSIGNAL), len);
    pair_turn(pair);
    /* A length that was made longer waits for bytes that do not come. */
    assert_int_equal(shutdown(pair->server.far, SHUT_WR), 0);
    pair_settle(pair);
    assert_int_equal(pair->server.got_len, 0);
    assert_int_equal(pair->server.event_count, 1);
    if (pair->server.events[0] == 'F') {
        assert_int_equal(pair->server.trouble, STREAM_DAMAGED);
    } else {
        assert_int_equal(pair->server.events[0], 'C');
        assert_true(at == 3 || at == 4);
    }
}

static void a_byte_that_was_changed_is_one_failure_and_no_data(void **state)
{
    struct tls_pair *pair = *state;

    for (size_t at = 0; at < strlen(HELLO) + 22; at++) {
        flip(pair, at);
    }
}

static void what_is_not_tls_gets_no_answer(void **state)
{
    static const char *const texts[] = {"\x0bMSH|^~\\&|", "GET / HTTP/1.0\r\n\r\n", "\x15\x03\x03",
                                        "SSH-2.0-x\r\n", "\x80\x2e\x01"};
    struct tls_pair *pair = *state;
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char byte = 0;

        pair_open(pair, &server, NULL);
        assert_true(send(pair->server.far, texts[i], strlen(texts[i]), MSG_NOSIGNAL) > 0);
        pair_turn(pair);
        pair_expect(&pair->server, "F");
        assert_int_equal(pair->server.trouble, STREAM_PLAINTEXT);
        assert_int_equal(recv(pair->server.far, &byte, 1, MSG_DONTWAIT), -1);
        connection_close(&pair->server.connection);
        assert_true(recv(pair->server.far, &byte, 1, MSG_DONTWAIT) <= 0);
    }
}

static void a_client_says_when_the_server_does_not_speak_tls(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings client = pair_settings(pair, false, NULL, "ca");

    pair_open(pair, NULL, &client);
    pair_turn(pair);
    assert_int_equal(send(pair->client.far, "\x0bMSH|", 5, MSG_NOSIGNAL), 5);
    pair_turn(pair);
    pair_expect(&pair->client, "F");
    assert_int_equal(pair->client.trouble, STREAM_PLAINTEXT);
}

static void few_steps_of_shaking_hands_are_taken_in_a_round(void **state)
{
    struct tls_pair *pair = *state;
    int taken = 0;

    while (loop_may_toil(&pair->loop)) {
        taken++;
    }
    assert_int_equal(taken, LOOP_TOIL_MAX);
    pair_turn(pair);
    assert_true(loop_may_toil(&pair->loop));
}

int main(void)
{
#define PAIR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_pair, tear_down_pair)
    const struct CMUnitTest tests[] = {
        PAIR_TEST(bytes_go_both_ways),
        PAIR_TEST(what_is_said_before_hands_are_shaken_waits),
        PAIR_TEST(it_works_at_every_split_of_the_bytes),
        PAIR_TEST(it_works_byte_by_byte),
        PAIR_TEST(what_does_not_fit_into_the_socket_waits_and_arrives),
        PAIR_TEST(a_connection_that_pauses_reads_on_when_it_resumes),
        PAIR_TEST(one_side_may_end_and_still_read),
        PAIR_TEST(an_end_without_notice_is_an_end_when_nothing_is_held),
        PAIR_TEST(an_end_without_notice_decides_nothing_about_what_is_held),
        PAIR_TEST(a_peer_that_goes_while_hands_are_shaken_is_told_once),
        PAIR_TEST(a_server_that_goes_while_hands_are_shaken_is_told_once),
        PAIR_TEST(hands_that_are_not_shaken_in_time_are_late),
        PAIR_TEST(an_owner_may_close_at_any_event),
        PAIR_TEST(a_byte_that_was_changed_is_one_failure_and_no_data),
        PAIR_TEST(what_is_not_tls_gets_no_answer),
        PAIR_TEST(a_client_says_when_the_server_does_not_speak_tls),
        PAIR_TEST(few_steps_of_shaking_hands_are_taken_in_a_round),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
