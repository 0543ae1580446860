/* SPDX-License-Identifier: Apache-2.0
 *
 * A program for each letter. Its standard input is the letter and then ends; it need not read it. Its exit
 * status is the result: 0 accepted, 1 an error, 2 rejected, anything else as if the connection had
 * ended. An acknowledgement on its standard output - of this letter, framed or not - says it more
 * precisely and counts instead of these three. */
#include "door_command.h"

#include <stdio.h>
#include <sys/wait.h>

static void begin(struct command_door *door)
{
    program_write(&door->program, door->letter.bytes, true);
}

static void on_written(struct command_door *door)
{
    (void)door; /* what counts is how it ends */
}

static void on_output(struct command_door *door)
{
    if (door->program.too_long && door->waiting && door->result.word == NULL) {
        command_end(door, DOOR_UNFRAMED, "too-long", "the answer is longer than max-reply");
    }
}

/* The output without frame bytes, if it is one frame. */
static hl7_slice unframed(struct command_door *door)
{
    hl7_slice held = program_held(&door->program);
    struct hl7_frame frame;

    if (held.len == 0 || held.ptr[0] != HL7_VT) {
        return held;
    }
    enum hl7_frame_kind kind = hl7_framer_next(&door->framer, held, &frame);
    if (kind == HL7_FRAME_MORE) {
        kind = hl7_framer_end(&door->framer, held, &frame);
    }
    return kind == HL7_FRAME_MESSAGE ? frame.bytes : held;
}

/* The output is a message that says it acknowledges something: it has an MSA. */
static bool is_acknowledgement(struct command_door *door, hl7_slice answer)
{
    struct hl7_message reply;

    return hl7_slice_starts(answer, HL7_TEXT("MSH")) &&
           parsing_message(&door->parsing, answer, &reply, NULL) &&
           hl7_message_find(&reply, HL7_TEXT("MSA"), 1) != HL7_NONE;
}

static void judge_answer(struct command_door *door, hl7_slice answer)
{
    enum hl7_ack_code code = HL7_ACK_NONE;
    const char *problem = "";

    if (command_judge(door, answer, &code, &problem)) {
        command_result(door, command_outcome(code), hl7_ack_code_name(code), "%s", "");
    } else {
        command_result(door, DOOR_UNFRAMED, "not-an-answer", "%s", problem);
    }
}

static void on_ended(struct command_door *door)
{
    static const struct {
        enum door_outcome outcome;
        const char *word;
        const char *reason;
    } results[] = {
        {DOOR_ACCEPTED, "exit-0", ""},
        {DOOR_ERROR, "exit-1", "the program ended with exit status 1"},
        {DOOR_REJECTED, "exit-2", "the program ended with exit status 2"},
    };
    const size_t count = sizeof results / sizeof results[0];
    int status = door->program.status;
    hl7_slice answer = unframed(door);
    char text[40];

    if (answer.len > 0) {
        door->result.answer = answer;
    }
    if (door->program.too_long) {
        command_result(door, DOOR_UNFRAMED, "too-long", "the answer is longer than max-reply");
    } else if (status == -1 || !WIFEXITED(status) || (size_t)WEXITSTATUS(status) >= count) {
        command_describe_end(status, text);
        command_result(door, DOOR_CLOSED, "ended", "the program ended with %s", text);
    } else if (is_acknowledgement(door, answer)) {
        judge_answer(door, answer);
    } else {
        size_t i = (size_t)WEXITSTATUS(status);
        command_result(door, results[i].outcome, results[i].word, "%s", results[i].reason);
    }
}

const struct command_mode command_each = {begin, on_output, on_written, on_ended};
