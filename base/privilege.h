/* SPDX-License-Identifier: Apache-2.0
 *
 * privilege.h - what a process that serves others gives away at its start: root, capabilities, core dumps,
 * descriptors that it was not meant to have. Before there are threads. */
#ifndef BASE_PRIVILEGE_H
#define BASE_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>

/* Closes what was inherited beyond standard input, output and error; files are for nobody beyond our group
 * (umask); there is no core dump. */
void privilege_close(void);

/* No other process of this user may look into this one, and nothing of it gets into a dump that the system
 * takes. A debugger cannot be attached either. After privilege_drop(). */
void privilege_hide(void);

/* Becomes `user`, with its groups; NULL: stays who it is. Of capabilities only that to bind to ports below
 * 1024 is kept, if it was there; no program that is started can gain one. False with a sentence. */
bool privilege_drop(const char *user, char *ret_reason, size_t size);

/* Of this process and all it starts: no set-user-id program gives it anything. 0 or an errno. */
int privilege_no_new(void);

#endif
