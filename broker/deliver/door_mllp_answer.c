/* SPDX-License-Identifier: Apache-2.0
 *
 * What comes back over MLLP: bytes to frames, frames to answers, answers to the letters they name. */
#include "mllp_link.h"

#include <stdio.h>
#include <string.h>

enum { DOUBT = 500 /* milliseconds of silence that decide a frame in doubt (rule 3) */ };

/* ---- Answers ------------------------------------------------------------------------------- */

static void accept_answer(struct door_mllp *mllp, struct mllp_slot *slot,
                          const struct hl7_answer *says, hl7_slice payload)
{
    struct door_result result = {
        .outcome = DOOR_ACCEPTED, .word = hl7_ack_code_name(says->code), .answer = payload};

    mllp->fresh = false;
    if (says->code == HL7_AE || says->code == HL7_CE) {
        result.outcome = DOOR_ERROR;
    } else if (says->code == HL7_AR || says->code == HL7_CR) {
        result.outcome = DOOR_REJECTED;
    }
    if (result.outcome != DOOR_ACCEPTED) {
        (void)snprintf(result.reason, sizeof result.reason, "the peer answered %s", result.word);
    }
    if (says->code == HL7_CA && slot->letter.asks_application) {
        slot->stored = true;
        slot->until = mllp->door.loop->now + (uint64_t)mllp->door.to->timeout;
        return;
    }
    mllp_give_result(mllp, slot, &result);
}

/* The letter an answer names: the oldest one that was sent and has this control id, or has none. */
static struct mllp_slot *find_named(const struct door_mllp *mllp, const struct hl7_answer *says)
{
    for (struct mllp_slot *slot = mllp->slots; slot != NULL && slot->sent; slot = slot->next) {
        if (slot->letter.control_id.len == 0 || hl7_answer_matches(says, slot->letter.control_id)) {
            return slot;
        }
    }
    return NULL;
}

/* A frame that came while a letter waits. False when the connection is gone. */
static bool take_answer(struct door_mllp *mllp, hl7_slice payload)
{
    struct hl7_message reply;
    const char *problem = NULL;
    struct hl7_answer says = {.code = HL7_ACK_NONE};
    struct mllp_slot *slot = NULL;

    if (!parsing_message(&mllp->parsing, payload, &reply, NULL)) {
        problem = "the answer is no HL7 message";
    } else {
        says = hl7_answer_read(&reply);
        slot = find_named(mllp, &says);
        if (says.code == HL7_ACK_NONE) {
            problem = "the answer has no acknowledgement code in MSA-1";
        } else if (slot == NULL) {
            problem = "the answer names another message (MSA-2 is not the MSH-10 sent)";
        }
    }
    if (problem != NULL) {
        mllp_fail(mllp, DOOR_UNFRAMED, "not-an-answer", payload, problem);
        return false;
    }
    accept_answer(mllp, slot, &says, payload);
    return mllp->link != NULL;
}

/* False when the connection is gone. */
static bool take_frame(struct door_mllp *mllp, enum hl7_frame_kind kind,
                       const struct hl7_frame *frame)
{
    if (kind == HL7_FRAME_JUNK) {
        mllp->junk = mllp->junk || memchr(frame->bytes.ptr, 'M', frame->bytes.len) != NULL;
        return true;
    }
    if (kind == HL7_FRAME_BROKEN) {
        mllp_fail(mllp, DOOR_UNFRAMED, "broken-frame", frame->bytes,
                  frame->why == HL7_TOO_LARGE ? "the answer is longer than max-reply"
                                              : "the answer's frame is damaged");
        return false;
    }
    return take_answer(mllp, frame->bytes);
}

bool mllp_is_busy(const struct door_mllp *mllp)
{
    return mllp->slots != NULL;
}

bool mllp_awaits_answer(const struct door_mllp *mllp)
{
    return mllp->slots != NULL && mllp->slots->sent;
}

void mllp_watch_clock(struct door_mllp *mllp)
{
    struct connection *connection = &mllp->link->connection;
    uint64_t now = mllp->door.loop->now;

    if (!mllp_awaits_answer(mllp)) {
        connection_set_deadline(connection, (uint64_t)mllp->door.to->keep_open);
        return;
    }
    uint64_t until = mllp->slots->until;
    for (const struct mllp_slot *at = mllp->slots; at != NULL && at->sent; at = at->next) {
        until = at->until < until ? at->until : until;
    }
    uint64_t left = until > now ? until - now : 1;
    if (hl7_framer_in_doubt(&mllp->framer, connection->held) && left > DOUBT) {
        left = DOUBT;
    }
    connection_set_deadline(connection, left);
}

/* Deals with one answer of the framer. What is given out was consumed before: the lane may send its next
 * letter over this connection as soon as it hears of it. False when the connection is gone. */
static bool take_held(struct door_mllp *mllp, enum hl7_frame_kind kind, struct hl7_frame *frame)
{
    struct connection *connection = &mllp->link->connection;

    if (kind != HL7_FRAME_MESSAGE) {
        size_t consumed = frame->consumed;
        bool good = take_frame(mllp, kind, frame);

        if (good) {
            connection_consume(connection, consumed);
        }
        return good;
    }
    if (!memory_grow(&mllp->frame, frame->bytes.len + 1)) {
        mllp_fail(mllp, DOOR_UNFRAMED, "out-of-memory", (hl7_slice){NULL, 0}, "out of memory");
        return false;
    }
    if (frame->bytes.len > 0) {
        memcpy(mllp->frame.ptr, frame->bytes.ptr, frame->bytes.len);
    }
    frame->bytes.ptr = mllp->frame.ptr;
    connection_consume(connection, frame->consumed);
    return take_frame(mllp, kind, frame);
}

void mllp_work(struct door_mllp *mllp, bool ended)
{
    struct mllp_link *link = mllp->link;
    struct connection *connection = &link->connection;
    struct hl7_frame frame;

    while (mllp->link == link && mllp_awaits_answer(mllp)) {
        enum hl7_frame_kind kind = hl7_framer_next(&mllp->framer, connection->held, &frame);
        if (kind == HL7_FRAME_MORE && ended) {
            kind = hl7_framer_end(&mllp->framer, connection->held, &frame);
        }
        if (kind == HL7_FRAME_MORE || !take_held(mllp, kind, &frame)) {
            break;
        }
    }
    if (mllp->link != link) {
        return;
    }
    /* Bytes that nobody asked for could be taken for the answer to the next letter. */
    if (!mllp_is_busy(mllp) && (connection->held.len > 0 || mllp->door.to->keep_open == 0)) {
        mllp_drop_link(mllp);
    } else {
        mllp_watch_clock(mllp);
    }
}
