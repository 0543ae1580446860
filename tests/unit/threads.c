/* SPDX-License-Identifier: Apache-2.0 */
#include "threads.h"

#include "support.h"

#include <dirent.h>

enum { LOOKS = 6000, PAUSE = 10000 /* microseconds */ };

/* ThreadSanitizer has one of its own. */
#ifdef __SANITIZE_THREAD__
enum { FOREIGN = 1 };
#else
enum { FOREIGN = 0 };
#endif

size_t threads_count(void)
{
    DIR *tasks = opendir("/proc/self/task");
    size_t count = 0;

    assert_non_null(tasks);
    for (const struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        count += task->d_name[0] != '.';
    }
    (void)closedir(tasks);
    return count > FOREIGN ? count - FOREIGN : count;
}

void threads_wait(size_t most)
{
    for (int i = 0; i < LOOKS && threads_count() > most; i++) {
        (void)usleep(PAUSE);
    }
    assert_true(threads_count() <= most);
}
