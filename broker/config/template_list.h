/* SPDX-License-Identifier: Apache-2.0
 *
 * template_list.h - the templates that a configuration names, each compiled once however many keys name
 * it.
 */
#ifndef BROKER_CONFIG_TEMPLATE_LIST_H
#define BROKER_CONFIG_TEMPLATE_LIST_H

#include "config.h"
#include "pool.h"

struct template_list {
    struct config_template *items; /* never move */
    struct template_file **files;  /* what items[i].file is */
    size_t count;
    size_t size;
};

/* Makes room for at most `size` templates; false when memory is short. */
bool template_list_init(struct template_list *list, struct config_pool *pool, size_t size);

/* The template at a path; reads and compiles it when it is new, *ret_new then being true. The path is
 * borrowed. NULL when memory is short. */
struct config_template *template_list_add(struct template_list *list, struct config_pool *pool,
                                          const char *path, bool *ret_new);

/* Unloads all of them. */
void template_list_close(struct template_list *list);

#endif
