/* SPDX-License-Identifier: Apache-2.0
 *
 * How the parts of the journal ask SQLite. Binding cannot fail but by our own mistake: the bytes stay
 * where they are (SQLITE_STATIC) and are shorter than SQLite's limit. So it is asserted. */
#include "store.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define STATEMENT(name, sql) sql,
static const char *const texts[STATEMENTS] = {
#include "statements.tbl"
};
#undef STATEMENT

const char *store_sql(enum statement statement)
{
    return texts[statement];
}

/* ---- Failures -------------------------------------------------------------------------------- */

/* What is in no row is a failure that nobody understands: nothing is to be trusted after it. */
static const struct {
    int result;
    enum journal_code code;
} meanings[] = {
    {SQLITE_OK, JOURNAL_OK},           {SQLITE_FULL, JOURNAL_FULL},
    {SQLITE_NOMEM, JOURNAL_NO_MEMORY}, {SQLITE_BUSY, JOURNAL_BUSY},
    {SQLITE_LOCKED, JOURNAL_BUSY},     {SQLITE_CORRUPT, JOURNAL_DAMAGED},
    {SQLITE_NOTADB, JOURNAL_DAMAGED},
};

enum journal_code store_code(int result)
{
    /* An allocation that failed within the file layer is no failure of the disk. */
    if (result == SQLITE_IOERR_NOMEM) {
        return JOURNAL_NO_MEMORY;
    }
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if (meanings[i].result == (result & 0xff)) {
            return meanings[i].code;
        }
    }
    return JOURNAL_FAILED;
}

static enum journal_code doom(struct journal *journal, enum journal_code code)
{
    if (journal->in_transaction && journal->doomed == JOURNAL_OK) {
        journal->doomed = code;
    }
    if (code == JOURNAL_FAILED) {
        journal->failed = true;
    }
    return code;
}

enum journal_code store_fail(struct journal *journal, int result, const char *what)
{
    /* sqlite3_errmsg() may quote values; this is the word for the code alone. */
    (void)snprintf(journal->reason, sizeof journal->reason, "%s (%d), errno %d, at: %s",
                   sqlite3_errstr(result), result,
                   journal->db == NULL ? 0 : sqlite3_system_errno(journal->db), what);
    return doom(journal, store_code(result));
}

enum journal_code store_refuse(struct journal *journal, enum journal_code code, const char *why)
{
    (void)snprintf(journal->reason, sizeof journal->reason, "%s", why);
    return doom(journal, code);
}

enum journal_code store_damaged(struct journal *journal, const char *why)
{
    (void)snprintf(journal->reason, sizeof journal->reason, "%s", why);
    return JOURNAL_DAMAGED;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

void store_take_back(struct journal *journal)
{
    for (size_t i = 0; i < journal->lent_count; i++) {
        (void)sqlite3_reset(journal->lent[i]);
    }
    journal->lent_count = 0;
}

enum journal_code store_enter(struct journal *journal)
{
    assert(!journal->walking);
    store_take_back(journal);
    if (journal->failed) {
        return JOURNAL_FAILED;
    }
    return journal->in_transaction ? journal->doomed : JOURNAL_OK;
}

enum journal_code store_enter_change(struct journal *journal)
{
    assert(journal->in_transaction);
    return store_enter(journal);
}

/* ---- Statements ------------------------------------------------------------------------------ */

static sqlite3_stmt *prepared(struct journal *journal, enum statement name)
{
    if (journal->statements[name] == NULL) {
        int result = sqlite3_prepare_v3(journal->db, texts[name], -1, SQLITE_PREPARE_PERSISTENT,
                                        &journal->statements[name], NULL);
        if (result != SQLITE_OK) {
            (void)store_fail(journal, result, texts[name]);
            return NULL;
        }
    }
    return journal->statements[name];
}

static void bind(sqlite3_stmt *statement, int place, const struct store_value *value)
{
    const char *bytes = value->bytes.ptr == NULL ? "" : value->bytes.ptr;
    int result = SQLITE_OK;

    switch (value->kind) {
    case STORE_NUMBER:
        result = sqlite3_bind_int64(statement, place, value->number);
        break;
    case STORE_TEXT:
        result = sqlite3_bind_text(statement, place, bytes, (int)value->bytes.len, SQLITE_STATIC);
        break;
    case STORE_BYTES:
        result = sqlite3_bind_blob(statement, place, bytes, (int)value->bytes.len, SQLITE_STATIC);
        break;
    case STORE_NULL:
        result = sqlite3_bind_null(statement, place);
        break;
    }
    assert(result == SQLITE_OK);
    (void)result;
}

sqlite3_stmt *store_ask(struct journal *journal, enum statement name,
                        const struct store_value *values, size_t count)
{
    sqlite3_stmt *statement = prepared(journal, name);

    if (statement == NULL) {
        return NULL;
    }
    /* Bytes bound in an earlier call are gone by now; each place is bound again. */
    assert(count == (size_t)sqlite3_bind_parameter_count(statement));
    for (size_t i = 0; i < count; i++) {
        bind(statement, (int)i + 1, &values[i]);
    }
    return statement;
}

enum journal_code store_row(struct journal *journal, sqlite3_stmt *statement)
{
    if (statement == NULL) {
        return store_code(sqlite3_errcode(journal->db));
    }
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        return JOURNAL_OK;
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_DONE ? JOURNAL_NONE
                                 : store_fail(journal, result, sqlite3_sql(statement));
}

void store_end(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
}

void store_lend(struct journal *journal, sqlite3_stmt *statement)
{
    assert(journal->lent_count < STORE_LENT_MAX);
    journal->lent[journal->lent_count++] = statement;
}

enum journal_code store_do(struct journal *journal, enum statement name,
                           const struct store_value *values, size_t count)
{
    sqlite3_stmt *statement = store_ask(journal, name, values, count);
    enum journal_code code;

    do {
        code = store_row(journal, statement);
    } while (code == JOURNAL_OK);
    return code == JOURNAL_NONE ? JOURNAL_OK : code;
}

/* ---- Values ---------------------------------------------------------------------------------- */

hl7_slice store_text_at(sqlite3_stmt *statement, int column)
{
    const char *text = sqlite3_column_blob(statement, column);
    int len = sqlite3_column_bytes(statement, column);

    return text == NULL ? (hl7_slice){"", 0} : (hl7_slice){text, (size_t)len};
}

enum journal_code store_bytes_at(struct journal *journal, sqlite3_stmt *statement, int column,
                                 hl7_slice *ret_bytes)
{
    hl7_slice bytes = store_text_at(statement, column);

    if (sqlite3_errcode(journal->db) == SQLITE_NOMEM) {
        return store_fail(journal, SQLITE_NOMEM, "reading a body");
    }
    if (sqlite3_column_int64(statement, column - 1) != store_checksum(journal, bytes)) {
        return store_damaged(journal, "stored bytes do not have their checksum");
    }
    *ret_bytes = bytes;
    return JOURNAL_OK;
}

hl7_slice store_clip(hl7_slice text)
{
    if (text.ptr == NULL) {
        return (hl7_slice){"", 0};
    }
    return hl7_slice_part(text, 0, JOURNAL_TEXT_MAX);
}

int64_t store_checksum(const struct journal *journal, hl7_slice bytes)
{
    uint64_t sum = checksum_of(&journal->checksum, bytes);
    int64_t column;

    memcpy(&column, &sum, sizeof column);
    return column;
}
