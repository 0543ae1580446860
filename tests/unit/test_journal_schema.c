/* SPDX-License-Identifier: Apache-2.0
 *
 * The schema: made once, in one transaction, whatever was there before. */
#include "broker/journal/schema.h"
#include "journal_desk.h"

#include <stdio.h>

static void a_new_file_has_the_newest_version(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    assert_int_equal(desk_query(&desk, "PRAGMA user_version"), schema_version());
    assert_int_equal(desk_query(&desk, "PRAGMA application_id"), SCHEMA_APPLICATION);
    assert_int_equal(desk_query(&desk, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"),
                     1);
    desk_close(&desk);
}

static void opening_again_changes_nothing(void **state)
{
    struct desk desk;

    (void)state;
    desk_open(&desk);
    int64_t version = desk_query(&desk, "PRAGMA schema_version");
    desk_reopen(&desk);
    assert_int_equal(desk_query(&desk, "PRAGMA schema_version"), version);
    desk_close(&desk);
}

/* The process died after it had made the file and before it had made the tables. */
static void a_file_without_tables_is_completed(void **state)
{
    struct desk desk = {.journal = NULL};
    sqlite3 *begun = NULL;
    char path[128];

    (void)state;
    desk_make_folder(&desk);
    (void)snprintf(path, sizeof path, "%s/journal.db", desk.folder);
    assert_int_equal(sqlite3_open(path, &begun), SQLITE_OK);
    assert_int_equal(sqlite3_exec(begun,
                                  "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(begun), SQLITE_OK);
    assert_int_equal(journal_open(desk.folder, NULL, &desk.journal, NULL), JOURNAL_OK);
    assert_int_equal(desk_query(&desk, "PRAGMA user_version"), schema_version());
    desk_close(&desk);
}

static void a_pragma_answers_a_number_and_nonsense_is_a_failure(void **state)
{
    struct desk desk;
    int64_t value = 42;

    (void)state;
    desk_open(&desk);
    assert_int_equal(schema_pragma(desk.journal, "PRAGMA user_version", &value), JOURNAL_OK);
    assert_int_equal(value, schema_version());
    assert_int_equal(schema_run(desk.journal, "no statement"), JOURNAL_FAILED);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_has_the_newest_version),
        cmocka_unit_test(opening_again_changes_nothing),
        cmocka_unit_test(a_file_without_tables_is_completed),
        cmocka_unit_test(a_pragma_answers_a_number_and_nonsense_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
