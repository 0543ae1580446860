/* SPDX-License-Identifier: Apache-2.0
 *
 * See store.h for what it is. Two lists go between two threads: `asked`, which the loop's thread fills
 * and the journal's empties, and `answered`, the other way. Each is taken whole under the lock, which
 * is held for no longer than that. */
#include "store.h"

#include "../../base/clock.h"
#include "../../base/crash_point.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* The most work of one transaction: what fails is tried piece by piece, and a commit must not become
 * so long that everybody waits. */
enum { TRANSACTION_MAX = 1024, REOPEN_AFTER = 1 };

struct work_list {
    struct store_work *first;
    struct store_work **end;
};

struct store {
    /* Set before the thread starts, read by both. */
    char *folder;
    struct journal_options options;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* Under the lock. */
    struct work_list asked;
    struct work_list answered;
    struct metrics_store counters;
    char trouble[256];
    bool ending;

    /* The journal's thread. */
    struct journal *journal; /* NULL: to be opened again */
    struct timespec tried;   /* when it was last tried */

    /* The loop's thread. */
    struct loop *loop;
    struct loop_source source; /* an eventfd: something was answered */
    bool gathers;              /* work waits for store_go() */
    struct work_list gathered; /* handed in since it was called last */
    size_t pending;
    char told[256];
    void (*on_idle)(void *context);
    void *idle_context;
};

/* ---- Lists --------------------------------------------------------------------------------- */

static void list_init(struct work_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct work_list *list, struct store_work *work)
{
    work->next = NULL;
    *list->end = work;
    list->end = &work->next;
}

static struct store_work *list_take(struct work_list *list)
{
    struct store_work *first = list->first;

    list_init(list);
    return first;
}

/* ---- Transactions: the journal's thread ---------------------------------------------------- */

static bool goes_on(enum journal_code code)
{
    return code == JOURNAL_OK || code == JOURNAL_NONE || code == JOURNAL_REFUSED ||
           code == JOURNAL_LOCKED || code == JOURNAL_DAMAGED;
}

/* Runs the work from `first` up to `end` (not with it) in one transaction. */
static enum journal_code transact(struct store *store, struct store_work *first,
                                  const struct store_work *end)
{
    enum journal_code code = journal_begin(store->journal);

    for (struct store_work *work = first; work != end && goes_on(code); work = work->next) {
        work->code = work->run(work, store->journal);
        code = work->code;
    }
    if (!goes_on(code)) {
        journal_rollback(store->journal);
        return code;
    }
    CRASH_POINT("store.commit.before");
    code = journal_commit(store->journal);
    CRASH_POINT("store.commit.after");
    return code;
}

static void answer_all(struct store_work *first, const struct store_work *end,
                       enum journal_code code)
{
    for (struct store_work *work = first; work != end; work = work->next) {
        work->code = code;
    }
}

static void say_trouble(struct store *store, const char *text)
{
    (void)pthread_mutex_lock(&store->lock);
    (void)snprintf(store->trouble, sizeof store->trouble, "%s", text);
    (void)pthread_mutex_unlock(&store->lock);
}

/* A transaction that held. */
static void count_commit(struct store *store, size_t work, int64_t began)
{
    int64_t took = clock_steady() - began;

    (void)pthread_mutex_lock(&store->lock);
    store->counters.commits++;
    store->counters.work += work;
    histogram_add(&store->counters.commit_work, (int64_t)work);
    histogram_add(&store->counters.commit, took);
    (void)pthread_mutex_unlock(&store->lock);
}

/* One of the store's own counters. */
static void count(struct store *store, uint64_t *counter)
{
    (void)pthread_mutex_lock(&store->lock);
    ++*counter;
    (void)pthread_mutex_unlock(&store->lock);
}

/* The journal failed: nobody knows what of the last transaction holds. Forgets it, so that it is
 * read anew. */
static void give_up(struct store *store)
{
    say_trouble(store, journal_reason(store->journal));
    journal_close(&store->journal);
}

/* Opens the journal if it is not open. */
static bool have_journal(struct store *store)
{
    struct timespec now;
    char reason[256];

    if (store->journal != NULL) {
        return true;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - store->tried.tv_sec < REOPEN_AFTER) {
        return false;
    }
    store->tried = now;
    if (journal_open(store->folder, &store->options, &store->journal, reason) != JOURNAL_OK) {
        say_trouble(store, reason);
        return false;
    }
    say_trouble(store, "");
    count(store, &store->counters.reopened);
    return true;
}

/* One piece of work by itself: another one's failure undid it. */
static void work_alone(struct store *store, struct store_work *work)
{
    if (!have_journal(store)) {
        work->code = JOURNAL_FAILED;
        return;
    }
    int64_t began = clock_steady();
    enum journal_code code = transact(store, work, work->next);
    if (code == JOURNAL_OK) {
        count_commit(store, 1, began);
        return;
    }
    work->code = code;
    count(store, &store->counters.undone);
    if (code == JOURNAL_FAILED) {
        give_up(store);
    }
}

/* Does the work from `first` up to `end`, in one transaction if that can be. */
static void do_some(struct store *store, struct store_work *first, const struct store_work *end,
                    size_t number)
{
    if (!have_journal(store)) {
        answer_all(first, end, JOURNAL_FAILED);
        return;
    }
    int64_t began = clock_steady();
    enum journal_code code = transact(store, first, end);
    if (code == JOURNAL_OK) {
        count_commit(store, number, began);
        return;
    }
    count(store, &store->counters.undone);
    if (code == JOURNAL_FAILED) {
        answer_all(first, end, JOURNAL_FAILED);
        give_up(store);
    } else if (number == 1) {
        first->code = code;
    } else {
        for (struct store_work *work = first; work != end; work = work->next) {
            work_alone(store, work);
        }
    }
}

/* Work that wants no transaction. */
static void do_apart(struct store *store, struct store_work *work)
{
    if (!have_journal(store)) {
        work->code = JOURNAL_FAILED;
        return;
    }
    work->code = work->run(work, store->journal);
    if (work->code == JOURNAL_FAILED) {
        give_up(store);
    }
}

/* The last piece of the work that goes into one transaction with `first`. */
static struct store_work *last_of_transaction(struct store_work *first, size_t *ret_number)
{
    struct store_work *last = first;
    size_t number = 1;

    while (!first->apart && last->next != NULL && !last->next->apart && number < TRANSACTION_MAX) {
        last = last->next;
        number++;
    }
    *ret_number = number;
    return last;
}

/* Hands work back, from the first to the last of a list; the loop's thread wakes up. */
static void hand_back(struct store *store, struct store_work *first, struct store_work *last)
{
    uint64_t one = 1;

    (void)pthread_mutex_lock(&store->lock);
    *store->answered.end = first;
    store->answered.end = &last->next;
    (void)pthread_mutex_unlock(&store->lock);
    /* It can only fail when it is already as full as can be, and then it wakes all the same. */
    ssize_t written = write(store->source.fd, &one, sizeof one);
    (void)written;
}

/* All that was asked, in transactions of a bounded size. */
static void do_all(struct store *store, struct store_work *first)
{
    while (first != NULL) {
        size_t number = 0;
        struct store_work *last = last_of_transaction(first, &number);
        struct store_work *end = last->next;

        if (first->apart) {
            do_apart(store, first);
        } else {
            do_some(store, first, end, number);
        }
        last->next = NULL;
        hand_back(store, first, last);
        CRASH_POINT("store.tend.before");
        if (store->journal != NULL && journal_tend(store->journal) == JOURNAL_FAILED) {
            give_up(store);
        }
        first = end;
    }
}

static void *run_thread(void *context)
{
    struct store *store = context;
    bool ending = false;

    while (!ending) {
        (void)pthread_mutex_lock(&store->lock);
        while (store->asked.first == NULL && !store->ending) {
            (void)pthread_cond_wait(&store->wake, &store->lock);
        }
        struct store_work *first = list_take(&store->asked);
        ending = store->ending;
        (void)pthread_mutex_unlock(&store->lock);
        do_all(store, first);
    }
    return NULL;
}

/* ---- The loop's thread --------------------------------------------------------------------- */

static void tell_owners(struct store *store, struct store_work *work)
{
    while (work != NULL) {
        struct store_work *next = work->next;

        store->pending--;
        CRASH_POINT("store.tell.before");
        work->done(work, work->code);
        work = next;
    }
}

static void on_answered(struct loop_source *source, uint32_t events)
{
    struct store *store = LOOP_OWNER(source, struct store, source);
    uint64_t number = 0;

    (void)events;
    if (read(source->fd, &number, sizeof number) < 0 && errno != EAGAIN) {
        return;
    }
    (void)pthread_mutex_lock(&store->lock);
    struct store_work *work = list_take(&store->answered);
    (void)pthread_mutex_unlock(&store->lock);
    tell_owners(store, work);
    if (store->pending == 0 && store->on_idle != NULL) {
        store->on_idle(store->idle_context);
    }
}

void store_submit(struct store *store, struct store_work *work)
{
    store->pending++;
    list_add(&store->gathered, work);
    if (!store->gathers) {
        store_go(store);
    }
}

void store_gather(struct store *store)
{
    store->gathers = true;
}

void store_go(struct store *store)
{
    struct work_list *gathered = &store->gathered;

    if (gathered->first == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&store->lock);
    bool idle = store->asked.first == NULL;
    *store->asked.end = gathered->first;
    store->asked.end = gathered->end;
    (void)pthread_mutex_unlock(&store->lock);
    list_init(gathered);
    if (idle) {
        (void)pthread_cond_signal(&store->wake);
    }
}

size_t store_pending(const struct store *store)
{
    return store->pending;
}

void store_when_idle(struct store *store, void (*on_idle)(void *context), void *context)
{
    store->on_idle = on_idle;
    store->idle_context = context;
}

const char *store_trouble(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    memcpy(store->told, store->trouble, sizeof store->told);
    (void)pthread_mutex_unlock(&store->lock);
    return store->told;
}

struct metrics_store store_count(struct store *store)
{
    (void)pthread_mutex_lock(&store->lock);
    struct metrics_store counters = store->counters;
    (void)pthread_mutex_unlock(&store->lock);
    return counters;
}

/* ---- Life ---------------------------------------------------------------------------------- */

static void release(struct store *store)
{
    journal_close(&store->journal);
    if (store->source.fd >= 0) {
        loop_remove(store->loop, &store->source);
        (void)close(store->source.fd);
    }
    free(store->folder);
    free(store);
}

struct store *store_open(const char *folder, const struct journal_options *options,
                         struct loop *loop, char ret_reason[256])
{
    struct store *store = calloc(1, sizeof *store);

    if (store == NULL || (store->folder = strdup(folder)) == NULL) {
        free(store);
        (void)snprintf(ret_reason, 256, "out of memory");
        return NULL;
    }
    store->loop = loop;
    store->source = (struct loop_source){.fd = -1, .events = EPOLLIN, .on_ready = on_answered};
    store->options = options != NULL ? *options : (struct journal_options){.cache_bytes = 0};
    list_init(&store->asked);
    list_init(&store->answered);
    list_init(&store->gathered);
    if (journal_open(folder, options, &store->journal, ret_reason) != JOURNAL_OK) {
        release(store);
        return NULL;
    }
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int error = errno;
    if (fd >= 0) {
        store->source.fd = fd;
        error = loop_add(loop, &store->source) ? 0 : errno;
    }
    if (error == 0 || fd >= 0) {
        (void)pthread_mutex_init(&store->lock, NULL);
        (void)pthread_cond_init(&store->wake, NULL);
        error = error != 0 ? error : pthread_create(&store->thread, NULL, run_thread, store);
    }
    if (error != 0) {
        (void)snprintf(ret_reason, 256, "the journal's thread: %s", strerror(error));
        release(store);
        return NULL;
    }
    return store;
}

void store_close(struct store **store)
{
    if (store == NULL || *store == NULL) {
        return;
    }
    struct store *at = *store;
    store_go(at);
    (void)pthread_mutex_lock(&at->lock);
    at->ending = true;
    (void)pthread_mutex_unlock(&at->lock);
    (void)pthread_cond_signal(&at->wake);
    (void)pthread_join(at->thread, NULL);
    tell_owners(at, list_take(&at->answered));
    store_go(at);
    while (at->asked.first != NULL) {
        struct store_work *work = list_take(&at->asked);

        answer_all(work, NULL, JOURNAL_FAILED);
        tell_owners(at, work);
        store_go(at);
    }
    *store = NULL;
    (void)pthread_cond_destroy(&at->wake);
    (void)pthread_mutex_destroy(&at->lock);
    release(at);
}
