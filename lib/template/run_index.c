/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the segments of a name are. A program without loops looks for a segment a bounded number of
 * times and goes along the message. One with loops would go along it again and again; so its first
 * search sorts the segments of the source by name, in one walk and a table of names, and every
 * search is a binary search among those of its name. */
#include "template/run.h"

/* Slots of the table: a power of two, over twice the segments. */
static size_t table_size(size_t segments)
{
    size_t size = 16;

    while (size < segments * 2 + 2) {
        size *= 2;
    }
    return size;
}

/* The slot of a name in the table: where it is, or where it would go. */
static size_t slot_of(const struct index *index, hl7_slice name)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < name.len; i++) {
        hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619U;
    }
    size_t slot = hash & (index->size - 1);
    while (index->table[slot].count != 0 &&
           !hl7_slice_equal(hl7_segment_name(index->message, index->table[slot].sample), name)) {
        slot = (slot + 1) & (index->size - 1);
    }
    return slot;
}

/* First the segments of each name are counted, then the names get their parts of the order, then
 * the segments are put there. */
static void sort(struct index *index)
{
    size_t count = index->message->segment_count;
    uint32_t start = 0;

    for (size_t slot = 0; slot < index->size; slot++) {
        index->table[slot] = (struct index_name){.count = 0};
    }
    for (size_t i = 0; i < count; i++) {
        struct index_name *name =
            &index->table[slot_of(index, hl7_segment_name(index->message, i))];
        name->sample = (uint32_t)i;
        name->count++;
    }
    for (size_t slot = 0; slot < index->size; slot++) {
        index->table[slot].start = start;
        start += index->table[slot].count;
        index->table[slot].filled = 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct index_name *name =
            &index->table[slot_of(index, hl7_segment_name(index->message, i))];
        index->order[name->start + name->filled++] = (uint32_t)i;
    }
}

bool index_build(struct index *index, const struct hl7_message *message, struct hl7_arena *arena)
{
    struct index made = {.message = message, .size = table_size(message->segment_count)};

    made.table = hl7_arena_alloc(arena, made.size * sizeof *made.table);
    made.order = hl7_arena_alloc(arena, message->segment_count * sizeof *made.order);
    if (made.table == NULL || made.order == NULL) {
        return false;
    }
    sort(&made);
    *index = made;
    return true;
}

/* How many of a name's segments stand before a place. */
static size_t rank(const struct index *index, const struct index_name *name, size_t at)
{
    size_t low = 0;
    size_t high = name->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->order[name->start + middle] < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct matches index_find(const struct index *index, hl7_slice name, size_t from, size_t to)
{
    const struct index_name *found = &index->table[slot_of(index, name)];
    size_t first = rank(index, found, from);

    return (struct matches){.order = index->order + found->start + first,
                            .count = rank(index, found, to) - first};
}
