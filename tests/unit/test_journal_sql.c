/* SPDX-License-Identifier: Apache-2.0
 *
 * How SQLite is asked: the plan of every statement, and what its failures mean. */
#include "journal_desk.h"

#include <stdio.h>
#include <string.h>

/* A line of a plan that goes through a table from end to end, or sorts what it found. The lanes are
 * few, and the status of all is asked for. */
static bool is_slow(const char *line)
{
    bool lanes = strcmp(line, "SCAN l") == 0;

    return (strncmp(line, "SCAN", 4) == 0 && !lanes && strcmp(line, "SCAN CONSTANT ROW") != 0) ||
           strstr(line, "TEMP B-TREE") != NULL || strstr(line, "AUTOMATIC") != NULL;
}

/* Lines of a statement's plan that are slow; each is printed. */
static int slow_lines(const struct desk *desk, const char *sql)
{
    char explain[4096];
    sqlite3_stmt *plan = NULL;
    int slow = 0;

    (void)snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_prepare_v2(desk->journal->db, explain, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(plan, 3);
        if (is_slow(line)) {
            print_message("%s\n    %s\n", sql, line);
            slow++;
        }
    }
    (void)sqlite3_finalize(plan);
    return slow;
}

static void no_statement_scans_or_sorts(void **state)
{
    struct desk desk;
    int slow = 0;

    (void)state;
    desk_open(&desk);
    for (int i = 0; i < STATEMENTS; i++) {
        slow += slow_lines(&desk, sql_text((enum statement)i));
    }
    assert_int_equal(slow, 0);
    desk_close(&desk);
}

static void statements_that_scan_or_sort_are_noticed(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    assert_int_equal(slow_lines(&desk, "SELECT 1 FROM messages WHERE peer = ?1"), 1);
    assert_int_equal(slow_lines(&desk, "SELECT id FROM messages WHERE type = ?1 ORDER BY size"), 1);
    assert_int_equal(slow_lines(&desk, "SELECT id FROM deliveries WHERE lane = ?1 AND state = ?2"),
                     1);
    assert_int_equal(slow_lines(&desk, "SELECT count(*) FROM messages"), 1);
    desk_close(&desk);
}

static void results_mean_what_the_journal_does_about_them(void **state)
{
    static const struct {
        int result;
        enum journal_code code;
    } cases[] = {
        {SQLITE_FULL, JOURNAL_FULL},
        {SQLITE_NOMEM, JOURNAL_NO_MEMORY},
        {SQLITE_IOERR_NOMEM, JOURNAL_NO_MEMORY},
        {SQLITE_BUSY, JOURNAL_BUSY},
        {SQLITE_CORRUPT, JOURNAL_DAMAGED},
        {SQLITE_CORRUPT_INDEX, JOURNAL_DAMAGED},
        {SQLITE_NOTADB, JOURNAL_DAMAGED},
        {SQLITE_IOERR, JOURNAL_FAILED},
        {SQLITE_IOERR_FSYNC, JOURNAL_FAILED},
        {SQLITE_IOERR_WRITE, JOURNAL_FAILED},
        {SQLITE_READONLY, JOURNAL_FAILED},
        {SQLITE_CONSTRAINT, JOURNAL_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(sql_code(cases[i].result), cases[i].code);
    }
}

static void a_failure_within_a_transaction_dooms_it(void **state)
{
    struct desk desk;
    const struct journal_message message = desk_message("1", "MSH|1", 0);
    struct journal_appended appended;

    (void)state;
    desk_open(&desk);
    desk_begin(&desk);
    assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_OK);
    (void)sql_fail(desk.journal, SQLITE_FULL, "a test");
    assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_FULL);
    assert_int_equal(journal_commit(desk.journal), JOURNAL_FULL);
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM messages"), 0);
    /* The next one finds nothing in its way. */
    (void)desk_append(&desk, &message);
    desk_close(&desk);
}

static void after_a_failed_write_nothing_is_believed_until_it_is_opened_again(void **state)
{
    struct desk desk;
    const struct journal_message message = desk_message("1", "MSH|1", 0);
    struct journal_appended appended;
    struct journal_summary summary;

    (void)state;
    desk_open(&desk);
    int64_t id = desk_append(&desk, &message);
    (void)sql_fail(desk.journal, SQLITE_IOERR_FSYNC, "a test");
    assert_int_equal(journal_begin(desk.journal), JOURNAL_FAILED);
    assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_FAILED);
    assert_int_equal(journal_commit(desk.journal), JOURNAL_FAILED);
    assert_int_equal(journal_get(desk.journal, id, &summary), JOURNAL_FAILED);
    assert_int_equal(journal_tend(desk.journal), JOURNAL_FAILED);
    assert_non_null(strstr(journal_reason(desk.journal), "a test"));
    desk_reopen(&desk);
    assert_int_equal(journal_get(desk.journal, id, &summary), JOURNAL_OK);
    desk_close(&desk);
}

/* What is queued takes no memory: with a cache of one mebibyte, thirty times as much goes in and out. */
static void memory_stays_within_the_cache(void **state)
{
    static char bytes[1000];
    struct desk desk;
    const struct journal_options options = {.cache_bytes = 1 << 20};
    const struct journal_lane lane = desk_lane("ris");
    struct journal_message message = desk_message("1", "", 0);
    struct journal_appended appended;

    (void)state;
    memset(bytes, 'x', sizeof bytes);
    message.bytes = (hl7_slice){bytes, sizeof bytes};
    message.deliveries = &lane;
    message.delivery_count = 1;
    desk_make_folder(&desk);
    assert_int_equal(journal_open(desk.folder, &options, &desk.journal, NULL), JOURNAL_OK);
    (void)sqlite3_memory_highwater(1);
    for (int batch = 0; batch < 30; batch++) {
        desk_begin(&desk);
        for (int i = 0; i < 1000; i++) {
            assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_OK);
        }
        desk_commit(&desk);
        assert_int_equal(journal_tend(desk.journal), JOURNAL_OK);
    }
    assert_int_equal(desk_lane_status(&desk, desk_lease(&desk, "ris")).depth, 30000);
    assert_slice(desk_next(&desk, 1, 0).control_id, "1");
    assert_in_range(sqlite3_memory_highwater(0), 1, 3 << 20);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_statement_scans_or_sorts),
        cmocka_unit_test(statements_that_scan_or_sort_are_noticed),
        cmocka_unit_test(results_mean_what_the_journal_does_about_them),
        cmocka_unit_test(a_failure_within_a_transaction_dooms_it),
        cmocka_unit_test(memory_stays_within_the_cache),
        cmocka_unit_test(after_a_failed_write_nothing_is_believed_until_it_is_opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
