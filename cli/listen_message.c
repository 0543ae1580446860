/* SPDX-License-Identifier: Apache-2.0
 *
 * One payload of `orderly listen`: what is it, can it be kept, how is it answered?
 *
 *     batch (FHS, BHS)         stored whole, answered by a batch of acknowledgements (rule 31)
 *     message                  stored, answered
 *     damaged, but has an MSH  set aside, answered AR (rule 26)
 *     anything else            set aside, not answered, connection closed (rules 5, 7, 26)
 *
 * An answer that accepts is written only after the store has synced the bytes (rule 22); a failed
 * store is answered with an error, so that the sender tries again. */
#include "listen.h"

#include <errno.h>
#include <string.h>

/* What --answer asks for. */
static struct answer_verdict wanted_verdict(const struct listen *listen)
{
    static const struct answer_verdict verdicts[] = {
        [LISTEN_ANSWER_ACCEPT] = {.outcome = HL7_ACCEPTED},
        [LISTEN_ANSWER_ERROR] = {.outcome = HL7_FAILED,
                                 .condition = HL7_INTERNAL_ERROR,
                                 .reason = "answered with an error, as asked by --answer"},
        [LISTEN_ANSWER_REJECT] = {.outcome = HL7_REJECTED,
                                  .condition = HL7_UNSUPPORTED_MESSAGE,
                                  .reason = "rejected, as asked by --answer"},
        [LISTEN_ANSWER_NONE] = {.outcome = HL7_ACCEPTED},
    };

    return verdicts[listen->options->answer];
}

static void count_message(struct listen *listen, const struct answer_verdict *verdict)
{
    uint64_t *const counters[] = {[HL7_ACCEPTED] = &listen->counters.accepted,
                                  [HL7_FAILED] = &listen->counters.failed,
                                  [HL7_REJECTED] = &listen->counters.rejected};

    listen->counters.messages++;
    (*counters[verdict->outcome])++;
    if (listen->options->count != 0 && listen->counters.messages >= listen->options->count) {
        listen->ending = true;
    }
}

/* Saves the payload, if that is asked for; a failure becomes the verdict. */
static uint64_t store(struct listen_session *session, hl7_slice payload,
                      struct answer_verdict *verdict)
{
    struct listen *listen = session->listen;
    uint64_t number = 0;

    if (listen->messages.directory < 0) {
        return 0;
    }
    if (!listen_store_add(&listen->messages, payload, &number)) {
        listen_note(listen, LISTEN_NOT_STORED, "peer=%s %s; answered with an error", session->peer,
                    strerror(errno));
        *verdict = (struct answer_verdict){.outcome = HL7_FAILED,
                                           .condition = HL7_INTERNAL_ERROR,
                                           .reason = "the message could not be stored; send again"};
    }
    return number;
}

/* ---- Validation ---------------------------------------------------------------------------- */

/* Compares a message with the standard; false when it is to be refused, with the answer. */
static bool validate(struct listen_session *session, const struct hl7_message *message,
                     struct answer_verdict *verdict)
{
    struct listen *listen = session->listen;
    bool reject = listen->options->validate == VALIDATION_REJECT;

    if (validation_passes(&listen->validation, message)) {
        return true;
    }
    listen_note(listen, LISTEN_INVALID, "peer=%s %s; %s", session->peer,
                validation_text(&listen->validation), reject ? "refused" : "taken");
    if (reject) {
        *verdict = validation_verdict(&listen->validation);
    }
    return !reject;
}

/* The messages of a batch, until one is to be refused. */
static bool validate_batch(struct listen_session *session, hl7_slice payload,
                           struct answer_verdict *verdict)
{
    struct listen *listen = session->listen;
    struct hl7_batch batch;
    struct hl7_batch_part part;
    struct hl7_message message;

    hl7_batch_init(&batch, payload);
    while (hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        if (part.kind == HL7_BATCH_MESSAGE &&
            parsing_message(&listen->parsing, part.bytes, &message, NULL) &&
            !validate(session, &message, verdict)) {
            return false;
        }
    }
    return true;
}

/* Validates what is accepted so far, if that is asked for. What is refused is set aside. `message` is
 * NULL for a batch. */
static void validate_payload(struct listen_session *session, hl7_slice payload,
                             const struct hl7_message *message, struct answer_verdict *verdict)
{
    if (session->listen->options->validate == VALIDATION_OFF || verdict->outcome != HL7_ACCEPTED) {
        return;
    }
    if (message != NULL ? !validate(session, message, verdict)
                        : !validate_batch(session, payload, verdict)) {
        listen_set_aside(session, payload);
    }
}

/* ---- Whole messages ------------------------------------------------------------------------ */

static bool asks_for_answer(const struct listen *listen, const struct hl7_message *message)
{
    struct hl7_ack_plan plan = hl7_ack_plan(message, HL7_ACCEPTED);

    return listen->options->answer != LISTEN_ANSWER_NONE &&
           (plan.accept != HL7_ACK_NONE || plan.application != HL7_ACK_NONE);
}

static void answer_by_rules(struct listen_session *session, const struct hl7_message *message,
                            const struct answer_verdict *verdict, char code[ANSWER_CODE])
{
    struct listen *listen = session->listen;

    if (!answers_message(&listen->answers, message, verdict, &listen->replies, code)) {
        listen_note(listen, LISTEN_NOT_ANSWERED, "peer=%s the answer is too long", session->peer);
    }
}

/* Answers by the rules, or with the template where all went well. */
static void answer(struct listen_session *session, const struct hl7_message *message,
                   struct answer_verdict *verdict, char code[ANSWER_CODE])
{
    struct listen *listen = session->listen;
    const char *reason = NULL;

    code[0] = '\0';
    if (listen->options->answer == LISTEN_ANSWER_NONE) {
        return;
    }
    if (listen->template.current.program != NULL && verdict->outcome == HL7_ACCEPTED) {
        if (!asks_for_answer(listen, message)) {
            return;
        }
        if (answers_template(&listen->answers, &listen->template.current, message, &listen->replies,
                             code, verdict, &reason)) {
            return;
        }
        if (reason != NULL) {
            listen_note(listen, LISTEN_NOT_ANSWERED, "peer=%s template: %s", session->peer, reason);
        }
    }
    answer_by_rules(session, message, verdict, code);
}

static enum listen_taken take_message(struct listen_session *session, hl7_slice payload,
                                      const struct hl7_message *message)
{
    struct listen *listen = session->listen;
    struct answer_verdict verdict = wanted_verdict(listen);
    char code[ANSWER_CODE];

    validate_payload(session, payload, message, &verdict);
    uint64_t number = verdict.rule.len == 0 ? store(session, payload, &verdict) : 0;

    if (listen->options->exec != NULL && verdict.outcome == HL7_ACCEPTED &&
        !hl7_is_response(message)) {
        session->job_number = number;
        return listen_exec_begin(session) ? LISTEN_LATER : LISTEN_TAKEN;
    }
    answer(session, message, &verdict, code);
    count_message(listen, &verdict);
    listen_print(listen, session->peer, payload, message, code, number);
    return LISTEN_TAKEN;
}

void listen_take_reply(struct listen_session *session, hl7_slice payload, hl7_slice reply,
                       const char *reason)
{
    struct listen *listen = session->listen;
    struct answer_verdict verdict = {.outcome = HL7_ACCEPTED};
    struct hl7_message message;
    char code[ANSWER_CODE] = "";

    if (!parsing_message(&listen->parsing, payload, &message, NULL)) {
        return; /* it was parsed before; only memory can be short now */
    }
    /* A message that asks for no answer is the program's business all the same. */
    const char *failure = reply.ptr == NULL ? reason : NULL;
    if (failure == NULL && asks_for_answer(listen, &message) &&
        !answers_bytes(reply, &listen->replies, code)) {
        failure = "the reply is too long";
    }
    if (failure != NULL) {
        listen_note(listen, LISTEN_NOT_ANSWERED, "peer=%s program: %s", session->peer, failure);
        verdict = (struct answer_verdict){.outcome = HL7_FAILED,
                                          .condition = HL7_INTERNAL_ERROR,
                                          .reason = "the program that answers failed"};
        answer_by_rules(session, &message, &verdict, code);
    }
    count_message(listen, &verdict);
    listen_print(listen, session->peer, payload, &message, code, session->job_number);
}

/* ---- Batches ------------------------------------------------------------------------------- */

static enum listen_taken take_batch(struct listen_session *session, hl7_slice payload)
{
    struct listen *listen = session->listen;
    struct answer_verdict verdict = wanted_verdict(listen);
    struct hl7_error error;
    size_t messages = 0;
    uint64_t number = 0;
    char code[ANSWER_CODE] = "";

    if (hl7_batch_check(payload, &messages, &error) != HL7_OK) {
        listen_note(listen, LISTEN_UNREADABLE, "peer=%s batch: %s (byte %zu); rejected",
                    session->peer, error.text, error.position);
        listen_set_aside(session, payload);
        verdict = (struct answer_verdict){
            .outcome = HL7_REJECTED, .condition = HL7_SEGMENT_SEQUENCE, .reason = error.text};
    } else {
        validate_payload(session, payload, NULL, &verdict);
        number = verdict.rule.len == 0 ? store(session, payload, &verdict) : 0;
    }
    if (listen->options->answer != LISTEN_ANSWER_NONE &&
        !answers_batch(&listen->answers, payload, &verdict, &listen->replies, code)) {
        listen_note(listen, LISTEN_UNREADABLE, "peer=%s batch header cannot be read; closed",
                    session->peer);
        return LISTEN_REFUSE;
    }
    count_message(listen, &verdict);
    listen_print(listen, session->peer, payload, NULL, code, number);
    return LISTEN_TAKEN;
}

/* ---- What is no whole message -------------------------------------------------------------- */

static enum listen_taken take_damaged(struct listen_session *session, hl7_slice payload,
                                      const struct hl7_error *error)
{
    struct listen *listen = session->listen;
    struct answer_verdict verdict = {
        .outcome = HL7_REJECTED, .condition = HL7_SEGMENT_SEQUENCE, .reason = error->text};
    struct hl7_message header;
    char code[ANSWER_CODE] = "";

    listen_note(listen, LISTEN_UNREADABLE, "peer=%s %s: %s (byte %zu)", session->peer,
                hl7_code_name(error->code), error->text, error->position);
    listen_set_aside(session, payload);
    if (error->code == HL7_WIDE_TEXT || !parsing_header(&listen->parsing, payload, &header)) {
        return LISTEN_REFUSE;
    }
    if (listen->options->answer != LISTEN_ANSWER_NONE) {
        answer_by_rules(session, &header, &verdict, code);
    }
    count_message(listen, &verdict);
    listen_print(listen, session->peer, payload, &header, code, 0);
    return LISTEN_TAKEN;
}

enum listen_taken listen_take(struct listen_session *session, hl7_slice payload)
{
    struct listen *listen = session->listen;
    struct hl7_message message;
    struct hl7_error error;

    if (payload.len == 0 || payload.ptr[0] == '<') {
        listen_note(listen, LISTEN_FOREIGN, "peer=%s %s; closed", session->peer,
                    payload.len == 0 ? "an empty frame" : "markup in a frame");
        return LISTEN_REFUSE;
    }
    if (hl7_is_batch(payload)) {
        return take_batch(session, payload);
    }
    if (!parsing_message(&listen->parsing, payload, &message, &error)) {
        return take_damaged(session, payload, &error);
    }
    return take_message(session, payload, &message);
}
