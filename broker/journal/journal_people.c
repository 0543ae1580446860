/* SPDX-License-Identifier: Apache-2.0
 *
 * What people ask for: deliver again, retry, give up, release; and setting a damaged message aside,
 * which the broker does in their place. Each leaves a note in the message's story. */
#include "sql.h"

static enum journal_code get_delivery(struct journal *journal, int64_t id,
                                      struct sql_delivery *ret_delivery, int64_t *ret_sent)
{
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_DELIVERY_GET, VALUES(NUMBER(id)));
    enum journal_code code = sql_row(journal, row);

    if (code == JOURNAL_OK) {
        *ret_delivery =
            (struct sql_delivery){id, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                                  (enum journal_delivery_state)sqlite3_column_int(row, 2)};
        *ret_sent = sqlite3_column_int64(row, 4);
        sql_end(row);
    }
    return code;
}

static enum journal_code get_state(struct journal *journal, int64_t message,
                                   enum journal_state *ret_state)
{
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_MESSAGE_STATE, VALUES(NUMBER(message)));
    enum journal_code code = sql_row(journal, row);

    if (code == JOURNAL_OK) {
        *ret_state = (enum journal_state)sqlite3_column_int(row, 0);
        sql_end(row);
    }
    return code;
}

static enum journal_code set_state(struct journal *journal, int64_t message,
                                   enum journal_state state)
{
    return sql_do(journal, STATEMENT_MESSAGE_SET_STATE, VALUES(NUMBER(message), NUMBER(state)));
}

enum journal_code journal_note_add(struct journal *journal, int64_t message, int64_t delivery,
                                   const char *what, const struct journal_note *note)
{
    return sql_do(journal, STATEMENT_NOTE_ADD,
                  VALUES(NUMBER(message), NUMBER(delivery), TEXT(hl7_slice_of(what)),
                         TEXT(sql_clip(note->who)), TEXT(sql_clip(note->why)), NUMBER(note->at)));
}

/* ---- Deliver again --------------------------------------------------------------------------- */

/* What a delivery of this message sent last. */
static enum journal_code sent_by(struct journal *journal, int64_t delivery, int64_t message,
                                 int64_t *ret_reference)
{
    struct sql_delivery found = {0};
    enum journal_code code = get_delivery(journal, delivery, &found, ret_reference);

    if (code == JOURNAL_OK && (found.message != message || *ret_reference == 0)) {
        return JOURNAL_REFUSED;
    }
    return code;
}

static enum journal_code replay(struct journal *journal, int64_t message,
                                const struct journal_lane *lane, int64_t reference,
                                int64_t *ret_delivery)
{
    struct sql_delivery delivery = {.message = message, .state = JOURNAL_DELIVERY_PENDING};
    enum journal_code code = journal_lane_id(journal, lane, &delivery.lane);

    if (code == JOURNAL_OK) {
        code = journal_delivery_add(journal, &delivery, reference, true);
    }
    if (code == JOURNAL_OK) {
        code = journal_count(journal, &delivery, SQL_NEW, delivery.state);
    }
    if (code == JOURNAL_OK) {
        *ret_delivery = delivery.id;
    }
    return code;
}

enum journal_code journal_replay(struct journal *journal, int64_t message,
                                 const struct journal_lane *lane, int64_t verbatim,
                                 const struct journal_note *note, int64_t *ret_delivery)
{
    enum journal_state state = JOURNAL_STATE_ANY;
    int64_t reference = 0;
    int64_t delivery = 0;
    enum journal_code code = sql_enter_change(journal);

    if (code == JOURNAL_OK) {
        code = get_state(journal, message, &state);
    }
    if (code == JOURNAL_OK && state == JOURNAL_STATE_DAMAGED) {
        return JOURNAL_REFUSED;
    }
    if (code == JOURNAL_OK && verbatim != 0) {
        code = sent_by(journal, verbatim, message, &reference);
    }
    if (code == JOURNAL_OK) {
        code = replay(journal, message, lane, reference, &delivery);
    }
    if (code == JOURNAL_OK) {
        code = journal_note_add(journal, message, delivery, "replay", note);
    }
    if (code == JOURNAL_OK) {
        *ret_delivery = delivery;
    }
    return code;
}

/* ---- Retry, drop ----------------------------------------------------------------------------- */

enum journal_code journal_retry(struct journal *journal, int64_t delivery,
                                const struct journal_note *note)
{
    struct sql_delivery found = {0};
    int64_t sent = 0;
    enum journal_state state = JOURNAL_STATE_ANY;
    enum journal_code code = sql_enter_change(journal);

    if (code == JOURNAL_OK) {
        code = get_delivery(journal, delivery, &found, &sent);
    }
    if (code == JOURNAL_OK) {
        code = get_state(journal, found.message, &state);
    }
    if (code != JOURNAL_OK) {
        return code;
    }
    if (found.state != JOURNAL_DELIVERY_DEAD || state == JOURNAL_STATE_DAMAGED) {
        return JOURNAL_REFUSED;
    }
    code = journal_move(journal, &found, JOURNAL_DELIVERY_PENDING, note->at);
    return code == JOURNAL_OK ? journal_note_add(journal, found.message, delivery, "retry", note)
                              : code;
}

/* The first delivery of a message that the statement finds. */
static enum journal_code find_first(struct journal *journal, enum statement statement,
                                    int64_t message, struct sql_delivery *ret_delivery)
{
    sqlite3_stmt *row = sql_ask(journal, statement, VALUES(NUMBER(message)));
    enum journal_code code = sql_row(journal, row);

    if (code == JOURNAL_OK) {
        *ret_delivery = (struct sql_delivery){
            sqlite3_column_int64(row, 0), message, sqlite3_column_int64(row, 1),
            (enum journal_delivery_state)sqlite3_column_int(row, 2)};
        sql_end(row);
    }
    return code;
}

enum journal_code journal_move_each(struct journal *journal, enum statement statement,
                                    int64_t message, enum journal_delivery_state to, int64_t now)
{
    struct sql_delivery delivery;
    enum journal_code code;

    while ((code = find_first(journal, statement, message, &delivery)) == JOURNAL_OK) {
        code = journal_move(journal, &delivery, to, now);
        if (code != JOURNAL_OK) {
            return code;
        }
    }
    return code == JOURNAL_NONE ? JOURNAL_OK : code;
}

/* A message is held as long as one of its deliveries is. */
static enum journal_code end_hold(struct journal *journal, int64_t message)
{
    struct sql_delivery delivery;
    enum journal_state state = JOURNAL_STATE_ANY;
    enum journal_code code = get_state(journal, message, &state);

    if (code != JOURNAL_OK || state != JOURNAL_STATE_HELD) {
        return code;
    }
    code = find_first(journal, STATEMENT_DELIVERY_HELD, message, &delivery);
    if (code != JOURNAL_NONE) {
        return code;
    }
    code = set_state(journal, message, JOURNAL_STATE_SETTLED);
    /* By its counters. */
    return code == JOURNAL_OK ? sql_do(journal, STATEMENT_MESSAGE_COUNT,
                                       VALUES(NUMBER(message), NUMBER(0), NUMBER(0)))
                              : code;
}

enum journal_code journal_drop(struct journal *journal, int64_t delivery,
                               const struct journal_note *note)
{
    struct sql_delivery found = {0};
    int64_t sent = 0;
    enum journal_code code = sql_enter_change(journal);

    if (code == JOURNAL_OK) {
        code = get_delivery(journal, delivery, &found, &sent);
    }
    if (code != JOURNAL_OK) {
        return code;
    }
    if (found.state > JOURNAL_DELIVERY_HELD) {
        return JOURNAL_REFUSED;
    }
    code = journal_move(journal, &found, JOURNAL_DELIVERY_DROPPED, note->at);
    if (code == JOURNAL_OK) {
        code = end_hold(journal, found.message);
    }
    return code == JOURNAL_OK ? journal_note_add(journal, found.message, delivery, "drop", note)
                              : code;
}

/* ---- Release, set aside ---------------------------------------------------------------------- */

enum journal_code journal_release(struct journal *journal, int64_t message,
                                  const struct journal_note *note)
{
    enum journal_state state = JOURNAL_STATE_ANY;
    enum journal_code code = sql_enter_change(journal);

    if (code == JOURNAL_OK) {
        code = get_state(journal, message, &state);
    }
    if (code != JOURNAL_OK) {
        return code;
    }
    if (state != JOURNAL_STATE_HELD) {
        return JOURNAL_REFUSED;
    }
    code = journal_move_each(journal, STATEMENT_DELIVERY_HELD, message, JOURNAL_DELIVERY_PENDING,
                             note->at);
    if (code == JOURNAL_OK) {
        code = end_hold(journal, message);
    }
    return code == JOURNAL_OK ? journal_note_add(journal, message, 0, "release", note) : code;
}

enum journal_code journal_set_aside(struct journal *journal, int64_t message, int64_t now)
{
    const struct journal_note note = {HL7_TEXT("orderly"), HL7_TEXT("stored bytes are damaged"),
                                      now};
    enum journal_code code = sql_enter_change(journal);

    if (code == JOURNAL_OK) {
        code = journal_move_each(journal, STATEMENT_DELIVERY_OPEN, message, JOURNAL_DELIVERY_DEAD,
                                 now);
    }
    if (code == JOURNAL_OK) {
        code = set_state(journal, message, JOURNAL_STATE_DAMAGED);
    }
    return code == JOURNAL_OK ? journal_note_add(journal, message, 0, "damaged", &note) : code;
}
