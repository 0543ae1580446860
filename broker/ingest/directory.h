/* SPDX-License-Identifier: Apache-2.0
 *
 * directory.h - the door in for files: a folder whose files are taken, one after another.
 *
 *     directory_open -> on_file -> directory_done -> on_file -> ... -> directory_close
 *
 * A file is taken when it fits the pattern, is a regular one (no link is followed), and its size and times
 * did not change for `stable_for`. It is renamed to a hidden name and locked: no other broker takes it
 * too. Its bytes go to on_file, whole: what is in it, one message or many, is stored together or not at
 * all. directory_done says what came of it:
 *
 *     DIRECTORY_STORED   it is deleted, or moved to the done-directory
 *     DIRECTORY_REFUSED  it is moved to the error-directory, with NAME.reason.txt beside it
 *     DIRECTORY_LATER    it is offered again after a while: the journal does not take it now
 *
 * The oldest file goes first, among those of one time the first by name. Files whose hidden name a crash
 * left are taken before all others; when it came after the journal's commit, such a file is stored a
 * second time: its messages are duplicates (`duplicates` of the listener).
 *
 * All disk work is errands' (net/errand.h): a server of files that hangs holds up its own folder only.
 * News come from inotify; where there is none of others' files (NFS), from a look every
 * DIRECTORY_SCAN milliseconds. Bounds: one file in memory, DIRECTORY_LONGEST times max-message; a longer one
 * goes to the error-directory. DIRECTORY_SEEN files are watched until they are stable, then the next.
 */
#ifndef BROKER_INGEST_DIRECTORY_H
#define BROKER_INGEST_DIRECTORY_H

#include "../../net/loop.h"
#include "../config/config.h"
#include "hl7.h"

#define DIRECTORY_HIDDEN ".taken-"

enum {
    DIRECTORY_SCAN = 10000,
    DIRECTORY_RETRY = 5000, /* milliseconds until something that failed is tried again */
    DIRECTORY_LONGEST = 4,
    DIRECTORY_SEEN = 4096
};

enum directory_verdict { DIRECTORY_STORED, DIRECTORY_REFUSED, DIRECTORY_LATER };

struct directory;

struct directory_hooks {
    /* A file. Name and bytes stay until directory_done(), which may be called from within. */
    void (*on_file)(void *context, const char *name, hl7_slice bytes);
    void *context;
};

/* Counted since the folder was opened. */
struct directory_counters {
    uint64_t stored;
    uint64_t refused;
};

/* Begins to watch; a folder that is not there yet may come later. NULL when memory or descriptors are
 * short. */
struct directory *directory_open(struct loop *loop, const struct config_listener *config,
                                 const struct directory_hooks *hooks);

/* The listener's place in a new configuration; what has changed counts from the next file on. */
void directory_adopt(struct directory *directory, const struct config_listener *config);

/* What came of the file. `reason`: for REFUSED, a sentence for the reason file. */
void directory_done(struct directory *directory, enum directory_verdict verdict,
                    const char *reason);

/* Takes no more files; what it has is finished. */
void directory_drain(struct directory *directory);

/* No file is taken and not finished. */
bool directory_is_idle(const struct directory *directory);

/* Why files are not taken or cannot be put away, for people; "" while all is well. */
const char *directory_trouble(const struct directory *directory);

struct directory_counters directory_count(const struct directory *directory);

/* A file that was not done stays under its hidden name, and is taken again when the folder is opened. Accepts
 * NULL and a pointer to NULL. */
void directory_close(struct directory **directory);

#endif
