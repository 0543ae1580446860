/* SPDX-License-Identifier: Apache-2.0
 *
 * See program.h for what it is. A call of the owner's may release the program: each is the last thing
 * its caller does. */
#include "program.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../net/errand.h"

enum { READ_SIZE = 64 * 1024 };

static void close_source(struct program *program, struct loop_source *source)
{
    if (source->fd >= 0) {
        loop_remove(program->loop, source);
        (void)close(source->fd);
        source->fd = -1;
    }
}

/* ---- Standard error ------------------------------------------------------------------------ */

static void end_line(struct program *program)
{
    if (program->lines <= PROGRAM_LINES &&
        log_may(&program->limit, "command-says", program->loop->now)) {
        if (program->lines < PROGRAM_LINES) {
            log_info("command-says", "destination=%s says: %.*s", program->name,
                     (int)program->line_len, program->line);
        } else {
            log_info("command-says", "destination=%s (more lines are not shown)", program->name);
        }
    }
    program->lines += program->lines <= PROGRAM_LINES;
    program->line_len = 0;
}

static void take_errors(struct program *program, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            end_line(program);
        } else if (program->line_len < PROGRAM_LINE_MAX) {
            program->line[program->line_len++] = bytes[i];
        }
    }
}

/* One read: a program that says much does not keep the loop. False when there is no more to come. */
static bool read_errors(struct program *program)
{
    char bytes[4096];
    ssize_t got = read(program->errors.fd, bytes, sizeof bytes);

    if (got > 0) {
        take_errors(program, bytes, (size_t)got);
    }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_errors(struct loop_source *source, uint32_t events)
{
    struct program *program = LOOP_OWNER(source, struct program, errors);

    (void)events;
    if (!read_errors(program)) {
        close_source(program, source);
    }
}

/* ---- Output -------------------------------------------------------------------------------- */

hl7_slice program_held(const struct program *program)
{
    return (hl7_slice){program->len == 0 ? "" : (char *)program->memory.ptr + program->start,
                       program->len};
}

void program_consume(struct program *program, size_t n)
{
    assert(n <= program->len);
    program->start += n;
    program->len -= n;
}

/* Moves what is held to the front, so that there is room behind it. */
static bool make_room(struct program *program)
{
    if (program->len > program->most || !memory_grow(&program->memory, program->len + READ_SIZE)) {
        return false;
    }
    if (program->start > 0) {
        memmove(program->memory.ptr, (char *)program->memory.ptr + program->start, program->len);
        program->start = 0;
    }
    return true;
}

/* One read. False when there is nothing more to come, or it is too much. */
static bool read_output(struct program *program, bool *ret_again)
{
    *ret_again = false;
    if (!make_room(program)) {
        program->too_long = true;
        return false;
    }
    ssize_t got = read(program->output.fd, (char *)program->memory.ptr + program->len, READ_SIZE);
    if (got > 0) {
        program->len += (size_t)got;
        program->too_long = program->len > program->most;
        *ret_again = !program->too_long;
        return !program->too_long;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static void on_output(struct loop_source *source, uint32_t events)
{
    struct program *program = LOOP_OWNER(source, struct program, output);
    bool again = false;

    (void)events;
    if (!read_output(program, &again)) {
        close_source(program, source);
        program->output_ended = true;
    } else if (!again) {
        return;
    }
    program->on_output(program);
}

/* ---- Input --------------------------------------------------------------------------------- */

static void watch_input(struct program *program, bool watch)
{
    if (program->input.fd >= 0 && program->watched != watch) {
        loop_change(program->loop, &program->input, watch ? EPOLLOUT : 0);
        program->watched = watch;
    }
}

static void on_input(struct loop_source *source, uint32_t events)
{
    struct program *program = LOOP_OWNER(source, struct program, input);
    hl7_slice *rest = &program->to_write;
    bool waits = program->watched;

    ssize_t put = rest->len == 0 ? 0 : write(source->fd, rest->ptr, rest->len);
    if (put > 0) {
        *rest = hl7_slice_part(*rest, (size_t)put, rest->len);
    }
    if ((put < 0 && errno != EAGAIN && errno != EINTR) ||
        (!waits && (events & (EPOLLERR | EPOLLHUP)) != 0)) {
        /* It closed its input, which may be all right: it says so by its end. */
        program->input_broken = true;
        rest->len = 0;
    }
    if (rest->len > 0) {
        return;
    }
    if (program->end_input || program->input_broken) {
        close_source(program, source);
    } else {
        watch_input(program, false);
    }
    if (waits) {
        program->on_written(program);
    }
}

void program_write(struct program *program, hl7_slice bytes, bool end)
{
    assert(program->running && program->to_write.len == 0);
    program->to_write = bytes;
    program->end_input = end;
    watch_input(program, true);
}

bool program_is_writing(const struct program *program)
{
    return program->to_write.len > 0;
}

void program_allow_lines(struct program *program)
{
    program->lines = 0;
}

/* ---- The end ------------------------------------------------------------------------------- */

static void close_all(struct program *program)
{
    close_source(program, &program->ended);
    close_source(program, &program->input);
    close_source(program, &program->output);
    close_source(program, &program->errors);
    loop_timer_clear(program->loop, &program->kill);
}

/* What is in the pipes when the program has ended. A process it left behind may write on: that ends at
 * the bounds. */
static void read_rest(struct program *program)
{
    bool again = true;

    while (again && program->output.fd >= 0 && read_output(program, &again)) {
    }
    for (int i = 0; i < 16 && program->errors.fd >= 0 && read_errors(program); i++) {
    }
    if (program->line_len > 0) {
        end_line(program);
    }
}

static void on_process_ended(struct loop_source *source, uint32_t events)
{
    struct program *program = LOOP_OWNER(source, struct program, ended);

    (void)events;
    /* The end_fd is closed by child_reap(): no longer watched before that. */
    loop_remove(program->loop, source);
    if (!child_reap(&program->child, &program->status)) {
        bool added = loop_add(program->loop, source);
        assert(added);
        (void)added;
        return;
    }
    source->fd = -1;
    read_rest(program);
    close_all(program);
    program->running = false;
    program->stopping = false;
    program->hangs = false;
    program->on_ended(program);
}

static void on_grace_over(struct loop_timer *timer)
{
    struct program *program = LOOP_OWNER(timer, struct program, kill);

    if (!program->killed) {
        program->killed = true;
        child_signal(&program->child, SIGKILL);
        (void)loop_timer_set(program->loop, timer, PROGRAM_GRACE);
    } else {
        program->hangs = true;
    }
}

void program_stop(struct program *program)
{
    if (!program->running || program->stopping) {
        return;
    }
    program->stopping = true;
    program->to_write = (hl7_slice){NULL, 0};
    close_source(program, &program->input);
    close_source(program, &program->output);
    child_signal(&program->child, SIGTERM);
    if (!loop_timer_set(program->loop, &program->kill, PROGRAM_GRACE)) {
        program->killed = true;
        child_signal(&program->child, SIGKILL);
    }
}

/* ---- A program whose owner has gone -------------------------------------------------------- */

struct farewell {
    struct errand errand;
    struct child child;
};

/* Waits for its end; true when it came. */
static bool wait_for(struct child *child)
{
    struct pollfd end = {.fd = child->end_fd, .events = POLLIN};
    int status = 0;

    return poll(&end, 1, PROGRAM_GRACE) > 0 && child_reap(child, &status);
}

static void say_farewell(struct errand *errand)
{
    struct farewell *farewell = LOOP_OWNER(errand, struct farewell, errand);

    child_signal(&farewell->child, SIGTERM);
    if (!wait_for(&farewell->child)) {
        child_signal(&farewell->child, SIGKILL);
        (void)wait_for(&farewell->child);
    }
}

static void drop_farewell(struct errand *errand)
{
    struct farewell *farewell = LOOP_OWNER(errand, struct farewell, errand);

    if (farewell->child.end_fd >= 0) {
        (void)close(farewell->child.end_fd);
    }
    free(farewell);
}

/* Gives the process to an errand; without one it is killed at once. */
static void part_with(struct program *program)
{
    struct farewell *farewell = calloc(1, sizeof *farewell);

    if (farewell != NULL) {
        farewell->errand = (struct errand){.run = say_farewell, .drop = drop_farewell};
        farewell->child = program->child;
        if (errand_start(&farewell->errand, program->loop)) {
            errand_leave(&farewell->errand);
            return;
        }
        free(farewell);
    }
    child_signal(&program->child, SIGKILL);
    (void)wait_for(&program->child);
}

void program_release(struct program *program)
{
    if (program->running) {
        loop_remove(program->loop, &program->ended);
        program->ended.fd = -1;
        close_all(program);
        part_with(program);
        program->running = false;
    }
    memory_free(&program->memory);
}

/* ---- The start ----------------------------------------------------------------------------- */

/* Puts it under the loop's care; 0 or an errno. */
static int watch(struct program *program)
{
    struct loop_source *sources[] = {&program->ended, &program->input, &program->output,
                                     &program->errors};

    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        if (!loop_add(program->loop, sources[i])) {
            int error = errno;
            while (i-- > 0) {
                loop_remove(program->loop, sources[i]);
            }
            return error;
        }
    }
    return 0;
}

static void abandon(struct program *program)
{
    child_signal(&program->child, SIGKILL);
    (void)close(program->child.input);
    (void)close(program->child.output);
    (void)close(program->child.errors);
    (void)wait_for(&program->child);
}

int program_start(struct program *program, char *const *words, char *const *variables)
{
    const struct child_program what = {.words = words, .variables = variables, .errors = true};
    struct child *child = &program->child;

    assert(!program->running);
    int error = child_start(program->spawner, &what, child);
    if (error != 0) {
        return error;
    }
    program->ended = (struct loop_source){child->end_fd, EPOLLIN, on_process_ended};
    program->input = (struct loop_source){child->input, 0, on_input};
    program->output = (struct loop_source){child->output, EPOLLIN, on_output};
    program->errors = (struct loop_source){child->errors, EPOLLIN, on_errors};
    program->kill = (struct loop_timer){.on_time = on_grace_over};
    error = watch(program);
    if (error != 0) {
        abandon(program);
        return error;
    }
    program->running = true;
    program->stopping = false;
    program->killed = false;
    program->hangs = false;
    program->input_broken = false;
    program->output_ended = false;
    program->too_long = false;
    program->watched = false;
    program->to_write = (hl7_slice){NULL, 0};
    program->start = 0;
    program->len = 0;
    program->line_len = 0;
    program->lines = 0;
    return 0;
}
