/* SPDX-License-Identifier: Apache-2.0
 *
 * tls_pair.h - a server's and a client's connection in one loop, with the test between them: it carries the
 * bytes from one socket to the other, as many at a time as it likes, and may change, drop or keep them.
 * Certificates are made for each test in a folder of its own. */
#ifndef TESTS_UNIT_TLS_PAIR_H
#define TESTS_UNIT_TLS_PAIR_H

#include "folder.h"
#include "support.h"

#include "../net/connection.h"
#include "../net/tls.h"
#include "../net/tls_make.h"

enum { TLS_EVENTS = 64, TLS_ALL = 1 << 30 };

/* One end. Its events are noted as letters, as in peer.h. */
struct tls_side {
    struct connection connection;
    struct tls_pair *pair;
    int far; /* the other end of its socket, which is the test's */
    char events[TLS_EVENTS];
    size_t event_count;
    char *got; /* malloc'd: all it has received */
    size_t got_len;
    bool keep;  /* consumes nothing */
    bool close; /* closes at any event */
    bool freed;
    enum stream_trouble trouble; /* when it FAILED */
    char text[STREAM_TEXT];
};

struct tls_pair {
    struct loop loop;
    struct folder folder;
    struct tls_side server;
    struct tls_side client;
    struct tls_identity *ca;
    const char *wanted; /* the name the client wants to see: "ris.example" unless it is set */
};

/* With the files ca.pem, server.pem, server.key, client.pem, client.key. */
int set_up_pair(void **state);
int tear_down_pair(void **state);

/* Seconds since 1970, so many days from now. */
int64_t days_from_now(int days);

/* Writes NAME.pem and NAME.key of a certificate, signed by the pair's CA, by itself if `self`. */
struct tls_identity *pair_make(struct tls_pair *pair, const char *name, const struct tls_wish *wish,
                               bool self);

/* Settings that use the files of these names; NULL: none. */
struct tls_settings pair_settings(const struct tls_pair *pair, bool server, const char *own,
                                  const char *ca);

/* Makes both connections; nothing is carried yet. What was there before is closed. NULL: no TLS. */
void pair_open(struct tls_pair *pair, const struct tls_settings *server,
               const struct tls_settings *client);
void pair_close(struct tls_pair *pair);

/* Opens with the usual files, mutual, and carries until both are open. */
void pair_open_mutual(struct tls_pair *pair);

/* A few rounds of the loop, without waiting. */
void pair_turn(struct tls_pair *pair);

/* Carries up to `most` bytes of one direction; how many. */
size_t pair_carry(struct tls_pair *pair, bool to_server, size_t most);

/* Carries everything both ways until nothing moves. */
void pair_settle(struct tls_pair *pair);

/* All events of a side up to now are these. */
void pair_expect(struct tls_side *side, const char *events);
void pair_received(const struct tls_side *side, const char *text);

#endif
