/* SPDX-License-Identifier: Apache-2.0
 *
 * The listeners of the broker, and what their sessions share. See ingest.h for the parts. */
#include "ingest.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const event_names[INGEST_EVENTS] = {
    [INGEST_JUNK] = "junk",
    [INGEST_FOREIGN] = "not-hl7",
    [INGEST_BROKEN] = "broken-frame",
    [INGEST_UNREADABLE] = "unreadable-message",
    [INGEST_REFUSED] = "connection-refused",
    [INGEST_TIMED_OUT] = "timed-out",
    [INGEST_LOST] = "connection-lost",
    [INGEST_NOT_STORED] = "not-stored",
    [INGEST_NOT_ANSWERED] = "reply-failed",
    [INGEST_UNROUTED] = "unrouted",
    [INGEST_INVALID] = "invalid-message",
    [INGEST_DUPLICATE] = "duplicate",
    [INGEST_CONFLICT] = "conflict",
};

const char *ingest_name(const struct ingest_listener *listener)
{
    return listener->config != NULL ? listener->config->name : "-";
}

void ingest_note(struct ingest_listener *listener, enum ingest_event event, const char *format, ...)
{
    char text[512];
    va_list arguments;

    if (!log_may(&listener->limits[event], event_names[event], listener->ingest->loop->now)) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (event == INGEST_NOT_STORED || event == INGEST_NOT_ANSWERED) {
        log_error(event_names[event], "%s", text);
    } else {
        log_warning(event_names[event], "%s", text);
    }
}

void ingest_note_trouble(struct ingest_listener *listener, enum stream_trouble trouble,
                         const char *format, ...)
{
    struct log_limit *limit = &listener->trouble_limits[trouble];
    char text[512];
    va_list arguments;

    if (log_may(limit, stream_trouble_names[trouble], listener->ingest->loop->now)) {
        va_start(arguments, format);
        (void)vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        log_warning(stream_trouble_names[trouble], "%s", text);
    }
}

/* ---- Listeners ----------------------------------------------------------------------------- */

static void on_accept(struct listener *at, int fd, const struct sockaddr *peer, socklen_t len)
{
    ingest_session_open(LOOP_OWNER(at, struct ingest_listener, listener), fd, peer, len);
}

static void on_trouble(struct listener *at, int error)
{
    struct ingest_listener *listener = LOOP_OWNER(at, struct ingest_listener, listener);

    ingest_note(listener, INGEST_REFUSED, "listener=%s %s; trying again in a second",
                listener->config->name, strerror(error));
}

static bool bind_listener(struct ingest_listener *listener, const struct config_address *address,
                          char ret_reason[256])
{
    const char *reason = NULL;
    struct sockaddr_storage bound;
    socklen_t len = 0;

    struct addrinfo *list = address_resolve(address->host, address->port, true, &reason);
    if (list == NULL) {
        (void)snprintf(ret_reason, 256, "cannot listen on %s: %s", address->text, reason);
        return false;
    }
    bool done = listener_open_first(&listener->listener, listener->ingest->loop, list);
    int error = errno;
    freeaddrinfo(list);
    if (!done) {
        (void)snprintf(ret_reason, 256, "cannot listen on %s: %s", address->text, strerror(error));
        return false;
    }
    listener_address(&listener->listener, &bound, &len);
    address_write((const struct sockaddr *)&bound, len, listener->address);
    return true;
}

bool ingest_open(struct ingest *ingest, const struct config_listener *config, char ret_reason[256])
{
    struct ingest_listener *listener = calloc(1, sizeof *listener);

    if (listener == NULL) {
        (void)snprintf(ret_reason, 256, "out of memory");
        return false;
    }
    listener->ingest = ingest;
    listener->config = config;
    listener->heard = ingest->loop->now;
    listener->listener.source.fd = -1;
    listener->listener.on_accept = on_accept;
    listener->listener.on_trouble = on_trouble;
    bool good = config->directory != NULL ? ingest_open_files(listener, ret_reason)
                                          : bind_listener(listener, &config->address, ret_reason);
    if (!good) {
        free(listener);
        return false;
    }
    struct ingest_listener **end = &ingest->listeners;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = listener;
    return true;
}

struct ingest_listener *ingest_find(const struct ingest *ingest, const char *name)
{
    for (struct ingest_listener *at = ingest->listeners; at != NULL; at = at->next) {
        if (at->config != NULL && strcmp(at->config->name, name) == 0) {
            return at;
        }
    }
    return NULL;
}

void ingest_adopt(struct ingest_listener *listener, const struct config_listener *config)
{
    listener->config = config;
    if (listener->directory != NULL) {
        directory_adopt(listener->directory, config);
    }
}

static void stop_taking(struct ingest_listener *listener)
{
    if (listener->directory != NULL) {
        directory_drain(listener->directory);
    } else {
        listener_close(&listener->listener);
    }
}

static void drain_sessions(struct ingest_listener *listener)
{
    struct ingest_session *next = NULL;

    for (struct ingest_session *at = listener->sessions; at != NULL; at = next) {
        next = at->next;
        ingest_session_drain(at);
    }
}

void ingest_retire(struct ingest_listener *listener)
{
    stop_taking(listener);
    drain_sessions(listener);
    listener->config = NULL;
}

void ingest_drain(struct ingest *ingest)
{
    ingest->draining = true;
    for (struct ingest_listener *at = ingest->listeners; at != NULL; at = at->next) {
        stop_taking(at);
        drain_sessions(at);
    }
}

bool ingest_has_retired(const struct ingest *ingest)
{
    for (const struct ingest_listener *at = ingest->listeners; at != NULL; at = at->next) {
        if (at->config == NULL) {
            return true;
        }
    }
    return false;
}

bool ingest_is_idle(const struct ingest *ingest)
{
    for (const struct ingest_listener *at = ingest->listeners; at != NULL; at = at->next) {
        if (at->sessions != NULL || (at->directory != NULL && !directory_is_idle(at->directory))) {
            return false;
        }
    }
    return ingest->items == 0;
}

/* ---- After each round of events ------------------------------------------------------------ */

/* Frees listeners that are gone for good. */
static void bury(struct ingest *ingest)
{
    struct ingest_listener **at = &ingest->listeners;

    while (*at != NULL) {
        struct ingest_listener *listener = *at;

        if (listener->config == NULL && listener->sessions == NULL && listener->items == 0 &&
            (listener->directory == NULL || directory_is_idle(listener->directory))) {
            *at = listener->next;
            directory_close(&listener->directory);
            free(listener);
        } else {
            at = &listener->next;
        }
    }
}

/* Sessions that stopped for want of memory go on. */
static void feed(struct ingest *ingest)
{
    ingest->starved = false;
    for (struct ingest_listener *listener = ingest->listeners; listener != NULL;
         listener = listener->next) {
        struct ingest_session *next = NULL;

        for (struct ingest_session *at = listener->sessions; at != NULL; at = next) {
            next = at->next;
            if (at->connection.paused && at->item_count == 0) {
                ingest_session_flush(at);
            }
        }
    }
}

void ingest_flush(struct ingest *ingest)
{
    while (ingest->due != NULL) {
        struct ingest_session *session = ingest->due;

        ingest->due = session->next_due;
        session->is_due = false;
        ingest_session_flush(session);
    }
    if (ingest->starved) {
        feed(ingest);
    }
    bury(ingest);
}

/* ---- Life ---------------------------------------------------------------------------------- */

void ingest_init(struct ingest *ingest)
{
    ingest->answers.services = ingest->services;
}

void ingest_release(struct ingest *ingest)
{
    for (struct ingest_listener *at = ingest->listeners; at != NULL; at = at->next) {
        struct ingest_session *next = NULL;

        listener_close(&at->listener);
        directory_close(&at->directory);
        for (struct ingest_session *session = at->sessions; session != NULL; session = next) {
            next = session->next;
            connection_close(&session->connection);
        }
    }
    while (ingest->listeners != NULL) {
        struct ingest_listener *listener = ingest->listeners;

        ingest->listeners = listener->next;
        free(listener);
    }
    answers_free(&ingest->answers);
    parsing_free(&ingest->parsing);
    memory_free(&ingest->reply_memory);
    memory_free(&ingest->out_memory);
}
