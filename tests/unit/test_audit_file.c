/* SPDX-License-Identifier: Apache-2.0
 *
 * The file of the audit log: what is appended stays, whatever happens to the broker, the file or the disk. */
#include "audit_desk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int set_up(void **state)
{
    struct audit_desk *desk = calloc(1, sizeof *desk);

    assert_non_null(desk);
    audit_desk_open(desk, 0);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    audit_desk_close(*state);
    free(*state);
    return 0;
}

static void check(struct audit_desk *desk, const char *events)
{
    struct audit_chain chain = audit_desk_read(desk);

    assert_string_equal(desk->fault, "");
    assert_int_equal(chain.faults, 0);
    assert_string_equal(desk->events, events);
}

static void it_is_its_owners_alone(void **state)
{
    struct audit_desk *desk = *state;
    struct stat info;

    assert_true(audit_desk_add(desk, AUDIT_START, 1));
    assert_int_equal(stat(desk->path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void the_chain_goes_on_after_a_restart(void **state)
{
    struct audit_desk *desk = *state;

    assert_true(audit_desk_add(desk, AUDIT_START, 1));
    assert_true(audit_desk_add(desk, AUDIT_VIEW, 2));
    audit_desk_again(desk);
    assert_true(audit_desk_add(desk, AUDIT_START, 1));
    check(desk, "start view view start ");
}

/* At every byte of the last record. */
static void a_torn_record_is_set_aside(void **state)
{
    struct audit_desk *desk = *state;
    struct stat info;

    assert_true(audit_desk_add(desk, AUDIT_START, 1));
    assert_int_equal(stat(desk->path, &info), 0);
    off_t first = info.st_size;
    assert_true(audit_desk_add(desk, AUDIT_VIEW, 1));
    assert_int_equal(stat(desk->path, &info), 0);
    for (off_t size = first + 1; size < info.st_size; size += 7) {
        char *copy = edge_copy(folder_read(&desk->folder, "audit.log").ptr, (size_t)info.st_size);

        assert_int_equal(truncate(desk->path, size), 0);
        audit_desk_again(desk);
        assert_true(audit_desk_add(desk, AUDIT_EXPORT, 1));
        check(desk, "start recovered export ");
        hl7_slice torn = folder_read(&desk->folder, "audit.log.torn");
        assert_int_equal(torn.len, size - first + 1);
        assert_memory_equal(torn.ptr, copy + first, (size_t)(size - first));
        folder_write(&desk->folder, "audit.log", (hl7_slice){copy, (size_t)info.st_size});
        assert_int_equal(unlink(folder_path(&desk->folder, "audit.log.torn")), 0);
        edge_free(copy, (size_t)info.st_size);
    }
}

static void a_damaged_log_goes_on_and_says_so(void **state)
{
    struct audit_desk *desk = *state;

    assert_true(audit_desk_add(desk, AUDIT_START, 3));
    audit_file_free(&desk->file);
    desk->file = audit_file_new(desk->path, 0);
    int fd = open(desk->path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "X", 1, 60), 1);
    (void)close(fd);
    assert_true(audit_desk_add(desk, AUDIT_VIEW, 1));
    assert_int_equal(audit_desk_read(desk).faults, 1);
    assert_non_null(strstr(desk->events, "recovered view "));
}

static void a_large_file_is_set_aside_and_the_chain_goes_on(void **state)
{
    struct audit_desk *desk = *state;

    desk->file->size_max = 1000;
    assert_true(audit_desk_add(desk, AUDIT_VIEW, 20));
    assert_true(folder_has(&desk->folder, "audit.log.000001"));
    assert_true(folder_has(&desk->folder, "audit.log.000002"));
    struct audit_chain chain = audit_desk_read(desk);
    assert_int_equal(chain.faults, 0);
    assert_int_equal(chain.count, 20);
}

static void the_chain_goes_on_after_a_restart_behind_a_file_set_aside(void **state)
{
    struct audit_desk *desk = *state;
    struct stat info;

    assert_true(audit_desk_add(desk, AUDIT_VIEW, 3));
    assert_int_equal(rename(desk->path, folder_path(&desk->folder, "audit.log.000001")), 0);
    audit_desk_again(desk);
    assert_true(audit_desk_add(desk, AUDIT_START, 1));
    assert_int_equal(stat(desk->path, &info), 0);
    check(desk, "view view view start ");
}

static void a_file_that_was_taken_away_is_made_anew_and_it_is_told(void **state)
{
    struct audit_desk *desk = *state;

    assert_true(audit_desk_add(desk, AUDIT_VIEW, 3));
    assert_int_equal(unlink(desk->path), 0);
    assert_true(audit_desk_add(desk, AUDIT_EXPORT, 1));
    struct audit_chain chain = audit_desk_read(desk);
    assert_int_equal(chain.first, 4);
    assert_string_equal(desk->events, "recovered export ");
}

static void a_second_broker_does_not_get_it(void **state)
{
    struct audit_desk *desk = *state;
    struct audit_file *other = audit_file_new(desk->path, 0);

    assert_true(audit_desk_add(desk, AUDIT_START, 1));
    assert_non_null(other);
    assert_false(audit_file_open(other));
    assert_non_null(strstr(other->trouble, "another broker"));
    audit_file_free(&other);
}

static void a_link_is_not_followed(void **state)
{
    struct audit_desk *desk = *state;

    folder_write_text(&desk->folder, "elsewhere", "");
    assert_int_equal(symlink("elsewhere", desk->path), 0);
    assert_false(audit_file_open(desk->file));
}

/* The disk takes a part of a record only; then all of it. */
static void what_a_full_disk_takes_in_part_is_taken_back(void **state)
{
    struct audit_desk *desk = *state;
    struct rlimit before;
    struct stat info;

    assert_true(audit_desk_add(desk, AUDIT_START, 1));
    assert_int_equal(stat(desk->path, &info), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = {.rlim_cur = (rlim_t)info.st_size + 20, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_false(audit_desk_add(desk, AUDIT_VIEW, 1));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(desk->file->trouble, "cannot write"));
    check(desk, "start ");
    assert_true(audit_desk_add(desk, AUDIT_EXPORT, 1));
    check(desk, "start export ");
}

static void many_records_are_one_write(void **state)
{
    struct audit_desk *desk = *state;
    struct audit_entry *first = NULL;
    enum { MANY = 700 };

    for (int i = 0; i < MANY; i++) {
        struct audit_entry *entry = audit_entry_new(AUDIT_VIEW);

        assert_non_null(entry);
        entry->next = first;
        first = entry;
    }
    assert_true(audit_file_append(desk->file, first));
    struct audit_chain chain = audit_desk_read(desk);
    assert_int_equal(chain.count, MANY);
    assert_int_equal(chain.faults, 0);
    while (first != NULL) {
        struct audit_entry *next = first->next;

        free(first);
        first = next;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_its_owners_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_chain_goes_on_after_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_torn_record_is_set_aside, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_log_goes_on_and_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_file_is_set_aside_and_the_chain_goes_on, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_chain_goes_on_after_a_restart_behind_a_file_set_aside,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_was_taken_away_is_made_anew_and_it_is_told,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_broker_does_not_get_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_link_is_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_full_disk_takes_in_part_is_taken_back, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_records_are_one_write, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
