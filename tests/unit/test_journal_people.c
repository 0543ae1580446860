/* SPDX-License-Identifier: Apache-2.0
 *
 * What people ask for: replay, retry, drop, release, and setting aside. */
#include "journal_desk.h"

#include <stdio.h>

/* Settles the head of the lane. */
static int64_t settle_head(const struct desk *desk, int64_t lane, enum journal_outcome outcome,
                           const char *sent)
{
    struct journal_delivery delivery = desk_next(desk, lane, 0);
    struct journal_settlement settlement = desk_settlement(&delivery, outcome);
    int64_t id = delivery.id;

    settlement.sent = hl7_slice_of(sent);
    assert_int_equal(desk_settle(desk, &settlement), JOURNAL_SETTLED);
    return id;
}

static enum journal_state state_of(const struct desk *desk, int64_t message)
{
    struct journal_summary summary;

    assert_int_equal(journal_get(desk->journal, message, &summary), JOURNAL_OK);
    return summary.state;
}

struct notes {
    char what[4][16];
    char why[4][32];
    int64_t delivery[4];
    size_t count;
};

static bool on_note(void *context, const struct journal_note_story *story)
{
    struct notes *notes = context;

    assert_in_range(notes->count, 0, 3);
    (void)snprintf(notes->what[notes->count], 16, "%.*s", (int)story->what.len, story->what.ptr);
    (void)snprintf(notes->why[notes->count], 32, "%.*s", (int)story->note.why.len,
                   story->note.why.ptr);
    notes->delivery[notes->count++] = story->delivery;
    return true;
}

static struct notes notes_of(const struct desk *desk, int64_t message)
{
    struct notes notes = {.count = 0};

    assert_int_equal(journal_notes(desk->journal, message, on_note, &notes), JOURNAL_OK);
    return notes;
}

/* ---- Replay ---------------------------------------------------------------------------------- */

static enum journal_code replay(const struct desk *desk, int64_t message, const char *destination,
                                int64_t verbatim, int64_t *ret_delivery)
{
    const struct journal_lane lane = desk_lane(destination);
    const struct journal_note note = desk_note("again");

    desk_begin(desk);
    enum journal_code code =
        journal_replay(desk->journal, message, &lane, verbatim, &note, ret_delivery);
    if (code == JOURNAL_OK) {
        desk_commit(desk);
    } else {
        journal_rollback(desk->journal);
    }
    return code;
}

static void a_replay_is_a_new_delivery_at_the_end_of_the_lane(void **state)
{
    struct desk desk;
    int64_t delivery = 0;

    (void)state;
    desk_open(&desk);
    int64_t first = desk_store(&desk, "1", "MSH|1", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    (void)settle_head(&desk, lane, JOURNAL_DELIVERED, "x");
    (void)desk_store(&desk, "2", "MSH|2", "ris");
    assert_int_equal(state_of(&desk, first), JOURNAL_STATE_SETTLED);
    assert_int_equal(replay(&desk, first, "ris", 0, &delivery), JOURNAL_OK);
    assert_int_equal(state_of(&desk, first), JOURNAL_STATE_PENDING);
    desk_check_counters(&desk);
    assert_slice(desk_next(&desk, lane, 0).bytes, "MSH|2");
    (void)settle_head(&desk, lane, JOURNAL_DELIVERED, "x");
    struct journal_delivery again = desk_next(&desk, lane, 0);
    assert_slice(again.bytes, "MSH|1");
    assert_int_equal(again.id, delivery);
    assert_false(again.verbatim);
    struct notes notes = notes_of(&desk, first);
    assert_int_equal(notes.count, 1);
    assert_string_equal(notes.what[0], "replay");
    assert_string_equal(notes.why[0], "again");
    assert_int_equal(notes.delivery[0], delivery);
    desk_close(&desk);
}

static void a_replay_can_go_where_the_message_never_went(void **state)
{
    struct desk desk;
    int64_t delivery = 0;

    (void)state;
    desk_open(&desk);
    int64_t id = desk_store(&desk, "1", "MSH|1", "ris");
    assert_int_equal(replay(&desk, id, "archive", 0, &delivery), JOURNAL_OK);
    assert_slice(desk_next(&desk, desk_lease(&desk, "archive"), 0).bytes, "MSH|1");
    desk_close(&desk);
}

static void a_verbatim_replay_sends_what_was_sent(void **state)
{
    struct desk desk;
    int64_t delivery = 0;

    (void)state;
    desk_open(&desk);
    int64_t id = desk_store(&desk, "1", "MSH|1", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    int64_t first = settle_head(&desk, lane, JOURNAL_DELIVERED, "MSH|converted");
    assert_int_equal(replay(&desk, id, "ris", first, &delivery), JOURNAL_OK);
    struct journal_delivery again = desk_next(&desk, lane, 0);
    assert_slice(again.bytes, "MSH|converted");
    assert_true(again.verbatim);
    /* What was sent as it was received is found, too. */
    int64_t second = settle_head(&desk, lane, JOURNAL_DELIVERED, "MSH|1");
    assert_int_equal(replay(&desk, id, "ris", second, &delivery), JOURNAL_OK);
    again = desk_next(&desk, lane, 0);
    assert_slice(again.bytes, "MSH|1");
    assert_true(again.verbatim);
    desk_close(&desk);
}

static void a_replay_that_cannot_be_is_refused(void **state)
{
    struct desk desk;
    int64_t delivery = 0;

    (void)state;
    desk_open(&desk);
    int64_t id = desk_store(&desk, "1", "MSH|1", "ris");
    int64_t other = desk_store(&desk, "2", "MSH|2", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    int64_t unsent = desk_next(&desk, lane, 0).id;
    assert_int_equal(replay(&desk, 4711, "ris", 0, &delivery), JOURNAL_NONE);
    assert_int_equal(replay(&desk, id, "ris", unsent, &delivery), JOURNAL_REFUSED);
    assert_int_equal(replay(&desk, id, "ris", 4711, &delivery), JOURNAL_NONE);
    int64_t sent = settle_head(&desk, lane, JOURNAL_DELIVERED, "x");
    assert_int_equal(replay(&desk, other, "ris", sent, &delivery), JOURNAL_REFUSED);
    desk_begin(&desk);
    assert_int_equal(journal_set_aside(desk.journal, other, DESK_DAY), JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(replay(&desk, other, "ris", 0, &delivery), JOURNAL_REFUSED);
    desk_close(&desk);
}

/* ---- Retry and drop -------------------------------------------------------------------------- */

/* Does something to a delivery in a transaction of its own. */
static enum journal_code to_delivery(const struct desk *desk,
                                     enum journal_code (*what)(struct journal *, int64_t,
                                                               const struct journal_note *),
                                     int64_t id)
{
    const struct journal_note note = desk_note("because");

    desk_begin(desk);
    enum journal_code code = what(desk->journal, id, &note);
    desk_commit(desk);
    desk_check_counters(desk);
    return code;
}

static void a_dead_letter_that_is_retried_takes_its_old_place(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    int64_t id = desk_store(&desk, "1", "MSH|1", "ris");
    (void)desk_store(&desk, "2", "MSH|2", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    int64_t dead = settle_head(&desk, lane, JOURNAL_DEAD, "x");
    assert_int_equal(state_of(&desk, id), JOURNAL_STATE_DEAD);
    assert_int_equal(desk_lane_status(&desk, lane).dead, 1);
    assert_slice(desk_next(&desk, lane, 0).bytes, "MSH|2");
    assert_int_equal(to_delivery(&desk, journal_retry, dead), JOURNAL_OK);
    assert_int_equal(desk_lane_status(&desk, lane).dead, 0);
    struct journal_delivery delivery = desk_next(&desk, lane, 0);
    assert_slice(delivery.bytes, "MSH|1");
    assert_int_equal(delivery.attempt, 2);
    assert_int_equal(to_delivery(&desk, journal_retry, dead), JOURNAL_REFUSED);
    assert_int_equal(to_delivery(&desk, journal_retry, 4711), JOURNAL_NONE);
    desk_close(&desk);
}

static void dropping_gives_a_delivery_up(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    int64_t one = desk_store(&desk, "1", "MSH|1", "ris");
    int64_t two = desk_store(&desk, "2", "MSH|2", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    int64_t dead = settle_head(&desk, lane, JOURNAL_DEAD, "x");
    assert_int_equal(to_delivery(&desk, journal_drop, dead), JOURNAL_OK);
    assert_int_equal(state_of(&desk, one), JOURNAL_STATE_SETTLED);
    /* The head that blocks a lane. */
    int64_t head = desk_next(&desk, lane, 0).id;
    assert_int_equal(to_delivery(&desk, journal_drop, head), JOURNAL_OK);
    assert_int_equal(state_of(&desk, two), JOURNAL_STATE_SETTLED);
    assert_int_equal(desk_lane_status(&desk, lane).depth, 0);
    assert_int_equal(to_delivery(&desk, journal_drop, head), JOURNAL_REFUSED);
    struct notes notes = notes_of(&desk, two);
    assert_string_equal(notes.what[0], "drop");
    assert_string_equal(notes.why[0], "because");
    desk_close(&desk);
}

static void a_settlement_that_comes_after_the_drop_changes_nothing(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    struct journal_delivery delivery = desk_next(&desk, lane, 0);
    struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_DELIVERED);
    assert_int_equal(to_delivery(&desk, journal_drop, settlement.delivery), JOURNAL_OK);
    assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_ALREADY);
    desk_close(&desk);
}

/* ---- Held ------------------------------------------------------------------------------------ */

/* A message in conflict with one before it, for two lanes. */
static int64_t store_held(const struct desk *desk)
{
    struct journal_message message = desk_message("7", "MSH|one", 0);
    const struct journal_lane lanes[2] = {desk_lane("ris"), desk_lane("pacs")};

    message.duplicate_window = 1000;
    (void)desk_append(desk, &message);
    message.bytes = HL7_TEXT("MSH|two");
    message.deliveries = lanes;
    message.delivery_count = 2;
    int64_t id = desk_append(desk, &message);
    assert_int_equal(state_of(desk, id), JOURNAL_STATE_HELD);
    return id;
}

static void releasing_makes_the_held_deliveries_pending(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    int64_t id = store_held(&desk);
    int64_t lane = desk_lease(&desk, "ris");
    assert_int_equal(desk_lane_status(&desk, lane).depth, 0);
    assert_int_equal(to_delivery(&desk, journal_release, id), JOURNAL_OK);
    assert_int_equal(state_of(&desk, id), JOURNAL_STATE_PENDING);
    assert_slice(desk_next(&desk, lane, 0).bytes, "MSH|two");
    assert_slice(desk_next(&desk, desk_lease(&desk, "pacs"), 0).bytes, "MSH|two");
    assert_int_equal(to_delivery(&desk, journal_release, id), JOURNAL_REFUSED);
    desk_close(&desk);
}

static bool on_delivery(void *context, const struct journal_delivery_story *story)
{
    int64_t *next = *(int64_t **)context;

    *next = story->id;
    *(int64_t **)context = next + 1;
    return true;
}

static void a_message_is_held_until_its_last_delivery_is_given_up(void **state)
{
    struct desk desk;
    int64_t ids[2] = {0, 0};
    int64_t *next = ids;

    (void)state;
    desk_open(&desk);
    int64_t id = store_held(&desk);
    assert_int_equal(journal_deliveries(desk.journal, id, on_delivery, (void *)&next), JOURNAL_OK);
    assert_int_equal(to_delivery(&desk, journal_drop, ids[0]), JOURNAL_OK);
    assert_int_equal(state_of(&desk, id), JOURNAL_STATE_HELD);
    assert_int_equal(to_delivery(&desk, journal_drop, ids[1]), JOURNAL_OK);
    assert_int_equal(state_of(&desk, id), JOURNAL_STATE_SETTLED);
    desk_close(&desk);
}

static void what_is_set_aside_no_longer_holds_its_lanes(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    int64_t id = desk_store(&desk, "1", "MSH|1", "ris");
    (void)desk_store(&desk, "2", "MSH|2", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    int64_t head = desk_next(&desk, lane, 0).id;
    desk_begin(&desk);
    assert_int_equal(journal_set_aside(desk.journal, id, DESK_DAY), JOURNAL_OK);
    desk_commit(&desk);
    assert_int_equal(state_of(&desk, id), JOURNAL_STATE_DAMAGED);
    assert_slice(desk_next(&desk, lane, 0).bytes, "MSH|2");
    assert_int_equal(desk_lane_status(&desk, lane).dead, 1);
    assert_int_equal(to_delivery(&desk, journal_retry, head), JOURNAL_REFUSED);
    assert_int_equal(to_delivery(&desk, journal_drop, head), JOURNAL_OK);
    assert_int_equal(state_of(&desk, id), JOURNAL_STATE_DAMAGED);
    assert_string_equal(notes_of(&desk, id).what[0], "damaged");
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_is_a_new_delivery_at_the_end_of_the_lane),
        cmocka_unit_test(a_replay_can_go_where_the_message_never_went),
        cmocka_unit_test(a_verbatim_replay_sends_what_was_sent),
        cmocka_unit_test(a_replay_that_cannot_be_is_refused),
        cmocka_unit_test(a_dead_letter_that_is_retried_takes_its_old_place),
        cmocka_unit_test(dropping_gives_a_delivery_up),
        cmocka_unit_test(a_settlement_that_comes_after_the_drop_changes_nothing),
        cmocka_unit_test(releasing_makes_the_held_deliveries_pending),
        cmocka_unit_test(a_message_is_held_until_its_last_delivery_is_given_up),
        cmocka_unit_test(what_is_set_aside_no_longer_holds_its_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
