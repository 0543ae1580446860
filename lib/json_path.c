/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a path into JSON: read once to check it and to count its steps, and once more into the
 * arena. Which values it leads to is json_tree.c's matter. */
#include "json_tree.h"

#include "arena.h"
#include "error.h"

#include <string.h>

struct reader {
    hl7_slice text;
    size_t at;
    struct hl7_error *error;
};

static enum hl7_code refuse(const struct reader *reader, const char *why)
{
    return error_set(reader->error, HL7_BAD_PATH, reader->at, why);
}

static bool meets(const struct reader *reader, char byte)
{
    return reader->at < reader->text.len && reader->text.ptr[reader->at] == byte;
}

static bool is_name_byte(char c)
{
    unsigned char byte = (unsigned char)c;

    return byte >= 0x80 || (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '_' || byte == '-';
}

static enum hl7_code read_name(struct reader *reader, hl7_slice *ret_name)
{
    size_t start = reader->at;

    while (reader->at < reader->text.len && is_name_byte(reader->text.ptr[reader->at])) {
        reader->at++;
    }
    if (reader->at == start) {
        return refuse(reader, "expected the name of a member");
    }
    *ret_name = hl7_slice_part(reader->text, start, reader->at - start);
    return HL7_OK;
}

/* What stands between the quotes; a quote in it is still written twice. */
static enum hl7_code read_quoted(struct reader *reader, hl7_slice *ret_name)
{
    size_t start = ++reader->at;

    for (;;) {
        if (reader->at == reader->text.len) {
            reader->at = start - 1;
            return refuse(reader, "this name has no closing quote");
        }
        if (reader->text.ptr[reader->at++] == '\'') {
            if (!meets(reader, '\'')) {
                break;
            }
            reader->at++;
        }
    }
    *ret_name = hl7_slice_part(reader->text, start, reader->at - 1 - start);
    return HL7_OK;
}

static enum hl7_code read_index(struct reader *reader, uint32_t *ret_index)
{
    size_t start = reader->at;
    uint64_t index = 0;

    if (hl7_slice_starts(hl7_slice_part(reader->text, start, reader->text.len), HL7_TEXT("last"))) {
        reader->at += 4;
        *ret_index = HL7_LAST;
        return HL7_OK;
    }
    while (reader->at < reader->text.len && reader->text.ptr[reader->at] >= '0' &&
           reader->text.ptr[reader->at] <= '9') {
        index = index * 10 + (uint64_t)(reader->text.ptr[reader->at] - '0');
        if (index >= HL7_LAST) {
            reader->at = start;
            return refuse(reader, "this number is too large");
        }
        reader->at++;
    }
    if (reader->at == start) {
        return refuse(reader, "expected a number, 'last' or a name in quotes");
    }
    *ret_index = (uint32_t)index;
    return HL7_OK;
}

static enum hl7_code read_brackets(struct reader *reader, struct json_step *step)
{
    reader->at++;
    enum hl7_code code =
        meets(reader, '\'') ? read_quoted(reader, &step->name) : read_index(reader, &step->index);
    if (code == HL7_OK && !meets(reader, ']')) {
        return refuse(reader, "expected ']'");
    }
    reader->at++;
    return code;
}

/* One step; the reader stands at its '.' or '['. */
static enum hl7_code read_step(struct reader *reader, struct json_step *ret_step)
{
    struct json_step step = {{NULL, 0}, 0};
    enum hl7_code code;

    if (meets(reader, '[')) {
        code = read_brackets(reader, &step);
    } else {
        reader->at++;
        code = read_name(reader, &step.name);
    }
    if (code == HL7_OK) {
        *ret_step = step;
    }
    return code;
}

/* A quoted name as it is meant. */
static enum hl7_code undouble(hl7_slice *name, struct hl7_arena *arena)
{
    struct hl7_buffer buffer;

    if (name->len == 0 || memchr(name->ptr, '\'', name->len) == NULL) {
        return HL7_OK;
    }
    arena_open(arena, &buffer);
    for (size_t i = 0; i < name->len; i++) {
        hl7_buffer_add_byte(&buffer, name->ptr[i]);
        i += name->ptr[i] == '\'' ? 1 : 0;
    }
    if (buffer.full) {
        return HL7_NO_MEMORY;
    }
    *name = arena_keep(arena, &buffer);
    return HL7_OK;
}

static enum hl7_code no_memory(const struct reader *reader)
{
    return error_set(reader->error, HL7_NO_MEMORY, 0, "the arena is too small");
}

enum hl7_code json_path_read(hl7_slice text, struct hl7_arena *arena, struct json_path *ret_path,
                             size_t *ret_used, struct hl7_error *error)
{
    struct reader reader = {.text = text, .error = error};
    struct json_step step;
    size_t count = 0;
    size_t used = arena->used;

    for (; meets(&reader, '.') || meets(&reader, '['); count++) {
        enum hl7_code code = read_step(&reader, &step);
        if (code != HL7_OK) {
            return code;
        }
    }
    struct json_step *steps = hl7_arena_alloc(arena, count * sizeof *steps);
    if (steps == NULL) {
        return no_memory(&reader);
    }
    reader.at = 0;
    for (size_t i = 0; i < count; i++) {
        (void)read_step(&reader, &steps[i]);
        if (undouble(&steps[i].name, arena) != HL7_OK) {
            arena->used = used;
            return no_memory(&reader);
        }
    }
    *ret_path = (struct json_path){steps, count};
    *ret_used = reader.at;
    return HL7_OK;
}
