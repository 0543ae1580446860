/* SPDX-License-Identifier: Apache-2.0
 *
 * setup.h - the configuration of orderly-web: an INI file of its own.
 *
 *     struct setup setup;
 *     if (!setup_read(&setup, path, stderr)) { return 2; }
 *     ...
 *     setup_release(&setup);
 *
 * keys.tbl is the one list of keys. Life: setup_read() makes it, nothing changes it. Texts are the
 * configuration's own, NULL when there is none. Paths are absolute, or as good as the configuration's. */
#ifndef WEB_SETUP_H
#define WEB_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

enum {
    SETUP_BYTES_MAX = 64 * 1024, /* of the file */
    SETUP_FOLDERS_MAX = 16,
    SETUP_HOSTS_MAX = 16,
    SETUP_NAME_MAX = 32 /* bytes of a name of [templates NAME] */
};

/* Where a value stands in the file; 0: it is the default. */
#define SETUP_KEYS_MAX 32

struct setup_web {
    char *address;
    char *tls_cert;
    char *tls_key;
    char *hosts;
    char *users;
    char *control;
    uint64_t session_idle;
    uint64_t session_max;
    uint64_t lock_after;
    uint64_t lock_for;
    char *metrics_token;
    uint64_t max_connections;
    uint64_t max_per_address;
    uint64_t request_timeout;
    uint64_t broker_timeout;
    uint64_t max_body;
    uint64_t threads;
    uint64_t convert_steps;
};

struct setup_templates {
    char *name;
    char *folder;
    bool save;
};

enum setup_kind { KIND_TEXT, KIND_PATH, KIND_NUMBER, KIND_SIZE, KIND_DURATION, KIND_FLAG };
enum setup_part { PART_WEB, PART_TEMPLATES };

/* A row of keys.tbl. */
struct setup_key {
    enum setup_part part;
    const char *name;
    enum setup_kind kind;
    size_t place;
    const char *standard;
    uint64_t min;
    uint64_t max;
    const char *doc;
};

struct setup {
    char *path;
    struct setup_web web;
    struct setup_templates folders[SETUP_FOLDERS_MAX];
    size_t folder_count;
    size_t lines[SETUP_FOLDERS_MAX + 1][SETUP_KEYS_MAX]; /* [0] is [web]; by the key's number */
    char *hosts[SETUP_HOSTS_MAX];                        /* small letters */
    size_t host_count;
    /* From `address`: */
    bool is_unix;
    const char *unix_path;
    struct sockaddr_storage socket;
    socklen_t socket_len;
};

/* All keys, ended by one without a name. */
const struct setup_key *setup_keys(void);

/* A value as text, for people; into `memory` unless it is a text. "" when there is none. */
const char *setup_value(const struct setup_key *key, const void *section, char *memory,
                        size_t size);

/* Reads a file and checks it whole. Every mistake is a line with its place in `complain`. False when there
 * was one; then there is nothing to release. */
bool setup_read(struct setup *setup, const char *path, FILE *complain);

/* Whether it is served by TLS, here or by what stands in front: cookies are for TLS alone then. */
bool setup_is_secure(const struct setup *setup);

/* The system chose the port: the names of the page get it in place of 0. False when memory is short. */
bool setup_set_port(struct setup *setup, unsigned port);

void setup_release(struct setup *setup);

#endif
