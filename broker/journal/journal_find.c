/* SPDX-License-Identifier: Apache-2.0
 *
 * Finding messages. One index drives, the most selective one the query has a value for; what it gives is
 * in the order of time, and the other conditions are tried on each row. A call looks at a bounded number
 * of rows, so that a rare combination costs many short calls and never one long one. */
#include "sql.h"

#include <assert.h>
#include <limits.h>

/* The page that is being filled. */
struct page {
    struct journal *journal;
    const struct journal_query *query;
    size_t given;
    size_t examined;
    struct journal_cursor cursor;
};

struct index_use {
    enum statement newest;
    enum statement oldest;
    struct sql_value what;
    struct sql_value value; /* of a key */
    bool has_value;
};

static struct index_use choose_by_key(const struct journal_key *key)
{
    const struct sql_value none = NOTHING;
    const hl7_slice name = sql_clip(key->name);
    const struct sql_value value = TEXT(sql_clip(key->value));

    if (journal_key_is_patient(name)) {
        return (struct index_use){STATEMENT_FIND_PATIENT, STATEMENT_FIND_PATIENT_OLDEST, value,
                                  none, false};
    }
    if (journal_key_is_accession(name)) {
        return (struct index_use){STATEMENT_FIND_ACCESSION, STATEMENT_FIND_ACCESSION_OLDEST, value,
                                  none, false};
    }
    return (struct index_use){STATEMENT_FIND_KEY, STATEMENT_FIND_KEY_OLDEST, TEXT(name), value,
                              true};
}

static struct index_use choose(const struct journal_query *query)
{
    const struct sql_value none = NOTHING;
    const bool few = query->state > JOURNAL_STATE_SETTLED;

    if (query->control_id.len > 0) {
        return (struct index_use){STATEMENT_FIND_CONTROL_ID, STATEMENT_FIND_CONTROL_ID_OLDEST,
                                  TEXT(sql_clip(query->control_id)), none, false};
    }
    if (query->key_count > 0) {
        return choose_by_key(&query->keys[0]);
    }
    if (!few && query->type.len > 0) {
        return (struct index_use){STATEMENT_FIND_TYPE, STATEMENT_FIND_TYPE_OLDEST,
                                  TEXT(sql_clip(query->type)), none, false};
    }
    if (query->state != JOURNAL_STATE_ANY) {
        return (struct index_use){STATEMENT_FIND_STATE, STATEMENT_FIND_STATE_OLDEST,
                                  NUMBER(query->state), none, false};
    }
    return (struct index_use){STATEMENT_FIND_RECEIVED, STATEMENT_FIND_RECEIVED_OLDEST, none, none,
                              false};
}

/* Newest first: behind the cursor and not before `from`. Oldest first: the same, turned round. */
static sqlite3_stmt *start(struct journal *journal, const struct journal_query *query)
{
    const struct index_use use = choose(query);
    const int64_t to = query->to == 0 ? INT64_MAX : query->to;
    struct journal_cursor cursor = query->cursor;

    if (cursor.id == 0) {
        cursor = (struct journal_cursor){query->oldest_first ? query->from : to, 0};
    }
    const struct sql_value values[] = {use.what, NUMBER(cursor.received), NUMBER(cursor.id),
                                       NUMBER(query->oldest_first ? to : query->from), use.value};
    return sql_ask(journal, query->oldest_first ? use.oldest : use.newest, values,
                   use.has_value ? 5 : 4);
}

static struct journal_summary summary_of(sqlite3_stmt *row)
{
    return (struct journal_summary){
        .id = sqlite3_column_int64(row, 0),
        .received = sqlite3_column_int64(row, 1),
        .size = (size_t)sqlite3_column_int64(row, 2),
        .state = (enum journal_state)sqlite3_column_int(row, 3),
        .pending = sqlite3_column_int64(row, 4),
        .dead = sqlite3_column_int64(row, 5),
        .listener = sql_text_at(row, 6),
        .peer = sql_text_at(row, 7),
        .control_id = sql_text_at(row, 8),
        .type = sql_text_at(row, 9),
        .application = sql_text_at(row, 10),
        .facility = sql_text_at(row, 11),
    };
}

static bool agrees(hl7_slice wanted, hl7_slice found)
{
    return wanted.len == 0 || hl7_slice_equal(sql_clip(wanted), found);
}

static bool has_keys(const struct journal_query *query, hl7_slice packed)
{
    for (size_t i = 0; i < query->key_count; i++) {
        if (!journal_keys_have(packed, &query->keys[i])) {
            return false;
        }
    }
    return true;
}

static bool fits(const struct journal_query *query, const struct journal_summary *summary,
                 sqlite3_stmt *row)
{
    return (query->state == JOURNAL_STATE_ANY || query->state == summary->state) &&
           agrees(query->control_id, summary->control_id) && agrees(query->type, summary->type) &&
           agrees(query->application, summary->application) &&
           agrees(query->listener, summary->listener) && has_keys(query, sql_text_at(row, 12));
}

/* Rows from the statement until the page is full; JOURNAL_OK when there may be more. */
static enum journal_code fill(struct page *page, sqlite3_stmt *row,
                              bool (*on_message)(void *context, const struct journal_summary *),
                              void *context)
{
    bool go_on = true;

    while (go_on && page->given < page->query->limit && page->examined < JOURNAL_EXAMINED_MAX) {
        enum journal_code code = sql_row(page->journal, row);
        if (code != JOURNAL_OK) {
            return code;
        }
        struct journal_summary summary = summary_of(row);
        page->examined++;
        page->cursor = (struct journal_cursor){summary.received, summary.id};
        if (fits(page->query, &summary, row)) {
            page->given++;
            page->journal->walking = true;
            go_on = on_message(context, &summary);
            page->journal->walking = false;
        }
    }
    sql_end(row);
    return JOURNAL_OK;
}

enum journal_code journal_find(struct journal *journal, const struct journal_query *query,
                               bool (*on_message)(void *context, const struct journal_summary *),
                               void *context, struct journal_cursor *ret_cursor)
{
    struct page page = {journal, query, 0, 0, query->cursor};
    enum journal_code code = sql_enter(journal);

    assert(query->limit > 0 && query->key_count <= JOURNAL_KEYS_MAX);
    if (code != JOURNAL_OK) {
        return code;
    }
    code = fill(&page, start(journal, query), on_message, context);
    if (code == JOURNAL_OK || code == JOURNAL_NONE) {
        *ret_cursor = page.cursor;
    }
    return code;
}

enum journal_code journal_get(struct journal *journal, int64_t message,
                              struct journal_summary *ret_summary)
{
    enum journal_code code = sql_enter(journal);

    if (code != JOURNAL_OK) {
        return code;
    }
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_MESSAGE_GET, VALUES(NUMBER(message)));
    code = sql_row(journal, row);
    if (code == JOURNAL_OK) {
        sql_lend(journal, row);
        *ret_summary = summary_of(row);
    }
    return code;
}
