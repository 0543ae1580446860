/* SPDX-License-Identifier: Apache-2.0
 *
 * send_run.c - the engine: hands messages to links, keeps the pace, obeys signals, knows the end.
 *
 * All of it happens in pump(), after each round of the loop: take what the feed has, give it to
 * links with room, let the links do what they can, flush what was printed, see whether it is over.
 * The end has steps, each of which may wait: the feed is empty and the links are done; --keep-open;
 * messages that nobody answers have arrived; the connections are closed.
 */
#include "send_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/log.h"

enum {
    RUN_TICK = 200,       /* milliseconds between two drawings of the line of progress */
    RUN_DRAIN_IDLE = 300, /* ... for a pipe to bring something to count */
    RUN_DRAIN = 2000,     /* ... for counting what is not sent */
    RUN_LEAVE_TICK = 20,  /* ... between two looks at whether all has arrived */
    RUN_LEAVE = 1000      /* ... for the peer to close, when all has arrived */
};

/* The line of progress comes when it takes longer than this, in microseconds. */
#define RUN_PATIENCE ((uint64_t)1000000)

uint64_t send_now(void)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t send_run_back_off(struct send_run *run, unsigned tries)
{
    uint64_t longest = run->options->retry_max_wait;
    uint64_t wait = run->options->retry_wait;

    for (unsigned i = 1; i < tries && wait < longest; i++) {
        wait *= 2;
    }
    wait = wait < longest ? wait : longest;
    /* The generator known as xorshift. */
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return wait - run->random % (wait / 2 + 1);
}

bool send_run_gives_up(const struct send_run *run)
{
    return run->stop >= SEND_STOP_UNREACHABLE;
}

void send_run_stop(struct send_run *run, enum send_stop why)
{
    if (run->stop == SEND_GOES_ON) {
        run->drain_by = run->loop.now + RUN_DRAIN;
    }
    if (why > run->stop) {
        run->stop = why;
    }
}

/* ---- Messages that have ended --------------------------------------------------------------- */

/* Is this the only message there is? Asked of the first one only. */
static bool is_only(struct send_run *run)
{
    return run->taken == 1 && run->report.out.is_terminal && send_feed_is_over(&run->feed);
}

void send_run_ended(struct send_run *run, struct send_message *message,
                    const struct send_verdict *verdict)
{
    uint64_t now = send_now();

    run->ended = now;
    send_report_ended(&run->report, message, verdict,
                      message->sent_at == 0 ? 0 : now - message->sent_at, is_only(run));
    if (run->options->stop_on_error && send_outcome_class(verdict->outcome) != SEND_GOOD) {
        send_run_stop(run, SEND_STOP_ON_ERROR);
    }
    send_feed_return(&run->feed, message);
}

void send_run_not_sent(struct send_run *run, struct send_message *message)
{
    run->report.stats.not_sent += message->messages;
    send_feed_return(&run->feed, message);
}

static void end_problem(struct send_run *run, struct send_message *message)
{
    const struct send_verdict verdict = {
        .outcome = message->unread ? SEND_UNREADABLE : SEND_UNSENDABLE, .detail = message->text};

    send_run_ended(run, message, &verdict);
}

/* ---- Taking messages ------------------------------------------------------------------------ */

/* --rate: may a message go now? Else the timer is set for when it may. */
static bool may_go(struct send_run *run)
{
    uint64_t rate = run->options->rate;
    uint64_t now = run->loop.now;
    uint64_t due;

    if (rate == 0) {
        return true;
    }
    due = run->pace_start + run->pace_count * 1000 / rate;
    if (run->pace_count == 0 || now > due + 1000) {
        /* What was missed for more than a second is not made up for. */
        run->pace_start = now;
        run->pace_count = 0;
        due = now;
    }
    return now >= due || !loop_timer_set(&run->loop, &run->pace, due - now);
}

/* The next message to be sent, or NULL when there is none now. */
static struct send_message *next_message(struct send_run *run)
{
    struct send_message *message = NULL;

    while (!run->fed && run->stop == SEND_GOES_ON && may_go(run)) {
        enum send_feed_answer answer = send_feed_take(&run->feed, &message);

        if (answer == SEND_FEED_WAIT) {
            return NULL;
        }
        if (answer == SEND_FEED_END) {
            run->fed = true;
            return NULL;
        }
        if (message->kind == SEND_PROBLEM) {
            end_problem(run, message);
            continue;
        }
        if (message->text != NULL) {
            send_report_remark(&run->report, message);
        }
        run->taken++;
        run->pace_count++;
        return message;
    }
    return NULL;
}

/* One message for each link with room, again and again: so they share what there is. */
static void give_messages(struct send_run *run)
{
    bool gave = true;

    while (gave) {
        gave = false;
        for (size_t i = 0; i < run->link_count; i++) {
            struct send_link *link = &run->links[i];
            struct send_message *message = NULL;

            if (!send_link_has_room(link)) {
                continue;
            }
            message = next_message(run);
            if (message == NULL) {
                return;
            }
            send_link_give(link, message);
            send_link_pump(link);
            gave = true;
        }
    }
}

/* Counting goes on no more; `rest` says why. */
static void end_drain(struct send_run *run, const char *rest)
{
    run->rest = rest;
    run->fed = true;
}

/* The feed has nothing now: waits a moment for it, for files as long as it takes. */
static void wait_for_feed(struct send_run *run)
{
    uint64_t now = run->loop.now;

    if (!run->feed.is_endless) {
        return;
    }
    if (run->drain_idle_by == 0) {
        run->drain_idle_by = now + RUN_DRAIN_IDLE;
    }
    if (now >= run->drain_idle_by ||
        !loop_timer_set(&run->loop, &run->leave, run->drain_idle_by - now)) {
        end_drain(run, "the rest of standard input was not read");
    }
}

/* After a stop: counts what is not sent, as far as that does not take long. */
static void drain_messages(struct send_run *run)
{
    struct send_message *message = NULL;

    if (run->stop == SEND_STOP_SIGNAL && !run->fed) {
        enum send_feed_answer answer = send_feed_take(&run->feed, &message);

        if (answer == SEND_FEED_MESSAGE) {
            send_run_not_sent(run, message);
        }
        end_drain(run, answer == SEND_FEED_END ? NULL : "interrupted, the rest was not counted");
    }
    while (!run->fed) {
        enum send_feed_answer answer = send_feed_take(&run->feed, &message);

        if (answer == SEND_FEED_END) {
            run->fed = true;
        } else if (answer == SEND_FEED_WAIT) {
            wait_for_feed(run);
            return;
        } else if (message->kind == SEND_PROBLEM) {
            end_problem(run, message);
        } else {
            run->drain_idle_by = 0;
            send_run_not_sent(run, message);
            if ((run->report.stats.not_sent & 1023) == 0 && send_now() / 1000 > run->drain_by) {
                end_drain(run, "and more that were not counted");
            }
        }
    }
}

/* ---- The end -------------------------------------------------------------------------------- */

static bool any_link(const struct send_run *run, bool (*is_so)(const struct send_link *link))
{
    for (size_t i = 0; i < run->link_count; i++) {
        if (is_so(&run->links[i])) {
            return true;
        }
    }
    return false;
}

static bool link_has_messages(const struct send_link *link)
{
    return link->count > 0;
}

static bool link_is_up(const struct send_link *link)
{
    return link->state != SEND_LINK_CLOSED;
}

static bool link_is_open(const struct send_link *link)
{
    return link->state == SEND_LINK_OPEN;
}

static bool link_is_leaving(const struct send_link *link)
{
    return link->state == SEND_LINK_OPEN && link->unconfirmed;
}

static bool link_has_unconfirmed(const struct send_link *link)
{
    return link_is_leaving(link) && send_link_unconfirmed(link) > 0;
}

/* --keep-open: true while it runs. */
static bool is_staying(struct send_run *run)
{
    if (run->options->keep_open == 0 || run->stayed || send_run_gives_up(run)) {
        return false;
    }
    if (!run->staying) {
        run->staying = true;
        return loop_timer_set(&run->loop, &run->stay, run->options->keep_open) &&
               any_link(run, link_is_open);
    }
    return any_link(run, link_is_open);
}

/* Messages that nobody answers: closing while they are under way could lose them, and so could
 * closing while the peer still sends answers nobody reads. True while they are. */
static bool is_leaving(struct send_run *run)
{
    if (!any_link(run, link_is_leaving) || run->stop == SEND_STOP_SIGNAL) {
        return false;
    }
    if (!run->leaving) {
        run->leaving = true;
        run->leave_by = run->loop.now + run->options->timeout;
        for (size_t i = 0; i < run->link_count; i++) {
            send_link_end_output(&run->links[i]);
        }
    } else if (run->leave_by > run->loop.now + RUN_LEAVE && !any_link(run, link_has_unconfirmed)) {
        run->leave_by = run->loop.now + RUN_LEAVE;
    }
    return run->loop.now < run->leave_by && loop_timer_set(&run->loop, &run->leave, RUN_LEAVE_TICK);
}

static void close_links(struct send_run *run)
{
    for (size_t i = 0; i < run->link_count; i++) {
        if (run->links[i].state == SEND_LINK_OPEN) {
            send_link_check_unconfirmed(&run->links[i]);
        }
        send_link_close(&run->links[i]);
    }
}

static void end_if_done(struct send_run *run)
{
    if (!run->fed || any_link(run, link_has_messages) || is_staying(run) || is_leaving(run)) {
        return;
    }
    close_links(run);
    if (!any_link(run, link_is_up)) {
        loop_stop(&run->loop);
    }
}

static void pump(void *context)
{
    struct send_run *run = context;

    for (size_t i = 0; i < run->link_count; i++) {
        send_link_pump(&run->links[i]);
    }
    /* Last, because a message that awaits no answer makes room as soon as it is sent. */
    give_messages(run);
    for (size_t i = 0; i < run->link_count && send_run_gives_up(run); i++) {
        send_link_give_up(&run->links[i]);
    }
    if (run->stop != SEND_GOES_ON) {
        drain_messages(run);
    }
    if (!send_report_flush(&run->report)) {
        send_run_stop(run, SEND_STOP_OUTPUT);
    }
    end_if_done(run);
}

/* ---- What wakes the loop -------------------------------------------------------------------- */

/* The feed has something, which pump() takes. */
static void on_wake(struct loop_source *source, uint32_t events)
{
    uint64_t count;

    (void)events;
    if (read(source->fd, &count, sizeof count) < 0) {
        return; /* nothing to read: woken twice for one thing */
    }
}

/* Their time is looked at by pump(). */
static void on_nothing(struct loop_timer *timer)
{
    (void)timer;
}

static void on_stayed(struct loop_timer *timer)
{
    LOOP_OWNER(timer, struct send_run, stay)->stayed = true;
}

static void interrupt(struct send_run *run)
{
    for (size_t i = 0; i < run->link_count; i++) {
        send_link_interrupt(&run->links[i]);
    }
}

static void say_ending(struct send_run *run)
{
    char memory[32];
    struct hl7_buffer longest;

    hl7_buffer_init(&longest, memory, sizeof memory);
    send_duration(run->options->timeout, &longest);
    send_progress_hide(&run->report.progress);
    log_info("ending", "waiting for answers, %.*s at most; a second signal ends at once",
             (int)longest.len, memory);
}

static void on_signal(struct signals *signals, uint32_t number)
{
    struct send_run *run = LOOP_OWNER(signals, struct send_run, signals);
    bool again = run->stop == SEND_STOP_SIGNAL;

    (void)number;
    send_run_stop(run, SEND_STOP_SIGNAL);
    run->stayed = true;
    if (again) {
        interrupt(run);
    } else if (any_link(run, link_has_messages)) {
        say_ending(run);
    }
}

/* ---- Progress ------------------------------------------------------------------------------- */

static void look_at_links(const struct send_run *run, struct send_state *state)
{
    size_t connecting = 0;
    size_t resting = 0;
    size_t busy = 0;

    for (size_t i = 0; i < run->link_count; i++) {
        const struct send_link *link = &run->links[i];

        state->waiting += link->count;
        busy += link->count > 0;
        connecting += link->count > 0 && link->state == SEND_LINK_CONNECTING;
        resting += link->resting;
    }
    if (busy > 0 && connecting == busy) {
        state->doing = "connecting";
    } else if (busy > 0 && resting == busy) {
        state->doing = "waiting to try again";
    } else if (run->staying) {
        state->doing = "keeping the connection open";
    }
}

static void on_tick(struct loop_timer *timer)
{
    struct send_run *run = LOOP_OWNER(timer, struct send_run, tick);
    uint64_t now = send_now();
    struct send_state state = {
        .messages = run->report.stats.messages,
        .bytes = run->report.bytes,
        .total_bytes = run->feed.total_bytes,
        .elapsed = now - run->started,
        .quiet = now - (run->ended != 0 ? run->ended : run->started),
    };

    if (state.elapsed >= RUN_PATIENCE) {
        look_at_links(run, &state);
        send_progress_draw(&run->report.progress, &state);
    }
    (void)loop_timer_set(&run->loop, &run->tick, RUN_TICK);
}

/* ---- Life ----------------------------------------------------------------------------------- */

static bool open_links(struct send_run *run)
{
    run->links = calloc(run->options->connections, sizeof *run->links);
    if (run->links == NULL) {
        return false;
    }
    while (run->link_count < run->options->connections) {
        if (!send_link_init(&run->links[run->link_count], run)) {
            return false;
        }
        run->link_count++;
    }
    return true;
}

static bool open_run(struct send_run *run, const struct send_feed_settings *feed)
{
    static const int numbers[] = {SIGINT, SIGTERM, 0}; /* the feed's thread inherits that */

    run->pace.on_time = on_nothing;
    run->leave.on_time = on_nothing;
    run->stay.on_time = on_stayed;
    run->tick.on_time = on_tick;
    run->started = send_now();
    run->random = run->started * 2 + 1;
    if (!loop_init(&run->loop) || !signals_watch(&run->signals, &run->loop, numbers) ||
        !open_links(run) || !send_feed_open(&run->feed, feed)) {
        return false;
    }
    run->feeding = true;
    run->wake = (struct loop_source){.fd = run->feed.wake, .events = EPOLLIN, .on_ready = on_wake};
    return loop_add(&run->loop, &run->wake) && (!run->report.progress.terminal.is_terminal ||
                                                loop_timer_set(&run->loop, &run->tick, RUN_TICK));
}

static void close_run(struct send_run *run)
{
    for (size_t i = 0; i < run->link_count; i++) {
        send_link_close(&run->links[i]);
        send_link_release(&run->links[i]);
    }
    free(run->links);
    if (run->feeding) {
        send_feed_close(&run->feed);
    }
    signals_close(&run->signals);
    send_answer_release(&run->reader);
    loop_release(&run->loop);
}

static int status_of(struct send_run *run, const struct verb *verb)
{
    const struct send_stats *stats = &run->report.stats;
    int status = send_stats_status(stats);

    if (send_feed_failed(&run->feed)) {
        return verb_failed(verb, "out of memory; what follows was not sent");
    }
    if (stats->messages + stats->problems + stats->not_sent == 0 && run->rest == NULL) {
        return verb_failed(verb, "there was nothing to send");
    }
    if (send_run_gives_up(run) && (stats->not_sent > 0 || run->rest != NULL) &&
        !(run->stop == SEND_STOP_SIGNAL && run->feed.is_endless && stats->not_sent == 0)) {
        status = VERB_FAILED;
    }
    return status;
}

int send_run(const struct verb *verb, const struct send_options *options,
             const struct send_feed_settings *feed, const struct send_peer *peer)
{
    struct send_run run = {.options = options,
                           .peer = peer,
                           .signals = {.source = {.fd = -1}, .on_signal = on_signal}};
    int status;

    if (!send_report_open(&run.report, options, peer->text)) {
        return verb_failed(verb, "%s: %s", options->output, strerror(errno));
    }
    if (!open_run(&run, feed) || !loop_run(&run.loop, pump, &run)) {
        status = verb_failed(verb, "cannot begin: %s", strerror(errno));
    } else {
        send_report_summary(&run.report, send_now() - run.started, run.rest);
        status = status_of(&run, verb);
    }
    close_run(&run);
    send_report_close(&run.report);
    return status;
}
