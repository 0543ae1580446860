/* SPDX-License-Identifier: Apache-2.0
 *
 * audit.h - who did what with the broker and its messages: an append-only log of its own, in which each
 * record is chained to the one before by its hash. docs/audit.md is for those who read it.
 *
 *     struct audit_entry *entry = audit_entry_new(AUDIT_VIEW);
 *     audit_number(entry, "message", 4711);
 *     entry->done = on_written;      (in the loop's thread: entry->failed says how it went)
 *     audit_submit(audit, entry);    (takes it)
 *
 * An action that is audited waits for `done`, and for nothing else: records are written and synced in a
 * thread of their own (net/errand.h), all that have gathered at a time, so that no message waits for the
 * disk of the audit log. A record that could not be written is heard of as failed; what then becomes of the
 * action is `audit_required`'s to say. Nothing is tried as if nothing had happened: the file is closed, and
 * the next record opens it anew and reads what is really there.
 *
 * Never patient data: ids of messages, counts, names of the configuration, hashes. What somebody looked
 * for is recorded as audit_keyed_hash(), with a key that never leaves the machine: who knows the value
 * can ask whether it was looked for, and nobody can read it out of the log.
 *
 * Bounds: AUDIT_WAITING_MAX records wait; one that nobody waits for is then left out, and so is one of a
 * kind that a network can cause at will beyond AUDIT_FLOOD a second. How many were left out is recorded. */
#ifndef BROKER_AUDIT_AUDIT_H
#define BROKER_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../net/loop.h"
#include "hl7.h"

enum audit_event {
#define AUDIT(id, word, doc) AUDIT_##id,
#include "events.tbl"
#undef AUDIT
    AUDIT_EVENTS /* none */
};

/* Its word in events.tbl. */
const char *audit_event_word(enum audit_event event);

enum {
    AUDIT_FIELDS_MAX = 24,
    AUDIT_TEXT_MAX = 4096,  /* bytes of all texts of an entry; what does not fit is cut */
    AUDIT_VALUE_MAX = 1024, /* of one text */
    AUDIT_WAITING_MAX = 1024,
    AUDIT_FLOOD = 10 /* records a second of events that a peer can cause at will */
};

struct audit_field {
    const char *name;
    const char *text; /* in the entry; NULL: a number */
    size_t len;
    int64_t number;
};

/* Which record: `sequence` counts from 1, `hash` is in hex. {0} and zeros before the first. */
struct audit_link {
    int64_t sequence;
    char hash[HL7_SHA256_HEX];
};

struct audit_entry {
    enum audit_event event;
    int64_t time; /* microseconds since 1970 */
    bool has_user;
    uid_t user; /* its name is looked up when the record is written */
    struct audit_field fields[AUDIT_FIELDS_MAX];
    size_t count;
    char text[AUDIT_TEXT_MAX];
    size_t used;
    void (*done)(struct audit_entry *entry); /* may be NULL; the entry is freed behind it */
    void *context;
    bool failed;            /* for `done` */
    struct audit_link link; /* of the record, when it was written */
    struct audit_entry *next;
};

/* NULL when memory is short; all that takes an entry accepts that. */
struct audit_entry *audit_entry_new(enum audit_event event);

/* Add what is recorded. An absent text is left out. `name` is a literal: small letters and '-'. */
void audit_text(struct audit_entry *entry, const char *name, hl7_slice text);
void audit_string(struct audit_entry *entry, const char *name, const char *text);
void audit_number(struct audit_entry *entry, const char *name, int64_t number);

/* Who it was, as the system tells. */
void audit_user(struct audit_entry *entry, uid_t user, pid_t process);

struct audit_options {
    const char *path;
    int64_t size;     /* a larger file is set aside under a number; 0: never */
    const char *host; /* of a syslog server that gets copies, by UDP; NULL: none */
    const char *port;
    bool required; /* what is audited does not happen unless it was recorded */
};

struct audit;

/* Opens the log, or makes it (0600), and mends what a crash left. Blocks. When it cannot be used this says
 * why in `ret_reason`, and yields NULL if the log is required, or its key cannot be had; else one that tries
 * again. */
struct audit *audit_open(const struct audit_options *options, struct loop *loop,
                         char ret_reason[256]);

/* Whether what is audited has to wait for it. */
bool audit_required(const struct audit *audit);
void audit_require(struct audit *audit, bool required);

/* Hands an entry in; NULL for the audit: `done` is not called, and the entry is freed. False when the
 * entry is NULL: nothing was handed in. */
bool audit_submit(struct audit *audit, struct audit_entry *entry);

/* Writes one now, and blocks: for the start and the end. `done` is not called. */
bool audit_write(struct audit *audit, struct audit_entry *entry);

/* HMAC-SHA-256 of a value with this log's own key, in hex. */
void audit_keyed_hash(const struct audit *audit, hl7_slice value, char ret_hex[HL7_SHA256_HEX]);

/* Records that are not written yet. */
size_t audit_pending(const struct audit *audit);

/* How the log ended before it was opened: "stop", "crash", or "nothing" when it is new. Before anything is
 * handed in. */
const char *audit_before(const struct audit *audit);

const char *audit_path(const struct audit *audit);

/* Why it cannot be written, for people; "" while it can. */
const char *audit_trouble(const struct audit *audit);

/* What is handed in is heard of within this call, unless the disk hangs: that is not waited for. Accepts a
 * pointer to NULL. */
void audit_close(struct audit **audit);

#endif
