/* SPDX-License-Identifier: Apache-2.0
 *
 * config.h - the configuration of `orderly run`, read from INI files and checked whole.
 *
 *     struct config_report report = {0};
 *     struct config *config = NULL;
 *
 *     enum config_answer answer = config_load("/etc/orderly/orderly.ini", &config, &report);
 *     for (size_t i = 0; i < report.count; i++) {
 *         print(report.findings[i].path, &report.findings[i].what);
 *     }
 *     if (answer == CONFIG_LOADED) { ... }
 *     config_report_release(&report);
 *     config_free(&config);
 *
 * Life: config_load makes it, nothing changes it, config_free takes it whole. All that a member points
 * to is the configuration's own. A reload loads another one beside it and asks config_diff() what is
 * to be done.
 *
 * keys.tbl is the one list of sections and keys: what they are called, what they take, their
 * defaults and bounds, and what a reload does with them. docs/configuration.md and orderly.conf(5) are
 * made from it.
 *
 * Units: times are milliseconds, sizes are bytes. 0 is "none", "never" or "off" wherever keys.tbl has
 * such a word. Text ends in NUL; a text that was not given is NULL unless it is said otherwise.
 */
#ifndef BROKER_CONFIG_H
#define BROKER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../../base/templates.h"
#include "../../net/tls.h"
#include "hl7.h"

/* Bounds of a configuration. More is an error with its place, never cut. */
enum {
    CONFIG_NAME_MAX = 64,        /* bytes of a name: a-z, 0-9, '-', '_', '.' */
    CONFIG_FILES_MAX = 256,      /* files read, the first included */
    CONFIG_DEPTH_MAX = 8,        /* files that include each other */
    CONFIG_FILE_BYTES = 1 << 20, /* of one file */
    CONFIG_LINE_BYTES = 16384,   /* of one value, its continued lines together */
    CONFIG_SECTIONS_MAX = 4096,  /* listeners, destinations and routes together */
    CONFIG_LIST_MAX = 256,       /* items of one list */
    CONFIG_FINDINGS_MAX = 200,   /* told; one more says that there are others */
    CONFIG_LANES_MAX = 256,
    CONFIG_SECRET_BYTES = 4096 /* of a file that ${file:NAME} stands for */
};

/* Where something is written: for messages. */
struct config_place {
    const char *file;
    size_t line;
};

/* ---- Words ---------------------------------------------------------------------------------- */

/* The words of these keys, in this order, are in key.c. */
enum config_ack { CONFIG_ACK_RECEIVED, CONFIG_ACK_STORED, CONFIG_ACK_DELIVERED, CONFIG_ACK_NONE };
enum config_unrouted { CONFIG_UNROUTED_KEEP, CONFIG_UNROUTED_REFUSE };
enum config_policy { CONFIG_POLICY_RETRY, CONFIG_POLICY_DEAD, CONFIG_POLICY_HALT };
enum config_command_mode { CONFIG_COMMAND_EACH, CONFIG_COMMAND_STREAM };
enum config_tls_mode { CONFIG_TLS_OFF, CONFIG_TLS_ON, CONFIG_TLS_MUTUAL };
enum config_log_format { CONFIG_LOG_TEXT, CONFIG_LOG_JSON };
enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

/* ---- Parts ---------------------------------------------------------------------------------- */

/* HOST:PORT. The host is a name or an address, without brackets; "" is this machine alone. Both are as
 * address_resolve() of net/ takes them. */
struct config_address {
    const char *host; /* NULL: there is no address */
    const char *port;
    const char *text; /* as it was written */
};

/* 10.1.0.0/16: the first `bits` of the address count. */
struct config_network {
    int family; /* AF_INET, AF_INET6 */
    unsigned char address[16];
    unsigned bits;
};

struct config_networks {
    const struct config_network *items;
    size_t count;
};

/* A path that messages are looked up by. */
struct config_index {
    const char *name; /* "visit", or the path itself */
    const char *text; /* the path: "PV1-19" */
    struct hl7_path path;
};

struct config_indexes {
    const struct config_index *items;
    size_t count;
};

struct config_folders {
    const char *const *items;
    size_t count;
};

struct config_paths {
    const struct hl7_path *items;
    size_t count;
};

/* Numbers of listeners, destinations or routes: places in the configuration's arrays. */
struct config_numbers {
    const size_t *items;
    size_t count;
};

/* A file that a key names, compiled. Two keys that name one file share it. `file` has what was read;
 * template_run() runs it. A broker that notices a change loads the path anew by itself. */
struct config_template {
    const char *path;
    const struct template_file *file;
};

/* For hl7_condition_test(). A condition may look in tables beside the file it is written in. */
struct config_condition {
    const struct hl7_template *program; /* NULL: every message */
    const char *text;
};

/* What a file name is put together from: literal text, or a part with `text` NULL. The parts are safe
 * by construction: only letters, digits, '-' and '_' of a message get into a name. */
enum config_name_kind {
    CONFIG_NAME_TEXT,
    CONFIG_NAME_ID,         /* {id}: the number of the stored message */
    CONFIG_NAME_CONTROL_ID, /* {control-id}: MSH-10 */
    CONFIG_NAME_TYPE,       /* {type}: MSH-9.1 */
    CONFIG_NAME_EVENT,      /* {event}: MSH-9.2 */
    CONFIG_NAME_ROUTE,      /* {route} */
    CONFIG_NAME_LISTENER,   /* {listener} */
    CONFIG_NAME_DATE,       /* {date}: 20261126, local, of the day the message came */
    CONFIG_NAME_TIME        /* {time}: 141502 */
};

struct config_name_part {
    enum config_name_kind kind;
    const char *text;
};

struct config_file_name {
    const struct config_name_part *parts; /* {id} is among them: no two messages share a name */
    size_t count;
};

/* A program and its arguments, ended by NULL as execve() wants it; NULL: none. */
struct config_command {
    char *const *words;
    const char *text; /* as it was written */
};

struct config_names {
    const char *const *items;
    size_t count;
};

/* How a listener or a destination encrypts. */
struct config_tls {
    int mode;                     /* enum config_tls_mode */
    const char *files[TLS_FILES]; /* by enum tls_file; NULL: not given */
    int min;                      /* enum tls_min */
    const char *name;             /* of a destination: what the peer's certificate has to name */
    struct config_names clients;  /* of a listener: who is let in; none: every good certificate */
};

/* First wait, longest wait: it doubles from one to the other. */
struct config_backoff {
    int64_t first;
    int64_t longest;
};

/* When to give up: after so many attempts, or so long after the first. 0: that one never. */
struct config_limit {
    int64_t attempts;
    int64_t age;
};

/* A share of the disk, or bytes. Both 0: never. */
struct config_free_space {
    int64_t bytes;
    int64_t percent;
};

/* ---- Sections ------------------------------------------------------------------------------- */

/* [orderly] */
struct config_orderly {
    const char *data;    /* folder of the journal */
    const char *control; /* path of the control socket */
    const char *user;    /* to become; NULL: who it is */
    bool confine;
    struct config_folders allow_folders;
    const char *audit;                  /* path of the audit log; NULL: audit.log in `data` */
    struct config_address audit_syslog; /* gets copies of its records, by UDP */
    bool audit_required;                /* what is audited is refused when it cannot be recorded */
    int64_t audit_size;                 /* a larger audit log is set aside; 0: never */
    int log_format;                     /* enum config_log_format */
    int log_level;                      /* enum config_log_level */
    int64_t keep;                       /* settled messages are kept this long; 0: for ever */
    int64_t keep_size;                  /* and as long as all take no more than this; 0: no limit */
    int64_t max_connections;            /* of all listeners */
    int64_t max_memory;                 /* bytes of messages that have not arrived whole */
    int64_t min_free; /* with less free on the disk, new messages are refused; 0: until full */
    int64_t drain;    /* when ending, what is half received or half sent has this long */
    struct config_paths patient;   /* indexed as patient: the first that has a value */
    struct config_paths accession; /* and as accession number */
    struct config_indexes indexes;
    struct config_command alert_command;
    struct config_free_space alert_disk_low;
    struct config_place place;
};

/* [listener NAME]: exactly one of `address` and `directory` is there. */
struct config_listener {
    const char *name;
    struct config_address address;
    const char *directory;
    const char *pattern;        /* of the names of files that are taken, as fnmatch() reads it */
    int64_t stable_for;         /* a file is taken when it did not change for this long */
    const char *done_directory; /* where files go that were taken; NULL: they are deleted */
    const char
        *error_directory; /* where files go that are no messages; never NULL with directory */
    int64_t max_message;
    int64_t max_connections;
    int64_t max_per_address;
    struct config_networks reserved; /* known senders */
    int64_t reserved_connections;    /* of max_connections, for them alone */
    int64_t min_rate;                /* bytes a second of a message; 0: any */
    int64_t first_byte_timeout;      /* 0: never */
    int64_t frame_timeout;
    int64_t idle_timeout;
    bool lenient_end;
    int ack; /* enum config_ack */
    int64_t ack_deadline;
    const struct config_template *ack_template; /* NULL: made by the rules */
    int64_t duplicates;                         /* 0: off */
    int unrouted;                               /* enum config_unrouted */
    int validate;                               /* enum validation_how */
    const char
        *charset; /* of messages that name none; IANA name; NULL: ASCII, as the standard has it */
    struct config_networks allow; /* none: every address */
    bool allow_plaintext;
    struct config_tls tls;
    int64_t alert_silent_for;     /* 0: never */
    struct config_numbers routes; /* that take from it, in their order */
    struct config_place place;
};

/* [destination NAME]: exactly one of `mllp`, `directory` and `command` is there. */
struct config_destination {
    const char *name;
    struct config_address mllp;
    const char *directory;
    struct config_file_name file_name;
    struct config_command command;
    int command_mode; /* enum config_command_mode */
    int64_t connect_timeout;
    int64_t timeout;
    int64_t max_reply;
    struct config_backoff retry;
    struct config_limit retry_limit;
    int on_error; /* enum config_policy, as all of these */
    int on_reject;
    int on_timeout;
    int on_unframed;
    int on_closed;
    int on_conversion_error;
    int64_t pipeline; /* messages under way at once on a connection; 1: each waits for its answer */
    int64_t keep_open; /* an idle connection stays open this long; 0: it is closed at once */
    struct config_tls tls;
    const char *charset;      /* of what is sent; IANA name; NULL: as it is */
    int64_t alert_older_than; /* a lane's oldest message; 0: never, as with the next two */
    int64_t alert_deeper_than;
    int64_t alert_down_for;
    bool used; /* a route leads to it */
    struct config_place place;
};

/* [route NAME]. Routes are tried in the order they are written in. */
struct config_route {
    const char *name;
    struct config_numbers from;
    struct config_condition when;
    const struct config_template *template; /* NULL: the bytes as they came */
    struct config_numbers to;               /* none: messages are taken and go nowhere */
    struct hl7_path key;                    /* segment "" : there is none */
    int64_t lanes;
    bool copy; /* does not count as taking a message, and `ack = delivered` does not wait for it */
    bool stop; /* routes below do not see the messages this one takes */
    struct config_place place;
};

/* A file that was read; for who watches them. */
struct config_file {
    const char *path;
    const struct beside *beside; /* what it was read from, and the tables that conditions use */
};

struct config {
    const char *path;
    struct config_orderly orderly;
    const struct config_listener *listeners;
    size_t listener_count;
    const struct config_destination *destinations;
    size_t destination_count;
    const struct config_route *routes;
    size_t route_count;
    const struct config_template *templates; /* each file once */
    size_t template_count;
    const struct config_file *files;
    size_t file_count;
    struct config_pool *pool; /* private: all of the above lives in it */
};

/* ---- Loading -------------------------------------------------------------------------------- */

/* A finding about a file, the configuration's own or a template: `path` names it, what.file is
 * absent or names a file beside it, as in findings of templates. */
struct config_finding {
    const char *path;
    struct hl7_diagnostic what; /* what.next is not used */
    size_t file;                /* private, as the next two: where it is sorted in */
    size_t position;
    size_t number;
};

/* Sorted as a reader meets them: by file in the order they were read, then by line and column. Begin
 * with {0}. */
struct config_report {
    struct config_finding *findings;
    size_t count;
    size_t errors;
    size_t warnings;
    size_t unreadable; /* files that could not be read: these are among the errors */
    size_t size;       /* private, as the next two */
    bool failed;       /* memory was short */
    struct config_pool *pool;
};

enum config_answer {
    CONFIG_LOADED,   /* there may be warnings */
    CONFIG_WRONG,    /* there are errors, all of them in the report */
    CONFIG_NO_MEMORY /* the report may be incomplete */
};

/* Reads and checks a configuration and all it names: included files, templates, tables. *ret_config is
 * untouched unless the answer is CONFIG_LOADED. No host is resolved and nothing is opened for
 * writing: that a folder or a peer is there is not checked. */
enum config_answer config_load(const char *path, struct config **ret_config,
                               struct config_report *report);

/* Accepts NULL, and a pointer to NULL. */
void config_free(struct config **config);

/* A key of a configuration in force, for people to see. */
struct config_given {
    const char *section; /* "listener", "defaults" */
    const char *name;    /* of the section, or what the defaults are for; "" for [orderly] */
    const char *key;
    hl7_slice text;   /* as it is written; ${file:...} in it stays as that */
    const char *file; /* NULL: nobody gave it, it is the default */
    size_t line;
};

/* Tells the keys of all sections, in the order of the text; behind those that were given, for each section
 * those that were not and have a default. */
void config_each(const struct config *config,
                 void (*each)(void *context, const struct config_given *given), void *context);

void config_report_release(struct config_report *report);

/* ---- Looking things up ---------------------------------------------------------------------- */

/* The number of the one with this name, or HL7_NONE. */
size_t config_find_listener(const struct config *config, const char *name);
size_t config_find_destination(const struct config *config, const char *name);
size_t config_find_route(const struct config *config, const char *name);

/* An address of this machine alone. */
bool config_is_here(const struct config_address *address);

/* Other machines can connect to it, and what they send is not encrypted. */
bool config_is_exposed(const struct config_listener *listener);

/* Whether a peer may connect: it is in one of the networks, or there are none. An IPv4 address that
 * comes as IPv6 (::ffff:10.1.2.3) counts as IPv4. */
bool config_allows(const struct config_listener *listener, const struct sockaddr *peer);

/* Whether a peer is one of those that connections are kept for. */
bool config_reserves(const struct config_listener *listener, const struct sockaddr *peer);

/* What they mean to net/tls.h; it borrows from the configuration. */
struct tls_settings config_tls_settings(const struct config_tls *tls, bool server);

/* What a path of the configuration is used for. */
enum config_use {
    CONFIG_USE_READ,  /* a file: it, and what lies beside it, is read */
    CONFIG_USE_WRITE, /* a folder, in which files are read, written, renamed and removed */
    CONFIG_USE_MADE   /* a file that is made, and renamed or removed */
};

/* Tells all paths that a configuration names, its own files included. */
void config_each_path(const struct config *config,
                      void (*tell)(void *context, const char *path, enum config_use use),
                      void *context);

/* ---- Reloading ------------------------------------------------------------------------------ */

enum config_section { CONFIG_ORDERLY, CONFIG_LISTENER, CONFIG_DESTINATION, CONFIG_ROUTE };

/* What it takes to put a changed key into force, the least first. */
enum config_effect {
    CONFIG_AT_ONCE, /* what runs takes the new value as it is */
    CONFIG_REOPEN,  /* its socket, folder or connection is opened anew */
    CONFIG_RESTART  /* not before the next start; a reload keeps the old value and says so */
};

enum config_change { CONFIG_SAME, CONFIG_CHANGED, CONFIG_ADDED, CONFIG_REMOVED };

/* What became of one section, known by its kind and name. */
struct config_difference {
    enum config_section section;
    const char *name; /* "" for [orderly] */
    enum config_change change;
    size_t before;             /* its number in the old configuration; HL7_NONE when it was added */
    size_t after;              /* its number in the new one; HL7_NONE when it was removed */
    enum config_effect effect; /* of CHANGED: the most any of its changed keys takes */
    const char *key;           /* of CHANGED: the first key that takes it */
};

/* Compares what two configurations mean, not how they are written: 60s and 1m are the same, and so are
 * a list of destinations and the same list at other numbers. A template or a table whose text is
 * another one counts as a change of the key that names it. Yields every section of both: [orderly],
 * then listeners, destinations and routes, each in the order of the new configuration with the
 * removed ones behind. That routes stand in another order is no difference of theirs. Malloc'd, for free(); it borrows the names. NULL when memory is short. */
struct config_difference *config_diff(const struct config *before, const struct config *after,
                                      size_t *ret_count);

/* Puts what a reload cannot replace back to what it was: `key` and `lanes` of the routes that both have.
 * Before anything uses `fresh`. */
void config_keep(struct config *fresh, const struct config *before);

#endif
