/* SPDX-License-Identifier: Apache-2.0
 *
 * What all parts of `orderly listen` use: counting and logging of events, putting bytes aside,
 * handing over answers, time and control ids. */
#include "listen.h"

#include "../base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Answers are handed over when this many bytes have collected, at the latest. */
enum { DUE_SIZE = 256 * 1024 };

/* ---- Shared services ----------------------------------------------------------------------- */

static const char *const event_names[LISTEN_EVENTS] = {
    [LISTEN_JUNK] = "junk",
    [LISTEN_FOREIGN] = "not-hl7",
    [LISTEN_BROKEN] = "broken-frame",
    [LISTEN_UNREADABLE] = "unreadable-message",
    [LISTEN_REFUSED] = "connection-refused",
    [LISTEN_TIMED_OUT] = "timed-out",
    [LISTEN_LOST] = "connection-lost",
    [LISTEN_INVALID] = "invalid-message",
    [LISTEN_TLS] = "tls",
    [LISTEN_NOT_STORED] = "not-stored",
    [LISTEN_NOT_ANSWERED] = "reply-failed",
};

void listen_note(struct listen *listen, enum listen_event event, const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    listen->counters.events[event]++;
    if (!log_may(&listen->limits[event], event_names[event], listen->loop.now)) {
        return;
    }
    if (event == LISTEN_NOT_STORED || event == LISTEN_NOT_ANSWERED) {
        log_error(event_names[event], "%s", text);
    } else {
        log_warning(event_names[event], "%s", text);
    }
}

void listen_set_aside(struct listen_session *session, hl7_slice bytes)
{
    struct listen *listen = session->listen;
    struct listen_store *store = &listen->quarantine;
    uint64_t number = 0;

    if (store->directory < 0) {
        return;
    }
    if (listen_store_add(store, bytes, &number) && listen_store_sync(store)) {
        log_info("quarantined", "peer=%s %zu bytes as %012" PRIu64 ".hl7", session->peer, bytes.len,
                 number);
    } else {
        listen_note(listen, LISTEN_NOT_STORED, "peer=%s quarantine: %s", session->peer,
                    strerror(errno));
    }
}

void listen_defer(struct listen_session *session)
{
    struct listen *listen = session->listen;

    if (listen->replies.len == listen->due_len) {
        return;
    }
    listen->due[listen->due_count++] = (struct listen_due){
        .session = session, .start = listen->due_len, .end = listen->replies.len};
    listen->due_len = listen->replies.len;
    session->answered = true;
}

bool listen_is_full(const struct listen *listen)
{
    return listen->due_count == LISTEN_DUE_MAX || listen->replies.len > DUE_SIZE;
}

/* Sends what is due to one session, or notes that it cannot be. */
static void send_due(const struct listen *listen, const struct listen_due *due, bool stored)
{
    struct listen_session *session = due->session;
    hl7_slice replies = {listen->replies.ptr + due->start, due->end - due->start};

    if (session != NULL && (!stored || !connection_send(&session->connection, replies))) {
        session->unsendable = true;
    }
}

/* Hands over all that is due. False when that ended the session asked about, which may then be gone. */
static bool hand_over(struct listen *listen, const struct listen_session *asked)
{
    bool stored = listen->messages.directory < 0 || listen_store_sync(&listen->messages);

    if (!stored) {
        listen_note(listen, LISTEN_NOT_STORED, "%s; %zu connections not answered, closed",
                    strerror(errno), listen->due_count);
    }
    for (size_t i = 0; i < listen->due_count; i++) {
        send_due(listen, &listen->due[i], stored);
    }
    bool good = asked == NULL || !asked->unsendable;
    /* Closing may free a session, which blanks its places in the list. */
    for (size_t i = 0; i < listen->due_count; i++) {
        struct listen_session *session = listen->due[i].session;
        if (session != NULL && session->unsendable) {
            connection_close(&session->connection);
        }
    }
    listen->due_count = 0;
    listen->due_len = 0;
    listen->replies.len = 0;
    return good;
}

void listen_flush_due(struct listen *listen)
{
    (void)hand_over(listen, NULL);
}

bool listen_flush(struct listen_session *session)
{
    listen_defer(session);
    return hand_over(session->listen, session);
}

void listen_forget_due(const struct listen_session *session)
{
    struct listen *listen = session->listen;

    for (size_t i = 0; i < listen->due_count; i++) {
        if (listen->due[i].session == session) {
            listen->due[i].session = NULL;
        }
    }
}

void listen_summary(const struct listen *listen)
{
    const struct listen_counters *c = &listen->counters;

    fprintf(stderr,
            "orderly listen: received %" PRIu64 " messages on %" PRIu64 " connections: %" PRIu64
            " accepted, "
            "%" PRIu64 " answered with an error, %" PRIu64 " rejected\n",
            c->messages, c->connections, c->accepted, c->failed, c->rejected);
    for (size_t i = 0; i < LISTEN_EVENTS; i++) {
        if (c->events[i] > 0) {
            fprintf(stderr, "  %s: %" PRIu64 "\n", event_names[i], c->events[i]);
        }
    }
}
