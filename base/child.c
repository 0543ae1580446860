/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- Starting ------------------------------------------------------------------------------ */

static int set_attributes(posix_spawnattr_t *attributes)
{
    const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigset_t none;
    sigset_t standard;

    (void)sigemptyset(&none);
    (void)sigemptyset(&standard);
    (void)sigaddset(&standard, SIGPIPE);
    (void)sigaddset(&standard, SIGXFSZ);
    int error = posix_spawnattr_setflags(attributes, flags);
    if (error == 0 && (error = posix_spawnattr_setpgroup(attributes, 0)) == 0 &&
        (error = posix_spawnattr_setsigmask(attributes, &none)) == 0) {
        error = posix_spawnattr_setsigdefault(attributes, &standard);
    }
    return error;
}

static int set_descriptors(posix_spawn_file_actions_t *actions, const int descriptors[3])
{
    int error = 0;

    for (int i = 0; i < 3 && error == 0; i++) {
        if (descriptors[i] >= 0) {
            error = posix_spawn_file_actions_adddup2(actions, descriptors[i], i);
        }
    }
    return error;
}

int child_spawn(char *const *words, char *const *environment, const int descriptors[3],
                pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0) {
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error != 0) {
        (void)posix_spawn_file_actions_destroy(&actions);
        return error;
    }
    if ((error = set_descriptors(&actions, descriptors)) == 0 &&
        (error = set_attributes(&attributes)) == 0) {
        error = posix_spawnp(ret_pid, words[0], &actions, &attributes, words, environment);
    }
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* ---- Pipes --------------------------------------------------------------------------------- */

static void close_some(const int *descriptors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (descriptors[i] >= 0) {
            (void)close(descriptors[i]);
        }
    }
}

/* Both ends of three pipes: the program's, and ours; -1 for a pipe that is not wanted. */
struct pipes {
    int theirs[3];
    int ours[3];
};

static int open_pipe(struct pipes *pipes, int number)
{
    bool is_input = number == STDIN_FILENO;
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    pipes->theirs[number] = ends[is_input ? 0 : 1];
    pipes->ours[number] = ends[is_input ? 1 : 0];
    return fcntl(pipes->ours[number], F_SETFL, O_NONBLOCK) == 0 ? 0 : errno;
}

/* ---- News of its end ----------------------------------------------------------------------- */

/* What a thread needs that waits for a program where there are no pidfds. */
struct vigil {
    pid_t pid;
    int news; /* an eventfd of its own */
};

static void *keep_vigil(void *context)
{
    struct vigil *vigil = context;
    const uint64_t one = 1;
    siginfo_t facts;

    /* WNOWAIT: it stays to be reaped by who started it. */
    while (waitid(P_PID, (id_t)vigil->pid, &facts, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    ssize_t written = write(vigil->news, &one, sizeof one);
    (void)written; /* the counter is 0: there is room */
    (void)close(vigil->news);
    free(vigil);
    return NULL;
}

/* Starts the thread, which takes no signals: they are for the threads that expect them. */
static int start_vigil(struct vigil *vigil)
{
    pthread_t thread = 0;
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    int error = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error == 0) {
        error = pthread_create(&thread, NULL, keep_vigil, vigil);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    return error != 0 ? error : pthread_detach(thread);
}

/* The same as a pidfd, by a thread; -1 with errno set. */
static int open_vigil(pid_t pid)
{
    struct vigil *vigil = malloc(sizeof *vigil);
    int news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int copy = news < 0 ? -1 : fcntl(news, F_DUPFD_CLOEXEC, 0);
    int error = vigil == NULL ? ENOMEM : copy < 0 ? errno : 0;

    if (error == 0) {
        *vigil = (struct vigil){pid, copy};
        error = start_vigil(vigil);
    }
    if (error == 0) {
        return news;
    }
    close_some((const int[]){news, copy}, 2);
    free(vigil);
    errno = error;
    return -1;
}

static int open_end(pid_t pid)
{
    /* glibc has no name for it before 2.36. It is closed on exec by itself. */
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

    return pidfd < 0 && errno == ENOSYS ? open_vigil(pid) : pidfd;
}

/* ---- A program with pipes ------------------------------------------------------------------ */

int child_start(char *const *words, char *const *environment, bool errors, struct child *ret_child)
{
    struct pipes pipes = {{-1, -1, -1}, {-1, -1, -1}};
    pid_t pid = 0;
    int error = 0;

    for (int i = 0; i < (errors ? 3 : 2) && error == 0; i++) {
        error = open_pipe(&pipes, i);
    }
    if (error == 0) {
        error = child_spawn(words, environment, pipes.theirs, &pid);
    }
    close_some(pipes.theirs, 3);
    int end_fd = error == 0 ? open_end(pid) : -1;
    if (error == 0 && end_fd < 0) {
        error = errno;
        (void)kill(-pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    if (error != 0) {
        close_some(pipes.ours, 3);
        return error;
    }
    *ret_child = (struct child){pid, end_fd, pipes.ours[0], pipes.ours[1], pipes.ours[2]};
    return 0;
}

/* ---- Its end ------------------------------------------------------------------------------- */

void child_signal(const struct child *child, int signal)
{
    if (child->pid > 0) {
        (void)kill(-child->pid, signal);
    }
}

bool child_reap(struct child *child, int *ret_status)
{
    int status = -1;
    pid_t ended = waitpid(child->pid, &status, WNOHANG);

    /* ECHILD: SIGCHLD is ignored, and the system took the status itself. */
    if (ended != child->pid && !(ended < 0 && errno == ECHILD)) {
        return false;
    }
    (void)close(child->end_fd);
    child->pid = 0;
    child->end_fd = -1;
    *ret_status = ended > 0 ? status : -1;
    return true;
}
