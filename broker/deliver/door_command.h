/* SPDX-License-Identifier: Apache-2.0
 *
 * door_command.h - the parts of the door to a program. Private to door_command*.c.
 *
 *     door_command.c         letters, results, time limits, starting and stopping: both modes
 *     door_command_each.c    a program for each letter: its exit status, or its acknowledgement
 *     door_command_stream.c  one program, kept running: MLLP frames in, MLLP frames out
 *
 * A result ends the program unless it is clear that it is well (rule 27), and is given when the program
 * has gone: the next letter never meets two of them. A program that even SIGKILL does not end (it hangs
 * in the system) gives its letter back soon after; letters come back as unreachable until it has
 * gone. */
#ifndef BROKER_DELIVER_DOOR_COMMAND_H
#define BROKER_DELIVER_DOOR_COMMAND_H

#include "../../base/parsing.h"
#include "door.h"
#include "program.h"

struct command_door {
    struct door door;
    struct program program;
    struct loop_timer timer; /* the letter's time limit, or a result that is there: always set */
    struct loop_timer doubt; /* silence that decides a frame in doubt (rule 3) */
    struct door_letter letter;
    bool waiting;              /* a letter waits for its result */
    bool sending;              /* within door_send */
    bool started;              /* the letter went to the program */
    bool stored;               /* CA came for it */
    struct door_result result; /* word NULL: not decided */
    struct parsing parsing;
    struct memory_block frame;
    struct log_limit unasked;
    struct hl7_framer framer;
    size_t junk; /* bytes since the last frame */
};

/* ---- door_command.c ------------------------------------------------------------------------- */

/* Decides the letter's result; it is given when the program, which is told to end, has gone. */
void command_end(struct command_door *door, enum door_outcome outcome, const char *word,
                 const char *format, ...) HL7_FORMAT(4, 5);

/* The same, but the program stays. */
void command_result(struct command_door *door, enum door_outcome outcome, const char *word,
                    const char *format, ...) HL7_FORMAT(4, 5);

/* Reads an acknowledgement. The outcome and word of its MSA-1 and true; false with a sentence when it is
 * none, or one of another message. */
bool command_judge(struct command_door *door, hl7_slice answer, enum hl7_ack_code *ret_code,
                   const char **ret_problem);
enum door_outcome command_outcome(enum hl7_ack_code code);

/* "exit status 3", "signal 11". */
void command_describe_end(int status, char text[40]);

/* Starts the program for the letter. False when the result was decided instead. */
bool command_start(struct command_door *door);

/* Moves the letter's time limit to now and all of its time. */
void command_restart_limit(struct command_door *door);

/* ---- The modes ------------------------------------------------------------------------------ */

/* What a mode does at each moment. `begin` hands the letter to the program, which runs. */
struct command_mode {
    void (*begin)(struct command_door *door);
    void (*on_output)(struct command_door *door);
    void (*on_written)(struct command_door *door);
    /* With a letter that is not decided: decides it. The program has gone. */
    void (*on_ended)(struct command_door *door);
};

extern const struct command_mode command_each;
extern const struct command_mode command_stream;

#endif
