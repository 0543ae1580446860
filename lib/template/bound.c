/* SPDX-License-Identifier: Apache-2.0
 *
 * Steps are counted down, and bytes that were gone over or written are paid for with them behind
 * each instruction: no instruction costs more than what it is given is long. */
#include "template/bound.h"

#include "template/limits.h"

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* a + b, or all there is. */
static size_t sum(size_t a, size_t b)
{
    return b > SIZE_MAX - a ? SIZE_MAX : a + b;
}

static size_t scratch_for(hl7_slice source)
{
    size_t most = (SIZE_MAX - TEMPLATE_MAX_SCRATCH) / TEMPLATE_SCRATCH_PER_SOURCE;

    return TEMPLATE_MAX_SCRATCH + lesser(source.len, most) * TEMPLATE_SCRATCH_PER_SOURCE;
}

void bound_begin(struct bound *bound, const struct hl7_conversion *conversion,
                 const struct hl7_arena *arena, const struct hl7_buffer *buffer)
{
    *bound = (struct bound){
        .arena = *arena,
        .buffer = *buffer,
        .arena_size = arena->size,
        .buffer_size = buffer->size,
        .max_output = conversion->max_output == 0 ? TEMPLATE_MAX_OUTPUT : conversion->max_output,
        .max_scratch = conversion->max_scratch == 0 ? scratch_for(conversion->source)
                                                    : conversion->max_scratch,
        .steps = conversion->max_steps == 0 ? TEMPLATE_MAX_STEPS : conversion->max_steps};
    bound->arena.size = lesser(arena->size, sum(arena->used, bound->max_scratch));
    if (!buffer->full) {
        bound->buffer.size = lesser(buffer->size, sum(buffer->len, bound->max_output));
    }
}

void bound_end(const struct bound *bound, struct hl7_buffer *buffer)
{
    buffer->len = bound->buffer.len;
    buffer->full = bound->buffer.full && bound->buffer.size == bound->buffer_size;
}

void bound_add(struct bound *bound, size_t bytes)
{
    bound->work = sum(bound->work, bytes);
}

size_t bound_room(const struct bound *bound)
{
    size_t most = SIZE_MAX / TEMPLATE_BYTES_PER_STEP - 1;

    return (lesser(bound->steps, most) + 1) * TEMPLATE_BYTES_PER_STEP;
}

bool bound_step(struct bound *bound)
{
    if (bound->steps == 0) {
        bound->exceeded = BOUND_STEPS;
        return false;
    }
    bound->steps--;
    return true;
}

static bool pay(struct bound *bound)
{
    size_t steps = bound->work / TEMPLATE_BYTES_PER_STEP;

    bound->work %= TEMPLATE_BYTES_PER_STEP;
    if (steps > bound->steps) {
        bound->exceeded = BOUND_STEPS;
        return false;
    }
    bound->steps -= steps;
    return true;
}

enum hl7_code bound_check(struct bound *bound, size_t before, enum hl7_code code)
{
    bool output_is_cut = bound->buffer.size < bound->buffer_size;
    bool arena_is_cut = bound->arena.size < bound->arena_size;

    if (bound->buffer.full) {
        bound->exceeded = output_is_cut ? BOUND_OUTPUT : BOUND_NONE;
        return output_is_cut ? HL7_TOO_LARGE : HL7_NO_MEMORY;
    }
    if (code == HL7_NO_MEMORY && arena_is_cut) {
        bound->exceeded = BOUND_SCRATCH;
        return HL7_TOO_LARGE;
    }
    bound_add(bound, bound->buffer.len - before);
    return code == HL7_OK && !pay(bound) ? HL7_TOO_LARGE : code;
}

size_t bound_lift(struct bound *bound)
{
    size_t left = bound->arena.size - bound->arena.used;

    bound->arena.size = bound->arena_size;
    return left;
}

void bound_lower(struct bound *bound, size_t left)
{
    bound->arena.size = lesser(bound->arena_size, sum(bound->arena.used, left));
}

const char *bound_explain(const struct bound *bound, char digits[20], hl7_slice *ret_number)
{
    bool output = bound->exceeded == BOUND_OUTPUT;
    struct hl7_buffer number;

    hl7_buffer_init(&number, digits, 20);
    hl7_buffer_add_number(&number, output ? bound->max_output : bound->max_scratch);
    *ret_number = hl7_buffer_slice(&number);
    if (bound->exceeded == BOUND_STEPS) {
        return "the conversion takes too many steps";
    }
    return output ? "the output becomes longer than % bytes"
                  : "the values of the conversion take more than % bytes";
}
