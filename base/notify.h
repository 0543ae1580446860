/* SPDX-License-Identifier: Apache-2.0
 *
 * notify.h - what a service tells the manager that started it, by the protocol of sd_notify(3): datagrams of
 * lines NAME=VALUE to the socket that $NOTIFY_SOCKET names. Without that variable nothing is told. */
#ifndef BASE_NOTIFY_H
#define BASE_NOTIFY_H

#include <stdint.h>

struct notify {
    int fd;            /* -1: there is nobody to tell */
    uint64_t watchdog; /* milliseconds within which a sign of life is expected; 0: none is */
};

/* Connects, and takes the variables out of the environment: programs that are started are not to speak for
 * us. Before there are threads. */
void notify_open(struct notify *notify);

/* "READY=1", "STOPPING=1", ... A manager that does not listen is no trouble of ours. */
void notify_say(const struct notify *notify, const char *lines);

/* "RELOADING=1", with the time, which the manager compares; READY=1 ends it. */
void notify_reloading(const struct notify *notify);

void notify_close(struct notify *notify);

#endif
