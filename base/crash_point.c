/* SPDX-License-Identifier: Apache-2.0
 *
 * See crash_point.h. Compiled only with ORDERLY_CRASH_POINTS. */
#include "crash_point.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void crash_point_pass(const char *name)
{
    static atomic_long passed;
    const char *wanted = getenv("ORDERLY_CRASH_AT");
    const char *colon = wanted != NULL ? strrchr(wanted, ':') : NULL;

    if (colon == NULL || strlen(name) != (size_t)(colon - wanted) ||
        strncmp(name, wanted, (size_t)(colon - wanted)) != 0) {
        return;
    }
    if (atomic_fetch_add(&passed, 1) + 1 == strtol(colon + 1, NULL, 10)) {
        (void)raise(SIGKILL); /* a confined process may not signal others */
        for (;;) {
            (void)pause();
        }
    }
}

bool crash_point_flaw(const char *name)
{
    const char *wanted = getenv("ORDERLY_CRASH_FLAW");

    return wanted != NULL && strcmp(name, wanted) == 0;
}
