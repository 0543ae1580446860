/* SPDX-License-Identifier: Apache-2.0 */
#include "forward.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct forward {
    int fd;
    struct syslog_source source;
    uint64_t lost; /* since the last one that could be sent */
    char message[SYSLOG_MESSAGE_MAX];
};

static int connect_to(const char *host, const char *port, const char **ret_reason)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    int answer = getaddrinfo(host, port, &hints, &found);
    int fd = -1;

    if (answer != 0) {
        *ret_reason = gai_strerror(answer);
        return -1;
    }
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            (void)close(fd);
            fd = -1;
        }
    }
    *ret_reason = strerror(errno);
    freeaddrinfo(found);
    return fd;
}

struct forward *forward_open(const char *host, const char *port, char ret_reason[256])
{
    struct forward *forward = calloc(1, sizeof *forward);
    const char *reason = "out of memory";

    if (forward == NULL ||
        (forward->fd = connect_to(host[0] != '\0' ? host : NULL, port, &reason)) < 0) {
        (void)snprintf(ret_reason, 256, "%.100s:%.20s: %.100s", host, port, reason);
        free(forward);
        return NULL;
    }
    if (gethostname(forward->source.host, sizeof forward->source.host - 1) != 0) {
        forward->source.host[0] = '\0';
    }
    forward->source.process = getpid();
    return forward;
}

static bool send_message(const struct forward *forward, size_t len)
{
    /* A refusal of an earlier one is told by the next call. */
    return send(forward->fd, forward->message, len, MSG_NOSIGNAL) >= 0 ||
           (errno == ECONNREFUSED && send(forward->fd, forward->message, len, MSG_NOSIGNAL) >= 0);
}

/* That some are missing is a message of its own. */
static void tell_lost(struct forward *forward, const struct audit_line *line)
{
    int len = snprintf(forward->message, sizeof forward->message,
                       "<84>1 %.*s %s orderly %lld forward-gap - {\"event\":\"forward-gap\","
                       "\"before\":%lld,\"records\":%llu}",
                       (int)line->time.len, line->time.ptr,
                       forward->source.host[0] != '\0' ? forward->source.host : "-",
                       (long long)forward->source.process, (long long)line->link.sequence,
                       (unsigned long long)forward->lost);

    if (len > 0 && (size_t)len < sizeof forward->message && send_message(forward, (size_t)len)) {
        forward->lost = 0;
    }
}

static void forward_line(struct forward *forward, hl7_slice text)
{
    struct hl7_buffer buffer;
    struct audit_line line;

    if (audit_line_read(text, &line) != AUDIT_LINE_GOOD) {
        return;
    }
    if (forward->lost > 0) {
        tell_lost(forward, &line);
    }
    hl7_buffer_init(&buffer, forward->message, sizeof forward->message);
    if (!syslog_write(&forward->source, text, &line, &buffer) ||
        !send_message(forward, buffer.len)) {
        forward->lost++;
    }
}

void forward_lines(struct forward *forward, hl7_slice lines)
{
    while (lines.len > 0) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        size_t len = end != NULL ? (size_t)(end - lines.ptr) : lines.len;

        forward_line(forward, hl7_slice_part(lines, 0, len));
        lines = hl7_slice_part(lines, len + 1, lines.len);
    }
}

void forward_free(struct forward **forward)
{
    if (*forward != NULL) {
        (void)close((*forward)->fd);
        free(*forward);
        *forward = NULL;
    }
}
