/* SPDX-License-Identifier: Apache-2.0
 *
 * connection_parts.h - what connection.c and connection_stream.c share. */
#ifndef NET_CONNECTION_PARTS_H
#define NET_CONNECTION_PARTS_H

#include "connection.h"

/* Calls the owner back, unless it has closed. */
void connection_tell(struct connection *connection, enum connection_event event);

/* Tells the owner, once, that it is over. */
void connection_fail(struct connection *connection, int error);

/* Connected, and hands are shaken where that has to be. */
bool connection_is_open(const struct connection *connection);

/* The next step of shaking hands; OPEN or FAILED may come of it. */
void connection_shake(struct connection *connection);

/* Drops what a peer has sent with whom hands were not shaken; in the end, or when there is no time left,
 * FAILED. */
void connection_drain(struct connection *connection);

#endif
