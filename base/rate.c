/* SPDX-License-Identifier: Apache-2.0 */
#include "rate.h"

enum { MINUTE = 60000 };

void rate_look(struct rate *rate, uint64_t now, uint64_t count)
{
    if (rate->minute == 0) {
        *rate = (struct rate){.minute = now, .count = count};
    } else if (now - rate->minute >= MINUTE) {
        /* After a longer pause nobody knows in which minute it came: in none of the last two. */
        rate->before = now - rate->minute < 2 * MINUTE ? count - rate->count : 0;
        rate->minute = now - (now - rate->minute) % MINUTE;
        rate->count = count;
    }
}

uint64_t rate_per_minute(const struct rate *rate, uint64_t now, uint64_t count)
{
    uint64_t passed = now - rate->minute;

    if (rate->minute == 0) {
        return 0;
    }
    if (passed > MINUTE) {
        passed = MINUTE;
    }
    return count - rate->count + rate->before * (MINUTE - passed) / MINUTE;
}
