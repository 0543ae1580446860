/* SPDX-License-Identifier: Apache-2.0
 *
 * The life of a journal: opening, locking, versions, transactions. */
#include "journal_desk.h"

#include <sys/stat.h>
#include <signal.h>
#include <sys/wait.h>
#include <stdio.h>

static void opening_makes_folder_and_file_for_the_owner_alone(void **state)
{
    struct desk desk;
    char path[128];
    struct stat found;
    mode_t mask = umask(0);

    (void)state;
    desk_make_folder(&desk);
    (void)snprintf(path, sizeof path, "%s/inner", desk.folder);
    assert_int_equal(journal_open(path, NULL, &desk.journal, NULL), JOURNAL_OK);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0700);
    (void)snprintf(path, sizeof path, "%s/inner/journal.db", desk.folder);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    (void)snprintf(path, sizeof path, "%s/inner/journal.db-wal", desk.folder);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    journal_close(&desk.journal);
    (void)umask(mask);
    (void)snprintf(path, sizeof path, "%s/inner/journal.db", desk.folder);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/inner", desk.folder);
    assert_int_equal(rmdir(path), 0);
    desk_remove_folder(&desk);
}

static void the_file_is_what_the_invariants_need(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    assert_int_equal(desk_query(&desk, "PRAGMA synchronous"), 2);
    assert_int_equal(desk_query(&desk, "PRAGMA auto_vacuum"), 2);
    assert_int_equal(desk_query(&desk, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    assert_int_equal(desk_query(&desk, "PRAGMA wal_autocheckpoint"), 0);
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM pragma_table_list"
                                       " WHERE type = 'table' AND NOT strict"
                                       " AND name NOT LIKE 'sqlite_%'"),
                     0);
    desk_close(&desk);
}

static void a_second_opening_is_locked_out_until_the_first_is_closed(void **state)
{
    struct desk desk;
    struct journal *second = NULL;
    char reason[256] = "";

    (void)state;
    desk_open(&desk);
    assert_int_equal(journal_open(desk.folder, NULL, &second, reason), JOURNAL_LOCKED);
    assert_null(second);
    assert_string_equal(reason, "another process has the journal open");
    journal_close(&desk.journal);
    assert_int_equal(journal_open(desk.folder, NULL, &desk.journal, reason), JOURNAL_OK);
    desk_close(&desk);
}

static void another_process_is_locked_out_too(void **state)
{
    struct desk desk;
    struct journal *second = NULL;
    char answer = '?';
    int ends[2];

    (void)state;
    desk_open(&desk);
    /* What fails in this process must not open the door to others. */
    assert_int_equal(journal_open(desk.folder, NULL, &second, NULL), JOURNAL_LOCKED);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        /* The child makes no use of what it inherited, and leaves without looking after it. */
        answer = journal_open(desk.folder, NULL, &second, NULL) == JOURNAL_LOCKED ? 'y' : 'n';
        ssize_t written = write(ends[1], &answer, 1);
        (void)written;
        (void)raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(read(ends[0], &answer, 1), 1);
    assert_int_equal(answer, 'y');
    (void)close(ends[0]);
    (void)close(ends[1]);
    desk_close(&desk);
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
    struct desk desk;
    char reason[256] = "";

    (void)state;
    desk_open(&desk);
    assert_int_equal(sqlite3_exec(desk.journal->db, "PRAGMA user_version = 99", NULL, NULL, NULL),
                     SQLITE_OK);
    journal_close(&desk.journal);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(journal_open(desk.folder, NULL, &desk.journal, reason), JOURNAL_NEWER);
        assert_null(desk.journal);
    }
    assert_string_equal(reason, "the journal was written by a newer version of orderly");
    desk_remove_folder(&desk);
}

/* Writes a file where the journal's would be. */
static void put_file(const struct desk *desk, const char *bytes, size_t len)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/journal.db", desk->folder);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void a_file_that_is_something_else_is_refused(void **state)
{
    static const char text[4096] = "a letter to somebody";
    struct desk desk = {.journal = NULL};

    (void)state;
    desk_make_folder(&desk);
    put_file(&desk, text, sizeof text);
    assert_int_equal(journal_open(desk.folder, NULL, &desk.journal, NULL), JOURNAL_DAMAGED);
    desk_remove_folder(&desk);
}

static void a_database_of_somebody_else_is_refused(void **state)
{
    struct desk desk = {.journal = NULL};
    sqlite3 *other = NULL;
    char path[128];

    (void)state;
    desk_make_folder(&desk);
    (void)snprintf(path, sizeof path, "%s/journal.db", desk.folder);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "CREATE TABLE theirs(x)", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(journal_open(desk.folder, NULL, &desk.journal, NULL), JOURNAL_DAMAGED);
    desk_remove_folder(&desk);
}

static void a_folder_that_cannot_be_made_is_a_failure_with_a_reason(void **state)
{
    struct journal *journal = NULL;
    char reason[256] = "";

    (void)state;
    assert_int_equal(journal_open("/proc/nowhere/journal", NULL, &journal, reason), JOURNAL_FAILED);
    assert_null(journal);
    assert_true(strlen(reason) > 0);
}

static void what_is_rolled_back_was_never_there(void **state)
{
    struct desk desk;
    const struct journal_message message = desk_message("1", "MSH|1", 0);
    struct journal_appended appended;
    struct journal_summary summary;

    (void)state;
    desk_open(&desk);
    desk_begin(&desk);
    assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_OK);
    assert_int_equal(journal_get(desk.journal, appended.message, &summary), JOURNAL_OK);
    journal_rollback(desk.journal);
    assert_int_equal(journal_get(desk.journal, appended.message, &summary), JOURNAL_NONE);
    desk_close(&desk);
}

static void closing_undoes_what_was_not_committed(void **state)
{
    struct desk desk;
    const struct journal_message message = desk_message("1", "MSH|1", 0);
    struct journal_appended appended;

    (void)state;
    desk_open(&desk);
    (void)desk_append(&desk, &message);
    desk_begin(&desk);
    assert_int_equal(journal_append(desk.journal, &message, 1, &appended), JOURNAL_OK);
    desk_reopen(&desk);
    assert_int_equal(desk_query(&desk, "SELECT count(*) FROM messages"), 1);
    desk_close(&desk);
}

static void every_code_has_a_name(void **state)
{
    (void)state;
    for (int code = JOURNAL_OK; code <= JOURNAL_REFUSED; code++) {
        assert_true(strlen(journal_code_name((enum journal_code)code)) > 0);
    }
    assert_string_equal(journal_code_name(JOURNAL_FULL), "full");
}

static void closing_nothing_is_allowed(void **state)
{
    struct journal *journal = NULL;

    (void)state;
    journal_close(NULL);
    journal_close(&journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opening_makes_folder_and_file_for_the_owner_alone),
        cmocka_unit_test(the_file_is_what_the_invariants_need),
        cmocka_unit_test(a_second_opening_is_locked_out_until_the_first_is_closed),
        cmocka_unit_test(another_process_is_locked_out_too),
        cmocka_unit_test(a_newer_schema_is_refused_and_left_alone),
        cmocka_unit_test(a_file_that_is_something_else_is_refused),
        cmocka_unit_test(a_database_of_somebody_else_is_refused),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_a_failure_with_a_reason),
        cmocka_unit_test(what_is_rolled_back_was_never_there),
        cmocka_unit_test(closing_undoes_what_was_not_committed),
        cmocka_unit_test(every_code_has_a_name),
        cmocka_unit_test(closing_nothing_is_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
