/* SPDX-License-Identifier: Apache-2.0
 *
 * disk_trouble.h - a disk that fails, hangs or sees the process die, for the code of the test program.
 *
 * A test that links this has its own write(), fsync(), renameat2() and linkat() in front of the system's.
 * They count the calls that concern regular files and folders, and act as told. Any thread may call them. */
#ifndef TESTS_UNIT_DISK_TROUBLE_H
#define TESTS_UNIT_DISK_TROUBLE_H

#include <stdbool.h>

enum disk_call { DISK_WRITE, DISK_FSYNC, DISK_RENAME, DISK_LINK, DISK_CALLS };

/* From the `from`th call of this kind on (1: the next one), it fails with this errno. A write that is to
 * fail writes half of its bytes first. 0 for `error`: it works again. */
void disk_trouble_fail(enum disk_call call, unsigned from, int error);

/* The process ends, without any cleaning up, instead of the `at`th call of any kind. */
void disk_trouble_die(unsigned at);

/* Calls of fsync() wait until disk_trouble_release(). */
void disk_trouble_hold(void);
void disk_trouble_release(void);

/* Waits, a bounded time, until a call of fsync() waits; false when none came. */
bool disk_trouble_held(void);

#endif
