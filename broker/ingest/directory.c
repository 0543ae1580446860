/* SPDX-License-Identifier: Apache-2.0
 *
 * See directory.h for what it is. One thing happens at a time:
 *
 *     RESTING   nothing is ripe; the timer, or inotify, says when to look
 *     WORKING   an errand is on its way: a look, taking a file, putting one away
 *     OFFERED   on_file has a file
 *     PUT_OFF   the file is offered again when the timer comes
 *     STUCK     the file cannot be put away; that is tried again when the timer comes. No other file
 *               is taken: it would be found as one that a crash left, and stored again
 *
 * A file is ripe when it was seen for `stable_for` without a change; taking it compares once more. */
#include "directory_work.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "../../base/log.h"

enum { LOOK_PAUSE = 50 /* milliseconds between looks, however much happens in the folder */ };

enum directory_phase { RESTING, WORKING, OFFERED, PUT_OFF, STUCK };

struct directory {
    struct loop *loop;
    const struct config_listener *config;
    struct directory_hooks hooks;
    enum directory_phase phase;
    bool draining;
    struct loop_source news;     /* inotify; fd -1: there is none, the clock will do */
    struct loop_timer timer;     /* always set: setting it cannot fail */
    struct directory_work *work; /* under way; NULL: none */
    struct directory_list list;
    uint64_t looked; /* loop time of the last look */
    uint64_t again;  /* nothing is begun before this loop time: something failed */
    bool dirty;      /* something has happened since the last look */
    bool more;       /* there is more in the folder than the list holds */
    struct directory_file file;
    bool accepted; /* what became of it */
    char reason[256];
    enum directory_step troubled; /* the step that failed */
    char trouble[300];
    struct directory_counters counters;
};

/* ---- Trouble ------------------------------------------------------------------------------- */

static void set_trouble(struct directory *directory, enum directory_step step, const char *what,
                        int error)
{
    char text[sizeof directory->trouble];

    (void)snprintf(text, sizeof text, "cannot %s: %s", what, strerror(error));
    if (strcmp(text, directory->trouble) != 0) {
        log_warning("directory-trouble", "listener=%s %s", directory->config->name, text);
    }
    memcpy(directory->trouble, text, sizeof text);
    directory->troubled = step;
}

static void end_trouble(struct directory *directory, enum directory_step step)
{
    if (directory->troubled == step) {
        directory->trouble[0] = '\0';
    }
}

/* The timer has its place in the loop already, so this cannot fail. */
static void set_timer(struct directory *directory, uint64_t delay)
{
    bool set = loop_timer_set(directory->loop, &directory->timer, delay);

    assert(set);
    (void)set;
}

/* ---- Errands ------------------------------------------------------------------------------- */

static void run_work(struct errand *errand)
{
    static void (*const steps[])(struct directory_work * work) = {
        [DIRECTORY_LOOK] = directory_run_look,
        [DIRECTORY_TAKE] = directory_run_take,
        [DIRECTORY_FINISH] = directory_run_finish,
    };
    struct directory_work *work = LOOP_OWNER(errand, struct directory_work, errand);

    steps[work->step](work);
}

static void drop_work(struct errand *errand)
{
    struct directory_work *work = LOOP_OWNER(errand, struct directory_work, errand);

    if (work->inotify >= 0) {
        (void)close(work->inotify);
    }
    directory_list_free(&work->list);
    directory_file_free(&work->file);
    free(work->strings);
    free(work);
}

/* Copies what the errand needs of the configuration. False when memory is short. */
static bool copy_strings(struct directory_work *work, const struct config_listener *config)
{
    const char *given[] = {config->directory, config->pattern, config->done_directory,
                           config->error_directory};
    const char **kept[] = {&work->path, &work->pattern, &work->done, &work->errors};
    size_t size = 0;

    for (size_t i = 0; i < 4; i++) {
        size += given[i] == NULL ? 0 : strlen(given[i]) + 1;
    }
    char *place = malloc(size);
    work->strings = place;
    for (size_t i = 0; i < 4 && work->strings != NULL; i++) {
        if (given[i] != NULL) {
            size_t len = strlen(given[i]) + 1;
            memcpy(place, given[i], len);
            *kept[i] = place;
            place += len;
        }
    }
    return work->strings != NULL;
}

static void on_work_done(struct errand *errand);

/* An errand that is not started yet; NULL when memory is short. */
static struct directory_work *new_work(struct directory *directory, enum directory_step step)
{
    const struct config_listener *config = directory->config;
    struct directory_work *work = calloc(1, sizeof *work);

    if (work == NULL) {
        return NULL;
    }
    work->errand = (struct errand){.run = run_work, .done = on_work_done, .drop = drop_work};
    work->directory = directory;
    work->step = step;
    work->longest = (size_t)config->max_message * DIRECTORY_LONGEST;
    work->now = directory->loop->now;
    work->inotify = -1;
    work->file.fd = -1;
    if (!copy_strings(work, config)) {
        drop_work(&work->errand);
        return NULL;
    }
    return work;
}

/* Starts it; the work is gone when that fails, and errno says why. */
static bool start(struct directory *directory, struct directory_work *work)
{
    if (!errand_start(&work->errand, directory->loop)) {
        int error = errno;
        drop_work(&work->errand);
        errno = error;
        return false;
    }
    directory->work = work;
    directory->phase = WORKING;
    return true;
}

/* ---- Steps --------------------------------------------------------------------------------- */

/* Nothing can be begun for a while. */
static void rest_after_failure(struct directory *directory)
{
    directory->phase = RESTING;
    directory->again = directory->loop->now + DIRECTORY_RETRY;
    set_timer(directory, DIRECTORY_RETRY);
}

static void look(struct directory *directory)
{
    struct directory_work *work = new_work(directory, DIRECTORY_LOOK);

    if (work != NULL) {
        work->list = directory->list;
        directory->list = (struct directory_list){NULL, 0};
        if (directory->news.fd >= 0) {
            work->inotify = fcntl(directory->news.fd, F_DUPFD_CLOEXEC, 0);
        }
    }
    directory->dirty = false;
    if (work == NULL || !start(directory, work)) {
        set_trouble(directory, DIRECTORY_LOOK, "look into the folder", errno);
        directory->dirty = true;
        rest_after_failure(directory);
    }
}

static void take(struct directory *directory, const struct directory_seen *seen)
{
    struct directory_work *work = new_work(directory, DIRECTORY_TAKE);

    if (work != NULL) {
        work->facts = seen->facts;
        (void)snprintf(work->given, sizeof work->given, "%s", seen->name);
        memcpy(work->file.name, work->given, sizeof work->file.name);
    }
    if (work == NULL || !start(directory, work)) {
        set_trouble(directory, DIRECTORY_TAKE, "take a file", errno);
        rest_after_failure(directory);
    }
}

static void finish(struct directory *directory)
{
    struct directory_work *work = new_work(directory, DIRECTORY_FINISH);

    if (work != NULL) {
        work->accepted = directory->accepted;
        memcpy(work->reason, directory->reason, sizeof work->reason);
        work->file = directory->file;
    }
    if (work == NULL || !errand_start(&work->errand, directory->loop)) {
        set_trouble(directory, DIRECTORY_FINISH, "put a file away", errno);
        if (work != NULL) {
            work->file = (struct directory_file){.fd = -1};
            drop_work(&work->errand);
        }
        directory->phase = STUCK;
        set_timer(directory, DIRECTORY_RETRY);
        return;
    }
    directory->file = (struct directory_file){.fd = -1};
    directory->work = work;
    directory->phase = WORKING;
}

static bool is_earlier(const struct directory_seen *a, const struct directory_seen *b)
{
    const struct timespec *first = &a->facts.modified;
    const struct timespec *second = &b->facts.modified;

    if (a->left != b->left) {
        return a->left;
    }
    if (first->tv_sec != second->tv_sec) {
        return first->tv_sec < second->tv_sec;
    }
    /* The list is in the order of names. */
    return first->tv_nsec < second->tv_nsec;
}

/* Milliseconds until a file is ripe; 0: it is. */
static uint64_t ripe_in(const struct directory *directory, const struct directory_seen *seen)
{
    uint64_t ripe = seen->since + (uint64_t)directory->config->stable_for;

    return seen->left || ripe <= directory->loop->now ? 0 : ripe - directory->loop->now;
}

/* The ripe file that is to be taken first, or NULL; `ret_next`: how long until there may be one. */
static struct directory_seen *first_ripe(const struct directory *directory, uint64_t *ret_next)
{
    struct directory_seen *first = NULL;

    *ret_next = UINT64_MAX;
    for (size_t i = 0; i < directory->list.count; i++) {
        struct directory_seen *seen = &directory->list.files[i];
        uint64_t wait = seen->bad ? UINT64_MAX : ripe_in(directory, seen);

        if (wait == 0 && (first == NULL || is_earlier(seen, first))) {
            first = seen;
        }
        *ret_next = wait < *ret_next ? wait : *ret_next;
    }
    return first;
}

/* RESTING: begins what there is to do, or says when that may be. */
static void step(struct directory *directory)
{
    uint64_t now = directory->loop->now;
    uint64_t since = now - directory->looked;
    uint64_t next = 0;

    if (directory->phase != RESTING || directory->draining) {
        return;
    }
    if (now < directory->again) {
        set_timer(directory, directory->again - now);
        return;
    }
    struct directory_seen *ripe = first_ripe(directory, &next);
    bool due =
        directory->dirty || since >= DIRECTORY_SCAN || (directory->more && next == UINT64_MAX);
    if (due && (since >= LOOK_PAUSE || directory->looked == 0)) {
        look(directory);
    } else if (ripe != NULL) {
        take(directory, ripe);
    } else {
        uint64_t scan = due ? LOOK_PAUSE - since : DIRECTORY_SCAN - since;
        set_timer(directory, next < scan ? next : scan);
    }
}

/* ---- What came of an errand ---------------------------------------------------------------- */

static void looked(struct directory *directory, struct directory_work *work)
{
    directory->looked = directory->loop->now;
    directory_list_free(&directory->list);
    directory->list = work->list;
    work->list = (struct directory_list){NULL, 0};
    directory->more = work->more;
    directory->phase = RESTING;
    if (work->answer == DIRECTORY_FAILED) {
        set_trouble(directory, DIRECTORY_LOOK, work->what, work->error);
        directory->dirty = true;
        rest_after_failure(directory);
    } else {
        end_trouble(directory, DIRECTORY_LOOK);
        step(directory);
    }
}

/* The entry of this name; NULL when it was forgotten. */
static struct directory_seen *find_seen(const struct directory *directory, const char *name)
{
    for (size_t i = 0; i < directory->list.count; i++) {
        if (strcmp(directory->list.files[i].name, name) == 0) {
            return &directory->list.files[i];
        }
    }
    return NULL;
}

static void forget(struct directory *directory, struct directory_seen *seen)
{
    struct directory_list *list = &directory->list;
    size_t at = (size_t)(seen - list->files);

    free(seen->name);
    list->count--;
    memmove(seen, seen + 1, (list->count - at) * sizeof *seen);
}

static void offer(struct directory *directory)
{
    const struct directory_file *file = &directory->file;

    directory->phase = OFFERED;
    directory->hooks.on_file(directory->hooks.context, file->name,
                             (hl7_slice){file->bytes, file->len});
}

/* A file that could not be taken: watched anew, or left alone until it changes when that is a matter of
 * the file. NULL: the list was forgotten meanwhile. */
static void set_aside(struct directory *directory, struct directory_seen *seen,
                      const struct directory_work *work)
{
    int error = work->answer == DIRECTORY_FAILED ? work->error : 0;
    bool is_bad = error == EACCES || error == EPERM || error == ENAMETOOLONG;

    if (seen != NULL) {
        seen->facts = work->facts;
        seen->since = directory->loop->now;
        seen->bad = is_bad;
    }
    if (error != 0) {
        set_trouble(directory, DIRECTORY_TAKE, work->what, error);
        directory->again = is_bad ? 0 : directory->loop->now + DIRECTORY_RETRY;
    }
}

static void took(struct directory *directory, struct directory_work *work)
{
    struct directory_seen *seen = find_seen(directory, work->given);

    directory->phase = RESTING;
    if (work->answer == DIRECTORY_CHANGED || work->answer == DIRECTORY_FAILED) {
        set_aside(directory, seen, work);
        step(directory);
        return;
    }
    if (seen != NULL) {
        forget(directory, seen);
    }
    if (work->answer == DIRECTORY_GONE) {
        step(directory);
        return;
    }
    end_trouble(directory, DIRECTORY_TAKE);
    directory->file = work->file;
    work->file = (struct directory_file){.fd = -1};
    if (work->answer == DIRECTORY_LONG) {
        directory->phase = OFFERED;
        directory_done(directory, DIRECTORY_REFUSED,
                       "The file is longer than four times max-message.");
    } else {
        offer(directory);
    }
}

static void finished(struct directory *directory, struct directory_work *work)
{
    if (work->answer == DIRECTORY_FAILED) {
        set_trouble(directory, DIRECTORY_FINISH, work->what, work->error);
        directory->file = work->file;
        work->file = (struct directory_file){.fd = -1};
        directory->phase = STUCK;
        set_timer(directory, DIRECTORY_RETRY);
        return;
    }
    end_trouble(directory, DIRECTORY_FINISH);
    directory->counters.stored += directory->accepted;
    directory->counters.refused += !directory->accepted;
    directory->phase = RESTING;
    step(directory);
}

static void on_work_done(struct errand *errand)
{
    static void (*const heard[])(struct directory * directory, struct directory_work * work) = {
        [DIRECTORY_LOOK] = looked,
        [DIRECTORY_TAKE] = took,
        [DIRECTORY_FINISH] = finished,
    };
    struct directory_work *work = LOOP_OWNER(errand, struct directory_work, errand);
    struct directory *directory = work->directory;

    directory->work = NULL;
    heard[work->step](directory, work);
}

/* ---- News ---------------------------------------------------------------------------------- */

static void on_time(struct loop_timer *timer)
{
    struct directory *directory = LOOP_OWNER(timer, struct directory, timer);

    set_timer(directory, UINT64_MAX);
    if (directory->phase == STUCK) {
        finish(directory);
    } else if (directory->phase == PUT_OFF && !directory->draining) {
        offer(directory);
    } else {
        step(directory);
    }
}

/* Our own hidden names are no news. */
static bool is_news(const char *bytes, size_t len)
{
    struct inotify_event event;
    bool news = false;

    for (size_t at = 0; len - at >= sizeof event; at += sizeof event + event.len) {
        memcpy(&event, bytes + at, sizeof event);
        news = news || event.len == 0 || bytes[at + sizeof event] != '.';
    }
    return news;
}

static void on_news(struct loop_source *source, uint32_t events)
{
    struct directory *directory = LOOP_OWNER(source, struct directory, news);
    char bytes[16384];

    (void)events;
    ssize_t got = read(source->fd, bytes, sizeof bytes);
    if (got > 0 && is_news(bytes, (size_t)got)) {
        directory->dirty = true;
        step(directory);
    }
}

/* ---- The owner's calls --------------------------------------------------------------------- */

void directory_done(struct directory *directory, enum directory_verdict verdict, const char *reason)
{
    assert(directory->phase == OFFERED);
    if (verdict == DIRECTORY_LATER) {
        directory->phase = PUT_OFF;
        set_timer(directory, DIRECTORY_RETRY);
        return;
    }
    directory->accepted = verdict == DIRECTORY_STORED;
    (void)snprintf(directory->reason, sizeof directory->reason, "%s", reason == NULL ? "" : reason);
    finish(directory);
}

void directory_drain(struct directory *directory)
{
    directory->draining = true;
}

bool directory_is_idle(const struct directory *directory)
{
    return directory->phase == RESTING || directory->phase == PUT_OFF ||
           (directory->work != NULL && directory->work->step == DIRECTORY_LOOK);
}

const char *directory_trouble(const struct directory *directory)
{
    return directory->trouble;
}

struct directory_counters directory_count(const struct directory *directory)
{
    return directory->counters;
}

void directory_adopt(struct directory *directory, const struct config_listener *config)
{
    directory->config = config;
    /* Another pattern fits other files. An errand under way keeps its list, and is followed by a look. */
    directory_list_free(&directory->list);
    directory->dirty = true;
    step(directory);
}

/* ---- Life ---------------------------------------------------------------------------------- */

static void open_news(struct directory *directory)
{
    directory->news =
        (struct loop_source){inotify_init1(IN_NONBLOCK | IN_CLOEXEC), EPOLLIN, on_news};
    if (directory->news.fd >= 0 && !loop_add(directory->loop, &directory->news)) {
        (void)close(directory->news.fd);
        directory->news.fd = -1;
    }
}

struct directory *directory_open(struct loop *loop, const struct config_listener *config,
                                 const struct directory_hooks *hooks)
{
    struct directory *directory = calloc(1, sizeof *directory);

    if (directory == NULL) {
        return NULL;
    }
    directory->loop = loop;
    directory->config = config;
    directory->hooks = *hooks;
    directory->dirty = true;
    directory->file.fd = -1;
    directory->timer.on_time = on_time;
    /* The first look comes from the loop, never from within this call. */
    if (!loop_timer_set(loop, &directory->timer, 0)) {
        free(directory);
        return NULL;
    }
    open_news(directory);
    return directory;
}

void directory_close(struct directory **directory)
{
    struct directory *at = directory == NULL ? NULL : *directory;

    if (at == NULL) {
        return;
    }
    *directory = NULL;
    loop_timer_clear(at->loop, &at->timer);
    if (at->news.fd >= 0) {
        loop_remove(at->loop, &at->news);
        (void)close(at->news.fd);
    }
    if (at->work != NULL) {
        errand_leave(&at->work->errand);
    }
    directory_list_free(&at->list);
    directory_file_free(&at->file);
    free(at);
}
