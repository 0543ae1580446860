/* SPDX-License-Identifier: Apache-2.0
 *
 * load.h - what is there while a configuration is loaded. It stays with the configuration, because
 * conditions and templates go on using what was read.
 */
#ifndef BROKER_CONFIG_LOAD_H
#define BROKER_CONFIG_LOAD_H

#include "template_list.h"
#include "value.h"

struct loading {
    struct config config; /* first: config_free() finds the rest by it */
    struct config_pool *pool;
    struct config_report *report;
    struct sections sections;
    struct template_list templates;
    struct config_listener *listeners;
    struct config_destination *destinations;
    struct config_route *routes;
};

/* check.c: what can be said only when all is read: what is missing, what does not go together; and
 * puts in what follows from other sections. */
void load_check(struct loading *loading);

#endif
