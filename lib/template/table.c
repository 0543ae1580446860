/* SPDX-License-Identifier: Apache-2.0
 *
 * The file is read twice: once to check it and count its cells, once to fill them. Cells borrow from
 * the text; only one with doubled quotes is written anew, in the arena. Then the rows' numbers are
 * sorted by key, which brings equal keys together. Time is in proportion to n log n, whatever the
 * file holds. */
#include "template/table.h"

#include "arena.h"
#include "template/report.h"

#include <string.h>

#define NOTHING ((hl7_slice){NULL, 0})

struct reader {
    hl7_slice text;
    size_t at;
    struct hl7_diagnostic *diagnostic;
};

/* One cell as it stands in the file. */
struct cell {
    hl7_slice raw; /* without the quotes around it */
    bool doubled;  /* quotes in it are written twice */
    bool last;     /* of its row */
    size_t position;
};

static enum hl7_code refuse(const struct reader *reader, size_t position, const char *why)
{
    report_fill(reader->diagnostic, reader->text, position, why, NOTHING, NOTHING);
    return HL7_BAD_TEMPLATE;
}

/* A finding that names a number. */
static enum hl7_code refuse_number(const struct reader *reader, size_t position, const char *why,
                                   size_t number)
{
    char memory[20];
    struct hl7_buffer buffer;

    hl7_buffer_init(&buffer, memory, sizeof memory);
    hl7_buffer_add_number(&buffer, number);
    report_fill(reader->diagnostic, reader->text, position, why, hl7_buffer_slice(&buffer),
                NOTHING);
    return HL7_BAD_TEMPLATE;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static bool meets(const struct reader *reader, char byte)
{
    return reader->at < reader->text.len && reader->text.ptr[reader->at] == byte;
}

static bool is_at_line_end(const struct reader *reader)
{
    return meets(reader, '\r') || meets(reader, '\n');
}

static enum hl7_code read_quoted(struct reader *reader, struct cell *cell)
{
    size_t start = ++reader->at;

    for (;;) {
        hl7_slice rest = hl7_slice_part(reader->text, reader->at, reader->text.len);
        const char *quote = rest.len == 0 ? NULL : memchr(rest.ptr, '"', rest.len);
        if (quote == NULL) {
            return refuse(reader, start - 1, "this cell has no closing quote");
        }
        reader->at += (size_t)(quote - rest.ptr) + 1;
        if (!meets(reader, '"')) {
            break;
        }
        cell->doubled = true;
        reader->at++;
    }
    cell->raw = hl7_slice_part(reader->text, start, reader->at - 1 - start);
    return HL7_OK;
}

static enum hl7_code read_plain(struct reader *reader, struct cell *cell)
{
    size_t start = reader->at;

    while (reader->at < reader->text.len && !meets(reader, ',') && !is_at_line_end(reader)) {
        if (meets(reader, '"')) {
            return refuse(reader, reader->at,
                          "a quote within a cell: put the cell in quotes, and write it twice");
        }
        reader->at++;
    }
    cell->raw = hl7_slice_part(reader->text, start, reader->at - start);
    return HL7_OK;
}

/* Reads a cell and what ends it. */
static enum hl7_code read_cell(struct reader *reader, struct cell *ret_cell)
{
    struct cell cell = {.position = reader->at};
    enum hl7_code code =
        meets(reader, '"') ? read_quoted(reader, &cell) : read_plain(reader, &cell);

    if (code != HL7_OK) {
        return code;
    }
    if (meets(reader, ',')) {
        reader->at++;
    } else if (reader->at == reader->text.len || is_at_line_end(reader)) {
        cell.last = true;
    } else {
        return refuse(reader, reader->at, "expected ',' or a line end behind the closing quote");
    }
    *ret_cell = cell;
    return HL7_OK;
}

/* Goes to the next row that is not empty; false when there is none. */
static bool next_row(struct reader *reader)
{
    while (is_at_line_end(reader)) {
        reader->at++;
    }
    return reader->at < reader->text.len;
}

static void begin(struct reader *reader, hl7_slice text, struct hl7_diagnostic *diagnostic)
{
    *reader = (struct reader){.text = text, .diagnostic = diagnostic};
    if (hl7_slice_starts(text, HL7_TEXT("\xef\xbb\xbf"))) {
        reader->at = 3;
    }
}

/* ---- Checking ------------------------------------------------------------------------------ */

/* Reads a row and counts its cells. */
static enum hl7_code check_row(struct reader *reader, size_t *ret_columns)
{
    struct cell cell = {.last = false};
    size_t columns = 0;

    while (!cell.last) {
        enum hl7_code code = read_cell(reader, &cell);
        if (code != HL7_OK) {
            return code;
        }
        columns++;
        if (columns > TABLE_MAX_COLUMNS) {
            return refuse(reader, cell.position, "a table has 100 columns at most");
        }
    }
    *ret_columns = columns;
    return HL7_OK;
}

static enum hl7_code check_rows(struct reader *reader, struct table *table)
{
    while (next_row(reader)) {
        size_t position = reader->at;
        size_t columns = 0;
        enum hl7_code code = check_row(reader, &columns);
        if (code != HL7_OK) {
            return code;
        }
        if (table->rows == 0) {
            table->columns = columns;
        }
        if (columns < 2) {
            return refuse(reader, position, "expected a key, a comma and a value");
        }
        if (columns != table->columns) {
            return refuse_number(reader, position, "this row has not % columns, as the first has",
                                 table->columns);
        }
        table->rows++;
    }
    return table->rows > 0 ? HL7_OK : refuse(reader, reader->at, "the table has no rows");
}

static bool is_wide(hl7_slice text)
{
    return hl7_slice_starts(text, HL7_TEXT("\xff\xfe")) ||
           hl7_slice_starts(text, HL7_TEXT("\xfe\xff"));
}

static enum hl7_code check(struct reader *reader, struct table *table)
{
    const char *nul =
        reader->text.len == 0 ? NULL : memchr(reader->text.ptr, '\0', reader->text.len);

    if (is_wide(reader->text)) {
        return refuse(reader, 0, "the table is UTF-16; save it as UTF-8");
    }
    if (nul != NULL) {
        return refuse(reader, (size_t)(nul - reader->text.ptr), "a NUL byte in a table");
    }
    return check_rows(reader, table);
}

/* ---- Filling ------------------------------------------------------------------------------- */

/* The text that a cell with doubled quotes stands for. */
static bool undouble(hl7_slice *text, struct hl7_arena *arena)
{
    struct hl7_buffer buffer;

    arena_open(arena, &buffer);
    for (size_t i = 0; i < text->len; i++) {
        hl7_buffer_add_byte(&buffer, text->ptr[i]);
        i += text->ptr[i] == '"' ? 1 : 0;
    }
    if (!buffer.full) {
        *text = arena_keep(arena, &buffer);
    }
    return !buffer.full;
}

static bool fill_cells(struct reader *reader, hl7_slice *cells, const struct table *table,
                       struct hl7_arena *arena)
{
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        struct cell cell = {.doubled = false};
        if (i % table->columns == 0) {
            (void)next_row(reader);
        }
        (void)read_cell(reader, &cell);
        cells[i] = cell.raw;
        if (cell.doubled && !undouble(&cells[i], arena)) {
            return false;
        }
    }
    return true;
}

/* ---- Sorting ------------------------------------------------------------------------------- */

static int compare(hl7_slice a, hl7_slice b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static hl7_slice key_of(const struct table *table, uint32_t row)
{
    return table->cells[row * table->columns];
}

/* Equal keys stay in the order of the file. */
static bool is_before(const struct table *table, uint32_t a, uint32_t b)
{
    int order = compare(key_of(table, a), key_of(table, b));

    return order != 0 ? order < 0 : a < b;
}

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t kept = *a;

    *a = *b;
    *b = kept;
}

/* Lets one of the first `count` places sink below larger ones. */
static void sink(const struct table *table, uint32_t *order, size_t place, size_t count)
{
    for (size_t child = 2 * place + 1; child < count; child = 2 * place + 1) {
        if (child + 1 < count && is_before(table, order[child], order[child + 1])) {
            child++;
        }
        if (!is_before(table, order[place], order[child])) {
            return;
        }
        swap(&order[place], &order[child]);
        place = child;
    }
}

/* A heap sort. */
static void sort(const struct table *table, uint32_t *order)
{
    for (size_t i = 0; i < table->rows; i++) {
        order[i] = (uint32_t)i;
    }
    for (size_t i = table->rows / 2; i > 0; i--) {
        sink(table, order, i - 1, table->rows);
    }
    for (size_t count = table->rows; count > 1; count--) {
        swap(&order[0], &order[count - 1]);
        sink(table, order, 0, count - 1);
    }
}

/* ---- Keys that stand twice ----------------------------------------------------------------- */

/* Where a row begins in the file. */
static size_t position_of(hl7_slice text, uint32_t row)
{
    struct reader reader;
    struct cell cell;

    begin(&reader, text, NULL);
    (void)next_row(&reader);
    for (; row > 0; row--) {
        do {
            (void)read_cell(&reader, &cell);
        } while (!cell.last);
        (void)next_row(&reader);
    }
    return reader.at;
}

static size_t line_of(hl7_slice text, size_t position)
{
    struct hl7_diagnostic diagnostic;

    report_fill(&diagnostic, text, position, "", NOTHING, NOTHING);
    return diagnostic.line;
}

/* Names the first row of the file whose key stood before. */
static enum hl7_code check_keys(const struct reader *reader, const struct table *table)
{
    uint32_t second = UINT32_MAX;
    uint32_t first = 0;

    for (size_t i = 1; i < table->rows; i++) {
        uint32_t a = table->order[i - 1];
        uint32_t b = table->order[i];
        if (b < second && hl7_slice_equal(key_of(table, a), key_of(table, b))) {
            first = a;
            second = b;
        }
    }
    if (second == UINT32_MAX) {
        return HL7_OK;
    }
    return refuse_number(reader, position_of(reader->text, second),
                         "this key stands in line % already",
                         line_of(reader->text, position_of(reader->text, first)));
}

/* ---- Compiling and looking up -------------------------------------------------------------- */

/* The second reading. */
static enum hl7_code fill(struct reader *reader, struct table *table, struct hl7_arena *arena)
{
    hl7_slice *cells = hl7_arena_alloc(arena, table->rows * table->columns * sizeof *cells);
    uint32_t *order = hl7_arena_alloc(arena, table->rows * sizeof *order);

    begin(reader, reader->text, reader->diagnostic);
    if (cells == NULL || order == NULL || !fill_cells(reader, cells, table, arena)) {
        return HL7_NO_MEMORY;
    }
    table->cells = cells;
    table->order = order;
    sort(table, order);
    return check_keys(reader, table);
}

enum hl7_code table_compile(hl7_slice text, struct hl7_arena *arena, struct table *ret_table,
                            struct hl7_diagnostic *ret_diagnostic)
{
    struct hl7_diagnostic diagnostic;
    struct table table = {.rows = 0};
    struct reader reader;
    size_t used = arena->used;

    if (text.len > TABLE_MAX_BYTES) {
        return HL7_TOO_LARGE;
    }
    begin(&reader, text, &diagnostic);
    enum hl7_code code = check(&reader, &table);
    if (code == HL7_OK) {
        code = fill(&reader, &table, arena);
    }
    if (code == HL7_OK) {
        *ret_table = table;
        return HL7_OK;
    }
    arena->used = used;
    if (code == HL7_BAD_TEMPLATE) {
        *ret_diagnostic = diagnostic;
    }
    return code;
}

hl7_slice table_find(const struct table *table, hl7_slice key, size_t column)
{
    size_t low = 0;
    size_t high = table->rows;

    if (column < 2 || column > table->columns) {
        return NOTHING;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint32_t row = table->order[middle];
        int order = compare(key_of(table, row), key);
        if (order == 0) {
            return table->cells[row * table->columns + column - 1];
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NOTHING;
}
