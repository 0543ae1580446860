/* SPDX-License-Identifier: Apache-2.0
 *
 * The control socket: how a connection behaves, whatever the program at the other end does. What the
 * requests do is in test_control_task.c. */
#include "control_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { MANY = 3000 };

static const char unknown[] = "error=unknown\ttext=there is no request 'x'\n";

static int set_up(void **state)
{
    struct control_desk *desk = calloc(1, sizeof *desk);

    if (desk == NULL) {
        return -1;
    }
    control_desk_open(desk);
    control_desk_start(desk);
    *state = desk;
    return 0;
}

/* With so many messages that their list does not fit into a socket. */
static int set_up_many(void **state)
{
    struct control_desk *desk = calloc(1, sizeof *desk);

    if (desk == NULL) {
        return -1;
    }
    control_desk_open(desk);
    desk_begin(&desk->desk);
    for (int i = 0; i < MANY; i++) {
        struct journal_message message = desk_message("1", "MSH|^~\\&|", i);
        struct journal_appended appended;
        char peer[JOURNAL_TEXT_MAX + 1];

        memset(peer, 'p', sizeof peer);
        message.peer = (hl7_slice){peer, JOURNAL_TEXT_MAX};
        assert_int_equal(journal_append(desk->desk.journal, &message, 1, &appended), JOURNAL_OK);
    }
    desk_commit(&desk->desk);
    control_desk_start(desk);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    control_desk_close(*state);
    free(*state);
    return 0;
}

static void a_request_is_answered(void **state)
{
    control_desk_expect(*state, "request=x\n\n", unknown);
}

static void the_socket_is_its_owners_alone(void **state)
{
    const struct control_desk *desk = *state;
    struct stat info;

    assert_int_equal(stat(desk->path, &info), 0);
    assert_true(S_ISSOCK(info.st_mode));
    assert_int_equal(info.st_mode & 0777, 0600);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    static const char text[] = "request=x\n\n";
    struct asker asker;

    asker_open(&asker, *state);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        assert_int_equal(asker.len, 0);
        asker_send(&asker, (hl7_slice){text + i, 1});
        control_desk_run(*state, 1);
    }
    asker_wait(&asker, 1);
    assert_string_equal(asker.text, unknown);
    asker_close(&asker);
}

static void many_requests_come_by_one_connection(void **state)
{
    struct asker asker;

    asker_open(&asker, *state);
    asker_send(&asker, HL7_TEXT("request=x\n\nrequest=reload\n\nrequest=journal\n\nrequest=x\n\n"
                                "request=x\n"));
    asker_wait(&asker, 4);
    assert_memory_equal(asker.text, unknown, sizeof unknown - 1);
    assert_non_null(strstr(asker.text, "\nrecord=finding\nerror=refused\ttext=one error\n"));
    assert_non_null(strstr(asker.text, "\nrecord=journal\tfile-bytes#="));
    assert_int_equal(control_desk_times(asker.text, unknown), 2);
    asker_send(&asker, HL7_TEXT("\n"));
    asker_wait(&asker, 5);
    assert_int_equal(control_desk_times(asker.text, unknown), 3);
    asker_close(&asker);
}

static void a_program_that_says_no_more_gets_its_answers(void **state)
{
    struct control_desk *desk = *state;
    struct asker asker;

    asker_open(&asker, desk);
    asker_send(&asker, HL7_TEXT("request=journal\n\nrequest=x\n\nrequest=half"));
    assert_int_equal(shutdown(asker.source.fd, SHUT_WR), 0);
    asker_wait(&asker, 3);
    assert_true(asker.closed);
    assert_int_equal(control_desk_times(asker.text, "record=journal"), 1);
    assert_int_equal(control_desk_times(asker.text, unknown), 1);
    assert_int_equal(control_sessions(desk->control), 0);
    asker_close(&asker);
}

static void a_request_without_an_end_is_refused(void **state)
{
    struct asker asker;
    char *text = malloc(REQUEST_BYTES_MAX);

    assert_non_null(text);
    memset(text, 'x', REQUEST_BYTES_MAX);
    asker_open(&asker, *state);
    asker_send(&asker, (hl7_slice){text, REQUEST_BYTES_MAX});
    asker_wait(&asker, 2);
    assert_true(asker.closed);
    assert_string_equal(asker.text,
                        "error=too-large\ttext=a request has 64 KiB at most: ask several times\n");
    asker_close(&asker);
    free(text);
}

static void there_are_so_many_connections_and_no_more(void **state)
{
    struct control_desk *desk = *state;
    struct asker askers[CONTROL_SESSIONS_MAX + 1];

    for (size_t i = 0; i <= CONTROL_SESSIONS_MAX; i++) {
        asker_open(&askers[i], desk);
    }
    asker_wait(&askers[CONTROL_SESSIONS_MAX], 2);
    assert_true(askers[CONTROL_SESSIONS_MAX].closed);
    assert_string_equal(askers[CONTROL_SESSIONS_MAX].text,
                        "error=busy\ttext=too many connections: try again\n");
    assert_int_equal(control_sessions(desk->control), CONTROL_SESSIONS_MAX);
    for (size_t i = 0; i <= CONTROL_SESSIONS_MAX; i++) {
        asker_close(&askers[i]);
    }
    while (control_sessions(desk->control) > 0) {
        control_desk_run(desk, 1);
    }
    control_desk_expect(desk, "request=x\n\n", unknown);
}

static void a_long_answer_comes_whole(void **state)
{
    char *text = control_desk_ask(*state, "request=messages\nlimit=0\n\n");

    assert_int_equal(control_desk_times(text, "record=message\t"), MANY);
    assert_non_null(strstr(text, "\nrecord=page\tmessages#=3000\tmore?=0\nend\n"));
    free(text);
}

/* Who does not read keeps its own query waiting, and nobody else's. */
static void a_slow_reader_pauses_its_query(void **state)
{
    struct control_desk *desk = *state;
    struct asker slow;

    asker_open(&slow, desk);
    loop_change(&desk->loop, &slow.source, 0);
    asker_send(&slow, HL7_TEXT("request=messages\nlimit=0\n\n"));
    uint64_t before = 0;
    for (uint64_t work = 1; work != before;) {
        before = work;
        control_desk_run(desk, 50);
        work = store_count(desk->store).work + 1;
    }
    assert_true(store_count(desk->store).work < MANY / 200);
    control_desk_expect(desk, "request=x\n\n", unknown);
    loop_change(&desk->loop, &slow.source, EPOLLIN);
    asker_wait(&slow, 1);
    assert_int_equal(control_desk_times(slow.text, "record=message\t"), MANY);
    asker_close(&slow);
}

static void a_program_may_go_away_at_any_time(void **state)
{
    struct control_desk *desk = *state;

    for (uint64_t wait = 0; wait < 12; wait++) {
        struct asker asker;

        asker_open(&asker, desk);
        loop_change(&desk->loop, &asker.source, wait % 2 == 0 ? 0 : EPOLLIN);
        asker_send(&asker, HL7_TEXT("request=messages\nlimit=0\n\n"));
        control_desk_run(desk, wait / 2 + 1);
        asker_close(&asker);
    }
    while (control_sessions(desk->control) > 0 || store_pending(desk->store) > 0) {
        control_desk_run(desk, 1);
    }
    control_desk_expect(desk, "request=x\n\n", unknown);
}

static void a_broker_that_ends_says_how_it_is_and_refuses_the_rest(void **state)
{
    struct asker idle;

    asker_open(&idle, *state);
    control_desk_run(*state, 1);
    control_drain(((struct control_desk *)*state)->control);
    control_desk_expect(*state, "request=pause\nall=1\n\n",
                        "error=busy\ttext=the broker is ending: ask the next one\n");
    char *answer = control_desk_ask(*state, "request=status\n\n");
    assert_int_equal(control_desk_times(answer, "\nend\n"), 1);
    free(answer);
    asker_send(&idle, HL7_TEXT("request=x\n\n"));
    asker_wait(&idle, 1);
    assert_false(idle.closed);
    asker_close(&idle);
}

static void what_is_under_way_when_the_broker_begins_to_end_is_cut_off(void **state)
{
    struct control_desk *desk = *state;
    struct asker asker;

    asker_open(&asker, desk);
    asker_send(&asker, HL7_TEXT("request=messages\nlimit=0\n\n"));
    while (asker.len == 0) {
        control_desk_run(desk, 1);
    }
    control_drain(desk->control);
    asker_wait(&asker, 1);
    assert_true(asker.closed);
    asker_close(&asker);
}

/* What the store has when all ends is freed: the sanitizer counts. */
static void the_broker_may_end_at_any_time(void **state)
{
    struct asker asker;

    asker_open(&asker, *state);
    asker_send(&asker, HL7_TEXT("request=messages\nlimit=0\n\n"));
    control_desk_run(*state, 1);
    control_end(((struct control_desk *)*state)->control);
    assert_int_equal(access(((struct control_desk *)*state)->path, F_OK), -1);
    asker_close(&asker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_socket_is_its_owners_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_may_come_byte_by_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_requests_come_by_one_connection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_program_that_says_no_more_gets_its_answers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_request_without_an_end_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_are_so_many_connections_and_no_more, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_long_answer_comes_whole, set_up_many, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_reader_pauses_its_query, set_up_many, tear_down),
        cmocka_unit_test_setup_teardown(a_program_may_go_away_at_any_time, set_up_many, tear_down),
        cmocka_unit_test_setup_teardown(a_broker_that_ends_says_how_it_is_and_refuses_the_rest,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_under_way_when_the_broker_begins_to_end_is_cut_off,
                                        set_up_many, tear_down),
        cmocka_unit_test_setup_teardown(the_broker_may_end_at_any_time, set_up_many, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
