/* SPDX-License-Identifier: Apache-2.0
 *
 * memory.c - anonymous mappings. MAP_NORESERVE keeps a large reservation from counting as used
 * memory; a page exists once it was touched.
 */
#include "memory.h"

#include <assert.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_SMALLEST 65536

static size_t memory_page(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* 0 when the size cannot be rounded up. */
static size_t memory_whole_pages(size_t size)
{
    size_t page = memory_page();

    if (size == 0) {
        return page;
    }
    return size > SIZE_MAX - page ? 0 : (size + page - 1) / page * page;
}

void *memory_reserve(size_t size)
{
    size_t whole = memory_whole_pages(size);
    void *memory;

    if (whole == 0) {
        return NULL;
    }
    memory = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    return memory;
}

void memory_release(void *memory, size_t size)
{
    if (memory != NULL) {
        int failed = munmap(memory, memory_whole_pages(size));

        assert(failed == 0);
        (void)failed;
    }
}

bool memory_grow(struct memory_block *block, size_t size)
{
    size_t larger;
    void *memory;

    if (size <= block->size) {
        return true;
    }
    larger = block->size > SIZE_MAX / 2 ? size : block->size * 2;
    larger = larger < size ? size : larger;
    larger = memory_whole_pages(larger < MEMORY_SMALLEST ? MEMORY_SMALLEST : larger);
    if (larger == 0) {
        return false;
    }
    if (block->ptr == NULL) {
        memory = memory_reserve(larger);
    } else {
        memory = mremap(block->ptr, block->size, larger, MREMAP_MAYMOVE);
        memory = memory == MAP_FAILED ? NULL : memory;
    }
    if (memory == NULL) {
        return false;
    }
    block->ptr = memory;
    block->size = larger;
    return true;
}

void memory_free(struct memory_block *block)
{
    memory_release(block->ptr, block->size);
    block->ptr = NULL;
    block->size = 0;
}
