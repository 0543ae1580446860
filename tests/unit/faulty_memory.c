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
} memory;

static bool memory_fails(void)
{
    memory.count++;
    if (memory.count != memory.fail_at) {
        return false;
    }
    memory.failed = true;
    return true;
}

static void *memory_get(int size)
{
    return memory_fails() ? NULL : memory.real.xMalloc(size);
}

static void *memory_change(void *old, int size)
{
    return memory_fails() ? NULL : memory.real.xRealloc(old, size);
}

void faulty_memory_install(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.real), SQLITE_OK);
    sqlite3_mem_methods methods = memory.real;
    methods.xMalloc = memory_get;
    methods.xRealloc = memory_change;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
}

void faulty_memory_fail(size_t at)
{
    memory.count = 0;
    memory.fail_at = at;
    memory.failed = false;
}

size_t faulty_memory_count(void)
{
    return memory.count;
}

bool faulty_memory_failed(void)
{
    return memory.failed;
}

size_t faulty_slowness(void)
{
    const char *build = getenv("ORDERLY_BUILD");

    if (build != NULL && strcmp(build, "valgrind") == 0) {
        return 40;
    }
    return build != NULL && (strcmp(build, "asan") == 0 || strcmp(build, "coverage") == 0) ? 4 : 1;
}
