/* SPDX-License-Identifier: Apache-2.0
 *
 * setup_check.c - what a configuration says as a whole: its address, its names, what goes together. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "../base/measure.h"
#include "setup_reading.h"

static size_t line_of(const struct setup *setup, const char *name)
{
    return setup->lines[0][setup_find_key(PART_WEB, hl7_slice_of(name)) - setup_keys()];
}

static bool is_loopback(const struct setup *setup)
{
    const void *address = &setup->socket;

    if (setup->socket.ss_family == AF_INET) {
        const struct sockaddr_in *four = address;
        return ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    const struct sockaddr_in6 *six = address;
    return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/* ADDRESS:PORT or [ADDRESS]:PORT: numbers, so that nobody is asked what a name means. */
static bool read_address(struct setup *setup, const char *text)
{
    char host[64];
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    bool brackets = text[0] == '[';
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);

    if (colon == NULL || !measure_read_number(colon + 1, &port) || port > 65535 ||
        len >= sizeof host || (brackets && (len < 2 || text[len - 1] != ']'))) {
        return false;
    }
    memcpy(host, text + brackets, len - 2 * brackets);
    host[len - 2 * (size_t)brackets] = '\0';
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (!brackets && inet_pton(AF_INET, host, &four.sin_addr) == 1) {
        memcpy(&setup->socket, &four, sizeof four);
        setup->socket_len = sizeof four;
        return true;
    }
    if (brackets && inet_pton(AF_INET6, host, &six.sin6_addr) == 1) {
        memcpy(&setup->socket, &six, sizeof six);
        setup->socket_len = sizeof six;
        return true;
    }
    return false;
}

static void check_address(struct setup_reading *reading)
{
    struct setup *setup = reading->setup;
    const char *address = setup->web.address;
    size_t line = line_of(setup, "address");

    if (strncmp(address, "unix:", 5) == 0) {
        setup->is_unix = true;
        setup->unix_path = address + 5;
        if (address[5] != '/' ||
            strlen(address + 5) >= sizeof((struct sockaddr_un *)NULL)->sun_path) {
            setup_wrong(reading, line, "unix: takes an absolute path of less than 108 bytes");
        }
        return;
    }
    if (!read_address(setup, address)) {
        setup_wrong(
            reading, line,
            "'address' takes numbers, 127.0.0.1:8570 or [::1]:8570, or unix:/run/orderly/web.sock");
        return;
    }
    if (setup->web.tls_cert == NULL && !is_loopback(setup)) {
        setup_wrong(
            reading, line,
            "an address that others can reach needs tls-cert and tls-key; or unix:PATH and a reverse "
            "proxy with TLS");
    }
}

static void check_tls(struct setup_reading *reading)
{
    const struct setup *setup = reading->setup;

    if ((setup->web.tls_cert == NULL) != (setup->web.tls_key == NULL)) {
        setup_wrong(reading, line_of(setup, setup->web.tls_cert != NULL ? "tls-cert" : "tls-key"),
                    "tls-cert and tls-key go together");
    }
    if (setup->web.tls_cert != NULL && setup->is_unix) {
        setup_wrong(
            reading, line_of(setup, "tls-cert"),
            "behind unix: the reverse proxy has the certificate; leave tls-cert and tls-key out");
    }
}

static void add_host(struct setup_reading *reading, const char *text, size_t len)
{
    struct setup *setup = reading->setup;

    if (setup->host_count == SETUP_HOSTS_MAX || len == 0) {
        setup_wrong(reading, line_of(setup, "hosts"), "'hosts' takes 1 to %d names",
                    SETUP_HOSTS_MAX);
        return;
    }
    char *host = strndup(text, len);
    if (host == NULL) {
        setup_wrong(reading, 0, "out of memory");
        return;
    }
    for (char *c = host; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    setup->hosts[setup->host_count++] = host;
}

/* Without a list: the address itself, and localhost with its port. */
static void standard_hosts(struct setup_reading *reading)
{
    const struct setup *setup = reading->setup;
    const char *colon = strrchr(setup->web.address, ':');
    char name[32];

    if (setup->is_unix || setup->socket_len == 0 || !is_loopback(setup)) {
        setup_wrong(
            reading, line_of(setup, "address"),
            "say in 'hosts' by which names browsers call this page: hosts = orderly.example");
        return;
    }
    add_host(reading, setup->web.address, strlen(setup->web.address));
    (void)snprintf(name, sizeof name, "localhost%s", colon);
    add_host(reading, name, strlen(name));
}

static void check_hosts(struct setup_reading *reading)
{
    const char *at = reading->setup->web.hosts;

    if (at == NULL) {
        standard_hosts(reading);
        return;
    }
    for (;;) {
        at += strspn(at, " ");
        const char *end = at + strcspn(at, ",");
        size_t len = (size_t)(end - at);
        while (len > 0 && at[len - 1] == ' ') {
            len--;
        }
        add_host(reading, at, len);
        if (*end == '\0' || reading->wrong) {
            return;
        }
        at = end + 1;
    }
}

void setup_check(struct setup_reading *reading)
{
    const struct setup *setup = reading->setup;

    check_address(reading);
    check_tls(reading);
    if (!reading->wrong) {
        check_hosts(reading);
    }
    if (setup->web.users == NULL) {
        setup_wrong(reading, 1,
                    "'users' is missing: a file made with 'orderly user add FILE NAME ROLE'");
    }
    for (size_t i = 0; i < setup->folder_count; i++) {
        if (setup->folders[i].folder == NULL) {
            setup_wrong(reading, 1, "[templates %s] needs a 'folder'", setup->folders[i].name);
        }
    }
}
