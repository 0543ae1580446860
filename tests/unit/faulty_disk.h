/* SPDX-License-Identifier: Apache-2.0
 *
 * faulty_disk.h - a disk in memory for SQLite, on which everything can go wrong: calls that fail, space
 * that ends, power that goes.
 *
 * While a disk is installed it is SQLite's default file layer. It keeps, for each file, the bytes a
 * process sees. With recording on it keeps the order of all that happened as well, and
 * faulty_crash_*() goes through it again, operation by operation, and makes the states in which a disk
 * may be found after the power went there:
 *
 *   - what was synced is there;
 *   - of what was written since, any part of 512 bytes may be there or not, each on its own: writes are
 *     lost, torn and reordered;
 *   - a file that was made or removed since the folder was synced may be there or not; likewise a new
 *     length. The first sync of a new log syncs the folder, as it does in SQLite's layer for Unix.
 *
 * Bytes beside a write are not harmed: SQLite assumes it (SQLITE_IOCAP_POWERSAFE_OVERWRITE). */
#ifndef TESTS_UNIT_FAULTY_DISK_H
#define TESTS_UNIT_FAULTY_DISK_H

#include "support.h"

#include <sqlite3.h>

enum faulty_call {
    FAULTY_OPEN,
    FAULTY_READ,
    FAULTY_WRITE,
    FAULTY_SYNC,
    FAULTY_TRUNCATE,
    FAULTY_DELETE,
    FAULTY_SIZE,
    FAULTY_CALLS
};

enum { FAULTY_FILES = 8, FAULTY_NAME = 128 };

struct faulty_bytes {
    unsigned char *ptr;
    size_t len;
    size_t room;
};

struct faulty_file {
    char name[FAULTY_NAME]; /* "": the place is free */
    bool exists;
    struct faulty_bytes bytes;
};

void faulty_bytes_resize(struct faulty_bytes *bytes, size_t len);
void faulty_bytes_put(struct faulty_bytes *bytes, size_t offset, const void *from, size_t len);
void faulty_bytes_copy(struct faulty_bytes *to, const struct faulty_bytes *from);
void faulty_files_free(struct faulty_file files[FAULTY_FILES]);

enum faulty_kind {
    FAULTY_DID_WRITE,
    FAULTY_DID_TRUNCATE,
    FAULTY_DID_SYNC,
    FAULTY_DID_CREATE,
    FAULTY_DID_DELETE,
    FAULTY_DID_MARK
};

/* Something that happened: `file` is its place, `offset` also a new length or what a mark says. */
struct faulty_event {
    enum faulty_kind kind;
    size_t file;
    size_t offset;
    size_t len;
    unsigned char *bytes; /* malloc'd */
};

struct faulty_disk {
    sqlite3_vfs vfs;
    sqlite3_vfs *real; /* for time and randomness */
    struct faulty_file files[FAULTY_FILES];
    size_t calls[FAULTY_CALLS];   /* made so far */
    size_t fail_at[FAULTY_CALLS]; /* the number of the call that fails, 0: none */
    bool failed;                  /* one did */
    size_t room;                  /* bytes all files may take; 0: no limit */
    bool recording;
    struct faulty_event *events;
    size_t event_count;
    size_t event_room;
};

/* Makes an empty disk the default file layer, and takes it away with all that is on it. */
void faulty_install(struct faulty_disk *disk);
void faulty_remove(struct faulty_disk *disk);

/* Removes every file, as if the disk were new. */
void faulty_wipe(struct faulty_disk *disk);

/* Writes a number into the record: all that was acknowledged by now, say. */
void faulty_mark(struct faulty_disk *disk, size_t number);

/* Forgets what was recorded. */
void faulty_forget(struct faulty_disk *disk);

/* A walk through the record. */
struct faulty_crash {
    const struct faulty_disk *disk;
    size_t at;                               /* events that happened before the power went */
    size_t mark;                             /* the last mark among them */
    struct faulty_file synced[FAULTY_FILES]; /* what is certain */
    size_t since[FAULTY_FILES];              /* the event after each file's last sync */
};

void faulty_crash_begin(struct faulty_crash *crash, const struct faulty_disk *disk);

/* One event further; false behind the last one. */
bool faulty_crash_step(struct faulty_crash *crash);

/* A state in which the disk may be found, onto `target`. Each part that is in doubt is there once in
 * `odds` times, by chance; 0: never, 1: always. */
void faulty_crash_state(const struct faulty_crash *crash, struct random_state *random, size_t odds,
                        struct faulty_disk *target);

void faulty_crash_end(struct faulty_crash *crash);

/* How many times longer things take in this build (ORDERLY_BUILD): 1 for an ordinary one. */
size_t faulty_slowness(void);

/* Memory: SQLite's allocation number `at` from now fails, once; 0: none. The count begins anew.
 * faulty_memory_install() is called before SQLite is used at all. */
void faulty_memory_install(void);
void faulty_memory_fail(size_t at);
/* Allocations since. */
size_t faulty_memory_count(void);
/* The allocation that was to fail did. */
bool faulty_memory_failed(void);

#endif
