/* SPDX-License-Identifier: Apache-2.0
 *
 * workbench.h - tries a template on a message, with the broker's own code and bounds, and tells where every
 * part of the result came from. Nothing is kept, no sequence is used up.
 *
 * What a run reads and writes it tells as the events of a stack of values (hl7/template.h). Here a value is
 * the places of the source it was made of; these stand in one array, a value's behind those of the value
 * below it, so that joining values is adding their counts. */
#ifndef WEB_WORKBENCH_H
#define WEB_WORKBENCH_H

#include <jansson.h>

#include "hl7.h"

enum {
    WORKBENCH_TEMPLATE_MAX = 256 * 1024,
    WORKBENCH_MESSAGE_MAX = 1024 * 1024,
    WORKBENCH_RESULT_MAX = 2 * 1024 * 1024,
    WORKBENCH_ORIGINS_MAX = 20000
};

struct workbench {
    hl7_slice text;                  /* the template */
    hl7_slice message;               /* HL7 or JSON */
    const struct hl7_loader *loader; /* NULL: nothing is beside it */
    size_t max_steps;
};

/* The answer as docs describe it (Converted of the OpenAPI file); NULL when memory is short. */
json_t *workbench_convert(const struct workbench *work);

#endif
