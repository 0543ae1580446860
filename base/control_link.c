/* SPDX-License-Identifier: Apache-2.0
 *
 * control_link.c - see control_link.h. */
#include "control_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A line longer than this is none of a broker's: its pieces of messages are much shorter. */
enum { READ_SIZE = 64 * 1024, LINE_MAX_BYTES = 16 * 1024 * 1024 };

/* ---- Connecting ----------------------------------------------------------------------------- */

/* For a broker that says nothing for so long. */
static void set_patience(const struct control_link *link, unsigned patience)
{
    const struct timeval time = {.tv_sec = patience / 1000,
                                 .tv_usec = (suseconds_t)(patience % 1000) * 1000};

    (void)setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    (void)setsockopt(link->fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

bool control_link_open(struct control_link *link, const char *path, unsigned patience)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *link = (struct control_link){.fd = -1, .outcome = CONTROL_ANSWERED, .size = 2 * READ_SIZE};
    if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "%s", path) >=
        sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    link->held = malloc(link->size);
    link->fd = link->held != NULL ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (link->fd >= 0 && patience > 0) {
        set_patience(link, patience);
    }
    if (link->fd < 0 || connect(link->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        control_link_close(link);
        errno = error;
        return false;
    }
    return true;
}

/* ---- Asking --------------------------------------------------------------------------------- */

void control_link_begin(struct control_link *link, const char *request)
{
    record_cut(&link->request, 0);
    record_string(&link->request, "request", request);
    record_end(&link->request);
    link->asked = false;
    link->outcome = CONTROL_ANSWERED;
}

void control_link_add(struct control_link *link, const char *name, const char *value)
{
    if (value != NULL) {
        record_string(&link->request, name, value);
        record_end(&link->request);
    }
}

void control_link_add_text(struct control_link *link, const char *name, hl7_slice value)
{
    if (value.ptr != NULL) {
        record_text(&link->request, name, value);
        record_end(&link->request);
    }
}

void control_link_add_number(struct control_link *link, const char *name, int64_t value)
{
    char text[24];

    if (value != 0) {
        (void)snprintf(text, sizeof text, "%lld", (long long)value);
        control_link_add(link, name, text);
    }
}

/* The connection is of no use any more. */
static const struct record *lose(struct control_link *link, const char *why)
{
    link->asked = false;
    link->outcome = CONTROL_LOST;
    (void)snprintf(link->reason, sizeof link->reason, "%s", why);
    return NULL;
}

/* Sends the request. A broker that is busy says so and closes before it reads: its answer counts. */
static void send_request(struct control_link *link)
{
    record_end(&link->request);
    hl7_slice rest = record_slice(&link->request);

    link->asked = true;
    while (rest.len > 0) {
        ssize_t put = send(link->fd, rest.ptr, rest.len, MSG_NOSIGNAL);

        if (put < 0 && errno != EINTR) {
            return;
        }
        rest = hl7_slice_part(rest, put > 0 ? (size_t)put : 0, rest.len);
    }
}

/* ---- The answer ----------------------------------------------------------------------------- */

/* Reads more of the answer. False when the connection has ended. */
static bool read_more(struct control_link *link)
{
    if (link->start > 0) {
        memmove(link->held, link->held + link->start, link->len);
        link->start = 0;
    }
    if (link->size - link->len < READ_SIZE) {
        size_t size = 2 * link->size;
        char *held = link->len > LINE_MAX_BYTES ? NULL : realloc(link->held, size);

        if (held == NULL) {
            return false;
        }
        link->held = held;
        link->size = size;
    }
    ssize_t got = 0;
    errno = 0;
    do {
        got = recv(link->fd, link->held + link->len, link->size - link->len, 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return false;
    }
    link->len += (size_t)got;
    return true;
}

/* Takes the next line; NULL when the connection has ended. */
static char *next_line(struct control_link *link, size_t *ret_len)
{
    size_t seen = 0;

    for (;;) {
        char *line = link->held + link->start;
        char *end = link->len > seen ? memchr(line + seen, '\n', link->len - seen) : NULL;

        if (end != NULL) {
            *ret_len = (size_t)(end - line);
            link->start += *ret_len + 1;
            link->len -= *ret_len + 1;
            return line;
        }
        seen = link->len;
        if (!read_more(link)) {
            return NULL;
        }
    }
}

static void copy_text(char *into, size_t size, hl7_slice text)
{
    size_t len = text.len < size ? text.len : size - 1;

    if (len > 0) {
        memcpy(into, text.ptr, len);
    }
    into[len] = '\0';
}

static void take_error(struct control_link *link)
{
    link->asked = false;
    link->outcome = CONTROL_REFUSED;
    copy_text(link->reason, sizeof link->reason, record_get(&link->record, "text"));
    copy_text(link->error, sizeof link->error, record_get(&link->record, "error"));
}

const struct record *control_link_next(struct control_link *link)
{
    size_t len = 0;

    if (link->request.failed) {
        return lose(link, "out of memory");
    }
    if (link->request.len > 0 && !link->asked) {
        send_request(link);
        record_cut(&link->request, 0);
    }
    if (!link->asked) {
        return NULL;
    }
    char *line = next_line(link, &len);
    if (line == NULL) {
        return lose(link, errno == EAGAIN
                              ? "the broker does not answer in time"
                              : "the broker ended the connection before its answer was complete");
    }
    if (len == 3 && memcmp(line, "end", 3) == 0) {
        link->asked = false;
        return NULL;
    }
    if (!record_read(line, len, &link->record)) {
        return lose(link, "what answers there is no broker");
    }
    if (record_find(&link->record, "error") == &link->record.fields[0]) {
        take_error(link);
        return NULL;
    }
    return &link->record;
}

void control_link_close(struct control_link *link)
{
    if (link->fd >= 0) {
        (void)close(link->fd);
        link->fd = -1;
    }
    free(link->held);
    link->held = NULL;
    record_release(&link->request);
}
