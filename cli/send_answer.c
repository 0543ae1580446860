/* SPDX-License-Identifier: Apache-2.0
 *
 * send_answer.c - reading replies.
 *
 * A batch is answered by a batch of acknowledgements. Both are walked side by side: an
 * acknowledgement is first looked for behind the message that was named last, then from the start,
 * so that answers in order cost one pass. A message named twice or never, and an acknowledgement
 * that names none, are a mismatch.
 */
#include "send_answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void send_answer_release(struct send_answer_reader *reader)
{
    memory_free(&reader->memory);
    memory_free(&reader->batch);
    memory_free(&reader->seen);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static bool block_index(struct memory_block *block, hl7_slice bytes, struct hl7_message *ret_index,
                        struct hl7_error *error)
{
    struct hl7_arena arena;

    error->code = HL7_NO_MEMORY;
    if (!memory_grow(block, hl7_message_memory(bytes))) {
        return false;
    }
    hl7_arena_init(&arena, block->ptr, block->size);
    return hl7_message_parse(bytes, &arena, ret_index, error) == HL7_OK;
}

static bool part_index(struct send_answer_reader *reader, hl7_slice part,
                       struct hl7_message *ret_index)
{
    struct hl7_error ignored;

    return block_index(&reader->batch, part, ret_index, &ignored);
}

static bool has_msa(const struct hl7_message *index)
{
    return hl7_message_find(index, HL7_TEXT("MSA"), 1) != HL7_NONE;
}

static const char *describe_message(struct send_answer_reader *reader,
                                    const struct hl7_message *index)
{
    hl7_slice type = hl7_message_at(index, "MSH-9");
    char memory[4 * 40];
    struct hl7_buffer text;

    if (type.len == 0) {
        return "it has no MSA segment";
    }
    hl7_buffer_init(&text, memory, sizeof memory);
    send_escape(hl7_slice_part(type, 0, 40), &text);
    (void)snprintf(reader->detail, sizeof reader->detail,
                   "it is a message of type %.*s without an MSA segment", (int)text.len, text.ptr);
    return reader->detail;
}

bool send_answer_read(struct send_answer_reader *reader, hl7_slice payload,
                      struct send_answer *ret_answer)
{
    struct send_answer answer = {.payload = payload, .is_batch = hl7_is_batch(payload)};
    struct hl7_error flaw = {.code = HL7_OK};

    if (answer.is_batch) {
        answer.is_ack = true;
    } else if (block_index(&reader->memory, payload, &answer.index, &flaw)) {
        answer.is_hl7 = true;
        answer.is_ack = has_msa(&answer.index);
        answer.says = hl7_answer_read(&answer.index);
        answer.detail = answer.is_ack ? NULL : describe_message(reader, &answer.index);
    } else if (flaw.code == HL7_NO_MEMORY) {
        return false;
    } else if (payload.len == 0) {
        answer.detail = "its frame is empty";
    } else {
        (void)snprintf(reader->detail, sizeof reader->detail,
                       "it cannot be read as HL7 (at byte %zu: %.180s)", flaw.position, flaw.text);
        answer.detail = reader->detail;
    }
    *ret_answer = answer;
    return true;
}

/* ---- Batches -------------------------------------------------------------------------------- */

/* Walks the messages of a batch, again and again. */
struct walk {
    hl7_slice bytes;
    struct hl7_batch at;
    size_t number; /* of the message that comes next, from 0 */
};

static void walk_start(struct walk *walk, hl7_slice bytes)
{
    walk->bytes = bytes;
    walk->number = 0;
    hl7_batch_init(&walk->at, bytes);
}

static bool walk_next(struct walk *walk, hl7_slice *ret_message)
{
    struct hl7_batch_part part;

    while (hl7_batch_next(&walk->at, &part) != HL7_BATCH_END) {
        if (part.kind == HL7_BATCH_MESSAGE) {
            walk->number++;
            *ret_message = part.bytes;
            return true;
        }
    }
    return false;
}

/* MSH-10 of a message, without indexing all of it. */
static hl7_slice control_id_of(hl7_slice message)
{
    const char *end = memchr(message.ptr, '\r', message.len);
    hl7_slice line = {message.ptr, end == NULL ? message.len : (size_t)(end - message.ptr)};

    return line.len < 4 ? (hl7_slice){NULL, 0} : hl7_piece(line, line.ptr[3], 10);
}

/* Moves the walk behind the next message with this id that was not seen yet: from where it stands
 * to the end, then from the start. Marks it as seen. False when there is none. */
static bool walk_claim(struct walk *walk, hl7_slice control_id, char *seen)
{
    for (int round = 0; round < 2; round++) {
        hl7_slice message;

        while (walk_next(walk, &message)) {
            if (seen[walk->number - 1] == 0 &&
                hl7_slice_equal(control_id_of(message), control_id)) {
                seen[walk->number - 1] = 1;
                return true;
            }
        }
        walk_start(walk, walk->bytes);
    }
    return false;
}

static bool walk_holds(struct walk *walk, hl7_slice control_id)
{
    hl7_slice message;

    while (walk_next(walk, &message)) {
        if (hl7_slice_equal(control_id_of(message), control_id)) {
            return true;
        }
    }
    return false;
}

/* ---- Answers to batches --------------------------------------------------------------------- */

static void count_code(enum hl7_ack_code code, struct send_verdict *verdict)
{
    verdict->accepted += code == HL7_AA || code == HL7_CA;
    verdict->errors += code == HL7_AE || code == HL7_CE;
    verdict->rejected += code == HL7_AR || code == HL7_CR;
}

/* The worst of what the acknowledgements say. */
static void sum_up(struct send_verdict *verdict)
{
    verdict->code = verdict->rejected > 0 ? HL7_AR : verdict->errors > 0 ? HL7_AE : HL7_AA;
    verdict->outcome = verdict->rejected > 0 ? SEND_REJECTED
                       : verdict->errors > 0 ? SEND_ERROR
                                             : SEND_ACCEPTED;
    verdict->code_text = hl7_slice_of(hl7_ack_code_name(verdict->code));
}

static void mismatch(struct send_answer_reader *reader, struct send_verdict *verdict,
                     const char *format, ...) HL7_FORMAT(3, 4);

static void mismatch(struct send_answer_reader *reader, struct send_verdict *verdict,
                     const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(reader->detail, sizeof reader->detail, format, arguments);
    va_end(arguments);
    verdict->outcome = SEND_BATCH_MISMATCH;
    verdict->detail = reader->detail;
}

/* Reads each acknowledgement of the answer against the messages sent. */
static void judge_acks(struct send_answer_reader *reader, const struct send_answer *answer,
                       const struct send_message *message, struct send_verdict *verdict)
{
    struct walk sent;
    struct walk acks;
    hl7_slice part;

    memset(reader->seen.ptr, 0, message->messages);
    walk_start(&sent, send_message_payload(message));
    walk_start(&acks, answer->payload);
    while (walk_next(&acks, &part)) {
        struct hl7_message index;
        struct hl7_answer says = {.code = HL7_ACK_NONE};

        if (part_index(reader, part, &index)) {
            says = hl7_answer_read(&index);
        }
        if (says.code == HL7_ACK_NONE) {
            mismatch(reader, verdict, "its acknowledgement number %zu has no known code in MSA-1",
                     acks.number);
            return;
        }
        if (!walk_claim(&sent, says.control_id, reader->seen.ptr)) {
            mismatch(reader, verdict,
                     "its acknowledgement number %zu names no message of the batch that is not "
                     "acknowledged already",
                     acks.number);
            return;
        }
        count_code(says.code, verdict);
    }
    if (acks.number != message->messages) {
        mismatch(reader, verdict, "it holds %zu acknowledgements, the batch holds %zu messages",
                 acks.number, message->messages);
        return;
    }
    sum_up(verdict);
}

static void judge_batch(struct send_answer_reader *reader, const struct send_answer *answer,
                        const struct send_message *message, struct send_verdict *verdict)
{
    struct hl7_error flaw;
    size_t count;

    if (hl7_batch_check(answer->payload, &count, &flaw) != HL7_OK) {
        mismatch(reader, verdict, "at its byte %zu: %.180s", flaw.position, flaw.text);
    } else if (!memory_grow(&reader->seen, message->messages + 1)) {
        mismatch(reader, verdict, "out of memory");
    } else {
        judge_acks(reader, answer, message, verdict);
    }
}

/* Is one of the batch's messages named by the first acknowledgement of the answer? */
static bool batch_names(struct send_answer_reader *reader, const struct send_answer *answer,
                        const struct send_message *message)
{
    struct walk acks;
    struct walk sent;
    struct hl7_message index;
    struct hl7_answer says;
    hl7_slice part;

    walk_start(&acks, answer->payload);
    if (!walk_next(&acks, &part) || !part_index(reader, part, &index)) {
        return false;
    }
    says = hl7_answer_read(&index);
    walk_start(&sent, send_message_payload(message));
    return walk_holds(&sent, says.control_id);
}

/* ---- Judging -------------------------------------------------------------------------------- */

bool send_answer_names(struct send_answer_reader *reader, const struct send_answer *answer,
                       const struct send_message *message)
{
    struct walk sent;

    if (!answer->is_ack) {
        return false;
    }
    if (message->kind == SEND_MESSAGE) {
        return !answer->is_batch && hl7_answer_matches(&answer->says, message->control_id);
    }
    if (answer->is_batch) {
        return batch_names(reader, answer, message);
    }
    if (message->control_id.len > 0 && hl7_answer_matches(&answer->says, message->control_id)) {
        return true;
    }
    walk_start(&sent, send_message_payload(message));
    return walk_holds(&sent, answer->says.control_id);
}

static enum send_outcome outcome_of(enum hl7_ack_code code, const struct send_message *message)
{
    switch (code) {
    case HL7_AA:
        return SEND_ACCEPTED;
    case HL7_CA:
        return send_message_goes_on_after_accept(message) ? SEND_ACCEPT_ONLY : SEND_ACCEPTED;
    case HL7_AE:
    case HL7_CE:
        return SEND_ERROR;
    case HL7_AR:
    case HL7_CR:
        return SEND_REJECTED;
    case HL7_ACK_NONE:
        break;
    }
    return SEND_UNKNOWN_CODE;
}

/* One acknowledgement for a whole batch says enough when it names the batch, or says no. */
static void judge_single(struct send_answer_reader *reader, const struct send_answer *answer,
                         const struct send_message *message, struct send_verdict *verdict)
{
    verdict->outcome = outcome_of(answer->says.code, message);
    if (message->kind == SEND_BATCH) {
        bool whole = hl7_answer_matches(&answer->says, message->control_id);

        if (!whole && message->messages != 1) {
            mismatch(reader, verdict, "it holds 1 acknowledgement, the batch holds %zu messages",
                     message->messages);
        } else if (verdict->outcome == SEND_ACCEPT_ONLY) {
            verdict->outcome = SEND_ACCEPTED;
        }
    }
}

void send_answer_judge(struct send_answer_reader *reader, const struct send_answer *answer,
                       const struct send_message *message, bool named,
                       struct send_verdict *ret_verdict)
{
    struct send_verdict verdict = {
        .code = answer->says.code,
        .code_text = answer->says.code_text,
        .other_id = answer->says.control_id,
        .reason = answer->says.reason,
        .reply = answer->payload,
        .reply_size = answer->payload.len,
        .index = answer->is_hl7 ? &answer->index : NULL,
        .detail = answer->detail,
    };

    if (!answer->is_ack) {
        verdict.outcome = SEND_NOT_AN_ACK;
    } else if (answer->is_batch && message->kind == SEND_MESSAGE) {
        verdict.outcome = SEND_NOT_AN_ACK;
        verdict.detail = "it is a batch, and one message was sent";
    } else if (answer->is_batch) {
        judge_batch(reader, answer, message, &verdict);
    } else if (!named) {
        verdict.outcome = SEND_FOREIGN;
    } else {
        judge_single(reader, answer, message, &verdict);
    }
    *ret_verdict = verdict;
}
