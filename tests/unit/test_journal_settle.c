/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries out: order, waiting, settling, attempts. */
#include "journal_desk.h"

#include <stdio.h>

static enum journal_code next(const struct desk *desk, int64_t lane, int64_t after, int64_t now,
                              struct journal_delivery *ret_delivery, struct journal_wait *ret_wait)
{
    return journal_next(desk->journal, lane, after, DESK_DAY + now, ret_delivery, ret_wait);
}

static void deliveries_leave_in_the_order_of_their_messages(void **state)
{
    struct desk desk;
    char text[16];

    (void)state;
    desk_open(&desk);
    for (int i = 0; i < 20; i++) {
        (void)snprintf(text, sizeof text, "MSH|%d", i);
        (void)desk_store(&desk, text, text, "ris");
    }
    int64_t lane = desk_lease(&desk, "ris");
    for (int i = 0; i < 20; i++) {
        struct journal_delivery delivery = desk_next(&desk, lane, 0);
        (void)snprintf(text, sizeof text, "MSH|%d", i);
        assert_slice(delivery.bytes, text);
        assert_slice(delivery.control_id, text);
        assert_slice(delivery.type, "ORM^O01");
        assert_slice(delivery.listener, "main");
        assert_int_equal(delivery.received, DESK_DAY);
        assert_int_equal(delivery.attempt, 1);
        assert_false(delivery.verbatim);
        struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_DELIVERED);
        assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_SETTLED);
    }
    desk_check_counters(&desk);
    desk_close(&desk);
}

static void an_empty_lane_has_nothing(void **state)
{
    struct desk desk;
    struct journal_delivery delivery;
    struct journal_wait wait;

    (void)state;
    desk_open(&desk);
    assert_int_equal(next(&desk, desk_lease(&desk, "ris"), 0, 0, &delivery, &wait), JOURNAL_NONE);
    assert_int_equal(wait.depth, 0);
    assert_int_equal(wait.next_try, 0);
    assert_int_equal(next(&desk, 4711, 0, 0, &delivery, &wait), JOURNAL_NONE);
    desk_close(&desk);
}

static void a_retry_holds_its_lane_and_no_other(void **state)
{
    struct desk desk;
    struct journal_delivery delivery;
    struct journal_wait wait;

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    (void)desk_store(&desk, "2", "MSH|2", "ris");
    (void)desk_store(&desk, "3", "MSH|3", "pacs");
    int64_t ris = desk_lease(&desk, "ris");
    int64_t pacs = desk_lease(&desk, "pacs");
    delivery = desk_next(&desk, ris, 0);
    struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_RETRY);
    settlement.next_try = DESK_DAY + 1000;
    settlement.word = HL7_TEXT("timeout");
    assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_SETTLED);
    assert_int_equal(next(&desk, ris, 0, 999, &delivery, &wait), JOURNAL_NONE);
    assert_int_equal(wait.depth, 2);
    assert_int_equal(wait.next_try, DESK_DAY + 1000);
    assert_slice(desk_next(&desk, pacs, 999).bytes, "MSH|3");
    delivery = desk_next(&desk, ris, 1000);
    assert_slice(delivery.bytes, "MSH|1");
    assert_int_equal(delivery.attempt, 2);
    assert_int_equal(desk_lane_status(&desk, ris).attempts, 1);
    desk_close(&desk);
}

static void pipelining_looks_behind_what_is_on_its_way(void **state)
{
    struct desk desk;
    struct journal_delivery first;
    struct journal_delivery second;
    struct journal_wait wait;

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    (void)desk_store(&desk, "2", "MSH|2", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    assert_int_equal(next(&desk, lane, 0, 0, &first, &wait), JOURNAL_OK);
    assert_int_equal(next(&desk, lane, first.id, 0, &second, &wait), JOURNAL_OK);
    assert_slice(second.bytes, "MSH|2");
    assert_int_equal(next(&desk, lane, second.id, 0, &second, &wait), JOURNAL_NONE);
    desk_close(&desk);
}

static void settling_twice_changes_nothing(void **state)
{
    static const enum journal_outcome outcomes[] = {JOURNAL_DELIVERED, JOURNAL_FILTERED,
                                                    JOURNAL_DEAD, JOURNAL_RETRY, JOURNAL_HALT};

    (void)state;
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        struct desk desk;
        desk_open(&desk);
        (void)desk_store(&desk, "1", "MSH|1", "ris");
        struct journal_delivery delivery = desk_next(&desk, desk_lease(&desk, "ris"), 0);
        struct journal_settlement settlement = desk_settlement(&delivery, outcomes[i]);
        settlement.answer = HL7_TEXT("MSA|AA");
        assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_SETTLED);
        int64_t changes = sqlite3_total_changes64(desk.journal->db);
        settlement.outcome = JOURNAL_DELIVERED;
        assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_ALREADY);
        assert_true(sqlite3_total_changes64(desk.journal->db) == changes);
        assert_int_equal(desk_query(&desk, "SELECT count(*) FROM attempts"), 1);
        desk_check_counters(&desk);
        desk_close(&desk);
    }
}

static void settling_what_was_pruned_is_settled_already(void **state)
{
    struct desk desk;
    const struct journal_delivery gone = {.id = 4711, .attempt = 1};
    const struct journal_settlement settlement = desk_settlement(&gone, JOURNAL_DELIVERED);

    (void)state;
    desk_open(&desk);
    assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_ALREADY);
    desk_close(&desk);
}

/* What an outcome makes of a message of one delivery, and of its lane. */
static void each_outcome_has_its_effect(void **state)
{
    static const struct {
        enum journal_outcome outcome;
        enum journal_state message;
        enum journal_lane_state lane;
        int64_t depth;
        int64_t dead;
        int64_t delivered;
    } cases[] = {
        {JOURNAL_DELIVERED, JOURNAL_STATE_SETTLED, JOURNAL_LANE_RUNNING, 0, 0, 1},
        {JOURNAL_FILTERED, JOURNAL_STATE_SETTLED, JOURNAL_LANE_RUNNING, 0, 0, 0},
        {JOURNAL_DEAD, JOURNAL_STATE_DEAD, JOURNAL_LANE_RUNNING, 0, 1, 0},
        {JOURNAL_RETRY, JOURNAL_STATE_PENDING, JOURNAL_LANE_RUNNING, 1, 0, 0},
        {JOURNAL_HALT, JOURNAL_STATE_PENDING, JOURNAL_LANE_HALTED, 1, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct desk desk;
        struct journal_summary summary;
        desk_open(&desk);
        int64_t id = desk_store(&desk, "1", "MSH|1", "ris");
        int64_t lane = desk_lease(&desk, "ris");
        struct journal_delivery delivery = desk_next(&desk, lane, 0);
        struct journal_settlement settlement = desk_settlement(&delivery, cases[i].outcome);
        (void)desk_settle(&desk, &settlement);
        desk_reopen(&desk);
        assert_int_equal(journal_get(desk.journal, id, &summary), JOURNAL_OK);
        assert_int_equal(summary.state, cases[i].message);
        struct journal_lane_status status = desk_lane_status(&desk, lane);
        assert_int_equal(status.state, cases[i].lane);
        assert_int_equal(status.depth, cases[i].depth);
        assert_int_equal(status.dead, cases[i].dead);
        assert_int_equal(status.delivered, cases[i].delivered);
        assert_int_equal(status.outcome_at, DESK_DAY + 20);
        desk_check_counters(&desk);
        desk_close(&desk);
    }
}

static void a_lane_that_was_halted_gives_nothing_until_it_is_set_running(void **state)
{
    struct desk desk;
    struct journal_wait wait;

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    struct journal_delivery delivery = desk_next(&desk, lane, 0);
    struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_HALT);
    settlement.reason = HL7_TEXT("the peer says no");
    (void)desk_settle(&desk, &settlement);
    assert_int_equal(next(&desk, lane, 0, 0, &delivery, &wait), JOURNAL_NONE);
    assert_int_equal(wait.state, JOURNAL_LANE_HALTED);
    assert_int_equal(wait.depth, 1);
    desk_begin(&desk);
    assert_int_equal(
        journal_lane_set(desk.journal, lane, JOURNAL_LANE_RUNNING, HL7_TEXT("mended"), DESK_DAY),
        JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(desk_next(&desk, lane, 0).attempt, 2);
    desk_close(&desk);
}

static void somebody_who_lost_the_lease_settles_nothing(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    struct journal_delivery delivery = desk_next(&desk, lane, 0);
    struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_DELIVERED);
    settlement.owner = HL7_TEXT("another");
    assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_NOT_YOURS);
    assert_int_equal(desk_lane_status(&desk, lane).depth, 1);
    settlement.owner = HL7_TEXT("test");
    assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_SETTLED);
    desk_close(&desk);
}

/* ---- Attempts -------------------------------------------------------------------------------- */

struct seen {
    struct journal_attempt attempts[JOURNAL_ATTEMPTS_KEPT + 1];
    size_t count;
};

static bool on_attempt(void *context, const struct journal_attempt *attempt)
{
    struct seen *seen = context;

    assert_in_range(seen->count, 0, JOURNAL_ATTEMPTS_KEPT);
    seen->attempts[seen->count++] = *attempt;
    return true;
}

/* Attempts with what was sent and answered; the last one with `outcome`. */
static int64_t attempt_times(const struct desk *desk, size_t times, const char *sent)
{
    int64_t lane = desk_lease(desk, "ris");
    int64_t id = 0;

    for (size_t i = 0; i < times; i++) {
        struct journal_delivery delivery = desk_next(desk, lane, 0);
        struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_RETRY);
        settlement.word = HL7_TEXT("AE");
        settlement.reason = HL7_TEXT("no");
        settlement.sent = hl7_slice_of(sent);
        settlement.answer = HL7_TEXT("MSA|AE");
        settlement.template = HL7_TEXT("orm.hl7");
        settlement.template_hash = HL7_TEXT("abc");
        (void)desk_settle(desk, &settlement);
        id = delivery.id;
    }
    return id;
}

static void an_attempt_records_what_happened(void **state)
{
    struct desk desk;
    struct seen seen = {.count = 0};
    hl7_slice bytes;

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    int64_t id = attempt_times(&desk, 1, "MSH|converted");
    assert_int_equal(journal_attempts(desk.journal, id, on_attempt, &seen), JOURNAL_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.attempts[0].number, 1);
    assert_int_equal(seen.attempts[0].started, DESK_DAY + 10);
    assert_int_equal(seen.attempts[0].ended, DESK_DAY + 20);
    assert_int_equal(seen.attempts[0].outcome, JOURNAL_RETRY);
    assert_int_equal(journal_body(desk.journal, seen.attempts[0].sent, &bytes), JOURNAL_OK);
    assert_slice(bytes, "MSH|converted");
    assert_int_equal(journal_body(desk.journal, seen.attempts[0].answer, &bytes), JOURNAL_OK);
    assert_slice(bytes, "MSA|AE");
    desk_close(&desk);
}

static void what_is_sent_again_is_stored_once(void **state)
{
    struct desk desk;
    struct seen seen = {.count = 0};

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    int64_t id = attempt_times(&desk, 3, "MSH|converted");
    (void)attempt_times(&desk, 2, "MSH|1");
    assert_int_equal(journal_attempts(desk.journal, id, on_attempt, &seen), JOURNAL_OK);
    assert_int_equal(seen.count, 5);
    assert_true(seen.attempts[2].sent == seen.attempts[0].sent);
    /* As received: no copy at all. */
    assert_true(seen.attempts[3].sent < 0);
    assert_int_equal(
        desk_query(&desk,
                   "SELECT count(*) FROM bodies WHERE bytes = CAST('MSH|converted' AS BLOB)"),
        1);
    desk_close(&desk);
}

static void of_many_attempts_the_first_and_the_last_ones_stay(void **state)
{
    struct desk desk;
    struct seen seen = {.count = 0};

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    (void)attempt_times(&desk, 2, "MSH|a");
    (void)attempt_times(&desk, 60, "MSH|b");
    int64_t id = attempt_times(&desk, 100, "MSH|c");
    assert_int_equal(journal_attempts(desk.journal, id, on_attempt, &seen), JOURNAL_OK);
    assert_int_equal(seen.count, JOURNAL_ATTEMPTS_KEPT);
    assert_int_equal(seen.attempts[0].number, 1);
    assert_int_equal(seen.attempts[1].number, 162 - JOURNAL_ATTEMPTS_KEPT + 2);
    assert_int_equal(seen.attempts[JOURNAL_ATTEMPTS_KEPT - 1].number, 162);
    /* Bodies: one answer for each, a and c; b went with its last attempt. */
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM bodies"), JOURNAL_ATTEMPTS_KEPT + 2);
    assert_int_equal(desk_next(&desk, desk_lease(&desk, "ris"), 0).attempt, 163);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deliveries_leave_in_the_order_of_their_messages),
        cmocka_unit_test(an_empty_lane_has_nothing),
        cmocka_unit_test(a_retry_holds_its_lane_and_no_other),
        cmocka_unit_test(pipelining_looks_behind_what_is_on_its_way),
        cmocka_unit_test(settling_twice_changes_nothing),
        cmocka_unit_test(settling_what_was_pruned_is_settled_already),
        cmocka_unit_test(each_outcome_has_its_effect),
        cmocka_unit_test(a_lane_that_was_halted_gives_nothing_until_it_is_set_running),
        cmocka_unit_test(somebody_who_lost_the_lease_settles_nothing),
        cmocka_unit_test(an_attempt_records_what_happened),
        cmocka_unit_test(what_is_sent_again_is_stored_once),
        cmocka_unit_test(of_many_attempts_the_first_and_the_last_ones_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
