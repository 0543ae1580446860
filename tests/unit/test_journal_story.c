/* SPDX-License-Identifier: Apache-2.0
 *
 * The story of a message, and lists of a lane's deliveries. */
#include "journal_desk.h"

#include <stdio.h>

struct list {
    int64_t ids[8];
    char texts[8][32];
    size_t count;
    size_t most;
};

static bool put(struct list *list, int64_t id, hl7_slice text)
{
    assert_in_range(list->count, 0, 7);
    list->ids[list->count] = id;
    (void)snprintf(list->texts[list->count++], 32, "%.*s", (int)text.len, text.ptr);
    return list->most == 0 || list->count < list->most;
}

static bool on_delivery(void *context, const struct journal_delivery_story *story)
{
    return put(context, story->id, story->lane.destination);
}

static bool on_key(void *context, const struct journal_key *key)
{
    return put(context, 0, key->value);
}

static void the_deliveries_of_a_message_come_in_their_order(void **state)
{
    struct desk desk;
    struct journal_message message = desk_message("1", "MSH|1", 0);
    const struct journal_lane lanes[3] = {desk_lane("c"), desk_lane("a"), desk_lane("b")};
    struct list list = {.count = 0};

    (void)state;
    desk_open(&desk);
    message.deliveries = lanes;
    message.delivery_count = 3;
    int64_t id = desk_append(&desk, &message);
    assert_int_equal(journal_deliveries(desk.journal, id, on_delivery, &list), JOURNAL_OK);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.texts[0], "c");
    assert_string_equal(list.texts[1], "a");
    assert_string_equal(list.texts[2], "b");
    list = (struct list){.most = 2};
    assert_int_equal(journal_deliveries(desk.journal, id, on_delivery, &list), JOURNAL_OK);
    assert_int_equal(list.count, 2);
    list = (struct list){.most = 0};
    assert_int_equal(journal_deliveries(desk.journal, 4711, on_delivery, &list), JOURNAL_OK);
    assert_int_equal(list.count, 0);
    desk_close(&desk);
}

static bool check_story(void *context, const struct journal_delivery_story *story)
{
    int64_t *lane = context;

    assert_int_equal(story->lane_id, *lane);
    assert_slice(story->lane.route, "orders");
    assert_slice(story->lane.destination, "ris");
    assert_int_equal(story->lane.number, 0);
    assert_int_equal(story->state, JOURNAL_DELIVERY_DEAD);
    assert_int_equal(story->attempts, 1);
    assert_int_equal(story->settled, DESK_DAY + 20);
    assert_slice(story->word, "AR");
    assert_slice(story->reason, "unknown patient");
    *lane = 0;
    return true;
}

static void a_delivery_tells_what_became_of_it(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    int64_t id = desk_store(&desk, "1", "MSH|1", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    struct journal_delivery delivery = desk_next(&desk, lane, 0);
    struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_DEAD);
    settlement.word = HL7_TEXT("AR");
    settlement.reason = HL7_TEXT("unknown patient");
    (void)desk_settle(&desk, &settlement);
    assert_int_equal(journal_deliveries(desk.journal, id, check_story, &lane), JOURNAL_OK);
    assert_int_equal(lane, 0);
    desk_close(&desk);
}

static void a_lane_lists_its_deliveries_of_one_state_in_pages(void **state)
{
    struct desk desk;
    struct list list = {.count = 0};

    (void)state;
    desk_open(&desk);
    for (int i = 0; i < 6; i++) {
        (void)desk_store(&desk, "1", "MSH|1", "ris");
        (void)desk_store(&desk, "2", "MSH|2", "pacs");
    }
    int64_t lane = desk_lease(&desk, "ris");
    for (int i = 0; i < 2; i++) {
        struct journal_delivery delivery = desk_next(&desk, lane, 0);
        struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_DEAD);
        (void)desk_settle(&desk, &settlement);
    }
    assert_int_equal(journal_lane_deliveries(desk.journal, lane, JOURNAL_DELIVERY_DEAD, 0, 8,
                                             on_delivery, &list),
                     JOURNAL_OK);
    assert_int_equal(list.count, 2);
    list.count = 0;
    assert_int_equal(journal_lane_deliveries(desk.journal, lane, JOURNAL_DELIVERY_PENDING, 0, 3,
                                             on_delivery, &list),
                     JOURNAL_OK);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.texts[2], "ris");
    int64_t after = list.ids[2];
    assert_int_equal(journal_lane_deliveries(desk.journal, lane, JOURNAL_DELIVERY_PENDING, after, 3,
                                             on_delivery, &list),
                     JOURNAL_OK);
    assert_int_equal(list.count, 4);
    assert_true(list.ids[3] > after);
    desk_close(&desk);
}

static void keys_are_kept_with_their_message(void **state)
{
    struct desk desk;
    struct journal_message message = desk_message("1", "MSH|1", 0);
    const struct journal_key keys[3] = {{HL7_TEXT("b"), HL7_TEXT("000123")},
                                        {HL7_TEXT("a"), HL7_TEXT("x\xff")},
                                        {HL7_TEXT("b"), HL7_TEXT("000123")}};
    struct list list = {.count = 0};

    (void)state;
    desk_open(&desk);
    message.keys = keys;
    message.key_count = 3;
    int64_t id = desk_append(&desk, &message);
    assert_int_equal(journal_keys(desk.journal, id, on_key, &list), JOURNAL_OK);
    /* The same value twice is one key. */
    assert_int_equal(list.count, 2);
    assert_string_equal(list.texts[0], "x\xff");
    assert_string_equal(list.texts[1], "000123");
    desk_close(&desk);
}

static void what_is_not_there_is_none(void **state)
{
    struct desk desk;
    struct journal_summary summary;
    hl7_slice bytes;

    (void)state;
    desk_open(&desk);
    assert_int_equal(journal_get(desk.journal, 1, &summary), JOURNAL_NONE);
    assert_int_equal(journal_bytes(desk.journal, 1, &bytes), JOURNAL_NONE);
    assert_int_equal(journal_body(desk.journal, 1, &bytes), JOURNAL_NONE);
    assert_int_equal(journal_reply(desk.journal, 1, &bytes), JOURNAL_NONE);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_deliveries_of_a_message_come_in_their_order),
        cmocka_unit_test(a_delivery_tells_what_became_of_it),
        cmocka_unit_test(a_lane_lists_its_deliveries_of_one_state_in_pages),
        cmocka_unit_test(keys_are_kept_with_their_message),
        cmocka_unit_test(what_is_not_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
