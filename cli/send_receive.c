/* SPDX-License-Identifier: Apache-2.0
 *
 * send_receive.c - what happens on a link's connection: bytes become frames, frames become answers,
 * answers end messages; and the ways in which all that goes wrong (rules 2, 3, 7, 27).
 *
 * The order of questions when a frame has come: which message that was sent does it name? None:
 * was a message with that id answered a moment ago (then it is a second answer, and harmless)? Else
 * no one can say what it belongs to, and the connection is given up.
 */
#include "send_run.h"

#include <errno.h>
#include <string.h>

#include "../base/log.h"

/* So much silence decides a frame in doubt, and about bytes that cannot become a frame (rule 3). */
#define RECEIVE_DOUBT ((uint64_t)500)

static size_t first_sent(const struct send_link *link)
{
    for (size_t i = 0; i < link->count; i++) {
        if (link->queue[i]->sent) {
            return i;
        }
    }
    return HL7_NONE;
}

/* ---- Control ids that were answered --------------------------------------------------------- */

/* FNV-1a; never 0, which marks an empty place. */
static uint64_t hash_of(hl7_slice text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
    }
    return hash != 0 ? hash : 1;
}

static void remember_answered(struct send_link *link, hl7_slice control_id)
{
    link->answered[link->answered_next] = hash_of(control_id);
    link->answered_next = (link->answered_next + 1) % SEND_ANSWERED;
}

static bool was_answered(const struct send_link *link, hl7_slice control_id)
{
    uint64_t hash = hash_of(control_id);

    for (size_t i = 0; i < SEND_ANSWERED; i++) {
        if (link->answered[i] == hash) {
            return true;
        }
    }
    return false;
}

/* ---- Bytes outside frames ------------------------------------------------------------------- */

static hl7_slice strange_bytes(const struct send_link *link)
{
    return (hl7_slice){link->strange, link->strange_len};
}

static void add_strange(struct send_link *link, hl7_slice bytes)
{
    size_t room = sizeof link->strange - link->strange_len;
    size_t kept = bytes.len < room ? bytes.len : room;

    memcpy(link->strange + link->strange_len, bytes.ptr, kept);
    link->strange_len += kept;
    link->strange_size += bytes.len;
    for (size_t i = 0; i < bytes.len && !link->strange_counts; i++) {
        link->strange_counts = memchr("\r\n \t", bytes.ptr[i], 4) == NULL;
    }
}

/* A frame has come behind them, or nothing more will: they were noise. */
static void skip_strange(struct send_link *link)
{
    if (link->strange_counts) {
        send_report_junk(&link->run->report, strange_bytes(link), link->strange_size);
    }
    link->strange_len = 0;
    link->strange_size = 0;
    link->strange_counts = false;
}

/* What the message that waits for an answer got instead of a frame: `nothing` when that was
 * nothing, `part` when it was the beginning of a frame. */
static struct send_verdict verdict_without_frame(const struct send_link *link,
                                                 enum send_outcome nothing, enum send_outcome part)
{
    hl7_slice held = link->connection.held;
    struct send_verdict verdict = {.outcome = nothing, .error = link->connection.error};

    if (held.len > 0) {
        verdict.outcome = part;
        verdict.reply = hl7_slice_part(held, 0, SEND_EVIDENCE);
        verdict.reply_size = held.len;
    } else if (link->strange_counts) {
        verdict.outcome = SEND_UNFRAMED;
        verdict.reply = strange_bytes(link);
        verdict.reply_size = link->strange_size;
    }
    return verdict;
}

/* ---- Answers -------------------------------------------------------------------------------- */

static size_t find_named(struct send_link *link, const struct send_answer *answer)
{
    for (size_t i = 0; i < link->count; i++) {
        if (link->queue[i]->sent && send_answer_names(&link->run->reader, answer, link->queue[i])) {
            return i;
        }
    }
    return HL7_NONE;
}

/* The answer names a message that waits. */
static void take_named(struct send_link *link, size_t place, const struct send_answer *answer)
{
    struct send_run *run = link->run;
    struct send_message *message = link->queue[place];
    struct send_verdict verdict;

    send_answer_judge(&run->reader, answer, message, true, &verdict);
    if (verdict.outcome == SEND_ACCEPT_ONLY) {
        send_report_accept(&run->report, answer->payload, &answer->index);
        message->stored = true;
        message->deadline = run->loop.now + run->options->timeout;
        return;
    }
    link->proven = true;
    remember_answered(link, message->control_id);
    if (send_outcome_class(verdict.outcome) == SEND_GOOD) {
        send_link_finish(link, place, &verdict);
    } else {
        (void)send_link_fail_try(link, place, &verdict);
    }
}

/* The answer names no message that waits. */
static void take_unnamed(struct send_link *link, const struct send_answer *answer)
{
    struct send_run *run = link->run;
    size_t waits = first_sent(link);
    struct send_verdict verdict;

    if (waits == HL7_NONE) {
        bool expected = run->options->no_wait || run->options->keep_open > 0;
        send_report_extra(&run->report, answer->payload, answer->is_hl7 ? &answer->index : NULL,
                          expected);
    } else if (answer->is_hl7 && answer->is_ack && was_answered(link, answer->says.control_id)) {
        send_report_extra(&run->report, answer->payload, &answer->index, false);
    } else {
        send_answer_judge(&run->reader, answer, link->queue[waits], false, &verdict);
        send_link_break(link, &verdict, SEND_GIVEN_UP);
    }
}

static void take_answer(struct send_link *link, hl7_slice payload)
{
    const struct send_verdict no_memory = {.outcome = SEND_NOT_AN_ACK,
                                           .detail = "no memory to read it",
                                           .reply = hl7_slice_part(payload, 0, SEND_EVIDENCE),
                                           .reply_size = payload.len};
    struct send_answer answer;
    size_t named;

    skip_strange(link);
    if (!send_answer_read(&link->run->reader, payload, &answer)) {
        send_link_break(link, &no_memory, SEND_GIVEN_UP);
        return;
    }
    named = find_named(link, &answer);
    if (named != HL7_NONE) {
        take_named(link, named, &answer);
    } else {
        take_unnamed(link, &answer);
    }
}

static void note_short_end(struct send_link *link, const struct hl7_frame *frame)
{
    struct send_run *run = link->run;

    if (frame->consumed == frame->bytes.len + 2 && !run->short_end_noted) {
        run->short_end_noted = true;
        send_progress_hide(&run->report.progress);
        log_warning("short-frame-end",
                    "%s: the peer ends its frames with 1C alone, without 0D; each such answer "
                    "costs half a second",
                    run->report.peer);
    }
}

static void take_broken(struct send_link *link, const struct hl7_frame *frame)
{
    struct send_verdict verdict = {.outcome = SEND_BROKEN,
                                   .reply = hl7_slice_part(frame->bytes, 0, SEND_EVIDENCE),
                                   .reply_size = frame->bytes.len,
                                   .detail = frame->bytes.ptr[frame->position] == HL7_VT
                                                 ? "0B inside it"
                                                 : "1C without 0D, or text behind its end"};

    if (frame->why == HL7_TOO_LARGE) {
        verdict.outcome = SEND_TOO_LARGE;
    }
    if (first_sent(link) == HL7_NONE) {
        send_report_junk(&link->run->report, verdict.reply, verdict.reply_size);
    }
    send_link_break(link, &verdict, SEND_GIVEN_UP);
}

/* ---- Bytes ---------------------------------------------------------------------------------- */

static void take_part(struct send_link *link, enum hl7_frame_kind kind,
                      const struct hl7_frame *frame)
{
    switch (kind) {
    case HL7_FRAME_JUNK:
        add_strange(link, frame->bytes);
        break;
    case HL7_FRAME_MESSAGE:
        note_short_end(link, frame);
        take_answer(link, frame->bytes);
        break;
    case HL7_FRAME_BROKEN:
        take_broken(link, frame);
        break;
    case HL7_FRAME_MORE:
        break;
    }
    /* A closed connection holds nothing any more. */
    if (link->state == SEND_LINK_OPEN) {
        connection_consume(&link->connection, frame->consumed);
    }
}

static void read_frames(struct send_link *link)
{
    struct hl7_frame frame;
    enum hl7_frame_kind kind = HL7_FRAME_JUNK;

    while (link->state == SEND_LINK_OPEN && kind != HL7_FRAME_MORE) {
        kind = hl7_framer_next(&link->framer, link->connection.held, &frame);
        take_part(link, kind, &frame);
    }
}

/* No more will come, or not soon: decides about what is held. */
static void end_frames(struct send_link *link)
{
    struct hl7_frame frame;
    enum hl7_frame_kind kind = HL7_FRAME_JUNK;

    while (link->state == SEND_LINK_OPEN && kind != HL7_FRAME_MORE) {
        kind = hl7_framer_end(&link->framer, link->connection.held, &frame);
        take_part(link, kind, &frame);
        read_frames(link);
    }
}

static void on_data(struct send_link *link)
{
    read_frames(link);
    if (link->state != SEND_LINK_OPEN) {
        return;
    }
    bool doubt = hl7_framer_in_doubt(&link->framer, link->connection.held) ||
                 (link->connection.held.len == 0 && send_evidence_is_clear(strange_bytes(link)));
    link->doubt_at = doubt ? link->run->loop.now + RECEIVE_DOUBT : 0;
    send_link_watch_clock(link);
}

/* ---- Deadlines ------------------------------------------------------------------------------ */

/* Half a second of silence has passed, or a message can wait no longer. */
static void decide_doubt(struct send_link *link)
{
    struct send_verdict verdict;

    link->doubt_at = 0;
    end_frames(link);
    if (link->state == SEND_LINK_OPEN && send_evidence_is_clear(strange_bytes(link)) &&
        first_sent(link) != HL7_NONE) {
        verdict = verdict_without_frame(link, SEND_CLOSED, SEND_INCOMPLETE);
        send_link_break(link, &verdict, SEND_GIVEN_UP);
    }
}

/* Ends messages that were to succeed in silence, and breaks the link when another one is late. */
static void check_deadlines(struct send_link *link)
{
    const struct send_verdict silence = {.outcome = SEND_SILENCE};
    bool quiet = link->connection.held.len == 0 && !link->strange_counts;

    for (size_t i = 0; i < link->count && link->state == SEND_LINK_OPEN;) {
        const struct send_message *message = link->queue[i];
        struct send_verdict verdict;

        if (!message->sent || message->deadline > link->run->loop.now) {
            i++;
        } else if (quiet && message->stored && !message->awaits_application) {
            remember_answered(link, message->control_id);
            send_link_finish_stored(link, i);
        } else if (quiet && send_message_succeeds_silently(message)) {
            remember_answered(link, message->control_id);
            send_link_finish(link, i, &silence);
        } else {
            verdict = verdict_without_frame(link, SEND_TIMEOUT, SEND_INCOMPLETE);
            send_link_break(link, &verdict, SEND_GIVEN_UP);
        }
    }
}

static void on_timeout(struct send_link *link)
{
    if (link->state == SEND_LINK_CONNECTING) {
        send_link_close(link);
        send_link_connect_failed(link, ETIMEDOUT);
        return;
    }
    decide_doubt(link);
    if (link->state == SEND_LINK_OPEN) {
        check_deadlines(link);
    }
    if (link->state == SEND_LINK_OPEN) {
        send_link_watch_clock(link);
    }
}

/* ---- The end of a connection ---------------------------------------------------------------- */

/* The peer closed: what asks for an answer only if something is wrong is right. */
static void finish_silent(struct send_link *link)
{
    const struct send_verdict silence = {.outcome = SEND_SILENCE};

    for (size_t i = 0; i < link->count;) {
        if (link->queue[i]->sent && send_message_succeeds_silently(link->queue[i])) {
            send_link_finish(link, i, &silence);
        } else {
            i++;
        }
    }
}

static void on_end(struct send_link *link, int error)
{
    enum send_outcome nothing = error == 0 ? SEND_CLOSED : SEND_RESET;
    struct send_verdict verdict;

    send_link_note_trouble(link);
    if (link->state == SEND_LINK_CONNECTING) {
        send_link_close(link);
        send_link_connect_failed(link, error);
        return;
    }
    end_frames(link);
    if (link->state != SEND_LINK_OPEN) {
        return;
    }
    send_link_check_unconfirmed(link);
    send_link_take_back(link);
    verdict = verdict_without_frame(link, nothing, SEND_TRUNCATED);
    if (link->trouble != STREAM_FINE) {
        verdict = (struct send_verdict){
            .outcome = SEND_NO_TLS, .error = error, .detail = link->trouble_text};
    }
    if (error == 0 && verdict.outcome == SEND_CLOSED) {
        finish_silent(link);
    }
    if (first_sent(link) == HL7_NONE) {
        skip_strange(link);
    }
    send_link_break(link, &verdict, nothing);
}

void send_link_on_event(struct connection *connection, enum connection_event event)
{
    struct send_link *link = LOOP_OWNER(connection, struct send_link, connection);

    switch (event) {
    case CONNECTION_OPEN:
        link->state = SEND_LINK_OPEN;
        connection_set_deadline(connection, 0);
        break;
    case CONNECTION_DATA:
        on_data(link);
        break;
    case CONNECTION_DRAINED:
        send_link_finish_sent(link);
        break;
    case CONNECTION_TIMEOUT:
        on_timeout(link);
        break;
    case CONNECTION_CLOSED:
        on_end(link, 0);
        break;
    case CONNECTION_FAILED:
        on_end(link, connection->error);
        break;
    }
}
