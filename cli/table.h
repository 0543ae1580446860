/* SPDX-License-Identifier: Apache-2.0
 *
 * table.h - rows and columns. On a terminal they are aligned, with colours, and the last column is cut
 * at the right edge; in a pipe they are lines with a TAB between the cells, complete and stable, so that
 * cut and awk can read them. The first line names the columns, in both.
 *
 *     static const struct table_column columns[] = {{"ID", true}, {"TYPE", false}};
 *     struct table table;
 *     table_open(&table, &terminal, columns, 2);
 *     table_number(&table, TEXT_NORMAL, 12);
 *     table_text(&table, TEXT_BOLD, type);
 *     table_close(&table);
 *
 * Rows are held until the table is closed, or there are many: then what was held is printed, and the
 * columns stay as wide as they are. */
#ifndef ORDERLY_TABLE_H
#define ORDERLY_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/text.h"
#include "hl7.h"

enum { TABLE_COLUMNS_MAX = 32 };

struct table_column {
    const char *name; /* as it stands in the first line */
    bool right;       /* numbers stand on the right */
};

struct table_cell {
    enum text_style style;
    char *text; /* malloc'd; NULL: "-" */
};

struct table {
    const struct text_terminal *terminal;
    const struct table_column *columns;
    size_t column_count;
    struct table_cell *cells; /* whole rows, one after the other, and the row that is begun */
    size_t count;
    size_t size;
    size_t widths[TABLE_COLUMNS_MAX];
    size_t gap;  /* blanks between columns: fewer where the row would be too long for the line */
    bool holds;  /* set by the owner: nothing is printed before the table is closed */
    bool headed; /* the first line is out */
    bool failed; /* memory was short: rows are missing */
};

void table_open(struct table *table, const struct text_terminal *terminal,
                const struct table_column *columns, size_t column_count);

/* The next cell. Text is foreign: what could drive a terminal is escaped. Absent or empty: "-". */
void table_text(struct table *table, enum text_style style, hl7_slice text);
void table_string(struct table *table, enum text_style style, const char *text);
void table_number(struct table *table, enum text_style style, int64_t number);

/* Prints what is held, and forgets it. A table without rows prints nothing. False when memory was short
 * and rows are missing. */
bool table_close(struct table *table);

#endif
