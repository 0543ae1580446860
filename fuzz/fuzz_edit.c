/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzzes edits (rules 12 and 20). The input is a message, a NUL and edits with NUL between them:
 *
 *   =PID-5.1|value    puts raw text        (the first '|' ends the path)
 *   'PID-5.1|value    puts text
 *   -PID[2]           takes a segment out
 *   +PID[2]|NTE|1     adds a segment behind one
 *   >NTE|1            adds a segment at the end
 *
 * What must hold, beside not crashing:
 *   - without edits, and after edits that failed, what is written is what it was;
 *   - what is written is a message with as many segments as there should be;
 *   - a value that was put is there, in the working copy and in what is written;
 *   - text that was put decodes to what it was. */
#include "hl7.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line is in the input or in the arena. */
enum { LONGEST = 2048, ARENA = 1 << 16, WRITTEN = ARENA + LONGEST };

struct work {
    struct hl7_arena arena;
    struct hl7_message message;
    struct hl7_edit *edit;
    size_t segments;
};

static char memory[ARENA];
static char read_memory[ARENA];
static char before_memory[WRITTEN];
static char after_memory[WRITTEN];

static hl7_slice cut(hl7_slice *rest, char separator)
{
    const char *end = rest->len == 0 ? NULL : memchr(rest->ptr, separator, rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    hl7_slice part = hl7_slice_part(*rest, 0, len);

    *rest = hl7_slice_part(*rest, end == NULL ? len : len + 1, rest->len);
    return part;
}

static hl7_slice written(const struct work *work, char *room)
{
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, room, WRITTEN);
    hl7_edit_write(work->edit, &buffer);
    assert(!buffer.full);
    return hl7_buffer_slice(&buffer);
}

static void check_value(const struct hl7_message *read, const struct work *work,
                        const struct hl7_path *path)
{
    hl7_slice value = hl7_message_get(read, path);
    hl7_slice same = hl7_edit_get(work->edit, path);

    assert((value.ptr == NULL) == (same.ptr == NULL) && hl7_slice_equal(value, same));
}

static void check_text(const struct work *work, const struct hl7_path *path, hl7_slice text)
{
    static char room[LONGEST];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, room, sizeof room);
    hl7_unescape(&work->message.delimiters, hl7_edit_get(work->edit, path), HL7_TEXT_PLAIN,
                 &buffer);
    assert(hl7_slice_equal(hl7_buffer_slice(&buffer), text));
}

static enum hl7_code put(struct work *work, char action, hl7_slice command,
                         const struct hl7_path *path)
{
    enum hl7_code code = action == '=' ? hl7_edit_set(work->edit, path, command)
                                       : hl7_edit_set_text(work->edit, path, command);

    if (code == HL7_OK && action == '=') {
        assert(hl7_slice_equal(hl7_edit_get(work->edit, path), command));
    } else if (code == HL7_OK) {
        check_text(work, path, command);
    }
    return code;
}

static enum hl7_code apply(struct work *work, char action, hl7_slice command,
                           const struct hl7_path *path)
{
    hl7_slice name = hl7_slice_of(path->segment);
    enum hl7_code code;

    switch (action) {
    case '=':
    case '\'':
        return put(work, action, command, path);
    case '-':
        code = hl7_edit_delete(work->edit, name, path->occurrence);
        work->segments -= code == HL7_OK ? 1 : 0;
        return code;
    case '+':
        code = hl7_edit_insert(work->edit, name, path->occurrence, command);
        work->segments += code == HL7_OK ? 1 : 0;
        return code;
    default:
        code = hl7_edit_append(work->edit, command);
        work->segments += code == HL7_OK ? 1 : 0;
        return code;
    }
}

static void edit(struct work *work, hl7_slice command)
{
    struct hl7_path path = {.segment = "MSH", .field = 3};
    struct hl7_arena arena;
    struct hl7_message read;
    char action = command.len == 0 ? '>' : command.ptr[0];
    hl7_slice before = written(work, before_memory);
    size_t used = work->arena.used;

    command = hl7_slice_part(command, 1, command.len);
    if (action == '=' || action == '\'' || action == '-' || action == '+') {
        hl7_slice text = cut(&command, '|');
        (void)hl7_path_parse(text, &path, NULL);
    }
    if (apply(work, action, command, &path) != HL7_OK) {
        assert(hl7_slice_equal(before, written(work, after_memory)) && work->arena.used == used);
        return;
    }
    hl7_arena_init(&arena, read_memory, sizeof read_memory);
    hl7_slice after = written(work, after_memory);
    if (hl7_message_memory(after) <= sizeof read_memory) {
        assert(hl7_message_parse(after, &arena, &read, NULL) == HL7_OK);
        assert(read.segment_count == work->segments);
        check_value(&read, work, &path);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hl7_slice rest = {(const char *)data, size};
    struct work work;

    if (size > LONGEST) {
        return 0;
    }
    hl7_slice text = cut(&rest, '\0');
    hl7_arena_init(&work.arena, memory, sizeof memory);
    if (hl7_message_parse(text, &work.arena, &work.message, NULL) != HL7_OK ||
        hl7_edit_begin(&work.message, &work.arena, &work.edit) != HL7_OK) {
        return 0;
    }
    work.segments = work.message.segment_count;
    assert(hl7_slice_equal(written(&work, before_memory), text));
    for (int i = 0; i < 8 && rest.len > 0; i++) {
        edit(&work, cut(&rest, '\0'));
    }
    return 0;
}
