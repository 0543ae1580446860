/* SPDX-License-Identifier: Apache-2.0
 *
 * deliver.h - messages out: lanes, each of which takes its deliveries from the journal one after the
 * other, converts them, hands them to its door, and settles what came of it.
 *
 *     lane.c          a lane and its states
 *     lane_result.c   what becomes of a letter: policies, waits, log lines
 *     lane_work.c     its work in the journal's thread
 *     convert.c       a message to what the destination gets
 *     door*.c         the ways out
 *
 * A lane's life is a circle: ask the journal, send, settle. A result is settled and the next delivery
 * fetched in one piece of work: one sync per delivery and lane, shared by all lanes that are busy at
 * the time. With `pipeline = 1` the next letter goes out only after that commit, so that a crash repeats
 * one delivery of a lane at most (J4); with N, N at most.
 *
 * A letter that is to be tried again, or halts the lane, holds it: nothing more is fetched, the others
 * under way come to their results, and then the lane begins again from its head. A letter whose
 * connection was given up for another one's sake is dropped from memory only: the journal gives it out
 * again, in its place.
 *
 * Waiting is done by the loop's clock, which nobody can set. The journal's times are the wall clock's:
 * they are only looked at when a lane starts. */
#ifndef BROKER_DELIVER_DELIVER_H
#define BROKER_DELIVER_DELIVER_H

#include "../../base/log.h"
#include "../../base/rate.h"
#include "../config/config.h"
#include "../metrics/metrics.h"
#include "../store/store.h"
#include "convert.h"
#include "door.h"

struct lane;

/* A template in force, with the hash that is recorded with what it makes. */
struct deliver_template {
    const struct template_file *file;
    const char *hash;
};

/* A delivery that has come to its end, or had a try that failed. */
struct deliver_result {
    const struct lane *lane;
    int64_t message;
    int64_t delivery;
    enum journal_outcome outcome;
    const char *word;   /* "AA", "timeout", "filtered" */
    const char *reason; /* a sentence; may hold what a template's {reject} says */
    hl7_slice answer;   /* of the peer, or absent */
    int64_t attempt;
};

/* What the wiring gives and hears. */
struct deliver_hooks {
    struct deliver_template (*template)(void *context, const struct config_template *named);
    const struct config_listener *(*listener)(void *context, hl7_slice name);
    /* After the journal has it. */
    void (*settled)(void *context, const struct deliver_result *result);
    /* A TLS connection to a lane's destination was refused or broken. NULL: nobody asks. */
    void (*insecure)(void *context, const char *lane, const char *peer,
                     enum stream_trouble trouble);
    void *context;
};

/* What a lane logs. */
enum deliver_event {
    DELIVER_RETRY,
    DELIVER_DEAD,
    DELIVER_HALTED,
    DELIVER_DAMAGED,
    DELIVER_JOURNAL,
    DELIVER_EVENTS
};

struct deliver {
    struct loop *loop;
    struct spawner *spawner; /* starts the programs of destinations; NULL: we do */
    struct store *store;
    const struct secure *secure;
    struct deliver_hooks hooks;
    struct convert convert;
    hl7_slice owner; /* of the leases: this broker */
    struct lane *lanes;
    bool draining;                           /* no new letter goes out */
    struct log_limit limits[DELIVER_EVENTS]; /* of all lanes together */
};

enum lane_phase {
    LANE_IDLE,    /* nothing is queued; a stored message wakes it */
    LANE_BUSY,    /* the journal is asked, or letters are under way */
    LANE_WAITING, /* the head waits for its next try, or the journal for a second */
    LANE_STOPPED  /* paused by a person, halted by a policy, or the broker ends */
};

const char *lane_phase_name(enum lane_phase phase);

struct lane_letter;

struct lane {
    struct deliver *deliver;
    struct lane *next;
    const struct config_route *route;
    const struct config_destination *to;
    int64_t number;
    int64_t id; /* the journal's; 0: not known yet */
    enum lane_phase phase;
    bool asking;       /* the journal has a piece of work */
    bool more;         /* the journal may have something that is due */
    bool again;        /* something was stored while it was asked */
    bool holding;      /* nothing is fetched until all that is under way has come to its end */
    uint64_t wait;     /* milliseconds to hold after that */
    bool retiring;     /* its route or destination is gone from the configuration */
    bool ignores_time; /* the loop's clock says the head's time has come */
    bool unreadable;   /* the journal is damaged where the next delivery is looked for */
    bool reopens;      /* its door leads to where the destination was before a reload */
    struct door *door;
    struct loop_timer timer;
    struct lane_letter *letters; /* under way or to be recorded, in the order they were fetched */
    size_t letter_count;
    struct metrics_lane counters;
    int64_t oldest;                    /* when what waits longest was received; 0: nothing waits */
    struct rate rate;                  /* of the deliveries */
    struct metrics_destination timing; /* its part of the destination's */
    const char *last_word;             /* of the last try; static */
    char last_reason[256];
    int64_t last_at;    /* microseconds */
    int64_t down_since; /* the first failed try since the last good one; 0: it is well */
    uint64_t down_at;   /* loop time of the first failed try since the last delivery; 0: none */
    uint64_t good_at;   /* loop time of the last delivery; 0: none yet */
};

/* ---- lane.c --------------------------------------------------------------------------------- */

/* The lane of a delivery; made, and asking, if there is none yet. NULL when memory is short. */
struct lane *deliver_lane(struct deliver *deliver, const struct config_route *route,
                          const struct config_destination *to, int64_t number);

/* The lane with these names, or NULL. */
struct lane *deliver_find(const struct deliver *deliver, hl7_slice route, hl7_slice destination,
                          int64_t number);
struct lane *deliver_find_id(const struct deliver *deliver, int64_t id);

/* Something may be there for it: new, retried, resumed. */
void lane_wake(struct lane *lane);

/* A person has to do with it: its head is tried now, even if it would wait for another try. */
void lane_hurry(struct lane *lane);

/* Points a lane at its route and destination in a new configuration. `reopen`: the destination means
 * something else now; the door is opened anew before the next letter. */
void lane_adopt(struct lane *lane, const struct config_route *route,
                const struct config_destination *to, bool reopen);

/* Its route or destination is gone: it ends when nothing of it is under way. */
void lane_retire(struct lane *lane);

/* No new letters; those under way get their answers. */
void deliver_drain(struct deliver *deliver);

/* No letter and no work is under way. */
bool deliver_is_idle(const struct deliver *deliver);

/* Closes all doors. The store is closed before. */
void deliver_release(struct deliver *deliver);

/* ---- lane_work.c ---------------------------------------------------------------------------- */

enum letter_state {
    LETTER_SENDING,  /* the door has it */
    LETTER_DONE,     /* its result is to be recorded */
    LETTER_RECORDING /* the journal records it */
};

/* A delivery as the journal gave it, and what came of it. */
struct lane_letter {
    struct lane_letter *next;
    enum letter_state state;
    /* From the journal. */
    int64_t delivery;
    int64_t message;
    int64_t attempt;
    int64_t received;
    bool verbatim;
    bool damaged;
    hl7_slice bytes; /* in `memory`, as the other slices */
    hl7_slice listener;
    hl7_slice control_id;
    hl7_slice type;
    hl7_slice sent_before;             /* malloc'd: by the last try; absent: nothing */
    char sent_hash[HL7_TEMPLATE_HASH]; /* of the template that made it; "" none */
    struct memory_block memory;
    /* What is sent, and what came of it. */
    hl7_slice sent; /* malloc'd */
    char template_name[256];
    char template_hash[HL7_TEMPLATE_HASH];
    int64_t started;
    enum journal_outcome outcome;
    int64_t ended;
    int64_t next_try;
    uint64_t wait; /* milliseconds until then */
    const char *word;
    char reason[256];
    bool quotes;      /* the reason may hold message content: it is not for the log */
    hl7_slice answer; /* malloc'd */
};

/* Asks the journal: record the letters that have come to results, then, if `fetches`, look for the next
 * delivery that is not under way. */
void lane_ask(struct lane *lane, bool fetches);

/* lane_ask() was answered. The letters that were to be recorded are LETTER_RECORDING still. `fetched` is
 * the next delivery, or NULL; the lane owns it now. JOURNAL_DAMAGED without one is a failure: nothing
 * was recorded. */
void lane_answered(struct lane *lane, enum journal_code code, struct lane_letter *fetched,
                   const struct journal_wait *wait);

void lane_letter_free(struct lane_letter **letter);

/* ---- lane_result.c -------------------------------------------------------------------------- */

/* What a policy (enum config_policy) makes of a letter that was not accepted. */
void lane_decide(struct lane *lane, struct lane_letter *letter, int policy);

/* The letter has come to a result, which is to be recorded. `reason` may be the letter's own. */
void lane_conclude(struct lane *lane, struct lane_letter *letter, const char *word,
                   const char *reason);

/* After it was recorded. */
void lane_log_result(const struct lane *lane, const struct lane_letter *letter);

/* Whether another line about this kind of event may be written now. */
bool lane_may_tell(const struct lane *lane, enum deliver_event event);

/* "route/destination/number"; yields `text`. */
const char *lane_name(const struct lane *lane, char text[200]);

#endif
