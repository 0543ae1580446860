/* SPDX-License-Identifier: Apache-2.0
 *
 * secure.h - TLS of the listeners and destinations: their contexts, as they are in force.
 *
 * They outlive configurations: a reload loads those again whose keys or files have changed, and so does a
 * look, once a second. Connections keep the context they were made with. Files that cannot be used leave
 * the last good context in force, and the log says so. */
#ifndef BROKER_SECURE_SECURE_H
#define BROKER_SECURE_SECURE_H

#include "../../net/tls_live.h"
#include "../config/config.h"

/* A listener or destination with `tls`. */
struct secure_door {
    enum config_section section;
    const char *name; /* the configuration's in force, as is all that `live` points to */
    struct tls_live live;
    bool kept; /* while a configuration is adopted: it has it too */
};

/* Begin with {0}. */
struct secure {
    struct secure_door *doors;
    size_t count;
};

/* Follows another configuration, which stays until the next one is adopted. False when the files of a door
 * that has no context yet cannot be used, or memory is short: that is in the log. */
bool secure_adopt(struct secure *secure, const struct config *config);

/* Looks at the files; what has changed is in the log. */
void secure_look(struct secure *secure);

/* A stream for a connection of this listener, or to this destination. `name` is what the peer's certificate
 * has to show; NULL for a listener. NULL when there is no context, or no memory. */
struct stream *secure_stream(const struct secure *secure, enum config_section section,
                             const char *door, const char *name);

/* Calls back for each certificate file of the doors that ends within so many seconds, or has ended: `left`
 * seconds from now. */
void secure_ending(const struct secure *secure, int64_t within,
                   void (*on_ending)(void *context, const struct secure_door *door,
                                     enum tls_file file, int64_t left),
                   void *context);

void secure_release(struct secure *secure);

#endif
