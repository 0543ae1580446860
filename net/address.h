/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses: "HOST:PORT", ":PORT", "PORT", "[::1]:PORT" to socket addresses and back. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct addrinfo;

enum { ADDRESS_TEXT = 72 }; /* "[IPv6 %zone]:port" and NUL */

/* Splits text into host and port; host is empty when none is given ("[::]" and ":2575" parse).
 * Both are NUL-terminated. False when the text has no such shape; *ret_reason then says why. */
bool address_split(const char *text, char *ret_host, size_t host_size, char *ret_port,
                   size_t port_size, const char **ret_reason);

/* Resolves to a list for freeaddrinfo(); NULL and *ret_reason when that fails. It may block. An
 * empty host is the loopback. `passive`: for bind. */
struct addrinfo *address_resolve(const char *host, const char *port, bool passive,
                                 const char **ret_reason);

/* "127.0.0.1:2575", "[::1]:2575". */
void address_write(const struct sockaddr *address, socklen_t len, char text[ADDRESS_TEXT]);

/* The same host, the port not looked at. */
bool address_same_host(const struct sockaddr *a, const struct sockaddr *b);

#endif
