/* SPDX-License-Identifier: Apache-2.0
 *
 * Old messages go (J7): settled ones only, in small steps, and the space comes back. */
#include "journal_desk.h"

#include <stdio.h>

enum { BIG = 20000 };

/* Messages of some size, received one microsecond after the other; all delivered if `settled`. */
static void store_many(const struct desk *desk, size_t count, bool settled)
{
    static char bytes[BIG];
    const struct journal_lane lane = desk_lane("ris");
    const struct journal_key key = {HL7_TEXT("OBR-18"), HL7_TEXT("1")};

    memset(bytes, 'x', sizeof bytes);
    for (size_t i = 0; i < count; i++) {
        struct journal_message message = desk_message("1", "", (int64_t)i);
        message.bytes = (hl7_slice){bytes, sizeof bytes};
        message.reply = HL7_TEXT("MSA|AA");
        message.keys = &key;
        message.key_count = 1;
        message.deliveries = &lane;
        message.delivery_count = 1;
        (void)desk_append(desk, &message);
    }
    int64_t id = desk_lease(desk, "ris");
    for (size_t i = 0; i < count && settled; i++) {
        struct journal_delivery delivery = desk_next(desk, id, 0);
        struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_DELIVERED);
        settlement.sent = HL7_TEXT("MSH|other");
        settlement.answer = HL7_TEXT("MSA|AA");
        (void)desk_settle(desk, &settlement);
    }
}

/* Steps until the policy is satisfied; how many messages went. */
static size_t prune(const struct desk *desk, const struct journal_policy *policy)
{
    struct journal_pruned pruned = {0, true};
    size_t sum = 0;

    while (pruned.more) {
        desk_begin(desk);
        assert_int_equal(journal_prune(desk->journal, policy, &pruned), JOURNAL_OK);
        desk_commit(desk);
        assert_true(pruned.messages <= policy->step);
        sum += pruned.messages;
    }
    desk_check_counters(desk);
    return sum;
}

static int64_t messages_left(const struct desk *desk)
{
    return desk_query(desk, "SELECT count(*) FROM messages");
}

static void settled_messages_before_a_time_go_with_all_that_is_theirs(void **state)
{
    static const char *const left[] = {"messages", "received", "keys", "deliveries", "attempts"};
    struct desk desk;
    const struct journal_policy policy = {.settled_before = DESK_DAY + 7, .step = 3};

    (void)state;
    desk_open(&desk);
    store_many(&desk, 10, true);
    assert_int_equal(prune(&desk, &policy), 7);
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        char sql[64];
        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", left[i]);
        assert_int_equal(desk_query(&desk, sql), 3);
    }
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM bodies"), 6);
    assert_int_equal(desk_query(&desk, "SELECT min(received) FROM messages"), DESK_DAY + 7);
    desk_close(&desk);
}

static void what_is_pending_or_held_never_goes(void **state)
{
    struct desk desk;
    const struct journal_policy policy = {
        .settled_before = INT64_MAX, .dead_before = INT64_MAX, .max_bytes = 1, .step = 100};
    struct journal_message message = desk_message("7", "MSH|one", 1);
    const struct journal_lane lane = desk_lane("pacs");

    (void)state;
    desk_open(&desk);
    store_many(&desk, 3, false);
    message.deliveries = &lane;
    message.delivery_count = 1;
    message.duplicate_window = 1000;
    (void)desk_append(&desk, &message);
    message.bytes = HL7_TEXT("MSH|two");
    (void)desk_append(&desk, &message);
    assert_int_equal(prune(&desk, &policy), 0);
    assert_int_equal(messages_left(&desk), 5);
    desk_close(&desk);
}

static void dead_letters_stay_unless_the_policy_names_them(void **state)
{
    struct desk desk;
    struct journal_policy policy = {.settled_before = INT64_MAX, .step = 100};

    (void)state;
    desk_open(&desk);
    store_many(&desk, 2, false);
    int64_t lane = desk_lease(&desk, "ris");
    for (int i = 0; i < 2; i++) {
        struct journal_delivery delivery = desk_next(&desk, lane, 0);
        struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_DEAD);
        (void)desk_settle(&desk, &settlement);
    }
    assert_int_equal(prune(&desk, &policy), 0);
    policy.dead_before = DESK_DAY + 1;
    assert_int_equal(prune(&desk, &policy), 1);
    assert_int_equal(desk_lane_status(&desk, lane).dead, 1);
    desk_close(&desk);
}

static void damaged_messages_go_with_the_dead(void **state)
{
    struct desk desk;
    struct journal_policy policy = {.settled_before = INT64_MAX, .step = 100};

    (void)state;
    desk_open(&desk);
    store_many(&desk, 2, false);
    desk_begin(&desk);
    assert_int_equal(journal_set_aside(desk.journal, 1, DESK_DAY), JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(prune(&desk, &policy), 0);
    policy.dead_before = INT64_MAX;
    assert_int_equal(prune(&desk, &policy), 1);
    assert_int_equal(desk_query(&desk, "SELECT id FROM messages"), 2);
    assert_int_equal(desk_lane_status(&desk, desk_lease(&desk, "ris")).dead, 0);
    desk_close(&desk);
}

static void over_its_size_the_oldest_go_first(void **state)
{
    struct desk desk;
    struct journal_size size;
    struct journal_policy policy = {.step = 2};

    (void)state;
    desk_open(&desk);
    store_many(&desk, 20, true);
    assert_int_equal(journal_size(desk.journal, &size), JOURNAL_OK);
    policy.max_bytes = size.file_bytes - size.free_bytes - 10 * BIG;
    size_t gone = prune(&desk, &policy);
    assert_in_range(gone, 8, 12);
    assert_int_equal(desk_query(&desk, "SELECT min(received) FROM messages"),
                     DESK_DAY + (int64_t)gone);
    desk_close(&desk);
}

static void the_space_comes_back(void **state)
{
    struct desk desk;
    struct journal_size before;
    struct journal_size after;
    const struct journal_policy policy = {.settled_before = INT64_MAX, .step = 10};

    (void)state;
    desk_open(&desk);
    store_many(&desk, 100, true);
    assert_int_equal(journal_checkpoint(desk.journal, 0), JOURNAL_OK);
    assert_int_equal(journal_size(desk.journal, &before), JOURNAL_OK);
    assert_true(before.log_bytes > 0);
    assert_int_equal(prune(&desk, &policy), 100);
    assert_int_equal(journal_checkpoint(desk.journal, 0), JOURNAL_OK);
    assert_int_equal(journal_size(desk.journal, &after), JOURNAL_OK);
    assert_int_equal(after.free_bytes, 0);
    assert_true(before.file_bytes > 100 * BIG);
    assert_true(after.file_bytes < 300000);
    desk_close(&desk);
}

/* What a journal that was opened again knows of ids is what its file says. */
static void ids_are_not_given_twice(void **state)
{
    struct desk desk;
    const struct journal_policy policy = {.settled_before = INT64_MAX, .step = 10};

    (void)state;
    desk_open(&desk);
    store_many(&desk, 3, true);
    int64_t delivery = desk_query(&desk, "SELECT max(id) FROM deliveries");
    int64_t message = desk_query(&desk, "SELECT max(id) FROM messages");
    assert_int_equal(prune(&desk, &policy), 3);
    desk_reopen(&desk);
    assert_int_equal(desk_store(&desk, "1", "MSH|1", "ris"), message + 1);
    assert_int_equal(desk_next(&desk, desk_lease(&desk, "ris"), 0).id, delivery + 1);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settled_messages_before_a_time_go_with_all_that_is_theirs),
        cmocka_unit_test(what_is_pending_or_held_never_goes),
        cmocka_unit_test(dead_letters_stay_unless_the_policy_names_them),
        cmocka_unit_test(damaged_messages_go_with_the_dead),
        cmocka_unit_test(over_its_size_the_oldest_go_first),
        cmocka_unit_test(the_space_comes_back),
        cmocka_unit_test(ids_are_not_given_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
