/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses. Splitting and writing are pure; resolving asks the system and may block. */
#include "address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Copies text[0..len) and a NUL; false when it does not fit. */
static bool copy_part(char *into, size_t size, const char *text, size_t len)
{
    if (len >= size) {
        return false;
    }
    memcpy(into, text, len);
    into[len] = '\0';
    return true;
}

static bool is_port(const char *text)
{
    unsigned long port = 0;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9') {
            return false;
        }
        port = port * 10 + (unsigned long)(*p - '0');
        if (port > 65535) {
            return false;
        }
    }
    return *text != '\0';
}

bool address_split(const char *text, char *ret_host, size_t host_size, char *ret_port,
                   size_t port_size, const char **ret_reason)
{
    const char *host = text;
    const char *colon = strrchr(text, ':');
    size_t host_len = colon == NULL ? 0 : (size_t)(colon - text);
    const char *port = colon == NULL ? text : colon + 1;

    if (text[0] == '[') {
        const char *close = strchr(text, ']');
        if (close == NULL || close[1] != ':') {
            *ret_reason = "write an IPv6 address with a port as [ADDRESS]:PORT";
            return false;
        }
        host = text + 1;
        host_len = (size_t)(close - host);
        port = close + 2;
    } else if (memchr(text, ':', host_len) != NULL) {
        *ret_reason = "write an IPv6 address in brackets, as [::1]:2575";
        return false;
    }
    if (!is_port(port)) {
        *ret_reason = "the port has to be a number from 0 to 65535, as in localhost:2575";
        return false;
    }
    if (!copy_part(ret_host, host_size, host, host_len) ||
        !copy_part(ret_port, port_size, port, strlen(port))) {
        *ret_reason = "the host name is too long";
        return false;
    }
    return true;
}

struct addrinfo *address_resolve(const char *host, const char *port, bool passive,
                                 const char **ret_reason)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICSERV | (passive ? AI_PASSIVE : 0)};
    struct addrinfo *list = NULL;

    int failed = getaddrinfo(host[0] == '\0' ? "127.0.0.1" : host, port, &hints, &list);
    if (failed != 0) {
        *ret_reason = gai_strerror(failed);
        return NULL;
    }
    return list;
}

void address_write(const struct sockaddr *address, socklen_t len, char text[ADDRESS_TEXT])
{
    char host[64];
    char port[8];

    if (getnameinfo(address, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        (void)snprintf(text, ADDRESS_TEXT, "unknown");
        return;
    }
    bool brackets = strchr(host, ':') != NULL;
    (void)snprintf(text, ADDRESS_TEXT, brackets ? "[%s]:%s" : "%s:%s", host, port);
}

bool address_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family) {
        return false;
    }
    if (a->sa_family == AF_INET) {
        struct sockaddr_in x;
        struct sockaddr_in y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return x.sin_addr.s_addr == y.sin_addr.s_addr;
    }
    if (a->sa_family == AF_INET6) {
        struct sockaddr_in6 x;
        struct sockaddr_in6 y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        return memcmp(&x.sin6_addr, &y.sin6_addr, sizeof x.sin6_addr) == 0;
    }
    return false;
}
