/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocations of SQLite that fail. */
#include "faulty_disk.h"

#include <stdlib.h>
#include <string.h>

/* SQLite's table of allocation functions has no place for a context, so this is the one place here that
 * keeps something by itself. */
static struct {
    sqlite3_mem_methods real;
    size_t count;
    size_t fail_at;
    bool failed;
} allocator;

static bool memory_fails(void)
{
    allocator.count++;
    if (allocator.count != allocator.fail_at) {
        return false;
    }
    allocator.failed = true;
    return true;
}

static void *memory_get(int size)
{
    return memory_fails() ? NULL : allocator.real.xMalloc(size);
}

static void *memory_change(void *old, int size)
{
    return memory_fails() ? NULL : allocator.real.xRealloc(old, size);
}

void faulty_memory_install(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &allocator.real), SQLITE_OK);
    sqlite3_mem_methods methods = allocator.real;
    methods.xMalloc = memory_get;
    methods.xRealloc = memory_change;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
}

void faulty_memory_fail(size_t at)
{
    allocator.count = 0;
    allocator.fail_at = at;
    allocator.failed = false;
}

size_t faulty_memory_count(void)
{
    return allocator.count;
}

bool faulty_memory_failed(void)
{
    return allocator.failed;
}

size_t faulty_slowness(void)
{
    const char *build = getenv("ORDERLY_BUILD");

    if (build != NULL && strcmp(build, "valgrind") == 0) {
        return 40;
    }
    return build != NULL && (strcmp(build, "asan") == 0 || strcmp(build, "coverage") == 0) ? 4 : 1;
}
