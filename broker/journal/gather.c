/* SPDX-License-Identifier: Apache-2.0
 *
 * Each file has room for one run of bytes without a gap. See gather.h. */
#include "gather.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ROOM = 64 * 1024 };

struct gather_file {
    sqlite3_file base;
    sqlite3_int64 begin; /* of the run, in the file */
    size_t len;          /* 0: nothing waits */
    sqlite3_file *real;  /* behind this struct */
    unsigned char bytes[ROOM];
};

static struct gather_file *own(sqlite3_file *file)
{
    return (struct gather_file *)file;
}

/* Writes the run. One that fails is not kept: SQLite gives up what it belonged to. */
static int flush(struct gather_file *file)
{
    size_t len = file->len;

    file->len = 0;
    return len == 0 ? SQLITE_OK
                    : file->real->pMethods->xWrite(file->real, file->bytes, (int)len, file->begin);
}

/* ---- A file ---------------------------------------------------------------------------------- */

static int file_close(sqlite3_file *base)
{
    return own(base)->real->pMethods->xClose(own(base)->real);
}

static int file_write(sqlite3_file *base, const void *bytes, int amount, sqlite3_int64 at)
{
    struct gather_file *file = own(base);
    const size_t len = (size_t)amount;
    int result = SQLITE_OK;

    if (at != file->begin + (sqlite3_int64)file->len || len > ROOM - file->len) {
        result = flush(file);
    }
    if (result != SQLITE_OK) {
        return result;
    }
    if (len > ROOM) {
        return file->real->pMethods->xWrite(file->real, bytes, amount, at);
    }
    if (file->len == 0) {
        file->begin = at;
    }
    memcpy(file->bytes + file->len, bytes, len);
    file->len += len;
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *bytes, int amount, sqlite3_int64 at)
{
    int result = flush(own(base));

    return result != SQLITE_OK
               ? result
               : own(base)->real->pMethods->xRead(own(base)->real, bytes, amount, at);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    int result = flush(own(base));

    return result != SQLITE_OK ? result
                               : own(base)->real->pMethods->xTruncate(own(base)->real, size);
}

static int file_sync(sqlite3_file *base, int flags)
{
    int result = flush(own(base));

    return result != SQLITE_OK ? result : own(base)->real->pMethods->xSync(own(base)->real, flags);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    int result = flush(own(base));

    return result != SQLITE_OK ? result
                               : own(base)->real->pMethods->xFileSize(own(base)->real, ret_size);
}

static int file_control(sqlite3_file *base, int what, void *argument)
{
    int result = flush(own(base));

    return result != SQLITE_OK
               ? result
               : own(base)->real->pMethods->xFileControl(own(base)->real, what, argument);
}

static int file_lock(sqlite3_file *base, int level)
{
    return own(base)->real->pMethods->xLock(own(base)->real, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    return own(base)->real->pMethods->xUnlock(own(base)->real, level);
}

static int file_check_lock(sqlite3_file *base, int *ret_locked)
{
    return own(base)->real->pMethods->xCheckReservedLock(own(base)->real, ret_locked);
}

static int file_sector_size(sqlite3_file *base)
{
    return own(base)->real->pMethods->xSectorSize(own(base)->real);
}

static int file_characteristics(sqlite3_file *base)
{
    return own(base)->real->pMethods->xDeviceCharacteristics(own(base)->real);
}

/* ---- The layer ------------------------------------------------------------------------------- */

static sqlite3_vfs *below(const sqlite3_vfs *vfs)
{
    return ((const struct gather *)vfs->pAppData)->real;
}

static int layer_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                      int *ret_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 1, /* no shared memory: the journal has its database to itself */
        .xClose = file_close,
        .xRead = file_read,
        .xWrite = file_write,
        .xTruncate = file_truncate,
        .xSync = file_sync,
        .xFileSize = file_size,
        .xLock = file_lock,
        .xUnlock = file_unlock,
        .xCheckReservedLock = file_check_lock,
        .xFileControl = file_control,
        .xSectorSize = file_sector_size,
        .xDeviceCharacteristics = file_characteristics,
    };
    struct gather_file *file = own(base);

    file->base.pMethods = NULL;
    file->len = 0;
    file->real = (sqlite3_file *)(file + 1);
    file->real->pMethods = NULL;
    int result = below(vfs)->xOpen(below(vfs), name, file->real, flags, ret_flags);
    if (result == SQLITE_OK) {
        file->base.pMethods = &methods;
    } else if (file->real->pMethods != NULL) {
        (void)file->real->pMethods->xClose(file->real);
    }
    return result;
}

static int layer_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    return below(vfs)->xDelete(below(vfs), name, sync);
}

static int layer_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_there)
{
    return below(vfs)->xAccess(below(vfs), name, flags, ret_there);
}

static int layer_path(sqlite3_vfs *vfs, const char *name, int size, char *ret_path)
{
    return below(vfs)->xFullPathname(below(vfs), name, size, ret_path);
}

static int layer_randomness(sqlite3_vfs *vfs, int len, char *ret_bytes)
{
    return below(vfs)->xRandomness(below(vfs), len, ret_bytes);
}

static int layer_sleep(sqlite3_vfs *vfs, int microseconds)
{
    return below(vfs)->xSleep(below(vfs), microseconds);
}

static int layer_time(sqlite3_vfs *vfs, double *ret_days)
{
    return below(vfs)->xCurrentTime(below(vfs), ret_days);
}

static int layer_error(sqlite3_vfs *vfs, int len, char *ret_text)
{
    return below(vfs)->xGetLastError == NULL ? 0
                                             : below(vfs)->xGetLastError(below(vfs), len, ret_text);
}

int gather_install(struct gather *gather)
{
    gather->real = sqlite3_vfs_find(NULL);
    if (gather->real == NULL) {
        return SQLITE_ERROR;
    }
    /* Each journal has its own, so the name is that of its place in memory. */
    (void)snprintf(gather->name, sizeof gather->name, "gather-%p", (void *)gather);
    gather->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct gather_file) + gather->real->szOsFile,
        .mxPathname = gather->real->mxPathname,
        .zName = gather->name,
        .pAppData = gather,
        .xOpen = layer_open,
        .xDelete = layer_delete,
        .xAccess = layer_access,
        .xFullPathname = layer_path,
        .xRandomness = layer_randomness,
        .xSleep = layer_sleep,
        .xCurrentTime = layer_time,
        .xGetLastError = layer_error,
    };
    return sqlite3_vfs_register(&gather->vfs, 0);
}

void gather_remove(struct gather *gather)
{
    if (gather->real != NULL) {
        (void)sqlite3_vfs_unregister(&gather->vfs);
        gather->real = NULL;
    }
}
