/* SPDX-License-Identifier: Apache-2.0 */
#include "descriptors.h"

#include <sys/resource.h>

#include "log.h"

void descriptors_raise(uint64_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= (rlim_t)wanted) {
        return;
    }
    limit.rlim_cur = limit.rlim_max < (rlim_t)wanted ? limit.rlim_max : (rlim_t)wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < (rlim_t)wanted) {
        log_warning("descriptors", "the system allows %llu open files, fewer than connections",
                    (unsigned long long)limit.rlim_cur);
    }
}
