/* SPDX-License-Identifier: Apache-2.0
 *
 * peer.h - a connection over loopback TCP whose peer is the test: it writes and reads a plain socket
 * between turns of the loop. Every event is noted as a letter: O(pen), D(ata), (d)R(ained),
 * T(imeout), C(losed), F(ailed).
 */
#ifndef TESTS_UNIT_PEER_H
#define TESTS_UNIT_PEER_H

#include "support.h"

#include "../net/connection.h"

#include <netinet/in.h>

enum { GUARD = 20 * 1000, LOG = 64, MEGABYTE = 1024 * 1024 };

struct fixture {
    struct loop loop;
    struct loop_timer guard;
    struct connection *connection; /* in memory of its own; freed by on_freed */
    int peer;
    char events[LOG]; /* a letter for each event */
    size_t event_count;
    size_t wanted;
    int freed;
    int error;
    size_t consume; /* how much of what is held each event consumes */
    bool pause;     /* DATA pauses */
    bool close;     /* any event closes */
    bool late;
};

/* set_up_peer makes a connection that was accepted; set_up_alone a loop only. */
int set_up_peer(void **state);
int set_up_alone(void **state);
int tear_down_peer(void **state);

/* A connection that is neither accepted nor connected yet, and the way it goes. */
struct connection *new_connection(struct fixture *fixture);
void free_connection(struct connection *connection);

/* A socket that listens on loopback, and where. */
int listen_socket(struct sockaddr_in *ret_address);

/* Runs until as many events as there are letters have come since the last call: exactly these. */
void expect(struct fixture *fixture, const char *events);

/* Runs for a while in which nothing may happen. */
void expect_nothing(struct fixture *fixture);

/* Lets the loop work for a moment, whatever happens. */
void run_a_moment(struct fixture *fixture, uint64_t milliseconds);

void peer_sends(struct fixture *fixture, const char *text);

/* Sends `len` bytes, each `byte`, while the loop takes them; the owner consumes nothing. */
void peer_sends_many(struct fixture *fixture, char byte, size_t len);
void peer_resets(struct fixture *fixture);
void peer_closes(struct fixture *fixture);

/* What has arrived at the peer is this; "" for the end of the connection. */
void peer_receives(const struct fixture *fixture, const char *text);

#endif
