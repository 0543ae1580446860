/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes paths (rules 15 and 16). The input is a path, a NUL and a message; without a NUL there is no
 * message. What must hold, beside not crashing:
 *   - what is read is written and read again as the same path;
 *   - the path at the front of a text is a path, and nothing longer there is one;
 *   - a refusal points into the text;
 *   - a value lies within the message, and is the same by any way to it. */
#include "hl7.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same_path(const struct hl7_path *a, const struct hl7_path *b)
{
    return strcmp(a->segment, b->segment) == 0 && a->occurrence == b->occurrence &&
           a->field == b->field && a->repetition == b->repetition && a->component == b->component &&
           a->subcomponent == b->subcomponent;
}

static void check_written(const struct hl7_path *path)
{
    char memory[96];
    struct hl7_buffer buffer;
    struct hl7_path again;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_path_write(path, &buffer);
    assert(!buffer.full);
    assert(hl7_path_parse(hl7_buffer_slice(&buffer), &again, NULL) == HL7_OK);
    assert(same_path(path, &again));
}

/* True when the whole text is a path. */
static bool check_reading(hl7_slice text, struct hl7_path *ret_path)
{
    struct hl7_path front;
    struct hl7_error error;
    size_t used = 0;
    enum hl7_code whole = hl7_path_parse(text, ret_path, &error);

    if (whole != HL7_OK) {
        assert(whole == HL7_BAD_PATH && error.position <= text.len && error.text[0] != '\0');
    }
    if (hl7_path_read(text, &front, &used, &error) == HL7_OK) {
        assert(used >= 3 && used <= text.len);
        assert((whole == HL7_OK) == (used == text.len));
        check_written(&front);
        assert(hl7_path_parse(hl7_slice_part(text, 0, used), &front, NULL) == HL7_OK);
    } else {
        assert(whole == HL7_BAD_PATH && error.position <= text.len);
    }
    return whole == HL7_OK;
}

static void check_value(const struct hl7_message *message, const struct hl7_path *path)
{
    hl7_slice value = hl7_message_get(message, path);
    size_t segment = hl7_message_find(message, hl7_slice_of(path->segment), path->occurrence);
    hl7_slice same = hl7_segment_get(message, segment, path);

    assert(value.ptr == same.ptr && value.len == same.len);
    if (value.ptr == NULL) {
        return;
    }
    hl7_slice line = hl7_segment_bytes(message, segment);
    assert(value.ptr >= line.ptr && value.ptr + value.len <= line.ptr + line.len);
    hl7_slice leaf = hl7_first_leaf(&message->delimiters, value);
    assert(leaf.ptr == value.ptr && leaf.len <= value.len);
    /* rule 15: all remaining numbers 1 lead to the first leaf, but in MSH-1 and MSH-2. */
    struct hl7_path deep = *path;
    if (path->field > 2 && path->repetition == 0 && path->component == 0) {
        deep.repetition = deep.component = deep.subcomponent = 1;
        assert(hl7_slice_equal(hl7_message_get(message, &deep), leaf));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size == 0 ? NULL : memchr(data, '\0', size);
    size_t len = nul == NULL ? size : (size_t)(nul - data);
    struct hl7_path path;
    struct hl7_message message;
    struct hl7_arena arena;

    if (!check_reading((hl7_slice){(const char *)data, len}, &path) || nul == NULL) {
        return 0;
    }
    hl7_slice text = {(const char *)data + len + 1, size - len - 1};
    size_t need = hl7_message_memory(text);
    char *memory = malloc(need);
    assert(memory != NULL);
    hl7_arena_init(&arena, memory, need);
    if (hl7_message_parse(text, &arena, &message, NULL) == HL7_OK) {
        check_value(&message, &path);
    }
    free(memory);
    return 0;
}
