/* SPDX-License-Identifier: Apache-2.0
 *
 * help.c - help on the terminal, made from the tables of verbs and options.
 */
#include "document.h"

#include <string.h>

#include "../base/text.h"

#define HELP_WIDTH_MOST 100
#define HELP_COLUMN_MOST 28 /* where the docs of options begin, at most */
#define HELP_VERB_COLUMN 12

const struct option document_common_options[] = {
    {.name = "help", .letter = 'h', .kind = OPTION_FLAG, .doc = "Show this help"}, {.name = NULL}};

const struct verb_status document_common_statuses[] = {{VERB_DONE, "Done"},
                                                       {VERB_MISUSE, "Wrong use"},
                                                       {VERB_FAILED, "Could not write the output"},
                                                       {0, NULL}};

/* Where help goes: lines of long text are hard to read, so wide terminals are not filled. */
static void help_open(struct text_terminal *terminal, FILE *file)
{
    text_terminal_open(terminal, file, TEXT_AUTO);
    if (terminal->width > HELP_WIDTH_MOST) {
        terminal->width = HELP_WIDTH_MOST;
    }
}

static void help_heading(const struct text_terminal *terminal, const char *heading)
{
    fputc('\n', terminal->file);
    text_styled(terminal, TEXT_BOLD, heading);
    fputc('\n', terminal->file);
}

/* A term in its column and the text that explains it; a long term has a line of its own. */
static void help_entry(const struct text_terminal *terminal, const char *term, size_t column,
                       const char *text)
{
    size_t columns = 2 + strlen(term);

    fputs("  ", terminal->file);
    text_styled(terminal, TEXT_BOLD, term);
    if (columns + 2 > column) {
        fprintf(terminal->file, "\n%*s", (int)column, "");
    } else {
        fprintf(terminal->file, "%*s", (int)(column - columns), "");
    }
    text_wrap(terminal->file, text, column, column, terminal->width);
}

/* ---- The program ---------------------------------------------------------------------------- */

void document_overview(FILE *file)
{
    struct text_terminal terminal;

    help_open(&terminal, file);
    text_wrap(file, "orderly receives, sends and converts HL7 v2 messages.", 0, 0, terminal.width);
    help_heading(&terminal, "Usage");
    fputs("  orderly VERB [OPTION]... [OPERAND]...\n", file);
    help_heading(&terminal, "Verbs");
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        help_entry(&terminal, (*v)->name, HELP_VERB_COLUMN, (*v)->summary);
    }
    fputs("\n'orderly VERB --help' tells more about a verb, 'man orderly' about all.\n", file);
}

/* ---- A verb --------------------------------------------------------------------------------- */

/* "-t, --template FILE" */
static void help_term(const struct option *option, char *text, size_t size)
{
    char letter[8] = "    ";

    if (option->letter != '\0') {
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    (void)snprintf(text, size, "%s--%s%s%s", letter, option->name,
                   option->argument != NULL ? " " : "",
                   option->argument != NULL ? option->argument : "");
}

void document_standard(const struct option *option, char *text, size_t size)
{
    text[0] = '\0';
    if (option->standard != NULL) {
        (void)snprintf(text, size, " (default %s)", option->standard);
    } else if (option->many) {
        (void)snprintf(text, size, " (may be repeated)");
    }
}

static size_t help_column(const struct option *table, size_t column)
{
    char term[80];

    for (; table != NULL && table->name != NULL; table++) {
        size_t width;

        help_term(table, term, sizeof term);
        width = 2 + strlen(term) + 2;
        if (width > column && width <= HELP_COLUMN_MOST) {
            column = width;
        }
    }
    return column;
}

static void help_options(const struct text_terminal *terminal, const struct option *table,
                         size_t column)
{
    char term[80];
    char standard[80];
    char text[1000];

    for (; table != NULL && table->name != NULL; table++) {
        help_term(table, term, sizeof term);
        document_standard(table, standard, sizeof standard);
        (void)snprintf(text, sizeof text, "%s%s", table->doc, standard);
        help_entry(terminal, term, column, text);
    }
}

static void help_statuses(const struct text_terminal *terminal, const struct verb_status *status)
{
    char code[8];

    help_heading(terminal, "Exit status");
    for (; status->meaning != NULL; status++) {
        (void)snprintf(code, sizeof code, "%d", status->code);
        help_entry(terminal, code, 5, status->meaning);
    }
}

static void help_examples(const struct text_terminal *terminal, const struct verb_example *example)
{
    if (example == NULL) {
        return;
    }
    help_heading(terminal, "Examples");
    for (; example->command != NULL; example++) {
        fputs("  ", terminal->file);
        text_styled(terminal, TEXT_BOLD, example->command);
        fputs("\n      ", terminal->file);
        text_wrap(terminal->file, example->says, 6, 6, terminal->width);
    }
}

void document_help(FILE *file, const struct verb *verb)
{
    struct text_terminal terminal;
    size_t column = help_column(verb->options, help_column(document_common_options, 0));

    help_open(&terminal, file);
    fprintf(file, "orderly %s - %s\n", verb->name, verb->summary);
    help_heading(&terminal, "Usage");
    fprintf(file, "  orderly %s [OPTION]...%s%s\n", verb->name, verb->usage[0] != '\0' ? " " : "",
            verb->usage);
    for (const char *const *text = verb->description; text != NULL && *text != NULL; text++) {
        fputs("\n", file);
        text_wrap(file, *text, 0, 0, terminal.width);
    }
    help_heading(&terminal, "Options");
    help_options(&terminal, verb->options, column);
    help_options(&terminal, document_common_options, column);
    help_statuses(&terminal, verb->statuses != NULL ? verb->statuses : document_common_statuses);
    help_examples(&terminal, verb->examples);
}
