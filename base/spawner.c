/* SPDX-License-Identifier: Apache-2.0
 *
 * Both sides of the helper. A request is a head and texts: the words, then the variables, each ended by
 * NUL. The descriptors that come along are the standard input, output and error of the program, as many
 * as there are, and behind them the pipe for the answer. */
#include "spawner.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    REQUEST_SIZE = 64 * 1024, /* a line of a configuration has a quarter of that */
    WORDS_MAX = 8192,
    VARIABLES_MAX = 64,
    DESCRIPTORS_MAX = 4,
    PROGRAMS_MAX = 4096, /* that run at a time */
    ANSWER_TIME = 10000, /* milliseconds for the helper to start a program */
    LAST_GRACE = 1000    /* between SIGTERM and SIGKILL at the end */
};

enum request_kind { REQUEST_START, REQUEST_SIGNAL, REQUEST_RELOAD };

struct head {
    uint32_t kind;
    int32_t pid;
    int32_t signal;
    uint32_t words;
    uint32_t variables;
    uint8_t whole_environment;
    uint8_t descriptors[3]; /* which of the three come along */
};

struct request {
    struct head head;
    char texts[REQUEST_SIZE];
};

struct answer {
    int32_t error; /* 0: it runs */
    int32_t pid;
};

/* ---- The asking side ------------------------------------------------------------------------ */

static bool add_texts(struct request *request, size_t *used, char *const *texts, uint32_t *count)
{
    for (; *texts != NULL; texts++, ++*count) {
        size_t len = strlen(*texts) + 1;

        if (len > sizeof request->texts - *used) {
            return false;
        }
        memcpy(request->texts + *used, *texts, len);
        *used += len;
    }
    return true;
}

/* 0 or an errno; EPIPE when nobody takes it. */
static int send_request(int helper, const struct head *request, size_t len, const int *descriptors,
                        size_t count)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
        struct cmsghdr aligned;
    } control = {.bytes = {0}};
    union {
        const void *given;
        void *wanted;
    } base = {.given = request};
    /* sendmsg() only reads it. */
    struct iovec part = {.iov_base = base.wanted, .iov_len = len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        assert(head != NULL);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * count);
        memcpy(CMSG_DATA(head), descriptors, sizeof(int) * count);
    }
    ssize_t sent = 0;
    do {
        sent = sendmsg(helper, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent >= 0 ? 0 : errno == ECONNRESET || errno == ENOTCONN ? EPIPE : errno;
}

/* Waits for the first word of the helper about a start. */
static int read_answer(int fd, pid_t *ret_pid)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    struct answer answer;

    if (poll(&ready, 1, ANSWER_TIME) <= 0) {
        return ETIMEDOUT;
    }
    if (read(fd, &answer, sizeof answer) != (ssize_t)sizeof answer) {
        return EPIPE;
    }
    *ret_pid = answer.pid;
    return answer.error;
}

static int ask_to_start(const struct spawner *spawner, struct request *request,
                        const struct child_program *program, const int theirs[3], int answer_fd)
{
    int descriptors[DESCRIPTORS_MAX];
    size_t count = 0;
    size_t used = 0;

    request->head =
        (struct head){.kind = REQUEST_START, .whole_environment = program->whole_environment};
    if (!add_texts(request, &used, program->words, &request->head.words) ||
        !add_texts(request, &used, program->variables, &request->head.variables)) {
        return E2BIG;
    }
    for (size_t i = 0; i < 3; i++) {
        if (theirs[i] >= 0) {
            request->head.descriptors[i] = 1;
            descriptors[count++] = theirs[i];
        }
    }
    descriptors[count++] = answer_fd;
    return send_request(spawner->fd, &request->head, sizeof request->head + used, descriptors,
                        count);
}

int spawner_start(const struct spawner *spawner, const struct child_program *program,
                  const int theirs[3], pid_t *ret_pid, int *ret_end_fd)
{
    struct request *request = malloc(sizeof *request);
    int ends[2] = {-1, -1};
    pid_t pid = 0;
    int error = request == NULL ? ENOMEM : pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 ? errno : 0;

    if (error == 0) {
        error = ask_to_start(spawner, request, program, theirs, ends[1]);
        (void)close(ends[1]);
    }
    free(request);
    if (error == 0) {
        error = read_answer(ends[0], &pid);
    }
    if (error != 0) {
        if (ends[0] >= 0) {
            (void)close(ends[0]);
        }
        return error;
    }
    *ret_pid = pid;
    *ret_end_fd = ends[0];
    return 0;
}

void spawner_signal(int helper, pid_t pid, int signal)
{
    const struct head head = {.kind = REQUEST_SIGNAL, .pid = pid, .signal = signal};

    (void)send_request(helper, &head, sizeof head, NULL,
                       0); /* without a helper there is no program */
}

void spawner_reload(const struct spawner *spawner)
{
    const struct head head = {.kind = REQUEST_RELOAD};

    (void)send_request(spawner->fd, &head, sizeof head, NULL, 0);
}

bool spawner_status(int end_fd, int *ret_status)
{
    int32_t status = -1;
    ssize_t got = read(end_fd, &status, sizeof status);

    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    *ret_status = got == (ssize_t)sizeof status ? status : -1;
    return true;
}

void spawner_close(struct spawner *spawner)
{
    if (spawner->fd >= 0) {
        (void)close(spawner->fd);
        spawner->fd = -1;
        (void)waitpid(spawner->pid, NULL, 0);
    }
}

/* ---- The helper: its programs --------------------------------------------------------------- */

struct running {
    pid_t pid;
    int answer; /* where its status goes */
};

struct helper {
    const struct spawner_rules *rules;
    int requests;
    int signals;
    struct request request;
    struct running programs[PROGRAMS_MAX];
    size_t count;
};

static void tell(int fd, const void *bytes, size_t len)
{
    ssize_t written = write(fd, bytes, len);

    (void)written; /* a pipe that is empty has room; one that nobody reads may be lost */
}

static void reap(struct helper *helper)
{
    int status = 0;
    pid_t pid = 0;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < helper->count; i++) {
            if (helper->programs[i].pid == pid) {
                const int32_t told = status;

                tell(helper->programs[i].answer, &told, sizeof told);
                (void)close(helper->programs[i].answer);
                helper->programs[i] = helper->programs[--helper->count];
                break;
            }
        }
    }
}

static void signal_all(const struct helper *helper, int signal)
{
    for (size_t i = 0; i < helper->count; i++) {
        (void)kill(-helper->programs[i].pid, signal);
    }
}

/* The other side is gone. */
static void end_programs(struct helper *helper)
{
    const struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};

    signal_all(helper, SIGTERM);
    for (int waited = 0; helper->count > 0 && waited < LAST_GRACE; waited += 10) {
        (void)nanosleep(&pause, NULL);
        reap(helper);
    }
    signal_all(helper, SIGKILL);
}

/* ---- The helper: requests ------------------------------------------------------------------- */

/* Texts that end within the request, as an array that ends with NULL. */
static bool take_texts(char **at, const char *end, uint32_t count, char **ret_texts, uint32_t most)
{
    if (count >= most) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        char *nul = memchr(*at, '\0', (size_t)(end - *at));

        if (nul == NULL) {
            return false;
        }
        ret_texts[i] = *at;
        *at = nul + 1;
    }
    ret_texts[count] = NULL;
    return true;
}

/* Only what the program is told about its message: nothing that a loader or a shell looks at. */
static bool are_ours(char *const *variables)
{
    static const char prefix[] = "ORDERLY_";

    for (; *variables != NULL; variables++) {
        if (strncmp(*variables, prefix, sizeof prefix - 1) != 0) {
            return false;
        }
    }
    return true;
}

/* Spawns it, its descriptors in their places. 0 or an errno. */
static int spawn(struct helper *helper, char **words, char **variables, const int *descriptors,
                 pid_t *ret_pid)
{
    int theirs[3] = {-1, -1, -1};
    size_t next = 0;

    if (words[0] == NULL || !are_ours(variables) ||
        !helper->rules->allows(helper->rules->context, words)) {
        return EPERM;
    }
    for (size_t i = 0; i < 3; i++) {
        theirs[i] = helper->request.head.descriptors[i] != 0 ? descriptors[next++] : -1;
    }
    if (helper->count == PROGRAMS_MAX) {
        return EAGAIN;
    }
    char **environment = child_environment(helper->request.head.whole_environment != 0, variables);
    int error = environment == NULL ? ENOMEM : child_spawn(words, environment, theirs, ret_pid);
    free(environment);
    return error;
}

/* `fd` is the pipe for the answer. True when it is kept for the status. */
static bool start_program(struct helper *helper, size_t len, const int *descriptors, int fd)
{
    static char *words[WORDS_MAX];
    static char *variables[VARIABLES_MAX];
    char *at = helper->request.texts;
    const char *end = at + len;
    struct answer answer = {.error = EINVAL};
    pid_t pid = 0;

    if (take_texts(&at, end, helper->request.head.words, words, WORDS_MAX) &&
        take_texts(&at, end, helper->request.head.variables, variables, VARIABLES_MAX)) {
        answer.error = spawn(helper, words, variables, descriptors, &pid);
    }
    answer.pid = pid;
    if (answer.error == 0) {
        helper->programs[helper->count++] = (struct running){pid, fd};
    }
    tell(fd, &answer, sizeof answer);
    return answer.error == 0;
}

static void signal_program(const struct helper *helper)
{
    for (size_t i = 0; i < helper->count; i++) {
        if (helper->programs[i].pid == helper->request.head.pid) {
            (void)kill(-helper->programs[i].pid, helper->request.head.signal);
        }
    }
}

/* How many of the three descriptors a start says it brings. */
static size_t wanted_descriptors(const struct head *head)
{
    return (size_t)(head->descriptors[0] != 0) + (size_t)(head->descriptors[1] != 0) +
           (size_t)(head->descriptors[2] != 0);
}

static void serve(struct helper *helper, size_t len, const int *descriptors, size_t count)
{
    bool kept = false;

    if (len >= sizeof helper->request.head) {
        const struct head *head = &helper->request.head;

        if (head->kind == REQUEST_START && count == wanted_descriptors(head) + 1) {
            kept = start_program(helper, len - sizeof *head, descriptors, descriptors[count - 1]);
        } else if (head->kind == REQUEST_SIGNAL) {
            signal_program(helper);
        } else if (head->kind == REQUEST_RELOAD && helper->rules->reload != NULL) {
            helper->rules->reload(helper->rules->context);
        }
    }
    for (size_t i = 0; i < count - (kept ? 1 : 0); i++) {
        (void)close(descriptors[i]);
    }
}

/* One request. False when the other side is gone. */
static bool take_request(struct helper *helper)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int) * DESCRIPTORS_MAX)];
        struct cmsghdr aligned;
    } control;
    struct iovec part = {&helper->request, sizeof helper->request};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    int descriptors[DESCRIPTORS_MAX];
    size_t count = 0;

    ssize_t got = recvmsg(helper->requests, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0) {
        return got < 0 && (errno == EINTR || errno == EAGAIN);
    }
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
        count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(descriptors, CMSG_DATA(head), count * sizeof(int));
    }
    serve(helper, (size_t)got, descriptors, count);
    return true;
}

/* ---- The helper: its life ------------------------------------------------------------------- */

/* Programs that end wake it; signals that are meant for the other side do not reach it: it goes when
 * that has gone. Programs start with no signal blocked. */
static int watch_signals(void)
{
    sigset_t ignored;
    sigset_t children;

    (void)sigfillset(&ignored);
    (void)sigprocmask(SIG_SETMASK, &ignored, NULL);
    (void)sigemptyset(&children);
    (void)sigaddset(&children, SIGCHLD);
    return signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void forget_signals(int fd)
{
    struct signalfd_siginfo info;

    while (read(fd, &info, sizeof info) > 0) {
    }
}

_Noreturn static void help(int fd, const struct spawner_rules *rules)
{
    struct helper *helper = calloc(1, sizeof *helper);
    bool going = helper != NULL;

    if (going) {
        helper->rules = rules;
        helper->requests = fd;
        helper->signals = watch_signals();
        going = helper->signals >= 0;
    }
    while (going) {
        struct pollfd ready[] = {{.fd = fd, .events = POLLIN},
                                 {.fd = helper->signals, .events = POLLIN}};

        going = poll(ready, 2, -1) >= 0 || errno == EINTR;
        if (ready[1].revents != 0) {
            forget_signals(helper->signals);
            reap(helper);
        }
        going = going && (ready[0].revents == 0 || take_request(helper));
    }
    if (helper != NULL) {
        end_programs(helper);
    }
    _exit(0);
}

int spawner_open(struct spawner *spawner, const struct spawner_rules *rules)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return errno;
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        (void)prctl(PR_SET_NAME, "orderly-spawn");
        help(ends[1], rules);
    }
    int error = pid < 0 ? errno : 0;
    (void)close(ends[1]);
    if (error != 0) {
        (void)close(ends[0]);
        return error;
    }
    *spawner = (struct spawner){.fd = ends[0], .pid = pid};
    return 0;
}
