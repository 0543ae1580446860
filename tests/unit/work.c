/* SPDX-License-Identifier: Apache-2.0
 *
 * A message and its working copy in one arena. */
#include "work.h"

void work_begin(struct work *work, const char *text)
{
    static char memory[1 << 16];
    struct hl7_error error;

    hl7_arena_init(&work->arena, memory, sizeof memory);
    if (hl7_message_parse(hl7_slice_of(text), &work->arena, &work->message, &error) != HL7_OK) {
        fail_msg("byte %zu: %s", error.position, error.text);
    }
    assert_int_equal(hl7_edit_begin(&work->message, &work->arena, &work->edit), HL7_OK);
}

hl7_slice work_written(const struct work *work)
{
    static char written[1 << 14];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, written, sizeof written);
    hl7_edit_write(work->edit, &buffer);
    assert_false(buffer.full);
    return hl7_buffer_slice(&buffer);
}

struct hl7_path work_path(const char *text)
{
    struct hl7_path path;

    assert_int_equal(hl7_path_parse(hl7_slice_of(text), &path, NULL), HL7_OK);
    return path;
}

enum hl7_code work_set(const struct work *work, const char *path, const char *raw)
{
    struct hl7_path parsed = work_path(path);

    return hl7_edit_set(work->edit, &parsed, hl7_slice_of(raw));
}

enum hl7_code work_set_text(const struct work *work, const char *path, const char *text)
{
    struct hl7_path parsed = work_path(path);

    return hl7_edit_set_text(work->edit, &parsed, hl7_slice_of(text));
}

hl7_slice work_get(const struct work *work, const char *path)
{
    struct hl7_path parsed = work_path(path);

    return hl7_edit_get(work->edit, &parsed);
}
