/* SPDX-License-Identifier: Apache-2.0
 *
 * The file layer is what SQLite calls a VFS: a table of functions for the disk, one for each file. There
 * is no shared memory in it, so the journal works on it only because it locks the file for itself. */
#include "faulty_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What SQLite holds of an open file. */
struct handle {
    sqlite3_file base;
    struct faulty_disk *disk;
    size_t place;
    bool temporary;
    bool new_name; /* its first sync syncs the folder too, as SQLite's own layer for Unix does */
};

/* ---- Bytes that grow ------------------------------------------------------------------------- */

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

void faulty_bytes_resize(struct faulty_bytes *bytes, size_t len)
{
    if (len > bytes->room) {
        bytes->room = len * 2;
        bytes->ptr = must(realloc(bytes->ptr, bytes->room));
    }
    if (len > bytes->len) {
        memset(bytes->ptr + bytes->len, 0, len - bytes->len);
    }
    bytes->len = len;
}

void faulty_bytes_put(struct faulty_bytes *bytes, size_t offset, const void *from, size_t len)
{
    if (offset + len > bytes->len) {
        faulty_bytes_resize(bytes, offset + len);
    }
    memcpy(bytes->ptr + offset, from, len);
}

void faulty_bytes_copy(struct faulty_bytes *to, const struct faulty_bytes *from)
{
    to->len = 0;
    faulty_bytes_resize(to, from->len);
    if (from->len > 0) {
        memcpy(to->ptr, from->ptr, from->len);
    }
}

void faulty_files_free(struct faulty_file files[FAULTY_FILES])
{
    for (size_t i = 0; i < FAULTY_FILES; i++) {
        free(files[i].bytes.ptr);
        files[i] = (struct faulty_file){.exists = false};
    }
}

/* ---- Faults and the record ------------------------------------------------------------------- */

static bool fails(struct faulty_disk *disk, enum faulty_call call)
{
    disk->calls[call]++;
    if (disk->calls[call] != disk->fail_at[call]) {
        return false;
    }
    disk->failed = true;
    return true;
}

static void record(struct faulty_disk *disk, enum faulty_kind kind, size_t file, size_t offset,
                   const void *bytes, size_t len)
{
    if (!disk->recording) {
        return;
    }
    if (disk->event_count == disk->event_room) {
        disk->event_room = disk->event_room * 2 + 1024;
        disk->events = must(realloc(disk->events, disk->event_room * sizeof(struct faulty_event)));
    }
    struct faulty_event *event = &disk->events[disk->event_count++];
    *event = (struct faulty_event){kind, file, offset, len, NULL};
    if (len > 0) {
        event->bytes = must(malloc(len));
        memcpy(event->bytes, bytes, len);
    }
}

void faulty_mark(struct faulty_disk *disk, size_t number)
{
    record(disk, FAULTY_DID_MARK, 0, number, NULL, 0);
}

void faulty_forget(struct faulty_disk *disk)
{
    for (size_t i = 0; i < disk->event_count; i++) {
        free(disk->events[i].bytes);
    }
    disk->event_count = 0;
}

/* ---- Files ----------------------------------------------------------------------------------- */

static struct faulty_file *file_of(sqlite3_file *file)
{
    const struct handle *handle = (const struct handle *)file;

    return &handle->disk->files[handle->place];
}

static int file_close(sqlite3_file *file)
{
    const struct handle *handle = (const struct handle *)file;

    if (handle->temporary) {
        file_of(file)->exists = false;
        file_of(file)->name[0] = '\0';
    }
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *to, int len, sqlite3_int64 offset)
{
    const struct handle *handle = (const struct handle *)file;
    const struct faulty_bytes *bytes = &file_of(file)->bytes;
    size_t start = (size_t)offset < bytes->len ? (size_t)offset : bytes->len;
    size_t have = bytes->len - start < (size_t)len ? bytes->len - start : (size_t)len;

    if (fails(handle->disk, FAULTY_READ)) {
        return SQLITE_IOERR_READ;
    }
    if (have > 0) {
        memcpy(to, bytes->ptr + start, have);
    }
    if (have < (size_t)len) {
        memset((char *)to + have, 0, (size_t)len - have);
        return SQLITE_IOERR_SHORT_READ;
    }
    return SQLITE_OK;
}

/* All files together. */
static size_t used(const struct faulty_disk *disk)
{
    size_t sum = 0;

    for (size_t i = 0; i < FAULTY_FILES; i++) {
        sum += disk->files[i].exists ? disk->files[i].bytes.len : 0;
    }
    return sum;
}

static int file_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 offset)
{
    const struct handle *handle = (const struct handle *)file;
    struct faulty_disk *disk = handle->disk;
    struct faulty_bytes *bytes = &file_of(file)->bytes;
    size_t end = (size_t)offset + (size_t)len;

    if (fails(disk, FAULTY_WRITE)) {
        return SQLITE_IOERR_WRITE;
    }
    if (disk->room > 0 && end > bytes->len && used(disk) + (end - bytes->len) > disk->room) {
        disk->failed = true;
        return SQLITE_FULL;
    }
    faulty_bytes_put(bytes, (size_t)offset, from, (size_t)len);
    record(disk, FAULTY_DID_WRITE, handle->place, (size_t)offset, from, (size_t)len);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    const struct handle *handle = (const struct handle *)file;

    if (fails(handle->disk, FAULTY_TRUNCATE)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    faulty_bytes_resize(&file_of(file)->bytes, (size_t)len);
    record(handle->disk, FAULTY_DID_TRUNCATE, handle->place, (size_t)len, NULL, 0);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct handle *handle = (struct handle *)file;

    (void)flags;
    if (fails(handle->disk, FAULTY_SYNC)) {
        return SQLITE_IOERR_FSYNC;
    }
    record(handle->disk, FAULTY_DID_SYNC, handle->place, handle->new_name, NULL, 0);
    handle->new_name = false;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_len)
{
    const struct handle *handle = (const struct handle *)file;

    if (fails(handle->disk, FAULTY_SIZE)) {
        return SQLITE_IOERR_FSTAT;
    }
    *ret_len = (sqlite3_int64)file_of(file)->bytes.len;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int file_check_lock(sqlite3_file *file, int *ret_locked)
{
    (void)file;
    *ret_locked = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
    (void)file;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

static int file_device(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
};

/* ---- The disk -------------------------------------------------------------------------------- */

/* The place of a name, or a free one. */
static size_t place_of(struct faulty_disk *disk, const char *name)
{
    size_t unused = FAULTY_FILES;

    for (size_t i = 0; i < FAULTY_FILES; i++) {
        if (strcmp(disk->files[i].name, name) == 0) {
            return i;
        }
        unused = unused == FAULTY_FILES && disk->files[i].name[0] == '\0' ? i : unused;
    }
    if (unused == FAULTY_FILES) {
        abort();
    }
    (void)snprintf(disk->files[unused].name, FAULTY_NAME, "%s", name);
    return unused;
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    struct faulty_disk *disk = vfs->pAppData;
    struct handle *handle = (struct handle *)file;
    char made_up[FAULTY_NAME];

    handle->base.pMethods = NULL;
    if (fails(disk, FAULTY_OPEN)) {
        return SQLITE_CANTOPEN;
    }
    if (name == NULL) {
        (void)snprintf(made_up, sizeof made_up, "temporary-%zu", disk->calls[FAULTY_OPEN]);
    }
    handle->disk = disk;
    handle->temporary = name == NULL;
    handle->new_name = (flags & SQLITE_OPEN_CREATE) != 0 &&
                       (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    handle->place = place_of(disk, name == NULL ? made_up : name);
    struct faulty_file *opened = &disk->files[handle->place];
    /* The journal's file itself is made before SQLite sees it. */
    if (!opened->exists) {
        opened->exists = true;
        opened->bytes.len = 0;
        if (name != NULL) {
            record(disk, FAULTY_DID_CREATE, handle->place, (flags & SQLITE_OPEN_MAIN_DB) != 0, NULL,
                   0);
        }
    }
    handle->base.pMethods = &file_methods;
    if (ret_flags != NULL) {
        *ret_flags = flags;
    }
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    struct faulty_disk *disk = vfs->pAppData;
    size_t place = place_of(disk, name);

    if (fails(disk, FAULTY_DELETE)) {
        return SQLITE_IOERR_DELETE;
    }
    if (!disk->files[place].exists) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    disk->files[place].exists = false;
    disk->files[place].bytes.len = 0;
    record(disk, FAULTY_DID_DELETE, place, sync != 0, NULL, 0);
    return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_there)
{
    struct faulty_disk *disk = vfs->pAppData;
    const struct faulty_file *file = &disk->files[place_of(disk, name)];

    *ret_there = file->exists && (flags != SQLITE_ACCESS_EXISTS || file->bytes.len > 0);
    return SQLITE_OK;
}

static int disk_path(sqlite3_vfs *vfs, const char *name, int size, char *ret_path)
{
    (void)vfs;
    return snprintf(ret_path, (size_t)size, "%s", name) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int disk_randomness(sqlite3_vfs *vfs, int len, char *ret_bytes)
{
    const struct faulty_disk *disk = vfs->pAppData;

    return disk->real->xRandomness(disk->real, len, ret_bytes);
}

static int disk_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int disk_time(sqlite3_vfs *vfs, double *ret_days)
{
    const struct faulty_disk *disk = vfs->pAppData;

    return disk->real->xCurrentTime(disk->real, ret_days);
}

void faulty_install(struct faulty_disk *disk)
{
    *disk = (struct faulty_disk){.real = sqlite3_vfs_find(NULL)};
    disk->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = sizeof(struct handle),
        .mxPathname = FAULTY_NAME - 1,
        .zName = "faulty",
        .pAppData = disk,
        .xOpen = disk_open,
        .xDelete = disk_delete,
        .xAccess = disk_access,
        .xFullPathname = disk_path,
        .xRandomness = disk_randomness,
        .xSleep = disk_sleep,
        .xCurrentTime = disk_time,
    };
    assert_int_equal(sqlite3_vfs_register(&disk->vfs, 1), SQLITE_OK);
}

void faulty_remove(struct faulty_disk *disk)
{
    assert_int_equal(sqlite3_vfs_unregister(&disk->vfs), SQLITE_OK);
    faulty_wipe(disk);
    faulty_forget(disk);
    free(disk->events);
    disk->events = NULL;
}

void faulty_wipe(struct faulty_disk *disk)
{
    faulty_files_free(disk->files);
}
