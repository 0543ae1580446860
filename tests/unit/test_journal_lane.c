/* SPDX-License-Identifier: Apache-2.0
 *
 * Lanes: leases, states, counters. */
#include "journal_desk.h"

#include <stdio.h>

static enum journal_code lease(const struct desk *desk, const char *owner, int64_t now,
                               int64_t until, int64_t *ret_lane)
{
    const struct journal_lane lane = desk_lane("ris");

    desk_begin(desk);
    enum journal_code code = journal_lease(desk->journal, &lane, hl7_slice_of(owner),
                                           DESK_DAY + now, DESK_DAY + until, ret_lane);
    desk_commit(desk);
    return code;
}

static void a_lease_keeps_others_out_until_it_runs_out(void **state)
{
    struct desk desk;
    int64_t lane = 0;
    int64_t again = 0;

    (void)state;
    desk_open(&desk);
    assert_int_equal(lease(&desk, "one", 0, 100, &lane), JOURNAL_OK);
    assert_int_equal(lease(&desk, "two", 99, 200, &again), JOURNAL_LOCKED);
    assert_int_equal(again, 0);
    assert_int_equal(lease(&desk, "one", 99, 150, &again), JOURNAL_OK);
    assert_int_equal(again, lane);
    assert_int_equal(lease(&desk, "two", 149, 200, &again), JOURNAL_LOCKED);
    assert_int_equal(lease(&desk, "two", 150, 200, &again), JOURNAL_OK);
    assert_int_equal(again, lane);
    assert_int_equal(desk_lane_status(&desk, lane).until, DESK_DAY + 200);
    desk_close(&desk);
}

static void only_its_owner_gives_a_lease_back(void **state)
{
    struct desk desk;
    int64_t lane = 0;

    (void)state;
    desk_open(&desk);
    assert_int_equal(lease(&desk, "one", 0, 100, &lane), JOURNAL_OK);
    desk_begin(&desk);
    assert_int_equal(journal_unlease(desk.journal, lane, HL7_TEXT("two")), JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(lease(&desk, "two", 0, 100, &lane), JOURNAL_LOCKED);
    desk_begin(&desk);
    assert_int_equal(journal_unlease(desk.journal, lane, HL7_TEXT("one")), JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(lease(&desk, "two", 0, 100, &lane), JOURNAL_OK);
    desk_close(&desk);
}

static void lanes_differ_by_route_destination_and_number(void **state)
{
    struct desk desk;
    const struct journal_lane lanes[] = {
        {HL7_TEXT("a"), HL7_TEXT("b"), 0},
        {HL7_TEXT("a"), HL7_TEXT("b"), 1},
        {HL7_TEXT("a"), HL7_TEXT("c"), 0},
        {HL7_TEXT("c"), HL7_TEXT("b"), 0},
    };
    int64_t ids[4];

    (void)state;
    desk_open(&desk);
    desk_begin(&desk);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(journal_lease(desk.journal, &lanes[i], HL7_TEXT("me"), 0, 1, &ids[i]),
                         JOURNAL_OK);
        for (size_t k = 0; k < i; k++) {
            assert_true(ids[k] != ids[i]);
        }
    }
    desk_commit(&desk);
    desk_close(&desk);
}

/* Its id must not be remembered. */
static void a_lane_that_was_undone_is_made_anew(void **state)
{
    struct desk desk;
    struct journal_message message = desk_message("1", "MSH|1", 0);
    struct journal_appended appended;
    const struct journal_lane undone = desk_lane("undone");

    (void)state;
    desk_open(&desk);
    message.deliveries = &undone;
    message.delivery_count = 1;
    desk_begin(&desk);
    assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_OK);
    journal_rollback(desk.journal);
    (void)desk_store(&desk, "2", "MSH|2", "ris");
    (void)desk_store(&desk, "3", "MSH|3", "undone");
    assert_slice(desk_next(&desk, desk_lease(&desk, "ris"), 0).bytes, "MSH|2");
    assert_slice(desk_next(&desk, desk_lease(&desk, "undone"), 0).bytes, "MSH|3");
    desk_check_counters(&desk);
    desk_close(&desk);
}

/* More lanes than ids are remembered of. */
static void many_lanes_are_told_apart(void **state)
{
    struct desk desk;
    char name[16];

    (void)state;
    desk_open(&desk);
    for (int i = 0; i < 200; i++) {
        (void)snprintf(name, sizeof name, "peer%d", i % 50);
        (void)desk_store(&desk, "1", name, name);
    }
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM lanes"), 50);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(name, sizeof name, "peer%d", i);
        int64_t lane = desk_lease(&desk, name);
        assert_slice(desk_next(&desk, lane, 0).bytes, name);
        assert_int_equal(desk_lane_status(&desk, lane).depth, 4);
    }
    desk_check_counters(&desk);
    desk_close(&desk);
}

/* Messages for more lanes than are remembered, in turns. */
static void append_to_many(const struct desk *desk, int64_t messages, int64_t lanes)
{
    for (int64_t i = 0; i < messages; i++) {
        struct journal_message message = desk_message("A", "MSH|A", i);
        struct journal_lane lane = desk_lane("ris");
        struct journal_appended appended;

        lane.number = i % lanes;
        message.deliveries = &lane;
        message.delivery_count = 1;
        assert_int_equal(journal_append(desk->journal, &message, 1, &appended), JOURNAL_OK);
    }
}

static void depths_are_right_within_a_transaction_and_behind_it(void **state)
{
    struct journal_delivery delivery;
    struct journal_wait wait;
    struct desk desk;

    (void)state;
    desk_open(&desk);
    desk_begin(&desk);
    append_to_many(&desk, 300, 50);
    for (int64_t lane = 1; lane <= 50; lane++) {
        assert_int_equal(journal_next(desk.journal, lane, 0, INT64_MAX, &delivery, &wait),
                         JOURNAL_OK);
        assert_int_equal(wait.depth, 6);
    }
    append_to_many(&desk, 50, 50);
    assert_int_equal(desk_lane_status(&desk, 50).depth, 7);
    append_to_many(&desk, 50, 50);
    journal_rollback(desk.journal);

    desk_begin(&desk);
    append_to_many(&desk, 100, 50);
    append_to_many(&desk, 100, 1);
    desk_commit(&desk);
    assert_int_equal(desk_lane_status(&desk, 1).depth, 102);
    assert_int_equal(desk_lane_status(&desk, 50).depth, 2);
    desk_check_counters(&desk);
    desk_close(&desk);
}

static void a_paused_lane_stays_so_and_takes_in_more(void **state)
{
    struct desk desk;
    struct journal_delivery delivery;
    struct journal_wait wait;

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    desk_begin(&desk);
    assert_int_equal(journal_lane_set(desk.journal, lane, JOURNAL_LANE_PAUSED,
                                      HL7_TEXT("maintenance"), DESK_DAY + 5),
                     JOURNAL_OK);
    desk_commit(&desk);
    desk_reopen(&desk);
    (void)desk_store(&desk, "2", "MSH|2", "ris");
    assert_int_equal(journal_next(desk.journal, lane, 0, INT64_MAX, &delivery, &wait),
                     JOURNAL_NONE);
    assert_int_equal(wait.state, JOURNAL_LANE_PAUSED);
    assert_int_equal(wait.depth, 2);
    struct journal_lane_status status = desk_lane_status(&desk, lane);
    assert_int_equal(status.state, JOURNAL_LANE_PAUSED);
    assert_int_equal(status.since, DESK_DAY + 5);
    desk_close(&desk);
}

static void setting_an_unknown_lane_is_none(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    desk_begin(&desk);
    assert_int_equal(
        journal_lane_set(desk.journal, 4711, JOURNAL_LANE_PAUSED, HL7_TEXT("x"), DESK_DAY),
        JOURNAL_NONE);
    desk_commit(&desk);
    desk_close(&desk);
}

static bool check_status(void *context, const struct journal_lane_status *status)
{
    size_t *calls = context;

    assert_slice(status->lane.route, "orders");
    assert_slice(status->lane.destination, "ris");
    assert_slice(status->owner, "test");
    assert_slice(status->outcome, "AE");
    assert_int_equal(status->depth, 2);
    assert_int_equal(status->dead, 0);
    assert_true(status->head > 0);
    assert_int_equal(status->oldest, DESK_DAY);
    assert_int_equal(status->next_try, DESK_DAY + 77);
    assert_int_equal(status->attempts, 1);
    (*calls)++;
    return true;
}

static void the_status_tells_of_the_head(void **state)
{
    struct desk desk;
    size_t calls = 0;

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    (void)desk_store(&desk, "2", "MSH|2", "ris");
    struct journal_delivery delivery = desk_next(&desk, desk_lease(&desk, "ris"), 0);
    struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_RETRY);
    settlement.word = HL7_TEXT("AE");
    settlement.next_try = DESK_DAY + 77;
    (void)desk_settle(&desk, &settlement);
    assert_int_equal(journal_lanes(desk.journal, check_status, &calls), JOURNAL_OK);
    assert_int_equal(calls, 1);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_keeps_others_out_until_it_runs_out),
        cmocka_unit_test(only_its_owner_gives_a_lease_back),
        cmocka_unit_test(lanes_differ_by_route_destination_and_number),
        cmocka_unit_test(a_lane_that_was_undone_is_made_anew),
        cmocka_unit_test(many_lanes_are_told_apart),
        cmocka_unit_test(depths_are_right_within_a_transaction_and_behind_it),
        cmocka_unit_test(a_paused_lane_stays_so_and_takes_in_more),
        cmocka_unit_test(setting_an_unknown_lane_is_none),
        cmocka_unit_test(the_status_tells_of_the_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
