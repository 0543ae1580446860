/* SPDX-License-Identifier: Apache-2.0
 *
 * `ack = delivered`: the reply waits until every delivery that is no copy has come to an end, or one has
 * failed, or the deadline has come. The message is stored all the while: a deadline is answered with an
 * error and the delivery goes on, so a sender that tries again should be one whose duplicates are
 * known (`duplicates = ...`).
 *
 * A table by message id finds the waiting reply when a lane tells what came of a delivery. */
#include "ingest.h"

#include <stdlib.h>
#include <string.h>

static struct ingest_waiting **slot_of(struct ingest *ingest, int64_t message)
{
    return &ingest->waiting[(uint64_t)message % INGEST_WAITING_SLOTS];
}

static bool add_waiting(struct ingest_item *item, int64_t message)
{
    struct ingest_waiting **slot = slot_of(item->listener->ingest, message);
    struct ingest_waiting *waiting = malloc(sizeof *waiting);

    if (waiting == NULL) {
        return false;
    }
    *waiting = (struct ingest_waiting){.message = message, .item = item, .next = *slot};
    *slot = waiting;
    return true;
}

void ingest_await_end(struct ingest_item *item)
{
    struct ingest *ingest = item->listener->ingest;

    loop_timer_clear(ingest->loop, &item->deadline);
    for (size_t i = 0; i < item->count && item->awaiting; i++) {
        struct ingest_waiting **at = slot_of(ingest, item->results[i].message);

        while (*at != NULL) {
            struct ingest_waiting *waiting = *at;

            if (waiting->item == item) {
                *at = waiting->next;
                free(waiting);
            } else {
                at = &waiting->next;
            }
        }
    }
    item->awaiting = false;
}

static void on_deadline(struct loop_timer *timer)
{
    struct ingest_item *item = LOOP_OWNER(timer, struct ingest_item, deadline);
    const struct answer_verdict verdict = {
        .outcome = HL7_FAILED,
        .condition = HL7_INTERNAL_ERROR,
        .reason = "stored, but not delivered in time; it stays queued"};

    ingest_await_end(item);
    ingest_item_refuse(item, &verdict);
}

bool ingest_await(struct ingest_item *item)
{
    const struct config_listener *config = item->listener->config;

    if (config == NULL || config->ack != CONFIG_ACK_DELIVERED || item->awaited == 0) {
        return false;
    }
    item->awaiting = true;
    item->deadline = (struct loop_timer){.on_time = on_deadline};
    bool good = loop_timer_set(item->listener->ingest->loop, &item->deadline,
                               (uint64_t)config->ack_deadline);
    for (size_t i = 0; i < item->count && good; i++) {
        good = add_waiting(item, item->results[i].message);
    }
    if (!good) {
        const struct answer_verdict verdict = {
            .outcome = HL7_FAILED,
            .condition = HL7_INTERNAL_ERROR,
            .reason = "stored, but there is no memory to wait for its delivery; it stays queued"};

        ingest_await_end(item);
        ingest_item_refuse(item, &verdict);
    }
    return true;
}

/* ---- What a lane tells --------------------------------------------------------------------- */

/* A reply that is kept with its message; of no use to anybody when it cannot be. */
struct reply_note {
    struct store_work work;
    int64_t message;
    size_t len;
    char bytes[];
};

static enum journal_code note_run(struct store_work *work, struct journal *journal)
{
    struct reply_note *note = LOOP_OWNER(work, struct reply_note, work);

    return journal_set_reply(journal, note->message, (hl7_slice){note->bytes, note->len});
}

static void note_done(struct store_work *work, enum journal_code code)
{
    (void)code;
    free(LOOP_OWNER(work, struct reply_note, work));
}

static void record_reply(struct ingest_item *item)
{
    struct reply_note *note = malloc(sizeof *note + item->reply.len);

    if (note == NULL || item->reply.len == 0 || item->batch) {
        free(note);
        return;
    }
    note->work = (struct store_work){.run = note_run, .done = note_done};
    note->message = item->results[0].message;
    note->len = item->reply.len;
    memcpy(note->bytes, item->reply.ptr, item->reply.len);
    store_submit(item->listener->ingest->store, &note->work);
}

/* The destination's whole reply is passed on when it answers this message by name: a query's answer. */
static bool relay(struct ingest_item *item, hl7_slice answer)
{
    struct ingest *ingest = item->listener->ingest;
    struct hl7_message message;
    struct hl7_buffer out;
    char code[ANSWER_CODE];

    if (item->batch || answer.len == 0 ||
        !parsing_message(&ingest->parsing, answer, &message, NULL)) {
        return false;
    }
    struct hl7_answer said = hl7_answer_read(&message);
    if (!hl7_answer_matches(&said, item->messages[0].control_id) || said.code == HL7_CA ||
        !memory_grow(&ingest->reply_memory, answer.len + HL7_FRAME_OVERHEAD)) {
        return false;
    }
    hl7_buffer_init(&out, ingest->reply_memory.ptr, ingest->reply_memory.size);
    return answers_bytes(answer, &out, code) && ingest_item_set_reply(item, hl7_buffer_slice(&out));
}

/* One of its deliveries has come to an end. */
static void settle(struct ingest_item *item, const struct ingest_delivered *delivered)
{
    const struct answer_verdict verdict = {.outcome = delivered->outcome,
                                           .condition = HL7_INTERNAL_ERROR,
                                           .reason = delivered->reason};

    item->awaited -= item->awaited > 0;
    if (delivered->outcome == HL7_ACCEPTED && item->awaited > 0) {
        return;
    }
    ingest_await_end(item);
    if (!relay(item, delivered->answer) && delivered->outcome != HL7_ACCEPTED) {
        ingest_item_refuse(item, &verdict);
    } else {
        record_reply(item);
        ingest_item_ready(item);
    }
}

/* A message and its repetitions wait for the same deliveries. */
enum { WAITERS_MAX = 16 };

void ingest_delivered(struct ingest *ingest, const struct ingest_delivered *delivered)
{
    struct ingest_item *items[WAITERS_MAX];
    size_t count = 0;

    if (delivered->copy) {
        return;
    }
    for (struct ingest_waiting *at = *slot_of(ingest, delivered->message);
         at != NULL && count < WAITERS_MAX; at = at->next) {
        if (at->message == delivered->message) {
            items[count++] = at->item;
        }
    }
    for (size_t i = 0; i < count; i++) {
        settle(items[i], delivered);
    }
}
