/* SPDX-License-Identifier: Apache-2.0 */
#include "answers.h"

#include <string.h>

/* ---- Frames in place ----------------------------------------------------------------------- */

static size_t begin_frame(struct hl7_buffer *out)
{
    size_t start = out->len;

    hl7_buffer_add_byte(out, HL7_VT);
    return start;
}

static bool end_frame(struct hl7_buffer *out, size_t start)
{
    hl7_buffer_add_byte(out, HL7_FS);
    hl7_buffer_add_byte(out, '\r');
    if (out->full) {
        out->full = false;
        out->len = start;
        return false;
    }
    return true;
}

/* What a reply says in MSA-1, for people: "AA", or "reply" when it has none. */
static void name_reply(hl7_slice payload, char code[ANSWER_CODE])
{
    enum hl7_ack_code found = HL7_ACK_NONE;
    hl7_slice line;

    while (found == HL7_ACK_NONE && hl7_piece_next(&payload, '\r', &line)) {
        if (hl7_slice_starts(line, HL7_TEXT("MSA"))) {
            found = hl7_ack_code_parse(hl7_slice_part(line, 4, 2));
        }
    }
    const char *name = found == HL7_ACK_NONE ? "reply" : hl7_ack_code_name(found);
    memcpy(code, name, strlen(name) + 1);
}

bool answers_bytes(hl7_slice payload, struct hl7_buffer *out, char code[ANSWER_CODE])
{
    size_t start = begin_frame(out);

    hl7_buffer_add(out, payload);
    name_reply(payload, code);
    return end_frame(out, start);
}

/* ---- Generated acknowledgements ------------------------------------------------------------ */

static void write_ack(struct answers *answers, const struct hl7_message *message,
                      enum hl7_ack_code code, const struct answer_verdict *verdict,
                      struct hl7_buffer *out)
{
    char id[CONTROL_ID_SIZE];
    struct hl7_ack ack = {.code = code,
                          .control_id = services_control_id(answers->services, id),
                          .time = answers_time(answers),
                          .condition = verdict->condition,
                          .where = verdict->where,
                          .reason = hl7_slice_of(verdict->reason),
                          .rule = verdict->rule,
                          .more = verdict->more,
                          .more_count = verdict->more_count};

    hl7_ack_write(message, &ack, out);
}

static bool add_ack(struct answers *answers, const struct hl7_message *message,
                    enum hl7_ack_code code, const struct answer_verdict *verdict,
                    struct hl7_buffer *out)
{
    if (code == HL7_ACK_NONE) {
        return true;
    }
    size_t start = begin_frame(out);
    write_ack(answers, message, code, verdict, out);
    return end_frame(out, start);
}

bool answers_message(struct answers *answers, const struct hl7_message *message,
                     const struct answer_verdict *verdict, struct hl7_buffer *out,
                     char code[ANSWER_CODE])
{
    struct hl7_ack_plan plan = hl7_ack_plan(message, verdict->outcome);
    bool both = plan.accept != HL7_ACK_NONE && plan.application != HL7_ACK_NONE;
    size_t start = out->len;
    struct hl7_buffer text;

    hl7_buffer_init(&text, code, ANSWER_CODE);
    hl7_buffer_add(&text, hl7_slice_of(hl7_ack_code_name(plan.accept)));
    hl7_buffer_add(&text, both ? HL7_TEXT("+") : HL7_TEXT(""));
    hl7_buffer_add(&text, hl7_slice_of(hl7_ack_code_name(plan.application)));
    hl7_buffer_add_byte(&text, '\0');
    if (!add_ack(answers, message, plan.accept, verdict, out) ||
        !add_ack(answers, message, plan.application, verdict, out)) {
        out->len = start;
        return false;
    }
    return true;
}

/* ---- Batches (rule 31) --------------------------------------------------------------------- */

static bool write_batch_header(struct answers *answers, hl7_slice header, struct hl7_buffer *out)
{
    struct hl7_message message;
    char id[CONTROL_ID_SIZE];

    if (!parsing_message(&answers->parsing, header, &message, NULL)) {
        return false;
    }
    struct hl7_ack ack = {.control_id = services_control_id(answers->services, id),
                          .time = answers_time(answers)};
    hl7_ack_write_batch_header(&message, &ack, out);
    return true;
}

/* One message of the batch: its acknowledgement, if it asks for one. 1 when one was written. */
static uint64_t write_batch_ack(struct answers *answers, hl7_slice bytes,
                                const struct answer_verdict *verdict, struct hl7_buffer *out)
{
    struct answer_verdict own = *verdict;
    struct hl7_message message;
    struct hl7_error error;

    if (!parsing_message(&answers->parsing, bytes, &message, &error)) {
        own = (struct answer_verdict){
            .outcome = HL7_REJECTED, .condition = HL7_SEGMENT_SEQUENCE, .reason = error.text};
        if (!parsing_header(&answers->parsing, bytes, &message)) {
            return 0;
        }
    }
    struct hl7_ack_plan plan = hl7_ack_plan(&message, own.outcome);
    enum hl7_ack_code code = plan.accept != HL7_ACK_NONE ? plan.accept : plan.application;
    if (code == HL7_ACK_NONE) {
        return 0;
    }
    write_ack(answers, &message, code, &own, out);
    return 1;
}

static void write_trailer(hl7_slice name, char separator, uint64_t count, struct hl7_buffer *out)
{
    hl7_buffer_add(out, name);
    hl7_buffer_add_byte(out, separator);
    hl7_buffer_add_number(out, count);
    hl7_buffer_add_byte(out, '\r');
}

bool answers_batch(struct answers *answers, hl7_slice batch, const struct answer_verdict *verdict,
                   struct hl7_buffer *out, char code[ANSWER_CODE])
{
    size_t start = begin_frame(out);
    struct hl7_batch reader;
    struct hl7_batch_part part;
    bool file = false;
    bool open = false;
    bool readable = true;
    uint64_t acks = 0;
    uint64_t batches = 0;
    char separator = '|';

    hl7_batch_init(&reader, batch);
    while (readable && hl7_batch_next(&reader, &part) != HL7_BATCH_END) {
        switch (part.kind) {
        case HL7_BATCH_FILE_HEADER:
            file = true;
            readable = write_batch_header(answers, part.bytes, out);
            separator = part.bytes.len > 3 ? part.bytes.ptr[3] : '|';
            break;
        case HL7_BATCH_HEADER:
            open = true;
            acks = 0;
            readable = write_batch_header(answers, part.bytes, out);
            separator = part.bytes.len > 3 ? part.bytes.ptr[3] : '|';
            break;
        case HL7_BATCH_MESSAGE:
            acks += write_batch_ack(answers, part.bytes, verdict, out);
            break;
        case HL7_BATCH_TRAILER:
            write_trailer(HL7_TEXT("BTS"), separator, acks, out);
            batches++;
            open = false;
            break;
        case HL7_BATCH_FILE_TRAILER:
        case HL7_BATCH_STRAY:
        case HL7_BATCH_END:
            break;
        }
    }
    if (open) {
        write_trailer(HL7_TEXT("BTS"), separator, acks, out);
        batches++;
    }
    if (file) {
        write_trailer(HL7_TEXT("FTS"), separator, batches, out);
    }
    memcpy(code, "batch", sizeof "batch");
    if (!readable) {
        out->len = start;
    }
    return readable && end_frame(out, start);
}

/* ---- Templates ----------------------------------------------------------------------------- */

/* What a message is answered with that the template refused. Whether the code begins with A or C is
 * the message's choice (rule 23). */
static struct answer_verdict refusal_verdict(const struct hl7_refusal *refusal)
{
    bool reject = refusal->code == HL7_AR || refusal->code == HL7_CR;

    return (struct answer_verdict){.outcome = reject ? HL7_REJECTED : HL7_FAILED,
                                   .condition = HL7_INTERNAL_ERROR,
                                   .reason = refusal->reason};
}

bool answers_template(struct answers *answers, const struct template_file *file,
                      const struct hl7_message *message, struct hl7_buffer *out,
                      char code[ANSWER_CODE], struct answer_verdict *ret_verdict,
                      const char **ret_why)
{
    struct hl7_conversion conversion = {
        .source = message->bytes, .message = message, .refusal = &answers->refusal};
    struct hl7_diagnostic diagnostic;
    hl7_slice reply = {NULL, 0};

    enum hl7_code failed =
        template_run(file, &conversion, answers->services, &answers->output, &reply, &diagnostic);
    if (failed == HL7_OK && reply.len > 0 && answers_bytes(reply, out, code)) {
        return true;
    }
    if (failed == HL7_REFUSED) {
        *ret_why = NULL;
        *ret_verdict = refusal_verdict(&answers->refusal);
        return false;
    }
    *ret_why = failed != HL7_OK ? hl7_code_name(failed)
               : reply.len == 0 ? "nothing to send"
                                : "too long";
    *ret_verdict = (struct answer_verdict){.outcome = HL7_FAILED,
                                           .condition = HL7_INTERNAL_ERROR,
                                           .reason = "the answer could not be made"};
    return false;
}

/* ---- Time ---------------------------------------------------------------------------------- */

hl7_slice answers_time(struct answers *answers)
{
    time_t now = time(NULL);

    if (now != answers->second || answers->time_len == 0) {
        struct hl7_buffer buffer;
        struct hl7_time moment = services_now();

        hl7_buffer_init(&buffer, answers->time_text, sizeof answers->time_text);
        hl7_time_write(&moment, &buffer);
        answers->second = now;
        answers->time_len = buffer.len;
    }
    return (hl7_slice){answers->time_text, answers->time_len};
}

void answers_free(struct answers *answers)
{
    parsing_free(&answers->parsing);
    template_output_free(&answers->output);
}
