/* SPDX-License-Identifier: Apache-2.0
 *
 * Arena and buffer: the only two ways the library takes memory, both over bytes the caller owns.
 * An arena hands out objects; a buffer collects text. Neither frees anything. Both fail by saying
 * so: the arena returns NULL, the buffer sets `full` and drops the append that did not fit. */
#include "arena.h"

#include <stdalign.h>
#include <string.h>

void hl7_arena_init(struct hl7_arena *arena, void *memory, size_t size)
{
    *arena = (struct hl7_arena){.memory = memory, .size = size, .used = 0};
}

void hl7_arena_reset(struct hl7_arena *arena)
{
    arena->used = 0;
}

void *hl7_arena_alloc(struct hl7_arena *arena, size_t size)
{
    size_t misaligned = (size_t)(((uintptr_t)arena->memory + arena->used) % alignof(max_align_t));
    size_t padding = misaligned == 0 ? 0 : alignof(max_align_t) - misaligned;
    size_t left = arena->size - arena->used;

    if (padding > left || size > left - padding) {
        return NULL;
    }
    void *object = arena->memory + arena->used + padding;
    arena->used += padding + size;
    return object;
}

void arena_open(const struct hl7_arena *arena, struct hl7_buffer *ret_buffer)
{
    hl7_buffer_init(ret_buffer, arena->memory + arena->used, arena->size - arena->used);
}

hl7_slice arena_keep(struct hl7_arena *arena, const struct hl7_buffer *buffer)
{
    arena->used += buffer->len;
    return hl7_buffer_slice(buffer);
}

void hl7_buffer_init(struct hl7_buffer *buffer, void *memory, size_t size)
{
    *buffer = (struct hl7_buffer){.ptr = memory, .len = 0, .size = size, .full = false};
}

void hl7_buffer_add(struct hl7_buffer *buffer, hl7_slice text)
{
    if (text.len > buffer->size - buffer->len) {
        buffer->full = true;
        return;
    }
    if (text.len > 0) {
        memcpy(buffer->ptr + buffer->len, text.ptr, text.len);
        buffer->len += text.len;
    }
}

void hl7_buffer_add_byte(struct hl7_buffer *buffer, char byte)
{
    if (buffer->len == buffer->size) {
        buffer->full = true;
        return;
    }
    buffer->ptr[buffer->len++] = byte;
}

void hl7_buffer_add_number(struct hl7_buffer *buffer, uint64_t number)
{
    char digits[20]; /* 2^64 - 1 has 20 */
    size_t first = sizeof digits;

    do {
        digits[--first] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    hl7_buffer_add(buffer, (hl7_slice){digits + first, sizeof digits - first});
}

hl7_slice hl7_buffer_slice(const struct hl7_buffer *buffer)
{
    return (hl7_slice){buffer->ptr, buffer->len};
}
