/* SPDX-License-Identifier: Apache-2.0 */
#include "door_command.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum {
    /* What a program that was told to end may take: SIGTERM, SIGKILL, and the system's own work. */
    LAST_WAIT = 2 * PROGRAM_GRACE,
    VARIABLES_MAX = 16,
    VARIABLE_SIZE = 256
};

static struct command_door *of(struct door *door)
{
    return LOOP_OWNER(door, struct command_door, door);
}

static const struct command_mode *mode_of(const struct command_door *door)
{
    return door->door.to->command_mode == CONFIG_COMMAND_STREAM ? &command_stream : &command_each;
}

/* ---- Results ------------------------------------------------------------------------------- */

/* The timer has its place in the loop already, so this cannot fail. */
static void set_timer(struct command_door *door, uint64_t delay)
{
    bool set = loop_timer_set(door->door.loop, &door->timer, delay);

    assert(set);
    (void)set;
}

/* The door may be closed when this returns. */
static void give_result(struct command_door *door)
{
    struct door_result result = door->result;

    set_timer(door, UINT64_MAX);
    door->waiting = false;
    door->door.on_result(&door->door, &result);
}

/* A result is there: gives it, unless the program has to go first, or this is within door_send. */
static void settle(struct command_door *door)
{
    if (door->program.stopping) {
        set_timer(door, LAST_WAIT);
    } else if (door->sending) {
        set_timer(door, 0);
    } else {
        give_result(door);
    }
}

static void decide(struct command_door *door, enum door_outcome outcome, const char *word,
                   const char *format, va_list arguments) HL7_FORMAT(4, 0);

static void decide(struct command_door *door, enum door_outcome outcome, const char *word,
                   const char *format, va_list arguments)
{
    hl7_slice answer = door->result.answer;

    assert(door->waiting && door->result.word == NULL);
    door->result = (struct door_result){.outcome = outcome, .word = word, .answer = answer};
    (void)vsnprintf(door->result.reason, sizeof door->result.reason, format, arguments);
    loop_timer_clear(door->door.loop, &door->doubt);
}

void command_result(struct command_door *door, enum door_outcome outcome, const char *word,
                    const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    decide(door, outcome, word, format, arguments);
    va_end(arguments);
    settle(door);
}

void command_end(struct command_door *door, enum door_outcome outcome, const char *word,
                 const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    decide(door, outcome, word, format, arguments);
    va_end(arguments);
    program_stop(&door->program);
    settle(door);
}

/* A result that could not be given at once, the time limit, or neither: the timer that is far away. */
static void on_time(struct loop_timer *timer)
{
    struct command_door *door = LOOP_OWNER(timer, struct command_door, timer);

    set_timer(door, UINT64_MAX);
    if (!door->waiting) {
        return;
    }
    if (door->result.word != NULL) {
        give_result(door);
    } else if (door->stored) {
        command_end(door, DOOR_ACCEPTED, "CA", "no second acknowledgement came in time");
    } else {
        command_end(door, DOOR_TIMEOUT, "timeout", "the program did not answer in time");
    }
}

void command_restart_limit(struct command_door *door)
{
    set_timer(door, (uint64_t)door->door.to->timeout);
}

void command_describe_end(int status, char text[40])
{
    if (status != -1 && WIFEXITED(status)) {
        (void)snprintf(text, 40, "exit status %d", WEXITSTATUS(status));
    } else if (status != -1 && WIFSIGNALED(status)) {
        (void)snprintf(text, 40, "signal %d", WTERMSIG(status));
    } else {
        (void)snprintf(text, 40, "a status nobody knows");
    }
}

/* ---- Acknowledgements ---------------------------------------------------------------------- */

bool command_judge(struct command_door *door, hl7_slice answer, enum hl7_ack_code *ret_code,
                   const char **ret_problem)
{
    struct hl7_message reply;

    if (!parsing_message(&door->parsing, answer, &reply, NULL)) {
        *ret_problem = "the answer is no HL7 message";
        return false;
    }
    struct hl7_answer says = hl7_answer_read(&reply);
    if (says.code == HL7_ACK_NONE) {
        *ret_problem = "the answer has no acknowledgement code in MSA-1";
        return false;
    }
    if (door->letter.control_id.len > 0 && !hl7_answer_matches(&says, door->letter.control_id)) {
        *ret_problem = "the answer names another message (MSA-2 is not the MSH-10 sent)";
        return false;
    }
    *ret_code = says.code;
    return true;
}

enum door_outcome command_outcome(enum hl7_ack_code code)
{
    static const enum door_outcome outcomes[] = {
        [HL7_AA] = DOOR_ACCEPTED, [HL7_AE] = DOOR_ERROR, [HL7_AR] = DOOR_REJECTED,
        [HL7_CA] = DOOR_ACCEPTED, [HL7_CE] = DOOR_ERROR, [HL7_CR] = DOOR_REJECTED,
    };

    return outcomes[code];
}

/* ---- Starting ------------------------------------------------------------------------------ */

/* What a program finds in its environment beside what any program does. */
struct environment {
    char *variables[VARIABLES_MAX];
    size_t count;
    size_t used;
    char memory[4096];
};

/* Adds NAME=VALUE; one that does not fit is left out. */
static void add_variable(struct environment *environment, const char *name, hl7_slice value)
{
    char *place = environment->memory + environment->used;
    size_t room = sizeof environment->memory - environment->used;

    if (value.len >= room || environment->count + 1 >= VARIABLES_MAX) {
        return;
    }
    int len =
        snprintf(place, room, "%s=%.*s", name, (int)value.len, value.len == 0 ? "" : value.ptr);
    if (len < 0 || (size_t)len >= room) {
        return;
    }
    environment->variables[environment->count++] = place;
    environment->variables[environment->count] = NULL;
    environment->used += (size_t)len + 1;
}

/* What the letter is about; never what a message says: the program has the message itself for that. */
static void make_environment(const struct command_door *door, struct environment *environment)
{
    const struct door_letter *letter = &door->letter;
    char id[24];

    environment->count = 0;
    environment->used = 0;
    add_variable(environment, "ORDERLY_DESTINATION", hl7_slice_of(door->door.to->name));
    add_variable(environment, "ORDERLY_ROUTE", letter->route);
    if (door->door.to->command_mode == CONFIG_COMMAND_EACH) {
        (void)snprintf(id, sizeof id, "%" PRId64, letter->id);
        add_variable(environment, "ORDERLY_LISTENER", letter->listener);
        add_variable(environment, "ORDERLY_MESSAGE", hl7_slice_of(id));
    }
}

bool command_start(struct command_door *door)
{
    const struct config_destination *to = door->door.to;
    struct environment environment;

    make_environment(door, &environment);
    door->program.loop = door->door.loop;
    door->program.spawner = door->door.spawner;
    door->program.name = to->name;
    /* A frame may be as long as the longest answer, and its bytes. */
    door->program.most = (size_t)to->max_reply + HL7_FRAME_OVERHEAD;
    door->junk = 0;
    hl7_framer_init(&door->framer, (size_t)to->max_reply, false);
    int error = program_start(&door->program, to->command.words, environment.variables);
    if (error != 0) {
        command_result(door, DOOR_UNREACHABLE, "not-started", "cannot start the program: %s",
                       strerror(error));
    }
    return error == 0;
}

/* ---- What the program does ----------------------------------------------------------------- */

static struct command_door *door_of(struct program *program)
{
    return LOOP_OWNER(program, struct command_door, program);
}

static void on_output(struct program *program)
{
    struct command_door *door = door_of(program);

    mode_of(door)->on_output(door);
}

static void on_written(struct program *program)
{
    struct command_door *door = door_of(program);

    if (door->waiting && door->result.word == NULL) {
        mode_of(door)->on_written(door);
    }
}

/* A letter that came while an old program was ending has not begun. */
static void on_ended(struct program *program)
{
    struct command_door *door = door_of(program);

    loop_timer_clear(door->door.loop, &door->doubt);
    if (!door->waiting) {
        return;
    }
    if (door->result.word != NULL) {
        give_result(door);
    } else if (door->started) {
        mode_of(door)->on_ended(door);
    } else if (command_start(door)) {
        door->started = true;
        mode_of(door)->begin(door);
    }
}

/* ---- Letters ------------------------------------------------------------------------------- */

static void take_letter(struct command_door *door)
{
    struct program *program = &door->program;
    bool fresh = !program->running;

    set_timer(door, (uint64_t)door->door.to->timeout);
    if (program->input_broken || program->output_ended) {
        program_stop(program); /* no good for another letter */
    }
    if (program->hangs) {
        command_result(door, DOOR_UNREACHABLE, "hangs", "the last program cannot be ended");
    } else if (!program->stopping && (!fresh || command_start(door))) {
        door->started = true;
        program_allow_lines(program);
        mode_of(door)->begin(door);
    }
}

static void send_letter(struct door *base, const struct door_letter *letter)
{
    struct command_door *door = of(base);

    assert(!door->waiting);
    door->letter = *letter;
    door->waiting = true;
    door->started = false;
    door->stored = false;
    door->result = (struct door_result){.word = NULL};
    door->sending = true;
    take_letter(door);
    door->sending = false;
}

/* ---- Life ---------------------------------------------------------------------------------- */

static struct door *open_door(struct loop *loop, const struct config_destination *to)
{
    struct command_door *door = calloc(1, sizeof *door);

    (void)to; /* everything of it is read when a letter is sent */
    if (door == NULL) {
        return NULL;
    }
    door->timer.on_time = on_time;
    door->program.on_output = on_output;
    door->program.on_written = on_written;
    door->program.on_ended = on_ended;
    if (!loop_timer_set(loop, &door->timer, UINT64_MAX)) {
        free(door);
        return NULL;
    }
    return &door->door;
}

static void close_door(struct door *base)
{
    struct command_door *door = of(base);

    loop_timer_clear(base->loop, &door->timer);
    loop_timer_clear(base->loop, &door->doubt);
    program_release(&door->program);
    parsing_free(&door->parsing);
    memory_free(&door->frame);
    free(door);
}

const struct door_kind door_command = {
    .name = "command",
    .open = open_door,
    .send = send_letter,
    .adopt = NULL,
    .close = close_door,
};
