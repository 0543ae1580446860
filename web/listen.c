/* SPDX-License-Identifier: Apache-2.0
 *
 * listen.c - see listen.h. */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../base/log.h"
#include "setup.h"

enum { BACKLOG = 64, PEM_BYTES = 256 * 1024, FIRST_INHERITED = 3 };

/* TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, and nothing older. */
static const char priorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-"
    "RSA:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:-MAC-"
    "ALL:+AEAD:%SERVER_PRECEDENCE";

/* ---- Sockets --------------------------------------------------------------------------------- */

/* A socket file that nobody listens at any more is in the way after a crash. */
static void remove_stale(const struct sockaddr_un *address)
{
    struct stat found;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return;
    }
    if (lstat(address->sun_path, &found) == 0 && S_ISSOCK(found.st_mode) &&
        connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
        errno == ECONNREFUSED) {
        (void)unlink(address->sun_path);
    }
    (void)close(fd);
}

static int open_unix(const struct setup *setup)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", setup->unix_path);
    remove_stale(&address);
    /* The group is the reverse proxy's. */
    if (fd >= 0 && (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
                    chmod(setup->unix_path, 0660) != 0 || listen(fd, BACKLOG) != 0)) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static int open_inet(const struct setup *setup)
{
    int fd = socket(setup->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;

    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
                    bind(fd, (const struct sockaddr *)&setup->socket, setup->socket_len) != 0 ||
                    listen(fd, BACKLOG) != 0)) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    struct sockaddr_in four;
    struct sockaddr_in6 six;

    memset(&bound, 0, sizeof bound);
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0) {
        return 0;
    }
    if (bound.ss_family == AF_INET) {
        memcpy(&four, &bound, sizeof four);
        return ntohs(four.sin_port);
    }
    memcpy(&six, &bound, sizeof six);
    return ntohs(six.sin6_port);
}

/* The socket that systemd has opened for us, as its sd_listen_fds(3) describes; -1: there is none. */
static int inherited(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");

    if (pid == NULL || count == NULL || strtol(pid, NULL, 10) != getpid() ||
        strcmp(count, "1") != 0 || fcntl(FIRST_INHERITED, F_SETFD, FD_CLOEXEC) != 0 ||
        fcntl(FIRST_INHERITED, F_SETFL, O_NONBLOCK) != 0) {
        return -1;
    }
    return FIRST_INHERITED;
}

/* Whether it is bound to what the configuration says, for that is what was checked. */
static bool is_as_configured(const struct setup *setup, int fd)
{
    struct sockaddr_storage bound;
    struct sockaddr_un address;
    socklen_t len = sizeof bound;

    memset(&bound, 0, sizeof bound);
    if (getsockname(fd, (struct sockaddr *)&bound, &len) != 0) {
        return false;
    }
    if (setup->is_unix && bound.ss_family == AF_UNIX) {
        memcpy(&address, &bound, sizeof address);
        return strcmp(address.sun_path, setup->unix_path) == 0;
    }
    return !setup->is_unix && len == setup->socket_len && memcmp(&bound, &setup->socket, len) == 0;
}

static int open_socket(const struct setup *setup)
{
    int fd = inherited();

    if (fd < 0) {
        return setup->is_unix ? open_unix(setup) : open_inet(setup);
    }
    if (!is_as_configured(setup, fd)) {
        (void)close(fd);
        errno = EADDRNOTAVAIL;
        return -1;
    }
    return fd;
}

int listen_open(struct setup *setup, char ret_address[LISTEN_ADDRESS_MAX])
{
    int fd = open_socket(setup);

    (void)snprintf(ret_address, LISTEN_ADDRESS_MAX, "%s", setup->web.address);
    if (fd < 0) {
        log_fatal("web-listen", "cannot listen at %s: %s", setup->web.address, strerror(errno));
        return -1;
    }
    if (!setup->is_unix) {
        char *colon = strrchr(ret_address, ':');
        unsigned port = port_of(fd);
        (void)snprintf(colon, LISTEN_ADDRESS_MAX - (size_t)(colon - ret_address), ":%u", port);
        if (!setup_set_port(setup, port)) {
            log_fatal("web-listen", "out of memory");
            (void)close(fd);
            return -1;
        }
    }
    return fd;
}

/* ---- Files of TLS ---------------------------------------------------------------------------- */

/* Their text, ended by NUL; NULL, and logged, when it cannot be had. */
static char *read_pem(const char *path, bool is_secret)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd >= 0 ? calloc(1, PEM_BYTES + 1) : NULL;
    ssize_t len = text != NULL ? read(fd, text, PEM_BYTES) : -1;
    int error = errno;
    struct stat found;
    bool open_to_others =
        fd >= 0 && is_secret && (fstat(fd, &found) != 0 || (found.st_mode & 0027) != 0);

    if (fd >= 0) {
        (void)close(fd);
    }
    if (len <= 0 || open_to_others) {
        log_fatal("web-tls", "%s: %s", path,
                  open_to_others ? "others may read or change this key: chmod 0640, or 0600"
                                 : strerror(error));
        free(text);
        return NULL;
    }
    return text;
}

bool listen_read_tls(const struct setup *setup, struct listen_tls *ret_tls)
{
    if (setup->web.tls_cert == NULL) {
        return true;
    }
    ret_tls->cert = read_pem(setup->web.tls_cert, false);
    ret_tls->key = ret_tls->cert != NULL ? read_pem(setup->web.tls_key, true) : NULL;
    ret_tls->priorities = strdup(priorities);
    if (ret_tls->key == NULL || ret_tls->priorities == NULL) {
        listen_release_tls(ret_tls);
        return false;
    }
    return true;
}

void listen_release_tls(struct listen_tls *tls)
{
    if (tls->key != NULL) {
        explicit_bzero(tls->key, strlen(tls->key));
    }
    free(tls->cert);
    free(tls->key);
    free(tls->priorities);
    *tls = (struct listen_tls){.cert = NULL};
}
