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
#include <sys/un.h>
#include <unistd.h>

#ifdef ORDERLY_WITH_BROKER
#include "../broker/config/config.h"
#endif

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
        path = CONTROL_STANDARD_SOCKET;
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
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path];

    *client = (struct control_client){.verb = verb, .status = VERB_DONE};
    if (!find_socket(verb, options, path, sizeof path)) {
        return false;
    }
    if (!control_link_open(&client->link, path, 0)) {
        int error = errno;
        (void)verb_failed(verb, "cannot reach a broker at %s: %s%s", path, strerror(error),
                          hint(error));
        return false;
    }
    return true;
}

/* ---- Asking --------------------------------------------------------------------------------- */

void control_client_begin(struct control_client *client, const char *request)
{
    control_link_begin(&client->link, request);
}

void control_client_add(struct control_client *client, const char *name, const char *value)
{
    control_link_add(&client->link, name, value);
}

void control_client_add_number(struct control_client *client, const char *name, int64_t value)
{
    control_link_add_number(&client->link, name, value);
}

void control_client_reason(struct control_client *client, const char *why)
{
    const struct passwd *user = getpwuid(getuid());

    control_client_add(client, "by", user != NULL ? user->pw_name : NULL);
    control_client_add(client, "why", why);
}

/* ---- The answer ----------------------------------------------------------------------------- */

/* The exit status of an error, by its name. */
static int status_of(const char *error)
{
    static const struct {
        const char *name;
        int status;
    } rows[] = {{"malformed", VERB_MISUSE}, {"too-large", VERB_MISUSE}, {"unknown", VERB_MISUSE},
                {"missing", VERB_MISUSE},   {"bad-value", VERB_MISUSE}, {"nothing", VERB_NO},
                {"refused", VERB_NO},       {"ambiguous", VERB_NO}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(error, rows[i].name) == 0) {
            return rows[i].status;
        }
    }
    return VERB_FAILED;
}

const struct record *control_client_next(struct control_client *client)
{
    struct control_link *link = &client->link;
    const struct record *record = control_link_next(link);

    if (record != NULL || link->outcome == CONTROL_ANSWERED) {
        return record;
    }
    client->status = verb_worst(
        client->status, link->outcome == CONTROL_REFUSED ? status_of(link->error) : VERB_FAILED);
    (void)verb_failed(client->verb, "%s", link->reason);
    link->outcome = CONTROL_ANSWERED; /* told */
    return NULL;
}

int control_client_close(struct control_client *client)
{
    control_link_close(&client->link);
    return client->status;
}
