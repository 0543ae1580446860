/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes the parser (rules 8 to 17). What must hold of any bytes, beside not crashing:
 *   - a refusal has a code, a position in the text and a sentence, and takes nothing;
 *   - the memory computed beforehand suffices, and one byte less than was used does not;
 *   - the segments and fields of the index cover the message: written one behind the other, with the
 *     separators and line ends between them, they are its bytes. */
#include "hl7.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(enum hl7_code code, const struct hl7_error *error, hl7_slice text)
{
    assert(error->code == code && error->position <= text.len);
    assert(error->text[0] != '\0' && memchr(error->text, '\0', sizeof error->text) != NULL);
}

/* What stands between two segments is line ends, and before the first a byte order mark. */
static void check_gap(const struct hl7_message *message, size_t from, size_t to)
{
    hl7_slice gap = hl7_slice_part(message->bytes, from, to - from);

    if (from == 0) {
        assert(gap.len == 0 || hl7_slice_equal(gap, HL7_TEXT("\xef\xbb\xbf")));
        return;
    }
    assert(gap.len == 0 || gap.ptr[0] == message->segment_end);
    for (size_t i = 0; i < gap.len; i++) {
        assert(gap.ptr[i] == message->segment_end ||
               (message->segment_end == '\r' && gap.ptr[i] == '\n'));
    }
}

static void check_fields(const struct hl7_message *message, size_t segment)
{
    const struct hl7_segment *found = &message->segments[segment];
    bool header = hl7_segment_is_header(hl7_segment_name(message, segment)) && found->count > 1;
    size_t at = found->start;

    for (size_t n = 0; n < found->count; n++) {
        hl7_slice field = hl7_segment_field(message, segment, n);
        if (n > 0 && !(header && n <= 2)) {
            assert(message->bytes.ptr[at] == message->delimiters.field);
            at++;
        }
        assert(field.ptr == message->bytes.ptr + at);
        assert((header && n == 1) || field.len == 0 ||
               memchr(field.ptr, message->delimiters.field, field.len) == NULL);
        assert(field.len == 0 || memchr(field.ptr, message->segment_end, field.len) == NULL);
        at += field.len;
    }
    assert(at == found->end);
    assert(hl7_segment_field(message, segment, found->count).ptr == NULL);
}

static void check_index(const struct hl7_message *message)
{
    size_t end = 0;

    assert(message->segment_count > 0);
    for (size_t i = 0; i < message->segment_count; i++) {
        check_gap(message, end, message->segments[i].start);
        assert(message->segments[i].start < message->segments[i].end);
        check_fields(message, i);
        end = message->segments[i].end;
    }
    check_gap(message, end, message->bytes.len);
}

/* Every piece below every field: walking meets as many as counting finds. */
static void check_pieces(const struct hl7_message *message)
{
    for (size_t i = 0; i < message->segment_count; i++) {
        hl7_slice rest = hl7_segment_bytes(message, i);
        hl7_slice piece;
        size_t bytes = 0;
        while (hl7_piece_next(&rest, message->delimiters.component, &piece)) {
            bytes += piece.len + 1;
            (void)hl7_state(piece);
        }
        assert(bytes == hl7_segment_bytes(message, i).len + 1);
        assert(hl7_message_find(message, hl7_segment_name(message, i), 1) <= i);
        assert(hl7_message_find(message, hl7_segment_name(message, i), HL7_LAST) >= i);
    }
}

static void check_salvage(hl7_slice text, char *memory, size_t size)
{
    struct hl7_arena arena;
    struct hl7_message message;
    struct hl7_error error;

    hl7_arena_init(&arena, memory, size);
    enum hl7_code code = hl7_message_salvage(text, &arena, &message, &error);
    if (code != HL7_OK) {
        check_error(code, &error, text);
        assert(arena.used == 0);
        return;
    }
    assert(message.segment_count == 1);
    assert(hl7_slice_equal(hl7_segment_name(&message, 0), HL7_TEXT("MSH")));
    check_fields(&message, 0);
}

static void check_shortage(hl7_slice text, char *memory, size_t used)
{
    struct hl7_arena arena;
    struct hl7_message message;

    hl7_arena_init(&arena, memory, used - 1);
    assert(hl7_message_parse(text, &arena, &message, NULL) == HL7_NO_MEMORY);
    assert(arena.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl7_slice text = {(const char *)data, size};
    size_t need = hl7_message_memory(text);
    char *memory = malloc(need);
    struct hl7_arena arena;
    struct hl7_message message;
    struct hl7_error error;

    assert(memory != NULL);
    hl7_arena_init(&arena, memory, need);
    enum hl7_code code = hl7_message_parse(text, &arena, &message, &error);
    if (code == HL7_OK) {
        check_index(&message);
        check_pieces(&message);
        check_shortage(text, memory, arena.used);
    } else {
        assert(code != HL7_NO_MEMORY && arena.used == 0);
        check_error(code, &error, text);
    }
    check_salvage(text, memory, need);
    free(memory);
    return 0;
}
