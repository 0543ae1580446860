/* SPDX-License-Identifier: Apache-2.0
 *
 * memory.h - memory for arenas and buffers, straight from the system.
 *
 * A reservation takes address space; the system gives a page when it is first touched. So a buffer
 * may be as large as the largest message allowed and costs only what small messages use of it.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Reserves at least `size` bytes, all zero, aligned to a page. NULL when the system refuses. */
void *memory_reserve(size_t size);

/* Gives back what memory_reserve() gave; `size` as it was asked for. Accepts NULL. */
void memory_release(void *memory, size_t size);

/* A reservation that grows. Begin with {NULL, 0}. */
struct memory_block {
    void *ptr;
    size_t size;
};

/* Makes the block at least `size` bytes: twice as large as it was or more. What it held is kept, but
 * it may move. False, with nothing changed, when the system refuses. */
bool memory_grow(struct memory_block *block, size_t size);

void memory_free(struct memory_block *block);

#endif
