/* SPDX-License-Identifier: Apache-2.0
 *
 * The story of a message: its bytes, its deliveries, their attempts, what people did. A table of what
 * each walk asks and how it reads a row would hide more than it shared, so a walk is a function that
 * turns a row into a call. */
#include "sql.h"

/* A walk over the rows of a statement. */
struct walk {
    bool (*on_row)(const struct walk *walk, sqlite3_stmt *row);
    void *context;
    union {
        bool (*delivery)(void *context, const struct journal_delivery_story *);
        bool (*attempt)(void *context, const struct journal_attempt *);
        bool (*note)(void *context, const struct journal_note_story *);
    } on;
};

static enum journal_code walk(struct journal *journal, sqlite3_stmt *row, const struct walk *walk)
{
    enum journal_code code = JOURNAL_OK;
    bool go_on = true;

    while (go_on && (code = sql_row(journal, row)) == JOURNAL_OK) {
        journal->walking = true;
        go_on = walk->on_row(walk, row);
        journal->walking = false;
    }
    if (code == JOURNAL_OK) {
        sql_end(row);
    }
    return code == JOURNAL_NONE ? JOURNAL_OK : code;
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

enum journal_code journal_body(struct journal *journal, int64_t body, hl7_slice *ret_bytes)
{
    enum journal_code code = sql_enter(journal);

    return code == JOURNAL_OK ? journal_reference(journal, body, ret_bytes) : code;
}

enum journal_code journal_bytes(struct journal *journal, int64_t message, hl7_slice *ret_bytes)
{
    return journal_body(journal, -message, ret_bytes);
}

/* ---- Deliveries ------------------------------------------------------------------------------ */

static bool on_delivery_row(const struct walk *walk, sqlite3_stmt *row)
{
    const struct journal_delivery_story story = {
        .id = sqlite3_column_int64(row, 0),
        .message = sqlite3_column_int64(row, 1),
        .lane_id = sqlite3_column_int64(row, 2),
        .lane = {sql_text_at(row, 3), sql_text_at(row, 4), sqlite3_column_int64(row, 5)},
        .state = (enum journal_delivery_state)sqlite3_column_int(row, 6),
        .attempts = sqlite3_column_int64(row, 7),
        .next_try = sqlite3_column_int64(row, 8),
        .settled = sqlite3_column_int64(row, 9),
        .word = sql_text_at(row, 10),
        .reason = sql_text_at(row, 11),
    };
    return walk->on.delivery(walk->context, &story);
}

enum journal_code journal_deliveries(struct journal *journal, int64_t message,
                                     bool (*on_delivery)(void *context,
                                                         const struct journal_delivery_story *),
                                     void *context)
{
    const struct walk rows = {on_delivery_row, context, {.delivery = on_delivery}};
    enum journal_code code = sql_enter(journal);

    return code == JOURNAL_OK
               ? walk(journal, sql_ask(journal, STATEMENT_DELIVERIES_OF, VALUES(NUMBER(message))),
                      &rows)
               : code;
}

enum journal_code journal_lane_deliveries(
    struct journal *journal, int64_t lane, enum journal_delivery_state state, int64_t after,
    size_t limit, bool (*on_delivery)(void *context, const struct journal_delivery_story *),
    void *context)
{
    const struct walk rows = {on_delivery_row, context, {.delivery = on_delivery}};
    enum journal_code code = sql_enter(journal);

    return code == JOURNAL_OK ? walk(journal,
                                     sql_ask(journal, STATEMENT_DELIVERIES_IN,
                                             VALUES(NUMBER(lane), NUMBER(state), NUMBER(after),
                                                    NUMBER((int64_t)limit))),
                                     &rows)
                              : code;
}

/* ---- Attempts, notes, keys ------------------------------------------------------------------- */

static bool on_attempt_row(const struct walk *walk, sqlite3_stmt *row)
{
    const struct journal_attempt attempt = {
        .number = sqlite3_column_int64(row, 0),
        .started = sqlite3_column_int64(row, 1),
        .ended = sqlite3_column_int64(row, 2),
        .outcome = (enum journal_outcome)sqlite3_column_int(row, 3),
        .word = sql_text_at(row, 4),
        .reason = sql_text_at(row, 5),
        .template = sql_text_at(row, 6),
        .template_hash = sql_text_at(row, 7),
        .sent = sqlite3_column_int64(row, 8),
        .answer = sqlite3_column_int64(row, 9),
    };
    return walk->on.attempt(walk->context, &attempt);
}

enum journal_code journal_attempts(struct journal *journal, int64_t delivery,
                                   bool (*on_attempt)(void *context,
                                                      const struct journal_attempt *),
                                   void *context)
{
    const struct walk rows = {on_attempt_row, context, {.attempt = on_attempt}};
    enum journal_code code = sql_enter(journal);

    return code == JOURNAL_OK
               ? walk(journal, sql_ask(journal, STATEMENT_ATTEMPTS_OF, VALUES(NUMBER(delivery))),
                      &rows)
               : code;
}

static bool on_note_row(const struct walk *walk, sqlite3_stmt *row)
{
    const struct journal_note_story story = {
        .delivery = sqlite3_column_int64(row, 0),
        .what = sql_text_at(row, 1),
        .note = {sql_text_at(row, 2), sql_text_at(row, 3), sqlite3_column_int64(row, 4)},
    };
    return walk->on.note(walk->context, &story);
}

enum journal_code journal_notes(struct journal *journal, int64_t message,
                                bool (*on_note)(void *context, const struct journal_note_story *),
                                void *context)
{
    const struct walk rows = {on_note_row, context, {.note = on_note}};
    enum journal_code code = sql_enter(journal);

    return code == JOURNAL_OK
               ? walk(journal, sql_ask(journal, STATEMENT_NOTES_OF, VALUES(NUMBER(message))), &rows)
               : code;
}

enum journal_code journal_keys(struct journal *journal, int64_t message,
                               bool (*on_key)(void *context, const struct journal_key *),
                               void *context)
{
    enum journal_code code = sql_enter(journal);
    struct journal_key key;

    if (code != JOURNAL_OK) {
        return code;
    }
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_KEYS_OF, VALUES(NUMBER(message)));
    code = sql_row(journal, row);
    if (code != JOURNAL_OK) {
        return code == JOURNAL_NONE ? JOURNAL_OK : code;
    }
    hl7_slice packed = sql_text_at(row, 0);
    journal->walking = true;
    while (journal_keys_unpack(&packed, &key) && on_key(context, &key)) {
    }
    journal->walking = false;
    sql_end(row);
    return JOURNAL_OK;
}
