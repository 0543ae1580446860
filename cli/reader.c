/* SPDX-License-Identifier: Apache-2.0
 *
 * reader.c - see reader.h. The index is tried in the memory there is; when that is too small, the
 * library computes what it takes.
 */
#include "reader.h"

#define READER_MEMORY 65536

bool reader_open(struct reader *reader, const struct verb_call *call, char *const *operands,
                 size_t operand_count, const struct source_settings *settings)
{
    *reader = (struct reader){.verb = call->verb, .status = VERB_DONE};
    if (!source_open(&reader->source, operands, operand_count, settings) ||
        !memory_grow(&reader->memory, READER_MEMORY)) {
        source_close(&reader->source);
        (void)verb_failed(call->verb, "out of memory");
        return false;
    }
    return true;
}

static void reader_parse(struct reader *reader)
{
    hl7_slice bytes = reader->item.bytes;
    enum hl7_code code;

    hl7_arena_init(&reader->arena, reader->memory.ptr, reader->memory.size);
    code = hl7_message_parse(bytes, &reader->arena, &reader->message, &reader->error);
    if (code == HL7_NO_MEMORY && memory_grow(&reader->memory, hl7_message_memory(bytes))) {
        hl7_arena_init(&reader->arena, reader->memory.ptr, reader->memory.size);
        code = hl7_message_parse(bytes, &reader->arena, &reader->message, &reader->error);
    }
    reader->parsed = code == HL7_OK;
}

bool reader_next(struct reader *reader)
{
    for (;;) {
        switch (source_next(&reader->source, &reader->item)) {
        case SOURCE_END:
            return false;
        case SOURCE_ERROR:
            reader->status = verb_failed(reader->verb, "%s", reader->source.error);
            break;
        case SOURCE_ITEM:
            reader->parsed = false;
            if (reader->item.kind == SOURCE_MESSAGE) {
                reader_parse(reader);
            }
            return true;
        }
    }
}

bool reader_next_message(struct reader *reader)
{
    while (reader_next(reader)) {
        if (reader->parsed) {
            return true;
        }
        reader->status =
            verb_failed(reader->verb, "%s:%zu: byte %zu of this message: %s", reader->item.file,
                        reader->item.line, reader->error.position, reader->error.text);
    }
    return false;
}

void reader_charset(struct reader *reader, struct text_charset *charset, const char *fallback)
{
    if (!text_charset_for(charset, &reader->message, fallback) && !reader->charset_told) {
        reader->charset_told = true;
        (void)verb_failed(
            reader->verb,
            "%s:%zu: MSH-18 names a character set that is unknown here; such messages "
            "are read as UTF-8",
            reader->item.file, reader->item.line);
    }
}

bool reader_make_utf8(struct reader *reader, const char *fallback)
{
    hl7_slice bytes = reader->item.bytes;
    struct hl7_buffer text;

    reader_charset(reader, &reader->charset, fallback);
    if (reader->charset.iconv == NULL) {
        return true;
    }
    if (!memory_grow(&reader->utf8, bytes.len * TEXT_UTF8_GROWTH)) {
        reader->status = verb_failed(reader->verb, "out of memory");
        return false;
    }
    hl7_buffer_init(&text, reader->utf8.ptr, reader->utf8.size);
    text_utf8(&reader->charset, bytes, &text);
    reader->item.bytes = hl7_buffer_slice(&text);
    reader_parse(reader);
    return true;
}

void reader_close(struct reader *reader)
{
    text_charset_close(&reader->charset);
    memory_free(&reader->utf8);
    source_close(&reader->source);
    memory_free(&reader->memory);
}
