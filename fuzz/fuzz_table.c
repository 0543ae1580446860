/* SPDX-License-Identifier: Apache-2.0
 *
 * Lookup tables: any file is a table or has a finding inside of it. Every row of a table is found by
 * its key, and a table written anew from its cells is the same table. */
#include "template/encode.h"
#include "template/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 4 * 1024 * 1024, TEXT_BYTES = 2 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rows(const struct table *table, const struct table *same)
{
    assert(same->rows == table->rows && same->columns == table->columns);
    for (size_t row = 0; row < table->rows; row++) {
        const hl7_slice *cells = table->cells + row * table->columns;
        for (size_t column = 2; column <= table->columns; column++) {
            hl7_slice found = table_find(same, cells[0], column);
            assert(found.ptr != NULL && hl7_slice_equal(found, cells[column - 1]));
        }
        assert(table_find(same, cells[0], table->columns + 1).ptr == NULL);
    }
}

/* Every cell in quotes. */
static void write_table(const struct table *table, struct hl7_buffer *buffer)
{
    const hl7_slice *cell = table->cells;

    for (size_t row = 0; row < table->rows; row++) {
        for (size_t column = 1; column <= table->columns; column++) {
            hl7_buffer_add_byte(buffer, '"');
            encode_csv_quoted(*cell++, buffer);
            hl7_buffer_add_byte(buffer, '"');
            hl7_buffer_add_byte(buffer, column == table->columns ? '\n' : ',');
        }
    }
}

static void check_table(const struct table *table)
{
    static char text[TEXT_BYTES];
    static char memory[ARENA_BYTES];
    struct hl7_diagnostic diagnostic;
    struct hl7_buffer buffer;
    struct hl7_arena arena;
    struct table same;

    check_rows(table, table);
    hl7_buffer_init(&buffer, text, sizeof text);
    write_table(table, &buffer);
    hl7_arena_init(&arena, memory, sizeof memory);
    if (!buffer.full &&
        table_compile(hl7_buffer_slice(&buffer), &arena, &same, &diagnostic) != HL7_NO_MEMORY) {
        check_rows(table, &same);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[ARENA_BYTES];
    struct hl7_diagnostic diagnostic;
    struct hl7_arena arena;
    struct table table;

    hl7_arena_init(&arena, memory, sizeof memory);
    enum hl7_code code =
        table_compile((hl7_slice){(const char *)data, size}, &arena, &table, &diagnostic);
    if (code == HL7_OK) {
        check_table(&table);
    } else {
        assert(code == HL7_BAD_TEMPLATE || code == HL7_NO_MEMORY);
        assert(arena.used == 0);
    }
    if (code == HL7_BAD_TEMPLATE) {
        assert(diagnostic.line >= 1 && diagnostic.line <= size + 1);
        assert(diagnostic.column >= 1 && diagnostic.column <= diagnostic.source.len + 1);
        assert(diagnostic.text[0] != '\0');
    }
    return 0;
}
