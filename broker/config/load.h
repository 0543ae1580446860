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

/* ---- Among the parts of check.c ------------------------------------------------------------- */

/* A key of the section, from there or from the defaults of its kind; NULL when it is in neither. */
const struct section_key *check_given(const struct loading *loading, const struct section *section,
                                      const char *name);

/* A finding at a key, or at the section when it has none of that name. */
void check_wrong(const struct loading *loading, const struct section *section, const char *name,
                 const char *text);
void check_doubt(const struct loading *loading, const struct section *section, const char *name,
                 const char *text);

/* check_tls.c: whether the keys of TLS go together, and what is in the files. */
void check_tls(const struct loading *loading, const struct section *section,
               const struct config_tls *tls);

#endif
