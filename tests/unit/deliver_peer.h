/* SPDX-License-Identifier: Apache-2.0
 *
 * deliver_peer.h - a receiver that follows a script, in a thread of its own: how a lane's or a door's peer
 * behaves, well or badly. */
#ifndef TESTS_UNIT_DELIVER_PEER_H
#define TESTS_UNIT_DELIVER_PEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { PEER_MESSAGES = 4096, PEER_ID = 32 };

/* One character of the script for each message that comes; when it is used up, 'A' for all that follow:
 *   A E R  answer AA, AE, AR          C  answer CA          B  answer CA, then AA
 *   W      AA for another message      G  bytes without a frame
 *   N      a framed message without an MSA
 *   T      no answer                   X  close              Z  reset */
struct deliver_peer {
    const char *script;
    size_t at;
    int listener;
    int port;
    pthread_t thread;
    atomic_bool ending;
    atomic_size_t count; /* messages that came */
    atomic_size_t connections;
    char ids[PEER_MESSAGES][PEER_ID]; /* their MSH-10, in order */
};

/* Listens on a free port of 127.0.0.1; on `port` when that is not 0. False when it cannot. */
bool deliver_peer_start(struct deliver_peer *peer, const char *script, int port);
void deliver_peer_stop(struct deliver_peer *peer);

/* A port of 127.0.0.1 that nobody listens on; somebody else may take it. */
int deliver_peer_free_port(void);

#endif
