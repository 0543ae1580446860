/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies of a journal that works on. */
#include "journal_desk.h"

#include <stdio.h>
#include <sys/stat.h>

/* The path of a copy: what a journal's file is called, in another folder. */
struct copy {
    struct desk desk;
    char path[128];
};

static void copy_begin(struct copy *copy)
{
    copy->desk.journal = NULL;
    desk_make_folder(&copy->desk);
    (void)snprintf(copy->path, sizeof copy->path, "%s/journal.db", copy->desk.folder);
}

static void store_some(const struct desk *desk, const char *prefix, int count)
{
    char id[32];

    for (int i = 0; i < count; i++) {
        (void)snprintf(id, sizeof id, "%s%d", prefix, i);
        (void)desk_store(desk, id, id, "ris");
    }
}

static void a_copy_has_what_was_stored_while_it_was_made(void **state)
{
    struct desk desk;
    struct copy copy;
    struct journal_backup *backup = NULL;
    size_t remaining = 0;
    size_t steps = 0;
    struct stat found;

    (void)state;
    desk_open(&desk);
    copy_begin(&copy);
    store_some(&desk, "before", 200);
    assert_int_equal(journal_backup_begin(desk.journal, copy.path, &backup), JOURNAL_OK);
    while (journal_backup_step(backup, 2, &remaining) == JOURNAL_OK) {
        store_some(&desk, "during", steps < 10 ? 1 : 0);
        steps++;
    }
    assert_true(steps > 10);
    assert_int_equal(remaining, 0);
    assert_int_not_equal(stat(copy.path, &found), 0);
    assert_int_equal(journal_backup_end(&backup), JOURNAL_OK);
    assert_null(backup);
    store_some(&desk, "after", 1);
    assert_int_equal(stat(copy.path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);

    assert_int_equal(journal_open(copy.desk.folder, NULL, &copy.desk.journal, NULL), JOURNAL_OK);
    assert_int_equal(desk_query(&copy.desk, "SELECT count(*) FROM messages"), 210);
    assert_int_equal(
        desk_query(&copy.desk, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    assert_slice(desk_next(&copy.desk, desk_lease(&copy.desk, "ris"), 0).bytes, "before0");
    desk_check_counters(&copy.desk);
    desk_close(&copy.desk);
    desk_close(&desk);
}

static void a_copy_that_is_ended_early_leaves_nothing(void **state)
{
    struct desk desk;
    struct copy copy;
    struct journal_backup *backup = NULL;
    size_t remaining = 0;

    (void)state;
    desk_open(&desk);
    copy_begin(&copy);
    store_some(&desk, "m", 50);
    assert_int_equal(journal_backup_begin(desk.journal, copy.path, &backup), JOURNAL_OK);
    assert_int_equal(journal_backup_step(backup, 1, &remaining), JOURNAL_OK);
    assert_int_equal(journal_backup_end(&backup), JOURNAL_REFUSED);
    /* Removes the folder only if it is empty. */
    assert_int_equal(rmdir(copy.desk.folder), 0);
    desk_close(&desk);
}

static void a_copy_that_cannot_be_written_harms_nothing(void **state)
{
    struct desk desk;
    struct journal_backup *backup = NULL;

    (void)state;
    desk_open(&desk);
    assert_int_equal(journal_backup_begin(desk.journal, "/proc/nowhere/copy.db", &backup),
                     JOURNAL_REFUSED);
    assert_null(backup);
    assert_true(strlen(journal_reason(desk.journal)) > 0);
    store_some(&desk, "m", 1);
    desk_close(&desk);
}

static void a_copy_replaces_the_one_before(void **state)
{
    struct desk desk;
    struct copy copy;

    (void)state;
    desk_open(&desk);
    copy_begin(&copy);
    for (int i = 0; i < 2; i++) {
        struct journal_backup *backup = NULL;
        size_t remaining = 0;
        store_some(&desk, "m", 1);
        assert_int_equal(journal_backup_begin(desk.journal, copy.path, &backup), JOURNAL_OK);
        assert_int_equal(journal_backup_step(backup, 100000, &remaining), JOURNAL_NONE);
        assert_int_equal(journal_backup_end(&backup), JOURNAL_OK);
    }
    assert_int_equal(journal_open(copy.desk.folder, NULL, &copy.desk.journal, NULL), JOURNAL_OK);
    assert_int_equal(desk_query(&copy.desk, "SELECT count(*) FROM messages"), 2);
    desk_close(&copy.desk);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_has_what_was_stored_while_it_was_made),
        cmocka_unit_test(a_copy_that_is_ended_early_leaves_nothing),
        cmocka_unit_test(a_copy_that_cannot_be_written_harms_nothing),
        cmocka_unit_test(a_copy_replaces_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
