/* SPDX-License-Identifier: Apache-2.0
 *
 * The door to a folder: what becomes of a letter, of a second copy, of a disk that fails or hangs. */
#include "support.h"

#include "disk_trouble.h"
#include "door_try.h"
#include "folder.h"
#include "threads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const struct config_name_part name_parts[] = {{CONFIG_NAME_ID, NULL},
                                                     {CONFIG_NAME_TEXT, "-"},
                                                     {CONFIG_NAME_CONTROL_ID, NULL},
                                                     {CONFIG_NAME_TEXT, ".hl7"}};

struct scene {
    struct folder folder;
    struct loop loop;
    struct door_try one;
};

static void open_one(struct scene *scene, struct door_try *try)
{
    door_try_init(try, &scene->loop);
    try->to.directory = scene->folder.path;
    try->to.file_name = (struct config_file_name){name_parts, 4};
    door_try_open(try, &door_directory);
}

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    folder_make(&scene->folder);
    assert_true(loop_init(&scene->loop));
    open_one(scene, &scene->one);
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    for (enum disk_call call = DISK_WRITE; call < DISK_CALLS; call++) {
        disk_trouble_fail(call, 0, 0);
    }
    door_try_close(&scene->one);
    loop_release(&scene->loop);
    folder_remove(&scene->folder);
    free(scene);
    return 0;
}

/* ---- Letters ------------------------------------------------------------------------------- */

static void a_letter_becomes_a_file(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(7, "MSG1", HL7_TEXT("MSH|^~\\&|\0\xff\r"));

    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "written");
    assert_false(scene->one.answered);
    assert_slices(folder_read(&scene->folder, "000000000007-MSG1.hl7"), letter.bytes);
    assert_int_equal(folder_count(&scene->folder), 1);
    assert_int_equal(folder_count_hidden(&scene->folder), 0);
}

static void a_letter_may_be_empty_or_long(void **state)
{
    enum { LEN = 900000 };
    struct scene *scene = *state;
    char *bytes = malloc(LEN);
    struct random_state random;

    assert_non_null(bytes);
    random_init(&random, 1);
    random_fill(&random, bytes, LEN);
    struct door_letter letter = door_try_letter(1, "A", (hl7_slice){NULL, 0});
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "written");
    letter = door_try_letter(2, "A", (hl7_slice){bytes, LEN});
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "written");
    assert_slices(folder_read(&scene->folder, "000000000002-A.hl7"), letter.bytes);
    free(bytes);
}

static void the_same_letter_again_is_there_already_a_changed_one_has_another_name(void **state)
{
    struct scene *scene = *state;
    struct door_letter first = door_try_letter(7, "A", HL7_TEXT("one"));
    struct door_letter changed = door_try_letter(7, "A", HL7_TEXT("two"));

    door_try_expect(&scene->one, &first, DOOR_ACCEPTED, "written");
    door_try_expect(&scene->one, &first, DOOR_ACCEPTED, "present");
    door_try_expect(&scene->one, &changed, DOOR_ACCEPTED, "written");
    door_try_expect(&scene->one, &changed, DOOR_ACCEPTED, "present");
    assert_slice(folder_read(&scene->folder, "000000000007-A.hl7"), "one");
    assert_slice(folder_read(&scene->folder, "000000000007-A-2.hl7"), "two");
    assert_int_equal(folder_count(&scene->folder), 2);
}

static void hostile_control_ids_stay_in_the_folder(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "../../x/\n\xff", HL7_TEXT("text"));

    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "written");
    assert_slice(folder_read(&scene->folder, "000000000001-______x___.hl7"), "text");
}

static void what_a_crash_left_hidden_goes_with_the_first_letter(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "A", HL7_TEXT("text"));

    folder_write(&scene->folder, ".tmp-0123456789abcdef", HL7_TEXT("te"));
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "written");
    assert_int_equal(folder_count_hidden(&scene->folder), 0);
}

static void the_folder_of_a_configuration_loaded_again_counts(void **state)
{
    struct scene *scene = *state;
    struct config_destination other = scene->one.to;
    struct door_letter letter = door_try_letter(1, "A", HL7_TEXT("text"));
    char elsewhere[100];

    (void)snprintf(elsewhere, sizeof elsewhere, "%s", folder_path(&scene->folder, "in"));
    assert_int_equal(mkdirat(scene->folder.fd, "in", 0700), 0);
    other.directory = elsewhere;
    scene->one.door->to = &other; /* as door_adopt does */
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "written");
    assert_true(folder_has(&scene->folder, "in/000000000001-A.hl7"));
}

static void a_name_that_is_too_long_is_an_error_of_the_letter(void **state)
{
    char text[300];
    struct scene *scene = *state;
    struct config_name_part parts[] = {{CONFIG_NAME_TEXT, text}};
    struct door_letter letter = door_try_letter(1, "A", HL7_TEXT("text"));

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    scene->one.to.file_name = (struct config_file_name){parts, 1};
    door_try_expect(&scene->one, &letter, DOOR_ERROR, "file-name");
    assert_int_equal(folder_count(&scene->folder), 0);
}

/* ---- A disk that fails --------------------------------------------------------------------- */

static void a_disk_that_fails_is_unreachable_and_nothing_is_there(void **state)
{
    static const struct {
        enum disk_call call;
        int error;
        const char *word;
    } cases[] = {
        {DISK_WRITE, ENOSPC, "disk-full"},   {DISK_WRITE, EDQUOT, "disk-full"},
        {DISK_WRITE, EIO, "disk-error"},     {DISK_FSYNC, EIO, "disk-error"},
        {DISK_FSYNC, ENOSPC, "disk-full"},   {DISK_RENAME, EACCES, "not-allowed"},
        {DISK_RENAME, EROFS, "not-allowed"}, {DISK_RENAME, EMLINK, "not-written"},
    };
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "A", HL7_TEXT("text"));

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        disk_trouble_fail(cases[i].call, 1, cases[i].error);
        door_try_expect(&scene->one, &letter, DOOR_UNREACHABLE, cases[i].word);
        assert_non_null(strstr(scene->one.reason, strerror(cases[i].error)));
        disk_trouble_fail(cases[i].call, 0, 0);
        assert_int_equal(folder_count(&scene->folder), 0);
        assert_int_equal(folder_count_hidden(&scene->folder), 0);
    }
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "written");
}

static void a_folder_that_is_not_there_may_come_later(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "A", HL7_TEXT("text"));
    char path[100];

    (void)snprintf(path, sizeof path, "%s", folder_path(&scene->folder, "later"));
    scene->one.to.directory = path;
    door_try_expect(&scene->one, &letter, DOOR_UNREACHABLE, "no-folder");
    folder_write(&scene->folder, "later", HL7_TEXT("a file"));
    door_try_expect(&scene->one, &letter, DOOR_UNREACHABLE, "no-folder");
    assert_int_equal(unlinkat(scene->folder.fd, "later", 0), 0);
    assert_int_equal(mkdirat(scene->folder.fd, "later", 0700), 0);
    door_try_expect(&scene->one, &letter, DOOR_ACCEPTED, "written");
}

/* ---- A disk that hangs --------------------------------------------------------------------- */

/* Sends a letter to a disk that hangs, until its time limit. */
static void time_out(struct scene *scene, const struct door_letter *letter)
{
    disk_trouble_hold();
    scene->one.to.timeout = 20;
    door_try_expect(&scene->one, letter, DOOR_TIMEOUT, "timeout");
    assert_true(disk_trouble_held());
    scene->one.to.timeout = DOOR_TRY_SECONDS * 1000;
}

static void behind_a_letter_that_hangs_nothing_is_begun(void **state)
{
    struct scene *scene = *state;
    struct door_letter first = door_try_letter(1, "A", HL7_TEXT("first"));
    struct door_letter second = door_try_letter(2, "A", HL7_TEXT("second"));

    time_out(scene, &first);
    door_try_expect(&scene->one, &second, DOOR_UNREACHABLE, "hangs");
    door_try_expect(&scene->one, &first, DOOR_UNREACHABLE, "hangs");
    assert_int_equal(folder_count(&scene->folder), 0);
    disk_trouble_release();
    /* The lane tries again; the letter's own late file is there by then, once. */
    do {
        door_try_send(&scene->one, &first);
        door_try_wait(&scene->one);
    } while (scene->one.outcome == DOOR_UNREACHABLE && strcmp(scene->one.word, "hangs") == 0);
    assert_int_equal(scene->one.outcome, DOOR_ACCEPTED);
    assert_string_equal(scene->one.word, "present");
    assert_int_equal(folder_count(&scene->folder), 1);
    door_try_expect(&scene->one, &second, DOOR_ACCEPTED, "written");
}

static void the_loop_goes_on_while_a_disk_hangs(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "A", HL7_TEXT("text"));
    uint64_t before = scene->loop.now;

    disk_trouble_hold();
    door_try_send(&scene->one, &letter);
    assert_true(disk_trouble_held());
    door_try_run(&scene->loop, 5);
    assert_true(scene->loop.now >= before + 5);
    assert_true(scene->one.waiting);
    disk_trouble_release();
    door_try_wait(&scene->one);
    assert_int_equal(scene->one.outcome, DOOR_ACCEPTED);
}

/* Waits until the hidden file is gone: a bounded number of looks. */
static void wait_for_no_hidden(struct scene *scene)
{
    for (int i = 0; i < DOOR_TRY_SECONDS * 100 && folder_count_hidden(&scene->folder) > 0; i++) {
        door_try_run(&scene->loop, 10);
    }
    assert_int_equal(folder_count_hidden(&scene->folder), 0);
}

static void a_door_closed_over_a_disk_that_hangs_lets_nothing_appear_later(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "A", HL7_TEXT("text"));

    time_out(scene, &letter);
    door_try_close(&scene->one);
    disk_trouble_release();
    wait_for_no_hidden(scene);
    assert_int_equal(folder_count(&scene->folder), 0);
}

static void a_door_closed_with_a_letter_under_way_gives_no_result(void **state)
{
    struct scene *scene = *state;
    struct door_letter letter = door_try_letter(1, "A", HL7_TEXT("text"));

    disk_trouble_hold();
    door_try_send(&scene->one, &letter);
    assert_true(disk_trouble_held());
    door_try_close(&scene->one);
    disk_trouble_release();
    wait_for_no_hidden(scene);
    assert_true(scene->one.waiting);
    assert_int_equal(folder_count(&scene->folder), 0);
}

/* ---- Several ------------------------------------------------------------------------------- */

static void doors_to_one_folder_do_not_disturb_each_other(void **state)
{
    enum { DOORS = 8, LETTERS = 20 };
    struct scene *scene = *state;
    struct door_try *doors = calloc(DOORS, sizeof *doors);

    assert_non_null(doors);
    for (size_t i = 0; i < DOORS; i++) {
        open_one(scene, &doors[i]);
    }
    for (int64_t n = 0; n < LETTERS; n++) {
        for (size_t i = 0; i < DOORS; i++) {
            struct door_letter letter =
                door_try_letter(n * DOORS + (int64_t)i, "A", HL7_TEXT("text"));
            door_try_send(&doors[i], &letter);
        }
        for (size_t i = 0; i < DOORS; i++) {
            door_try_wait(&doors[i]);
            assert_string_equal(doors[i].word, "written");
        }
    }
    for (size_t i = 0; i < DOORS; i++) {
        door_try_close(&doors[i]);
    }
    assert_int_equal(folder_count(&scene->folder), DOORS * LETTERS);
    assert_int_equal(folder_count_hidden(&scene->folder), 0);
    free(doors);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_letter_becomes_a_file),
        TEST(a_letter_may_be_empty_or_long),
        TEST(the_same_letter_again_is_there_already_a_changed_one_has_another_name),
        TEST(hostile_control_ids_stay_in_the_folder),
        TEST(what_a_crash_left_hidden_goes_with_the_first_letter),
        TEST(the_folder_of_a_configuration_loaded_again_counts),
        TEST(a_name_that_is_too_long_is_an_error_of_the_letter),
        TEST(a_disk_that_fails_is_unreachable_and_nothing_is_there),
        TEST(a_folder_that_is_not_there_may_come_later),
        TEST(behind_a_letter_that_hangs_nothing_is_begun),
        TEST(the_loop_goes_on_while_a_disk_hangs),
        TEST(a_door_closed_over_a_disk_that_hangs_lets_nothing_appear_later),
        TEST(a_door_closed_with_a_letter_under_way_gives_no_result),
        TEST(doors_to_one_folder_do_not_disturb_each_other),
    };

    size_t threads = threads_count();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    threads_wait(threads);
    return failed;
}
