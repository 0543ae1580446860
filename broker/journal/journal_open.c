/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing. The file is made here, not by SQLite, so that nobody else can read it from its
 * first moment; the names of what is new are synced before anything is stored in it. The exclusive
 * locking mode of SQLite keeps a second broker out for as long as this one lives, and its index of the
 * log in plain memory. */
#include "schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CACHE_BYTES = 16 << 20 };

/* Syncs the names in a folder; false with errno set. */
static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return false;
    }
    bool done = fsync(fd) == 0;
    int error = errno;
    (void)close(fd);
    errno = error;
    return done;
}

bool journal_make_folder(const char *folder)
{
    char parent[PATH_MAX];

    if (mkdir(folder, 0700) != 0) {
        return errno == EEXIST;
    }
    if (snprintf(parent, sizeof parent, "%s/..", folder) >= (int)sizeof parent) {
        errno = ENAMETOOLONG;
        return false;
    }
    return sync_folder(parent);
}

/* Makes what is not there; the path of the file comes back. */
static bool make_file(const char *folder, char ret_path[PATH_MAX])
{
    if (!journal_make_folder(folder)) {
        return false;
    }
    if (snprintf(ret_path, PATH_MAX, "%s/journal.db", folder) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    /* A file that is there is not opened: closing it would end the locks this process has on it. */
    int fd = open(ret_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 ? errno != EEXIST : close(fd) != 0) {
        return false;
    }
    /* Also when it was there: who made it may have died before this. */
    return sync_folder(folder);
}

static int on_log(void *context, sqlite3 *db, const char *name, int pages)
{
    struct journal *journal = context;

    (void)db;
    (void)name;
    journal->log_pages = pages;
    return SQLITE_OK;
}

/* What holds for this connection. cell_size_check and quick reading of damaged pages: SQLite looks at a
 * page before it believes it. Memory-mapped reads would turn an error of the disk into a signal. */
static enum journal_code configure(struct journal *journal, const struct journal_options *options)
{
    char cache[64];
    size_t bytes = options->cache_bytes == 0 ? CACHE_BYTES : options->cache_bytes;
    enum journal_code code;

    (void)sqlite3_extended_result_codes(journal->db, 1);
    (void)sqlite3_db_config(journal->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(journal->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)snprintf(cache, sizeof cache, "PRAGMA cache_size = -%zu", bytes / 1024);
    code = schema_run(journal, "PRAGMA locking_mode = EXCLUSIVE;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA mmap_size = 0;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA secure_delete = FAST;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA journal_size_limit = 67108864");
    return code == JOURNAL_OK ? schema_run(journal, cache) : code;
}

/* A transaction takes the lock, which is kept. The statements that end one must not want memory. */
static enum journal_code take(struct journal *journal)
{
    static const enum statement needed[] = {STATEMENT_BEGIN, STATEMENT_ROLLBACK, STATEMENT_BEGIN,
                                            STATEMENT_COMMIT};
    enum journal_code code = JOURNAL_OK;
    int64_t page_size = 0;

    if (sqlite3_db_readonly(journal->db, "main") == 1) {
        return sql_refuse(journal, JOURNAL_FAILED,
                          "the journal can be read but not written: whose file is it?");
    }
    for (size_t i = 0; i < sizeof needed / sizeof needed[0] && code == JOURNAL_OK; i++) {
        code = sql_do(journal, needed[i], NULL, 0);
    }
    if (code == JOURNAL_OK) {
        code = schema_pragma(journal, "PRAGMA page_size", &page_size);
    }
    if (code == JOURNAL_OK) {
        code = journal_ids_read(journal);
    }
    journal->page_size = (int)page_size;
    return code;
}

static enum journal_code open_at(struct journal *journal, const char *folder,
                                 const struct journal_options *options)
{
    char path[PATH_MAX];

    if (!make_file(folder, path)) {
        (void)snprintf(journal->reason, sizeof journal->reason, "cannot make the journal: %s",
                       strerror(errno));
        return errno == ENOSPC || errno == EDQUOT ? JOURNAL_FULL : JOURNAL_FAILED;
    }
    int result = gather_install(&journal->gather);
    if (result == SQLITE_OK) {
        result =
            sqlite3_open_v2(path, &journal->db,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                            journal->gather.name);
    }
    if (result != SQLITE_OK) {
        return sql_fail(journal, result, "opening the journal");
    }
    enum journal_code code = configure(journal, options);
    if (code == JOURNAL_OK) {
        code = schema_upgrade(journal);
    }
    if (code == JOURNAL_OK) {
        (void)sqlite3_wal_hook(journal->db, on_log, journal);
        code = take(journal);
    }
    return code;
}

void journal_do_not_count_memory(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum journal_code journal_open(const char *folder, const struct journal_options *options,
                               struct journal **ret_journal, char ret_reason[256])
{
    static const struct journal_options defaults = {0, 0};
    struct journal *journal = calloc(1, sizeof *journal);

    if (journal == NULL) {
        if (ret_reason != NULL) {
            (void)snprintf(ret_reason, 256, "out of memory");
        }
        return JOURNAL_NO_MEMORY;
    }
    options = options == NULL ? &defaults : options;
    checksum_init(&journal->checksum);
    journal->max_bytes = options->max_bytes;
    enum journal_code code = open_at(journal, folder, options);
    if (code == JOURNAL_BUSY) {
        code = sql_refuse(journal, JOURNAL_LOCKED, "another process has the journal open");
    }
    if (code != JOURNAL_OK) {
        if (ret_reason != NULL) {
            memcpy(ret_reason, journal->reason, sizeof journal->reason);
        }
        journal_close(&journal);
        return code;
    }
    *ret_journal = journal;
    return JOURNAL_OK;
}

void journal_close(struct journal **journal)
{
    struct journal *closing = journal == NULL ? NULL : *journal;

    if (closing == NULL) {
        return;
    }
    *journal = NULL;
    journal_backup_abandon(closing);
    for (size_t i = 0; i < STATEMENTS; i++) {
        (void)sqlite3_finalize(closing->statements[i]);
    }
    /* What is committed stays so: closing may move the log into place, or leave that to the next
     * opening. After a failure it must not, since what memory holds may not be what is on the disk. */
    if (closing->failed && closing->db != NULL) {
        (void)sqlite3_db_config(closing->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    (void)sqlite3_close(closing->db);
    gather_remove(&closing->gather);
    free(closing);
}
