/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include "spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

/* ---- The environment ----------------------------------------------------------------------- */

/* The name of a variable, with its '=', is that of one of these. */
static bool is_among(const char *variable, char *const *variables)
{
    size_t name = strcspn(variable, "=") + 1;

    for (; *variables != NULL; variables++) {
        if (strncmp(*variables, variable, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What any program needs to run; nothing else of ours is its business. */
static bool is_needed(const char *variable)
{
    static const char *const needed[] = {
        "PATH=", "HOME=", "USER=", "LANG=", "LC_ALL=", "TZ=", "TMPDIR="};

    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (strncmp(variable, needed[i], strlen(needed[i])) == 0) {
            return true;
        }
    }
    return false;
}

static size_t count_of(char *const *texts)
{
    size_t count = 0;

    while (texts[count] != NULL) {
        count++;
    }
    return count;
}

char **child_environment(bool whole, char *const *variables)
{
    char **all = calloc(count_of(environ) + count_of(variables) + 1, sizeof *all);
    size_t count = 0;

    if (all == NULL) {
        return NULL;
    }
    for (char *const *at = variables; *at != NULL; at++) {
        all[count++] = *at;
    }
    for (char **at = environ; *at != NULL; at++) {
        if ((whole || is_needed(*at)) && !is_among(*at, variables)) {
            all[count++] = *at;
        }
    }
    return all;
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

/* Starts it with the pipes' ends; how its end is told comes back. */
static int start_here(const struct child_program *program, const int theirs[3],
                      struct child *ret_child)
{
    char **environment = child_environment(program->whole_environment, program->variables);
    pid_t pid = 0;

    if (environment == NULL) {
        return ENOMEM;
    }
    int error = child_spawn(program->words, environment, theirs, &pid);
    free(environment);
    if (error != 0) {
        return error;
    }
    int end_fd = open_end(pid);
    if (end_fd < 0) {
        error = errno;
        (void)kill(-pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return error;
    }
    ret_child->pid = pid;
    ret_child->end_fd = end_fd;
    return 0;
}

int child_start(struct spawner *spawner, const struct child_program *program,
                struct child *ret_child)
{
    struct pipes pipes = {{-1, -1, -1}, {-1, -1, -1}};
    struct child child = {.helper = spawner != NULL ? spawner->fd : 0};
    int error = 0;

    for (int i = 0; i < (program->errors ? 3 : 2) && error == 0; i++) {
        error = open_pipe(&pipes, i);
    }
    if (error == 0) {
        error = spawner != NULL
                    ? spawner_start(spawner, program, pipes.theirs, &child.pid, &child.end_fd)
                    : start_here(program, pipes.theirs, &child);
    }
    close_some(pipes.theirs, 3);
    if (error != 0) {
        close_some(pipes.ours, 3);
        return error;
    }
    child.input = pipes.ours[0];
    child.output = pipes.ours[1];
    child.errors = pipes.ours[2];
    *ret_child = child;
    return 0;
}

/* ---- Its end ------------------------------------------------------------------------------- */

void child_signal(const struct child *child, int signal)
{
    if (child->pid <= 0) {
        return;
    }
    if (child->helper != 0) {
        spawner_signal(child->helper, child->pid, signal);
    } else {
        (void)kill(-child->pid, signal);
    }
}

/* False: it has not ended. */
static bool take_status(const struct child *child, int *ret_status)
{
    if (child->helper != 0) {
        return spawner_status(child->end_fd, ret_status);
    }
    pid_t ended = waitpid(child->pid, ret_status, WNOHANG);
    /* ECHILD: SIGCHLD is ignored, and the system took the status itself. */
    if (ended != child->pid && !(ended < 0 && errno == ECHILD)) {
        return false;
    }
    if (ended < 0) {
        *ret_status = -1;
    }
    return true;
}

bool child_reap(struct child *child, int *ret_status)
{
    int status = -1;

    if (!take_status(child, &status)) {
        return false;
    }
    (void)close(child->end_fd);
    child->pid = 0;
    child->end_fd = -1;
    *ret_status = status;
    return true;
}
