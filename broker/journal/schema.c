/* SPDX-License-Identifier: Apache-2.0
 *
 * A new file is version 0 without tables: it goes the same way as an old one. Automatic vacuuming and
 * the write-ahead log are properties of the file; the first can only be chosen before there is a table. */
#include "schema.h"

#include "../../base/crash_point.h"

#include <stdio.h>

struct version {
    int number;
    const char *sql;
};

#define VERSION(number, sql) {number, sql},
static const struct version versions[] = {
#include "schema.tbl"
};
#undef VERSION

enum { VERSIONS = sizeof versions / sizeof versions[0] };

int schema_version(void)
{
    return versions[VERSIONS - 1].number;
}

enum journal_code schema_run(struct journal *journal, const char *sql)
{
    int result = sqlite3_exec(journal->db, sql, NULL, NULL, NULL);

    return result == SQLITE_OK ? JOURNAL_OK : sql_fail(journal, result, "preparing the journal");
}

enum journal_code schema_pragma(struct journal *journal, const char *sql, int64_t *ret_value)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(journal->db, sql, -1, &statement, NULL);

    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW) {
        *ret_value = sqlite3_column_int64(statement, 0);
        result = SQLITE_OK;
    }
    (void)sqlite3_finalize(statement);
    return result == SQLITE_OK ? JOURNAL_OK : sql_fail(journal, result, sql);
}

static enum journal_code apply(struct journal *journal, int64_t from)
{
    char mark[128];
    enum journal_code code = schema_run(journal, "BEGIN EXCLUSIVE");

    for (size_t i = 0; i < VERSIONS && code == JOURNAL_OK; i++) {
        if (versions[i].number > from) {
            code = schema_run(journal, versions[i].sql);
        }
    }
    (void)snprintf(mark, sizeof mark,
                   "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                   (int)SCHEMA_APPLICATION, schema_version());
    CRASH_POINT("journal.schema");
    if (code == JOURNAL_OK) {
        code = schema_run(journal, mark);
    }
    return code;
}

enum journal_code schema_upgrade(struct journal *journal)
{
    int64_t version = 0;
    int64_t application = 0;
    int64_t tables = 0;
    enum journal_code code = schema_pragma(journal, "PRAGMA user_version", &version);

    if (code == JOURNAL_OK) {
        code = schema_pragma(journal, "PRAGMA application_id", &application);
    }
    if (code == JOURNAL_OK) {
        code = schema_pragma(journal, "SELECT count(*) FROM sqlite_schema", &tables);
    }
    if (code != JOURNAL_OK) {
        return code;
    }
    bool fresh = version == 0 && application == 0 && tables == 0;
    if (!fresh && application != SCHEMA_APPLICATION) {
        return sql_refuse(journal, JOURNAL_DAMAGED, "the file is not a journal of orderly");
    }
    if (version > schema_version()) {
        return sql_refuse(journal, JOURNAL_NEWER,
                          "the journal was written by a newer version of orderly");
    }
    code = fresh ? schema_run(journal, "PRAGMA auto_vacuum = INCREMENTAL") : JOURNAL_OK;
    if (code == JOURNAL_OK) {
        code = schema_run(journal, "PRAGMA journal_mode = WAL");
    }
    if (code == JOURNAL_OK && version < schema_version()) {
        code = apply(journal, version);
    }
    return code;
}
