/* SPDX-License-Identifier: Apache-2.0
 *
 * Lookup tables: a CSV file (RFC 4180) whose first column is the key. It is compiled once, into the
 * arena, with an order of its rows by key; a lookup is a binary search. The text must outlive the table.
 *
 *     code,text,system
 *     M,male,HL70001          column 1 is the key, columns 2 and on are what can be looked up
 *     "F","female","HL70001"
 *
 * There is no header row: a line of titles is one more row, and its key is its first title. Rows end
 * with LF, CRLF or CR; empty lines are passed over, and so is a byte order mark. Every row has as
 * many columns as the first, two at least. Keys are compared byte by byte and stand once.
 */
#ifndef LIB_TEMPLATE_TABLE_H
#define LIB_TEMPLATE_TABLE_H

#include "hl7.h"

struct table {
    const hl7_slice *cells; /* row by row, as in the file */
    const uint32_t *order;  /* the rows' numbers, sorted by key */
    size_t rows;
    size_t columns;
};

/* Compiles a table. HL7_NO_MEMORY, HL7_TOO_LARGE (over TABLE_MAX_BYTES), or HL7_BAD_TEMPLATE with
 * *ret_diagnostic filled: line, column and text are of the table's file. */
enum hl7_code table_compile(hl7_slice text, struct hl7_arena *arena, struct table *ret_table,
                            struct hl7_diagnostic *ret_diagnostic);

enum { TABLE_MAX_BYTES = 64 * 1024 * 1024, TABLE_MAX_COLUMNS = 100 };

/* The cell of this column (from 2) in the row of this key; absent when there is no such row or
 * column. A cell that is there and empty has a ptr. */
hl7_slice table_find(const struct table *table, hl7_slice key, size_t column);

#endif
