/* SPDX-License-Identifier: Apache-2.0
 *
 * A payload on its way: made by ingest_take.c, stored, perhaps waiting for a destination, answered.
 * It belongs to whoever still needs it - the store, the session that answers it, the table of those
 * that wait - and is freed when none of them does. */
#include "ingest.h"

#include "../../base/clock.h"
#include "../../base/crash_point.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Room behind the payload for what the journal is told of an ordinary message. */
enum { FIRST_ROOM = 1024, NEXT_ROOM = 8192 };

/* ---- Memory -------------------------------------------------------------------------------- */

/* A block begins with the pointer to the one before it. */
static bool add_block(struct ingest_item *item, size_t size)
{
    void **block = malloc(size + sizeof(void *) + _Alignof(max_align_t));

    if (block == NULL) {
        return false;
    }
    *block = item->blocks;
    item->blocks = (void *)block;
    hl7_arena_init(&item->arena, (void *)(block + 1), size + _Alignof(max_align_t));
    return true;
}

void *ingest_item_alloc(struct ingest_item *item, size_t size)
{
    void *place = hl7_arena_alloc(&item->arena, size);

    if (place == NULL && add_block(item, size < NEXT_ROOM ? NEXT_ROOM : size)) {
        place = hl7_arena_alloc(&item->arena, size);
    }
    return place;
}

static void free_item(struct ingest_item *item)
{
    struct ingest *ingest = item->listener->ingest;

    ingest->items--;
    item->listener->items--;
    ingest->item_bytes -= item->payload.len;
    while (item->blocks != NULL) {
        void *block = item->blocks;

        item->blocks = *(void **)block;
        free(block);
    }
    free((void *)(uintptr_t)item->reply.ptr);
    free(item->first_reply);
    free(item);
}

static void free_if_done(struct ingest_item *item)
{
    if (!item->storing && !item->awaiting && item->session == NULL) {
        free_item(item);
    }
}

struct ingest_item *ingest_item_new(struct ingest_listener *listener, hl7_slice payload,
                                    size_t count)
{
    struct ingest_item *item = calloc(1, sizeof *item);

    if (item == NULL) {
        return NULL;
    }
    item->listener = listener;
    item->began = clock_steady();
    item->count = count;
    char *copy = NULL;
    if (add_block(item, payload.len + FIRST_ROOM)) {
        copy = hl7_arena_alloc(&item->arena, payload.len);
        item->messages = ingest_item_alloc(item, count * sizeof *item->messages);
        item->results = ingest_item_alloc(item, count * sizeof *item->results);
    }
    item->payload = (hl7_slice){copy, payload.len};
    listener->items++;
    listener->ingest->items++;
    listener->ingest->item_bytes += payload.len;
    if (copy == NULL || item->messages == NULL || item->results == NULL) {
        free_item(item);
        return NULL;
    }
    memcpy(copy, payload.ptr, payload.len);
    memset(item->messages, 0, count * sizeof *item->messages);
    return item;
}

bool ingest_item_set_reply(struct ingest_item *item, hl7_slice framed)
{
    char *copy = malloc(framed.len + 1);

    if (copy == NULL) {
        return false;
    }
    if (framed.len > 0) {
        memcpy(copy, framed.ptr, framed.len);
    }
    free((void *)(uintptr_t)item->reply.ptr);
    item->reply.ptr = copy;
    item->reply.len = framed.len;
    return true;
}

/* ---- With the session ---------------------------------------------------------------------- */

void ingest_item_join(struct ingest_item *item, struct ingest_session *session)
{
    item->session = session;
    item->next = NULL;
    *session->items_end = item;
    session->items_end = &item->next;
    session->item_count++;
    session->item_bytes += item->payload.len;
}

void ingest_item_ready(struct ingest_item *item)
{
    item->ready = true;
    if (item->session != NULL) {
        ingest_session_due(item->session);
    }
    free_if_done(item);
}

void ingest_item_leave(struct ingest_item *item)
{
    item->session = NULL;
    free_if_done(item);
}

void ingest_item_refuse(struct ingest_item *item, const struct answer_verdict *verdict)
{
    struct ingest *ingest = item->listener->ingest;
    const struct config_listener *config = item->listener->config;
    hl7_slice reply = {NULL, 0};

    if (item->session != NULL && !item->ready &&
        (config == NULL || config->ack != CONFIG_ACK_NONE)) {
        (void)ingest_reply(ingest, item->payload, item->batch, verdict, &reply);
    }
    if (!ingest_item_set_reply(item, reply)) {
        /* Without memory for a refusal there is none, and no acceptance either. */
        item->reply.len = 0;
    }
    ingest_item_ready(item);
}

/* ---- Through the store --------------------------------------------------------------------- */

/* In the journal's thread. */
static enum journal_code item_run(struct store_work *work, struct journal *journal)
{
    struct ingest_item *item = LOOP_OWNER(work, struct ingest_item, work);
    hl7_slice reply = {NULL, 0};

    free(item->first_reply);
    item->first_reply = NULL;
    CRASH_POINT("ingest.append.before");
    enum journal_code code = journal_append(journal, item->messages, item->count, item->results);
    CRASH_POINT("ingest.append.after");
    if (code != JOURNAL_OK || item->batch || item->results[0].result != JOURNAL_DUPLICATE) {
        return code;
    }
    code = journal_reply(journal, item->results[0].message, &reply);
    if (code == JOURNAL_OK && reply.len > 0) {
        item->first_reply = malloc(reply.len);
        item->first_reply_len = reply.len;
        if (item->first_reply == NULL) {
            return JOURNAL_NO_MEMORY;
        }
        memcpy(item->first_reply, reply.ptr, reply.len);
    }
    return code;
}

static const char *reason_of(enum journal_code code)
{
    return code == JOURNAL_FULL ? "the store is full; send again later"
                                : "the message could not be stored; send again";
}

static void not_stored(struct ingest_item *item, enum journal_code code)
{
    struct ingest_listener *listener = item->listener;
    const struct answer_verdict verdict = {
        .outcome = HL7_FAILED, .condition = HL7_INTERNAL_ERROR, .reason = reason_of(code)};

    listener->counters.failed++;
    ingest_note(listener, INGEST_NOT_STORED, "listener=%s %s: %s; answered with an error",
                ingest_name(listener), journal_code_name(code),
                store_trouble(listener->ingest->store));
    ingest_item_refuse(item, &verdict);
}

/* Counts what became of each message, and says which lanes have work. */
static void tell_results(struct ingest_item *item)
{
    struct ingest_listener *listener = item->listener;
    const struct ingest_hooks *hooks = &listener->ingest->hooks;

    for (size_t i = 0; i < item->count; i++) {
        const struct journal_message *message = &item->messages[i];
        long long id = (long long)item->results[i].message;

        switch (item->results[i].result) {
        case JOURNAL_STORED:
            listener->counters.stored++;
            hooks->stored(hooks->context, message->deliveries, message->delivery_count);
            break;
        case JOURNAL_DUPLICATE:
            listener->counters.duplicates++;
            ingest_note(listener, INGEST_DUPLICATE,
                        "listener=%s message=%lld came again; answered as then, not delivered "
                        "again",
                        ingest_name(listener), id);
            break;
        case JOURNAL_CONFLICT:
            listener->counters.stored++;
            listener->counters.conflicts++;
            ingest_note(listener, INGEST_CONFLICT,
                        "listener=%s message=%lld has the control id of an earlier one and other "
                        "content; held",
                        ingest_name(listener), id);
            break;
        }
    }
}

static void item_done(struct store_work *work, enum journal_code code)
{
    struct ingest_item *item = LOOP_OWNER(work, struct ingest_item, work);
    bool repeated = false;

    item->storing = false;
    if (item->file) {
        ingest_file_done(item->listener, code);
    }
    if (code != JOURNAL_OK && code != JOURNAL_NONE) {
        not_stored(item, code);
        return;
    }
    if (item->first_reply != NULL && !item->ready) {
        repeated = true;
        free((void *)(uintptr_t)item->reply.ptr);
        item->reply = (hl7_slice){item->first_reply, item->first_reply_len};
        item->first_reply = NULL;
    }
    tell_results(item);
    if (repeated || item->ready || !ingest_await(item)) {
        ingest_item_ready(item);
    }
}

void ingest_item_store(struct ingest_item *item)
{
    item->storing = true;
    item->work.run = item_run;
    item->work.done = item_done;
    store_submit(item->listener->ingest->store, &item->work);
}
