/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that appear whole: names that are taken, a disk that fails at each step, a process that dies at
 * each step, what is left behind. */
#include "support.h"

#include "../base/new_file.h"
#include "disk_trouble.h"
#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct folder folder;

static int make(void **state)
{
    (void)state;
    folder_make(&folder);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    for (enum disk_call call = DISK_WRITE; call < DISK_CALLS; call++) {
        disk_trouble_fail(call, 0, 0);
    }
    folder_remove(&folder);
    return 0;
}

static enum new_file_answer put(const char *name, const char *text)
{
    struct new_file file = {folder.fd, name, hl7_slice_of(text), NULL, NULL};
    struct new_file_trouble trouble;

    return new_file_put(&file, &trouble);
}

static void check_failure(const char *step, int error)
{
    struct new_file file = {folder.fd, "a.hl7", HL7_TEXT("some text"), NULL, NULL};
    struct new_file_trouble trouble = {NULL, 0};

    assert_int_equal(new_file_put(&file, &trouble), NEW_FILE_FAILED);
    assert_string_equal(trouble.step, step);
    assert_int_equal(trouble.error, error);
    assert_int_equal(folder_count_hidden(&folder), 0);
}

/* ---- Names --------------------------------------------------------------------------------- */

static void a_number_goes_before_the_last_dot(void **state)
{
    static const struct {
        const char *name;
        unsigned number;
        const char *numbered;
    } cases[] = {
        {"42.hl7", 1, "42.hl7"},       {"42.hl7", 2, "42-2.hl7"},
        {"a.b.hl7", 3, "a.b-3.hl7"},   {"42", 2, "42-2"},
        {".hl7", 2, ".hl7-2"},         {"42.", 10, "42-10."},
        {"42.hl7", 100, "42-100.hl7"},
    };
    char numbered[NEW_FILE_NUMBERED];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        new_file_numbered(cases[i].name, cases[i].number, numbered);
        assert_string_equal(numbered, cases[i].numbered);
    }
}

static void a_file_appears_with_its_bytes_for_owner_and_group(void **state)
{
    struct stat facts;

    (void)state;
    assert_int_equal(put("a.hl7", "MSH|one\r"), NEW_FILE_WRITTEN);
    assert_slice(folder_read(&folder, "a.hl7"), "MSH|one\r");
    assert_int_equal(stat(folder_path(&folder, "a.hl7"), &facts), 0);
    assert_int_equal(facts.st_mode & 0007, 0);
    assert_int_equal(folder_count(&folder), 1);
    assert_int_equal(folder_count_hidden(&folder), 0);
}

static void an_empty_file_is_a_file(void **state)
{
    (void)state;
    assert_int_equal(put("a.hl7", ""), NEW_FILE_WRITTEN);
    assert_int_equal(put("a.hl7", ""), NEW_FILE_PRESENT);
    assert_true(folder_has(&folder, "a.hl7"));
    assert_int_equal(folder_count(&folder), 1);
}

static void the_same_bytes_are_not_written_twice_others_get_another_name(void **state)
{
    (void)state;
    assert_int_equal(put("a.hl7", "one"), NEW_FILE_WRITTEN);
    assert_int_equal(put("a.hl7", "one"), NEW_FILE_PRESENT);
    assert_int_equal(put("a.hl7", "two"), NEW_FILE_WRITTEN);
    assert_int_equal(put("a.hl7", "one, and more"), NEW_FILE_WRITTEN);
    assert_int_equal(put("a.hl7", "one, and more"), NEW_FILE_PRESENT);
    assert_int_equal(folder_count(&folder), 3);
    assert_slice(folder_read(&folder, "a.hl7"), "one");
    assert_slice(folder_read(&folder, "a-2.hl7"), "two");
    assert_slice(folder_read(&folder, "a-3.hl7"), "one, and more");
    assert_int_equal(folder_count_hidden(&folder), 0);
}

static void where_renaming_cannot_refuse_to_replace_a_link_does(void **state)
{
    (void)state;
    disk_trouble_fail(DISK_RENAME, 1, EINVAL);
    the_same_bytes_are_not_written_twice_others_get_another_name(state);
}

static void long_files_that_differ_in_the_last_byte_are_different(void **state)
{
    enum { LEN = 100000 };
    char *text = malloc(LEN + 1);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', LEN);
    text[LEN] = '\0';
    assert_int_equal(put("a.hl7", text), NEW_FILE_WRITTEN);
    text[LEN - 1] = 'y';
    assert_int_equal(put("a.hl7", text), NEW_FILE_WRITTEN);
    assert_int_equal(put("a.hl7", text), NEW_FILE_PRESENT);
    assert_int_equal(folder_count(&folder), 2);
    free(text);
}

static void what_is_no_file_is_neither_followed_nor_waited_for(void **state)
{
    (void)state;
    folder_write(&folder, "target", HL7_TEXT("mine"));
    assert_int_equal(symlinkat("target", folder.fd, "a.hl7"), 0);
    assert_int_equal(mkfifoat(folder.fd, "a-2.hl7", 0600), 0);
    assert_int_equal(mkdirat(folder.fd, "a-3.hl7", 0700), 0);
    assert_int_equal(put("a.hl7", "mine"), NEW_FILE_WRITTEN);
    assert_slice(folder_read(&folder, "a-4.hl7"), "mine");
    assert_slice(folder_read(&folder, "target"), "mine");
}

static void names_run_out(void **state)
{
    struct new_file file = {folder.fd, "a", HL7_TEXT("other"), NULL, NULL};
    struct new_file_trouble trouble;
    char name[NEW_FILE_NUMBERED];

    (void)state;
    for (unsigned i = 1; i <= NEW_FILE_TRIES; i++) {
        new_file_numbered("a", i, name);
        folder_write(&folder, name, HL7_TEXT("taken"));
    }
    assert_int_equal(new_file_put(&file, &trouble), NEW_FILE_FAILED);
    assert_int_equal(trouble.error, EEXIST);
    assert_int_equal(folder_count(&folder), NEW_FILE_TRIES);
    assert_int_equal(folder_count_hidden(&folder), 0);
}

static bool refuse(void *context)
{
    bool *asked = context;

    *asked = true;
    return false;
}

static void a_file_that_is_not_wanted_any_more_does_not_appear(void **state)
{
    bool asked = false;
    struct new_file file = {folder.fd, "a.hl7", HL7_TEXT("text"), refuse, &asked};
    struct new_file_trouble trouble;

    (void)state;
    assert_int_equal(new_file_put(&file, &trouble), NEW_FILE_UNWANTED);
    assert_true(asked);
    assert_int_equal(folder_count(&folder) + folder_count_hidden(&folder), 0);
}

/* ---- Failures ------------------------------------------------------------------------------ */

static void nothing_appears_when_a_step_fails(void **state)
{
    static const struct {
        enum disk_call call;
        int error;
        const char *step;
    } cases[] = {
        {DISK_WRITE, ENOSPC, "write"}, {DISK_WRITE, EIO, "write"},   {DISK_FSYNC, EIO, "sync"},
        {DISK_RENAME, EIO, "name"},    {DISK_RENAME, EROFS, "name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        disk_trouble_fail(cases[i].call, 1, cases[i].error);
        check_failure(cases[i].step, cases[i].error);
        assert_int_equal(folder_count(&folder), 0);
        disk_trouble_fail(cases[i].call, 0, 0);
    }
    assert_int_equal(put("a.hl7", "some text"), NEW_FILE_WRITTEN);
}

static void a_folder_that_does_not_reach_the_disk_is_a_failure_and_found_later(void **state)
{
    (void)state;
    disk_trouble_fail(DISK_FSYNC, 2, EIO);
    check_failure("sync", EIO);
    disk_trouble_fail(DISK_FSYNC, 0, 0);
    assert_int_equal(put("a.hl7", "some text"), NEW_FILE_PRESENT);
    assert_int_equal(folder_count(&folder), 1);
}

static void a_copy_that_cannot_be_synced_is_not_present(void **state)
{
    (void)state;
    assert_int_equal(put("a.hl7", "some text"), NEW_FILE_WRITTEN);
    disk_trouble_fail(DISK_FSYNC, 2, EIO);
    check_failure("sync", EIO);
    assert_int_equal(folder_count(&folder), 1);
}

static void a_folder_that_cannot_be_synced_by_its_kind_will_do(void **state)
{
    (void)state;
    disk_trouble_fail(DISK_FSYNC, 2, EINVAL);
    assert_int_equal(put("a.hl7", "text"), NEW_FILE_WRITTEN);
}

static void the_systems_own_limit_is_a_failure(void **state)
{
    struct rlimit before;
    struct rlimit limit;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){4, before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    check_failure("write", EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(folder_count(&folder), 0);
}

/* ---- A process that dies ------------------------------------------------------------------- */

/* Writes a file in a process that dies at the `at`th call; true when it got to the end. */
static bool put_and_die(unsigned at)
{
    int status = 0;

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        disk_trouble_die(at);
        _exit(put("a.hl7", "the whole text") == NEW_FILE_WRITTEN ? 7 : 8);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 7);
    return WEXITSTATUS(status) == 7;
}

/* Dies at each call in turn. */
static void check_deaths(unsigned least)
{
    unsigned at = 0;
    bool whole = false;

    do {
        at++;
        whole = put_and_die(at);
        if (folder_has(&folder, "a.hl7")) {
            assert_slice(folder_read(&folder, "a.hl7"), "the whole text");
        }
        new_file_sweep(folder.fd);
        assert_int_equal(folder_count_hidden(&folder), 0);
        enum new_file_answer again = put("a.hl7", "the whole text");
        assert_true(again == NEW_FILE_WRITTEN || again == NEW_FILE_PRESENT);
        assert_slice(folder_read(&folder, "a.hl7"), "the whole text");
        assert_int_equal(folder_count(&folder), 1);
        assert_int_equal(unlinkat(folder.fd, "a.hl7", 0), 0);
    } while (!whole);
    assert_true(at > least);
}

static void death_at_any_call_leaves_all_or_nothing_and_no_copy_later(void **state)
{
    (void)state;
    check_deaths(4); /* write, sync, rename, sync */
    disk_trouble_fail(DISK_RENAME, 1, EINVAL);
    check_deaths(5); /* and the link */
}

static void sweeping_leaves_what_is_being_written_and_what_is_not_ours(void **state)
{
    (void)state;
    folder_write(&folder, NEW_FILE_HIDDEN "left", HL7_TEXT("half"));
    folder_write(&folder, NEW_FILE_HIDDEN "held", HL7_TEXT("half"));
    folder_write(&folder, ".other", HL7_TEXT("not ours"));
    folder_write(&folder, "visible", HL7_TEXT("not ours"));
    assert_int_equal(symlinkat("visible", folder.fd, NEW_FILE_HIDDEN "link"), 0);
    int fd = openat(folder.fd, NEW_FILE_HIDDEN "held", O_WRONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    new_file_sweep(folder.fd);
    assert_false(folder_has(&folder, NEW_FILE_HIDDEN "left"));
    assert_true(folder_has(&folder, NEW_FILE_HIDDEN "held"));
    assert_true(folder_has(&folder, ".other"));
    assert_true(folder_has(&folder, "visible"));
    (void)close(fd);
}

/* ---- Moving -------------------------------------------------------------------------------- */

static void moving_never_replaces(void **state)
{
    char moved[NEW_FILE_NUMBERED];

    (void)state;
    assert_int_equal(mkdirat(folder.fd, "done", 0700), 0);
    int done = openat(folder.fd, "done", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    folder_write(&folder, "done/a.hl7", HL7_TEXT("old"));
    for (int i = 0; i < 2; i++) {
        folder_write(&folder, "a.hl7", HL7_TEXT("new"));
        disk_trouble_fail(DISK_RENAME, 1, i == 0 ? 0 : EINVAL);
        assert_true(new_file_move(folder.fd, "a.hl7", done, "a.hl7", moved));
        assert_string_equal(moved, i == 0 ? "a-2.hl7" : "a-3.hl7");
        assert_false(folder_has(&folder, "a.hl7"));
    }
    assert_slice(folder_read(&folder, "done/a.hl7"), "old");
    assert_slice(folder_read(&folder, "done/a-2.hl7"), "new");
    assert_slice(folder_read(&folder, "done/a-3.hl7"), "new");
    (void)close(done);
}

static void moving_what_is_not_there_fails(void **state)
{
    char moved[NEW_FILE_NUMBERED];

    (void)state;
    assert_false(new_file_move(folder.fd, "none", folder.fd, "a", moved));
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_goes_before_the_last_dot),
        cmocka_unit_test_setup_teardown(a_file_appears_with_its_bytes_for_owner_and_group, make,
                                        clear),
        cmocka_unit_test_setup_teardown(an_empty_file_is_a_file, make, clear),
        cmocka_unit_test_setup_teardown(
            the_same_bytes_are_not_written_twice_others_get_another_name, make, clear),
        cmocka_unit_test_setup_teardown(where_renaming_cannot_refuse_to_replace_a_link_does, make,
                                        clear),
        cmocka_unit_test_setup_teardown(long_files_that_differ_in_the_last_byte_are_different, make,
                                        clear),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_neither_followed_nor_waited_for, make,
                                        clear),
        cmocka_unit_test_setup_teardown(names_run_out, make, clear),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_wanted_any_more_does_not_appear, make,
                                        clear),
        cmocka_unit_test_setup_teardown(nothing_appears_when_a_step_fails, make, clear),
        cmocka_unit_test_setup_teardown(
            a_folder_that_does_not_reach_the_disk_is_a_failure_and_found_later, make, clear),
        cmocka_unit_test_setup_teardown(a_copy_that_cannot_be_synced_is_not_present, make, clear),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_synced_by_its_kind_will_do, make,
                                        clear),
        cmocka_unit_test_setup_teardown(the_systems_own_limit_is_a_failure, make, clear),
        cmocka_unit_test_setup_teardown(death_at_any_call_leaves_all_or_nothing_and_no_copy_later,
                                        make, clear),
        cmocka_unit_test_setup_teardown(sweeping_leaves_what_is_being_written_and_what_is_not_ours,
                                        make, clear),
        cmocka_unit_test_setup_teardown(moving_never_replaces, make, clear),
        cmocka_unit_test_setup_teardown(moving_what_is_not_there_fails, make, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
