/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal, on SQLite. Its invariants; tests/unit/test_journal_invariants.c has a test for each, and
 * those of J1, J4 and J5 also meet a disk that fails and power that goes (test_journal_faults.c,
 * test_journal_power.c):
 *
 *   J1  A reply that accepts a message is sent after the sync that covers it. journal_commit() returns
 *       behind the sync of the write-ahead log (synchronous = FULL). Many messages share a commit; a
 *       message never waits for a timer, since there is none.
 *   J2  A message and its deliveries are written in one transaction.
 *   J3  Per lane, deliveries leave in the order their messages were stored: the order of their ids. A
 *       retry holds its lane, not its neighbours'.
 *   J4  Settling is idempotent, by the number of the attempt. After a crash a delivery may be repeated,
 *       never lost, never reordered within its lane: giving it out writes nothing.
 *   J5  A failed write or sync is never retried as if nothing happened. The journal fails for good; to
 *       open it again reads back what is on the disk. A full disk is no failure: what was asked is
 *       undone, and the next transaction may find space.
 *   J6  A damaged record is detected by its checksum, set aside and reported; its neighbours are
 *       unharmed.
 *   J7  Old messages go by policy, settled ones only, in small steps; the disk space comes back.
 *
 * Where things are: journal_open.c opens and closes, journal_append.c takes messages in, journal_keys.c
 * has what they are looked up by, journal_lane.c keeps lanes and counters, journal_settle.c gives
 * deliveries out and settles them, journal_people.c does what people ask, journal_find.c and
 * journal_story.c look, journal_prune.c and journal_backup.c keep. sql.c asks SQLite, gather.c writes for
 * it; schema.tbl and statements.tbl have all of its language. */
#include "sql.h"

#include "../../base/crash_point.h"

#include <assert.h>

const char *journal_code_name(enum journal_code code)
{
    static const char *const names[] = {
        [JOURNAL_OK] = "ok",
        [JOURNAL_NONE] = "none",
        [JOURNAL_FULL] = "full",
        [JOURNAL_BUSY] = "busy",
        [JOURNAL_NO_MEMORY] = "no-memory",
        [JOURNAL_DAMAGED] = "damaged",
        [JOURNAL_FAILED] = "failed",
        [JOURNAL_LOCKED] = "locked",
        [JOURNAL_NEWER] = "newer",
        [JOURNAL_REFUSED] = "refused",
    };
    return names[code];
}

const char *journal_library_version(void)
{
    return sqlite3_libversion();
}

const char *journal_reason(const struct journal *journal)
{
    return journal->reason;
}

enum journal_code journal_begin(struct journal *journal)
{
    assert(!journal->in_transaction);
    enum journal_code code = sql_enter(journal);

    journal->in_transaction = true;
    journal->doomed = code;
    journal->ids_before = journal->ids;
    return code != JOURNAL_OK ? code : sql_do(journal, STATEMENT_BEGIN, NULL, 0);
}

void journal_rollback(struct journal *journal)
{
    assert(journal->in_transaction && !journal->walking);
    sql_take_back(journal);
    /* A failure may have undone it already. */
    if (sqlite3_get_autocommit(journal->db) == 0 &&
        sql_do(journal, STATEMENT_ROLLBACK, NULL, 0) != JOURNAL_OK) {
        journal->failed = true;
    }
    journal_lanes_forget(journal);
    journal->ids = journal->ids_before;
    journal->in_transaction = false;
    journal->doomed = JOURNAL_OK;
}

/* When COMMIT fails for want of memory, the log may be written and synced all the same: SQLite adds to
 * its index behind that. So only a full disk is believed to have left nothing. */
static enum journal_code commit_failed(struct journal *journal, enum journal_code code)
{
    if (code != JOURNAL_FULL) {
        journal->failed = true;
        code = JOURNAL_FAILED;
    }
    journal_rollback(journal);
    return code;
}

enum journal_code journal_commit(struct journal *journal)
{
    enum journal_code code = sql_enter_change(journal);

    if (code == JOURNAL_OK) {
        code = journal_count_added(journal);
    }
    if (code != JOURNAL_OK) {
        journal_rollback(journal);
        return code;
    }
    code = sql_do(journal, STATEMENT_COMMIT, NULL, 0);
    if (code != JOURNAL_OK) {
        return commit_failed(journal, code);
    }
    journal->in_transaction = false;
    /* What was committed is safe in the log, whatever becomes of moving it. */
    (void)journal_checkpoint(journal, SQL_LOG_PAGES_MAX);
    return JOURNAL_OK;
}

/* ---- Ids ------------------------------------------------------------------------------------- */

enum journal_code journal_ids_read(struct journal *journal)
{
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_IDS_GET, NULL, 0);
    enum journal_code code = sql_row(journal, row);

    if (code == JOURNAL_OK) {
        journal->ids = (struct sql_ids){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                                        sqlite3_column_int64(row, 2)};
        sql_end(row);
    }
    return code == JOURNAL_NONE ? sql_damaged(journal, "the ids that were given are lost") : code;
}

enum journal_code journal_ids_keep(struct journal *journal)
{
    const struct sql_ids *ids = &journal->ids;

    return sql_do(journal, STATEMENT_IDS_SET,
                  VALUES(NUMBER(ids->message), NUMBER(ids->delivery), NUMBER(ids->body)));
}

/* ---- The log --------------------------------------------------------------------------------- */

enum journal_code journal_checkpoint(struct journal *journal, int pages)
{
    int in_log = 0;
    int moved = 0;

    if (journal->log_pages < pages) {
        return JOURNAL_OK;
    }
    CRASH_POINT("journal.checkpoint.before");
    int result =
        sqlite3_wal_checkpoint_v2(journal->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
    CRASH_POINT("journal.checkpoint.after");
    if (result == SQLITE_BUSY) {
        return JOURNAL_OK;
    }
    if (result != SQLITE_OK) {
        return sql_fail(journal, result, "moving the log into place");
    }
    journal->log_pages = in_log - moved;
    return JOURNAL_OK;
}

enum journal_code journal_tend(struct journal *journal)
{
    assert(!journal->in_transaction);
    enum journal_code code = sql_enter(journal);

    return code != JOURNAL_OK ? code : journal_checkpoint(journal, SQL_LOG_PAGES);
}
