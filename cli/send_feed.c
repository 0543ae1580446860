/* SPDX-License-Identifier: Apache-2.0
 *
 * send_feed.c - the thread that reads messages and makes them ready.
 *
 * The thread can be cancelled inside source_next() only, where it may block for ever; it holds no
 * lock there. Everything it has then is in the feed, and send_feed_close() gives it back.
 *
 * What is kept for later rounds is a run of records: a struct kept, the message's bytes, the file's
 * name. Offsets, not pointers: the memory moves when it grows.
 */
#include "send_feed.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Of ready messages, so many bytes lie about at most (but one message always may). */
#define FEED_AHEAD_BYTES ((size_t)4 * 1024 * 1024)
#define FEED_AHEAD_PLACES ((size_t)64)

struct kept {
    enum source_kind kind;
    size_t line;
    size_t len;
    size_t name_len; /* with its NUL */
};

/* ---- Looking at the operands ---------------------------------------------------------------- */

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static uint64_t directory_bytes(const char *name)
{
    int directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct dirent **entries = NULL;
    int count = directory < 0 ? 0 : scandirat(directory, ".", &entries, is_visible, NULL);
    uint64_t sum = 0;

    for (int i = 0; i < count; i++) {
        struct stat status;

        if (fstatat(directory, entries[i]->d_name, &status, 0) == 0 && S_ISREG(status.st_mode)) {
            sum += (uint64_t)status.st_size;
        }
        free(entries[i]);
    }
    free((void *)entries);
    if (directory >= 0) {
        (void)close(directory);
    }
    return sum;
}

static void feed_weigh(struct send_feed *feed, const char *operand)
{
    bool is_stdin = strcmp(operand, "-") == 0;
    struct stat status;

    if ((is_stdin ? fstat(STDIN_FILENO, &status) : stat(operand, &status)) != 0) {
        return; /* the source will complain */
    }
    if (S_ISREG(status.st_mode)) {
        feed->total_bytes += (uint64_t)status.st_size;
    } else if (S_ISDIR(status.st_mode) && !is_stdin) {
        feed->total_bytes += directory_bytes(operand);
    } else {
        feed->is_endless = true;
    }
}

static void feed_weigh_all(struct send_feed *feed)
{
    for (size_t i = 0; i < feed->settings.operand_count; i++) {
        feed_weigh(feed, feed->settings.operands[i]);
    }
    if (feed->settings.operand_count == 0) {
        feed_weigh(feed, "-");
    }
    if (feed->is_endless || feed->total_bytes > UINT64_MAX / feed->settings.repeat) {
        feed->total_bytes = 0;
    }
    feed->total_bytes *= feed->settings.repeat;
}

static bool reads_stdin(const struct send_feed *feed)
{
    for (size_t i = 0; i < feed->settings.operand_count; i++) {
        if (strcmp(feed->settings.operands[i], "-") == 0) {
            return true;
        }
    }
    return feed->settings.operand_count == 0;
}

/* ---- Handing over --------------------------------------------------------------------------- */

static void wake_loop(struct send_feed *feed)
{
    const uint64_t one = 1;

    if (feed->loop_asks) {
        feed->loop_asks = false;
        (void)pthread_cond_broadcast(&feed->changed);
    }
    if (feed->loop_waits) {
        feed->loop_waits = false;
        /* An eventfd takes it unless it holds 2^64 - 2 already. */
        ssize_t put = write(feed->wake, &one, sizeof one);
        assert(put == (ssize_t)sizeof one);
        (void)put;
    }
}

/* Wakes the thread, if it waits, when there is enough for it to do: half of what lay ahead is gone.
 * Waking it for each place would cost a change of threads for each message. */
static void wake_thread(struct send_feed *feed)
{
    bool worth_it = feed->first == NULL || (feed->free_count >= FEED_AHEAD_PLACES / 2 &&
                                            feed->ready_bytes <= FEED_AHEAD_BYTES / 2);

    if (feed->thread_waits && feed->free != NULL && worth_it) {
        feed->thread_waits = false;
        (void)pthread_cond_broadcast(&feed->changed);
    }
}

/* A free place; waits for one, and for the loop to have taken what lies about. NULL when the thread
 * is to end. */
static struct send_message *feed_place(struct send_feed *feed)
{
    struct send_message *place = NULL;

    (void)pthread_mutex_lock(&feed->lock);
    while (!feed->closing &&
           (feed->free == NULL || (feed->first != NULL && feed->ready_bytes > FEED_AHEAD_BYTES))) {
        feed->thread_waits = true;
        (void)pthread_cond_wait(&feed->changed, &feed->lock);
    }
    if (!feed->closing) {
        place = feed->free;
        feed->free = place->next;
        feed->free_count--;
    }
    (void)pthread_mutex_unlock(&feed->lock);
    return place;
}

static void feed_ready(struct send_feed *feed, struct send_message *message)
{
    (void)pthread_mutex_lock(&feed->lock);
    message->next = NULL;
    if (feed->first == NULL) {
        feed->first = message;
    } else {
        feed->last->next = message;
    }
    feed->last = message;
    feed->ready_bytes += message->frame.len;
    wake_loop(feed);
    (void)pthread_mutex_unlock(&feed->lock);
}

static void feed_end(struct send_feed *feed, bool failed)
{
    (void)pthread_mutex_lock(&feed->lock);
    feed->ended = true;
    feed->failed = failed;
    wake_loop(feed);
    (void)pthread_mutex_unlock(&feed->lock);
}

enum send_feed_answer send_feed_take(struct send_feed *feed, struct send_message **ret_message)
{
    enum send_feed_answer answer = SEND_FEED_MESSAGE;

    (void)pthread_mutex_lock(&feed->lock);
    struct send_message *message = feed->first;
    if (message != NULL) {
        feed->first = message->next;
        message->next = NULL;
        feed->ready_bytes -= message->frame.len;
        wake_thread(feed);
        *ret_message = message;
    } else if (feed->ended) {
        answer = SEND_FEED_END;
    } else {
        feed->loop_waits = true;
        answer = SEND_FEED_WAIT;
    }
    (void)pthread_mutex_unlock(&feed->lock);
    return answer;
}

void send_feed_return(struct send_feed *feed, struct send_message *message)
{
    send_message_trim(message);
    (void)pthread_mutex_lock(&feed->lock);
    message->next = feed->free;
    feed->free = message;
    feed->free_count++;
    wake_thread(feed);
    (void)pthread_mutex_unlock(&feed->lock);
}

bool send_feed_failed(struct send_feed *feed)
{
    (void)pthread_mutex_lock(&feed->lock);
    bool failed = feed->failed;
    (void)pthread_mutex_unlock(&feed->lock);
    return failed;
}

bool send_feed_is_over(struct send_feed *feed)
{
    (void)pthread_mutex_lock(&feed->lock);
    while (feed->first == NULL && !feed->ended && !feed->is_endless) {
        feed->loop_asks = true;
        (void)pthread_cond_wait(&feed->changed, &feed->lock);
    }
    bool over = feed->first == NULL && feed->ended;
    (void)pthread_mutex_unlock(&feed->lock);
    return over;
}

/* ---- The rounds ----------------------------------------------------------------------------- */

/* Puts an item aside for the next rounds, while there is room. */
static void feed_keep(struct send_feed *feed, const struct source_item *item)
{
    struct kept head = {item->kind, item->line, item->bytes.len, strlen(item->file) + 1};
    size_t size = sizeof head + head.len + head.name_len;
    char *at;

    if (feed->overflowed || size > feed->settings.keep - feed->kept_len ||
        !memory_grow(&feed->kept, feed->kept_len + size)) {
        feed->overflowed = true;
        memory_free(&feed->kept);
        return;
    }
    at = (char *)feed->kept.ptr + feed->kept_len;
    memcpy(at, &head, sizeof head);
    memcpy(at + sizeof head, item->bytes.ptr, head.len);
    memcpy(at + sizeof head + head.len, item->file, head.name_len);
    feed->kept_len += size;
}

enum feed_step { FEED_ON, FEED_STOP, FEED_NO_MEMORY };

static enum feed_step feed_hand_over(struct send_feed *feed, struct send_message *place, bool made)
{
    if (made) {
        feed_ready(feed, place);
        return FEED_ON;
    }
    send_feed_return(feed, place);
    return FEED_NO_MEMORY;
}

/* Remarks about a message come in the first round only. */
static enum feed_step feed_item(struct send_feed *feed, const struct source_item *item,
                                bool is_first)
{
    struct send_message *place = feed_place(feed);

    if (place == NULL) {
        return FEED_STOP;
    }
    bool made = send_message_make(&feed->maker, item, place);
    if (made && !is_first && place->kind != SEND_PROBLEM) {
        place->text = NULL;
    }
    return feed_hand_over(feed, place, made);
}

static enum feed_step feed_problem(struct send_feed *feed, const char *text)
{
    struct send_message *place = feed_place(feed);

    return place == NULL ? FEED_STOP
                         : feed_hand_over(feed, place, send_message_problem(place, text));
}

/* Reads the next item; may block, so here the thread may be cancelled. */
static enum source_answer feed_read(struct send_feed *feed, struct source_item *ret_item)
{
    enum source_answer answer;
    int state;

    (void)pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    answer = source_next(&feed->source, ret_item);
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return answer;
}

/* One round through the files. A later one that finds nothing more is the last. */
static enum feed_step feed_round(struct send_feed *feed, bool is_first)
{
    enum feed_step step = is_first ? FEED_ON : FEED_STOP;
    enum source_answer answer;

    if (!source_open(&feed->source, feed->settings.operands, feed->settings.operand_count,
                     &feed->settings.source)) {
        return FEED_NO_MEMORY;
    }
    feed->reading = true;
    do {
        struct source_item item;

        answer = feed_read(feed, &item);
        if (answer == SOURCE_ITEM) {
            if (is_first && feed->settings.repeat > 1) {
                feed_keep(feed, &item);
            }
            step = feed_item(feed, &item, is_first);
        } else if (answer == SOURCE_ERROR) {
            step = feed_problem(feed, feed->source.error);
        }
    } while (step == FEED_ON && answer != SOURCE_END);
    feed->reading = false;
    source_close(&feed->source);
    return step;
}

static enum feed_step feed_round_of_kept(struct send_feed *feed)
{
    enum feed_step step = FEED_ON;

    for (size_t at = 0; step == FEED_ON && at < feed->kept_len;) {
        const char *record = (const char *)feed->kept.ptr + at;
        struct kept head;
        struct source_item item;

        memcpy(&head, record, sizeof head);
        item = (struct source_item){.kind = head.kind,
                                    .bytes = {record + sizeof head, head.len},
                                    .file = record + sizeof head + head.len,
                                    .line = head.line};
        at += sizeof head + head.len + head.name_len;
        step = feed_item(feed, &item, false);
    }
    return step;
}

/* The rounds after the first one. */
static enum feed_step feed_repeat(struct send_feed *feed)
{
    enum feed_step step = FEED_ON;

    if (feed->overflowed && reads_stdin(feed)) {
        char text[160];

        (void)snprintf(text, sizeof text,
                       "standard input holds more than %zu bytes, and that much cannot be "
                       "repeated; put it into a file",
                       feed->settings.keep);
        return feed_problem(feed, text);
    }
    if (!feed->overflowed && feed->kept_len == 0) {
        return FEED_ON;
    }
    for (uint64_t round = 1; step == FEED_ON && round < feed->settings.repeat; round++) {
        step = feed->overflowed ? feed_round(feed, false) : feed_round_of_kept(feed);
    }
    return step;
}

static void *feed_run(void *context)
{
    struct send_feed *feed = context;
    enum feed_step step;
    int state;

    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    step = feed_round(feed, true);
    if (step == FEED_ON && feed->settings.repeat > 1) {
        step = feed_repeat(feed);
    }
    feed_end(feed, step == FEED_NO_MEMORY);
    return NULL;
}

/* ---- Life ----------------------------------------------------------------------------------- */

/* Milliseconds since 1970: two runs of one process id do not share one. */
static uint64_t feed_clock(void)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool feed_start(struct send_feed *feed)
{
    size_t count = feed->settings.places + FEED_AHEAD_PLACES;
    int error;

    feed->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    feed->places = calloc(count, sizeof *feed->places);
    if (feed->wake < 0 || feed->places == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        feed->places[i].next = feed->free;
        feed->free = &feed->places[i];
    }
    feed->free_count = count;
    error = pthread_create(&feed->thread, NULL, feed_run, feed);
    errno = error;
    feed->started = error == 0;
    return feed->started;
}

bool send_feed_open(struct send_feed *feed, const struct send_feed_settings *settings)
{
    int error;

    /* The loop is told of the first message, though it has not asked yet. */
    *feed = (struct send_feed){.settings = *settings, .wake = -1, .loop_waits = true};
    (void)pthread_mutex_init(&feed->lock, NULL);
    (void)pthread_cond_init(&feed->changed, NULL);
    send_maker_init(&feed->maker, feed_clock(), (uint64_t)getpid());
    feed->maker.new_control_id = settings->new_control_id;
    feed->maker.no_wait = settings->no_wait;
    feed_weigh_all(feed);
    if (feed_start(feed)) {
        return true;
    }
    error = errno;
    send_feed_close(feed);
    errno = error;
    return false;
}

static void feed_stop(struct send_feed *feed)
{
    (void)pthread_mutex_lock(&feed->lock);
    feed->closing = true;
    (void)pthread_cond_broadcast(&feed->changed);
    (void)pthread_mutex_unlock(&feed->lock);
    (void)pthread_cancel(feed->thread);
    (void)pthread_join(feed->thread, NULL);
    if (feed->reading) {
        source_close(&feed->source);
    }
}

void send_feed_close(struct send_feed *feed)
{
    if (feed->started) {
        feed_stop(feed);
    }
    if (feed->places != NULL) {
        for (size_t i = 0; i < feed->settings.places + FEED_AHEAD_PLACES; i++) {
            memory_free(&feed->places[i].memory);
        }
    }
    free(feed->places);
    memory_free(&feed->kept);
    send_maker_release(&feed->maker);
    if (feed->wake >= 0) {
        (void)close(feed->wake);
    }
    (void)pthread_cond_destroy(&feed->changed);
    (void)pthread_mutex_destroy(&feed->lock);
}
