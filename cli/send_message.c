/* SPDX-License-Identifier: Apache-2.0
 *
 * send_message.c - making messages ready to be sent.
 *
 * The memory of a message holds, in this order: the frame, the file's name with its NUL, and the
 * text with its NUL. Room for all of it is made first, because growing moves it.
 *
 * A message that the library cannot index is sent all the same, with a remark: testing how a
 * receiver takes damaged messages is what some people do. Only what cannot be framed stays here.
 */
#include "send_message.h"

#include "../base/control_id.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A place keeps this much memory when it is emptied. */
#define SEND_KEEP ((size_t)256 * 1024)

/* The most bytes a new MSH-10 adds: the id and the separators of ten fields. */
#define SEND_ID_GROWTH 32

#define SEND_TEXT_MAX ((size_t)600)

void send_maker_init(struct send_maker *maker, uint64_t milliseconds, uint64_t process)
{
    *maker = (struct send_maker){.counter = 0};
    control_id_base36(maker->prefix, SEND_ID_TIME, milliseconds);
    control_id_base36(maker->prefix + SEND_ID_TIME, SEND_ID_PROCESS, process);
}

void send_maker_release(struct send_maker *maker)
{
    memory_free(&maker->arena_memory);
    memory_free(&maker->scratch);
}

/* ---- Small things --------------------------------------------------------------------------- */

hl7_slice send_message_payload(const struct send_message *message)
{
    return (hl7_slice){message->frame.ptr + 1, message->frame.len - HL7_FRAME_OVERHEAD};
}

bool send_message_is_done_when_sent(const struct send_message *message)
{
    return !message->awaits_accept && !message->awaits_application && !message->awaits_error;
}

bool send_message_succeeds_silently(const struct send_message *message)
{
    return !message->awaits_accept && !message->awaits_application && message->awaits_error;
}

bool send_message_goes_on_after_accept(const struct send_message *message)
{
    return message->awaits_application || message->awaits_application_error;
}

void send_message_trim(struct send_message *message)
{
    if (message->memory.size > SEND_KEEP) {
        memory_free(&message->memory);
    }
}

/* Everything but the memory becomes as it was at the start. */
static void message_clear(struct send_message *message)
{
    struct memory_block memory = message->memory;

    memset(message, 0, sizeof *message);
    message->memory = memory;
}

static void message_say(struct send_message *message, const char *format, ...) HL7_FORMAT(2, 3);

/* Writes the text behind the file's name. The room is there. */
static void message_say(struct send_message *message, const char *format, ...)
{
    char *memory = message->memory.ptr;
    size_t at = message->frame.len + strlen(message->file) + 1;
    va_list arguments;

    assert(message->memory.size - at >= SEND_TEXT_MAX);
    va_start(arguments, format);
    (void)vsnprintf(memory + at, SEND_TEXT_MAX, format, arguments);
    va_end(arguments);
    message->text = memory + at;
}

/* Puts the file's name behind the frame, which is at the front of the memory. */
static void message_name(struct send_message *message, const char *file)
{
    char *at = (char *)message->memory.ptr + message->frame.len;

    memcpy(at, file, strlen(file) + 1);
    message->file = at;
}

bool send_message_problem(struct send_message *message, const char *text)
{
    message_clear(message);
    if (!memory_grow(&message->memory, SEND_TEXT_MAX + 1)) {
        return false;
    }
    message->kind = SEND_PROBLEM;
    message->unread = true;
    message->frame = (hl7_slice){message->memory.ptr, 0};
    message_name(message, "");
    message_say(message, "%s", text);
    return true;
}

/* What is wrong stays, what was to be sent goes. */
static void message_refuse(struct send_message *message)
{
    message->kind = SEND_PROBLEM;
    message->unread = false;
}

/* ---- Indexing ------------------------------------------------------------------------------- */

/* The maker's arena, empty and at least this large. */
static bool maker_arena(struct send_maker *maker, size_t size, struct hl7_arena *ret_arena)
{
    if (!memory_grow(&maker->arena_memory, size)) {
        return false;
    }
    hl7_arena_init(ret_arena, maker->arena_memory.ptr, maker->arena_memory.size);
    return true;
}

static size_t header_memory(hl7_slice bytes)
{
    const char *end = bytes.len == 0 ? NULL : memchr(bytes.ptr, '\r', bytes.len);

    return hl7_message_memory(
        hl7_slice_part(bytes, 0, end == NULL ? bytes.len : (size_t)(end - bytes.ptr) + 1));
}

/* Indexes the bytes in the maker's arena, leaving `room` in it; the header alone when the whole is
 * refused, and then *ret_flaw says why. False when there is no header or no memory. */
static bool maker_index(struct send_maker *maker, hl7_slice bytes, size_t room,
                        struct hl7_message *ret_message, struct hl7_error *ret_flaw)
{
    struct hl7_arena arena;
    struct hl7_error ignored;

    if (!maker_arena(maker, hl7_message_memory(bytes) + header_memory(bytes) + room, &arena)) {
        return false;
    }
    *ret_flaw = (struct hl7_error){.code = HL7_OK};
    return hl7_message_parse(bytes, &arena, ret_message, ret_flaw) == HL7_OK ||
           hl7_message_salvage(bytes, &arena, ret_message, &ignored) == HL7_OK;
}

/* ---- New control ids ------------------------------------------------------------------------ */

static hl7_slice maker_new_id(struct send_maker *maker, char memory[SEND_ID_SIZE])
{
    memcpy(memory, maker->prefix, sizeof maker->prefix);
    control_id_base36(memory + sizeof maker->prefix, SEND_ID_COUNT, maker->counter);
    maker->counter++;
    return (hl7_slice){memory, SEND_ID_SIZE};
}

/* Adds the message with a new MSH-10. */
static enum hl7_code maker_renumber_one(struct send_maker *maker, hl7_slice bytes,
                                        struct hl7_buffer *buffer, struct hl7_error *error)
{
    static const struct hl7_path place = {.segment = "MSH", .field = 10};
    size_t size = hl7_message_memory(bytes) + 4096;
    char id[SEND_ID_SIZE];
    hl7_slice new_id = maker_new_id(maker, id);
    enum hl7_code code;

    do {
        struct hl7_arena arena;
        struct hl7_message message;
        struct hl7_edit *edit = NULL;

        if (!maker_arena(maker, size, &arena)) {
            return HL7_NO_MEMORY;
        }
        size = maker->arena_memory.size + maker->arena_memory.size / 2;
        code = hl7_message_parse(bytes, &arena, &message, error);
        if (code == HL7_OK) {
            code = hl7_edit_begin(&message, &arena, &edit);
        }
        if (code == HL7_OK) {
            code = hl7_edit_set(edit, &place, new_id);
        }
        if (code == HL7_OK) {
            hl7_edit_write(edit, buffer);
        }
        /* The working copy takes a few dozen bytes for each segment: far less than this. */
    } while (code == HL7_NO_MEMORY && size / 64 < bytes.len + 65536);
    return code;
}

/* Rewrites the payload with a new MSH-10 for each of its messages. */
static enum hl7_code maker_renumber(struct send_maker *maker, struct send_message *message,
                                    hl7_slice payload, struct hl7_buffer *buffer,
                                    struct hl7_error *error)
{
    enum hl7_code code = HL7_OK;
    struct hl7_batch batch;
    struct hl7_batch_part part;

    if (message->kind == SEND_MESSAGE) {
        return maker_renumber_one(maker, payload, buffer, error);
    }
    hl7_batch_init(&batch, payload);
    while (code == HL7_OK && hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        if (part.kind == HL7_BATCH_MESSAGE) {
            code = maker_renumber_one(maker, part.bytes, buffer, error);
        } else {
            hl7_buffer_add(buffer, part.bytes);
        }
    }
    return code;
}

/* ---- Making --------------------------------------------------------------------------------- */

static size_t count_messages(hl7_slice bytes)
{
    struct hl7_batch batch;
    struct hl7_batch_part part;
    size_t count = 0;

    hl7_batch_init(&batch, bytes);
    while (hl7_batch_next(&batch, &part) != HL7_BATCH_END) {
        count += part.kind == HL7_BATCH_MESSAGE;
    }
    return count;
}

/* Puts the frame together: VT, the item's bytes as they go over the wire, FS CR. */
static bool message_frame(struct send_maker *maker, const struct source_item *item,
                          struct send_message *message, struct hl7_error *flaw)
{
    size_t growth = maker->new_control_id ? message->messages * SEND_ID_GROWTH : 0;
    size_t size = item->bytes.len + 1 + growth;
    struct hl7_buffer canonical;
    struct hl7_buffer frame;
    enum hl7_code code = HL7_OK;

    if (!memory_grow(&message->memory,
                     size + HL7_FRAME_OVERHEAD + strlen(item->file) + 1 + SEND_TEXT_MAX) ||
        (maker->new_control_id && !memory_grow(&maker->scratch, item->bytes.len + 1))) {
        return false;
    }
    hl7_buffer_init(&frame, message->memory.ptr, size + HL7_FRAME_OVERHEAD);
    hl7_buffer_add_byte(&frame, HL7_VT);
    if (maker->new_control_id) {
        hl7_buffer_init(&canonical, maker->scratch.ptr, item->bytes.len + 1);
        source_canonical(item->bytes, &canonical);
        code = maker_renumber(maker, message, hl7_buffer_slice(&canonical), &frame, flaw);
        flaw->code = code;
    } else {
        source_canonical(item->bytes, &frame);
    }
    hl7_buffer_add_byte(&frame, HL7_FS);
    hl7_buffer_add_byte(&frame, '\r');
    assert(code != HL7_OK || !frame.full);
    message->frame = hl7_buffer_slice(&frame);
    message_name(message, item->file);
    return code != HL7_NO_MEMORY;
}

/* Rule 4: a VT or FS inside would make two messages of one, or none. */
static bool message_can_be_framed(struct send_message *message)
{
    hl7_slice payload = send_message_payload(message);
    const char *vt = memchr(payload.ptr, HL7_VT, payload.len);
    const char *fs = memchr(payload.ptr, HL7_FS, payload.len);
    const char *bad = vt != NULL && (fs == NULL || vt < fs) ? vt : fs;

    if (bad != NULL) {
        message_say(message,
                    "cannot be framed: byte %zu is %s, which MLLP keeps for its frames; "
                    "take it out of the message",
                    (size_t)(bad - payload.ptr), *bad == HL7_VT ? "0B" : "1C");
        message_refuse(message);
    }
    return bad == NULL;
}

/* Rules 21 and 23: what the message asks for decides what is waited for. */
static void message_expect(struct send_maker *maker, const struct hl7_message *index,
                           struct send_message *message)
{
    struct hl7_ack_plan good = hl7_ack_plan(index, HL7_ACCEPTED);
    struct hl7_ack_plan bad = hl7_ack_plan(index, HL7_FAILED);

    if (maker->no_wait) {
        return;
    }
    message->awaits_accept = good.accept != HL7_ACK_NONE;
    message->awaits_application = good.application != HL7_ACK_NONE;
    message->awaits_application_error = bad.application != HL7_ACK_NONE;
    message->awaits_error = bad.accept != HL7_ACK_NONE || message->awaits_application_error;
}

static void message_describe(struct send_maker *maker, struct send_message *message)
{
    static const struct hl7_path control_id = {.segment = "MSH", .field = 10};
    struct hl7_message index;
    struct hl7_error flaw;

    if (!maker_index(maker, send_message_payload(message), 0, &index, &flaw)) {
        message_say(message, "cannot be sent: its MSH has no usable field separator");
        message_refuse(message);
        return;
    }
    message->control_id = hl7_message_get(&index, &control_id);
    message_expect(maker, &index, message);
    if (flaw.code != HL7_OK) {
        message_say(message, "sent as it is, though at byte %zu: %s", flaw.position, flaw.text);
    } else if (message->control_id.len == 0 && !send_message_is_done_when_sent(message)) {
        message_say(message, "has no MSH-10 (control id), so its answer has nothing to name; "
                             "--new-control-id gives it one");
    }
}

static void batch_describe(struct send_maker *maker, struct send_message *message)
{
    static const struct hl7_path places[] = {{.segment = "BHS", .field = 11},
                                             {.segment = "FHS", .field = 11}};
    hl7_slice payload = send_message_payload(message);
    struct hl7_message index;
    struct hl7_error flaw;
    size_t messages;

    if (hl7_batch_check(payload, &messages, &flaw) != HL7_OK) {
        message_say(message, "sent as it is, though at byte %zu: %s", flaw.position, flaw.text);
    }
    message->awaits_application = !maker->no_wait;
    message->awaits_error = !maker->no_wait;
    /* Only the header segments are looked at: the messages have their own delimiters. */
    struct hl7_batch batch;
    struct hl7_batch_part part;
    hl7_batch_init(&batch, payload);
    while (message->control_id.len == 0 && hl7_batch_next(&batch, &part) != HL7_BATCH_END &&
           part.kind != HL7_BATCH_MESSAGE) {
        if (maker_index(maker, part.bytes, 0, &index, &flaw)) {
            message->control_id = hl7_message_get(&index, &places[0]);
            if (message->control_id.len == 0) {
                message->control_id = hl7_message_get(&index, &places[1]);
            }
        }
    }
}

bool send_message_make(struct send_maker *maker, const struct source_item *item,
                       struct send_message *message)
{
    struct hl7_error flaw = {.code = HL7_OK};

    message_clear(message);
    message->kind = item->kind == SOURCE_BATCH ? SEND_BATCH : SEND_MESSAGE;
    message->messages = item->kind == SOURCE_BATCH ? count_messages(item->bytes) : 1;
    message->line = item->line;
    message->source_size = item->bytes.len;
    if (!message_frame(maker, item, message, &flaw)) {
        return false;
    }
    if (flaw.code != HL7_OK) {
        message_say(message, "cannot be given a new control id: at byte %zu: %s", flaw.position,
                    flaw.text);
        message_refuse(message);
    } else if (message_can_be_framed(message)) {
        if (message->kind == SEND_BATCH) {
            batch_describe(maker, message);
        } else {
            message_describe(maker, message);
        }
    }
    return true;
}
