/* SPDX-License-Identifier: Apache-2.0
 *
 * gauges.h - the broker's `status` as OpenMetrics gauges: gauges.tbl. */
#ifndef WEB_GAUGES_H
#define WEB_GAUGES_H

#include <stdint.h>
#include <stdio.h>

#include "../base/record.h"

struct gauges;

/* NULL when memory is short. */
struct gauges *gauges_new(void);
void gauges_free(struct gauges *gauges);

/* Takes what a record of the answer says. */
void gauges_take(struct gauges *gauges, const struct record *record, int64_t now);

/* Writes the families, each with its samples; nothing for one that has none. False when memory was
 * short. */
bool gauges_write(const struct gauges *gauges, FILE *file);

#endif
