/* SPDX-License-Identifier: Apache-2.0
 *
 * journal.h - the store that never loses what was acknowledged: messages exactly as received, their
 * deliveries, every attempt, and what people did to them.
 *
 * A message is stored. Each of its deliveries is pending until it is delivered, dead, filtered or
 * dropped; a message whose control id came before with other content is held until a person decides.
 * journal.c has the seven invariants, J1 to J7.
 *
 * Use. One thread owns a journal and calls it; nothing here waits for anything but the disk. What
 * changes the journal happens between journal_begin() and journal_commit(), and holds, all of it,
 * when the commit says JOURNAL_OK: one commit, and one wait for the disk, for whatever has
 * gathered meanwhile. Until then every result is a promise: no reply goes out before the commit.
 *
 *     journal_begin(journal);
 *     journal_append(journal, messages, count, results);
 *     journal_settle(journal, &settlement, &settled);
 *     if (journal_commit(journal) == JOURNAL_OK) { send the replies; }
 *     journal_tend(journal);
 *
 * Failures. A call that fails within a transaction dooms it: the calls that follow, and the commit,
 * say the same code and change nothing. After JOURNAL_FULL, JOURNAL_BUSY, JOURNAL_NO_MEMORY and
 * JOURNAL_DAMAGED the transaction is undone and the journal works on. After JOURNAL_FAILED it does
 * not: close it and open it again, which reads back what is really on the disk (J5).
 *
 * Memory. Slices given are read during the call. Slices that come back belong to the journal and are
 * good until its next call; those given to a callback, until it returns. A callback must not
 * call the journal. Times are microseconds since 1970, UTC; the journal reads no clock. Texts are bytes: an
 * identifier need not be UTF-8. Those that are looked up count with their first JOURNAL_TEXT_MAX
 * bytes, here and when they are looked for.
 *
 * Nothing here is SQLite's: a database that several machines share can stand behind the same calls. */
#ifndef BROKER_JOURNAL_JOURNAL_H
#define BROKER_JOURNAL_JOURNAL_H

#include "hl7.h"

#include <stdbool.h>
#include <stdint.h>

struct journal;

enum {
    JOURNAL_TEXT_MAX = 256,       /* bytes of a name or an identifier that are kept */
    JOURNAL_BYTES_MAX = 1 << 29,  /* of a message, an answer, a reply */
    JOURNAL_KEYS_MAX = 64,        /* indexed values of one message */
    JOURNAL_DELIVERIES_MAX = 256, /* deliveries one message begins with */
    JOURNAL_ATTEMPTS_KEPT = 100   /* of one delivery: the first, and the last ones */
};

enum journal_code {
    JOURNAL_OK = 0,
    JOURNAL_NONE, /* nothing of the kind is there, or nothing is due */
    JOURNAL_FULL, /* the disk or the configured size: refuse new messages, go on with the rest */
    JOURNAL_BUSY, /* somebody else changed the same: undone, repeat the transaction */
    JOURNAL_NO_MEMORY, /* undone, repeat the transaction */
    JOURNAL_DAMAGED,   /* what is stored fails its checksum, or its page cannot be read */
    JOURNAL_FAILED, /* a write or a sync failed. Of journal_commit: nobody knows whether it holds.
                          Acknowledge nothing; close, open */
    JOURNAL_LOCKED, /* open: another process has it. lease: another owner has it */
    JOURNAL_NEWER,  /* open: written by a newer version, not touched */
    JOURNAL_REFUSED /* what is asked cannot be done to this message, delivery or lane */
};

/* The stable name of a code: "full". */
const char *journal_code_name(enum journal_code code);

/* The version of SQLite that is loaded: "3.40.1". */
const char *journal_library_version(void);

/* ---- Open, close, commit --------------------------------------------------------------------- */

struct journal_options {
    size_t cache_bytes; /* memory for pages; 0: 16 MiB. What is queued takes no memory */
    uint64_t
        max_bytes; /* of the journal's file: appends are JOURNAL_FULL beyond; 0: the disk's end */
};

/* For a program that is to be quick, before all else: SQLite does not count the memory it has, which
 * takes a lock at each allocation. Of no effect once a journal was opened in this process. */
void journal_do_not_count_memory(void);

/* Makes the folder of a journal, so that it is there after a loss of power, too; one that is there is fine. False
 * with errno set. */
bool journal_make_folder(const char *folder);

/* Opens the journal in this folder, making both when they are not there (0700, 0600, names synced).
 * An older schema is brought up to date in one transaction. `options` may be NULL. On failure
 * `ret_reason`, if not NULL, receives one sentence. */
enum journal_code journal_open(const char *folder, const struct journal_options *options,
                               struct journal **ret_journal, char ret_reason[256]);

/* Undoes a transaction that is open. Accepts NULL and a pointer to NULL. */
void journal_close(struct journal **journal);

/* One sentence about the last failure: what, and the system's word for it. Never message content. */
const char *journal_reason(const struct journal *journal);

/* A failure dooms the transaction, which journal_commit() or journal_rollback() ends all the same. */
enum journal_code journal_begin(struct journal *journal);

/* JOURNAL_OK: all of the transaction is on the disk. JOURNAL_FAILED: it may be, or not; after the
 * journal was opened again, a sender's repetition shows which. Any other code: nothing of it is. */
enum journal_code journal_commit(struct journal *journal);

/* Undoes the transaction. Never fails. */
void journal_rollback(struct journal *journal);

/* Housekeeping that can wait until the replies are out: moves what was committed to its final place
 * when enough has gathered. Call it after each commit, and never within a transaction. */
enum journal_code journal_tend(struct journal *journal);

/* ---- Lanes ----------------------------------------------------------------------------------- */

/* Deliveries of one lane leave one after the other. */
struct journal_lane {
    hl7_slice route;
    hl7_slice destination;
    int64_t number;
};

enum journal_lane_state {
    JOURNAL_LANE_RUNNING,
    JOURNAL_LANE_PAUSED, /* by a person */
    JOURNAL_LANE_HALTED  /* by an answer whose policy it is: JOURNAL_HALT */
};

struct journal_lane_status {
    int64_t id;
    struct journal_lane lane;
    enum journal_lane_state state;
    hl7_slice why;     /* of the last pause, halt or resumption */
    int64_t since;     /* when that was */
    int64_t depth;     /* deliveries pending */
    int64_t dead;      /* dead letters */
    int64_t delivered; /* ever */
    int64_t head;      /* delivery at the head, 0 when the lane is empty */
    int64_t oldest;    /* when the head's message was received */
    int64_t next_try;  /* of the head */
    int64_t attempts;  /* of the head, so far */
    hl7_slice outcome; /* of the last attempt of the lane, as it was settled: "AE" */
    int64_t outcome_at;
    hl7_slice owner; /* of the lease; empty when it has none */
    int64_t until;
};

/* Takes or renews the lease of a lane, which is made if it is new. JOURNAL_LOCKED while somebody
 * else's has not run out by `now`. A machine on its own takes it once, until INT64_MAX. */
enum journal_code journal_lease(struct journal *journal, const struct journal_lane *lane,
                                hl7_slice owner, int64_t now, int64_t until, int64_t *ret_lane);

/* Gives the lease back if it is the owner's. */
enum journal_code journal_unlease(struct journal *journal, int64_t lane, hl7_slice owner);

/* Every lane there ever was, in the order of their ids: work for each lane, not for each message. */
enum journal_code journal_lanes(struct journal *journal,
                                bool (*on_lane)(void *context, const struct journal_lane_status *),
                                void *context);

/* Sets the state, with a reason for people; survives a restart. */
enum journal_code journal_lane_set(struct journal *journal, int64_t lane,
                                   enum journal_lane_state state, hl7_slice why, int64_t now);

/* ---- Messages in ----------------------------------------------------------------------------- */

/* An indexed value: ("patient", "000123"), ("OBR-18", "A77"). Of the two that are asked for most, a
 * message has one value each at most. */
#define JOURNAL_PATIENT "patient"
#define JOURNAL_ACCESSION "accession"
struct journal_key {
    hl7_slice name;
    hl7_slice value;
};

struct journal_message {
    hl7_slice listener;
    hl7_slice peer;   /* address of the sender, as text */
    int64_t received; /* time */
    hl7_slice bytes;  /* as received; never empty */
    hl7_slice control_id;
    hl7_slice type; /* "ORM^O01" */
    hl7_slice application;
    hl7_slice facility; /* with application: the sender */
    const struct journal_key *keys;
    size_t key_count;
    const struct journal_lane *deliveries;
    size_t delivery_count;
    hl7_slice reply;          /* what will be answered if it is stored; absent: not known yet */
    int64_t duplicate_window; /* how far back its control id is looked for; 0: not at all */
};

enum journal_result {
    JOURNAL_STORED,
    JOURNAL_DUPLICATE, /* same sender, control id and bytes as `message`: nothing was stored */
    JOURNAL_CONFLICT   /* same sender and control id, other bytes: stored, its deliveries held */
};

struct journal_appended {
    enum journal_result result;
    int64_t message; /* its id; of a duplicate, the first one's */
};

/* Stores messages, in this order, with their deliveries. A duplicate of one that stands before it in
 * the same call is found too. JOURNAL_FULL because of max_bytes is said before anything is written
 * and dooms nothing: the rest of the transaction can be committed. JOURNAL_REFUSED: a message is
 * larger than JOURNAL_BYTES_MAX. */
enum journal_code journal_append(struct journal *journal, const struct journal_message *messages,
                                 size_t count, struct journal_appended *ret_results);

/* Records what was answered to a message, in place of what was recorded before. */
enum journal_code journal_set_reply(struct journal *journal, int64_t message, hl7_slice reply);

/* The recorded reply; JOURNAL_NONE when there is none. */
enum journal_code journal_reply(struct journal *journal, int64_t message, hl7_slice *ret_reply);

/* ---- Deliveries out -------------------------------------------------------------------------- */

struct journal_delivery {
    int64_t id;
    int64_t message;
    int64_t attempt; /* the number this attempt has: 1 for the first */
    int64_t received;
    bool verbatim; /* bytes are to be sent as they are, past the templates: a replay */
    hl7_slice bytes;
    hl7_slice listener;
    hl7_slice control_id;
    hl7_slice type;
};

/* Why a lane has nothing to do now. */
struct journal_wait {
    enum journal_lane_state state;
    int64_t depth;
    int64_t next_try; /* when the head may be tried again; 0 when the lane is empty */
};

/* The oldest pending delivery behind `after` (0: the head of the lane). JOURNAL_NONE, with *ret_wait
 * filled in, while the lane is empty, paused, halted, or its head waits for its time: a lane holds
 * behind its head. Nothing is written: what was given out and not settled is given out again after a
 * crash. `after` is for pipelining; it skips what is already on its way.
 * JOURNAL_DAMAGED: `id` and `message` are set, the bytes are not to be trusted; set it aside. */
enum journal_code journal_next(struct journal *journal, int64_t lane, int64_t after, int64_t now,
                               struct journal_delivery *ret_delivery,
                               struct journal_wait *ret_wait);

enum journal_outcome {
    JOURNAL_DELIVERED,
    JOURNAL_FILTERED, /* the route's template refused it */
    JOURNAL_DEAD,     /* a dead letter, until a person retries or drops it */
    JOURNAL_RETRY,    /* pending, not before next_try */
    JOURNAL_HALT      /* pending, and the lane stops until it is set running */
};

struct journal_settlement {
    int64_t delivery;
    int64_t attempt; /* as journal_next() gave it */
    enum journal_outcome outcome;
    int64_t started;
    int64_t ended;
    int64_t next_try;        /* JOURNAL_RETRY */
    hl7_slice word;          /* the outcome in a word: "AA", "timeout", "refused" */
    hl7_slice reason;        /* a sentence, or absent */
    hl7_slice sent;          /* bytes handed to the peer; absent when it came to nothing */
    hl7_slice answer;        /* bytes that came back, or absent */
    hl7_slice template;      /* name of the template in force, or absent */
    hl7_slice template_hash; /* of its content */
    hl7_slice owner;         /* of the lane's lease; absent: not compared */
};

enum journal_settled {
    JOURNAL_SETTLED,
    JOURNAL_ALREADY, /* this attempt was settled before, or the delivery is not pending: no change */
    JOURNAL_NOT_YOURS /* the lane's lease is somebody else's by now: no change */
};

/* Records an attempt and what came of it. */
enum journal_code journal_settle(struct journal *journal,
                                 const struct journal_settlement *settlement,
                                 enum journal_settled *ret_settled);

/* A message whose bytes are damaged: it is marked so, and its pending deliveries become dead letters
 * with that reason, so that their lanes go on. */
enum journal_code journal_set_aside(struct journal *journal, int64_t message, int64_t now);

/* ---- What people do -------------------------------------------------------------------------- */

/* Who asked, why and when: kept with the message. */
struct journal_note {
    hl7_slice who;
    hl7_slice why;
    int64_t at;
};

/* Delivers a message once more: a new delivery, at the end of its lane. `verbatim` 0: through today's
 * template; else the delivery whose last bytes sent are sent again. JOURNAL_REFUSED for a damaged
 * message, and for a verbatim delivery that never sent anything. A range is replayed by journal_find()
 * with oldest_first, page by page, so that its order is kept. */
enum journal_code journal_replay(struct journal *journal, int64_t message,
                                 const struct journal_lane *lane, int64_t verbatim,
                                 const struct journal_note *note, int64_t *ret_delivery);

/* A dead letter becomes pending again, in its old place: before what was stored after it. */
enum journal_code journal_retry(struct journal *journal, int64_t delivery,
                                const struct journal_note *note);

/* Gives a delivery up: a dead letter, a held one, or a pending one, which is how the head that
 * blocks a lane is skipped. */
enum journal_code journal_drop(struct journal *journal, int64_t delivery,
                               const struct journal_note *note);

/* The held deliveries of a message become pending. */
enum journal_code journal_release(struct journal *journal, int64_t message,
                                  const struct journal_note *note);

/* ---- Looking --------------------------------------------------------------------------------- */

/* The worst of a message and its deliveries, from the best to the worst. */
enum journal_state {
    JOURNAL_STATE_SETTLED = 0, /* delivered, filtered or dropped, or there was nothing to deliver */
    JOURNAL_STATE_PENDING = 1,
    JOURNAL_STATE_DEAD = 2,
    JOURNAL_STATE_HELD = 3,
    JOURNAL_STATE_DAMAGED = 4,
    JOURNAL_STATE_ANY = -1 /* in a query */
};

/* Where a page ended. All zero: at the beginning. */
struct journal_cursor {
    int64_t received;
    int64_t id;
};

/* What is absent, zero or ANY does not matter. */
struct journal_query {
    hl7_slice control_id;
    const struct journal_key *keys; /* all of them */
    size_t key_count;
    hl7_slice type;
    hl7_slice application;
    hl7_slice listener;
    enum journal_state state;
    int64_t from;      /* received at this time or later */
    int64_t to;        /* received before this time; 0: no end */
    bool oldest_first; /* newest first otherwise */
    size_t limit;      /* messages in a page, at least 1 */
    struct journal_cursor cursor;
};

struct journal_summary {
    int64_t id;
    int64_t received;
    size_t size;
    enum journal_state state;
    int64_t pending; /* deliveries pending or held */
    int64_t dead;
    hl7_slice listener;
    hl7_slice peer;
    hl7_slice control_id;
    hl7_slice type;
    hl7_slice application;
    hl7_slice facility;
};

/* Finds messages by the most selective index the query allows; the other conditions are tried on
 * what that gives, on JOURNAL_EXAMINED_MAX messages a call: a page may be short, or empty, and not
 * the last. JOURNAL_OK: *ret_cursor is where to go on. JOURNAL_NONE: there is no more. A callback
 * that returns false ends the page behind its message. */
enum { JOURNAL_EXAMINED_MAX = 10000 };
enum journal_code journal_find(struct journal *journal, const struct journal_query *query,
                               bool (*on_message)(void *context, const struct journal_summary *),
                               void *context, struct journal_cursor *ret_cursor);

/* One message, without its bytes. */
enum journal_code journal_get(struct journal *journal, int64_t message,
                              struct journal_summary *ret_summary);

/* Its bytes as received, compared with their checksum. */
enum journal_code journal_bytes(struct journal *journal, int64_t message, hl7_slice *ret_bytes);

enum journal_delivery_state {
    JOURNAL_DELIVERY_PENDING,
    JOURNAL_DELIVERY_DEAD,
    JOURNAL_DELIVERY_HELD,
    JOURNAL_DELIVERY_DELIVERED,
    JOURNAL_DELIVERY_FILTERED,
    JOURNAL_DELIVERY_DROPPED
};

struct journal_delivery_story {
    int64_t id;
    int64_t message;
    int64_t lane_id;
    struct journal_lane lane;
    enum journal_delivery_state state;
    int64_t attempts;
    int64_t next_try;
    int64_t settled; /* when it left the state pending; 0 while it has not */
    hl7_slice word;  /* of its last attempt */
    hl7_slice reason;
};

struct journal_attempt {
    int64_t number;
    int64_t started;
    int64_t ended;
    enum journal_outcome outcome;
    hl7_slice word;
    hl7_slice reason;
    hl7_slice template;
    hl7_slice template_hash;
    int64_t sent;   /* for journal_body(); 0: none */
    int64_t answer; /* likewise */
};

struct journal_note_story {
    int64_t delivery; /* 0: about the message */
    hl7_slice what;   /* "replay", "retry", "drop", "release", "damaged" */
    struct journal_note note;
};

/* The parts of a message's story, each in the order they came about. A callback that returns false
 * ends the walk. JOURNAL_OK also when there are none. */
enum journal_code journal_deliveries(struct journal *journal, int64_t message,
                                     bool (*on_delivery)(void *context,
                                                         const struct journal_delivery_story *),
                                     void *context);
enum journal_code journal_attempts(struct journal *journal, int64_t delivery,
                                   bool (*on_attempt)(void *context,
                                                      const struct journal_attempt *),
                                   void *context);
enum journal_code journal_notes(struct journal *journal, int64_t message,
                                bool (*on_note)(void *context, const struct journal_note_story *),
                                void *context);
enum journal_code journal_keys(struct journal *journal, int64_t message,
                               bool (*on_key)(void *context, const struct journal_key *),
                               void *context);

/* Bytes sent or received by an attempt, compared with their checksum. */
enum journal_code journal_body(struct journal *journal, int64_t body, hl7_slice *ret_bytes);

/* Deliveries of a lane in one state (pending, dead or held), oldest first, behind `after`, `limit` at
 * most. */
enum journal_code journal_lane_deliveries(
    struct journal *journal, int64_t lane, enum journal_delivery_state state, int64_t after,
    size_t limit, bool (*on_delivery)(void *context, const struct journal_delivery_story *),
    void *context);

/* ---- Keeping --------------------------------------------------------------------------------- */

struct journal_policy {
    int64_t settled_before; /* settled messages received before this time go; 0: none by age */
    int64_t dead_before;    /* likewise those damaged or with dead letters, and nothing pending */
    uint64_t max_bytes;     /* while more is in use, the oldest settled ones go; 0: no limit */
    size_t step;            /* messages at a time, at least 1 */
};

struct journal_pruned {
    size_t messages;
    bool more; /* the policy asks for more: call again, later */
};

/* One small step: removes messages with all that belongs to them and gives some free space back to
 * the file system. Within a transaction. Pending and held messages never go. */
enum journal_code journal_prune(struct journal *journal, const struct journal_policy *policy,
                                struct journal_pruned *ret_pruned);

struct journal_size {
    uint64_t file_bytes; /* the journal's file */
    uint64_t free_bytes; /* of it, to be used again */
    uint64_t log_bytes;  /* the write-ahead log */
};

enum journal_code journal_size(struct journal *journal, struct journal_size *ret_size);

/* A copy while the journal works on: begin, then steps between transactions, which see each other's
 * changes, then end. The file appears under its name, synced, when `end` says JOURNAL_OK; a
 * file of that name is replaced. A copy that is ended early leaves nothing behind. There is one at a
 * time: JOURNAL_LOCKED. Closing the journal ends it, and the pointer is void then. */
struct journal_backup;
enum journal_code journal_backup_begin(struct journal *journal, const char *path,
                                       struct journal_backup **ret_backup);
/* JOURNAL_NONE: all is copied. */
enum journal_code journal_backup_step(struct journal_backup *backup, size_t pages,
                                      size_t *ret_remaining);
enum journal_code journal_backup_end(struct journal_backup **backup);

#endif
