/* SPDX-License-Identifier: Apache-2.0
 *
 * system_calls.h - the system calls that are left to a process, by a seccomp filter that cannot be taken off
 * again. system_calls.tbl is the list.
 *
 * A call that is not on it ends the process, and is never carried out: a broker that asks for one is no
 * longer the program that was written. What is said then names the call:
 *
 *     orderly: fatal: confinement: system call 59 is not one this program makes; it was not carried out
 *
 * Calls that are newer than this program are answered ENOSYS instead, as by an older kernel: the next
 * version of a library may try them, and falls back. */
#ifndef BASE_SYSTEM_CALLS_H
#define BASE_SYSTEM_CALLS_H

/* Puts the filter on this thread and all it starts. No new privileges must be possible (PR_SET_NO_NEW_PRIVS).
 * 0, or an errno: ENOSYS where the kernel has no filters or the processor is none of those the list was
 * made for. */
int system_calls_confine(void);

#endif
