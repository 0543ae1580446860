/* SPDX-License-Identifier: Apache-2.0
 *
 * The door in for files: which are taken and when, where they go, what a crash leaves, a disk that fails. */
#include "support.h"

#include "../broker/ingest/directory.h"
#include "disk_trouble.h"
#include "folder.h"
#include "threads.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { LIMIT = 60000 /* milliseconds; no test waits for it to pass */, FILES = 64 };

struct scene {
    struct folder folder;
    struct loop loop;
    struct config_listener config;
    char errors[100];
    char done[100];
    struct directory *directory;
    struct loop_timer limit;
    bool over;
    /* What came, in its order. */
    size_t count;
    char names[FILES][256];
    char texts[FILES][100];
    size_t len;
    /* How it is answered. */
    bool answers;
    enum directory_verdict verdict;
    const char *reason;
    size_t stop_at; /* this many have come */
};

static void on_file(void *context, const char *name, hl7_slice bytes)
{
    struct scene *scene = context;

    assert_true(scene->count < FILES);
    (void)snprintf(scene->names[scene->count], sizeof scene->names[0], "%s", name);
    (void)snprintf(scene->texts[scene->count], sizeof scene->texts[0], "%.*s",
                   (int)(bytes.len < 99 ? bytes.len : 99), bytes.len == 0 ? "" : bytes.ptr);
    scene->len = bytes.len;
    scene->count++;
    if (scene->answers) {
        directory_done(scene->directory, scene->verdict, scene->reason);
    }
    if (scene->count == scene->stop_at) {
        loop_stop(&scene->loop);
    }
}

static void open_directory(struct scene *scene)
{
    const struct directory_hooks hooks = {on_file, scene};

    scene->directory = directory_open(&scene->loop, &scene->config, &hooks);
    assert_non_null(scene->directory);
}

static void on_limit(struct loop_timer *timer)
{
    struct scene *scene = LOOP_OWNER(timer, struct scene, limit);

    scene->over = true;
    loop_stop(&scene->loop);
}

static int begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    folder_make(&scene->folder);
    assert_true(loop_init(&scene->loop));
    (void)snprintf(scene->errors, sizeof scene->errors, "%s/errors", scene->folder.path);
    (void)snprintf(scene->done, sizeof scene->done, "%s/done", scene->folder.path);
    scene->limit.on_time = on_limit;
    scene->config.name = "files";
    scene->config.directory = scene->folder.path;
    scene->config.pattern = "*.hl7";
    scene->config.stable_for = 20;
    scene->config.error_directory = scene->errors;
    scene->config.max_message = 1000;
    scene->answers = true;
    scene->verdict = DIRECTORY_STORED;
    *state = scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    for (enum disk_call call = DISK_WRITE; call < DISK_CALLS; call++) {
        disk_trouble_fail(call, 0, 0);
    }
    directory_close(&scene->directory);
    loop_release(&scene->loop);
    folder_remove(&scene->folder);
    free(scene);
    return 0;
}

/* Runs the loop until this many files have come since the beginning. */
static void wait_for(struct scene *scene, size_t count)
{
    scene->stop_at = count;
    assert_true(loop_timer_set(&scene->loop, &scene->limit, LIMIT));
    while (scene->count < count && !scene->over) {
        assert_true(loop_run(&scene->loop, NULL, NULL));
    }
    loop_timer_clear(&scene->loop, &scene->limit);
    assert_int_equal(scene->count, count);
}

static void run_for(struct scene *scene, uint64_t milliseconds)
{
    assert_true(loop_timer_set(&scene->loop, &scene->limit, milliseconds));
    scene->over = false;
    scene->stop_at = 0;
    while (!scene->over) {
        assert_true(loop_run(&scene->loop, NULL, NULL));
    }
    scene->over = false;
}

/* Runs until this many files are put away. */
static void wait_done(struct scene *scene, uint64_t stored, uint64_t refused)
{
    struct directory_counters counters;

    for (int i = 0; i < LIMIT / 10; i++) {
        counters = directory_count(scene->directory);
        if (counters.stored == stored && counters.refused == refused) {
            return;
        }
        run_for(scene, 10);
    }
    fail_msg("%llu stored, %llu refused", (unsigned long long)counters.stored,
             (unsigned long long)counters.refused);
}

static void put(struct scene *scene, const char *name, const char *text)
{
    folder_write(&scene->folder, name, hl7_slice_of(text));
}

/* ---- What is taken ------------------------------------------------------------------------- */

static void a_file_is_taken_and_then_deleted(void **state)
{
    struct scene *scene = *state;

    put(scene, "a.hl7", "MSH|one");
    open_directory(scene);
    wait_done(scene, 1, 0);
    assert_string_equal(scene->names[0], "a.hl7");
    assert_string_equal(scene->texts[0], "MSH|one");
    assert_int_equal(folder_count(&scene->folder) + folder_count_hidden(&scene->folder), 0);
    assert_true(directory_is_idle(scene->directory));
}

static void files_that_come_later_are_noticed(void **state)
{
    struct scene *scene = *state;

    open_directory(scene);
    run_for(scene, 30);
    put(scene, "a.hl7", "written");
    wait_for(scene, 1);
    put(scene, "b.tmp", "renamed");
    run_for(scene, 100);
    assert_int_equal(scene->count, 1);
    assert_int_equal(renameat(scene->folder.fd, "b.tmp", scene->folder.fd, "b.hl7"), 0);
    wait_done(scene, 2, 0);
    assert_string_equal(scene->texts[1], "renamed");
}

static void the_oldest_goes_first_then_the_first_by_name(void **state)
{
    static const char *const names[] = {"b.hl7", "a.hl7", "d.hl7", "c.hl7"};
    static const char *const order[] = {"d.hl7", "a.hl7", "b.hl7", "c.hl7"};
    struct scene *scene = *state;

    for (size_t i = 0; i < 4; i++) {
        struct timespec times[2] = {{1000000, 0}, {i == 2 ? 1000000 : 2000000, 5}};
        put(scene, names[i], names[i]);
        assert_int_equal(utimensat(scene->folder.fd, names[i], times, 0), 0);
    }
    open_directory(scene);
    wait_done(scene, 4, 0);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(scene->names[i], order[i]);
    }
}

static void only_regular_files_that_fit_are_taken(void **state)
{
    struct scene *scene = *state;

    put(scene, "target", "not to be read");
    put(scene, ".hidden.hl7", "dot");
    put(scene, "a.txt", "other");
    assert_int_equal(symlinkat("target", scene->folder.fd, "link.hl7"), 0);
    assert_int_equal(symlinkat("/etc/passwd", scene->folder.fd, "far.hl7"), 0);
    assert_int_equal(mkfifoat(scene->folder.fd, "pipe.hl7", 0600), 0);
    assert_int_equal(mkdirat(scene->folder.fd, "folder.hl7", 0700), 0);
    put(scene, "yes.hl7", "yes");
    open_directory(scene);
    wait_done(scene, 1, 0);
    run_for(scene, 100);
    assert_int_equal(scene->count, 1);
    assert_int_equal(folder_count(&scene->folder), 6);
}

static void names_of_any_bytes_are_only_names(void **state)
{
    static const char *const names[] = {"\n.hl7", "\xff\xfe.hl7", "-rf .hl7", "a;rm *.hl7"};
    struct scene *scene = *state;

    scene->config.done_directory = scene->done;
    for (size_t i = 0; i < 4; i++) {
        put(scene, names[i], "x");
    }
    open_directory(scene);
    wait_done(scene, 4, 0);
    assert_int_equal(folder_count(&scene->folder), 1);
    for (size_t i = 0; i < 4; i++) {
        char path[300];
        (void)snprintf(path, sizeof path, "done/%s", names[i]);
        assert_true(folder_has(&scene->folder, path));
    }
}

static void an_empty_file_is_offered_too(void **state)
{
    struct scene *scene = *state;

    put(scene, "a.hl7", "");
    open_directory(scene);
    wait_done(scene, 1, 0);
    assert_int_equal(scene->len, 0);
}

static void a_file_that_grows_is_left_until_it_rests(void **state)
{
    struct scene *scene = *state;

    scene->config.stable_for = 300;
    open_directory(scene);
    int fd = openat(scene->folder.fd, "a.hl7", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(write(fd, "0123456789", 10), 10);
        run_for(scene, 50);
        if (scene->count > 0) {
            break; /* this process was held up for longer than that: no matter of the door's */
        }
    }
    size_t written = (size_t)lseek(fd, 0, SEEK_CUR);
    wait_for(scene, 1);
    assert_int_equal(scene->len, written);
    (void)close(fd);
}

static void a_changed_pattern_counts_at_once(void **state)
{
    struct scene *scene = *state;
    struct config_listener other = scene->config;

    put(scene, "a.txt", "text");
    open_directory(scene);
    run_for(scene, 50);
    assert_int_equal(scene->count, 0);
    other.pattern = "*.txt";
    directory_adopt(scene->directory, &other);
    wait_done(scene, 1, 0);
}

/* ---- Where it goes ------------------------------------------------------------------------- */

static void what_was_stored_is_moved_and_never_over_another(void **state)
{
    struct scene *scene = *state;

    scene->config.done_directory = scene->done;
    open_directory(scene);
    put(scene, "a.hl7", "one");
    wait_done(scene, 1, 0);
    put(scene, "a.hl7", "two");
    wait_done(scene, 2, 0);
    assert_slice(folder_read(&scene->folder, "done/a.hl7"), "one");
    assert_slice(folder_read(&scene->folder, "done/a-2.hl7"), "two");
}

static void what_was_refused_goes_aside_with_the_reason(void **state)
{
    struct scene *scene = *state;

    scene->verdict = DIRECTORY_REFUSED;
    scene->reason = "It does not begin with MSH.";
    put(scene, "a.hl7", "nonsense");
    open_directory(scene);
    wait_done(scene, 0, 1);
    assert_slice(folder_read(&scene->folder, "errors/a.hl7"), "nonsense");
    assert_slice(folder_read(&scene->folder, "errors/a.hl7.reason.txt"),
                 "It does not begin with MSH.\n");
    assert_int_equal(folder_count(&scene->folder), 1);
    assert_int_equal(folder_count_hidden(&scene->folder), 0);
}

static void names_as_long_as_can_be_are_cut_or_left(void **state)
{
    struct scene *scene = *state;
    char name[256];

    memset(name, 'n', sizeof name);
    memcpy(name + 244, ".hl7", 5);
    put(scene, name, "long");
    memset(name, 'm', sizeof name);
    memcpy(name + 251, ".hl7", 5);
    put(scene, name, "longer");
    scene->config.done_directory = scene->done;
    open_directory(scene);
    wait_done(scene, 1, 0);
    run_for(scene, 100);
    assert_true(folder_has(&scene->folder, name));
    assert_non_null(strstr(directory_trouble(scene->directory), strerror(ENAMETOOLONG)));
    put(scene, "next.hl7", "goes on");
    wait_done(scene, 2, 0);
}

static void a_file_that_is_too_long_goes_aside_unread(void **state)
{
    struct scene *scene = *state;
    char text[4100];

    memset(text, 'x', sizeof text);
    folder_write(&scene->folder, "a.hl7", (hl7_slice){text, 4001});
    folder_write(&scene->folder, "b.hl7", (hl7_slice){text, 4000});
    open_directory(scene);
    wait_done(scene, 1, 1);
    assert_int_equal(scene->count, 1);
    assert_string_equal(scene->names[0], "b.hl7");
    assert_int_equal(scene->len, 4000);
    assert_true(folder_has(&scene->folder, "errors/a.hl7"));
    assert_true(folder_has(&scene->folder, "errors/a.hl7.reason.txt"));
}

static void what_the_journal_does_not_take_now_is_offered_again(void **state)
{
    struct scene *scene = *state;

    scene->verdict = DIRECTORY_LATER;
    put(scene, "a.hl7", "one");
    open_directory(scene);
    wait_for(scene, 1);
    assert_int_equal(folder_count(&scene->folder), 0);
    scene->verdict = DIRECTORY_STORED;
    wait_for(scene, 2);
    wait_done(scene, 1, 0);
    assert_string_equal(scene->texts[1], "one");
}

static void one_file_at_a_time_is_taken(void **state)
{
    struct scene *scene = *state;

    scene->answers = false;
    put(scene, "a.hl7", "one");
    put(scene, "b.hl7", "two");
    open_directory(scene);
    wait_for(scene, 1);
    run_for(scene, 100);
    assert_int_equal(scene->count, 1);
    assert_false(directory_is_idle(scene->directory));
    assert_int_equal(folder_count(&scene->folder), 1);
    directory_done(scene->directory, DIRECTORY_STORED, NULL);
    wait_for(scene, 2);
    directory_drain(scene->directory);
    directory_done(scene->directory, DIRECTORY_STORED, NULL);
    put(scene, "c.hl7", "three");
    wait_done(scene, 2, 0);
    run_for(scene, 100);
    assert_int_equal(scene->count, 2);
    assert_true(folder_has(&scene->folder, "c.hl7"));
}

/* ---- Crashes, neighbours, failures --------------------------------------------------------- */

static void what_was_taken_and_not_done_is_taken_first_the_next_time(void **state)
{
    struct scene *scene = *state;

    scene->answers = false;
    put(scene, "z.hl7", "was under way");
    open_directory(scene);
    wait_for(scene, 1);
    directory_close(&scene->directory);
    assert_true(folder_has(&scene->folder, DIRECTORY_HIDDEN "z.hl7"));
    put(scene, "a.hl7", "new");
    scene->answers = true;
    open_directory(scene);
    wait_done(scene, 2, 0);
    assert_string_equal(scene->names[1], "z.hl7");
    assert_string_equal(scene->texts[1], "was under way");
    assert_string_equal(scene->names[2], "a.hl7");
    assert_int_equal(folder_count_hidden(&scene->folder), 0);
}

static void two_brokers_never_take_the_same_file(void **state)
{
    struct scene *scene = *state;
    struct scene *other = calloc(1, sizeof *other);
    const struct directory_hooks hooks = {on_file, other};

    assert_non_null(other);
    other->answers = true;
    scene->answers = false;
    put(scene, "a.hl7", "one");
    open_directory(scene);
    wait_for(scene, 1);
    other->directory = directory_open(&scene->loop, &scene->config, &hooks);
    assert_non_null(other->directory);
    run_for(scene, 150);
    assert_int_equal(other->count, 0);
    scene->answers = true;
    directory_done(scene->directory, DIRECTORY_STORED, NULL);
    for (int i = 0; i < 20; i++) {
        char name[20];
        (void)snprintf(name, sizeof name, "%d.hl7", i);
        put(scene, name, name);
    }
    for (int i = 0; i < LIMIT / 10 && scene->count + other->count < 21; i++) {
        run_for(scene, 10);
    }
    run_for(scene, 100);
    assert_int_equal(scene->count + other->count, 21);
    assert_int_equal(folder_count(&scene->folder), 0);
    directory_close(&other->directory);
    free(other);
}

static void what_somebody_holds_locked_is_left_alone(void **state)
{
    struct scene *scene = *state;

    put(scene, "a.hl7", "held");
    put(scene, "b.hl7", "free");
    int fd = openat(scene->folder.fd, "a.hl7", O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    open_directory(scene);
    wait_done(scene, 1, 0);
    assert_string_equal(scene->names[0], "b.hl7");
    assert_true(folder_has(&scene->folder, "a.hl7"));
    (void)close(fd);
    put(scene, "c.hl7", "wakes it");
    wait_done(scene, 3, 0);
}

static void a_file_that_cannot_be_put_away_holds_up_the_next_and_is_not_offered_twice(void **state)
{
    struct scene *scene = *state;

    scene->config.done_directory = scene->done;
    put(scene, "done", "a file where the folder should be");
    put(scene, "a.hl7", "one");
    put(scene, "b.hl7", "two");
    open_directory(scene);
    wait_for(scene, 1);
    run_for(scene, 100);
    assert_int_equal(scene->count, 1);
    assert_non_null(strstr(directory_trouble(scene->directory), "done-directory"));
    assert_int_equal(unlinkat(scene->folder.fd, "done", 0), 0);
    wait_done(scene, 2, 0);
    assert_int_equal(scene->count, 2);
    assert_string_equal(directory_trouble(scene->directory), "");
}

static void a_folder_that_is_not_there_may_come_later(void **state)
{
    struct scene *scene = *state;
    char path[100];

    (void)snprintf(path, sizeof path, "%s/later", scene->folder.path);
    scene->config.directory = path;
    open_directory(scene);
    run_for(scene, 50);
    assert_non_null(strstr(directory_trouble(scene->directory), strerror(ENOENT)));
    assert_int_equal(mkdirat(scene->folder.fd, "later", 0700), 0);
    put(scene, "later/a.hl7", "one");
    wait_done(scene, 1, 0);
    assert_string_equal(directory_trouble(scene->directory), "");
}

static void it_may_be_closed_at_any_moment(void **state)
{
    struct scene *scene = *state;

    for (uint64_t i = 0; i < 60; i++) {
        put(scene, "a.hl7", "one");
        open_directory(scene);
        scene->count = 0;
        scene->config.stable_for = 0;
        run_for(scene, i % 6);
        directory_close(&scene->directory);
    }
    directory_close(&scene->directory);
    directory_close(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_taken_and_then_deleted),
        TEST(files_that_come_later_are_noticed),
        TEST(the_oldest_goes_first_then_the_first_by_name),
        TEST(only_regular_files_that_fit_are_taken),
        TEST(names_of_any_bytes_are_only_names),
        TEST(an_empty_file_is_offered_too),
        TEST(a_file_that_grows_is_left_until_it_rests),
        TEST(a_changed_pattern_counts_at_once),
        TEST(what_was_stored_is_moved_and_never_over_another),
        TEST(what_was_refused_goes_aside_with_the_reason),
        TEST(names_as_long_as_can_be_are_cut_or_left),
        TEST(a_file_that_is_too_long_goes_aside_unread),
        TEST(what_the_journal_does_not_take_now_is_offered_again),
        TEST(one_file_at_a_time_is_taken),
        TEST(what_was_taken_and_not_done_is_taken_first_the_next_time),
        TEST(two_brokers_never_take_the_same_file),
        TEST(what_somebody_holds_locked_is_left_alone),
        TEST(a_file_that_cannot_be_put_away_holds_up_the_next_and_is_not_offered_twice),
        TEST(a_folder_that_is_not_there_may_come_later),
        TEST(it_may_be_closed_at_any_moment),
    };

    size_t threads = threads_count();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    threads_wait(threads);
    return failed;
}
