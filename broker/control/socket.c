/* SPDX-License-Identifier: Apache-2.0
 *
 * socket.c - see socket.h. A name that is there says nothing about whether anybody listens: only a
 * connection does. Between looking and binding another broker could do the same, so both happen with
 * the folder locked. */
#include "socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static bool make_address(const char *path, struct sockaddr_un *ret_address)
{
    size_t len = strlen(path);

    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (len == 0 || len >= sizeof ret_address->sun_path) {
        return false;
    }
    memcpy(ret_address->sun_path, path, len);
    return true;
}

/* Opens the folder of the path, which has been made if need be. Negative with errno set. */
static int open_folder(const char *path)
{
    char folder[sizeof((struct sockaddr_un *)NULL)->sun_path];
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, path, len);
    folder[len] = '\0';
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return -1;
    }
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int say(char reason[256], const char *path, const char *what)
{
    (void)snprintf(reason, 256, "%.120s: %.120s", path, what);
    return -1;
}

/* Makes room for the name: 0, or -1 with a reason. */
static int replace_dead(const struct sockaddr_un *address, char reason[256])
{
    const char *path = address->sun_path;
    struct stat info;
    int result = 0;

    if (lstat(path, &info) != 0) {
        return errno == ENOENT ? 0 : say(reason, path, strerror(errno));
    }
    if (!S_ISSOCK(info.st_mode)) {
        return say(reason, path, "is there, and no socket");
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return say(reason, path, strerror(errno));
    }
    /* EAGAIN: somebody listens and has much to do. */
    if (connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN) {
        result = say(reason, path, "a running broker listens there");
    } else if (errno != ECONNREFUSED || (unlink(path) != 0 && errno != ENOENT)) {
        result = say(reason, path, strerror(errno));
    }
    (void)close(fd);
    return result;
}

static int bind_and_listen(const struct sockaddr_un *address, char reason[256])
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return say(reason, address->sun_path, strerror(errno));
    }
    /* Linux gives the file the mode of the socket, so that it is nobody else's at any time. The umask
     * would do too, but it belongs to all threads. chmod makes sure. */
    if (fchmod(fd, 0600) != 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
        chmod(address->sun_path, 0600) != 0 || listen(fd, SOMAXCONN) != 0) {
        (void)say(reason, address->sun_path, strerror(errno));
        (void)close(fd);
        return -1;
    }
    return fd;
}

int socket_listen(const char *path, char ret_reason[256])
{
    struct sockaddr_un address;
    int fd = -1;

    if (!make_address(path, &address)) {
        (void)snprintf(ret_reason, 256, "%.120s: the path of a socket has 1 to %zu bytes", path,
                       sizeof address.sun_path - 1);
        return -1;
    }
    int folder = open_folder(path);
    if (folder < 0 || flock(folder, LOCK_EX) != 0) {
        (void)snprintf(ret_reason, 256, "the folder of %.120s: %s", path, strerror(errno));
    } else if (replace_dead(&address, ret_reason) == 0) {
        fd = bind_and_listen(&address, ret_reason);
    }
    if (folder >= 0) {
        (void)close(folder);
    }
    return fd;
}

/* The file a name stands for has another number than the socket that is bound to it: whether it is
 * still ours can only be found out by asking who listens there. */
void socket_remove(int fd, const char *path)
{
    struct sockaddr_un address;

    if (!make_address(path, &address)) {
        return;
    }
    int folder = open_folder(path);
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (folder >= 0) {
        (void)flock(folder, LOCK_EX);
    }
    (void)shutdown(fd, SHUT_RD); /* ours takes nobody any more: then it refuses */
    if (probe >= 0 && connect(probe, (const struct sockaddr *)&address, sizeof address) != 0 &&
        errno == ECONNREFUSED) {
        (void)unlink(path);
    }
    if (probe >= 0) {
        (void)close(probe);
    }
    if (folder >= 0) {
        (void)close(folder);
    }
}

bool socket_peer(int fd, uid_t *ret_user, pid_t *ret_process)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return false;
    }
    *ret_user = peer.uid;
    *ret_process = peer.pid;
    return true;
}
