/* SPDX-License-Identifier: Apache-2.0
 *
 * One program for all letters, as if it were a peer: each letter goes into its standard input as an MLLP
 * frame, its acknowledgement comes from its standard output as another. It is started with the first
 * letter, and with the next one after it has ended. What it writes outside of frames is skipped.
 *
 * Rule 27: an acknowledgement that names another message, one that nobody waits for, damage in a frame,
 * or silence until the time limit end the program, so that nothing late is taken for the answer to the
 * next letter. */
#include "door_command.h"

#include <stdio.h>
#include <string.h>

#include "../../base/log.h"

enum { DOUBT = 500 /* milliseconds of silence that decide a frame in doubt (rule 3) */ };

static bool is_awaited(const struct command_door *door)
{
    return door->waiting && door->started && door->result.word == NULL;
}

static void begin(struct command_door *door)
{
    hl7_slice bytes = door->letter.bytes;
    struct hl7_buffer frame;

    if (bytes.len > SIZE_MAX - HL7_FRAME_OVERHEAD ||
        !memory_grow(&door->frame, bytes.len + HL7_FRAME_OVERHEAD)) {
        command_result(door, DOOR_UNREACHABLE, "out-of-memory", "out of memory");
        return;
    }
    hl7_framer_init(&door->framer, (size_t)door->door.to->max_reply, false);
    hl7_buffer_init(&frame, door->frame.ptr, door->frame.size);
    hl7_frame_write(bytes, &frame);
    program_write(&door->program, hl7_buffer_slice(&frame), false);
}

static void on_written(struct command_door *door)
{
    const struct door_letter *letter = &door->letter;

    if (door->program.input_broken) {
        command_end(door, DOOR_CLOSED, "not-read", "the program has closed its input");
    } else if (letter->is_hl7 && !letter->asks_accept && !letter->asks_application) {
        command_result(door, DOOR_ACCEPTED, "sent", "%s", "");
    }
}

/* ---- Answers ------------------------------------------------------------------------------- */

/* Something came that no letter waits for: the program goes, and with it what may follow. */
static void dismiss(struct command_door *door)
{
    if (log_may(&door->unasked, "command-unasked", door->door.loop->now)) {
        log_warning("command-unasked",
                    "destination=%s output that answers no message; it is restarted",
                    door->door.to->name);
    }
    program_stop(&door->program);
}

/* An acknowledgement of the letter. What stands behind it belongs to nobody: that is looked at first,
 * since the next letter may come as soon as this one's result is given. Neither is there another letter
 * for a program that has not read all of this one. */
static void credit(struct command_door *door, enum hl7_ack_code code)
{
    hl7_slice rest = program_held(&door->program);

    if (code == HL7_CA && door->letter.asks_application) {
        door->stored = true;
        door->result.answer = (hl7_slice){NULL, 0}; /* reading on would move its bytes */
        command_restart_limit(door);
        return;
    }
    if (memchr(rest.ptr, HL7_VT, rest.len) != NULL || program_is_writing(&door->program)) {
        dismiss(door);
    }
    command_result(door, command_outcome(code), hl7_ack_code_name(code), "%s", "");
}

/* True when the letter still waits. */
static bool take_answer(struct command_door *door, hl7_slice payload)
{
    enum hl7_ack_code code = HL7_ACK_NONE;
    const char *problem = "";

    door->junk = 0;
    door->result.answer = payload;
    if (!command_judge(door, payload, &code, &problem)) {
        command_end(door, DOOR_UNFRAMED, "not-an-answer", "%s", problem);
        return false;
    }
    bool goes_on = code == HL7_CA && door->letter.asks_application;
    credit(door, code);
    return goes_on;
}

static bool take_broken(struct command_door *door, const struct hl7_frame *frame)
{
    door->result.answer = hl7_slice_part(frame->bytes, 0, (size_t)door->door.to->max_reply);
    command_end(door, DOOR_UNFRAMED, "broken-frame", "%s",
                frame->why == HL7_TOO_LARGE ? "the answer is longer than max-reply"
                                            : "the answer's frame is damaged");
    return false;
}

/* One finding of the framer while a letter waits. True when it still does. */
static bool take_frame(struct command_door *door, enum hl7_frame_kind kind,
                       const struct hl7_frame *frame)
{
    if (kind == HL7_FRAME_BROKEN) {
        return take_broken(door, frame);
    }
    program_consume(&door->program, frame->consumed);
    if (kind == HL7_FRAME_MESSAGE) {
        return take_answer(door, frame->bytes);
    }
    door->junk += frame->consumed;
    if (door->junk > (size_t)door->door.to->max_reply) {
        command_end(door, DOOR_UNFRAMED, "not-an-answer", "the program writes no frames");
        return false;
    }
    return true;
}

/* Output while no letter waits: text outside of frames is nothing, within its bound. */
static void skip_idle(struct command_door *door)
{
    hl7_slice held = program_held(&door->program);

    door->junk += held.len;
    if (memchr(held.ptr, HL7_VT, held.len) != NULL ||
        door->junk > (size_t)door->door.to->max_reply) {
        dismiss(door);
    }
    program_consume(&door->program, held.len);
}

/* The program cannot answer any more, or has not ended though it closed its output. */
static void give_up(struct command_door *door)
{
    if (!is_awaited(door)) {
        program_stop(&door->program);
    } else if (door->stored) {
        command_end(door, DOOR_ACCEPTED, "CA", "the program has closed its output afterwards");
    } else {
        command_end(door, DOOR_CLOSED, "closed", "the program has closed its output");
    }
}

static void on_doubt_over(struct loop_timer *timer)
{
    struct command_door *door = LOOP_OWNER(timer, struct command_door, doubt);
    struct hl7_frame frame;

    if (door->program.output_ended) {
        give_up(door);
    } else if (is_awaited(door) && hl7_framer_end(&door->framer, program_held(&door->program),
                                                  &frame) == HL7_FRAME_MESSAGE) {
        program_consume(&door->program, frame.consumed);
        (void)take_answer(door, frame.bytes);
    }
}

/* Looks for the answer in what is held; `last`: no more will come. False when the letter does not wait any
 * more, and the door may be closed. */
static bool look_for_answer(struct command_door *door, bool last)
{
    enum hl7_frame_kind kind = HL7_FRAME_MORE;
    struct hl7_frame frame;

    do {
        hl7_slice held = program_held(&door->program);
        kind = hl7_framer_next(&door->framer, held, &frame);
        if (kind == HL7_FRAME_MORE && last) {
            kind = hl7_framer_end(&door->framer, held, &frame);
        }
        if (kind != HL7_FRAME_MORE && !take_frame(door, kind, &frame)) {
            return false;
        }
    } while (kind != HL7_FRAME_MORE);
    return true;
}

/* A program that ends closes its output a moment earlier: its end says more, and is waited for. */
static void on_output(struct command_door *door)
{
    struct program *program = &door->program;
    bool waits = is_awaited(door);

    loop_timer_clear(door->door.loop, &door->doubt);
    if (!waits) {
        skip_idle(door);
    } else if (!look_for_answer(door, program->output_ended)) {
        return;
    } else if (program->too_long) {
        command_end(door, DOOR_UNFRAMED, "too-long", "the answer is longer than max-reply");
        return;
    }
    if (!program->stopping &&
        (program->output_ended ||
         (waits && hl7_framer_in_doubt(&door->framer, program_held(program))))) {
        door->doubt.on_time = on_doubt_over;
        if (!loop_timer_set(door->door.loop, &door->doubt, DOUBT)) {
            give_up(door);
        }
    }
}

/* ---- The end ------------------------------------------------------------------------------- */

static void on_ended(struct command_door *door)
{
    int status = door->program.status;
    char text[40];

    /* Its last words may be the answer. */
    if (!look_for_answer(door, true)) {
        return;
    }
    command_describe_end(status, text);
    if (door->stored) {
        command_result(door, DOOR_ACCEPTED, "CA", "the program ended with %s afterwards", text);
    } else {
        command_result(door, DOOR_CLOSED, "ended", "the program ended with %s before an answer",
                       text);
    }
}

const struct command_mode command_stream = {begin, on_output, on_written, on_ended};
