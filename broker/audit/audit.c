/* SPDX-License-Identifier: Apache-2.0
 *
 * audit.c - see audit.h. Entries gather in a list. When no errand is under way one takes all of them; while
 * it writes, the next ones gather. The file belongs to the errand while there is one. */
#include "audit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../base/clock.h"
#include "../../base/log.h"
#include "../../net/errand.h"
#include "file.h"
#include "keyed.h"

struct batch {
    struct errand errand;
    struct audit *audit; /* NULL: it was closed while this ran */
    struct audit_file *file;
    char *path; /* what the file borrows, when this is the last that has it */
    struct audit_entry *first;
    bool good;
};

struct audit {
    struct loop *loop;
    char *path;
    bool required;
    struct keyed keyed;
    struct audit_file *file; /* NULL while a batch has it */
    struct batch *running;
    struct audit_entry *first; /* what gathers */
    struct audit_entry **end;
    size_t waiting; /* gathered and under way */
    int64_t left_out;
    uint64_t second; /* of the flood */
    uint64_t flood;
    char trouble[256];
};

const char *audit_event_word(enum audit_event event)
{
    static const char *const words[] = {
#define AUDIT(id, word, doc) word,
#include "events.tbl"
#undef AUDIT
    };

    return words[event];
}

/* ---- Entries -------------------------------------------------------------------------------- */

struct audit_entry *audit_entry_new(enum audit_event event)
{
    struct audit_entry *entry = calloc(1, sizeof *entry);

    if (entry != NULL) {
        entry->event = event;
        entry->time = clock_wall();
    }
    return entry;
}

static struct audit_field *add_field(struct audit_entry *entry, const char *name)
{
    if (entry == NULL || entry->count == AUDIT_FIELDS_MAX) {
        return NULL;
    }
    entry->fields[entry->count] = (struct audit_field){.name = name};
    return &entry->fields[entry->count++];
}

void audit_text(struct audit_entry *entry, const char *name, hl7_slice text)
{
    struct audit_field *field = text.ptr != NULL ? add_field(entry, name) : NULL;

    if (field != NULL) {
        size_t room = AUDIT_TEXT_MAX - entry->used;
        size_t len = text.len < AUDIT_VALUE_MAX ? text.len : AUDIT_VALUE_MAX;

        field->text = entry->text + entry->used;
        field->len = len < room ? len : room;
        if (field->len > 0) {
            memcpy(entry->text + entry->used, text.ptr, field->len);
        }
        entry->used += field->len;
    }
}

void audit_string(struct audit_entry *entry, const char *name, const char *text)
{
    audit_text(entry, name, hl7_slice_of(text));
}

void audit_number(struct audit_entry *entry, const char *name, int64_t number)
{
    struct audit_field *field = add_field(entry, name);

    if (field != NULL) {
        field->number = number;
    }
}

void audit_user(struct audit_entry *entry, uid_t user, pid_t process)
{
    if (entry != NULL) {
        entry->has_user = true;
        entry->user = user;
        audit_number(entry, "pid", process);
    }
}

/* ---- Writing -------------------------------------------------------------------------------- */

static void free_entries(struct audit_entry *first)
{
    while (first != NULL) {
        struct audit_entry *next = first->next;

        free(first);
        first = next;
    }
}

static void run(struct errand *errand)
{
    struct batch *batch = LOOP_OWNER(errand, struct batch, errand);

    batch->good = audit_file_append(batch->file, batch->first);
}

static void drop(struct errand *errand)
{
    struct batch *batch = LOOP_OWNER(errand, struct batch, errand);

    free_entries(batch->first);
    audit_file_free(&batch->file);
    free(batch->path);
    free(batch);
}

/* Says once when it cannot be written, and once when it can again. */
static void tell_trouble(struct audit *audit, const char *trouble)
{
    if (audit->trouble[0] == '\0' && trouble[0] != '\0') {
        log_error("audit", "%s; %s", trouble,
                  audit->required ? "what is audited is refused" : "nothing is recorded");
    } else if (audit->trouble[0] != '\0' && trouble[0] == '\0') {
        log_info("audit", "%s is written again", audit->path);
    }
    (void)snprintf(audit->trouble, sizeof audit->trouble, "%s", trouble);
}

static void tell_owners(struct audit *audit, struct audit_entry *first)
{
    while (first != NULL) {
        struct audit_entry *next = first->next;

        audit->waiting--;
        if (first->done != NULL) {
            first->done(first);
        }
        free(first);
        first = next;
    }
}

static void go(struct audit *audit);

static void done(struct errand *errand)
{
    struct batch *batch = LOOP_OWNER(errand, struct batch, errand);
    struct audit *audit = batch->audit;
    struct audit_entry *first = batch->first;

    audit->file = batch->file;
    audit->running = NULL;
    batch->file = NULL;
    batch->first = NULL;
    tell_trouble(audit, batch->good ? "" : audit->file->trouble);
    tell_owners(audit, first);
    go(audit);
}

/* What gathered, with the number of what was left out behind it. */
static struct audit_entry *take_gathered(struct audit *audit)
{
    if (audit->left_out > 0) {
        struct audit_entry *entry = audit_entry_new(AUDIT_SUPPRESSED);

        audit_number(entry, "records", audit->left_out);
        if (entry != NULL) {
            *audit->end = entry; /* it is the last: the list begins anew below */
            audit->waiting++;
            audit->left_out = 0;
        }
    }
    struct audit_entry *first = audit->first;
    audit->first = NULL;
    audit->end = &audit->first;
    return first;
}

static void fail_all(struct audit *audit, struct audit_entry *first, const char *why)
{
    for (struct audit_entry *at = first; at != NULL; at = at->next) {
        at->failed = true;
    }
    tell_trouble(audit, why);
    tell_owners(audit, first);
}

/* Begins to write what has gathered, if nothing is being written. */
static void go(struct audit *audit)
{
    if (audit->running != NULL || audit->first == NULL) {
        return;
    }
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL) {
        fail_all(audit, take_gathered(audit), "out of memory");
        return;
    }
    batch->errand = (struct errand){.run = run, .done = done, .drop = drop};
    batch->audit = audit;
    batch->file = audit->file;
    batch->first = take_gathered(audit);
    audit->file = NULL;
    audit->running = batch;
    if (!errand_start(&batch->errand, audit->loop)) {
        struct audit_entry *first = batch->first;

        audit->running = NULL;
        audit->file = batch->file;
        free(batch);
        fail_all(audit, first, strerror(errno));
    }
}

/* Whether a peer can cause such records at will, and has caused too many in this second. */
static bool floods(struct audit *audit, const struct audit_entry *entry)
{
    if (entry->event != AUDIT_TLS) {
        return false;
    }
    uint64_t second = audit->loop->now / 1000;
    audit->flood = second == audit->second ? audit->flood + 1 : 1;
    audit->second = second;
    return audit->flood > AUDIT_FLOOD;
}

bool audit_submit(struct audit *audit, struct audit_entry *entry)
{
    if (entry == NULL) {
        return false;
    }
    if (audit == NULL) {
        free(entry);
        return true;
    }
    if (entry->done == NULL && (audit->waiting >= AUDIT_WAITING_MAX || floods(audit, entry))) {
        audit->left_out++;
        free(entry);
        return true;
    }
    entry->next = NULL;
    *audit->end = entry;
    audit->end = &entry->next;
    audit->waiting++;
    go(audit);
    return true;
}

bool audit_write(struct audit *audit, struct audit_entry *entry)
{
    if (entry == NULL) {
        return false;
    }
    if (audit->file != NULL && audit->first != NULL) {
        struct audit_entry *first = take_gathered(audit);

        (void)audit_file_append(audit->file, first);
        tell_owners(audit, first);
    }
    entry->next = NULL;
    bool good = audit->file != NULL && audit_file_append(audit->file, entry);
    if (audit->file != NULL) {
        tell_trouble(audit, good ? "" : audit->file->trouble);
    }
    free(entry);
    return good;
}

/* ---- Asking --------------------------------------------------------------------------------- */

bool audit_required(const struct audit *audit)
{
    return audit->required;
}

void audit_require(struct audit *audit, bool required)
{
    audit->required = required;
}

void audit_keyed_hash(const struct audit *audit, hl7_slice value, char ret_hex[HL7_SHA256_HEX])
{
    keyed_hash(&audit->keyed, value, ret_hex);
}

size_t audit_pending(const struct audit *audit)
{
    return audit->waiting;
}

const char *audit_before(const struct audit *audit)
{
    if (audit->file == NULL || audit->file->last.sequence == 0) {
        return "nothing";
    }
    return audit->file->ended ? "stop" : "crash";
}

const char *audit_path(const struct audit *audit)
{
    return audit->path;
}

const char *audit_trouble(const struct audit *audit)
{
    return audit->trouble;
}

/* ---- Life ----------------------------------------------------------------------------------- */

static struct audit *audit_new(const struct audit_options *options, struct loop *loop)
{
    struct audit *audit = calloc(1, sizeof *audit);

    if (audit == NULL || (audit->path = strdup(options->path)) == NULL ||
        (audit->file = audit_file_new(audit->path, options->size)) == NULL) {
        if (audit != NULL) {
            free(audit->path);
        }
        free(audit);
        return NULL;
    }
    audit->loop = loop;
    audit->required = options->required;
    audit->end = &audit->first;
    return audit;
}

struct audit *audit_open(const struct audit_options *options, struct loop *loop,
                         char ret_reason[256])
{
    struct audit *audit = audit_new(options, loop);

    if (audit == NULL) {
        (void)snprintf(ret_reason, 256, "out of memory");
        return NULL;
    }
    int error = keyed_open(&audit->keyed, audit->path, true);
    if (error != 0) {
        (void)snprintf(ret_reason, 256, "%.120s.key: %s", audit->path,
                       error == EBADMSG ? "this is no key of an audit log" : strerror(error));
    } else if (!audit_file_open(audit->file)) {
        (void)snprintf(ret_reason, 256, "%s", audit->file->trouble);
    } else {
        ret_reason[0] = '\0';
    }
    if (error == 0 && options->host != NULL) {
        char reason[256];

        audit->file->forward = forward_open(options->host, options->port, reason);
        if (audit->file->forward == NULL) {
            log_error("audit", "nothing is forwarded until the next start: %s", reason);
        }
    }
    if (error != 0 || (ret_reason[0] != '\0' && audit->required)) {
        audit_close(&audit);
    }
    return audit;
}

void audit_close(struct audit **audit)
{
    struct audit *at = *audit;

    if (at == NULL) {
        return;
    }
    *audit = NULL;
    if (at->running != NULL) {
        struct batch *batch = at->running;

        batch->path = at->path; /* it may go on for as long as the disk likes */
        at->path = NULL;
        errand_leave(&batch->errand);
    } else if (at->first != NULL) {
        struct audit_entry *first = take_gathered(at);

        (void)audit_file_append(at->file, first);
        tell_owners(at, first);
    }
    free_entries(at->first);
    audit_file_free(&at->file);
    keyed_wipe(&at->keyed);
    free(at->path);
    free(at);
}
