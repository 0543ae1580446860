/* SPDX-License-Identifier: Apache-2.0
 *
 * The least that storing a message before it is acknowledged can cost: one row in one table of SQLite,
 * write-ahead log, synchronous = FULL, no index. Everything that arrived in a round goes into one
 * transaction, so that one sync serves all of it. For bench/limit.c.
 *
 * A database that fails ends the program: a limit that did not store is none.
 */
#ifndef BENCH_LIMIT_STORE_H
#define BENCH_LIMIT_STORE_H

#include "common.h"

#include <sqlite3.h>

struct store {
    sqlite3 *db; /* NULL: nothing is stored */
    sqlite3_stmt *begin;
    sqlite3_stmt *insert;
    sqlite3_stmt *commit;
    bool open; /* a transaction */
};

static inline void store_check(const struct store *store, int result, int expected)
{
    if (result != expected) {
        bench_give_up("limit: SQLite: %s", sqlite3_errmsg(store->db));
    }
}

static inline sqlite3_stmt *store_prepare(const struct store *store, const char *sql)
{
    sqlite3_stmt *statement = NULL;

    store_check(store, sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL), SQLITE_OK);
    return statement;
}

static inline void store_open(struct store *store, const char *path)
{
    static const char setting[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;"
                                  "PRAGMA synchronous = FULL;"
                                  "CREATE TABLE messages (id INTEGER PRIMARY KEY, bytes BLOB);";

    if (sqlite3_open(path, &store->db) != SQLITE_OK) {
        bench_give_up("limit: cannot open '%s'", path);
    }
    store_check(store, sqlite3_exec(store->db, setting, NULL, NULL, NULL), SQLITE_OK);
    store->begin = store_prepare(store, "BEGIN IMMEDIATE");
    store->insert = store_prepare(store, "INSERT INTO messages(bytes) VALUES (?1)");
    store->commit = store_prepare(store, "COMMIT");
}

static inline void store_do(const struct store *store, sqlite3_stmt *statement)
{
    store_check(store, sqlite3_step(statement), SQLITE_DONE);
    store_check(store, sqlite3_reset(statement), SQLITE_OK);
}

/* Adds a message to the transaction of this round. Without a database it does nothing. */
static inline void store_add(struct store *store, const unsigned char *message, size_t length)
{
    if (store->db == NULL) {
        return;
    }
    if (!store->open) {
        store_do(store, store->begin);
        store->open = true;
    }
    store_check(store, sqlite3_bind_blob64(store->insert, 1, message, length, SQLITE_STATIC),
                SQLITE_OK);
    store_do(store, store->insert);
}

/* What was added is on the disk when this returns. */
static inline void store_commit(struct store *store)
{
    if (store->open) {
        store_do(store, store->commit);
        store->open = false;
    }
}

static inline void store_close(struct store *store)
{
    if (store->db != NULL) {
        (void)sqlite3_finalize(store->begin);
        (void)sqlite3_finalize(store->insert);
        (void)sqlite3_finalize(store->commit);
        (void)sqlite3_close(store->db);
    }
}

#endif
