/* SPDX-License-Identifier: Apache-2.0
 *
 * listen.h - the socket that is served, and the files of TLS. What cannot be had is logged. */
#ifndef WEB_LISTEN_H
#define WEB_LISTEN_H

#include <stdbool.h>

struct setup;

enum { LISTEN_ADDRESS_MAX = 128 };

/* Binds and listens. Where the system chose the port, the names of the page get it. -1 when it cannot. */
int listen_open(struct setup *setup, char ret_address[LISTEN_ADDRESS_MAX]);

struct listen_tls {
    char *cert; /* PEM, malloc'd; NULL: no TLS */
    char *key;
    char *priorities;
};

/* False when a file cannot be read, or the key can be read by others. */
bool listen_read_tls(const struct setup *setup, struct listen_tls *ret_tls);
void listen_release_tls(struct listen_tls *tls);

#endif
