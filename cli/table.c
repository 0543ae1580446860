/* SPDX-License-Identifier: Apache-2.0
 *
 * table.c - see table.h. */
#include "table.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows that are held for the widths of columns. */
enum { ROWS_HELD = 500 };

/* Blanks between columns: the first, where there is room for it. */
enum { GAP = 2, GAP_NARROW = 1, LAST_SEEN = 8 };

void table_open(struct table *table, const struct text_terminal *terminal,
                const struct table_column *columns, size_t column_count)
{
    assert(column_count > 0 && column_count <= TABLE_COLUMNS_MAX);
    *table = (struct table){.terminal = terminal, .columns = columns, .column_count = column_count};
}

/* ---- Printing ------------------------------------------------------------------------------- */

static const char *cell_text(const struct table_cell *cell)
{
    return cell->text != NULL ? cell->text : "-";
}

static void pad(FILE *file, size_t columns)
{
    (void)fprintf(file, "%*s", (int)columns, "");
}

/* A cell as wide as its column; the last one as wide as it is, or as there is room. */
static void print_cell(const struct table *table, size_t column, const char *text,
                       enum text_style style, size_t *at)
{
    FILE *file = table->terminal->file;
    hl7_slice shown = hl7_slice_of(text);
    size_t width = text_columns(shown);
    bool last = column + 1 == table->column_count;
    size_t fill = table->widths[column] > width ? table->widths[column] - width : 0;

    if (table->columns[column].right) {
        pad(file, fill);
        *at += fill;
    }
    bool cut = last && *at + width > table->terminal->width && table->terminal->width > *at + 1;
    if (cut) {
        shown = text_front(shown, table->terminal->width - *at - 1);
    }
    if (style != TEXT_NORMAL) {
        text_style(table->terminal, style);
    }
    (void)fwrite(shown.ptr, 1, shown.len, file);
    (void)fputs(cut ? "\u2026" : "", file);
    if (style != TEXT_NORMAL) {
        text_style(table->terminal, TEXT_NORMAL);
    }
    *at += width;
    if (!last) {
        pad(file, (table->columns[column].right ? 0 : fill) + table->gap);
        *at += (table->columns[column].right ? 0 : fill) + table->gap;
    }
}

static void print_row(const struct table *table, const struct table_cell *cells)
{
    FILE *file = table->terminal->file;
    size_t at = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        const char *text = cells != NULL ? cell_text(&cells[i]) : table->columns[i].name;
        enum text_style style = cells != NULL ? cells[i].style : TEXT_DIM;

        if (table->terminal->is_terminal) {
            print_cell(table, i, text, style, &at);
        } else {
            (void)fprintf(file, i > 0 ? "\t%s" : "%s", text);
        }
    }
    (void)fputc('\n', file);
}

static void widen(struct table *table, size_t column, const char *text)
{
    size_t width = text_columns(hl7_slice_of(text));

    if (width > table->widths[column]) {
        table->widths[column] = width;
    }
}

/* Of a row; of its last column, which may be cut, what has to be seen. */
static size_t total_width(const struct table *table, size_t gap)
{
    size_t last = table->widths[table->column_count - 1];
    size_t total = last < LAST_SEEN ? last : LAST_SEEN;

    for (size_t i = 0; i + 1 < table->column_count; i++) {
        total += table->widths[i] + gap;
    }
    return total;
}

static void print_held(struct table *table)
{
    if (!table->headed) {
        for (size_t i = 0; i < table->column_count; i++) {
            widen(table, i, table->columns[i].name);
        }
        for (size_t i = 0; i < table->count; i++) {
            widen(table, i % table->column_count, cell_text(&table->cells[i]));
        }
        table->gap = total_width(table, GAP) <= table->terminal->width ? GAP : GAP_NARROW;
        print_row(table, NULL);
        table->headed = true;
    }
    for (size_t i = 0; i < table->count; i += table->column_count) {
        print_row(table, table->cells + i);
    }
    for (size_t i = 0; i < table->count; i++) {
        free(table->cells[i].text);
    }
    table->count = 0;
}

/* ---- Cells ---------------------------------------------------------------------------------- */

/* The text as it may be printed; malloc'd. A TAB is escaped, for it ends a cell. */
static char *safe_copy(hl7_slice text)
{
    size_t size = text.len * TEXT_SAFE_GROWTH + 1;
    struct hl7_buffer buffer;
    char *copy = text.len > 0 ? malloc(size) : NULL;

    if (copy != NULL) {
        hl7_buffer_init(&buffer, copy, size - 1);
        text_safe(text, false, &buffer);
        copy[hl7_buffer_slice(&buffer).len] = '\0';
    }
    return copy;
}

void table_text(struct table *table, enum text_style style, hl7_slice text)
{
    if (!table->failed && table->count == table->size) {
        size_t size = table->size == 0 ? 8 * table->column_count : 2 * table->size;
        struct table_cell *cells = reallocarray(table->cells, size, sizeof *cells);

        if (cells != NULL) {
            table->cells = cells;
            table->size = size;
        } else {
            table->failed = true;
        }
    }
    if (table->failed) {
        return;
    }
    table->cells[table->count++] = (struct table_cell){.style = style, .text = safe_copy(text)};
    if (!table->holds && table->count % table->column_count == 0 &&
        (!table->terminal->is_terminal || table->count == ROWS_HELD * table->column_count)) {
        print_held(table);
    }
}

void table_string(struct table *table, enum text_style style, const char *text)
{
    table_text(table, style, text != NULL ? hl7_slice_of(text) : (hl7_slice){NULL, 0});
}

void table_number(struct table *table, enum text_style style, int64_t number)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)number);
    table_string(table, style, text);
}

bool table_close(struct table *table)
{
    assert(table->failed || table->count % table->column_count == 0);
    table->count -= table->count % table->column_count;
    if (table->count > 0) {
        print_held(table);
    }
    free(table->cells);
    table->cells = NULL;
    table->size = 0;
    return !table->failed;
}
