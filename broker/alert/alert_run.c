/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs of the alert command: a queue, a few at a time, each with a limit. */
#include "alert.h"

#include "../../base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { VARIABLES = 4, VARIABLE_MAX = 700 };

struct alert_run {
    struct alerts *alerts;
    struct alert_run *next;
    char variables[VARIABLES][VARIABLE_MAX];
    char about[VARIABLE_MAX]; /* kind and subject: runs with the same do not overlap */
    struct child child;
    struct loop_source ended;
    struct loop_source output; /* read and forgotten */
    struct loop_timer limit;
    bool killed;
};

static void start_some(struct alerts *alerts);

/* ---- The end of a run ----------------------------------------------------------------------- */

static void close_source(struct alert_run *run, struct loop_source *source)
{
    if (source->fd >= 0) {
        loop_remove(run->alerts->loop, source);
        (void)close(source->fd);
        source->fd = -1;
    }
}

/* Out of the list of those that run, and gone. */
static void free_run(struct alert_run *run)
{
    run->alerts->running_count--;
    loop_timer_clear(run->alerts->loop, &run->limit);
    close_source(run, &run->output);
    free(run);
}

static void finish(struct alert_run *run)
{
    struct alert_run **at = &run->alerts->running;

    while (*at != run) {
        at = &(*at)->next;
    }
    *at = run->next;
    free_run(run);
}

static void complain(const struct alert_run *run, int status)
{
    if (run->killed) {
        log_warning("alert-command", "%s did not end in time and was killed", run->about);
    } else if (status != -1 && WIFSIGNALED(status)) {
        log_warning("alert-command", "%s ended by signal %d", run->about, WTERMSIG(status));
    } else if (status != -1 && WEXITSTATUS(status) != 0) {
        log_warning("alert-command", "%s ended with status %d", run->about, WEXITSTATUS(status));
    }
}

static void on_ended(struct loop_source *source, uint32_t events)
{
    struct alert_run *run = LOOP_OWNER(source, struct alert_run, ended);
    struct alerts *alerts = run->alerts;
    int status = 0;

    (void)events;
    loop_remove(alerts->loop, source); /* child_reap() closes it */
    if (!child_reap(&run->child, &status)) {
        if (!loop_add(alerts->loop, source)) {
            (void)close(source->fd); /* without memory its end is not awaited */
            finish(run);
        }
        return;
    }
    complain(run, status);
    finish(run);
    start_some(alerts);
}

static void on_limit(struct loop_timer *timer)
{
    struct alert_run *run = LOOP_OWNER(timer, struct alert_run, limit);

    run->killed = true;
    child_signal(&run->child, SIGKILL);
}

static void on_output(struct loop_source *source, uint32_t events)
{
    struct alert_run *run = LOOP_OWNER(source, struct alert_run, output);
    char bytes[4096];
    ssize_t got = read(source->fd, bytes, sizeof bytes);

    (void)events;
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        close_source(run, source);
    }
}

/* ---- The start ------------------------------------------------------------------------------ */

static uint64_t limit_of(const struct alerts *alerts)
{
    return alerts->limit != 0 ? alerts->limit : ALERT_TIME;
}

/* Puts it under the loop's care. */
static bool watch(struct alert_run *run)
{
    struct loop *loop = run->alerts->loop;

    run->ended =
        (struct loop_source){.fd = run->child.end_fd, .events = EPOLLIN, .on_ready = on_ended};
    run->output =
        (struct loop_source){.fd = run->child.output, .events = EPOLLIN, .on_ready = on_output};
    run->limit.on_time = on_limit;
    if (!loop_timer_set(loop, &run->limit, limit_of(run->alerts))) {
        return false;
    }
    if (loop_add(loop, &run->ended)) {
        if (loop_add(loop, &run->output)) {
            return true;
        }
        loop_remove(loop, &run->ended);
    }
    loop_timer_clear(loop, &run->limit);
    return false;
}

/* A child that nobody can watch. */
static void abandon(struct child *child)
{
    struct pollfd end = {.fd = child->end_fd, .events = POLLIN};
    int status = 0;

    child_signal(child, SIGKILL);
    (void)close(child->output);
    if (poll(&end, 1, 1000) <= 0 || !child_reap(child, &status)) {
        (void)close(child->end_fd);
    }
}

/* 0 or an errno. */
static int start(struct alert_run *run)
{
    char *variables[VARIABLES + 1] = {NULL};
    const struct child_program program = {
        .words = run->alerts->command, .variables = variables, .whole_environment = true};

    for (size_t i = 0; i < VARIABLES; i++) {
        variables[i] = run->variables[i];
    }
    int error = child_start(run->alerts->spawner, &program, &run->child);
    if (error != 0) {
        return error;
    }
    (void)close(run->child.input);
    if (!watch(run)) {
        abandon(&run->child);
        return ENOMEM;
    }
    run->next = run->alerts->running;
    run->alerts->running = run;
    run->alerts->running_count++;
    return 0;
}

static bool is_running(const struct alerts *alerts, const char *about)
{
    for (const struct alert_run *at = alerts->running; at != NULL; at = at->next) {
        if (strcmp(at->about, about) == 0) {
            return true;
        }
    }
    return false;
}

/* The oldest one that may begin, out of the queue; NULL: none. */
static struct alert_run *take_next(struct alerts *alerts)
{
    struct alert_run **at = &alerts->queue;

    while (*at != NULL && is_running(alerts, (*at)->about)) {
        at = &(*at)->next;
    }
    struct alert_run *run = *at;
    if (run != NULL) {
        *at = run->next;
        if (run->next == NULL) {
            alerts->queue_end = at;
        }
        alerts->queued--;
    }
    return run;
}

static void start_some(struct alerts *alerts)
{
    struct alert_run *run = NULL;

    while (alerts->running_count < ALERT_RUNNING && (run = take_next(alerts)) != NULL) {
        int error = alerts->command != NULL ? start(run) : 0;

        if (error != 0) {
            log_warning("alert-command", "%s cannot be started: %s", run->about, strerror(error));
        }
        if (error != 0 || alerts->command == NULL) {
            free(run);
        }
    }
    if (alerts->dropped > 0 && alerts->queued < ALERT_QUEUE) {
        log_warning("alert-command", "%llu changes were logged only: too many at once",
                    (unsigned long long)alerts->dropped);
        alerts->dropped = 0;
    }
}

void alert_tell(struct alerts *alerts, const struct alert *alert, bool raised)
{
    const char *kind = alert_kind_name(alert->kind);

    if (alerts->command == NULL) {
        return;
    }
    struct alert_run *run = alerts->queued < ALERT_QUEUE ? calloc(1, sizeof *run) : NULL;
    if (run == NULL) {
        alerts->dropped++;
        return;
    }
    run->alerts = alerts;
    (void)snprintf(run->about, VARIABLE_MAX, "alert=%s subject=%s", kind, alert->subject);
    (void)snprintf(run->variables[0], VARIABLE_MAX, "ORDERLY_ALERT=%s", kind);
    (void)snprintf(run->variables[1], VARIABLE_MAX, "ORDERLY_STATE=%s",
                   raised ? "raised" : "cleared");
    (void)snprintf(run->variables[2], VARIABLE_MAX, "ORDERLY_SUBJECT=%s", alert->subject);
    (void)snprintf(run->variables[3], VARIABLE_MAX, "ORDERLY_TEXT=%s", alert->text);
    if (alerts->queue == NULL) {
        alerts->queue_end = &alerts->queue;
    }
    *alerts->queue_end = run;
    alerts->queue_end = &run->next;
    alerts->queued++;
    start_some(alerts);
}

void alert_run_release(struct alerts *alerts)
{
    while (alerts->queue != NULL) {
        struct alert_run *run = alerts->queue;

        alerts->queue = run->next;
        free(run);
    }
    alerts->queued = 0;
    while (alerts->running != NULL) {
        struct alert_run *run = alerts->running;

        alerts->running = run->next;
        close_source(run, &run->ended);
        free_run(run);
    }
}
