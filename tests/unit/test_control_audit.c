/* SPDX-License-Identifier: Apache-2.0
 *
 * What the audit log learns of requests, and that they wait for it. tests/system/test_audit.py has the
 * whole; here are the ends that a program cannot bring about at will. */
#include "control_desk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int set_up(void **state)
{
    struct control_desk *desk = calloc(1, sizeof *desk);

    if (desk == NULL) {
        return -1;
    }
    control_desk_open(desk);
    desk->audited = true;
    for (int i = 0; i < 130; i++) {
        (void)desk_store(&desk->desk, "1", "MSH|^~\\&|", "ris");
    }
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

/* The log; to be freed. */
static char *read_log(const struct control_desk *desk)
{
    char *text = calloc(1, 1 << 20);
    int fd = open(audit_path(desk->audit), O_RDONLY | O_CLOEXEC);

    assert_non_null(text);
    assert_true(fd >= 0);
    assert_true(read(fd, text, (1 << 20) - 1) >= 0);
    (void)close(fd);
    return text;
}

static void a_request_that_concerns_no_message_is_not_recorded(void **state)
{
    struct control_desk *desk = *state;

    free(control_desk_ask(desk, "request=journal\n\n"));
    free(control_desk_ask(desk, "request=metrics\n\n"));
    char *log = read_log(desk);
    assert_string_equal(log, "");
    free(log);
}

static void ids_are_ranges_and_the_rest_is_counted(void **state)
{
    struct control_desk *desk = *state;
    static char request[8192];
    size_t len = (size_t)snprintf(request, sizeof request, "request=export\n");

    for (int i = 1; i < 130; i += 2) {
        len += (size_t)snprintf(request + len, sizeof request - len, "id=%d\n", i);
    }
    (void)snprintf(request + len, sizeof request - len, "\n");
    free(control_desk_ask(desk, request));
    char *log = read_log(desk);
    assert_int_equal(control_desk_times(log, "\"messages\":\"1 3 5 7 9 "), 2);
    assert_int_equal(control_desk_times(log, "\"not-listed\":17,"), 2);
    free(log);
}

static void values_of_indexes_are_hashes(void **state)
{
    struct control_desk *desk = *state;

    free(control_desk_ask(desk, "request=messages\nkey=visit=V77\nkey=patient=P88\n\n"));
    char *log = read_log(desk);
    assert_non_null(strstr(log, "\"key\":\"visit="));
    assert_non_null(strstr(log, " patient="));
    assert_null(strstr(log, "V77"));
    assert_null(strstr(log, "P88"));
    free(log);
}

static void reasons_stay_in_the_journal(void **state)
{
    struct control_desk *desk = *state;

    free(control_desk_ask(desk, "request=pause\nall=1\nby=anna\nwhy=Mrs Doe called\n\n"));
    char *log = read_log(desk);
    assert_non_null(strstr(log, "\"by\":\"anna\""));
    assert_null(strstr(log, "Doe"));
    free(log);
}

/* Who asked is gone before the answer; what was asked is on record all the same, and nothing is lost. */
static void who_goes_away_at_once_is_recorded(void **state)
{
    struct control_desk *desk = *state;
    struct asker asker;

    asker_open(&asker, desk);
    asker_send(&asker, HL7_TEXT("request=pause\nall=1\n\n"));
    asker_close(&asker);
    control_desk_run(desk, 50);
    char *log = read_log(desk);
    assert_int_equal(control_desk_times(log, "\"step\":\"asked\""), 1);
    assert_int_equal(control_sessions(desk->control), 0);
    free(log);
}

static void many_programs_ask_at_once(void **state)
{
    enum { MANY = 20 };
    struct control_desk *desk = *state;
    struct asker askers[MANY];

    for (size_t i = 0; i < MANY; i++) {
        asker_open(&askers[i], desk);
        asker_send(&askers[i], HL7_TEXT("request=message\nid=1\n\nrequest=message\nid=2\n\n"));
    }
    for (size_t i = 0; i < MANY; i++) {
        asker_wait(&askers[i], 2);
        assert_non_null(strstr(askers[i].text, "id#=2"));
        asker_close(&askers[i]);
    }
    char *log = read_log(desk);
    assert_int_equal(control_desk_times(log, "\"event\":\"view\""), 2 * MANY);
    free(log);
}

static void what_cannot_be_recorded_is_not_done(void **state)
{
    struct control_desk *desk = *state;
    struct asker asker;

    /* The first record opens the file; from the second on there is a folder in its place. */
    free(control_desk_ask(desk, "request=message\nid=1\n\n"));
    char path[128];
    (void)snprintf(path, sizeof path, "%s", audit_path(desk->audit));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    asker_open(&asker, desk);
    asker_send(&asker, HL7_TEXT("request=pause\nall=1\n\n"));
    asker_wait(&asker, 1);
    assert_non_null(strstr(asker.text, "error=failed\ttext=nothing was done"));
    asker_close(&asker);
    assert_int_equal(rmdir(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_that_concerns_no_message_is_not_recorded, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(ids_are_ranges_and_the_rest_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_of_indexes_are_hashes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reasons_stay_in_the_journal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_goes_away_at_once_is_recorded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_programs_ask_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_recorded_is_not_done, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
