/* SPDX-License-Identifier: Apache-2.0
 *
 * sql.h - what the parts of the journal share: its state, and how they ask SQLite.
 *
 * Statements are those of statements.tbl, prepared when they are first used and kept. Each public
 * function begins with sql_enter() or sql_enter_change(), which resets the statements whose rows
 * were lent to the caller. What fails goes through sql_fail(), the one place that decides whether
 * the transaction is doomed and whether the journal may be trusted any longer (J5). */
#ifndef BROKER_JOURNAL_SQL_H
#define BROKER_JOURNAL_SQL_H

#include "checksum.h"
#include "gather.h"
#include "journal.h"

#include <sqlite3.h>

#define STATEMENT(name, sql) STATEMENT_##name,
enum statement {
#include "statements.tbl"
    STATEMENTS
};
#undef STATEMENT

/* Pages of the write-ahead log after which journal_tend() moves them into place, and after which the
 * commit does it itself, so that the log stays bounded with a caller that never tends. */
enum { SQL_LOG_PAGES = 4000, SQL_LOG_PAGES_MAX = 8000, SQL_LENT_MAX = 2 };

enum { SQL_KNOWN_LANES = 16 };

/* A lane whose id is remembered; id 0: none. */
struct sql_known_lane {
    int64_t id;
    int64_t number;
    int64_t added; /* to its depth in this transaction, and not in its row yet */
    size_t route_len;
    size_t destination_len;
    char route[JOURNAL_TEXT_MAX];
    char destination[JOURNAL_TEXT_MAX];
};

/* The highest ids that were given. */
struct sql_ids {
    int64_t message;
    int64_t delivery;
    int64_t body;
};

/* The keys of the message that is being added: sorted, each once, and packed for its row. */
struct sql_keys {
    struct journal_key items[JOURNAL_KEYS_MAX + 1];
    size_t count;
    hl7_slice patient; /* those that have columns of their own, or absent */
    hl7_slice accession;
    unsigned char packed[2 * JOURNAL_KEYS_MAX * (2 + JOURNAL_TEXT_MAX)];
};

struct journal {
    struct gather gather;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENTS];
    sqlite3_stmt *lent[SQL_LENT_MAX]; /* their rows are in the caller's hands */
    size_t lent_count;
    struct checksum checksum;
    struct sql_known_lane known[SQL_KNOWN_LANES];
    struct sql_ids ids;
    struct sql_ids ids_before; /* the transaction */
    struct sql_keys keys;
    uint64_t max_bytes;
    int page_size;
    int log_pages; /* in the write-ahead log, when it was last added to */
    bool in_transaction;
    bool walking;                  /* a callback is running, which must not call */
    bool failed;                   /* J5: nothing is believed until it is opened again */
    enum journal_code doomed;      /* why the transaction cannot be committed */
    struct journal_backup *backup; /* the copy that is under way; NULL: none */
    char reason[256];
};

/* Gives up the copy that is under way, if one is. */
void journal_backup_abandon(struct journal *journal);

/* The text of a statement; for tests too. */
const char *sql_text(enum statement statement);

/* ---- Asking ---------------------------------------------------------------------------------- */

struct sql_value {
    enum { SQL_NUMBER, SQL_TEXT, SQL_BYTES, SQL_NULL } kind;
    int64_t number;
    hl7_slice bytes;
};

#define NUMBER(n) ((struct sql_value){SQL_NUMBER, (n), {NULL, 0}})
#define TEXT(s) ((struct sql_value){SQL_TEXT, 0, (s)})
#define BYTES(s) ((struct sql_value){SQL_BYTES, 0, (s)})
#define NOTHING ((struct sql_value){SQL_NULL, 0, {NULL, 0}})
#define TEXT_OR_NOTHING(s) ((s).ptr == NULL ? NOTHING : TEXT(s))
/* The values of a statement's parameters, in their order, and how many. */
#define VALUES(...)                                                                                \
    (const struct sql_value[]){__VA_ARGS__},                                                       \
        sizeof((const struct sql_value[]){__VA_ARGS__}) / sizeof(struct sql_value)

/* Begins a call that reads. JOURNAL_FAILED after a failure, the transaction's doom within one. */
enum journal_code sql_enter(struct journal *journal);

/* Begins a call that changes something, which happens within a transaction only. */
enum journal_code sql_enter_change(struct journal *journal);

/* Runs a statement that gives no rows, or whose rows do not matter. */
enum journal_code sql_do(struct journal *journal, enum statement name,
                         const struct sql_value *values, size_t count);

/* Starts a statement; rows follow from sql_row(), which resets it behind the last one. NULL on
 * failure, which sql_row() passes on. */
sqlite3_stmt *sql_ask(struct journal *journal, enum statement name, const struct sql_value *values,
                      size_t count);

/* JOURNAL_OK with a row, JOURNAL_NONE behind the last one, or the failure. */
enum journal_code sql_row(struct journal *journal, sqlite3_stmt *statement);

/* Ends a statement before its last row. */
void sql_end(sqlite3_stmt *statement);

/* Ends a statement, at the next call: the caller may look at its row until then. */
void sql_lend(struct journal *journal, sqlite3_stmt *statement);

/* Ends whatever was lent. */
void sql_take_back(struct journal *journal);

hl7_slice sql_text_at(sqlite3_stmt *statement, int column);

/* The bytes of a row that is a checksum, bytes, and the message they belong to, if they are the ones
 * that were stored for it. */
enum journal_code sql_body_of(struct journal *journal, sqlite3_stmt *row, hl7_slice *ret_bytes);

/* Notes a failure and says what kind it is. `what`: what was being done. */
enum journal_code sql_fail(struct journal *journal, int result, const char *what);

/* Says that what was read is damaged. Reading on is possible, so nothing is doomed. */
enum journal_code sql_damaged(struct journal *journal, const char *why);

/* Notes a refusal that SQLite has no part in. Dooms the transaction that is open. */
enum journal_code sql_refuse(struct journal *journal, enum journal_code code, const char *why);

/* What a failing result of SQLite means here. */
enum journal_code sql_code(int result);

/* An identifier as it is kept: its first JOURNAL_TEXT_MAX bytes, never absent. */
hl7_slice sql_clip(hl7_slice text);

/* The checksum of bytes of a message, as a column keeps it. The message's id is part of it: a row that
 * damage has made another message's is noticed. */
int64_t sql_checksum(const struct journal *journal, int64_t message, hl7_slice bytes);

/* ---- What several parts do ------------------------------------------------------------------- */

/* Finds a lane, or makes it. */
enum journal_code journal_lane_id(struct journal *journal, const struct journal_lane *lane,
                                  int64_t *ret_id);

/* Forgets the ids that are remembered: a transaction was undone. */
void journal_lanes_forget(struct journal *journal);

/* A delivery and where it belongs. */
struct sql_delivery {
    int64_t id;
    int64_t message;
    int64_t lane;
    enum journal_delivery_state state;
};

enum { SQL_NEW = -1 }; /* the state of a delivery that is not there yet */

/* Keeps the counters of message and lane when a delivery goes from one state (or SQL_NEW) to
 * another. */
enum journal_code journal_count(struct journal *journal, const struct sql_delivery *delivery,
                                int from, enum journal_delivery_state to);

/* The same when an attempt has come to a result, which the lane remembers: its row is written once. */
enum journal_code journal_count_settled(struct journal *journal,
                                        const struct sql_delivery *delivery,
                                        enum journal_delivery_state to, hl7_slice word, int64_t at);

/* A new message is pending in a lane that journal_lane_id() has just found. Many messages of one
 * transaction go to the same lane: its row is written by journal_count_added(), which whoever reads or
 * commits a depth calls before. (The message's row has its own counters from the start.) */
void journal_lane_added(struct journal *journal, int64_t lane);
enum journal_code journal_count_added(struct journal *journal);

/* Changes a delivery's state, counters included. */
enum journal_code journal_move(struct journal *journal, const struct sql_delivery *delivery,
                               enum journal_delivery_state to, int64_t now);

/* Changes every delivery of a message that the statement, one of DELIVERY_*, finds. */
enum journal_code journal_move_each(struct journal *journal, enum statement statement,
                                    int64_t message, enum journal_delivery_state to, int64_t now);

/* Adds a delivery, which gets its id. `verbatim`: a body reference. `later`: it did not come with its
 * message. */
enum journal_code journal_delivery_add(struct journal *journal, struct sql_delivery *delivery,
                                       int64_t verbatim, bool later);

/* Bytes a body reference stands for. Lends a row. */
enum journal_code journal_reference(struct journal *journal, int64_t reference,
                                    hl7_slice *ret_bytes);

enum journal_code journal_note_add(struct journal *journal, int64_t message, int64_t delivery,
                                   const char *what, const struct journal_note *note);

/* Packs the keys of a message, which are in the caller's hands meanwhile. */
hl7_slice journal_keys_pack(struct sql_keys *keys, const struct journal_message *message);

/* Takes the first key off what was packed; false behind the last one. */
bool journal_keys_unpack(hl7_slice *packed, struct journal_key *ret_key);
bool journal_keys_have(hl7_slice packed, const struct journal_key *key);

/* Whether a key of this name is in a column of the message's row and not in the table of keys. */
bool journal_key_is_patient(hl7_slice name);
bool journal_key_is_accession(hl7_slice name);

/* Adds the keys that were packed last to those that are looked up, and removes a message's. */
enum journal_code journal_keys_add(struct journal *journal, int64_t message, int64_t received);
enum journal_code journal_keys_remove(struct journal *journal, int64_t message);

/* Reads which ids were given, and keeps that while rows are removed. */
enum journal_code journal_ids_read(struct journal *journal);
enum journal_code journal_ids_keep(struct journal *journal);

/* Moves committed pages into place when there are more than `pages` of them. */
enum journal_code journal_checkpoint(struct journal *journal, int pages);

#endif
