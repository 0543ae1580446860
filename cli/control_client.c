/* SPDX-License-Identifier: Apache-2.0
 *
 * control_client.c - see control_client.h. Blocking: there is nothing else to do. */
#include "control_client.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef ORDERLY_WITH_BROKER
#include "../broker/config/config.h"
#endif

#define STANDARD_SOCKET "/run/orderly/control.sock"

/* A line longer than this is none of a broker's: its pieces of messages are much shorter. */
enum { READ_SIZE = 64 * 1024, LINE_MAX_BYTES = 16 * 1024 * 1024 };

/* ---- Connecting ----------------------------------------------------------------------------- */

#ifdef ORDERLY_WITH_BROKER
/* A configuration with errors has no socket that could be relied on. */
static bool socket_of_config(const struct verb *verb, const char *path, char *text, size_t size)
{
    struct config_report report = {.count = 0};
    struct config *config = NULL;
    enum config_answer answer = config_load(path, &config, &report);
    bool fits = false;

    if (answer == CONFIG_LOADED) {
        fits = (size_t)snprintf(text, size, "%s", config->orderly.control) < size;
        config_free(&config);
    }
    config_report_release(&report);
    if (!fits) {
        (void)verb_failed(verb,
                          "%s says no socket ('orderly check %s' tells why); --control SOCKET says "
                          "it without",
                          path, path);
    }
    return fits;
}
#else
static bool socket_of_config(const struct verb *verb, const char *path, char *text, size_t size)
{
    (void)text;
    (void)size;
    (void)verb_failed(verb,
                      "%s: this program was built without the broker (ORDERLY_BROKER) and reads no "
                      "configuration; use --control SOCKET",
                      path);
    return false;
}
#endif

static bool find_socket(const struct verb *verb, const struct control_options *options, char *text,
                        size_t size)
{
    const char *path = options->socket != NULL ? options->socket : getenv("ORDERLY_CONTROL");

    if (options->socket == NULL && options->config != NULL) {
        return socket_of_config(verb, options->config, text, size);
    }
    if (path == NULL || path[0] == '\0') {
        path = STANDARD_SOCKET;
    }
    if ((size_t)snprintf(text, size, "%s", path) >= size) {
        (void)verb_failed(verb, "%s: the path of a socket has %zu bytes at most", path, size - 1);
        return false;
    }
    return true;
}

/* What a person can do about it. */
static const char *hint(int error)
{
    switch (error) {
    case ENOENT:
        return "; is the broker running, and is this its socket? (--control, --config)";
    case ECONNREFUSED:
        return "; the broker that made this socket has ended";
    case EACCES:
        return "; only the broker's user and root may ask it";
    default:
        return "";
    }
}

bool control_client_open(struct control_client *client, const struct verb *verb,
                         const struct control_options *options)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *client = (struct control_client){.verb = verb, .fd = -1, .status = VERB_DONE};
    if (!find_socket(verb, options, address.sun_path, sizeof address.sun_path)) {
        return false;
    }
    client->size = 2 * READ_SIZE;
    client->held = malloc(client->size);
    client->fd = client->held != NULL ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (client->fd < 0 ||
        connect(client->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        (void)verb_failed(verb, "cannot reach a broker at %s: %s%s", address.sun_path,
                          strerror(error), hint(error));
        (void)control_client_close(client);
        return false;
    }
    return true;
}

/* ---- Asking --------------------------------------------------------------------------------- */

void control_client_begin(struct control_client *client, const char *request)
{
    record_cut(&client->request, 0);
    record_string(&client->request, "request", request);
    record_end(&client->request);
    client->asked = false;
}

void control_client_add(struct control_client *client, const char *name, const char *value)
{
    if (value != NULL) {
        record_string(&client->request, name, value);
        record_end(&client->request);
    }
}

void control_client_add_number(struct control_client *client, const char *name, int64_t value)
{
    char text[24];

    if (value != 0) {
        (void)snprintf(text, sizeof text, "%lld", (long long)value);
        control_client_add(client, name, text);
    }
}

void control_client_reason(struct control_client *client, const char *why)
{
    const struct passwd *user = getpwuid(getuid());

    control_client_add(client, "by", user != NULL ? user->pw_name : NULL);
    control_client_add(client, "why", why);
}

/* The connection is of no use any more. */
static const struct record *lose(struct control_client *client, const char *why)
{
    client->asked = false;
    client->status = verb_failed(client->verb, "%s", why);
    return NULL;
}

/* Sends the request. A broker that is busy says so and closes before it reads: its answer counts. */
static void send_request(struct control_client *client)
{
    record_end(&client->request);
    hl7_slice rest = record_slice(&client->request);

    client->asked = true;
    while (rest.len > 0) {
        ssize_t put = send(client->fd, rest.ptr, rest.len, MSG_NOSIGNAL);

        if (put < 0 && errno != EINTR) {
            return;
        }
        rest = hl7_slice_part(rest, put > 0 ? (size_t)put : 0, rest.len);
    }
}

/* ---- The answer ----------------------------------------------------------------------------- */

/* Reads more of the answer. False when the connection has ended. */
static bool read_more(struct control_client *client)
{
    if (client->start > 0) {
        memmove(client->held, client->held + client->start, client->len);
        client->start = 0;
    }
    if (client->size - client->len < READ_SIZE) {
        size_t size = 2 * client->size;
        char *held = client->len > LINE_MAX_BYTES ? NULL : realloc(client->held, size);

        if (held == NULL) {
            return false;
        }
        client->held = held;
        client->size = size;
    }
    ssize_t got = 0;
    do {
        got = recv(client->fd, client->held + client->len, client->size - client->len, 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return false;
    }
    client->len += (size_t)got;
    return true;
}

/* Takes the next line; NULL when the connection has ended. */
static char *next_line(struct control_client *client, size_t *ret_len)
{
    size_t seen = 0;

    for (;;) {
        char *line = client->held + client->start;
        char *end = client->len > seen ? memchr(line + seen, '\n', client->len - seen) : NULL;

        if (end != NULL) {
            *ret_len = (size_t)(end - line);
            client->start += *ret_len + 1;
            client->len -= *ret_len + 1;
            return line;
        }
        seen = client->len;
        if (!read_more(client)) {
            return NULL;
        }
    }
}

/* The exit status of an error, by its name. */
static int status_of(hl7_slice error)
{
    static const struct {
        const char *name;
        int status;
    } rows[] = {{"malformed", VERB_MISUSE}, {"too-large", VERB_MISUSE}, {"unknown", VERB_MISUSE},
                {"missing", VERB_MISUSE},   {"bad-value", VERB_MISUSE}, {"nothing", VERB_NO},
                {"refused", VERB_NO},       {"ambiguous", VERB_NO}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (hl7_slice_equal(error, hl7_slice_of(rows[i].name))) {
            return rows[i].status;
        }
    }
    return VERB_FAILED;
}

static void take_error(struct control_client *client)
{
    hl7_slice text = record_get(&client->record, "text");
    hl7_slice error = record_get(&client->record, "error");

    client->asked = false;
    client->status = verb_worst(client->status, status_of(error));
    (void)verb_failed(client->verb, "%.*s", (int)text.len, text.len > 0 ? text.ptr : "");
}

const struct record *control_client_next(struct control_client *client)
{
    size_t len = 0;

    if (client->request.failed) {
        return lose(client, "out of memory");
    }
    if (client->request.len > 0 && !client->asked) {
        send_request(client);
        record_cut(&client->request, 0);
    }
    if (!client->asked) {
        return NULL;
    }
    char *line = next_line(client, &len);
    if (line == NULL) {
        return lose(client, "the broker ended the connection before its answer was complete");
    }
    if (len == 3 && memcmp(line, "end", 3) == 0) {
        client->asked = false;
        return NULL;
    }
    if (!record_read(line, len, &client->record)) {
        return lose(client, "what answers there is no broker");
    }
    if (record_find(&client->record, "error") == &client->record.fields[0]) {
        take_error(client);
        return NULL;
    }
    return &client->record;
}

int control_client_close(struct control_client *client)
{
    if (client->fd >= 0) {
        (void)close(client->fd);
        client->fd = -1;
    }
    free(client->held);
    client->held = NULL;
    record_release(&client->request);
    return client->status;
}
