/* SPDX-License-Identifier: Apache-2.0
 *
 * Deliveries out. journal_next() only reads, so a crash between it and the settlement leaves the
 * delivery as it was: pending, at the head of its lane (J4). The number of the attempt makes settling
 * idempotent: the second settlement of an attempt finds it counted. */
#include "sql.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- Giving out ------------------------------------------------------------------------------ */

enum journal_code journal_reference(struct journal *journal, int64_t reference,
                                    hl7_slice *ret_bytes)
{
    bool received = reference < 0;
    sqlite3_stmt *row = sql_ask(journal, received ? STATEMENT_RECEIVED_GET : STATEMENT_BODY_GET,
                                VALUES(NUMBER(received ? -reference : reference)));
    enum journal_code code = sql_row(journal, row);

    if (code == JOURNAL_OK) {
        sql_lend(journal, row);
        code = sql_body_of(journal, row, ret_bytes);
    }
    return code;
}

/* The lane as a whole: JOURNAL_NONE unless it runs and has something. */
static enum journal_code look_at_lane(struct journal *journal, int64_t lane,
                                      struct journal_wait *ret_wait)
{
    enum journal_code code = journal_count_added(journal);

    *ret_wait = (struct journal_wait){JOURNAL_LANE_RUNNING, 0, 0};
    if (code != JOURNAL_OK) {
        return code;
    }
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_LANE_GET, VALUES(NUMBER(lane)));
    code = sql_row(journal, row);
    if (code != JOURNAL_OK) {
        return code;
    }
    ret_wait->state = (enum journal_lane_state)sqlite3_column_int(row, 0);
    ret_wait->depth = sqlite3_column_int64(row, 1);
    sql_end(row);
    return ret_wait->state == JOURNAL_LANE_RUNNING && ret_wait->depth > 0 ? JOURNAL_OK
                                                                          : JOURNAL_NONE;
}

static struct journal_delivery delivery_of(sqlite3_stmt *row)
{
    return (struct journal_delivery){
        .id = sqlite3_column_int64(row, 0),
        .message = sqlite3_column_int64(row, 1),
        .attempt = sqlite3_column_int64(row, 2) + 1,
        .verbatim = sqlite3_column_int64(row, 4) != 0,
        .received = sqlite3_column_int64(row, 6),
        .listener = sql_text_at(row, 7),
        .control_id = sql_text_at(row, 8),
        .type = sql_text_at(row, 9),
    };
}

enum journal_code journal_next(struct journal *journal, int64_t lane, int64_t after, int64_t now,
                               struct journal_delivery *ret_delivery, struct journal_wait *ret_wait)
{
    enum journal_code code = sql_enter(journal);

    if (code == JOURNAL_OK) {
        code = look_at_lane(journal, lane, ret_wait);
    }
    if (code != JOURNAL_OK) {
        return code;
    }
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_NEXT, VALUES(NUMBER(lane), NUMBER(after)));
    code = sql_row(journal, row);
    if (code != JOURNAL_OK) {
        return code;
    }
    sql_lend(journal, row);
    ret_wait->next_try = sqlite3_column_int64(row, 3);
    if (ret_wait->next_try > now) {
        return JOURNAL_NONE;
    }
    int64_t reference = sqlite3_column_int64(row, 4);
    *ret_delivery = delivery_of(row);
    if (reference == 0) {
        reference = -ret_delivery->message;
    }
    code = journal_reference(journal, reference, &ret_delivery->bytes);
    /* A pending delivery whose message is gone altogether is damage, too. */
    return code == JOURNAL_NONE ||
                   (code == JOURNAL_OK && sqlite3_column_type(row, 5) == SQLITE_NULL)
               ? sql_damaged(journal, "a delivery without its message")
               : code;
}

/* ---- Settling -------------------------------------------------------------------------------- */

/* What becomes of a delivery by each outcome. */
static const struct {
    enum journal_delivery_state state;
    bool halts;
} effects[] = {
    [JOURNAL_DELIVERED] = {JOURNAL_DELIVERY_DELIVERED, false},
    [JOURNAL_FILTERED] = {JOURNAL_DELIVERY_FILTERED, false},
    [JOURNAL_DEAD] = {JOURNAL_DELIVERY_DEAD, false},
    [JOURNAL_RETRY] = {JOURNAL_DELIVERY_PENDING, false},
    [JOURNAL_HALT] = {JOURNAL_DELIVERY_PENDING, true},
};

/* A delivery as it is before it is settled. */
struct before {
    struct sql_delivery delivery;
    int64_t attempts;
    int64_t sent; /* a body reference */
    enum journal_settled verdict;
};

static enum journal_code look_before(struct journal *journal,
                                     const struct journal_settlement *settlement,
                                     struct before *ret_before)
{
    sqlite3_stmt *row =
        sql_ask(journal, STATEMENT_DELIVERY_GET, VALUES(NUMBER(settlement->delivery)));
    enum journal_code code = sql_row(journal, row);

    /* What is gone was pruned, so it was settled. */
    *ret_before = (struct before){.verdict = JOURNAL_ALREADY};
    if (code != JOURNAL_OK) {
        return code == JOURNAL_NONE ? JOURNAL_OK : code;
    }
    ret_before->delivery = (struct sql_delivery){
        settlement->delivery, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
        (enum journal_delivery_state)sqlite3_column_int(row, 2)};
    ret_before->attempts = sqlite3_column_int64(row, 3);
    ret_before->sent = sqlite3_column_int64(row, 4);
    hl7_slice owner = sql_text_at(row, 5);
    if (settlement->owner.ptr != NULL && !hl7_slice_equal(owner, sql_clip(settlement->owner))) {
        ret_before->verdict = JOURNAL_NOT_YOURS;
    } else if (ret_before->delivery.state == JOURNAL_DELIVERY_PENDING &&
               settlement->attempt > ret_before->attempts) {
        assert(settlement->attempt == ret_before->attempts + 1);
        ret_before->verdict = JOURNAL_SETTLED;
    }
    sql_end(row);
    return JOURNAL_OK;
}

static enum journal_code add_body(struct journal *journal, int64_t message, hl7_slice bytes,
                                  int64_t *ret_reference)
{
    *ret_reference = ++journal->ids.body;
    return sql_do(journal, STATEMENT_BODY_ADD,
                  VALUES(NUMBER(*ret_reference), NUMBER(message),
                         NUMBER(sql_checksum(journal, message, bytes)), BYTES(bytes)));
}

/* The reference of these bytes if `reference` stands for the same ones, else 0. */
static enum journal_code same_body(struct journal *journal, int64_t reference, hl7_slice bytes,
                                   int64_t *ret_reference)
{
    hl7_slice stored = {NULL, 0};
    enum journal_code code = journal_reference(journal, reference, &stored);

    if (code == JOURNAL_OK && hl7_slice_equal(stored, bytes)) {
        *ret_reference = reference;
    }
    sql_take_back(journal);
    return code == JOURNAL_NONE || code == JOURNAL_DAMAGED ? JOURNAL_OK : code;
}

/* What was sent is often what was received, or what was sent before: it is stored once. */
static enum journal_code keep_sent(struct journal *journal, const struct before *before,
                                   hl7_slice sent, int64_t *ret_reference)
{
    enum journal_code code = JOURNAL_OK;

    *ret_reference = 0;
    if (sent.ptr == NULL) {
        return JOURNAL_OK;
    }
    if (before->sent != 0) {
        code = same_body(journal, before->sent, sent, ret_reference);
    }
    if (code == JOURNAL_OK && *ret_reference == 0) {
        code = same_body(journal, -before->delivery.message, sent, ret_reference);
    }
    if (code == JOURNAL_OK && *ret_reference == 0) {
        code = add_body(journal, before->delivery.message, sent, ret_reference);
    }
    return code;
}

/* Of many attempts the first and the last ones stay. */
static enum journal_code drop_attempt(struct journal *journal, const struct before *before,
                                      int64_t number)
{
    if (number <= 1) {
        return JOURNAL_OK;
    }
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_ATTEMPT_DROP,
                                VALUES(NUMBER(before->delivery.id), NUMBER(number)));
    enum journal_code code = sql_row(journal, row);
    if (code != JOURNAL_OK) {
        return code == JOURNAL_NONE ? JOURNAL_OK : code;
    }
    int64_t sent = sqlite3_column_int64(row, 0);
    int64_t answer = sqlite3_column_int64(row, 1);
    sql_end(row);
    code = sql_do(journal, STATEMENT_BODY_DROP, VALUES(NUMBER(answer)));
    if (code == JOURNAL_OK) {
        code = sql_do(
            journal, STATEMENT_BODY_DROP_UNUSED,
            VALUES(NUMBER(sent), NUMBER(before->delivery.id), NUMBER(before->delivery.message)));
    }
    return code;
}

static enum journal_code add_attempt(struct journal *journal, const struct before *before,
                                     const struct journal_settlement *settlement, int64_t *ret_sent)
{
    int64_t answer = 0;
    enum journal_code code = keep_sent(journal, before, settlement->sent, ret_sent);

    if (code == JOURNAL_OK && settlement->answer.ptr != NULL) {
        code = add_body(journal, before->delivery.message, settlement->answer, &answer);
    }
    if (code == JOURNAL_OK) {
        code = sql_do(journal, STATEMENT_ATTEMPT_ADD,
                      VALUES(NUMBER(settlement->delivery), NUMBER(settlement->attempt),
                             NUMBER(settlement->started), NUMBER(settlement->ended),
                             NUMBER(settlement->outcome), NUMBER(*ret_sent), NUMBER(answer),
                             TEXT(sql_clip(settlement->word)), TEXT(sql_clip(settlement->reason)),
                             TEXT(sql_clip(settlement->template)),
                             TEXT(sql_clip(settlement->template_hash))));
    }
    return code == JOURNAL_OK
               ? drop_attempt(journal, before, settlement->attempt - JOURNAL_ATTEMPTS_KEPT + 1)
               : code;
}

static enum journal_code change_delivery(struct journal *journal, const struct before *before,
                                         const struct journal_settlement *settlement, int64_t sent)
{
    enum journal_delivery_state state = effects[settlement->outcome].state;
    bool pending = state == JOURNAL_DELIVERY_PENDING;

    return sql_do(journal, STATEMENT_DELIVERY_SETTLE,
                  VALUES(NUMBER(settlement->delivery), NUMBER(state), NUMBER(settlement->attempt),
                         NUMBER(settlement->outcome == JOURNAL_RETRY ? settlement->next_try : 0),
                         NUMBER(pending ? 0 : settlement->ended),
                         NUMBER(sent == 0 ? before->sent : sent), TEXT(sql_clip(settlement->word)),
                         TEXT(sql_clip(settlement->reason))));
}

static enum journal_code change_lane(struct journal *journal, const struct before *before,
                                     const struct journal_settlement *settlement)
{
    const struct sql_delivery *delivery = &before->delivery;
    enum journal_code code = journal_count_settled(
        journal, delivery, effects[settlement->outcome].state, settlement->word, settlement->ended);

    if (code == JOURNAL_OK && effects[settlement->outcome].halts) {
        code = sql_do(journal, STATEMENT_LANE_SET,
                      VALUES(NUMBER(delivery->lane), NUMBER(JOURNAL_LANE_HALTED),
                             TEXT(sql_clip(settlement->reason)), NUMBER(settlement->ended)));
    }
    return code;
}

enum journal_code journal_settle(struct journal *journal,
                                 const struct journal_settlement *settlement,
                                 enum journal_settled *ret_settled)
{
    struct before before;
    int64_t sent = 0;
    enum journal_code code = sql_enter_change(journal);

    if (code == JOURNAL_OK &&
        (settlement->sent.len > JOURNAL_BYTES_MAX || settlement->answer.len > JOURNAL_BYTES_MAX)) {
        code = sql_refuse(journal, JOURNAL_REFUSED, "an attempt is too large for the journal");
    }
    if (code == JOURNAL_OK) {
        code = look_before(journal, settlement, &before);
    }
    if (code != JOURNAL_OK) {
        return code;
    }
    if (before.verdict == JOURNAL_SETTLED) {
        code = add_attempt(journal, &before, settlement, &sent);
        if (code == JOURNAL_OK) {
            code = change_delivery(journal, &before, settlement, sent);
        }
        if (code == JOURNAL_OK) {
            code = change_lane(journal, &before, settlement);
        }
    }
    if (code == JOURNAL_OK) {
        *ret_settled = before.verdict;
    }
    return code;
}
