/* SPDX-License-Identifier: Apache-2.0
 *
 * One payload: what is it, which deliveries does it get, what will be answered?
 *
 *     message                  routed, stored, answered by the rules or the template
 *     batch (FHS, BHS)         each message routed, all stored together or none, one batch of
 *                              acknowledgements (rule 31)
 *     damaged, but has an MSH  kept, answered AR (rule 26)
 *     anything else            kept, not answered, connection closed (rules 5, 7, 26)
 *
 * The reply that accepts is written here, before the message is stored, so that the journal keeps it;
 * it leaves only after the commit. */
#include "ingest.h"

#include "../../base/clock.h"
#include "../../base/crash_point.h"

#include <string.h>

/* Of what is no message, this much is kept. */
enum { KEPT_MAX = 1024 * 1024 };

/* ---- What the journal is told -------------------------------------------------------------- */

/* MSH-9.1 and MSH-9.2, written with '^' whatever the message's delimiters are. */
static hl7_slice type_of(struct ingest_item *item, const struct hl7_message *message)
{
    hl7_slice code = hl7_message_at(message, "MSH-9.1");
    hl7_slice event = hl7_message_at(message, "MSH-9.2");
    char *text = ingest_item_alloc(item, code.len + event.len + 1);

    if (text == NULL) {
        return code;
    }
    size_t len = code.len;
    if (code.len > 0) {
        memcpy(text, code.ptr, code.len);
    }
    if (event.len > 0) {
        text[len++] = '^';
        memcpy(text + len, event.ptr, event.len);
        len += event.len;
    }
    return (hl7_slice){text, len};
}

static void add_key(struct journal_message *to, struct journal_key *keys, hl7_slice name,
                    hl7_slice value)
{
    if (value.len > 0 && to->key_count < JOURNAL_KEYS_MAX) {
        keys[to->key_count++] = (struct journal_key){.name = name, .value = value};
    }
}

/* The first of several paths that has a value: its first leaf. */
static hl7_slice first_of(const struct hl7_message *message, const struct config_paths *paths)
{
    hl7_slice value = {NULL, 0};

    for (size_t i = 0; i < paths->count && value.len == 0; i++) {
        value = hl7_first_leaf(&message->delimiters, hl7_message_get(message, &paths->items[i]));
    }
    return value;
}

static bool index_message(struct ingest_item *item, const struct hl7_message *message,
                          struct journal_message *to)
{
    const struct config_orderly *orderly = item->listener->ingest->orderly;
    size_t most = 2 + orderly->indexes.count;
    struct journal_key *keys = ingest_item_alloc(item, most * sizeof *keys);

    if (keys == NULL) {
        return false;
    }
    to->keys = keys;
    add_key(to, keys, HL7_TEXT(JOURNAL_PATIENT), first_of(message, &orderly->patient));
    add_key(to, keys, HL7_TEXT(JOURNAL_ACCESSION), first_of(message, &orderly->accession));
    for (size_t i = 0; i < orderly->indexes.count; i++) {
        const struct config_index *index = &orderly->indexes.items[i];

        add_key(to, keys, hl7_slice_of(index->name),
                hl7_first_leaf(&message->delimiters, hl7_message_get(message, &index->path)));
    }
    return true;
}

/* Compares a message with the standard, where that is wanted. */
static struct answer_verdict validate_message(struct ingest_listener *listener,
                                              const struct hl7_message *message)
{
    struct validation *validation = &listener->ingest->validation;
    const int how = listener->config->validate;

    if (how == VALIDATION_OFF || validation_passes(validation, message)) {
        return (struct answer_verdict){.outcome = HL7_ACCEPTED};
    }
    listener->counters.invalid++;
    ingest_note(listener, INGEST_INVALID, "listener=%s %s; %s", listener->config->name,
                validation_text(validation), how == VALIDATION_REJECT ? "refused" : "kept");
    return how == VALIDATION_REJECT ? validation_verdict(validation)
                                    : (struct answer_verdict){.outcome = HL7_ACCEPTED};
}

/* Why a message is not to be stored; outcome HL7_ACCEPTED when it is. */
static struct answer_verdict route_message(struct ingest_item *item,
                                           const struct hl7_message *message,
                                           struct journal_message *to)
{
    struct ingest_listener *listener = item->listener;
    struct ingest *ingest = listener->ingest;
    if (ingest->refusing != NULL) {
        return (struct answer_verdict){
            .outcome = HL7_FAILED, .condition = HL7_INTERNAL_ERROR, .reason = ingest->refusing};
    }
    struct ingest_routing routing = {.deliveries = ingest->lanes, .size = JOURNAL_DELIVERIES_MAX};

    if (!ingest->hooks.route(ingest->hooks.context, listener->config, message, &routing)) {
        ingest_note(listener, INGEST_NOT_STORED, "listener=%s %s; answered with an error",
                    listener->config->name, routing.problem);
        return (struct answer_verdict){.outcome = HL7_FAILED,
                                       .condition = HL7_INTERNAL_ERROR,
                                       .reason = "a route could not be decided"};
    }
    if (!routing.taken) {
        listener->counters.unrouted++;
        if (listener->config->unrouted == CONFIG_UNROUTED_REFUSE) {
            return (struct answer_verdict){.outcome = HL7_REJECTED,
                                           .condition = HL7_UNSUPPORTED_MESSAGE,
                                           .reason = "no route takes this message"};
        }
        ingest_note(listener, INGEST_UNROUTED, "listener=%s no route takes a message; it is kept",
                    listener->config->name);
    }
    struct journal_lane *lanes = ingest_item_alloc(item, (routing.count + 1) * sizeof *lanes);
    if (lanes == NULL) {
        return (struct answer_verdict){.outcome = HL7_FAILED,
                                       .condition = HL7_INTERNAL_ERROR,
                                       .reason = "out of memory; send again"};
    }
    memcpy(lanes, routing.deliveries, routing.count * sizeof *lanes);
    to->deliveries = lanes;
    to->delivery_count = routing.count;
    item->awaited += routing.awaited;
    return (struct answer_verdict){.outcome = HL7_ACCEPTED};
}

struct answer_verdict ingest_describe(struct ingest_item *item, const struct hl7_message *message,
                                      struct journal_message *to)
{
    const struct config_listener *config = item->listener->config;

    *to = (struct journal_message){
        .listener = hl7_slice_of(config->name),
        .peer = hl7_slice_of(item->peer),
        .received = clock_wall(),
        .bytes = message->bytes,
        .control_id = hl7_message_at(message, "MSH-10"),
        .type = type_of(item, message),
        .application = hl7_message_at(message, "MSH-3"),
        .facility = hl7_message_at(message, "MSH-4"),
        .duplicate_window = config->duplicates * 1000,
    };
    struct answer_verdict verdict = validate_message(item->listener, message);
    if (verdict.outcome == HL7_ACCEPTED) {
        verdict = route_message(item, message, to);
    }
    if (verdict.outcome == HL7_ACCEPTED && !index_message(item, message, to)) {
        verdict = (struct answer_verdict){.outcome = HL7_FAILED,
                                          .condition = HL7_INTERNAL_ERROR,
                                          .reason = "out of memory; send again"};
    }
    return verdict;
}

/* ---- Replies ------------------------------------------------------------------------------- */

/* Makes room for the answers to a payload: each may repeat parts of it. */
static bool begin_reply(struct ingest *ingest, size_t payload, struct hl7_buffer *out)
{
    if (!memory_grow(&ingest->reply_memory, 2 * payload + 65536)) {
        return false;
    }
    hl7_buffer_init(out, ingest->reply_memory.ptr, ingest->reply_memory.size);
    return true;
}

bool ingest_reply(struct ingest *ingest, hl7_slice payload, bool batch,
                  const struct answer_verdict *verdict, hl7_slice *ret_reply)
{
    struct hl7_message message;
    struct hl7_buffer out;
    char code[ANSWER_CODE];

    if (!begin_reply(ingest, payload.len, &out)) {
        return false;
    }
    bool good = batch ? answers_batch(&ingest->answers, payload, verdict, &out, code)
                      : (parsing_message(&ingest->parsing, payload, &message, NULL) ||
                         parsing_header(&ingest->parsing, payload, &message)) &&
                            answers_message(&ingest->answers, &message, verdict, &out, code);
    if (good) {
        *ret_reply = hl7_buffer_slice(&out);
    }
    return good;
}

static bool wants_answer(const struct hl7_message *message)
{
    struct hl7_ack_plan plan = hl7_ack_plan(message, HL7_ACCEPTED);

    return plan.accept != HL7_ACK_NONE || plan.application != HL7_ACK_NONE;
}

/* Writes the reply that accepts a message. */
static struct answer_verdict accept_reply(struct ingest_session *session,
                                          const struct hl7_message *message, struct hl7_buffer *out)
{
    struct ingest *ingest = session->listener->ingest;
    const struct config_listener *config = session->listener->config;
    struct answer_verdict verdict = {.outcome = HL7_ACCEPTED};
    char code[ANSWER_CODE];

    if (config->ack == CONFIG_ACK_NONE || !wants_answer(message)) {
        return verdict;
    }
    if (config->ack_template != NULL) {
        const struct template_file *file =
            ingest->hooks.template(ingest->hooks.context, config->ack_template);
        const char *why = NULL;

        if (!answers_template(&ingest->answers, file, message, out, code, &verdict, &why)) {
            ingest_note(session->listener, INGEST_NOT_ANSWERED,
                        "listener=%s peer=%s the ack-template makes no answer", config->name,
                        session->peer);
        }
        return verdict;
    }
    if (!answers_message(&ingest->answers, message, &verdict, out, code)) {
        verdict = (struct answer_verdict){.outcome = HL7_FAILED,
                                          .condition = HL7_INTERNAL_ERROR,
                                          .reason = "the answer is too long"};
    }
    return verdict;
}

static void count_refusal(struct ingest_listener *listener, const struct answer_verdict *verdict)
{
    if (verdict->outcome == HL7_REJECTED) {
        listener->counters.rejected++;
    } else {
        listener->counters.failed++;
    }
}

/* Joins the session, and goes to the store, or is refused. */
static void dispatch(struct ingest_item *item, struct ingest_session *session,
                     const struct answer_verdict *verdict)
{
    const struct config_listener *config = session->listener->config;

    session->listener->counters.messages++;
    session->listener->last_message = clock_wall();
    session->listener->heard = session->listener->ingest->loop->now;
    ingest_item_join(item, session);
    if (verdict->outcome != HL7_ACCEPTED) {
        count_refusal(session->listener, verdict);
        ingest_item_refuse(item, verdict);
        return;
    }
    /* Storing keeps it alive though the session may let go of it at once. */
    item->storing = true;
    if (config->ack == CONFIG_ACK_RECEIVED || config->ack == CONFIG_ACK_NONE ||
        CRASH_FLAW("early-ack")) {
        ingest_item_ready(item);
    }
    ingest_item_store(item);
}

static struct ingest_item *new_item(struct ingest_session *session, hl7_slice payload, size_t count)
{
    struct ingest_item *item = ingest_item_new(session->listener, payload, count);

    if (item == NULL) {
        session->listener->counters.failed++;
        ingest_note(session->listener, INGEST_NOT_STORED,
                    "listener=%s peer=%s out of memory; closed without an answer",
                    ingest_name(session->listener), session->peer);
    } else {
        memcpy(item->peer, session->peer, sizeof item->peer);
    }
    return item;
}

/* ---- Messages ------------------------------------------------------------------------------ */

static bool take_message(struct ingest_session *session, struct ingest_item *item,
                         const struct hl7_message *message)
{
    struct ingest *ingest = session->listener->ingest;
    struct answer_verdict verdict = ingest_describe(item, message, &item->messages[0]);
    struct hl7_buffer out;

    if (verdict.outcome == HL7_ACCEPTED) {
        bool good = begin_reply(ingest, item->payload.len, &out);

        if (good) {
            verdict = accept_reply(session, message, &out);
            good = verdict.outcome != HL7_ACCEPTED ||
                   ingest_item_set_reply(item, hl7_buffer_slice(&out));
        }
        if (!good) {
            verdict = (struct answer_verdict){.outcome = HL7_FAILED,
                                              .condition = HL7_INTERNAL_ERROR,
                                              .reason = "out of memory; send again"};
        }
        item->messages[0].reply = session->listener->config->ack == CONFIG_ACK_DELIVERED
                                      ? (hl7_slice){NULL, 0}
                                      : item->reply;
    }
    dispatch(item, session, &verdict);
    return true;
}

static bool take_damaged(struct ingest_session *session, struct ingest_item *item,
                         const struct hl7_error *error)
{
    const struct answer_verdict verdict = {
        .outcome = HL7_REJECTED, .condition = HL7_SEGMENT_SEQUENCE, .reason = error->text};
    struct hl7_message header;

    ingest_note(session->listener, INGEST_UNREADABLE, "listener=%s peer=%s %s: %s (byte %zu)",
                ingest_name(session->listener), session->peer, hl7_code_name(error->code),
                error->text, error->position);
    ingest_keep_damaged(session, item->payload, "unreadable");
    bool answerable = error->code != HL7_WIDE_TEXT &&
                      parsing_header(&session->listener->ingest->parsing, item->payload, &header);
    if (answerable) {
        dispatch(item, session, &verdict);
    } else {
        ingest_item_leave(item);
    }
    return answerable;
}

/* ---- Batches ------------------------------------------------------------------------------- */

/* Describes each message of the batch; what cannot be read is left out, its acknowledgement says so. */
static struct answer_verdict describe_batch(struct ingest_session *session,
                                            struct ingest_item *item)
{
    struct parsing *parsing = &session->listener->ingest->parsing;
    struct answer_verdict verdict = {.outcome = HL7_ACCEPTED};
    struct hl7_batch batch;
    struct hl7_batch_part part;
    size_t count = 0;

    hl7_batch_init(&batch, item->payload);
    while (verdict.outcome == HL7_ACCEPTED && hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        struct hl7_message message;
        struct hl7_error error;

        if (part.kind != HL7_BATCH_MESSAGE) {
            continue;
        }
        if (!parsing_message(parsing, part.bytes, &message, &error)) {
            ingest_note(session->listener, INGEST_UNREADABLE,
                        "listener=%s peer=%s in a batch: %s: %s (byte %zu)",
                        ingest_name(session->listener), session->peer, hl7_code_name(error.code),
                        error.text, part.position + error.position);
            ingest_keep_damaged(session, part.bytes, "unreadable");
            continue;
        }
        verdict = ingest_describe(item, &message, &item->messages[count]);
        count++;
    }
    item->count = count;
    return verdict;
}

static bool take_batch(struct ingest_session *session, hl7_slice payload)
{
    struct answer_verdict verdict;
    struct hl7_error error;
    hl7_slice reply = {NULL, 0};
    size_t count = 0;

    bool whole = hl7_batch_check(payload, &count, &error) == HL7_OK;
    struct ingest_item *item = new_item(session, payload, whole && count > 0 ? count : 1);
    if (item == NULL) {
        return false;
    }
    item->batch = true;
    if (!whole) {
        ingest_note(session->listener, INGEST_UNREADABLE,
                    "listener=%s peer=%s batch: %s (byte %zu)", ingest_name(session->listener),
                    session->peer, error.text, error.position);
        ingest_keep_damaged(session, payload, "batch");
        verdict = (struct answer_verdict){
            .outcome = HL7_REJECTED, .condition = HL7_SEGMENT_SEQUENCE, .reason = error.text};
    } else {
        verdict = describe_batch(session, item);
    }
    if (!ingest_reply(session->listener->ingest, payload, true, &verdict, &reply)) {
        ingest_note(session->listener, INGEST_UNREADABLE,
                    "listener=%s peer=%s the header of a batch cannot be read; closed",
                    ingest_name(session->listener), session->peer);
        ingest_item_leave(item);
        return false;
    }
    if (session->listener->config->ack == CONFIG_ACK_NONE) {
        reply.len = 0;
    }
    if (verdict.outcome == HL7_ACCEPTED && !ingest_item_set_reply(item, reply)) {
        ingest_item_leave(item);
        return false;
    }
    dispatch(item, session, &verdict);
    return true;
}

/* ---- Entry --------------------------------------------------------------------------------- */

void ingest_keep_damaged(struct ingest_session *session, hl7_slice bytes, const char *what)
{
    const struct config_listener *config = session->listener->config;
    struct ingest_item *item = NULL;
    char *type = NULL;

    session->listener->counters.damaged++;
    if (config == NULL || bytes.len == 0) {
        return;
    }
    item = new_item(session, hl7_slice_part(bytes, 0, KEPT_MAX), 1);
    type = item != NULL ? ingest_item_alloc(item, strlen(what) + 2) : NULL;
    if (type == NULL) {
        if (item != NULL) {
            ingest_item_leave(item);
        }
        return;
    }
    /* A type no message can have: "(unreadable)". */
    type[0] = '(';
    memcpy(type + 1, what, strlen(what));
    type[strlen(what) + 1] = ')';
    item->messages[0] = (struct journal_message){
        .listener = hl7_slice_of(config->name),
        .peer = hl7_slice_of(item->peer),
        .received = clock_wall(),
        .bytes = item->payload,
        .type = {type, strlen(what) + 2},
    };
    ingest_item_store(item);
}

bool ingest_take(struct ingest_session *session, hl7_slice payload)
{
    struct ingest *ingest = session->listener->ingest;
    struct hl7_message message;
    struct hl7_error error;

    if (payload.len == 0 || payload.ptr[0] == '<') {
        ingest_note(session->listener, INGEST_FOREIGN, "listener=%s peer=%s %s; closed",
                    ingest_name(session->listener), session->peer,
                    payload.len == 0 ? "an empty frame" : "markup in a frame");
        return false;
    }
    if (hl7_is_batch(payload)) {
        return take_batch(session, payload);
    }
    struct ingest_item *item = new_item(session, payload, 1);
    if (item == NULL) {
        return false;
    }
    if (!parsing_message(&ingest->parsing, item->payload, &message, &error)) {
        return take_damaged(session, item, &error);
    }
    return take_message(session, item, &message);
}
