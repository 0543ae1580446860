/* SPDX-License-Identifier: Apache-2.0
 *
 * threads.h - the threads of a test program. One that still ends when the program does looks like a leak. */
#ifndef TESTS_UNIT_THREADS_H
#define TESTS_UNIT_THREADS_H

#include <stddef.h>

/* How many there are now. */
size_t threads_count(void);

/* Waits, a bounded time, until there are no more than this. */
void threads_wait(size_t most);

#endif
