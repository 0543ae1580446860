/* SPDX-License-Identifier: Apache-2.0
 *
 * What the requests do. The journal has, for most tests: message 1, delivered to "lab"; message 2, dead at
 * "ris"; message 3, pending at "ris" (the head of its lane); message 4, pending behind it; message 5, held,
 * for it has the control id of message 4 and other bytes. */
#include "control_desk.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t store(const struct desk *desk, const char *control_id, const char *bytes,
                     const char *destination, int64_t received)
{
    struct journal_message message = desk_message(control_id, bytes, received);
    const struct journal_lane lane = desk_lane(destination);
    const struct journal_key keys[] = {{HL7_TEXT("patient"), HL7_TEXT("000123")},
                                       {HL7_TEXT("visit"), hl7_slice_of(control_id)}};

    message.deliveries = &lane;
    message.delivery_count = 1;
    message.keys = keys;
    message.key_count = 2;
    message.duplicate_window = INT64_C(1000) * 1000 * 1000;
    message.reply = HL7_TEXT("MSA|AA");
    return desk_append(desk, &message);
}

/* The head of a lane is sent, and this comes of it. */
static void settle(const struct desk *desk, const char *destination, enum journal_outcome outcome,
                   const char *word)
{
    int64_t lane = desk_lease(desk, destination);
    struct journal_delivery delivery = desk_next(desk, lane, 100);
    struct journal_settlement settlement = desk_settlement(&delivery, outcome);

    settlement.word = hl7_slice_of(word);
    settlement.sent = HL7_TEXT("MSH|sent\r");
    settlement.answer = HL7_TEXT("MSA|answer\r");
    settlement.template = HL7_TEXT("to-ris.hl7");
    settlement.reason = HL7_TEXT("it says \"no\"");
    settlement.next_try = DESK_DAY + 1000;
    assert_int_equal(desk_settle(desk, &settlement), JOURNAL_SETTLED);
}

static int set_up(void **state)
{
    struct control_desk *desk = calloc(1, sizeof *desk);

    if (desk == NULL) {
        return -1;
    }
    control_desk_open(desk);
    (void)desk_lease(&desk->desk, "lab");
    (void)desk_lease(&desk->desk, "ris");
    assert_int_equal(store(&desk->desk, "A1", "MSH|1\r", "lab", 1), 1);
    assert_int_equal(store(&desk->desk, "A2", "MSH|2\r", "ris", 2), 2);
    assert_int_equal(store(&desk->desk, "A3", "MSH|3\r", "ris", 3), 3);
    assert_int_equal(store(&desk->desk, "A4", "MSH|4\r", "ris", 4), 4);
    assert_int_equal(store(&desk->desk, "A4", "MSH|5\r", "ris", 5), 5);
    settle(&desk->desk, "lab", JOURNAL_DELIVERED, "AA");
    settle(&desk->desk, "ris", JOURNAL_DEAD, "AR");
    settle(&desk->desk, "ris", JOURNAL_RETRY, "timeout");
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

/* The answer has this in it, so often. */
static void expect_in(void **state, const char *request, const char *what, size_t times)
{
    char *text = control_desk_ask(*state, request);

    if (control_desk_times(text, what) != times) {
        fail_msg("not %zu times '%s' in:\n%s", times, what, text);
    }
    free(text);
}

/* ---- Looking -------------------------------------------------------------------------------- */

static void help_names_every_request(void **state)
{
    char *text = control_desk_ask(*state, "request=help\n\n");

    assert_int_equal(control_desk_times(text, "record=request\t"), REQUEST_COUNT);
    assert_non_null(strstr(text,
                           "record=parameter\trequest=drop\tname=why\tkind=text\trequired?=1\t"
                           "many?=0\tdoc="));
    assert_non_null(strstr(text, "\twords=settled pending dead held damaged\t"));
    free(text);
}

static void status_tells_lanes_and_what_waits_for_people(void **state)
{
    char *text = control_desk_ask(*state, "request=status\n\n");

    assert_memory_equal(text, "record=listener\tname=main\n", 26);
    assert_non_null(strstr(text, "record=lane\tid#=1\troute=orders\tdestination=lab\tnumber#=0\t"
                                 "state=running\tdepth#=0\tdead#=0\tdelivered#=1\toutcome=AA\t"));
    assert_non_null(strstr(text, "record=lane\tid#=2\troute=orders\tdestination=ris\tnumber#=0\t"
                                 "state=running\tdepth#=2\tdead#=1\tdelivered#=0\thead#=3\t"
                                 "oldest@=1767225600000003\tattempts#=1\t"
                                 "next-try@=1767225600001000\toutcome=timeout\t"));
    assert_non_null(strstr(text, "record=found\tstate=held\tmessages#=1\tmore?=0\n"));
    assert_null(strstr(text, "state=damaged"));
    assert_non_null(strstr(text, "record=journal\t"));
    free(text);
}

static void messages_are_found_by_everything_they_have(void **state)
{
    static const struct {
        const char *request;
        size_t count;
    } rows[] = {{"", 5},
                {"patient=000123\n", 5},
                {"patient=123\n", 0},
                {"key=visit=A4\n", 2},
                {"key=visit=A4\nkey=patient=000123\n", 2},
                {"key=visit=A4\nkey=patient=1\n", 0},
                {"control-id=A2\n", 1},
                {"state=dead\n", 1},
                {"state=held\n", 1},
                {"state=pending\n", 2},
                {"state=settled\n", 1},
                {"type=ORM^O01\nlistener=main\napplication=HIS\n", 5},
                {"type=ADT^A01\n", 0},
                {"from=1767225600000003\n", 3},
                {"to=1767225600000003\n", 2},
                {"limit=2\n", 2},
                {"limit=0\n", 5}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char request[128];

        (void)snprintf(request, sizeof request, "request=messages\n%s\n", rows[i].request);
        expect_in(state, request, "record=message\t", rows[i].count);
    }
}

static void a_page_says_where_the_next_begins(void **state)
{
    char *text = control_desk_ask(*state, "request=messages\nlimit=3\norder=oldest-first\n\n");

    assert_memory_equal(text, "record=message\tid#=1\t", 21);
    assert_non_null(strstr(text, "record=page\tmessages#=3\tmore?=1\tcursor=1767225600000003.3\n"));
    free(text);
    text = control_desk_ask(*state, "request=messages\nlimit=3\norder=oldest-first\n"
                                    "cursor=1767225600000003.3\n\n");
    assert_memory_equal(text, "record=message\tid#=4\t", 21);
    assert_non_null(strstr(text, "record=page\tmessages#=2\tmore?=0\nend\n"));
    free(text);
    expect_in(state, "request=messages\ncursor=5\n\n", "error=bad-value\t", 1);
    expect_in(state, "request=messages\ncursor=5.\n\n", "error=bad-value\t", 1);
    expect_in(state, "request=messages\ncursor=.5\n\n", "error=bad-value\t", 1);
}

static void a_message_is_told_with_all_that_befell_it(void **state)
{
    char *text = control_desk_ask(*state, "request=message\nid=2\nbytes=all\n\n");

    assert_non_null(
        strstr(text, "record=message\tid#=2\treceived@=1767225600000002\tstate=dead\t"));
    assert_non_null(strstr(text, "record=key\tname=patient\tvalue=000123\n"));
    assert_non_null(strstr(text, "record=delivery\tid#=2\tmessage#=2\tlane#=2\troute=orders\t"
                                 "destination=ris\tnumber#=0\tstate=dead\tattempts#=1\t"));
    assert_non_null(strstr(text, "record=attempt\tdelivery#=2\tnumber#=1\t"));
    assert_non_null(strstr(text, "\toutcome=dead\tword=AR\treason=it says \"no\"\t"
                                 "template=to-ris.hl7\t"));
    assert_non_null(strstr(text, "record=bytes\tmessage#=2\tof=received\toffset#=0\ttotal#=6\t"
                                 "data=MSH|2\\r\n"));
    assert_non_null(strstr(text, "\tof=reply\toffset#=0\ttotal#=6\tdata=MSA|AA\n"));
    assert_non_null(strstr(text, "record=bytes\tmessage#=2\tdelivery#=2\tattempt#=1\tof=sent\t"
                                 "offset#=0\ttotal#=9\tdata=MSH|sent\\r\n"));
    assert_non_null(strstr(text, "\tof=answer\toffset#=0\ttotal#=11\tdata=MSA|answer\\r\n"));
    free(text);
    expect_in(state, "request=message\nid=2\nbytes=received\n\n", "record=bytes", 1);
    expect_in(state, "request=message\nid=2\n\n", "record=bytes", 0);
    control_desk_expect(*state, "request=message\nid=77\n\n",
                        "error=nothing\ttext=there is no message 77\n");
}

static void a_value_is_traced_through_every_index(void **state)
{
    char *text = control_desk_ask(*state, "request=trace\nvalue=A4\n\n");

    /* As a control id and as a visit: each message once, oldest first. */
    assert_memory_equal(text, "record=message\tid#=4\t", 21);
    assert_non_null(strstr(text, "record=delivery\tid#=4\tmessage#=4\t"));
    assert_int_equal(control_desk_times(text, "record=message\t"), 2);
    assert_non_null(strstr(text, "record=count\tmessages#=2\nend\n"));
    free(text);
    expect_in(state, "request=trace\nvalue=000123\n\n", "record=message\t", 5);
    expect_in(state, "request=trace\nvalue=000123\nfrom=1767225600000003\n\n", "record=message\t",
              3);
    text = control_desk_ask(*state, "request=trace\nvalue=000123\nlimit=2\n\n");
    assert_memory_equal(text, "record=message\tid#=4\t", 21);
    assert_int_equal(control_desk_times(text, "record=message\t"), 2);
    free(text);
    control_desk_expect(*state, "request=trace\nvalue=nobody\n\n",
                        "record=count\tmessages#=0\nend\n");
}

static void dead_letters_are_listed_with_their_messages(void **state)
{
    char *text = control_desk_ask(*state, "request=dead\n\n");

    assert_memory_equal(text, "record=message\tid#=2\t", 21);
    assert_non_null(strstr(text, "record=delivery\tid#=2\t"));
    assert_non_null(strstr(text, "record=count\tdeliveries#=1\nend\n"));
    free(text);
    expect_in(state, "request=dead\ndestination=lab\n\n", "record=delivery", 0);
    expect_in(state, "request=dead\nroute=orders\nlane=2\n\n", "record=delivery", 1);
}

static void bytes_are_exported_oldest_first(void **state)
{
    control_desk_expect(
        *state, "request=export\nlimit=2\n\n",
        "record=bytes\tmessage#=1\tof=received\toffset#=0\ttotal#=6\tdata=MSH|1\\r\n"
        "record=bytes\tmessage#=2\tof=received\toffset#=0\ttotal#=6\tdata=MSH|2\\r\n"
        "record=count\tmessages#=2\nend\n");
    expect_in(state, "request=export\nstate=pending\n\n", "record=bytes", 2);
    control_desk_expect(
        *state, "request=export\nid=3\nid=99\n\n",
        "record=bytes\tmessage#=3\tof=received\toffset#=0\ttotal#=6\tdata=MSH|3\\r\n"
        "record=missing\tmessage#=99\twhy=nothing\n"
        "record=count\tmessages#=1\trefused#=1\nend\n");
    expect_in(state, "request=export\n\n", "error=missing\t", 1);
    expect_in(state, "request=export\nid=3\nstate=dead\n\n", "error=bad-value\t", 1);
}

/* ---- Doing ---------------------------------------------------------------------------------- */

static void a_message_is_sent_again_on_the_lanes_it_went_by(void **state)
{
    struct control_desk *desk = *state;

    expect_in(state, "request=resend\nid=1\ndry-run=1\n\n", "record=resent", 1);
    assert_int_equal(desk->woken_count, 0);
    expect_in(state, "request=message\nid=1\n\n", "record=delivery", 1);
    control_desk_expect(
        desk, "request=resend\nid=1\nwhy=lost there\nby=ann\n\n",
        "record=resent\tmessage#=1\tlane#=1\troute=orders\tdestination=lab\tdelivery#=6\n"
        "record=count\tdeliveries#=1\nend\n");
    assert_int_equal(desk->woken_count, 1);
    char *text = control_desk_ask(desk, "request=message\nid=1\n\n");
    char who[64];
    (void)snprintf(who, sizeof who, "\twho=ann (uid %u)\twhy=lost there\t", (unsigned)geteuid());
    assert_int_equal(control_desk_times(text, "record=delivery"), 2);
    assert_non_null(strstr(text, who));
    free(text);
    /* By now it went there twice, and is sent once more. */
    expect_in(state, "request=resend\nid=1\nas=recorded\n\n", "record=resent", 1);
}

static void what_cannot_be_sent_again_is_told(void **state)
{
    control_desk_expect(*state, "request=resend\nid=4\nid=99\nas=recorded\n\n",
                        "record=resent\tmessage#=4\tlane#=2\troute=orders\tdestination=ris\t"
                        "refused=never-sent\n"
                        "record=missing\tmessage#=99\twhy=nothing\n"
                        "record=count\tdeliveries#=0\trefused#=2\nend\n");
    expect_in(state, "request=resend\n\n", "error=missing\t", 1);
    expect_in(state, "request=resend\nid=1\nstate=dead\n\n", "error=bad-value\t", 1);
}

static void what_a_query_finds_is_sent_again(void **state)
{
    expect_in(state, "request=resend\npatient=000123\ndestination=lab\n\n", "record=resent", 1);
    expect_in(state, "request=resend\npatient=000123\nroute=none\n\n", "record=resent", 0);
    expect_in(state, "request=resend\nfrom=1\nlimit=2\n\n", "record=resent", 2);
    expect_in(state, "request=resend\nstate=pending\n\n", "record=resent", 3);
}

static void dead_letters_are_retried_or_dropped(void **state)
{
    struct control_desk *desk = *state;

    expect_in(state, "request=retry\n\n", "error=missing\t", 1);
    expect_in(state, "request=retry\nall=1\ndelivery=2\n\n", "error=bad-value\t", 1);
    control_desk_expect(desk, "request=retry\ndelivery=2\ndelivery=1\ndelivery=99\n\n",
                        "record=settled\tdelivery#=2\tas=retry\n"
                        "record=settled\tdelivery#=1\tas=retry\trefused=state\n"
                        "record=settled\tdelivery#=99\tas=retry\trefused=nothing\n"
                        "record=count\tdeliveries#=1\trefused#=2\nend\n");
    assert_int_equal(desk->woken_count, 1);
    expect_in(state, "request=status\n\n", "depth#=3\tdead#=0\t", 1);
    expect_in(state, "request=retry\nall=1\n\n", "record=count\tdeliveries#=0\n", 1);
    expect_in(state, "request=drop\ndelivery=2\nwhy=sent by hand\n\n", "record=settled", 1);
    expect_in(state, "request=message\nid=2\n\n", "state=dropped", 1);
    expect_in(state, "request=message\nid=2\n\n", "why=sent by hand", 1);
}

static void all_dead_letters_of_a_lane_are_dropped(void **state)
{
    expect_in(state, "request=drop\ndestination=lab\nwhy=x\n\n", "deliveries#=0\n", 1);
    expect_in(state, "request=drop\ndestination=ris\nwhy=x\n\n", "deliveries#=1\n", 1);
    expect_in(state, "request=status\n\n", "dead#=1", 0);
}

static void lanes_are_paused_and_resumed(void **state)
{
    struct control_desk *desk = *state;

    control_desk_expect(desk, "request=pause\ndestination=ris\nwhy=they ask for it\n\n",
                        "record=lane-set\tlane#=2\troute=orders\tdestination=ris\tnumber#=0\t"
                        "state=paused\tchanged?=1\nrecord=count\tlanes#=1\nend\n");
    assert_int_equal(desk->woken_count, 1);
    assert_int_equal(desk->woken[0], 2);
    char why[64];
    (void)snprintf(why, sizeof why, "\tstate=paused\twhy=they ask for it, uid %u\t",
                   (unsigned)geteuid());
    expect_in(state, "request=status\n\n", why, 1);
    expect_in(state, "request=resume\nall=1\n\n", "changed?=1", 1);
    expect_in(state, "request=resume\nall=1\n\n", "changed?=1", 0);
    expect_in(state, "request=pause\ndestination=nobody\n\n", "error=nothing\t", 1);
    expect_in(state, "request=pause\n\n", "error=missing\t", 1);
    expect_in(state, "request=pause\nall=1\nlane=1\n\n", "error=bad-value\t", 1);
}

static void the_head_of_a_lane_is_skipped(void **state)
{
    expect_in(state, "request=skip\nlane=2\ndelivery=4\nwhy=x\n\n",
              "error=refused\ttext=at the head of the lane stands delivery 3\n", 1);
    control_desk_expect(*state, "request=skip\nroute=orders\nwhy=it never works\n\n",
                        "record=skipped\tlane#=2\troute=orders\tdestination=ris\tnumber#=0\t"
                        "delivery#=3\nend\n");
    expect_in(state, "request=status\n\n", "head#=4", 1);
    expect_in(state, "request=skip\nlane=1\nwhy=x\n\n", "text=nothing waits there", 1);
    expect_in(state, "request=skip\nlane=9\nwhy=x\n\n", "text=there is no such lane", 1);
    expect_in(state, "request=skip\nwhy=x\n\n", "error=missing", 1);
    expect_in(state, "request=resend\nid=1\n\n", "end\n", 1);
    expect_in(state, "request=skip\nroute=orders\nwhy=x\n\n", "error=ambiguous", 1);
}

static void held_messages_are_released(void **state)
{
    control_desk_expect(*state, "request=release\nid=1\nid=5\n\n",
                        "record=released\tmessage#=1\trefused=state\n"
                        "record=released\tmessage#=5\n"
                        "record=count\tmessages#=1\trefused#=1\nend\n");
    expect_in(state, "request=release\nall=1\n\n", "messages#=0\n", 1);
    expect_in(state, "request=status\n\n", "depth#=3", 1);
    expect_in(state, "request=release\n\n", "error=missing", 1);
}

static void all_held_messages_are_released(void **state)
{
    expect_in(state, "request=release\nall=1\n\n", "record=released\tmessage#=5\n", 1);
}

static void settled_messages_are_pruned(void **state)
{
    expect_in(state, "request=prune\n\n", "error=missing", 1);
    control_desk_expect(*state, "request=prune\nbefore=1767225700000000\n\n",
                        "record=count\tmessages#=1\nend\n");
    expect_in(state, "request=messages\n\n", "record=message", 4);
    control_desk_expect(*state, "request=prune\ndead-before=1767225700000000\n\n",
                        "record=count\tmessages#=1\nend\n");
}

/* Makes the journal larger than a few steps of a copy. */
static void fill(const struct desk *desk)
{
    char *bytes = malloc(32 * 1024 * 1024);

    assert_non_null(bytes);
    memset(bytes, 'x', 32 * 1024 * 1024);
    struct journal_message message = desk_message("BIG", "", 9);
    message.bytes = (hl7_slice){bytes, 32 * 1024 * 1024};
    (void)desk_append(desk, &message);
    free(bytes);
}

static int set_up_large(void **state)
{
    struct control_desk *desk = calloc(1, sizeof *desk);

    if (desk == NULL) {
        return -1;
    }
    control_desk_open(desk);
    fill(&desk->desk);
    control_desk_start(desk);
    *state = desk;
    return 0;
}

static void copy_name(const struct control_desk *desk, const char *end, char name[128])
{
    (void)snprintf(name, 128, "%s.copy%s", desk->desk.folder, end);
}

static void the_journal_is_copied_while_it_is_used(void **state)
{
    struct control_desk *desk = *state;
    char name[128];
    char text[256];

    copy_name(desk, "", name);
    (void)snprintf(text, sizeof text, "request=backup\npath=%s\n\n", name);
    expect_in(state, text, "record=backup\tpath=", 1);
    assert_int_equal(access(name, F_OK), 0);
    expect_in(state, text, "\nend\n", 1);
    assert_int_equal(unlink(name), 0);
    copy_name(desk, ".part", name);
    assert_int_equal(access(name, F_OK), -1);
}

static void a_copy_that_cannot_be_written_is_told(void **state)
{
    expect_in(state, "request=backup\npath=relative\n\n", "error=bad-value", 1);
    expect_in(state, "request=backup\npath=/proc/nowhere/copy\n\n", "error=refused", 1);
    expect_in(state, "request=journal\n\n", "record=journal", 1);
}

/* There is one copy at a time, and who goes away leaves nothing behind. */
static void a_copy_ends_with_who_asked_for_it(void **state)
{
    struct control_desk *desk = *state;
    struct asker asker;
    char name[128];
    char text[256];

    copy_name(desk, ".part", name);
    (void)snprintf(text, sizeof text, "request=backup\npath=%s.copy\n\n", desk->desk.folder);
    asker_open(&asker, desk);
    asker_send(&asker, hl7_slice_of(text));
    while (access(name, F_OK) != 0) {
        control_desk_run(desk, 0);
    }
    expect_in(state, text, "error=busy\ttext=another copy is under way\n", 1);
    asker_close(&asker);
    while (store_pending(desk->store) > 0 || control_sessions(desk->control) > 0) {
        control_desk_run(desk, 1);
    }
    if (access(name, F_OK) == 0) {
        fail_msg("%s is there", name);
    }
    copy_name(desk, "", name);
    assert_int_equal(access(name, F_OK), -1);
    expect_in(state, text, "record=backup", 1);
    assert_int_equal(unlink(name), 0);
}

static void the_configuration_is_read_again(void **state)
{
    struct control_desk *desk = *state;

    control_desk_expect(desk, "request=reload\n\n",
                        "record=finding\nerror=refused\ttext=one error\n");
    desk->reload_works = true;
    control_desk_expect(desk, "request=reload\n\n", "end\n");
}

static void the_store_counts(void **state)
{
    expect_in(state, "request=metrics\n\n", "record=store\tcommits#=", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(help_names_every_request, set_up, tear_down),
        cmocka_unit_test_setup_teardown(status_tells_lanes_and_what_waits_for_people, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(messages_are_found_by_everything_they_have, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_page_says_where_the_next_begins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_is_told_with_all_that_befell_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_value_is_traced_through_every_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dead_letters_are_listed_with_their_messages, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(bytes_are_exported_oldest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_message_is_sent_again_on_the_lanes_it_went_by, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_sent_again_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_query_finds_is_sent_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dead_letters_are_retried_or_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_dead_letters_of_a_lane_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lanes_are_paused_and_resumed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_head_of_a_lane_is_skipped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(held_messages_are_released, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_held_messages_are_released, set_up, tear_down),
        cmocka_unit_test_setup_teardown(settled_messages_are_pruned, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_journal_is_copied_while_it_is_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_that_cannot_be_written_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_copy_ends_with_who_asked_for_it, set_up_large, tear_down),
        cmocka_unit_test_setup_teardown(the_configuration_is_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_store_counts, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
