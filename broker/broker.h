/* SPDX-License-Identifier: Apache-2.0
 *
 * broker.h - the daemon: all of its state, and how the stages are wired.
 *
 *     bytes -> frame -> message -> journal (commit) -> acknowledgement
 *                                      '-> route -> template -> delivery -> the peer's ack -> settled
 *
 *     broker.c           start, signals, the end
 *     broker_wires.c     what the stages ask and tell each other
 *     broker_confine.c   what it gives away at its start: root, programs, folders, system calls
 *     broker_reload.c    another configuration, without losing a connection or a lane
 *     broker_control.c   what people and programs ask and tell it
 *     broker_service.c   what it tells the service manager
 *     broker_keep.c      what is done by the clock: templates, pruning, the disk
 *     broker_watch.c     changed templates and tables, told by the system
 *     broker_alerts.c    what alerts are raised about
 *     broker_metrics.c   whose the metrics are
 *     broker_audit.c     what the audit log learns of the broker itself
 *     templates.c        the templates in force
 *
 * Two threads: this loop's, which owns everything here, and the store's, which owns the journal. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include <limits.h>

#include "../base/folders.h"
#include "../base/live_template.h"
#include "../base/notify.h"
#include "../base/spawner.h"
#include "../base/watch.h"
#include "../net/signals.h"
#include "alert/alert.h"
#include "audit/audit.h"
#include "config/config.h"
#include "control/control.h"
#include "deliver/deliver.h"
#include "history/history.h"
#include "ingest/ingest.h"
#include "route/route.h"
#include "secure/secure.h"
#include "store/store.h"

/* A template that the configuration names, as it is in force. */
struct broker_template {
    char *path;
    struct live_template live;
    char hash[HL7_TEMPLATE_HASH];
    bool named; /* by the configuration in force */
};

/* A configuration that was replaced: freed when nobody refers to it any more. */
struct broker_old {
    struct store_work fence; /* all that was stored under it is done when this is */
    struct broker *broker;
    struct config *config;
    bool fenced;
    struct broker_old *next;
};

struct broker {
    const char *path; /* of the configuration */
    struct config *config;
    struct broker_old *old;
    struct loop loop;
    struct signals signals;
    struct loop_timer keep_timer;  /* every second */
    struct loop_timer drain_timer; /* the end, if it takes too long */
    struct watch watch;            /* the folders of templates and tables */
    struct loop_source watch_source;
    struct loop_timer watch_timer; /* a look at them, soon */
    struct store *store;
    struct services services; /* control ids and sequences of answers and deliveries */
    char sequences[PATH_MAX]; /* the file of the latter; `services` borrows it */
    struct secure secure;
    struct ingest ingest;
    struct deliver deliver;
    struct control *control;
    struct audit *audit;
    char config_hash[HL7_SHA256_HEX]; /* of the configuration in force */
    struct broker_template *templates;
    size_t template_count;
    struct memory_block condition_memory;
    int64_t started;      /* microseconds since 1970 */
    uint64_t next_tables; /* loop time */
    uint64_t next_prune;  /* likewise */
    bool pruning;
    struct alerts alerts;
    uint64_t next_look; /* loop time */
    uint64_t last_look; /* likewise */
    bool looking;
    struct journal_size journal; /* at the last look */
    bool disk_low;
    struct spawner_rules rules; /* what the helper may start; read in its process */
    struct spawner spawner;     /* the helper; fd -1: there is none */
    struct loop_source helper;  /* hears of its end */
    struct folders folders;     /* that are left to this process, if folders_confined */
    bool folders_confined;
    bool calls_confined;
    struct notify notify; /* the service manager */
    struct loop_timer watchdog_timer;
    bool failed; /* it ends because it cannot go on */
    struct history history;
    uint64_t next_note; /* loop time */
    bool noting;
    bool draining;
    uint64_t drain_until; /* loop time: the end, if it takes too long */
};

/* Runs until a signal ends it. The configuration is loaded and without errors; it is taken over. The
 * report's warnings go to the log. 0, or 3 when something could not be opened or broke: that is in the
 * log. */
int broker_run(const char *path, struct config *config, const struct config_report *report);

/* ---- Among its parts ------------------------------------------------------------------------ */

/* broker.c: log lines as the configuration has them. */
void broker_log_open(const struct config_orderly *orderly);

/* broker.c: no new messages, no new deliveries; ends when what is under way has ended. */
void broker_end(struct broker *broker);

/* broker_confine.c: gives away root, and starting programs. Before anything is opened. False when that cannot
 * be: it is in the log. */
bool broker_give_away(struct broker *broker);
/* Hears of it when the helper ends. */
bool broker_watch_helper(struct broker *broker);
/* Gives away all folders and system calls that are not needed, as far as the kernel can; the log says what. */
void broker_confine(struct broker *broker);
/* The first path of a new configuration that is outside the folders that were left; NULL: none is. */
const char *broker_uncovered(const struct broker *broker, const struct config *fresh);
/* What is confined, in a few words. */
const char *broker_confinement(const struct broker *broker);

/* broker_service.c: says that it is ready, and from then on that it lives. False when memory is short. */
bool broker_service_ready(struct broker *broker);

/* broker_wires.c */
void broker_wire(struct broker *broker);
/* Makes the lanes that have something queued, from the journal. */
void broker_wake_lanes(struct broker *broker);

/* Opens a listener and says so in the log; false with a sentence when it cannot be. */
bool broker_open_listener(struct broker *broker, const struct config_listener *config,
                          char ret_reason[256]);

/* broker_reload.c: loads the configuration again. What is wrong goes to the log, and changes nothing. */
bool broker_reload(struct broker *broker, char *ret_text, size_t size);
/* What is wrong in a configuration, to the log. */
void broker_tell_findings(const struct config_report *report);
/* Frees configurations that nobody refers to any more. */
void broker_bury(struct broker *broker);

/* broker_control.c: opens the control socket. False when it cannot be: that is in the log. */
bool broker_control_open(struct broker *broker);

/* broker_metrics.c: adds all metrics to an answer, as records of their own or as lines of OpenMetrics. */
void broker_metrics(const struct broker *broker, struct record_writer *out);
void broker_metrics_text(const struct broker *broker, struct record_writer *out);

/* broker_audit.c: opens the audit log and records the start. False when it cannot be used and has to be:
 * that is in the log. */
bool broker_audit_open(struct broker *broker);
/* A configuration is in force instead of another one, or was refused (NULL). */
void broker_audit_config(struct broker *broker, const struct config *config);
/* A template is in force; `before` is the hash of the one it replaces, NULL for none. */
void broker_audit_template(struct broker *broker, const struct broker_template *template,
                           const char *before);
/* A TLS connection was refused or broken: of a listener, or of a lane. */
void broker_audit_listener_tls(void *broker, const char *listener, const char *peer,
                               enum stream_trouble trouble);
void broker_audit_lane_tls(void *broker, const char *lane, const char *peer,
                           enum stream_trouble trouble);
/* The end, of which nothing comes after. */
void broker_audit_close(struct broker *broker, bool well);

/* broker_alerts.c: has a look at everything that alerts are about, if it is time again. */
void broker_look(struct broker *broker);

/* broker_history.c: notes how busy all are, if it is time again. */
void broker_note(struct broker *broker);

/* broker_keep.c */
bool broker_keep_start(struct broker *broker);
/* Reads templates and tables again that have changed. */
void broker_look_at_files(struct broker *broker);

/* broker_watch.c: watches the files that are in force now, instead of those that were. */
void broker_watch(struct broker *broker);
void broker_watch_end(struct broker *broker);

/* templates.c: loads what the configuration names and is not loaded yet. False when one cannot be: it is
 * complained about. */
bool broker_templates_load(struct broker *broker, const struct config *config);
/* Reads those again that have changed. True when one is in force now. */
bool broker_templates_refresh(struct broker *broker);
struct broker_template *broker_template_find(const struct broker *broker, const char *path);
void broker_templates_release(struct broker *broker);

#endif
