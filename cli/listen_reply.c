/* SPDX-License-Identifier: Apache-2.0
 *
 * The answers of `orderly listen`, written straight into listen->replies between their frame bytes.
 * An answer that does not fit is taken back: half an answer never leaves. */
#include "listen.h"

#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEMPLATE_MAX = 4 * 1024 * 1024 };

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
    char id[24];
    struct hl7_ack ack = {.code = code,
                          .control_id = listen_control_id(listen, id),
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
    char id[24];

    if (!listen_parse(listen, header, &message, NULL)) {
        return false;
    }
    struct hl7_ack ack = {.control_id = listen_control_id(listen, id), .time = listen_time(listen)};
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

bool listen_reply_template(struct listen *listen, const struct hl7_message *message, char code[8],
                           const char **ret_reason)
{
    struct listen_template *template = &listen->template;
    struct hl7_conversion conversion = {.source = message->bytes, .message = message};
    struct hl7_diagnostic diagnostic;
    size_t start = begin_frame(listen);

    enum hl7_code failed = hl7_template_run(template->program, &conversion, &listen->arena,
                                            &listen->replies, &diagnostic);
    hl7_slice reply = {listen->replies.ptr + start + 1, listen->replies.len - start - 1};
    if (end_frame(listen, start) && failed == HL7_OK && reply.len > 0) {
        name_reply(reply, code);
        return true;
    }
    listen->replies.len = start;
    *ret_reason = failed != HL7_OK ? hl7_code_name(failed)
                  : reply.len == 0 ? "nothing to send"
                                   : "too long";
    return false;
}

static void complain(const struct listen_template *template, const struct hl7_diagnostic *first)
{
    for (const struct hl7_diagnostic *d = first; d != NULL; d = d->next) {
        log_error("template", "%s:%zu:%zu: %s", template->file, d->line, d->column, d->text);
    }
}

/* Reads the whole file into the block; false with errno set. */
static bool read_file(const char *path, struct memory_block *text, struct stat *ret_status)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && fstat(fd, ret_status) == 0;

    if (done && ret_status->st_size > TEMPLATE_MAX) {
        errno = EFBIG;
        done = false;
    }
    size_t size = done ? (size_t)ret_status->st_size : 0;
    done = done && memory_grow(text, size + 1);
    for (size_t at = 0; done && at < size;) {
        ssize_t got = read(fd, (char *)text->ptr + at, size - at);
        if (got == 0) {
            errno = EIO; /* it shrank while it was read */
        }
        done = got > 0;
        at += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
    }
    return done;
}

/* What a compiled template may take: a small multiple of its text, and something to begin with. */
static size_t arena_size(size_t text)
{
    return 64 * 1024 + 64 * text;
}

static bool load(struct listen_template *fresh, struct stat *ret_status)
{
    struct hl7_diagnostic *diagnostics = NULL;

    if (!read_file(fresh->file, &fresh->text, ret_status)) {
        log_error("template", "%s: %s", fresh->file, strerror(errno));
        return false;
    }
    size_t size = (size_t)ret_status->st_size;
    if (size == 0) {
        log_error("template", "%s: the file is empty", fresh->file);
        return false; /* an editor may be about to write it */
    }
    if (!memory_grow(&fresh->arena_memory, arena_size(size))) {
        log_error("template", "%s: out of memory", fresh->file);
        return false;
    }
    hl7_arena_init(&fresh->arena, fresh->arena_memory.ptr, fresh->arena_memory.size);
    enum hl7_code code = hl7_template_compile((hl7_slice){fresh->text.ptr, size}, NULL,
                                              &fresh->arena, &fresh->program, &diagnostics);
    complain(fresh, diagnostics);
    return code == HL7_OK;
}

bool listen_template_load(struct listen *listen)
{
    struct listen_template *current = &listen->template;
    struct listen_template fresh = {.file = current->file};
    struct stat status = {0};
    bool good = load(&fresh, &status);

    /* What was looked at is noted even when it is bad: one complaint for each version of it. */
    current->modified = status.st_mtim;
    current->changed = status.st_ctim;
    current->size = (size_t)status.st_size;
    if (!good) {
        memory_free(&fresh.text);
        memory_free(&fresh.arena_memory);
        return current->program != NULL;
    }
    memory_free(&current->text);
    memory_free(&current->arena_memory);
    fresh.modified = current->modified;
    fresh.changed = current->changed;
    fresh.size = current->size;
    *current = fresh;
    return true;
}

void listen_template_refresh(struct listen *listen)
{
    const struct listen_template *current = &listen->template;
    struct stat status;

    if (current->file == NULL || stat(current->file, &status) != 0 ||
        (status.st_mtim.tv_sec == current->modified.tv_sec &&
         status.st_mtim.tv_nsec == current->modified.tv_nsec &&
         status.st_ctim.tv_sec == current->changed.tv_sec &&
         status.st_ctim.tv_nsec == current->changed.tv_nsec &&
         (size_t)status.st_size == current->size)) {
        return;
    }
    const struct hl7_template *before = current->program;
    (void)listen_template_load(listen);
    if (listen->template.program != before) {
        log_info("template", "%s: the changed template is in force", current->file);
    } else {
        log_warning("template", "%s: has errors; the last good one stays in force", current->file);
    }
}
