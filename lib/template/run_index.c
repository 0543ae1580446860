/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the segments of a name are. A program without loops looks for a segment a bounded number of
 * times and goes along the message. One with loops would go along it again and again; so its first
 * search sorts the segments of the source by name, in one walk and a table of names, and every
 * search is a binary search among those of its name. */
#include "template/run.h"

/* Names that a path can have, [A-Z][A-Z0-9][A-Z0-9], as numbers in base 36; no other is looked for. */
enum { DIGITS = 36, NO_NUMBER = DIGITS * DIGITS * DIGITS };

/* With so many slots every name has its own. So whatever names a message has, few of them can meet in
 * one slot, and those only while the message is short. */
enum { MOST_SLOTS = 65536 };

static uint32_t digit_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    return c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 26 : DIGITS;
}

static uint32_t number_of(hl7_slice name)
{
    uint32_t number = 0;

    for (size_t i = 0; i < name.len; i++) {
        uint32_t digit = digit_of(name.ptr[i]);
        if (i == 3 || digit == DIGITS) {
            return NO_NUMBER;
        }
        number = number * DIGITS + digit;
    }
    return name.len == 3 ? number : NO_NUMBER;
}

/* Slots of the table: a power of two, over four times the segments. */
static size_t table_size(size_t segments)
{
    size_t size = 16;

    while (size < MOST_SLOTS && size / 4 < segments + 1) {
        size *= 2;
    }
    return size;
}

/* The slot of a name in the table: where it is, or where it would go. */
static struct index_name *slot_of(const struct index *index, uint32_t number)
{
    size_t slot = number & (index->size - 1);

    while (index->table[slot].count != 0 && index->table[slot].number != number) {
        slot = (slot + 1) & (index->size - 1);
    }
    return &index->table[slot];
}

static uint32_t number_at(const struct index *index, size_t segment)
{
    return number_of(hl7_segment_name(index->message, segment));
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
        uint32_t number = number_at(index, i);
        if (number != NO_NUMBER) {
            struct index_name *name = slot_of(index, number);
            name->number = number;
            name->count++;
        }
    }
    for (size_t slot = 0; slot < index->size; slot++) {
        index->table[slot].start = start;
        start += index->table[slot].count;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t number = number_at(index, i);
        if (number != NO_NUMBER) {
            struct index_name *name = slot_of(index, number);
            index->order[name->start + name->filled++] = (uint32_t)i;
        }
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
    uint32_t number = number_of(name);

    if (number == NO_NUMBER) {
        return (struct matches){.order = index->order, .count = 0};
    }
    const struct index_name *found = slot_of(index, number);
    size_t first = rank(index, found, from);

    return (struct matches){.order = index->order + found->start + first,
                            .count = rank(index, found, to) - first};
}
