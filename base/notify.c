/* SPDX-License-Identifier: Apache-2.0 */
#include "notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

enum { MICROSECONDS = 1000 };

/* A path, or with '@' in front the name of an abstract socket. -1 when it is neither, or nobody is there. */
static int connect_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);

    if ((name[0] != '/' && name[0] != '@') || len >= sizeof address.sun_path) {
        return -1;
    }
    memcpy(address.sun_path, name, len);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    } else {
        size++;
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, size) != 0) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

/* What is said of the watchdog, if it is said to us. */
static uint64_t read_watchdog(void)
{
    const char *time = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");

    if (time == NULL || (pid != NULL && strtol(pid, NULL, 10) != (long)getpid())) {
        return 0;
    }
    return strtoull(time, NULL, 10) / MICROSECONDS;
}

void notify_open(struct notify *notify)
{
    const char *name = getenv("NOTIFY_SOCKET");

    notify->fd = name == NULL ? -1 : connect_to(name);
    notify->watchdog = notify->fd < 0 ? 0 : read_watchdog();
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

void notify_say(const struct notify *notify, const char *lines)
{
    if (notify->fd >= 0) {
        ssize_t sent = send(notify->fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)sent;
    }
}

void notify_reloading(const struct notify *notify)
{
    char text[80];

    (void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_steady());
    notify_say(notify, text);
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0) {
        (void)close(notify->fd);
        notify->fd = -1;
    }
}
