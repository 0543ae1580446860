/* SPDX-License-Identifier: Apache-2.0
 *
 * send_link.c - one connection after another, and the messages given to it: connecting, sending,
 * trying again, closing. What arrives is dealt with in send_receive.c.
 *
 * Rule 27 decides how it is built: an answer is credited to the message it names and to no other.
 * Where that cannot be known - an answer came too late, names another message, is no frame - the
 * connection is closed, and with it goes whatever may still be on its way.
 *
 * A peer may close after each answer, just when the next message is sent. The system knows how many
 * bytes the peer's system never confirmed: a message among those was not read by anyone and is sent
 * again over the next connection; that is no failed try. It needs an answer on the connection
 * first, so that it cannot go on for ever.
 */
#include "send_run.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../base/log.h"

/* ---- The queue ------------------------------------------------------------------------------ */

static struct send_message *queue_take(struct send_link *link, size_t place)
{
    struct send_message *message = link->queue[place];

    link->count--;
    memmove((void *)(link->queue + place), (void *)(link->queue + place + 1),
            (link->count - place) * sizeof(struct send_message *));
    return message;
}

void send_link_finish(struct send_link *link, size_t place, const struct send_verdict *verdict)
{
    struct send_message *message = queue_take(link, place);

    message->attempts++;
    send_run_ended(link->run, message, verdict);
}

static void link_rest(struct send_link *link, uint64_t wait)
{
    struct loop *loop = &link->run->loop;

    if (link->resting && link->rest.due >= loop->now + wait) {
        return;
    }
    /* Without memory for a timer the next try comes at once. */
    link->resting = loop_timer_set(loop, &link->rest, wait);
}

static void on_rested(struct loop_timer *timer)
{
    LOOP_OWNER(timer, struct send_link, rest)->resting = false;
}

bool send_link_fail_try(struct send_link *link, size_t place, const struct send_verdict *verdict)
{
    struct send_run *run = link->run;
    struct send_message *message = link->queue[place];

    if (message->attempts >= run->options->retry || send_run_gives_up(run) ||
        !send_outcome_retries(verdict, run->options->retry_on_error)) {
        send_link_finish(link, place, verdict);
        return true;
    }
    message->attempts++;
    message->sent = false;
    message->stored = false;
    uint64_t wait = send_run_back_off(run, message->attempts);
    send_report_retry(&run->report, message, verdict, wait);
    link_rest(link, wait);
    return false;
}

/* ---- Closing -------------------------------------------------------------------------------- */

void send_link_close(struct send_link *link)
{
    if (link->state == SEND_LINK_CONNECTING || link->state == SEND_LINK_OPEN) {
        /* Before closing: link_on_freed may come at once. */
        link->state = SEND_LINK_CLOSING;
        connection_close(&link->connection);
    }
}

static void link_on_freed(struct connection *connection)
{
    LOOP_OWNER(connection, struct send_link, connection)->state = SEND_LINK_CLOSED;
}

size_t send_link_unconfirmed(const struct send_link *link)
{
    int unconfirmed = 0;

    if (link->state != SEND_LINK_OPEN ||
        ioctl(link->connection.source.fd, SIOCOUTQ, &unconfirmed) != 0 || unconfirmed < 0) {
        return 0;
    }
    return (size_t)unconfirmed + connection_waiting(&link->connection);
}

void send_link_take_back(struct send_link *link)
{
    size_t unread = link->proven ? send_link_unconfirmed(link) : 0;

    if (link->connection.stream != NULL && link->count > 1) {
        return; /* of several in TLS nobody knows which bytes are whose */
    }

    for (size_t i = link->count; i > 0 && unread > 0; i--) {
        struct send_message *message = link->queue[i - 1];

        if (message->sent && !message->stored) {
            message->sent = false;
            unread -= unread < message->frame.len ? unread : message->frame.len;
        }
    }
}

/* How a message ends that has got its CA, and gets no more. */
static struct send_verdict verdict_of_stored(const struct send_message *message)
{
    return (struct send_verdict){.outcome =
                                     message->awaits_application ? SEND_ACCEPT_ONLY : SEND_ACCEPTED,
                                 .code = HL7_CA,
                                 .code_text = HL7_TEXT("CA")};
}

void send_link_finish_stored(struct send_link *link, size_t place)
{
    const struct send_verdict verdict = verdict_of_stored(link->queue[place]);

    send_link_finish(link, place, &verdict);
}

void send_link_break(struct send_link *link, const struct send_verdict *verdict,
                     enum send_outcome others)
{
    const struct send_verdict other = {.outcome = others, .error = verdict->error};
    const struct send_verdict *next = verdict;

    for (size_t i = 0; i < link->count;) {
        if (!link->queue[i]->sent) {
            i++;
        } else if (link->queue[i]->stored) {
            send_link_finish_stored(link, i);
        } else {
            i += !send_link_fail_try(link, i, next);
            next = &other;
        }
    }
    send_link_close(link);
}

void send_link_check_unconfirmed(struct send_link *link)
{
    size_t bytes = link->unconfirmed ? send_link_unconfirmed(link) : 0;

    link->unconfirmed = false;
    if (bytes > 0) {
        send_progress_hide(&link->run->report.progress);
        log_error("unconfirmed",
                  "%s: the connection ended before the last %zu bytes arrived; the messages sent "
                  "last may be lost",
                  link->run->report.peer, bytes);
        link->run->report.stats.problems++;
    }
}

/* ---- Connecting ----------------------------------------------------------------------------- */

void send_link_note_trouble(struct send_link *link)
{
    const char *text = "";

    link->trouble = connection_trouble(&link->connection, &text);
    (void)snprintf(link->trouble_text, sizeof link->trouble_text, "%s", text);
}

void send_link_connect_failed(struct send_link *link, int error)
{
    bool tls = link->trouble != STREAM_FINE;
    const struct send_verdict verdict = {
        .outcome = tls ? SEND_NO_TLS : send_outcome_of_connect(error),
        .error = error,
        .detail = link->trouble_text,
    };

    link->address = link->address->ai_next;
    for (size_t i = 0; i < link->count && link->address == NULL;) {
        if (send_link_fail_try(link, i, &verdict)) {
            send_run_stop(link->run, SEND_STOP_UNREACHABLE);
        } else {
            i++;
        }
    }
}

static void link_connect(struct send_link *link)
{
    const struct send_options *options = link->run->options;

    if (link->address == NULL) {
        link->address = link->run->peer->addresses;
    }
    link->connection =
        (struct connection){.on_event = send_link_on_event, .on_freed = link_on_freed};
    link->trouble = STREAM_FINE;
    if (link->run->peer->tls != NULL) {
        link->connection.stream = tls_stream_new(link->run->peer->tls, link->run->peer->name);
        if (link->connection.stream == NULL) {
            send_link_connect_failed(link, ENOMEM);
            return;
        }
    }
    hl7_framer_init(&link->framer, options->max_reply, true);
    link->proven = false;
    link->unconfirmed = false;
    link->doubt_at = 0;
    link->strange_len = 0;
    link->strange_size = 0;
    link->strange_counts = false;
    link->answered_next = 0;
    memset(link->answered, 0, sizeof link->answered);
    if (!connection_connect(&link->connection, &link->run->loop, link->address->ai_addr,
                            link->address->ai_addrlen)) {
        send_link_connect_failed(link, errno);
        return;
    }
    link->state = SEND_LINK_CONNECTING;
    connection_set_deadline(&link->connection, options->connect_timeout);
}

/* ---- Sending -------------------------------------------------------------------------------- */

void send_link_watch_clock(struct send_link *link)
{
    uint64_t now = link->run->loop.now;
    uint64_t nearest = link->doubt_at;

    for (size_t i = 0; i < link->count; i++) {
        const struct send_message *message = link->queue[i];

        if (message->sent && (nearest == 0 || message->deadline < nearest)) {
            nearest = message->deadline;
        }
    }
    if (nearest == 0) {
        connection_set_deadline(&link->connection, 0);
    } else {
        connection_set_deadline(&link->connection, nearest > now ? nearest - now : 1);
    }
}

void send_link_finish_sent(struct send_link *link)
{
    const struct send_verdict verdict = {.outcome = SEND_SENT};

    for (size_t i = 0; i < link->count;) {
        const struct send_message *message = link->queue[i];

        if (message->sent && send_message_is_done_when_sent(message)) {
            send_link_finish(link, i, &verdict);
        } else {
            i++;
        }
    }
}

static void link_send(struct send_link *link, struct send_message *message)
{
    const struct send_verdict verdict = {.outcome = SEND_RESET, .error = ENOMEM};

    message->sent = true;
    message->stored = false;
    message->sent_at = send_now();
    message->deadline = link->run->loop.now + link->run->options->timeout;
    link->unconfirmed = link->unconfirmed || send_message_is_done_when_sent(message);
    if (!connection_send(&link->connection, message->frame)) {
        send_link_break(link, &verdict, SEND_RESET);
    }
}

static void link_send_all(struct send_link *link)
{
    for (size_t i = 0; i < link->count && link->state == SEND_LINK_OPEN &&
                       connection_waiting(&link->connection) == 0;) {
        struct send_message *message = link->queue[i];

        if (message->sent) {
            i++;
            continue;
        }
        link_send(link, message);
        if (link->state == SEND_LINK_OPEN && connection_waiting(&link->connection) == 0 &&
            send_message_is_done_when_sent(message)) {
            send_link_finish_sent(link);
        }
    }
    if (link->state == SEND_LINK_OPEN) {
        send_link_watch_clock(link);
    }
}

bool send_link_has_room(const struct send_link *link)
{
    if (link->resting || link->count >= link->run->options->pipeline) {
        return false;
    }
    if (link->state == SEND_LINK_OPEN) {
        return connection_waiting(&link->connection) == 0;
    }
    return link->state == SEND_LINK_CLOSED && link->count == 0;
}

void send_link_give(struct send_link *link, struct send_message *message)
{
    assert(link->count < link->run->options->pipeline);
    link->queue[link->count++] = message;
}

void send_link_pump(struct send_link *link)
{
    while (!link->resting && link->count > 0) {
        if (link->state == SEND_LINK_CLOSED) {
            link_connect(link);
        } else if (link->state == SEND_LINK_OPEN) {
            link_send_all(link);
        }
        if (link->state != SEND_LINK_CLOSED) {
            return;
        }
    }
}

/* ---- Ending --------------------------------------------------------------------------------- */

void send_link_give_up(struct send_link *link)
{
    const struct send_verdict verdict = {.outcome = SEND_INTERRUPTED};

    if (link->resting) {
        link->resting = false;
        loop_timer_clear(&link->run->loop, &link->rest);
    }
    for (size_t i = 0; i < link->count;) {
        if (link->queue[i]->sent) {
            i++;
        } else if (link->queue[i]->attempts > 0) {
            struct send_message *message = queue_take(link, i);
            send_run_ended(link->run, message, &verdict);
        } else {
            send_run_not_sent(link->run, queue_take(link, i));
        }
    }
    if (link->count == 0 && link->state == SEND_LINK_CONNECTING) {
        send_link_close(link);
    }
}

void send_link_interrupt(struct send_link *link)
{
    const struct send_verdict verdict = {.outcome = SEND_INTERRUPTED};

    send_link_give_up(link);
    while (link->count > 0) {
        send_link_finish(link, 0, &verdict);
    }
    send_link_close(link);
}

void send_link_end_output(struct send_link *link)
{
    if (link->state == SEND_LINK_OPEN) {
        connection_end_output(&link->connection);
    }
}

bool send_link_init(struct send_link *link, struct send_run *run)
{
    *link = (struct send_link){.run = run, .rest = {.on_time = on_rested}};
    link->queue = calloc(run->options->pipeline, sizeof(struct send_message *));
    return link->queue != NULL;
}

void send_link_release(struct send_link *link)
{
    assert(link->state == SEND_LINK_CLOSED);
    free((void *)link->queue);
}
