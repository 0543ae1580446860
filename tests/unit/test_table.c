/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables: aligned in a terminal, stable lines in a pipe. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>

#include "table.h"

static const struct table_column columns[] = {{"ID", true}, {"NAME", false}, {"WHY", false}};

struct paper {
    struct text_terminal terminal;
    struct table table;
    char *text;
    size_t len;
};

static void open_paper(struct paper *paper, bool is_terminal, size_t width)
{
    paper->text = NULL;
    paper->terminal = (struct text_terminal){.file = open_memstream(&paper->text, &paper->len),
                                             .is_terminal = is_terminal,
                                             .width = width};
    assert_non_null(paper->terminal.file);
    table_open(&paper->table, &paper->terminal, columns, 3);
}

static void row(struct paper *paper, int64_t id, const char *name, const char *why)
{
    table_number(&paper->table, TEXT_NORMAL, id);
    table_string(&paper->table, TEXT_BOLD, name);
    table_string(&paper->table, TEXT_RED, why);
}

static void expect(struct paper *paper, const char *text)
{
    assert_true(table_close(&paper->table));
    assert_int_equal(fclose(paper->terminal.file), 0);
    assert_string_equal(paper->text, text);
    free(paper->text);
}

static void a_pipe_gets_tabs(void **state)
{
    struct paper paper;

    (void)state;
    open_paper(&paper, false, 20);
    row(&paper, 7, "a", "a reason that is longer than the terminal would be wide");
    row(&paper, 1234, "longer", NULL);
    row(&paper, -1, "", "tab\there");
    expect(&paper, "ID\tNAME\tWHY\n"
                   "7\ta\ta reason that is longer than the terminal would be wide\n"
                   "1234\tlonger\t-\n"
                   "-1\t-\ttab\\there\n");
}

static void a_pipe_gets_each_row_at_once(void **state)
{
    struct paper paper;

    (void)state;
    open_paper(&paper, false, 80);
    row(&paper, 1, "a", "b");
    assert_int_equal(fflush(paper.terminal.file), 0);
    assert_string_equal(paper.text, "ID\tNAME\tWHY\n1\ta\tb\n");
    expect(&paper, "ID\tNAME\tWHY\n1\ta\tb\n");
}

static void a_terminal_gets_columns(void **state)
{
    struct paper paper;

    (void)state;
    open_paper(&paper, true, 80);
    row(&paper, 7, "a", "first");
    row(&paper, 1234, "l\xc3\xa4nger", "second");
    expect(&paper, "  ID  NAME    WHY\n"
                   "   7  a       first\n"
                   "1234  l\xc3\xa4nger  second\n");
}

static void columns_move_together_where_there_is_little_room(void **state)
{
    struct paper paper;

    (void)state;
    open_paper(&paper, true, 16);
    row(&paper, 7, "somebody", "why");
    expect(&paper, "ID NAME     WHY\n"
                   " 7 somebody why\n");
}

static void the_last_column_is_cut_at_the_edge(void **state)
{
    struct paper paper;

    (void)state;
    open_paper(&paper, true, 24);
    row(&paper, 7, "a", "a reason that is too long");
    expect(&paper, "ID  NAME  WHY\n"
                   " 7  a     a reason that\xe2\x80\xa6\n");
}

static void what_could_drive_a_terminal_is_escaped(void **state)
{
    struct paper paper;

    (void)state;
    open_paper(&paper, true, 80);
    row(&paper, 1, "\x1b[2J", "a\nb");
    expect(&paper, "ID  NAME     WHY\n"
                   " 1  \\x1b[2J  a\\nb\n");
}

static void a_table_without_rows_is_nothing(void **state)
{
    struct paper paper;

    (void)state;
    open_paper(&paper, true, 80);
    expect(&paper, "");
}

static void rows_beyond_those_that_are_held_have_the_same_columns(void **state)
{
    struct paper paper;
    size_t lines = 0;

    (void)state;
    open_paper(&paper, true, 80);
    for (int i = 0; i < 2000; i++) {
        row(&paper, i % 10, "abc", "x");
    }
    assert_true(table_close(&paper.table));
    assert_int_equal(fclose(paper.terminal.file), 0);
    for (char *line = strtok(paper.text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        assert_int_equal(strlen(line), lines == 0 ? 13 : 11);
        lines++;
    }
    assert_int_equal(lines, 2001);
    free(paper.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_gets_tabs),
        cmocka_unit_test(a_pipe_gets_each_row_at_once),
        cmocka_unit_test(a_terminal_gets_columns),
        cmocka_unit_test(columns_move_together_where_there_is_little_room),
        cmocka_unit_test(the_last_column_is_cut_at_the_edge),
        cmocka_unit_test(what_could_drive_a_terminal_is_escaped),
        cmocka_unit_test(a_table_without_rows_is_nothing),
        cmocka_unit_test(rows_beyond_those_that_are_held_have_the_same_columns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
