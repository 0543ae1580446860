/* SPDX-License-Identifier: Apache-2.0
 *
 * alert.h - conditions that a person should hear of: entered, and left again.
 *
 * Who looks at lanes and listeners calls, again and again, all in one go:
 *
 *     alerts_begin(&alerts);
 *     alerts_say(&alerts, ALERT_LANE_OLD, "orders/ris/0", ALERT_BEYOND, "the oldest waits for 20m");
 *     ... once for each subject that is beyond its limit, or near it ...
 *     alerts_end(&alerts);
 *
 * A subject that is beyond its limit raises its alert, unless it is raised. An alert that nobody spoke of
 * between begin and end is over. That is all the state there is: what is quiet costs nothing, and what
 * has gone from the configuration is over by itself. ALERT_NEAR keeps an alert raised, but raises none:
 * the way back is longer than the way in, so that a value which swings around its limit is told once.
 *
 * Each change is an event of the log, and a run of the command, if there is one: its own process group, no
 * shell, nothing on its standard input, what it prints is not read. It gets ORDERLY_ALERT (the kind),
 * ORDERLY_STATE (raised, cleared), ORDERLY_SUBJECT and ORDERLY_TEXT in its environment: names of the
 * configuration, counts and times, never patient data.
 *
 * Bounds: ALERT_RUNNING runs at a time and ALERT_QUEUE waiting ones, then changes are logged only, and
 * that is said; ALERT_TIME for each run, then it is killed. Two runs about one alert never overlap.
 *
 * Times are the loop's: nobody can set them. */
#ifndef BROKER_ALERT_ALERT_H
#define BROKER_ALERT_ALERT_H

#include "../../base/child.h"
#include "../../net/loop.h"
#include "hl7.h"

enum alert_kind {
#define ALERT(id, name, subject, over, doc) ALERT_##id,
#include "kinds.tbl"
#undef ALERT
    ALERT_KINDS
};

/* Its name in kinds.tbl. */
const char *alert_kind_name(enum alert_kind kind);

enum alert_level { ALERT_QUIET, ALERT_NEAR, ALERT_BEYOND };

/* Where a value stands to its limit, of which more is worse: beyond; near, that is above three quarters of
 * it; or quiet. 0 is no limit. */
enum alert_level alert_level(int64_t value, int64_t limit);

enum {
    ALERT_RUNNING = 4,
    ALERT_QUEUE = 256,
    ALERT_TIME = 30 * 1000,       /* milliseconds */
    ALERT_AGAIN = 15 * 60 * 1000, /* between two alerts about one lane's dead letters */
    ALERT_SLOTS = 256,
    ALERT_TEXT = 200
};

/* An alert that is raised. */
struct alert {
    enum alert_kind kind;
    uint64_t round; /* the last one that spoke of it */
    uint64_t told;  /* loop time of the last event that raised it */
    int64_t count;  /* of what alerts_count() tells, then */
    struct alert *next;
    char text[ALERT_TEXT];
    char subject[];
};

struct alert_run;

/* Begin with {0}, and `loop`. */
struct alerts {
    struct loop *loop;
    struct spawner *spawner; /* starts the command; NULL: we do */
    char *const *command;    /* words, ended by NULL; NULL: none. May change between calls */
    uint64_t limit;          /* milliseconds of a run; 0: ALERT_TIME */
    struct alert *slots[ALERT_SLOTS];
    size_t count; /* raised */
    uint64_t round;
    struct alert_run *queue; /* the oldest first */
    struct alert_run **queue_end;
    size_t queued;
    struct alert_run *running;
    size_t running_count;
    uint64_t dropped; /* changes that no run told of, since the last one was said */
};

void alerts_begin(struct alerts *alerts);
void alerts_say(struct alerts *alerts, enum alert_kind kind, const char *subject,
                enum alert_level level, const char *format, ...) HL7_FORMAT(5, 6);

/* The same for what is counted: beyond as long as there is any, and raised again when there are more than
 * were told, ALERT_AGAIN after that. A flood is one alert, then one in a while. */
void alerts_count(struct alerts *alerts, enum alert_kind kind, const char *subject, int64_t count,
                  const char *format, ...) HL7_FORMAT(5, 6);
void alerts_end(struct alerts *alerts);

/* Calls back for each raised alert. */
void alerts_each(const struct alerts *alerts,
                 void (*on_alert)(void *context, const struct alert *alert), void *context);

/* Forgets everything; runs that have begun go on by themselves. */
void alerts_release(struct alerts *alerts);

/* ---- Among its parts: alert_run.c ----------------------------------------------------------- */

/* Has the command told of a change. */
void alert_tell(struct alerts *alerts, const struct alert *alert, bool raised);
void alert_run_release(struct alerts *alerts);

#endif
