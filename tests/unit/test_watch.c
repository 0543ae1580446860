/* SPDX-License-Identifier: Apache-2.0
 *
 * Folders that are watched: what is heard, what is not, and how many they may be. */
#include "support.h"

#include "folder.h"

#include "watch.h"

#include <stdio.h>
#include <unistd.h>

static struct folder folder;
static struct watch watch;

static int open_bench(void **state)
{
    (void)state;
    folder_make(&folder);
    folder_write_text(&folder, "t.hl7", "one");
    watch_open(&watch);
    watch_folder_of(&watch, folder_path(&folder, "t.hl7"));
    return watch.fd >= 0 ? 0 : -1;
}

static int close_bench(void **state)
{
    (void)state;
    watch_close(&watch);
    folder_remove(&folder);
    return 0;
}

static void a_file_that_is_written_in_place_is_heard_once(void **state)
{
    (void)state;
    assert_false(watch_heard(&watch));
    folder_write_text(&folder, "t.hl7", "two");
    assert_true(watch_heard(&watch));
    assert_false(watch_heard(&watch));
}

static void a_file_that_takes_anothers_name_is_heard(void **state)
{
    (void)state;
    folder_write_text(&folder, "new", "two");
    (void)watch_heard(&watch);
    assert_int_equal(rename(folder_path(&folder, "new"), folder_path(&folder, "t.hl7")), 0);
    assert_true(watch_heard(&watch));
}

static void reading_is_not_heard(void **state)
{
    (void)state;
    assert_string_equal(folder_read(&folder, "t.hl7").ptr, "one");
    assert_false(watch_heard(&watch));
}

static void other_folders_are_not_heard(void **state)
{
    (void)state;
    folder_write_text(&folder, "below/t.hl7", "two");
    assert_false(watch_heard(&watch));
    watch_folder_of(&watch, folder_path(&folder, "below/t.hl7"));
    folder_write_text(&folder, "below/t.hl7", "three");
    assert_true(watch_heard(&watch));
}

static void a_folder_that_is_not_there_is_not_watched(void **state)
{
    (void)state;
    watch_folder_of(&watch, folder_path(&folder, "none/t.hl7"));
    assert_false(watch_heard(&watch));
}

static void folders_over_the_bound_are_not_watched(void **state)
{
    char name[32];

    (void)state;
    for (int i = 1; i <= WATCH_FOLDERS_MAX; i++) { /* the first one is the folder itself */
        (void)snprintf(name, sizeof name, "%d/t.hl7", i);
        folder_write_text(&folder, name, "one");
        watch_folder_of(&watch, folder_path(&folder, name));
        watch_folder_of(&watch, folder_path(&folder, name)); /* counts once */
    }
    (void)watch_heard(&watch);
    folder_write_text(&folder, name, "two");
    assert_false(watch_heard(&watch));
    (void)snprintf(name, sizeof name, "%d/t.hl7", WATCH_FOLDERS_MAX - 1);
    folder_write_text(&folder, name, "two");
    assert_true(watch_heard(&watch));
}

static void without_the_systems_help_nothing_is_heard(void **state)
{
    struct watch none = {.fd = -1};

    (void)state;
    watch_folder_of(&none, folder_path(&folder, "t.hl7"));
    assert_false(watch_heard(&none));
    watch_close(&none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_bench, close_bench)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_is_written_in_place_is_heard_once),
        TEST(a_file_that_takes_anothers_name_is_heard),
        TEST(reading_is_not_heard),
        TEST(other_folders_are_not_heard),
        TEST(a_folder_that_is_not_there_is_not_watched),
        TEST(folders_over_the_bound_are_not_watched),
        TEST(without_the_systems_help_nothing_is_heard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
