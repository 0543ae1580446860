/* SPDX-License-Identifier: Apache-2.0
 *
 * live_template.h - a template in a file that may be changed while it is in use. A new version takes
 * effect once it is read without errors; until then the last good one stays in force, and each bad
 * version is complained about once, in the log. */
#ifndef BASE_LIVE_TEMPLATE_H
#define BASE_LIVE_TEMPLATE_H

#include "templates.h"

/* Begin with {0}. `current` moves when a new version takes effect: not between a run and the use of
 * its result. */
struct live_template {
    struct template_file current; /* the one in force; current.program is NULL: none yet */
    struct template_file refused; /* a later version, with errors */
};

/* Reads the template; the path is borrowed. False when there is none to use: it is complained about. */
bool live_template_load(struct live_template *live, const char *path);

/* Reads it again if it, or a file beside it, has changed. Does nothing before a good load. True when
 * another version is in force now. */
bool live_template_refresh(struct live_template *live);

void live_template_release(struct live_template *live);

#endif
