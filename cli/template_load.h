/* SPDX-License-Identifier: Apache-2.0
 *
 * template_load.h - a template for a verb that works with one: loaded, or complained about. */
#ifndef ORDERLY_TEMPLATE_LOAD_H
#define ORDERLY_TEMPLATE_LOAD_H

#include "../base/templates.h"
#include "verb.h"

/* VERB_DONE; or what is wrong goes to standard error and the answer is VERB_MISUSE (it has errors)
 * or VERB_FAILED (it cannot be read). To be unloaded when it is VERB_DONE. */
int template_load(const struct verb *verb, const char *path, struct template_file *ret_file);

#endif
