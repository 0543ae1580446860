/* SPDX-License-Identifier: Apache-2.0
 *
 * pool.h - the memory of one configuration: pieces that never move, given back all together. It grows
 * by blocks from malloc(). Once it could not, it gives nothing more and `failed` stays set, so that
 * who builds something of many pieces may look once, at the end.
 */
#ifndef BROKER_CONFIG_POOL_H
#define BROKER_CONFIG_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "hl7.h"

struct config_pool;

/* NULL when memory is short. */
struct config_pool *pool_new(void);

/* Accepts a pointer to NULL. */
void pool_free(struct config_pool **pool);

/* `count` objects of `size` bytes each, all zero, aligned for any object; one byte or more even for
 * none. NULL when memory is short, or was. */
void *pool_alloc(struct config_pool *pool, size_t count, size_t size);

/* A copy that ends in NUL. NULL as above. */
char *pool_text(struct config_pool *pool, hl7_slice text);

/* "FORMAT", printed. NULL as above. */
char *pool_print(struct config_pool *pool, const char *format, ...) HL7_FORMAT(2, 3);

bool pool_failed(const struct config_pool *pool);

#endif
