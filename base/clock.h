/* SPDX-License-Identifier: Apache-2.0
 *
 * clock.h - the time in microseconds, of the two clocks there are. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Since 1970, UTC: what is recorded and shown. Somebody may set it. */
int64_t clock_wall(void);

/* Since some moment, the same for all of the process: for how long something took. Nobody can set it. */
int64_t clock_steady(void);

#endif
