/* SPDX-License-Identifier: Apache-2.0
 *
 * The answers of `orderly listen`, written straight into listen->replies between their frame bytes.
 * An answer that does not fit is taken back: half an answer never leaves. */
#include "listen.h"

#include "../base/log.h"

#include <stdio.h>
#include <string.h>

/* ---- Frames in place ----------------------------------------------------------------------- */

static size_t begin_frame(struct listen *listen)
{
    size_t start = listen->replies.len;

    hl7_buffer_add_byte(&listen->replies, HL7_VT);
    return start;
}

static bool end_frame(struct listen *listen, size_t start)
{
    hl7_buffer_add_byte(&listen->replies, HL7_FS);
    hl7_buffer_add_byte(&listen->replies, '\r');
    if (listen->replies.full) {
        listen->replies.full = false;
        listen->replies.len = start;
        return false;
    }
    return true;
}

/* What a reply says in MSA-1, for people: "AA", or "reply" when it has none. */
static void name_reply(hl7_slice payload, char code[8])
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

bool listen_reply_bytes(struct listen *listen, hl7_slice payload, char code[8])
{
    size_t start = begin_frame(listen);

    hl7_buffer_add(&listen->replies, payload);
    name_reply(payload, code);
    return end_frame(listen, start);
}

/* ---- Generated acknowledgements ------------------------------------------------------------ */

static void write_ack(struct listen *listen, const struct hl7_message *message,
                      enum hl7_ack_code code, const struct listen_verdict *verdict)
{
    char id[CONTROL_ID_SIZE];
    struct hl7_ack ack = {.code = code,
                          .control_id = services_control_id(&listen->services, id),
                          .time = listen_time(listen),
                          .condition = verdict->condition,
                          .where = verdict->where,
                          .reason = hl7_slice_of(verdict->reason)};

    hl7_ack_write(message, &ack, &listen->replies);
}

static void reply_with(struct listen *listen, const struct hl7_message *message,
                       enum hl7_ack_code code, const struct listen_verdict *verdict)
{
    size_t start = begin_frame(listen);

    write_ack(listen, message, code, verdict);
    (void)end_frame(listen, start);
}

void listen_reply_message(struct listen *listen, const struct hl7_message *message,
                          const struct listen_verdict *verdict, char code[8])
{
    struct hl7_ack_plan plan = hl7_ack_plan(message, verdict->outcome);
    bool both = plan.accept != HL7_ACK_NONE && plan.application != HL7_ACK_NONE;

    if (plan.accept != HL7_ACK_NONE) {
        reply_with(listen, message, plan.accept, verdict);
    }
    if (plan.application != HL7_ACK_NONE) {
        reply_with(listen, message, plan.application, verdict);
    }
    struct hl7_buffer text;
    hl7_buffer_init(&text, code, 8);
    hl7_buffer_add(&text, hl7_slice_of(hl7_ack_code_name(plan.accept)));
    hl7_buffer_add(&text, both ? HL7_TEXT("+") : HL7_TEXT(""));
    hl7_buffer_add(&text, hl7_slice_of(hl7_ack_code_name(plan.application)));
    hl7_buffer_add_byte(&text, '\0');
}

/* ---- Batches (rule 31) --------------------------------------------------------------------- */

static bool write_batch_header(struct listen *listen, hl7_slice header)
{
    struct hl7_message message;
    char id[CONTROL_ID_SIZE];

    if (!listen_parse(listen, header, &message, NULL)) {
        return false;
    }
    struct hl7_ack ack = {.control_id = services_control_id(&listen->services, id),
                          .time = listen_time(listen)};
    hl7_ack_write_batch_header(&message, &ack, &listen->replies);
    return true;
}

/* One message of the batch: its acknowledgement, if it asks for one. 1 when one was written. */
static uint64_t write_batch_ack(struct listen *listen, hl7_slice bytes,
                                const struct listen_verdict *verdict)
{
    struct listen_verdict own = *verdict;
    struct hl7_message message;
    struct hl7_error error;

    if (!listen_parse(listen, bytes, &message, &error)) {
        own = (struct listen_verdict){
            .outcome = HL7_REJECTED, .condition = HL7_SEGMENT_SEQUENCE, .reason = error.text};
        if (!listen_salvage(listen, bytes, &message)) {
            return 0;
        }
    }
    struct hl7_ack_plan plan = hl7_ack_plan(&message, own.outcome);
    enum hl7_ack_code code = plan.accept != HL7_ACK_NONE ? plan.accept : plan.application;
    if (code == HL7_ACK_NONE) {
        return 0;
    }
    write_ack(listen, &message, code, &own);
    return 1;
}

static void write_trailer(struct listen *listen, hl7_slice name, char separator, uint64_t count)
{
    hl7_buffer_add(&listen->replies, name);
    hl7_buffer_add_byte(&listen->replies, separator);
    hl7_buffer_add_number(&listen->replies, count);
    hl7_buffer_add_byte(&listen->replies, '\r');
}

bool listen_reply_batch(struct listen *listen, hl7_slice batch,
                        const struct listen_verdict *verdict, char code[8])
{
    size_t start = begin_frame(listen);
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
            readable = write_batch_header(listen, part.bytes);
            separator = part.bytes.len > 3 ? part.bytes.ptr[3] : '|';
            break;
        case HL7_BATCH_HEADER:
            open = true;
            acks = 0;
            readable = write_batch_header(listen, part.bytes);
            separator = part.bytes.len > 3 ? part.bytes.ptr[3] : '|';
            break;
        case HL7_BATCH_MESSAGE:
            acks += write_batch_ack(listen, part.bytes, verdict);
            break;
        case HL7_BATCH_TRAILER:
            write_trailer(listen, HL7_TEXT("BTS"), separator, acks);
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
        write_trailer(listen, HL7_TEXT("BTS"), separator, acks);
        batches++;
    }
    if (file) {
        write_trailer(listen, HL7_TEXT("FTS"), separator, batches);
    }
    memcpy(code, "batch", sizeof "batch");
    if (!readable) {
        listen->replies.len = start;
    }
    return readable && end_frame(listen, start);
}

/* ---- The template -------------------------------------------------------------------------- */

/* What a message is answered with that the template refused. Whether the code begins with A or C is
 * the message's choice (rule 23). */
static struct listen_verdict refusal(const struct hl7_refusal *refusal)
{
    bool reject = refusal->code == HL7_AR || refusal->code == HL7_CR;

    return (struct listen_verdict){.outcome = reject ? HL7_REJECTED : HL7_FAILED,
                                   .condition = HL7_INTERNAL_ERROR,
                                   .reason = refusal->reason};
}

bool listen_reply_template(struct listen *listen, const struct hl7_message *message, char code[8],
                           struct listen_verdict *ret_verdict, const char **ret_reason)
{
    struct listen_template *template = &listen->template;
    struct hl7_conversion conversion = {
        .source = message->bytes, .message = message, .refusal = &template->refusal};
    struct hl7_diagnostic diagnostic;
    hl7_slice reply = {NULL, 0};

    enum hl7_code failed = template_run(&template->current, &conversion, &listen->services,
                                        &template->output, &reply, &diagnostic);
    if (failed == HL7_OK && reply.len > 0 && listen_reply_bytes(listen, reply, code)) {
        return true;
    }
    if (failed == HL7_REFUSED) {
        *ret_reason = NULL;
        *ret_verdict = refusal(&template->refusal);
        return false;
    }
    *ret_reason = failed != HL7_OK ? hl7_code_name(failed)
                  : reply.len == 0 ? "nothing to send"
                                   : "too long";
    *ret_verdict = (struct listen_verdict){.outcome = HL7_FAILED,
                                           .condition = HL7_INTERNAL_ERROR,
                                           .reason = "the answer could not be made"};
    return false;
}

static void complain(const struct template_file *file)
{
    char text[500];

    for (const struct hl7_diagnostic *d = file->findings; d != NULL; d = d->next) {
        template_finding_file(file->path, d, text, sizeof text);
        log_error("template", "%s:%zu:%zu: %s", text, d->line, d->column, d->text);
    }
    for (size_t i = 0; template_unreadable(file, i, text, sizeof text); i++) {
        log_error("template", "%s", text);
    }
    if (file->problem[0] != '\0') {
        log_error("template", "%s: %s", file->path, file->problem);
    }
}

/* Reads the template anew; an empty file is one that an editor is about to write. */
static bool open_template(struct template_file *file, const char *path)
{
    bool good = template_open(file, path);

    if (good && file->beside.files[0]->len == 0) {
        (void)snprintf(file->problem, sizeof file->problem, "the file is empty");
        good = false;
    }
    if (!good) {
        complain(file);
    }
    return good;
}

bool listen_template_load(struct listen *listen, const char *path)
{
    struct listen_template *template = &listen->template;
    struct template_file fresh;
    bool good = open_template(&fresh, path);

    /* What was looked at is kept even when it is bad: one complaint for each version of it. */
    template_unload(&template->refused);
    template->refused = (struct template_file){.path = NULL};
    if (good) {
        template_unload(&template->current);
        template->current = fresh;
    } else {
        template->refused = fresh;
    }
    return good;
}

void listen_template_refresh(struct listen *listen)
{
    struct listen_template *template = &listen->template;
    const char *path = template->current.path;
    const struct template_file *latest =
        template->refused.path != NULL ? &template->refused : &template->current;

    if (path == NULL || !beside_changed(&latest->beside)) {
        return;
    }
    if (listen_template_load(listen, path)) {
        log_info("template", "%s: the changed template is in force", path);
    } else {
        log_warning("template", "%s: has errors; the last good one stays in force", path);
    }
}

void listen_template_release(struct listen *listen)
{
    template_unload(&listen->template.refused);
    template_unload(&listen->template.current);
    template_output_free(&listen->template.output);
}
