/* SPDX-License-Identifier: Apache-2.0
 *
 * pool.c - see pool.h.
 */
#include "pool.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 16384

struct block {
    struct block *next;
    struct hl7_arena arena; /* over `bytes` */
    alignas(max_align_t) char bytes[];
};

struct config_pool {
    struct block *blocks; /* the one that is being filled first */
    bool failed;
};

struct config_pool *pool_new(void)
{
    return calloc(1, sizeof(struct config_pool));
}

void pool_free(struct config_pool **pool)
{
    struct block *next = NULL;

    if (*pool == NULL) {
        return;
    }
    for (struct block *block = (*pool)->blocks; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(*pool);
    *pool = NULL;
}

/* A new block with room for at least `size` bytes; false, and failed, when there is none. */
static bool add_block(struct config_pool *pool, size_t size)
{
    size_t room = size < BLOCK_BYTES ? BLOCK_BYTES : size;
    struct block *block = NULL;

    if (room <= SIZE_MAX / 2) {
        block = calloc(1, sizeof *block + room);
    }
    if (block == NULL) {
        pool->failed = true;
        return false;
    }
    hl7_arena_init(&block->arena, block->bytes, room);
    block->next = pool->blocks;
    pool->blocks = block;
    return true;
}

void *pool_alloc(struct config_pool *pool, size_t count, size_t size)
{
    size_t bytes = count * size == 0 ? 1 : count * size;
    void *piece = NULL;

    if (pool->failed || (size > 0 && count > SIZE_MAX / 2 / size)) {
        pool->failed = true;
        return NULL;
    }
    if (pool->blocks != NULL) {
        piece = hl7_arena_alloc(&pool->blocks->arena, bytes);
    }
    if (piece == NULL && add_block(pool, bytes)) {
        piece = hl7_arena_alloc(&pool->blocks->arena, bytes);
    }
    return piece;
}

char *pool_text(struct config_pool *pool, hl7_slice text)
{
    char *copy = pool_alloc(pool, text.len + 1, 1);

    if (copy != NULL && text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return copy;
}

char *pool_print(struct config_pool *pool, const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0) {
        pool->failed = true;
        return NULL;
    }
    text = pool_alloc(pool, (size_t)len + 1, 1);
    if (text != NULL) {
        va_start(arguments, format);
        (void)vsnprintf(text, (size_t)len + 1, format, arguments);
        va_end(arguments);
    }
    return text;
}

bool pool_failed(const struct config_pool *pool)
{
    return pool->failed;
}
