/* SPDX-License-Identifier: Apache-2.0
 *
 * A configuration with too little memory: the Nth allocation fails, for every N. The linker puts these
 * functions between the program and the C library (--wrap, tests/CMakeLists.txt). */
#include "config_try.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Allocations until one fails; SIZE_MAX: none does. After it all succeed, or, with `all`, none. */
static struct {
    size_t left;
    bool all;
    size_t failed;
} shortage = {.left = SIZE_MAX};

/* The names that --wrap gives both sides are the linker's, not C's. */
#define LINKER_NAME(name) __asm__(#name)

void *real_malloc(size_t size) LINKER_NAME(__real_malloc);
void *real_calloc(size_t count, size_t size) LINKER_NAME(__real_calloc);
void *real_realloc(void *old, size_t size) LINKER_NAME(__real_realloc);
void *real_reallocarray(void *old, size_t count, size_t size) LINKER_NAME(__real_reallocarray);
void *real_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
    LINKER_NAME(__real_mmap);
void *short_malloc(size_t size) LINKER_NAME(__wrap_malloc);
void *short_calloc(size_t count, size_t size) LINKER_NAME(__wrap_calloc);
void *short_realloc(void *old, size_t size) LINKER_NAME(__wrap_realloc);
void *short_reallocarray(void *old, size_t count, size_t size) LINKER_NAME(__wrap_reallocarray);
void *short_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
    LINKER_NAME(__wrap_mmap);

static bool fails(void)
{
    if (shortage.left == SIZE_MAX) {
        return false;
    }
    if (shortage.left > 0) {
        shortage.left--;
        return false;
    }
    shortage.failed++;
    if (!shortage.all) {
        shortage.left = SIZE_MAX;
    }
    return true;
}

void *short_malloc(size_t size)
{
    return fails() ? NULL : real_malloc(size);
}

void *short_calloc(size_t count, size_t size)
{
    return fails() ? NULL : real_calloc(count, size);
}

void *short_realloc(void *old, size_t size)
{
    return fails() ? NULL : real_realloc(old, size);
}

void *short_reallocarray(void *old, size_t count, size_t size)
{
    return fails() ? NULL : real_reallocarray(old, count, size);
}

void *short_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    return fails() ? MAP_FAILED : real_mmap(at, len, protection, flags, fd, offset);
}

static const char text[] = "include = r/*.ini, out.ini\n"
                           "[orderly]\nindex = PV1-19 as visit\nalert-command = a 'b c'\n"
                           "[listener in]\naddress = 2575\nallow = 10.0.0.0/8, ::1\n"
                           "ack-template = ack.hl7\ncharset = 8859/1\nmax-message = ${file:size}\n"
                           "[listener files]\ndirectory = in\n"
                           "[destination disk]\ndirectory = out\nfile-name = {date}-{id}\n"
                           "[defaults route]\nfrom = in, files\n";

static void put_files(const struct config_try *attempt)
{
    folder_write_text(&attempt->folder, "r/a.ini",
                      "[route a]\nto = out, disk\nwhen = map('sex', PID-8, '') = 'x'\n");
    folder_write_text(&attempt->folder, "r/sex.csv", "F,x\n");
    folder_write_text(&attempt->folder, "r/b.ini", "[route b]\nto = out\n");
    folder_write_text(&attempt->folder, "out.ini", "[destination out]\nmllp = ris:2575\n");
    folder_write_text(&attempt->folder, "ack.hl7", "MSH|^~\\&|A\n{include 'part.hl7'}");
    folder_write_text(&attempt->folder, "part.hl7", "MSA|AA|{MSH-10}\n");
    folder_write_text(&attempt->folder, "size", "1M\n");
}

/* Loads with the Nth allocation failing; false when there are fewer than that. */
static bool load_short(const char *path, size_t n, bool all, enum config_answer enough)
{
    struct config_report report = {.findings = NULL};
    struct config *config = NULL;

    shortage.left = n;
    shortage.all = all;
    shortage.failed = 0;
    enum config_answer answer = config_load(path, &config, &report);
    shortage.left = SIZE_MAX;
    bool failed = shortage.failed > 0;
    /* No memory for a string that only a library of the system wanted may do no harm. */
    if (answer != CONFIG_NO_MEMORY) {
        assert_int_equal(answer, enough);
    }
    assert_true(answer == CONFIG_NO_MEMORY ? failed : true);
    assert_true((answer == CONFIG_LOADED) == (config != NULL));
    config_report_release(&report);
    config_free(&config);
    return failed;
}

static void every_failure_is_answered_with_no_memory(void **state)
{
    struct config_try attempt;

    (void)state;
    config_try_open(&attempt);
    put_files(&attempt);
    for (int all = 0; all < 2; all++) {
        size_t n = 0;
        folder_write_text(&attempt.folder, "main.ini", text);
        const char *path = folder_path(&attempt.folder, "main.ini");
        while (load_short(path, n, all == 1, CONFIG_LOADED)) {
            n++;
        }
        assert_true(n > 10);
    }
    config_try_close(&attempt);
}

static void so_is_one_among_mistakes(void **state)
{
    struct config_try attempt;
    size_t n = 0;

    (void)state;
    config_try_open(&attempt);
    put_files(&attempt);
    folder_write_text(&attempt.folder, "r/b.ini", "[route b]\nto = uot\njunk\nwhen = uper(x)\n");
    folder_write_text(&attempt.folder, "main.ini", text);
    while (load_short(folder_path(&attempt.folder, "main.ini"), n, false, CONFIG_WRONG)) {
        n++;
    }
    assert_true(n > 10);
    config_try_close(&attempt);
}

static void a_comparison_without_memory_is_none(void **state)
{
    struct config_try attempt;
    size_t count = 77;

    (void)state;
    config_try_open(&attempt);
    put_files(&attempt);
    config_try_load(&attempt, text);
    assert_int_equal(attempt.answer, CONFIG_LOADED);
    shortage.left = 0;
    shortage.all = false;
    assert_null(config_diff(attempt.config, attempt.config, &count));
    assert_int_equal(count, 77);
    config_try_close(&attempt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failure_is_answered_with_no_memory),
        cmocka_unit_test(so_is_one_among_mistakes),
        cmocka_unit_test(a_comparison_without_memory_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
