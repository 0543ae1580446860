/* SPDX-License-Identifier: Apache-2.0
 *
 * socket.h - the file of a UNIX stream socket: made, taken over from a process that died, removed.
 */
#ifndef BROKER_CONTROL_SOCKET_H
#define BROKER_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/* A socket that listens at `path`, for its owner alone (0600). Its folder is made if it is not there
 * (0700; the folder above must be). The socket of a process that died is replaced. A negative number
 * with a sentence when somebody listens there, or something else has the name. */
int socket_listen(const char *path, char ret_reason[256]);

/* Removes the file if it still is this socket's: another broker may have taken the name since. */
void socket_remove(int fd, const char *path);

/* Who is at the other end of a connection. False when the system does not tell. */
bool socket_peer(int fd, uid_t *ret_user, pid_t *ret_process);

#endif
