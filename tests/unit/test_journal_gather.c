/* SPDX-License-Identifier: Apache-2.0
 *
 * The layer that writes at once what lies side by side, on a disk that counts, records and fails. */
#include "faulty_disk.h"

#include "broker/journal/gather.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 65536 }; /* as in gather.c */

/* A file of the layer, open. */
struct bench {
    struct faulty_disk disk;
    struct gather gather;
    sqlite3_file *file;
};

static void begin(struct bench *bench)
{
    faulty_install(&bench->disk);
    bench->gather = (struct gather){.real = NULL};
    assert_int_equal(gather_install(&bench->gather), SQLITE_OK);
    sqlite3_vfs *vfs = sqlite3_vfs_find(bench->gather.name);
    assert_ptr_equal(vfs, &bench->gather.vfs);
    bench->file = calloc(1, (size_t)vfs->szOsFile);
    assert_non_null(bench->file);
    assert_int_equal(vfs->xOpen(vfs, "file", bench->file,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL, NULL),
                     SQLITE_OK);
    bench->disk.recording = true;
}

static void end(struct bench *bench)
{
    assert_int_equal(bench->file->pMethods->xClose(bench->file), SQLITE_OK);
    free(bench->file);
    gather_remove(&bench->gather);
    assert_null(sqlite3_vfs_find(bench->gather.name));
    faulty_remove(&bench->disk);
}

static int put(const struct bench *bench, const char *text, sqlite3_int64 at)
{
    return bench->file->pMethods->xWrite(bench->file, text, (int)strlen(text), at);
}

static int sync_file(const struct bench *bench)
{
    return bench->file->pMethods->xSync(bench->file, SQLITE_SYNC_NORMAL);
}

/* The event of this number is a write of this text. */
static void assert_written(const struct bench *bench, size_t number, size_t at, const char *text)
{
    const struct faulty_event *event = &bench->disk.events[number];

    assert_true(number < bench->disk.event_count);
    assert_int_equal(event->kind, FAULTY_DID_WRITE);
    assert_int_equal(event->offset, at);
    assert_int_equal(event->len, strlen(text));
    assert_memory_equal(event->bytes, text, event->len);
}

static void what_lies_side_by_side_is_one_write_before_the_sync(void **state)
{
    static struct bench bench;

    (void)state;
    begin(&bench);
    assert_int_equal(put(&bench, "head", 32), SQLITE_OK);
    assert_int_equal(put(&bench, "page", 36), SQLITE_OK);
    assert_int_equal(put(&bench, "head", 40), SQLITE_OK);
    assert_int_equal(bench.disk.event_count, 0);
    assert_int_equal(sync_file(&bench), SQLITE_OK);
    assert_int_equal(bench.disk.event_count, 2);
    assert_written(&bench, 0, 32, "headpagehead");
    assert_int_equal(bench.disk.events[1].kind, FAULTY_DID_SYNC);
    end(&bench);
}

static void what_does_not_is_written_in_its_order(void **state)
{
    static struct bench bench;

    (void)state;
    begin(&bench);
    assert_int_equal(put(&bench, "aa", 10), SQLITE_OK);
    assert_int_equal(put(&bench, "bb", 0), SQLITE_OK);
    assert_int_equal(put(&bench, "cc", 11), SQLITE_OK);
    assert_int_equal(put(&bench, "dd", 11), SQLITE_OK);
    assert_int_equal(sync_file(&bench), SQLITE_OK);
    assert_written(&bench, 0, 10, "aa");
    assert_written(&bench, 1, 0, "bb");
    assert_written(&bench, 2, 11, "cc");
    assert_written(&bench, 3, 11, "dd");
    end(&bench);
}

static void a_read_and_the_size_know_what_was_written(void **state)
{
    static struct bench bench;
    char bytes[4] = "";
    sqlite3_int64 size = 0;

    (void)state;
    begin(&bench);
    assert_int_equal(put(&bench, "abcd", 0), SQLITE_OK);
    assert_int_equal(bench.file->pMethods->xRead(bench.file, bytes, 4, 0), SQLITE_OK);
    assert_memory_equal(bytes, "abcd", 4);
    assert_int_equal(put(&bench, "ef", 4), SQLITE_OK);
    assert_int_equal(bench.file->pMethods->xFileSize(bench.file, &size), SQLITE_OK);
    assert_int_equal(size, 6);
    assert_int_equal(put(&bench, "gh", 6), SQLITE_OK);
    assert_int_equal(bench.file->pMethods->xTruncate(bench.file, 7), SQLITE_OK);
    assert_int_equal(bench.file->pMethods->xFileSize(bench.file, &size), SQLITE_OK);
    assert_int_equal(size, 7);
    end(&bench);
}

static void what_does_not_fit_goes_at_once(void **state)
{
    static struct bench bench;
    static char most[ROOM + 1];

    (void)state;
    begin(&bench);
    assert_int_equal(put(&bench, "x", 0), SQLITE_OK);
    assert_int_equal(bench.file->pMethods->xWrite(bench.file, most, ROOM, 1), SQLITE_OK);
    assert_int_equal(bench.disk.event_count, 1);
    assert_int_equal(bench.file->pMethods->xWrite(bench.file, most, ROOM + 1, 1 + ROOM), SQLITE_OK);
    assert_int_equal(bench.disk.event_count, 3);
    assert_int_equal(put(&bench, "y", 0), SQLITE_OK);
    assert_int_equal(sync_file(&bench), SQLITE_OK);
    assert_written(&bench, 3, 0, "y");
    end(&bench);
}

static void a_write_that_fails_is_told_by_the_sync_and_not_tried_again(void **state)
{
    static struct bench bench;

    (void)state;
    begin(&bench);
    assert_int_equal(put(&bench, "lost", 0), SQLITE_OK);
    bench.disk.fail_at[FAULTY_WRITE] = bench.disk.calls[FAULTY_WRITE] + 1;
    assert_int_equal(sync_file(&bench), SQLITE_IOERR_WRITE);
    assert_int_equal(bench.disk.event_count, 0);
    assert_int_equal(sync_file(&bench), SQLITE_OK);
    assert_int_equal(bench.disk.event_count, 1);
    end(&bench);
}

static void a_full_disk_is_told_by_the_write_that_finds_it(void **state)
{
    static struct bench bench;

    (void)state;
    begin(&bench);
    bench.disk.room = 3;
    assert_int_equal(put(&bench, "four", 0), SQLITE_OK);
    assert_int_equal(put(&bench, "x", 100), SQLITE_FULL);
    assert_int_equal(sync_file(&bench), SQLITE_OK);
    end(&bench);
}

static void what_was_not_synced_is_dropped_with_the_file(void **state)
{
    static struct bench bench;

    (void)state;
    begin(&bench);
    assert_int_equal(put(&bench, "gone", 0), SQLITE_OK);
    end(&bench);
    assert_int_equal(bench.disk.calls[FAULTY_WRITE], 0);
}

static void a_file_that_cannot_be_opened_is_not_there(void **state)
{
    static struct bench bench;
    static sqlite3_int64 room[ROOM];
    sqlite3_file *file = (sqlite3_file *)room;

    (void)state;
    begin(&bench);
    bench.disk.fail_at[FAULTY_OPEN] = bench.disk.calls[FAULTY_OPEN] + 1;
    sqlite3_vfs *vfs = &bench.gather.vfs;
    assert_int_equal(
        vfs->xOpen(vfs, "other", file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
        SQLITE_CANTOPEN);
    assert_null(file->pMethods);
    end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_side_by_side_is_one_write_before_the_sync),
        cmocka_unit_test(what_does_not_is_written_in_its_order),
        cmocka_unit_test(a_read_and_the_size_know_what_was_written),
        cmocka_unit_test(what_does_not_fit_goes_at_once),
        cmocka_unit_test(a_write_that_fails_is_told_by_the_sync_and_not_tried_again),
        cmocka_unit_test(a_full_disk_is_told_by_the_write_that_finds_it),
        cmocka_unit_test(what_was_not_synced_is_dropped_with_the_file),
        cmocka_unit_test(a_file_that_cannot_be_opened_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
