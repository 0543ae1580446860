/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages in: what is stored is what came, and repetitions are told apart. */
#include "journal_desk.h"

static const int64_t hour = INT64_C(3600) * 1000 * 1000;

static struct journal_appended append(const struct desk *desk,
                                      const struct journal_message *message)
{
    struct journal_appended appended = {JOURNAL_STORED, 0};

    desk_begin(desk);
    assert_int_equal(journal_append(desk->journal, message, 1, &appended), JOURNAL_OK);
    desk_commit(desk);
    return appended;
}

static void a_message_comes_back_as_it_came(void **state)
{
    static const char bytes[] = "MSH|^~\\&|A\0B\r\xff\xfe\n";
    struct desk desk;
    struct journal_message message = desk_message("000123", "", 5);
    struct journal_summary summary;
    hl7_slice stored;

    (void)state;
    desk_open(&desk);
    message.bytes = (hl7_slice){bytes, sizeof bytes};
    int64_t id = desk_append(&desk, &message);
    desk_reopen(&desk);
    assert_int_equal(journal_bytes(desk.journal, id, &stored), JOURNAL_OK);
    assert_slices(stored, message.bytes);
    assert_int_equal(journal_get(desk.journal, id, &summary), JOURNAL_OK);
    assert_int_equal(summary.id, id);
    assert_int_equal(summary.received, message.received);
    assert_int_equal(summary.size, sizeof bytes);
    assert_int_equal(summary.state, JOURNAL_STATE_SETTLED);
    assert_slice(summary.control_id, "000123");
    assert_slice(summary.listener, "main");
    assert_slice(summary.peer, "192.0.2.1:4711");
    assert_slice(summary.type, "ORM^O01");
    assert_slice(summary.application, "HIS");
    assert_slice(summary.facility, "NORTH");
    desk_close(&desk);
}

static void messages_of_any_size_come_back(void **state)
{
    static const size_t sizes[] = {1, 100, 4096, 4097, 65536, 5000000};
    struct desk desk;
    struct random_state random;
    char *bytes = test_malloc(5000000);

    (void)state;
    random_init(&random, 1);
    desk_open(&desk);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct journal_message message = desk_message("1", "", 0);
        hl7_slice stored;
        random_fill(&random, bytes, sizes[i]);
        message.bytes = (hl7_slice){bytes, sizes[i]};
        int64_t id = desk_append(&desk, &message);
        assert_int_equal(journal_bytes(desk.journal, id, &stored), JOURNAL_OK);
        assert_slices(stored, message.bytes);
    }
    desk_close(&desk);
    test_free(bytes);
}

static void an_identifier_need_not_be_text(void **state)
{
    struct desk desk;
    struct journal_message message = desk_message("M\xfc\xff|", "MSH|1", 0);
    struct journal_summary summary;

    (void)state;
    desk_open(&desk);
    int64_t id = desk_append(&desk, &message);
    assert_int_equal(journal_get(desk.journal, id, &summary), JOURNAL_OK);
    assert_slice(summary.control_id, "M\xfc\xff|");
    desk_close(&desk);
}

static void a_long_identifier_is_kept_by_its_first_bytes(void **state)
{
    char longer[JOURNAL_TEXT_MAX + 10];
    struct desk desk;
    struct journal_message message = desk_message("", "MSH|1", 0);
    struct journal_summary summary;

    (void)state;
    memset(longer, 'x', sizeof longer);
    message.control_id = (hl7_slice){longer, sizeof longer};
    desk_open(&desk);
    int64_t id = desk_append(&desk, &message);
    assert_int_equal(journal_get(desk.journal, id, &summary), JOURNAL_OK);
    assert_int_equal(summary.control_id.len, JOURNAL_TEXT_MAX);
    desk_close(&desk);
}

static void ids_grow_with_each_message(void **state)
{
    struct desk desk;
    struct journal_message messages[3] = {desk_message("1", "a", 0), desk_message("2", "b", 0),
                                          desk_message("3", "c", 0)};
    struct journal_appended appended[3];

    (void)state;
    desk_open(&desk);
    desk_begin(&desk);
    assert_int_equal(journal_append(desk.journal, messages, 3, appended), JOURNAL_OK);
    desk_commit(&desk);
    assert_true(appended[0].message < appended[1].message);
    assert_true(appended[1].message < appended[2].message);
    desk_close(&desk);
}

static void a_message_with_deliveries_is_pending_in_each_lane(void **state)
{
    struct desk desk;
    struct journal_message message = desk_message("1", "MSH|1", 7);
    const struct journal_lane lanes[2] = {desk_lane("ris"), desk_lane("pacs")};
    struct journal_summary summary;

    (void)state;
    desk_open(&desk);
    message.deliveries = lanes;
    message.delivery_count = 2;
    int64_t id = desk_append(&desk, &message);
    assert_int_equal(journal_get(desk.journal, id, &summary), JOURNAL_OK);
    assert_int_equal(summary.state, JOURNAL_STATE_PENDING);
    assert_int_equal(summary.pending, 2);
    for (size_t i = 0; i < 2; i++) {
        struct journal_lane_status status =
            desk_lane_status(&desk, desk_lease(&desk, i == 0 ? "ris" : "pacs"));
        assert_int_equal(status.depth, 1);
        assert_int_equal(status.oldest, DESK_DAY + 7);
    }
    desk_check_counters(&desk);
    desk_close(&desk);
}

/* ---- Duplicates ------------------------------------------------------------------------------ */

/* The first message is "MSH|one" by HIS of NORTH at time 0, control id "7"; the window is an hour. */
struct repetition {
    const char *what;
    const char *control_id;
    const char *bytes;
    const char *application;
    const char *facility;
    int64_t minutes;
    enum journal_result expected;
};

static void repetitions_are_told_apart(void **state)
{
    static const struct repetition cases[] = {
        {"the same once more", "7", "MSH|one", "HIS", "NORTH", 1, JOURNAL_DUPLICATE},
        {"at the end of the window", "7", "MSH|one", "HIS", "NORTH", 60, JOURNAL_DUPLICATE},
        {"behind the window", "7", "MSH|one", "HIS", "NORTH", 61, JOURNAL_STORED},
        {"other content, same length", "7", "MSH|two", "HIS", "NORTH", 1, JOURNAL_CONFLICT},
        {"other content, other length", "7", "MSH|three", "HIS", "NORTH", 1, JOURNAL_CONFLICT},
        {"another application", "7", "MSH|one", "LIS", "NORTH", 1, JOURNAL_STORED},
        {"another facility", "7", "MSH|one", "HIS", "SOUTH", 1, JOURNAL_STORED},
        {"another id", "07", "MSH|one", "HIS", "NORTH", 1, JOURNAL_STORED},
        {"no id", "", "MSH|one", "HIS", "NORTH", 1, JOURNAL_STORED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct desk desk;
        struct journal_message message = desk_message("7", "MSH|one", 0);
        message.duplicate_window = hour;
        desk_open(&desk);
        struct journal_appended first = append(&desk, &message);
        assert_int_equal(first.result, JOURNAL_STORED);
        message =
            desk_message(cases[i].control_id, cases[i].bytes, cases[i].minutes * 60 * 1000 * 1000);
        message.application = hl7_slice_of(cases[i].application);
        message.facility = hl7_slice_of(cases[i].facility);
        message.duplicate_window = hour;
        struct journal_appended second = append(&desk, &message);
        if (second.result != cases[i].expected) {
            fail_msg("%s: %d", cases[i].what, (int)second.result);
        }
        assert_int_equal(second.message == first.message, second.result == JOURNAL_DUPLICATE);
        desk_close(&desk);
    }
}

static void without_a_window_everything_is_stored(void **state)
{
    struct desk desk;
    const struct journal_message message = desk_message("7", "MSH|one", 0);

    (void)state;
    desk_open(&desk);
    assert_int_equal(append(&desk, &message).result, JOURNAL_STORED);
    assert_int_equal(append(&desk, &message).result, JOURNAL_STORED);
    desk_close(&desk);
}

static void a_duplicate_within_one_batch_is_found(void **state)
{
    struct desk desk;
    struct journal_message messages[2] = {desk_message("7", "MSH|one", 0),
                                          desk_message("7", "MSH|one", 1)};
    struct journal_appended appended[2];

    (void)state;
    messages[0].duplicate_window = messages[1].duplicate_window = hour;
    desk_open(&desk);
    desk_begin(&desk);
    assert_int_equal(journal_append(desk.journal, messages, 2, appended), JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(appended[1].result, JOURNAL_DUPLICATE);
    assert_int_equal(appended[1].message, appended[0].message);
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM messages"), 1);
    desk_close(&desk);
}

static void a_duplicate_gets_the_first_reply(void **state)
{
    struct desk desk;
    struct journal_message message = desk_message("7", "MSH|one", 0);
    hl7_slice reply;

    (void)state;
    message.duplicate_window = hour;
    message.reply = HL7_TEXT("MSA|AA|7");
    desk_open(&desk);
    (void)append(&desk, &message);
    struct journal_appended second = append(&desk, &message);
    assert_int_equal(second.result, JOURNAL_DUPLICATE);
    assert_int_equal(journal_reply(desk.journal, second.message, &reply), JOURNAL_OK);
    assert_slice(reply, "MSA|AA|7");
    desk_close(&desk);
}

static void a_reply_can_be_recorded_later_and_replaced(void **state)
{
    struct desk desk;
    const struct journal_message message = desk_message("7", "MSH|one", 0);
    hl7_slice reply;

    (void)state;
    desk_open(&desk);
    int64_t id = append(&desk, &message).message;
    assert_int_equal(journal_reply(desk.journal, id, &reply), JOURNAL_NONE);
    desk_begin(&desk);
    assert_int_equal(journal_set_reply(desk.journal, id, HL7_TEXT("first")), JOURNAL_OK);
    assert_int_equal(journal_set_reply(desk.journal, id, HL7_TEXT("second")), JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(journal_reply(desk.journal, id, &reply), JOURNAL_OK);
    assert_slice(reply, "second");
    desk_close(&desk);
}

static void a_conflict_is_held_with_its_deliveries(void **state)
{
    struct desk desk;
    struct journal_message message = desk_message("7", "MSH|one", 0);
    const struct journal_lane lane = desk_lane("ris");
    struct journal_summary summary;

    (void)state;
    message.duplicate_window = hour;
    message.deliveries = &lane;
    message.delivery_count = 1;
    desk_open(&desk);
    (void)append(&desk, &message);
    message.bytes = HL7_TEXT("MSH|two");
    struct journal_appended second = append(&desk, &message);
    assert_int_equal(second.result, JOURNAL_CONFLICT);
    assert_int_equal(journal_get(desk.journal, second.message, &summary), JOURNAL_OK);
    assert_int_equal(summary.state, JOURNAL_STATE_HELD);
    assert_int_equal(desk_lane_status(&desk, desk_lease(&desk, "ris")).depth, 1);
    /* Its own repetition is a duplicate of it. */
    struct journal_appended third = append(&desk, &message);
    assert_int_equal(third.result, JOURNAL_DUPLICATE);
    assert_int_equal(third.message, second.message);
    desk_check_counters(&desk);
    desk_close(&desk);
}

static void a_configured_size_refuses_messages_and_takes_settlements(void **state)
{
    struct desk desk;
    struct journal_options options = {0, 1};
    struct journal_appended appended;
    const struct journal_message more = desk_message("8", "MSH|more", 0);

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "7", "MSH|one", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    struct journal_delivery delivery = desk_next(&desk, lane, 0);
    struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_DELIVERED);
    enum journal_settled settled;
    journal_close(&desk.journal);
    assert_int_equal(journal_open(desk.folder, &options, &desk.journal, NULL), JOURNAL_OK);
    desk_begin(&desk);
    assert_int_equal(journal_append(desk.journal, &more, 1, &appended), JOURNAL_FULL);
    assert_int_equal(journal_settle(desk.journal, &settlement, &settled), JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(desk_lane_status(&desk, lane).depth, 0);
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM messages"), 1);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_comes_back_as_it_came),
        cmocka_unit_test(messages_of_any_size_come_back),
        cmocka_unit_test(an_identifier_need_not_be_text),
        cmocka_unit_test(a_long_identifier_is_kept_by_its_first_bytes),
        cmocka_unit_test(ids_grow_with_each_message),
        cmocka_unit_test(a_message_with_deliveries_is_pending_in_each_lane),
        cmocka_unit_test(repetitions_are_told_apart),
        cmocka_unit_test(without_a_window_everything_is_stored),
        cmocka_unit_test(a_duplicate_within_one_batch_is_found),
        cmocka_unit_test(a_duplicate_gets_the_first_reply),
        cmocka_unit_test(a_reply_can_be_recorded_later_and_replaced),
        cmocka_unit_test(a_conflict_is_held_with_its_deliveries),
        cmocka_unit_test(a_configured_size_refuses_messages_and_takes_settlements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
