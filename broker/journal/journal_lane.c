/* SPDX-License-Identifier: Apache-2.0
 *
 * Lanes, and the counters that make their state known without counting. Every change of a delivery's
 * state goes through journal_count() or one of its kin, in the transaction that makes it. */
#include "sql.h"

#include <assert.h>
#include <string.h>

enum { LANE_COLUMN_ID, LANE_COLUMN_OWNER, LANE_COLUMN_UNTIL };

/* ---- Ids ------------------------------------------------------------------------------------- */

/* Where a lane's id is remembered: messages come in for the same few lanes all the time. A lane is never
 * removed, so an id stays true, unless the transaction that made the lane is undone. */
static struct sql_known_lane *known_lane(struct journal *journal, const struct journal_lane *lane)
{
    uint64_t mixed = checksum_of(&journal->checksum, lane->route) * 31 +
                     checksum_of(&journal->checksum, lane->destination) + (uint64_t)lane->number;

    return &journal->known[mixed % SQL_KNOWN_LANES];
}

static bool is_known(const struct sql_known_lane *known, const struct journal_lane *lane)
{
    return known->id != 0 && known->number == lane->number &&
           hl7_slice_equal((hl7_slice){known->route, known->route_len}, lane->route) &&
           hl7_slice_equal((hl7_slice){known->destination, known->destination_len},
                           lane->destination);
}

static void remember(struct sql_known_lane *known, const struct journal_lane *lane, int64_t id)
{
    known->id = id;
    known->number = lane->number;
    known->route_len = lane->route.len;
    known->destination_len = lane->destination.len;
    memcpy(known->route, lane->route.ptr, lane->route.len);
    memcpy(known->destination, lane->destination.ptr, lane->destination.len);
}

void journal_lanes_forget(struct journal *journal)
{
    for (size_t i = 0; i < SQL_KNOWN_LANES; i++) {
        journal->known[i].id = 0;
        journal->known[i].added = 0;
    }
}

static enum journal_code count_added(struct journal *journal, struct sql_known_lane *known)
{
    if (known->added == 0) {
        return JOURNAL_OK;
    }
    enum journal_code code =
        sql_do(journal, STATEMENT_LANE_COUNT,
               VALUES(NUMBER(known->id), NUMBER(known->added), NUMBER(0), NUMBER(0)));
    if (code == JOURNAL_OK) {
        known->added = 0;
    }
    return code;
}

enum journal_code journal_count_added(struct journal *journal)
{
    enum journal_code code = JOURNAL_OK;

    for (size_t i = 0; i < SQL_KNOWN_LANES && code == JOURNAL_OK; i++) {
        code = count_added(journal, &journal->known[i]);
    }
    return code;
}

void journal_lane_added(struct journal *journal, int64_t lane)
{
    size_t place = 0;

    while (place < SQL_KNOWN_LANES && journal->known[place].id != lane) {
        place++;
    }
    assert(place < SQL_KNOWN_LANES);
    journal->known[place].added++;
}

static struct journal_lane clipped(const struct journal_lane *lane)
{
    return (struct journal_lane){sql_clip(lane->route), sql_clip(lane->destination), lane->number};
}

static sqlite3_stmt *ask_lane(struct journal *journal, enum statement statement,
                              const struct journal_lane *lane)
{
    return sql_ask(journal, statement,
                   VALUES(TEXT(lane->route), TEXT(lane->destination), NUMBER(lane->number)));
}

static enum journal_code add_lane(struct journal *journal, const struct journal_lane *lane,
                                  int64_t *ret_id)
{
    enum journal_code code = sql_row(journal, ask_lane(journal, STATEMENT_LANE_ADD, lane));

    if (code != JOURNAL_NONE) {
        return code;
    }
    *ret_id = sqlite3_last_insert_rowid(journal->db);
    return JOURNAL_OK;
}

enum journal_code journal_lane_id(struct journal *journal, const struct journal_lane *lane,
                                  int64_t *ret_id)
{
    const struct journal_lane wanted = clipped(lane);
    struct sql_known_lane *known = known_lane(journal, &wanted);

    if (is_known(known, &wanted)) {
        *ret_id = known->id;
        return JOURNAL_OK;
    }
    /* It takes another one's place. */
    enum journal_code code = count_added(journal, known);
    if (code != JOURNAL_OK) {
        return code;
    }
    sqlite3_stmt *found = ask_lane(journal, STATEMENT_LANE_FIND, &wanted);
    code = sql_row(journal, found);
    if (code == JOURNAL_OK) {
        *ret_id = sqlite3_column_int64(found, LANE_COLUMN_ID);
        sql_end(found);
    } else if (code == JOURNAL_NONE) {
        code = add_lane(journal, &wanted, ret_id);
    }
    if (code == JOURNAL_OK) {
        remember(known, &wanted, *ret_id);
    }
    return code;
}

/* ---- Leases and states ----------------------------------------------------------------------- */

enum journal_code journal_lease(struct journal *journal, const struct journal_lane *lane,
                                hl7_slice owner, int64_t now, int64_t until, int64_t *ret_lane)
{
    enum journal_code code = sql_enter_change(journal);
    int64_t id = 0;

    assert(owner.len > 0);
    if (code != JOURNAL_OK) {
        return code;
    }
    owner = sql_clip(owner);
    const struct journal_lane wanted = clipped(lane);
    sqlite3_stmt *found = ask_lane(journal, STATEMENT_LANE_FIND, &wanted);
    code = sql_row(journal, found);
    if (code == JOURNAL_OK) {
        hl7_slice holder = sql_text_at(found, LANE_COLUMN_OWNER);
        bool taken = holder.len > 0 && !hl7_slice_equal(holder, owner) &&
                     sqlite3_column_int64(found, LANE_COLUMN_UNTIL) > now;
        id = sqlite3_column_int64(found, LANE_COLUMN_ID);
        sql_end(found);
        if (taken) {
            return JOURNAL_LOCKED;
        }
    } else if (code == JOURNAL_NONE) {
        code = add_lane(journal, &wanted, &id);
    }
    if (code == JOURNAL_OK) {
        code =
            sql_do(journal, STATEMENT_LANE_LEASE, VALUES(NUMBER(id), TEXT(owner), NUMBER(until)));
    }
    if (code == JOURNAL_OK) {
        *ret_lane = id;
    }
    return code;
}

enum journal_code journal_unlease(struct journal *journal, int64_t lane, hl7_slice owner)
{
    enum journal_code code = sql_enter_change(journal);

    return code != JOURNAL_OK ? code
                              : sql_do(journal, STATEMENT_LANE_UNLEASE,
                                       VALUES(NUMBER(lane), TEXT(sql_clip(owner))));
}

enum journal_code journal_lane_set(struct journal *journal, int64_t lane,
                                   enum journal_lane_state state, hl7_slice why, int64_t now)
{
    enum journal_code code = sql_enter_change(journal);

    if (code != JOURNAL_OK) {
        return code;
    }
    sqlite3_stmt *set =
        sql_ask(journal, STATEMENT_LANE_SET,
                VALUES(NUMBER(lane), NUMBER(state), TEXT(sql_clip(why)), NUMBER(now)));
    code = sql_row(journal, set);
    if (code == JOURNAL_OK) {
        sql_end(set);
    }
    return code;
}

static struct journal_lane_status status_of(sqlite3_stmt *row)
{
    return (struct journal_lane_status){
        .id = sqlite3_column_int64(row, 0),
        .lane = {sql_text_at(row, 1), sql_text_at(row, 2), sqlite3_column_int64(row, 3)},
        .state = (enum journal_lane_state)sqlite3_column_int(row, 4),
        .why = sql_text_at(row, 5),
        .depth = sqlite3_column_int64(row, 6),
        .dead = sqlite3_column_int64(row, 7),
        .delivered = sqlite3_column_int64(row, 8),
        .head = sqlite3_column_int64(row, 9),
        .oldest = sqlite3_column_int64(row, 10),
        .next_try = sqlite3_column_int64(row, 11),
        .attempts = sqlite3_column_int64(row, 12),
        .outcome = sql_text_at(row, 13),
        .outcome_at = sqlite3_column_int64(row, 14),
        .owner = sql_text_at(row, 15),
        .until = sqlite3_column_int64(row, 16),
        .since = sqlite3_column_int64(row, 17),
    };
}

enum journal_code journal_lanes(struct journal *journal,
                                bool (*on_lane)(void *context, const struct journal_lane_status *),
                                void *context)
{
    enum journal_code code = sql_enter(journal);

    if (code == JOURNAL_OK) {
        code = journal_count_added(journal);
    }
    if (code != JOURNAL_OK) {
        return code;
    }
    sqlite3_stmt *row = sql_ask(journal, STATEMENT_LANE_ALL, NULL, 0);
    bool go_on = true;
    while (go_on && (code = sql_row(journal, row)) == JOURNAL_OK) {
        struct journal_lane_status status = status_of(row);
        journal->walking = true;
        go_on = on_lane(context, &status);
        journal->walking = false;
    }
    if (code == JOURNAL_OK) {
        sql_end(row);
    }
    return code == JOURNAL_NONE ? JOURNAL_OK : code;
}

/* ---- Counters -------------------------------------------------------------------------------- */

/* 1, 0 or -1: how the number of those for which `is` holds changes. */
static int64_t change(bool was, bool is)
{
    return (int64_t)is - (int64_t)was;
}

static bool is_open(int state)
{
    return state == JOURNAL_DELIVERY_PENDING || state == JOURNAL_DELIVERY_HELD;
}

/* How the counters of a lane change. */
struct lane_change {
    int64_t depth;
    int64_t dead;
    int64_t delivered;
};

static struct lane_change change_of_lane(int from, enum journal_delivery_state to)
{
    return (struct lane_change){
        .depth = change(from == JOURNAL_DELIVERY_PENDING, to == JOURNAL_DELIVERY_PENDING),
        .dead = change(from == JOURNAL_DELIVERY_DEAD, to == JOURNAL_DELIVERY_DEAD),
        .delivered = change(from == JOURNAL_DELIVERY_DELIVERED, to == JOURNAL_DELIVERY_DELIVERED),
    };
}

static enum journal_code count_lane(struct journal *journal, const struct sql_delivery *delivery,
                                    int from, enum journal_delivery_state to)
{
    const struct lane_change by = change_of_lane(from, to);

    return sql_do(
        journal, STATEMENT_LANE_COUNT,
        VALUES(NUMBER(delivery->lane), NUMBER(by.depth), NUMBER(by.dead), NUMBER(by.delivered)));
}

static enum journal_code count_message(struct journal *journal, int64_t message, int from,
                                       enum journal_delivery_state to)
{
    int64_t open = change(is_open(from), is_open((int)to));
    int64_t dead = change(from == JOURNAL_DELIVERY_DEAD, to == JOURNAL_DELIVERY_DEAD);

    return open == 0 && dead == 0 ? JOURNAL_OK
                                  : sql_do(journal, STATEMENT_MESSAGE_COUNT,
                                           VALUES(NUMBER(message), NUMBER(open), NUMBER(dead)));
}

enum journal_code journal_count(struct journal *journal, const struct sql_delivery *delivery,
                                int from, enum journal_delivery_state to)
{
    enum journal_code code = count_lane(journal, delivery, from, to);

    return code == JOURNAL_OK ? count_message(journal, delivery->message, from, to) : code;
}

enum journal_code journal_count_settled(struct journal *journal,
                                        const struct sql_delivery *delivery,
                                        enum journal_delivery_state to, hl7_slice word, int64_t at)
{
    const struct lane_change by = change_of_lane((int)delivery->state, to);
    enum journal_code code =
        sql_do(journal, STATEMENT_LANE_SETTLE,
               VALUES(NUMBER(delivery->lane), NUMBER(by.depth), NUMBER(by.dead),
                      NUMBER(by.delivered), TEXT(sql_clip(word)), NUMBER(at)));

    return code == JOURNAL_OK ? count_message(journal, delivery->message, (int)delivery->state, to)
                              : code;
}

enum journal_code journal_move(struct journal *journal, const struct sql_delivery *delivery,
                               enum journal_delivery_state to, int64_t now)
{
    enum journal_code code = sql_do(
        journal, STATEMENT_DELIVERY_MOVE,
        VALUES(NUMBER(delivery->id), NUMBER(to), NUMBER(to == JOURNAL_DELIVERY_PENDING ? 0 : now)));

    return code == JOURNAL_OK ? journal_count(journal, delivery, (int)delivery->state, to) : code;
}

enum journal_code journal_delivery_add(struct journal *journal, struct sql_delivery *delivery,
                                       int64_t verbatim, bool later)
{
    delivery->id = ++journal->ids.delivery;
    return sql_do(journal, STATEMENT_DELIVERY_ADD,
                  VALUES(NUMBER(delivery->id), NUMBER(delivery->message), NUMBER(delivery->lane),
                         NUMBER(later), NUMBER(delivery->state), NUMBER(verbatim)));
}
