/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs that answer (--exec). Each message starts the program once, without a shell: the message
 * on its standard input, its reply read from its standard output, its standard error ours. A bounded
 * number run at a time; other sessions wait in line, and a session with a program reads no further,
 * so answers keep the order of their messages.
 *
 * Life of a job: started -> input written, output read -> output ended and process gone -> answered.
 * The time limit and a session that goes away end the program's whole process group. A job outlives
 * its session only until its process is reaped. */
#include "listen.h"

#include "../base/child.h"
#include "../base/log.h"
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct listen_job {
    struct listen *listen;
    struct listen_session *session; /* NULL: nobody waits for it any more */
    struct listen_job *next;
    struct loop_source input; /* we write; fd -1 when closed */
    struct loop_source output;
    struct loop_timer limit;
    struct memory_block reply;
    size_t reply_len;
    size_t written;
    pid_t pid; /* 0 when reaped */
    int status;
    bool timed_out;
    bool too_long;
};

static hl7_slice payload_of(const struct listen_session *session)
{
    return hl7_slice_part(session->connection.held, 1, session->job_payload);
}

static void close_source(struct listen_job *job, struct loop_source *source)
{
    if (source->fd >= 0) {
        loop_remove(&job->listen->loop, source);
        (void)close(source->fd);
        source->fd = -1;
    }
}

static void kill_job(const struct listen_job *job)
{
    if (job->pid > 0) {
        (void)kill(-job->pid, SIGKILL);
    }
}

/* ---- The reply ----------------------------------------------------------------------------- */

/* What went wrong, in words; NULL when nothing did. */
static const char *failure(const struct listen_job *job)
{
    if (job->timed_out) {
        return "no reply within --exec-timeout";
    }
    if (job->too_long) {
        return "the reply is longer than --max-message";
    }
    if (!WIFEXITED(job->status)) {
        return "ended by a signal";
    }
    if (WEXITSTATUS(job->status) == 127) {
        return "exit status 127: it could not be started, or says so itself";
    }
    if (WEXITSTATUS(job->status) != 0) {
        return "exit status other than 0";
    }
    return job->reply_len == 0 ? "no reply on its standard output" : NULL;
}

static bool is_blank(hl7_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.ptr[i] != '\r' && bytes.ptr[i] != '\n') {
            return false;
        }
    }
    return true;
}

/* The reply as it goes over the wire: without frame bytes, segments ended by CR. It must be one HL7
 * message or batch, framed or not. */
static hl7_slice clean_reply(struct listen_job *job, struct memory_block *clean)
{
    hl7_slice reply = {job->reply.ptr, job->reply_len};
    struct hl7_framer framer;
    struct hl7_frame frame;
    struct hl7_message message;
    struct hl7_buffer buffer;

    if (reply.ptr[0] == HL7_VT) {
        hl7_framer_init(&framer, reply.len, true);
        if (hl7_framer_next(&framer, reply, &frame) != HL7_FRAME_MESSAGE ||
            !is_blank(hl7_slice_part(reply, frame.consumed, reply.len))) {
            return (hl7_slice){NULL, 0};
        }
        reply = frame.bytes;
    } else if (memchr(reply.ptr, HL7_VT, reply.len) != NULL ||
               memchr(reply.ptr, HL7_FS, reply.len) != NULL) {
        return (hl7_slice){NULL, 0};
    }
    if (!memory_grow(clean, reply.len + 1)) {
        return (hl7_slice){NULL, 0};
    }
    hl7_buffer_init(&buffer, clean->ptr, clean->size);
    source_canonical(reply, &buffer);
    reply = hl7_buffer_slice(&buffer);
    if (!hl7_is_batch(reply) && !parsing_message(&job->listen->parsing, reply, &message, NULL)) {
        return (hl7_slice){NULL, 0};
    }
    return reply;
}

static void answer(struct listen_job *job)
{
    struct listen_session *session = job->session;
    struct memory_block clean = {NULL, 0};
    const char *reason = failure(job);
    hl7_slice reply = {NULL, 0};

    if (reason == NULL) {
        reply = clean_reply(job, &clean);
        reason = "its standard output is not an HL7 message";
    }
    session->job = NULL;
    listen_take_reply(session, payload_of(session), reply, reason);
    memory_free(&clean);
}

/* ---- The life of a job --------------------------------------------------------------------- */

static void start_next(struct listen *listen);

static void finish(struct listen_job *job)
{
    struct listen *listen = job->listen;
    struct listen_session *session = job->session;
    struct listen_job **place = &listen->jobs;

    while (*place != job) {
        place = &(*place)->next;
    }
    *place = job->next;
    listen->job_count--;
    loop_timer_clear(&listen->loop, &job->limit);
    close_source(job, &job->input);
    close_source(job, &job->output);
    if (session != NULL) {
        answer(job);
        listen_session_resume(session);
    }
    memory_free(&job->reply);
    job->next = listen->spare_jobs;
    listen->spare_jobs = job;
    start_next(listen);
}

static void finish_if_done(struct listen_job *job)
{
    if (job->pid == 0 && job->output.fd < 0) {
        finish(job);
    }
}

static void on_input(struct loop_source *source, uint32_t events)
{
    struct listen_job *job = LOOP_OWNER(source, struct listen_job, input);
    hl7_slice payload = job->session == NULL ? (hl7_slice){NULL, 0} : payload_of(job->session);
    hl7_slice rest = hl7_slice_part(payload, job->written, payload.len);

    (void)events;
    ssize_t put = rest.len == 0 ? 0 : write(source->fd, rest.ptr, rest.len);
    if (put > 0) {
        job->written += (size_t)put;
    }
    bool again = put < 0 && (errno == EAGAIN || errno == EINTR);
    /* A program need not read its input: EPIPE is its own business. */
    if ((put < 0 && !again) || job->written >= payload.len) {
        close_source(job, source);
    }
}

/* Reads what is there. False when the output has ended. */
static bool read_output(struct listen_job *job)
{
    const size_t room = 64 * 1024;
    size_t most = (size_t)job->listen->options->max_message;

    for (;;) {
        if (job->reply_len > most || !memory_grow(&job->reply, job->reply_len + room)) {
            job->too_long = true;
            kill_job(job);
            return false;
        }
        ssize_t got = read(job->output.fd, (char *)job->reply.ptr + job->reply_len, room);
        if (got > 0) {
            job->reply_len += (size_t)got;
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            return false;
        } else {
            return true;
        }
    }
}

static void on_output(struct loop_source *source, uint32_t events)
{
    struct listen_job *job = LOOP_OWNER(source, struct listen_job, output);

    (void)events;
    if (!read_output(job)) {
        close_source(job, source);
        finish_if_done(job);
    }
}

static void on_limit(struct loop_timer *timer)
{
    struct listen_job *job = LOOP_OWNER(timer, struct listen_job, limit);

    job->timed_out = true;
    kill_job(job);
    close_source(job, &job->output);
    finish_if_done(job);
}

/* A job whose program has ended since the last look, or NULL. */
static struct listen_job *next_ended(const struct listen *listen)
{
    struct listen_job *job = listen->jobs;

    while (job != NULL && (job->pid <= 0 || waitpid(job->pid, &job->status, WNOHANG) != job->pid)) {
        job = job->next;
    }
    return job;
}

void listen_exec_reap(struct listen *listen)
{
    for (struct listen_job *job = next_ended(listen); job != NULL; job = next_ended(listen)) {
        job->pid = 0;
        /* What it wrote is in the pipe now; a child it left behind may hold the pipe open. */
        if (job->output.fd >= 0) {
            (void)read_output(job);
            close_source(job, &job->output);
        }
        finish(job);
    }
}

/* ---- Starting ------------------------------------------------------------------------------ */

enum { ARGUMENTS = OPTION_LIST_MAX + 2 };

static void collect_arguments(const struct listen_options *options, char *arguments[ARGUMENTS])
{
    size_t count = 0;

    /* posix_spawn does not write to them; its prototype only says so in words. */
    memcpy(&arguments[count++], &options->exec, sizeof options->exec);
    for (size_t i = 0; i < options->exec_arguments.count; i++) {
        memcpy(&arguments[count++], &options->exec_arguments.items[i], sizeof(char *));
    }
    arguments[count] = NULL;
}

/* Starts the program with the two pipe ends as its standard input and output; 0 or an errno. */
static int spawn(struct listen_job *job, int input, int output)
{
    const int descriptors[3] = {input, output, -1};
    char *arguments[ARGUMENTS];

    collect_arguments(job->listen->options, arguments);
    return child_spawn(arguments, environ, descriptors, &job->pid);
}

static void close_pair(const int pair[2])
{
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* Makes the pipes and the process; 0 or an errno. On success the job owns two descriptors. */
static int launch(struct listen_job *job)
{
    int input[2];
    int output[2];

    if (pipe2(input, O_CLOEXEC) != 0) {
        return errno;
    }
    if (pipe2(output, O_CLOEXEC) != 0) {
        int error = errno;
        close_pair(input);
        return error;
    }
    int error = spawn(job, input[0], output[1]);
    if (error != 0) {
        close_pair(input);
        close_pair(output);
        return error;
    }
    (void)close(input[0]);
    (void)close(output[1]);
    (void)fcntl(input[1], F_SETFL, O_NONBLOCK);
    (void)fcntl(output[0], F_SETFL, O_NONBLOCK);
    job->input = (struct loop_source){.fd = input[1], .events = EPOLLOUT, .on_ready = on_input};
    job->output = (struct loop_source){.fd = output[0], .events = EPOLLIN, .on_ready = on_output};
    return 0;
}

/* Puts a launched job under the loop's care; 0 or an errno. */
static int watch(struct listen_job *job)
{
    struct loop *loop = &job->listen->loop;

    if (!loop_add(loop, &job->input)) {
        return errno;
    }
    if (!loop_add(loop, &job->output)) {
        int error = errno;
        loop_remove(loop, &job->input);
        return error;
    }
    job->limit = (struct loop_timer){.on_time = on_limit};
    if (!loop_timer_set(loop, &job->limit, job->listen->options->exec_time)) {
        loop_remove(loop, &job->input);
        loop_remove(loop, &job->output);
        return ENOMEM;
    }
    return 0;
}

static void abandon(struct listen_job *job)
{
    kill_job(job);
    (void)close(job->input.fd);
    (void)close(job->output.fd);
    (void)waitpid(job->pid, NULL, 0);
}

/* A job from those that have ended, or a new one; NULL when memory is short. */
static struct listen_job *take_job(struct listen_session *session)
{
    struct listen *listen = session->listen;
    struct listen_job *job = listen->spare_jobs;

    if (job != NULL) {
        listen->spare_jobs = job->next;
    } else {
        job = malloc(sizeof *job);
    }
    if (job != NULL) {
        *job = (struct listen_job){.listen = listen, .session = session};
    }
    return job;
}

/* Starts the session's program. NULL, or why it could not be started. */
static const char *start(struct listen_session *session)
{
    struct listen *listen = session->listen;
    struct listen_job *job = take_job(session);

    if (job == NULL) {
        return "out of memory";
    }
    int error = launch(job);
    if (error == 0 && (error = watch(job)) != 0) {
        abandon(job);
    }
    if (error != 0) {
        job->next = listen->spare_jobs;
        listen->spare_jobs = job;
        return strerror(error);
    }
    job->next = listen->jobs;
    listen->jobs = job;
    listen->job_count++;
    session->job = job;
    return NULL;
}

/* Starts it, or answers at once that it cannot be. False when the session may go on. */
static bool start_or_fail(struct listen_session *session)
{
    const char *reason = start(session);

    if (reason != NULL) {
        listen_take_reply(session, payload_of(session), (hl7_slice){NULL, 0}, reason);
    }
    return reason == NULL;
}

static void start_next(struct listen *listen)
{
    while (listen->waiting != NULL && listen->job_count < listen->options->exec_max) {
        struct listen_session *session = listen->waiting;
        listen->waiting = session->next_waiting;
        session->waits = false;
        if (!start_or_fail(session)) {
            listen_session_resume(session);
        }
    }
}

bool listen_exec_begin(struct listen_session *session)
{
    struct listen *listen = session->listen;

    /* Those in line go first: a connection with many messages does not keep the others waiting. */
    if (listen->waiting == NULL && listen->job_count < listen->options->exec_max) {
        if (!start_or_fail(session)) {
            return false;
        }
    } else {
        struct listen_session **last = &listen->waiting;
        while (*last != NULL) {
            last = &(*last)->next_waiting;
        }
        *last = session;
        session->next_waiting = NULL;
        session->waits = true;
    }
    connection_pause(&session->connection);
    return true;
}

void listen_exec_forget(struct listen_session *session)
{
    struct listen_session **place = &session->listen->waiting;

    if (session->job != NULL) {
        kill_job(session->job);
        session->job->session = NULL;
        session->job = NULL;
    }
    while (*place != NULL && *place != session) {
        place = &(*place)->next_waiting;
    }
    if (*place == session) {
        *place = session->next_waiting;
    }
}

void listen_exec_release(struct listen *listen)
{
    while (listen->jobs != NULL) {
        struct listen_job *job = listen->jobs;
        listen->jobs = job->next;
        kill_job(job);
        if (job->pid > 0) {
            (void)waitpid(job->pid, NULL, 0);
        }
        loop_timer_clear(&listen->loop, &job->limit);
        close_source(job, &job->input);
        close_source(job, &job->output);
        memory_free(&job->reply);
        free(job);
    }
    while (listen->spare_jobs != NULL) {
        struct listen_job *job = listen->spare_jobs;
        listen->spare_jobs = job->next;
        free(job);
    }
}
