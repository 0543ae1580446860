/* SPDX-License-Identifier: Apache-2.0
 *
 * A disk that fails (J5). Every call that can fail does, one after the other; so does every allocation;
 * the disk is full at every size. Whatever happens, a commit that said JOURNAL_OK is true, and what it
 * promised is there when the journal is opened again. */
#include "journal_scenario.h"

#include <stdio.h>

enum { STEPS = 12, LARGEST = 3000 };

struct bench {
    struct faulty_disk disk;
    struct scenario scenario;
    struct desk desk;
};

static void bench_begin(struct bench *bench)
{
    faulty_install(&bench->disk);
    desk_make_folder(&bench->desk);
    bench->desk.journal = NULL;
    scenario_begin(&bench->scenario, &bench->disk, 3, LARGEST);
}

static void bench_end(struct bench *bench)
{
    journal_close(&bench->desk.journal);
    desk_remove_folder(&bench->desk);
    faulty_remove(&bench->disk);
}

static void open_now(struct bench *bench)
{
    char reason[256] = "";

    if (journal_open(bench->desk.folder, NULL, &bench->desk.journal, reason) != JOURNAL_OK) {
        fail_msg("%s", reason);
    }
}

/* Opens and works until something fails, or all is done. */
static enum journal_code work(struct bench *bench)
{
    enum journal_code code = journal_open(bench->desk.folder, NULL, &bench->desk.journal, NULL);

    return code == JOURNAL_OK ? scenario_run(&bench->scenario, bench->desk.journal, STEPS) : code;
}

/* Holds the journal against the ledger, on the disk as the process saw it. */
static void check_again(struct bench *bench)
{
    journal_close(&bench->desk.journal);
    open_now(bench);
    assert_int_equal(scenario_check(&bench->scenario, &bench->desk, bench->scenario.step), 0);
}

/* The same on the disk as it is if the system then forgot everything that no sync had covered, as it may
 * once a sync has failed. */
static void check_synced_alone(struct bench *bench)
{
    static struct faulty_disk target;
    struct faulty_crash crash;
    struct random_state random;

    journal_close(&bench->desk.journal);
    random_init(&random, 1);
    faulty_install(&target);
    faulty_crash_begin(&crash, &bench->disk);
    while (faulty_crash_step(&crash)) {
    }
    faulty_crash_state(&crash, &random, 0, &target);
    faulty_crash_end(&crash);
    open_now(bench);
    assert_int_equal(scenario_check(&bench->scenario, &bench->desk, bench->scenario.step), 0);
    journal_close(&bench->desk.journal);
    faulty_remove(&target);
    /* Removing made no other one the default; the disk of the test has to be it again. */
    assert_int_equal(sqlite3_vfs_register(&bench->disk.vfs, 1), SQLITE_OK);
}

/* Lets call number `at` of this kind fail. False when there are not so many. */
static bool fail_once(enum faulty_call call, size_t at)
{
    static struct bench bench;

    bench_begin(&bench);
    bench.disk.recording = true;
    bench.disk.fail_at[call] = at;
    enum journal_code code = work(&bench);
    bool failed = bench.disk.failed;
    if (failed && code != JOURNAL_OK && bench.desk.journal != NULL) {
        /* A write or a sync that failed is not tried again behind our back. */
        bool reading = call == FAULTY_READ || call == FAULTY_SIZE || call == FAULTY_OPEN;
        if (!reading) {
            assert_int_equal(code, JOURNAL_FAILED);
        }
        assert_true(journal_begin(bench.desk.journal) == JOURNAL_FAILED || reading);
        journal_rollback(bench.desk.journal);
    }
    if (!failed) {
        assert_int_equal(code, JOURNAL_OK);
    }
    if (failed) {
        check_synced_alone(&bench);
        check_again(&bench);
        scenario_resume(&bench.scenario, &bench.desk);
        /* And it goes on. */
        assert_int_equal(scenario_run(&bench.scenario, bench.desk.journal, 3), JOURNAL_OK);
        check_again(&bench);
    }
    bench_end(&bench);
    return failed;
}

static void every_call_to_the_disk_may_fail(void **state)
{
    static const char *const names[FAULTY_CALLS] = {"open",     "read",   "write", "sync",
                                                    "truncate", "delete", "size"};
    size_t step = faulty_slowness() > 4 ? 20 : 1;

    (void)state;
    for (int call = 0; call < FAULTY_CALLS; call++) {
        size_t at = 1;
        while (fail_once((enum faulty_call)call, at)) {
            at += step;
        }
        print_message("%s: %zu\n", names[call], at - 1);
        assert_true(at > 1 || call == FAULTY_TRUNCATE || call == FAULTY_SIZE);
    }
}

/* ---- Copies ---------------------------------------------------------------------------------- */

/* A copy during which a call fails; the journal is on the same disk. False when none was left to fail. */
static bool fail_copy(enum faulty_call call, size_t at)
{
    static struct bench bench;
    struct journal_backup *backup = NULL;
    char path[96];
    size_t remaining = 0;

    bench_begin(&bench);
    open_now(&bench);
    assert_int_equal(scenario_run(&bench.scenario, bench.desk.journal, 4), JOURNAL_OK);
    (void)snprintf(path, sizeof path, "%s/copy.db", bench.desk.folder);
    bench.disk.fail_at[call] = bench.disk.calls[call] + at;
    enum journal_code code = journal_backup_begin(bench.desk.journal, path, &backup);
    if (code == JOURNAL_OK) {
        while ((code = journal_backup_step(backup, 7, &remaining)) == JOURNAL_OK) {
        }
        bool complete = code == JOURNAL_NONE;
        code = journal_backup_end(&backup);
        assert_true(complete || code == JOURNAL_REFUSED);
    }
    bool failed = bench.disk.failed;
    bench.disk.fail_at[call] = 0;
    assert_int_equal(code, failed ? JOURNAL_REFUSED : JOURNAL_OK);
    assert_int_equal(access(path, F_OK) == 0, !failed);
    /* The journal itself goes on. */
    assert_int_equal(scenario_run(&bench.scenario, bench.desk.journal, 2), JOURNAL_OK);
    check_again(&bench);
    bench_end(&bench);
    return failed;
}

static void a_copy_that_fails_leaves_nothing_and_harms_nothing(void **state)
{
    static const enum faulty_call calls[] = {FAULTY_OPEN, FAULTY_WRITE, FAULTY_SYNC};
    size_t step = faulty_slowness() > 4 ? 9 : 1;

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        size_t at = 1;
        while (fail_copy(calls[i], at)) {
            at += step;
        }
        assert_true(at > 1);
    }
}

/* ---- The disk is full ------------------------------------------------------------------------ */

/* With `room` bytes: refusals, nothing lost; then space returns and it goes on unaided. */
static bool fill_up(size_t room)
{
    static struct bench bench;

    bench_begin(&bench);
    open_now(&bench);
    bench.disk.room = room;
    enum journal_code code = scenario_run(&bench.scenario, bench.desk.journal, STEPS);
    bool full = code != JOURNAL_OK;
    if (full) {
        assert_int_equal(code, JOURNAL_FULL);
        assert_int_equal(scenario_check(&bench.scenario, &bench.desk, bench.scenario.step), 0);
        bench.disk.room = 0;
        assert_int_equal(scenario_run(&bench.scenario, bench.desk.journal, 3), JOURNAL_OK);
        assert_int_equal(scenario_check(&bench.scenario, &bench.desk, bench.scenario.step), 0);
        check_again(&bench);
    }
    bench_end(&bench);
    return full;
}

static void a_full_disk_refuses_and_resumes_unaided(void **state)
{
    size_t room = 1;
    size_t step = faulty_slowness() > 4 ? 60000 : 1531;
    size_t times = 0;

    (void)state;
    while (fill_up(room)) {
        room += step;
        times++;
    }
    print_message("full at %zu sizes\n", times);
    assert_true(times > 3);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static bool fail_allocation(size_t at)
{
    static struct bench bench;

    bench_begin(&bench);
    bench.disk.recording = true;
    faulty_memory_fail(at);
    enum journal_code code = work(&bench);
    bool failed = faulty_memory_failed();
    faulty_memory_fail(0);
    if (failed) {
        /* Of some, such as the cache's, SQLite has no need. */
        assert_true(code == JOURNAL_OK || code == JOURNAL_NO_MEMORY || code == JOURNAL_FAILED);
        if (code == JOURNAL_NO_MEMORY && bench.desk.journal != NULL) {
            assert_int_equal(scenario_run(&bench.scenario, bench.desk.journal, 2), JOURNAL_OK);
        }
        check_again(&bench);
    } else {
        assert_int_equal(code, JOURNAL_OK);
    }
    bench_end(&bench);
    return failed;
}

static void every_allocation_may_fail(void **state)
{
    /* Every single one, in the ordinary build. */
    size_t step = faulty_slowness() > 4 ? 997 : faulty_slowness() * faulty_slowness();
    size_t at = 1;

    (void)state;
    while (fail_allocation(at)) {
        at += step;
    }
    print_message("%zu allocations, one in %zu failed\n", at, step);
    assert_true(at > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_to_the_disk_may_fail),
        cmocka_unit_test(a_copy_that_fails_leaves_nothing_and_harms_nothing),
        cmocka_unit_test(a_full_disk_refuses_and_resumes_unaided),
        cmocka_unit_test(every_allocation_may_fail),
    };
    faulty_memory_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
