/* SPDX-License-Identifier: Apache-2.0
 *
 * The invariants at the head of broker/journal/journal.c, one test each, on a disk that counts and can
 * be damaged. Failing disks and lost power are in test_journal_faults.c and test_journal_power.c. */
#include "journal_scenario.h"

#include <stdio.h>
#include <stdlib.h>

static struct faulty_disk disk;

static void begin(struct desk *desk)
{
    faulty_install(&disk);
    desk_open(desk);
}

static void end(struct desk *desk)
{
    desk_close(desk);
    faulty_remove(&disk);
}

static void J1_a_commit_syncs_once_for_all_and_behind_every_write(void **state)
{
    struct desk desk;
    struct journal_appended appended;
    const struct journal_message message = desk_message("1", "MSH|1", 0);

    (void)state;
    begin(&desk);
    for (int batch = 1; batch <= 64; batch *= 4) {
        desk_begin(&desk);
        for (int i = 0; i < batch; i++) {
            assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_OK);
        }
        size_t syncs = disk.calls[FAULTY_SYNC];
        faulty_forget(&disk);
        disk.recording = true;
        desk_commit(&desk);
        disk.recording = false;
        assert_int_equal(disk.calls[FAULTY_SYNC] - syncs, 1);
        assert_true(disk.event_count > 1);
        assert_int_equal(disk.events[disk.event_count - 1].kind, FAULTY_DID_SYNC);
    }
    end(&desk);
}

/* The steps of a transaction that the power cuts at any write are there together or not at all: the
 * scenario of test_journal_power.c checks the same at random. */
static void J2_a_message_is_never_found_without_its_deliveries(void **state)
{
    static struct faulty_disk found;
    struct desk desk;
    struct faulty_crash crash;
    struct random_state random;
    size_t with = 0;
    size_t without = 0;

    (void)state;
    random_init(&random, 2);
    faulty_install(&disk);
    disk.recording = true;
    desk_open(&desk);
    (void)desk_store(&desk, "1", "MSH|1", "ris");
    journal_close(&desk.journal);
    faulty_install(&found);
    faulty_crash_begin(&crash, &disk);
    while (faulty_crash_step(&crash)) {
        faulty_crash_state(&crash, &random, random_below(&random, 3), &found);
        assert_int_equal(journal_open(desk.folder, NULL, &desk.journal, NULL), JOURNAL_OK);
        int64_t messages = desk_query(&desk, "SELECT count(*) FROM messages");
        assert_int_equal(desk_query(&desk, "SELECT count(*) FROM deliveries"), messages);
        assert_int_equal(desk_query(&desk, "SELECT count(bytes) FROM messages"), messages);
        desk_check_counters(&desk);
        with += messages == 1;
        without += messages == 0;
        journal_close(&desk.journal);
    }
    assert_true(with > 0 && without > 0);
    faulty_crash_end(&crash);
    faulty_remove(&found);
    desk_remove_folder(&desk);
    assert_int_equal(sqlite3_vfs_register(&disk.vfs, 1), SQLITE_OK);
    faulty_remove(&disk);
}

/* Random outcomes on three lanes: what is delivered in each comes in the order it was stored, and a lane
 * whose head waits gives nothing, while the others go on. */
static void J3_lanes_keep_their_order_and_do_not_wait_for_each_other(void **state)
{
    static const char *const names[3] = {"a", "b", "c"};
    struct desk desk;
    struct random_state random;
    int64_t lanes[3];
    int64_t last[3] = {0, 0, 0};
    int64_t waits_until[3] = {0, 0, 0};

    (void)state;
    random_init(&random, 3);
    begin(&desk);
    for (size_t i = 0; i < 3; i++) {
        lanes[i] = desk_lease(&desk, names[i]);
    }
    for (int64_t now = 0; now < 600; now++) {
        if (now < 200) {
            (void)desk_store(&desk, "1", "MSH|1", names[random_below(&random, 3)]);
        }
        size_t i = random_below(&random, 3);
        struct journal_delivery delivery;
        struct journal_wait wait;
        enum journal_code code =
            journal_next(desk.journal, lanes[i], 0, DESK_DAY + now, &delivery, &wait);
        assert_true(code == JOURNAL_OK || code == JOURNAL_NONE);
        bool waits = waits_until[i] > now;
        assert_true(code == (wait.depth == 0 || waits ? JOURNAL_NONE : JOURNAL_OK));
        if (code == JOURNAL_NONE) {
            continue;
        }
        assert_true(delivery.message > last[i]);
        struct journal_settlement settlement = desk_settlement(
            &delivery, random_once_in(&random, 3) ? JOURNAL_RETRY : JOURNAL_DELIVERED);
        waits_until[i] = settlement.outcome == JOURNAL_RETRY ? now + 5 : 0;
        settlement.next_try = DESK_DAY + waits_until[i];
        last[i] = settlement.outcome == JOURNAL_DELIVERED ? delivery.message : last[i];
        assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_SETTLED);
    }
    end(&desk);
}

static void J4_giving_out_writes_nothing_and_a_crash_gives_out_again(void **state)
{
    struct desk desk;

    (void)state;
    begin(&desk);
    (void)desk_store(&desk, "7", "MSH|7", "ris");
    int64_t lane = desk_lease(&desk, "ris");
    size_t writes = disk.calls[FAULTY_WRITE];
    struct journal_delivery first = desk_next(&desk, lane, 0);
    assert_int_equal(disk.calls[FAULTY_WRITE], writes);
    struct journal_settlement settlement = desk_settlement(&first, JOURNAL_DELIVERED);
    desk_reopen(&desk);
    struct journal_delivery second = desk_next(&desk, lane, 0);
    assert_int_equal(second.id, settlement.delivery);
    assert_int_equal(second.attempt, settlement.attempt);
    assert_slice(second.control_id, "7");
    /* The settlement of before the crash and that of after it: the second finds it settled. */
    assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_SETTLED);
    assert_int_equal(desk_settle(&desk, &settlement), JOURNAL_ALREADY);
    end(&desk);
}

static void J5_after_a_failed_sync_nothing_more_is_written(void **state)
{
    struct desk desk;
    struct journal_appended appended;
    const struct journal_message message = desk_message("1", "MSH|1", 0);

    (void)state;
    begin(&desk);
    desk_begin(&desk);
    assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_OK);
    disk.fail_at[FAULTY_SYNC] = disk.calls[FAULTY_SYNC] + 1;
    assert_int_equal(journal_commit(desk.journal), JOURNAL_FAILED);
    size_t writes = disk.calls[FAULTY_WRITE];
    size_t syncs = disk.calls[FAULTY_SYNC];
    assert_int_equal(journal_begin(desk.journal), JOURNAL_FAILED);
    assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_FAILED);
    assert_int_equal(journal_commit(desk.journal), JOURNAL_FAILED);
    assert_int_equal(journal_tend(desk.journal), JOURNAL_FAILED);
    journal_close(&desk.journal);
    assert_int_equal(disk.calls[FAULTY_WRITE], writes);
    assert_int_equal(disk.calls[FAULTY_SYNC], syncs);
    assert_int_equal(journal_open(desk.folder, NULL, &desk.journal, NULL), JOURNAL_OK);
    (void)desk_append(&desk, &message);
    end(&desk);
}

/* ---- J6 -------------------------------------------------------------------------------------- */

enum { SAMPLE = 3, LONGEST = 9000 };

static const size_t lengths[SAMPLE] = {40, LONGEST, 700};
static char bodies[SAMPLE][LONGEST];

/* A journal of three messages, all of it in its one file, closed. */
static struct faulty_bytes *make_sample(struct desk *desk)
{
    struct random_state random;
    const struct journal_lane lane = desk_lane("ris");

    random_init(&random, 6);
    begin(desk);
    for (size_t i = 0; i < SAMPLE; i++) {
        struct journal_message message = desk_message("1", "", 0);
        random_fill(&random, bodies[i], lengths[i]);
        message.bytes = (hl7_slice){bodies[i], lengths[i]};
        message.deliveries = &lane;
        message.delivery_count = 1;
        assert_int_equal(desk_append(desk, &message), (int64_t)i + 1);
    }
    assert_int_equal(desk_lease(desk, "ris"), 1);
    journal_close(&desk->journal);
    for (size_t i = 0; i < FAULTY_FILES; i++) {
        if (strstr(disk.files[i].name, "journal.db") != NULL && disk.files[i].exists) {
            return &disk.files[i].bytes;
        }
    }
    fail();
    return NULL;
}

static void flip(struct faulty_bytes *file, size_t at, size_t by)
{
    file->ptr[at] = (unsigned char)(file->ptr[at] ^ by);
}

/* The second message's first byte is damaged, as the head of what is left: it is reported with its id,
 * set aside, and its neighbours are delivered. */
static void pass_by_the_damage(const struct desk *desk)
{
    struct journal_delivery delivery = {.id = 0};
    struct journal_wait wait;

    for (int64_t id = 1; id <= SAMPLE; id++) {
        enum journal_code code = journal_next(desk->journal, 1, 0, DESK_DAY, &delivery, &wait);
        assert_int_equal(delivery.message, id);
        assert_int_equal(code, id == 2 ? JOURNAL_DAMAGED : JOURNAL_OK);
        if (code == JOURNAL_DAMAGED) {
            desk_begin(desk);
            assert_int_equal(journal_set_aside(desk->journal, id, DESK_DAY), JOURNAL_OK);
            desk_commit(desk);
            continue;
        }
        assert_slices(delivery.bytes, ((hl7_slice){bodies[id - 1], lengths[id - 1]}));
        struct journal_settlement settlement = desk_settlement(&delivery, JOURNAL_DELIVERED);
        assert_int_equal(desk_settle(desk, &settlement), JOURNAL_SETTLED);
    }
    assert_int_equal(journal_next(desk->journal, 1, 0, DESK_DAY, &delivery, &wait), JOURNAL_NONE);
}

static void J6_a_damaged_message_is_set_aside_and_its_neighbours_are_delivered(void **state)
{
    struct desk desk;
    struct faulty_bytes *file = make_sample(&desk);
    unsigned char *at = memmem(file->ptr, file->len, bodies[1], 16);

    (void)state;
    assert_non_null(at);
    flip(file, (size_t)(at - file->ptr), 1);
    assert_int_equal(journal_open(desk.folder, NULL, &desk.journal, NULL), JOURNAL_OK);
    pass_by_the_damage(&desk);
    desk_check_counters(&desk);
    end(&desk);
}

/* Reads every message. What comes is what was stored; how many did not come. */
static size_t read_all(const struct desk *desk)
{
    size_t missing = 0;

    for (size_t i = 0; i < SAMPLE; i++) {
        hl7_slice bytes = {NULL, 0};
        if (journal_bytes(desk->journal, (int64_t)i + 1, &bytes) == JOURNAL_OK) {
            assert_slices(bytes, ((hl7_slice){bodies[i], lengths[i]}));
        } else {
            missing++;
        }
    }
    return missing;
}

enum { PIECE = 8 };

/* Marks the bytes of the file that belong to a body: random ones are found by eight in a row. Where a
 * body goes on in another page, a few stay unmarked. */
static size_t mark_bodies(const struct faulty_bytes *file, bool *ret_marked)
{
    size_t count = 0;

    memset(ret_marked, 0, file->len);
    for (size_t i = 0; i < SAMPLE; i++) {
        for (size_t start = 0; start + PIECE <= lengths[i]; start += PIECE) {
            const unsigned char *at = memmem(file->ptr, file->len, bodies[i] + start, PIECE);
            if (at != NULL) {
                memset(ret_marked + (at - file->ptr), 1, PIECE);
                count += PIECE;
            }
        }
    }
    return count;
}

/* Opens the file with one byte changed. True when all messages could be read, as they were. */
static bool reads_well(struct desk *desk, struct faulty_bytes *file, size_t at)
{
    bool well = false;

    flip(file, at, 1U << at % 8);
    if (journal_open(desk->folder, NULL, &desk->journal, NULL) == JOURNAL_OK) {
        well = read_all(desk) == 0;
        desk->journal->failed = true; /* so that closing writes nothing */
        journal_close(&desk->journal);
    }
    flip(file, at, 1U << at % 8);
    return well;
}

/* A changed byte of a body is always noticed. Other bytes may make the file unreadable, or be in use for
 * nothing, and never give bytes that were not stored. */
static void J6_no_changed_byte_of_the_file_is_taken_for_what_was_stored(void **state)
{
    static bool marked[1 << 20];
    struct desk desk;
    struct faulty_bytes *file = make_sample(&desk);
    size_t step = faulty_slowness();

    (void)state;
    assert_in_range(file->len, 1, sizeof marked);
    assert_true(mark_bodies(file, marked) > lengths[0] + lengths[1] + lengths[2] - 64);
    for (size_t at = 0; at < file->len; at += step) {
        if (marked[at]) {
            assert_false(reads_well(&desk, file, at));
        } else if (at / step % 13 == 0) {
            (void)reads_well(&desk, file, at);
        }
    }
    end(&desk);
}

/* ---- J7 -------------------------------------------------------------------------------------- */

static void J7_what_is_settled_goes_and_the_disk_space_comes_back(void **state)
{
    static char bytes[50000];
    struct desk desk;
    struct journal_message message = desk_message("1", "", 0);
    const struct journal_policy policy = {.settled_before = INT64_MAX, .step = 4};
    struct journal_pruned pruned = {0, true};
    struct journal_size full;
    struct journal_size size;

    (void)state;
    begin(&desk);
    memset(bytes, 'x', sizeof bytes);
    message.bytes = (hl7_slice){bytes, sizeof bytes};
    int64_t kept = desk_store(&desk, "2", "MSH|pending", "ris");
    for (int i = 0; i < 40; i++) {
        (void)desk_append(&desk, &message);
    }
    assert_int_equal(journal_checkpoint(desk.journal, 0), JOURNAL_OK);
    assert_int_equal(journal_size(desk.journal, &full), JOURNAL_OK);
    while (pruned.more) {
        desk_begin(&desk);
        assert_int_equal(journal_prune(desk.journal, &policy, &pruned), JOURNAL_OK);
        desk_commit(&desk);
        assert_in_range(pruned.messages, 0, 4);
    }
    desk_reopen(&desk);
    assert_int_equal(journal_size(desk.journal, &size), JOURNAL_OK);
    assert_true(size.file_bytes < full.file_bytes / 5);
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM messages"), 1);
    assert_int_equal(desk_next(&desk, desk_lease(&desk, "ris"), 0).message, kept);
    end(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(J1_a_commit_syncs_once_for_all_and_behind_every_write),
        cmocka_unit_test(J2_a_message_is_never_found_without_its_deliveries),
        cmocka_unit_test(J3_lanes_keep_their_order_and_do_not_wait_for_each_other),
        cmocka_unit_test(J4_giving_out_writes_nothing_and_a_crash_gives_out_again),
        cmocka_unit_test(J5_after_a_failed_sync_nothing_more_is_written),
        cmocka_unit_test(J6_a_damaged_message_is_set_aside_and_its_neighbours_are_delivered),
        cmocka_unit_test(J6_no_changed_byte_of_the_file_is_taken_for_what_was_stored),
        cmocka_unit_test(J7_what_is_settled_goes_and_the_disk_space_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
