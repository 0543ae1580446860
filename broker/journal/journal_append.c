/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages in. A message, its keys and its deliveries are rows of one transaction (J2). Its id, and those
 * of its deliveries, grow with each one stored: that order is the lanes' (J3). */
#include "sql.h"

#include <assert.h>

/* Messages of one control id that are compared before it is called a conflict; and the bytes of a message
 * that make it a long one. */
enum { SAME_ID_MAX = 16, LONG = 2048 };

static enum journal_code add_deliveries(struct journal *journal,
                                        const struct journal_message *message, int64_t id,
                                        enum journal_delivery_state state)
{
    enum journal_code code = JOURNAL_OK;

    for (size_t i = 0; i < message->delivery_count && code == JOURNAL_OK; i++) {
        struct sql_delivery delivery = {.message = id, .state = state};
        code = journal_lane_id(journal, &message->deliveries[i], &delivery.lane);
        if (code == JOURNAL_OK) {
            code = journal_delivery_add(journal, &delivery, 0, false);
        }
        if (code == JOURNAL_OK && state == JOURNAL_DELIVERY_PENDING) {
            journal_lane_added(journal, delivery.lane);
        }
    }
    return code;
}

/* The bytes are in the message's row unless they are many. */
static bool is_long(hl7_slice bytes)
{
    return bytes.len > LONG;
}

static enum journal_code add_row(struct journal *journal, const struct journal_message *message,
                                 int64_t id, enum journal_state state)
{
    const bool apart = is_long(message->bytes);
    const bool answered = message->reply.ptr != NULL;
    const hl7_slice keys = journal_keys_pack(&journal->keys, message);

    return sql_do(journal, STATEMENT_MESSAGE_ADD,
                  VALUES(NUMBER(id), NUMBER(message->received), NUMBER(state),
                         NUMBER((int64_t)message->delivery_count),
                         NUMBER((int64_t)message->bytes.len), TEXT(sql_clip(message->listener)),
                         TEXT(sql_clip(message->peer)), TEXT(sql_clip(message->control_id)),
                         TEXT(sql_clip(message->type)), TEXT(sql_clip(message->application)),
                         TEXT(sql_clip(message->facility)), NUMBER(journal->ids.delivery + 1),
                         BYTES(keys), TEXT_OR_NOTHING(journal->keys.patient),
                         TEXT_OR_NOTHING(journal->keys.accession),
                         apart ? NOTHING : NUMBER(sql_checksum(journal, id, message->bytes)),
                         apart ? NOTHING : BYTES(message->bytes),
                         answered ? NUMBER(sql_checksum(journal, id, message->reply)) : NOTHING,
                         answered ? BYTES(message->reply) : NOTHING));
}

static enum journal_code add(struct journal *journal, const struct journal_message *message,
                             bool held, int64_t *ret_id)
{
    const int64_t id = ++journal->ids.message;
    const enum journal_state state = held                          ? JOURNAL_STATE_HELD
                                     : message->delivery_count > 0 ? JOURNAL_STATE_PENDING
                                                                   : JOURNAL_STATE_SETTLED;
    enum journal_code code = add_row(journal, message, id, state);

    if (code == JOURNAL_OK && is_long(message->bytes)) {
        code = sql_do(journal, STATEMENT_RECEIVED_ADD,
                      VALUES(NUMBER(id), NUMBER(sql_checksum(journal, id, message->bytes)),
                             BYTES(message->bytes)));
    }
    if (code == JOURNAL_OK) {
        code = journal_keys_add(journal, id, message->received);
    }
    if (code == JOURNAL_OK) {
        code = add_deliveries(journal, message, id,
                              held ? JOURNAL_DELIVERY_HELD : JOURNAL_DELIVERY_PENDING);
    }
    if (code == JOURNAL_OK) {
        *ret_id = id;
    }
    return code;
}

/* ---- Duplicates ------------------------------------------------------------------------------ */

/* The same bytes are stored under this id. A damaged record is no evidence of anything. */
static enum journal_code same_bytes(struct journal *journal, int64_t id, hl7_slice bytes,
                                    bool *ret_same)
{
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_RECEIVED_GET, VALUES(NUMBER(id)));
    enum journal_code code = sql_row(journal, row);
    hl7_slice stored = {NULL, 0};

    if (code == JOURNAL_OK) {
        code = sql_body_of(journal, row, &stored);
        *ret_same = code == JOURNAL_OK && hl7_slice_equal(stored, bytes);
        sql_end(row);
    }
    return code == JOURNAL_NONE || code == JOURNAL_DAMAGED ? JOURNAL_OK : code;
}

static bool same_sender(sqlite3_stmt *row, const struct journal_message *message)
{
    return hl7_slice_equal(sql_text_at(row, 1), sql_clip(message->application)) &&
           hl7_slice_equal(sql_text_at(row, 2), sql_clip(message->facility));
}

/* Looks for the control id of this sender within the window. */
static enum journal_code find_same(struct journal *journal, const struct journal_message *message,
                                   struct journal_appended *ret_result)
{
    const int64_t since = message->received - message->duplicate_window;
    enum journal_code code = JOURNAL_OK;
    bool same = false;

    ret_result->result = JOURNAL_STORED;
    if (message->duplicate_window <= 0 || message->control_id.len == 0) {
        return JOURNAL_OK;
    }
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_SAME_ID,
                                VALUES(TEXT(sql_clip(message->control_id)), NUMBER(since)));
    for (int seen = 0; seen < SAME_ID_MAX && !same; seen++) {
        code = sql_row(journal, row);
        if (code != JOURNAL_OK) {
            return code == JOURNAL_NONE ? JOURNAL_OK : code;
        }
        if (!same_sender(row, message)) {
            continue;
        }
        ret_result->result = JOURNAL_CONFLICT;
        if (sqlite3_column_int64(row, 3) == (int64_t)message->bytes.len) {
            code = same_bytes(journal, sqlite3_column_int64(row, 0), message->bytes, &same);
        }
        if (code == JOURNAL_OK && same) {
            *ret_result =
                (struct journal_appended){JOURNAL_DUPLICATE, sqlite3_column_int64(row, 0)};
        }
        if (code != JOURNAL_OK) {
            break;
        }
    }
    sql_end(row);
    return code;
}

/* ---- The calls ------------------------------------------------------------------------------- */

/* Settled messages can go to make room; until then nothing is taken in. */
static enum journal_code has_room(struct journal *journal, bool *ret_room)
{
    int64_t counts[2] = {0, 0};
    static const enum statement asked[2] = {STATEMENT_PAGE_COUNT, STATEMENT_FREE_COUNT};

    for (size_t i = 0; i < 2 && journal->max_bytes > 0; i++) {
        sqlite3_stmt *row = sql_ask(journal, asked[i], NULL, 0);
        enum journal_code code = sql_row(journal, row);
        if (code != JOURNAL_OK) {
            return code;
        }
        counts[i] = sqlite3_column_int64(row, 0);
        sql_end(row);
    }
    uint64_t used = (uint64_t)(counts[0] - counts[1]) * (uint64_t)journal->page_size;
    *ret_room = journal->max_bytes == 0 || used < journal->max_bytes;
    return JOURNAL_OK;
}

static enum journal_code append(struct journal *journal, const struct journal_message *message,
                                struct journal_appended *ret_result)
{
    struct journal_appended result = {JOURNAL_STORED, 0};

    assert(message->bytes.len > 0 && message->key_count <= JOURNAL_KEYS_MAX &&
           message->delivery_count <= JOURNAL_DELIVERIES_MAX);
    if (message->bytes.len > JOURNAL_BYTES_MAX || message->reply.len > JOURNAL_BYTES_MAX) {
        return sql_refuse(journal, JOURNAL_REFUSED, "the message is too large for the journal");
    }
    enum journal_code code = find_same(journal, message, &result);
    if (code == JOURNAL_OK && result.result != JOURNAL_DUPLICATE) {
        code = add(journal, message, result.result == JOURNAL_CONFLICT, &result.message);
    }
    if (code == JOURNAL_OK) {
        *ret_result = result;
    }
    return code;
}

enum journal_code journal_append(struct journal *journal, const struct journal_message *messages,
                                 size_t count, struct journal_appended *ret_results)
{
    enum journal_code code = sql_enter_change(journal);
    bool room = false;

    if (code == JOURNAL_OK) {
        code = has_room(journal, &room);
    }
    if (code == JOURNAL_OK && !room) {
        return JOURNAL_FULL;
    }
    for (size_t i = 0; i < count && code == JOURNAL_OK; i++) {
        code = append(journal, &messages[i], &ret_results[i]);
    }
    return code;
}

enum journal_code journal_set_reply(struct journal *journal, int64_t message, hl7_slice reply)
{
    enum journal_code code = sql_enter_change(journal);

    if (code == JOURNAL_OK && reply.len > JOURNAL_BYTES_MAX) {
        code = sql_refuse(journal, JOURNAL_REFUSED, "the reply is too large for the journal");
    }
    return code != JOURNAL_OK
               ? code
               : sql_do(journal, STATEMENT_REPLY_SET,
                        VALUES(NUMBER(message), NUMBER(sql_checksum(journal, message, reply)),
                               BYTES(reply)));
}

enum journal_code journal_reply(struct journal *journal, int64_t message, hl7_slice *ret_reply)
{
    enum journal_code code = sql_enter(journal);

    if (code != JOURNAL_OK) {
        return code;
    }
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_REPLY_GET, VALUES(NUMBER(message)));
    code = sql_row(journal, row);
    if (code == JOURNAL_OK) {
        sql_lend(journal, row);
        code = sql_body_of(journal, row, ret_reply);
    }
    return code;
}
