/* SPDX-License-Identifier: Apache-2.0
 *
 * cases.h - runs the cases of a stored template with another text of it: what `orderly test` does, for the
 * workbench. Cases are files in NAME.cases beside the template (docs/template-reference.md). */
#ifndef WEB_CASES_H
#define WEB_CASES_H

#include <jansson.h>

#include "hl7.h"

enum { CASES_MAX = 200, CASES_SECONDS = 10 };

struct cases {
    const char *folder; /* of templates */
    const char *name;   /* of the template in it */
    hl7_slice text;     /* the template, as it is being edited */
    const struct hl7_loader *loader;
    size_t max_steps; /* of one case */
};

/* The answer as the API has it (Cases); NULL when memory is short. When the time is over, the rest is not
 * run, and that is told. */
json_t *cases_run(const struct cases *cases);

#endif
