/* SPDX-License-Identifier: Apache-2.0
 *
 * Old messages go (J7), a few at a time: each step is part of an ordinary transaction. Pages that come
 * free are given back to the file system in small steps too; the file shrinks when the log is next moved
 * into place. */
#include "sql.h"

#include <assert.h>

static enum journal_code get_number(struct journal *journal, enum statement statement,
                                    int64_t *ret_number)
{
    sqlite3_stmt *row = sql_ask(journal, statement, NULL, 0);
    enum journal_code code = sql_row(journal, row);

    if (code == JOURNAL_OK) {
        *ret_number = sqlite3_column_int64(row, 0);
        sql_end(row);
    }
    return code;
}

static enum journal_code get_size(struct journal *journal, struct journal_size *ret_size)
{
    const uint64_t page_size = (uint64_t)journal->page_size;
    int64_t pages = 0;
    int64_t unused = 0;
    enum journal_code code = get_number(journal, STATEMENT_PAGE_COUNT, &pages);

    if (code == JOURNAL_OK) {
        code = get_number(journal, STATEMENT_FREE_COUNT, &unused);
    }
    if (code == JOURNAL_OK) {
        *ret_size =
            (struct journal_size){(uint64_t)pages * page_size, (uint64_t)unused * page_size, 0};
    }
    return code;
}

enum journal_code journal_size(struct journal *journal, struct journal_size *ret_size)
{
    struct journal_size size = {0, 0, 0};
    sqlite3_file *log = NULL;
    sqlite3_int64 bytes = 0;
    enum journal_code code = sql_enter(journal);

    if (code == JOURNAL_OK) {
        code = get_size(journal, &size);
    }
    if (code != JOURNAL_OK) {
        return code;
    }
    if (sqlite3_file_control(journal->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, (void *)&log) ==
            SQLITE_OK &&
        log != NULL && log->pMethods != NULL) {
        int result = log->pMethods->xFileSize(log, &bytes);
        if (result != SQLITE_OK) {
            return sql_fail(journal, result, "the size of the log");
        }
    }
    size.log_bytes = (uint64_t)bytes;
    *ret_size = size;
    return JOURNAL_OK;
}

/* ---- Removing -------------------------------------------------------------------------------- */

static enum journal_code remove_message(struct journal *journal, int64_t message)
{
    static const enum statement rows_of[] = {
        STATEMENT_PRUNE_ATTEMPTS, STATEMENT_PRUNE_DELIVERIES, STATEMENT_PRUNE_BODIES,
        STATEMENT_PRUNE_NOTES,    STATEMENT_PRUNE_RECEIVED,   STATEMENT_PRUNE_MESSAGE,
    };
    /* The lanes' counts of dead letters go down with them. */
    enum journal_code code =
        journal_move_each(journal, STATEMENT_DELIVERY_DEAD, message, JOURNAL_DELIVERY_DROPPED, 0);

    if (code == JOURNAL_OK) {
        code = journal_keys_remove(journal, message);
    }
    for (size_t i = 0; i < sizeof rows_of / sizeof rows_of[0] && code == JOURNAL_OK; i++) {
        code = sql_do(journal, rows_of[i], VALUES(NUMBER(message)));
    }
    return code;
}

/* The oldest message of a state that was received before this time; 0: none is wanted. */
static enum journal_code find_victim(struct journal *journal, enum journal_state state,
                                     int64_t before, int64_t *ret_message)
{
    if (before == 0) {
        return JOURNAL_NONE;
    }
    sqlite3_stmt *row =
        sql_ask(journal, STATEMENT_PRUNE_NEXT, VALUES(NUMBER(state), NUMBER(before)));
    enum journal_code code = sql_row(journal, row);
    if (code == JOURNAL_OK) {
        *ret_message = sqlite3_column_int64(row, 0);
        sql_end(row);
    }
    return code;
}

/* Settled messages may go up to this time because of the size; 0 while it is not exceeded. */
static enum journal_code too_large(struct journal *journal, const struct journal_policy *policy,
                                   int64_t *ret_before)
{
    struct journal_size size = {0, 0, 0};
    enum journal_code code = JOURNAL_OK;

    if (policy->max_bytes > 0) {
        code = get_size(journal, &size);
    }
    *ret_before = size.file_bytes - size.free_bytes > policy->max_bytes ? INT64_MAX : 0;
    return code;
}

static enum journal_code find_any_victim(struct journal *journal,
                                         const struct journal_policy *policy, int64_t *ret_message)
{
    int64_t before = 0;
    enum journal_code code = too_large(journal, policy, &before);
    const struct {
        enum journal_state state;
        int64_t before;
    } parts[] = {
        {JOURNAL_STATE_SETTLED, before == 0 ? policy->settled_before : before},
        {JOURNAL_STATE_DEAD, policy->dead_before},
        {JOURNAL_STATE_DAMAGED, policy->dead_before},
    };

    if (code != JOURNAL_OK) {
        return code;
    }
    code = JOURNAL_NONE;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && code == JOURNAL_NONE; i++) {
        code = find_victim(journal, parts[i].state, parts[i].before, ret_message);
    }
    return code;
}

enum journal_code journal_prune(struct journal *journal, const struct journal_policy *policy,
                                struct journal_pruned *ret_pruned)
{
    struct journal_pruned pruned = {0, true};
    int64_t unused = 0;
    enum journal_code code = sql_enter_change(journal);

    assert(policy->step > 0);
    while (code == JOURNAL_OK && pruned.more && pruned.messages < policy->step) {
        int64_t message = 0;
        code = find_any_victim(journal, policy, &message);
        if (code == JOURNAL_NONE) {
            pruned.more = false;
            code = JOURNAL_OK;
        } else if (code == JOURNAL_OK) {
            code = remove_message(journal, message);
            pruned.messages++;
        }
    }
    if (code == JOURNAL_OK && pruned.messages > 0) {
        code = journal_ids_keep(journal);
    }
    if (code == JOURNAL_OK) {
        code = sql_do(journal, STATEMENT_VACUUM, NULL, 0);
    }
    if (code == JOURNAL_OK) {
        code = get_number(journal, STATEMENT_FREE_COUNT, &unused);
    }
    if (code == JOURNAL_OK) {
        pruned.more = pruned.more || unused > 0;
        *ret_pruned = pruned;
    }
    return code;
}
