/* SPDX-License-Identifier: Apache-2.0
 *
 * How the parts of the journal ask SQLite. Binding cannot fail but by our own mistake: the bytes stay
 * where they are (SQLITE_STATIC) and are shorter than SQLite's limit. So it is asserted. */
#include "sql.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define STATEMENT(name, sql) sql,
static const char *const texts[STATEMENTS] = {
#include "statements.tbl"
};
#undef STATEMENT

const char *sql_text(enum statement statement)
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

enum journal_code sql_code(int result)
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

enum journal_code sql_fail(struct journal *journal, int result, const char *what)
{
    /* sqlite3_errmsg() may quote values; this is the word for the code alone. */
    (void)snprintf(journal->reason, sizeof journal->reason, "%s (%d), errno %d, at: %s",
                   sqlite3_errstr(result), result,
                   journal->db == NULL ? 0 : sqlite3_system_errno(journal->db), what);
    return doom(journal, sql_code(result));
}

enum journal_code sql_refuse(struct journal *journal, enum journal_code code, const char *why)
{
    (void)snprintf(journal->reason, sizeof journal->reason, "%s", why);
    return doom(journal, code);
}

enum journal_code sql_damaged(struct journal *journal, const char *why)
{
    (void)snprintf(journal->reason, sizeof journal->reason, "%s", why);
    return JOURNAL_DAMAGED;
}

/* ---- Calls ----------------------------------------------------------------------------------- */

void sql_take_back(struct journal *journal)
{
    for (size_t i = 0; i < journal->lent_count; i++) {
        (void)sqlite3_reset(journal->lent[i]);
    }
    journal->lent_count = 0;
}

enum journal_code sql_enter(struct journal *journal)
{
    assert(!journal->walking);
    sql_take_back(journal);
    if (journal->failed) {
        return JOURNAL_FAILED;
    }
    return journal->in_transaction ? journal->doomed : JOURNAL_OK;
}

enum journal_code sql_enter_change(struct journal *journal)
{
    assert(journal->in_transaction);
    return sql_enter(journal);
}

/* ---- Statements ------------------------------------------------------------------------------ */

static sqlite3_stmt *prepared(struct journal *journal, enum statement name)
{
    if (journal->statements[name] == NULL) {
        int result = sqlite3_prepare_v3(journal->db, texts[name], -1, SQLITE_PREPARE_PERSISTENT,
                                        &journal->statements[name], NULL);
        if (result != SQLITE_OK) {
            (void)sql_fail(journal, result, texts[name]);
            return NULL;
        }
    }
    return journal->statements[name];
}

static void bind(sqlite3_stmt *statement, int place, const struct sql_value *value)
{
    const char *bytes = value->bytes.ptr == NULL ? "" : value->bytes.ptr;
    int result = SQLITE_OK;

    switch (value->kind) {
    case SQL_NUMBER:
        result = sqlite3_bind_int64(statement, place, value->number);
        break;
    case SQL_TEXT:
        result = sqlite3_bind_text(statement, place, bytes, (int)value->bytes.len, SQLITE_STATIC);
        break;
    case SQL_BYTES:
        result = sqlite3_bind_blob(statement, place, bytes, (int)value->bytes.len, SQLITE_STATIC);
        break;
    case SQL_NULL:
        result = sqlite3_bind_null(statement, place);
        break;
    }
    assert(result == SQLITE_OK);
    (void)result;
}

sqlite3_stmt *sql_ask(struct journal *journal, enum statement name, const struct sql_value *values,
                      size_t count)
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

enum journal_code sql_row(struct journal *journal, sqlite3_stmt *statement)
{
    if (statement == NULL) {
        return sql_code(sqlite3_errcode(journal->db));
    }
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        return JOURNAL_OK;
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_DONE ? JOURNAL_NONE : sql_fail(journal, result, sqlite3_sql(statement));
}

void sql_end(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
}

void sql_lend(struct journal *journal, sqlite3_stmt *statement)
{
    assert(journal->lent_count < SQL_LENT_MAX);
    journal->lent[journal->lent_count++] = statement;
}

enum journal_code sql_do(struct journal *journal, enum statement name,
                         const struct sql_value *values, size_t count)
{
    sqlite3_stmt *statement = sql_ask(journal, name, values, count);
    enum journal_code code;

    do {
        code = sql_row(journal, statement);
    } while (code == JOURNAL_OK);
    return code == JOURNAL_NONE ? JOURNAL_OK : code;
}

/* ---- Values ---------------------------------------------------------------------------------- */

hl7_slice sql_text_at(sqlite3_stmt *statement, int column)
{
    const char *text = sqlite3_column_blob(statement, column);
    int len = sqlite3_column_bytes(statement, column);

    return text == NULL ? (hl7_slice){"", 0} : (hl7_slice){text, (size_t)len};
}

enum journal_code sql_body_of(struct journal *journal, sqlite3_stmt *row, hl7_slice *ret_bytes)
{
    hl7_slice bytes = sql_text_at(row, 1);

    if (sqlite3_errcode(journal->db) == SQLITE_NOMEM) {
        return sql_fail(journal, SQLITE_NOMEM, "reading a body");
    }
    if (sqlite3_column_int64(row, 0) !=
        sql_checksum(journal, sqlite3_column_int64(row, 2), bytes)) {
        return sql_damaged(journal, "stored bytes do not have their checksum");
    }
    *ret_bytes = bytes;
    return JOURNAL_OK;
}

hl7_slice sql_clip(hl7_slice text)
{
    if (text.ptr == NULL) {
        return (hl7_slice){"", 0};
    }
    return hl7_slice_part(text, 0, JOURNAL_TEXT_MAX);
}

int64_t sql_checksum(const struct journal *journal, int64_t message, hl7_slice bytes)
{
    /* An odd factor: each id gives another mask. */
    uint64_t sum =
        checksum_of(&journal->checksum, bytes) ^ ((uint64_t)message * UINT64_C(0x9e3779b97f4a7c15));
    int64_t column;

    memcpy(&column, &sum, sizeof column);
    return column;
}
