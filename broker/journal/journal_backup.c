/* SPDX-License-Identifier: Apache-2.0
 *
 * A copy while the journal works on. SQLite's backup goes through the journal's own connection, so what
 * is changed meanwhile is changed in the copy too, and the copy is that of the moment it ends. It is
 * written under a temporary name and takes its name when it is synced. */
#include "sql.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct journal_backup {
    struct journal *journal;
    sqlite3 *db;
    sqlite3_backup *copy;
    bool complete;
    char path[PATH_MAX];
    char temporary[PATH_MAX];
};

/* Frees the copy with what it has written so far. */
static void abandon(struct journal_backup *backup)
{
    if (backup->journal->backup == backup) {
        backup->journal->backup = NULL;
    }
    (void)sqlite3_backup_finish(backup->copy);
    (void)sqlite3_close(backup->db);
    if (backup->temporary[0] != '\0') {
        (void)unlink(backup->temporary);
    }
    free(backup);
}

void journal_backup_abandon(struct journal *journal)
{
    if (journal->backup != NULL) {
        abandon(journal->backup);
    }
}

/* A failure of the copy is not one of the journal. */
static enum journal_code copy_failed(struct journal_backup *backup, const char *what, int result)
{
    enum journal_code code = sql_code(result);

    (void)snprintf(backup->journal->reason, sizeof backup->journal->reason, "%s: %s", what,
                   sqlite3_errstr(result));
    return code == JOURNAL_FAILED ? JOURNAL_REFUSED : code;
}

static bool make_temporary(struct journal_backup *backup, const char *path)
{
    if (snprintf(backup->path, sizeof backup->path, "%s", path) >= (int)sizeof backup->path ||
        snprintf(backup->temporary, sizeof backup->temporary, "%s.part", path) >=
            (int)sizeof backup->temporary) {
        backup->temporary[0] = '\0';
        errno = ENAMETOOLONG;
        return false;
    }
    (void)unlink(backup->temporary);
    int fd = open(backup->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd >= 0 && close(fd) == 0;
}

enum journal_code journal_backup_begin(struct journal *journal, const char *path,
                                       struct journal_backup **ret_backup)
{
    enum journal_code code = sql_enter(journal);
    struct journal_backup *backup = code == JOURNAL_OK ? calloc(1, sizeof *backup) : NULL;

    if (code != JOURNAL_OK || backup == NULL) {
        return code != JOURNAL_OK ? code : JOURNAL_NO_MEMORY;
    }
    backup->journal = journal;
    if (journal->backup != NULL) {
        (void)snprintf(journal->reason, sizeof journal->reason, "another copy is under way");
        free(backup);
        return JOURNAL_LOCKED;
    }
    journal->backup = backup;
    if (!make_temporary(backup, path)) {
        (void)snprintf(journal->reason, sizeof journal->reason, "cannot write the copy: %s%s",
                       strerror(errno),
                       errno == EACCES ? "; the broker writes to its own folders and those of "
                                         "allow-folders only"
                                       : "");
        abandon(backup);
        return JOURNAL_REFUSED;
    }
    int result = sqlite3_open_v2(backup->temporary, &backup->db,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK) {
        backup->copy = sqlite3_backup_init(backup->db, "main", journal->db, "main");
        result = backup->copy == NULL ? sqlite3_errcode(backup->db) : SQLITE_OK;
    }
    if (result != SQLITE_OK) {
        code = copy_failed(backup, "cannot write the copy", result);
        abandon(backup);
        return code;
    }
    *ret_backup = backup;
    return JOURNAL_OK;
}

enum journal_code journal_backup_step(struct journal_backup *backup, size_t pages,
                                      size_t *ret_remaining)
{
    enum journal_code code = sql_enter(backup->journal);

    if (code != JOURNAL_OK) {
        return code;
    }
    int result = sqlite3_backup_step(backup->copy, pages > INT_MAX ? INT_MAX : (int)pages);
    if (result != SQLITE_OK && result != SQLITE_DONE) {
        return copy_failed(backup, "cannot write the copy", result);
    }
    *ret_remaining = (size_t)sqlite3_backup_remaining(backup->copy);
    backup->complete = result == SQLITE_DONE;
    return backup->complete ? JOURNAL_NONE : JOURNAL_OK;
}

/* Syncs a file or a folder. */
static bool sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0) {
        (void)close(fd);
    }
    return done;
}

/* Gives the copy its name, durably. */
static bool publish(struct journal_backup *backup)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(backup->path, '/');

    (void)snprintf(folder, sizeof folder, "%.*s",
                   slash == NULL ? 1 : (int)(slash - backup->path) + 1,
                   slash == NULL ? "." : backup->path);
    if (!sync_path(backup->temporary, O_RDWR) || rename(backup->temporary, backup->path) != 0) {
        return false;
    }
    backup->temporary[0] = '\0';
    return sync_path(folder, O_RDONLY | O_DIRECTORY);
}

enum journal_code journal_backup_end(struct journal_backup **backup)
{
    struct journal_backup *ending = *backup;
    enum journal_code code = JOURNAL_OK;

    *backup = NULL;
    if (!ending->complete) {
        abandon(ending);
        return JOURNAL_REFUSED;
    }
    int result = sqlite3_backup_finish(ending->copy);
    ending->copy = NULL;
    if (result == SQLITE_OK) {
        result = sqlite3_close(ending->db);
        ending->db = NULL;
    }
    if (result != SQLITE_OK) {
        code = copy_failed(ending, "cannot write the copy", result);
    } else if (!publish(ending)) {
        (void)snprintf(ending->journal->reason, sizeof ending->journal->reason,
                       "cannot write the copy: %s", strerror(errno));
        code = JOURNAL_REFUSED;
    }
    abandon(ending);
    return code;
}
