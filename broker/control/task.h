/* SPDX-License-Identifier: Apache-2.0
 *
 * task.h - a request that is being answered: a handler, the answer as far as it is made, and how far
 * the handler has come.
 *
 * A handler works in steps. Each is one piece of work for the store, hence a transaction; what it
 * writes goes out before the next one is asked for. Steps are short: a page of messages, some hundred
 * KiB of an answer, so that no question of a person keeps a message waiting.
 *
 *     begin   once, in the loop's thread; may be the whole answer
 *     step    in the journal's thread, as long as it sets `more`
 *     done    after each step that holds, in the loop's thread: tells lanes
 *     leave   when nobody waits for the answer any more; true: one more step, to clean up
 *
 * A step may be run again after its transaction was undone. So it begins at `at`, which it only reads,
 * and leaves in `next` where the following one begins; the answer is cut back to what had gone
 * before. Lists that a step gathers it gathers anew.
 *
 * A task belongs to one thread at a time: to the journal's from store_submit() until `done`. */
#ifndef BROKER_CONTROL_TASK_H
#define BROKER_CONTROL_TASK_H

#include "../../base/record.h"
#include "control.h"
#include "request.h"

enum {
    TASK_RANGES_MAX = 48,          /* of ids, for the audit log */
    TASK_PAGE = 100,               /* messages or deliveries of one step that changes something */
    TASK_PAGE_READ = 200,          /* of one that only lists */
    TASK_ANSWER_STEP = 512 * 1024, /* bytes of an answer after which a step is over */
    TASK_PIECE = 512 * 1024,       /* bytes of a message in one record */
    TASK_TRACE_MAX = 100 * 1000,   /* messages one trace gathers */
    TASK_INDEXES_MAX = 64
};

/* How far a handler has come. Each uses what it needs. */
struct task_place {
    int stage;
    size_t item; /* of a list */
    struct journal_cursor cursor;
    int64_t lane;   /* lanes up to this id are done */
    int64_t after;  /* deliveries of the next lane, likewise */
    int64_t offset; /* in the bytes of a message */
    int64_t done;   /* what was counted */
    int64_t refused;
};

/* Numbers, in memory that grows. */
struct task_list {
    int64_t *items;
    size_t count;
    size_t size;
};

/* A lane, without what the journal lends. */
struct task_lane {
    int64_t id;
    int64_t number;
    int64_t head;
    int64_t depth;
    int64_t dead;
    enum journal_lane_state state;
    char route[JOURNAL_TEXT_MAX + 1];
    char destination[JOURNAL_TEXT_MAX + 1];
};

struct task_lanes {
    struct task_lane *items;
    size_t count;
    size_t size;
};

/* Ids of what was shown or done, as ranges. */
struct task_ids {
    const char *what; /* "messages", "deliveries", "lanes" */
    int64_t first[TASK_RANGES_MAX];
    int64_t last[TASK_RANGES_MAX];
    size_t count;
    int64_t number;
    int64_t beyond; /* those that no range had room for */
};

struct task;
struct session;

/* The record of the task is written, or cannot be. */
typedef void task_audited(struct task *task, bool good);

struct task_handler {
    bool always; /* answered while the broker ends, too */
    void (*begin)(struct task *task);
    enum journal_code (*step)(struct task *task, struct journal *journal);
    void (*done)(struct task *task);
    bool (*leave)(struct task *task);
};

struct task {
    struct store_work work;
    const struct task_handler *handler;
    const struct control_hooks *hooks;
    struct store *store;
    struct request request;
    char *bytes;   /* malloc'd: what the request borrows */
    char who[160]; /* of notes */
    uid_t user;
    pid_t process;
    int64_t now; /* when the step was submitted */
    struct record_writer out;
    size_t mark; /* where the step's part of `out` begins */
    struct task_place at;
    struct task_place next;
    bool more;
    enum request_error error; /* set by a handler: the answer ends with it */
    char reason[REQUEST_REASON_MAX];
    struct task_list list;
    struct task_list others;
    struct task_lanes lanes;
    char indexes[TASK_INDEXES_MAX][JOURNAL_TEXT_MAX + 1];
    size_t index_count;
    struct journal_backup *copy; /* `backup`: void when the journal was opened again since */
    uint64_t generation;         /* how often it had been, when the copy was begun */
    bool leaving;                /* the step cleans up */
    struct task_ids shown;       /* with this step, and without it */
    struct task_ids shown_before;
    /* control_audit.c's */
    int64_t asked; /* the record that says it was asked; 0: none */
    task_audited *audited;
    /* control.c's */
    struct control *control;
    struct session *session; /* NULL: nobody waits for the answer any more */
    bool submitted;          /* the store has it */
    struct task *following;  /* in the list of those under way */
};

/* The handler of a request. */
const struct task_handler *task_handler(enum request_id id);

void task_free(struct task *task);

/* ---- For handlers --------------------------------------------------------------------------- */

/* The answer ends with an error. What the step changed holds all the same. */
void task_fail(struct task *task, enum request_error error, const char *format, ...)
    HL7_FORMAT(3, 4);

/* The last record of an answer that counts: record=count. */
void task_count(struct task *task, const char *name);

/* False when memory is short. */
bool task_list_add(struct task_list *list, int64_t item);

/* Has the audit log name one more thing that the answer is about. Of one kind in each request. */
void task_shown(struct task *task, const char *what, int64_t id);

/* What and who for journal_note: borrows from the task. */
struct journal_note task_note(const struct task *task);

/* The query a request describes; its keys are put into `keys`. False when it has too many. */
bool task_query(const struct task *task, struct journal_key keys[JOURNAL_KEYS_MAX],
                struct journal_query *ret_query);

/* Whether the request says which messages, other than by their ids. */
bool task_has_query(const struct task *task);

/* The ids of the next messages the request chooses, into task->list: those it names, else a page of what
 * its query finds, oldest first. Where the next ones begin goes to task->next, and task->more says
 * whether there may be any. task->others has the times of those a query found. */
enum journal_code task_choose_messages(struct task *task, struct journal *journal);

/* Whether a lane is among those that `route`, `destination` and `lane` of the request choose. */
bool task_wants_lane(const struct task *task, const struct journal_lane *lane, int64_t id);

/* One more lane in task->lanes; NULL when memory is short. */
struct task_lane *task_add_lane(struct task *task, const struct journal_lane *lane, int64_t id);

/* Gathers the lanes the request chooses, in the order of their ids, into task->lanes. */
enum journal_code task_choose_lanes(struct task *task, struct journal *journal);

/* Records. */
void task_put_message(struct record_writer *out, const struct journal_summary *message);
void task_put_delivery(struct record_writer *out, const struct journal_delivery_story *delivery);
void task_put_lane(struct record_writer *out, const struct journal_lane_status *lane);

/* A piece of a message's or an answer's bytes, from `offset`; where the next one begins, or -1 when
 * this was the last. `delivery` and `attempt`: 0 when they do not matter. */
struct task_bytes {
    int64_t message;
    int64_t delivery;
    int64_t attempt;
    const char *of; /* "received", "reply", "sent", "answer" */
    hl7_slice bytes;
};
int64_t task_put_bytes(struct record_writer *out, const struct task_bytes *what, int64_t offset);

/* The names of the journal's states. */
const char *task_message_state(enum journal_state state);
const char *task_delivery_state(enum journal_delivery_state state);
const char *task_lane_state(enum journal_lane_state state);
const char *task_outcome(enum journal_outcome outcome);

/* ---- Handlers, one for each row of requests.tbl --------------------------------------------- */

#define REQUEST(name, parameters, event, record, doc) extern const struct task_handler task_##name;
#include "requests.tbl"
#undef REQUEST

#endif
