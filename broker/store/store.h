/* SPDX-License-Identifier: Apache-2.0
 *
 * store.h - the journal in a thread of its own.
 *
 * The loop's thread hands in work and goes on; the journal's thread does all that has gathered in one
 * transaction, commits it, and hands the work back; its owner then hears of it in the loop's thread.
 * While one commit waits for the disk the work of the next gathers: many messages share a sync, and
 * one alone waits for nothing but its own (J1).
 *
 * A piece of work is a struct of its owner with a struct store_work in it. It belongs to the store from
 * store_submit() until `done`; nobody else touches it meanwhile. The work of one submitter is done,
 * and heard of, in the order it was submitted in.
 *
 * Failures. When a transaction is undone because a part of it failed, each part is tried by itself:
 * a message that finds the disk full does not keep a settlement from being recorded. When a write or
 * a sync fails, all of the transaction's work hears JOURNAL_FAILED and the journal is opened again,
 * which reads back what is really there (J5); until that succeeds everything hears JOURNAL_FAILED.
 * It is tried again with the next work, once a second at most. */
#ifndef BROKER_STORE_STORE_H
#define BROKER_STORE_STORE_H

#include "../../net/loop.h"
#include "../journal/journal.h"
#include "../metrics/metrics.h"

struct store;
struct store_work;

/* In the journal's thread, within a transaction. What it learns it keeps in its own memory: slices of
 * the journal do not last. It may be run again after its transaction was undone, and must then begin
 * anew. What it returns decides: JOURNAL_OK and JOURNAL_NONE let the transaction go on, also
 * JOURNAL_REFUSED, JOURNAL_LOCKED and, for what only reads, JOURNAL_DAMAGED; anything else undoes it. */
typedef enum journal_code store_run(struct store_work *work, struct journal *journal);

/* In the loop's thread, when the transaction holds (`code` is then what `run` returned) or does not. The
 * work may be freed, or submitted again. */
typedef void store_done(struct store_work *work, enum journal_code code);

struct store_work {
    store_run *run;
    store_done *done;
    bool apart;              /* set by the owner: not within a transaction; for journal_backup_ */
    enum journal_code code;  /* private, as the next one */
    struct store_work *next; /* in a list of the store's */
};

/* Opens the journal in this folder and starts the thread. NULL with one sentence in `ret_reason` when
 * that fails. */
struct store *store_open(const char *folder, const struct journal_options *options,
                         struct loop *loop, char ret_reason[256]);

/* Hands work in. Never fails and never waits. */
void store_submit(struct store *store, struct store_work *work);

/* From now on what is handed in waits for store_go(), for an owner of the loop that calls that after each
 * round of events: so all that a round brings is in one transaction, and not the first of it in one of
 * its own. */
void store_gather(struct store *store);
void store_go(struct store *store);

/* Work that was handed in and not heard of yet. */
size_t store_pending(const struct store *store);

/* Runs when the last pending work was heard of, in the loop's thread; NULL for nothing. For ending. */
void store_when_idle(struct store *store, void (*on_idle)(void *context), void *context);

/* Why the journal cannot be used, for people; "" while it can. In the loop's thread. */
const char *store_trouble(struct store *store);

/* Since the start. */
struct metrics_store store_count(struct store *store);

/* Ends the thread after all work and closes the journal. The owners of the work hear of it within this
 * call; what they submit then hears JOURNAL_FAILED. Accepts NULL and a pointer to NULL. */
void store_close(struct store **store);

#endif
