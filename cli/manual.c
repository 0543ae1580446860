/* SPDX-License-Identifier: Apache-2.0
 *
 * manual.c - manual pages in roff with the man macros, made from the tables of verbs and options.
 *
 * All text passes manual_text(): a backslash, a dash, and a dot or quote at the start of a line mean
 * something to roff.
 */
#include "document.h"

#include <string.h>

#include "manual.h"

#ifndef ORDERLY_VERSION
#define ORDERLY_VERSION "0"
#endif

/* The day of the manual's last change. Not the day of the build, which would differ each time. */
#define MANUAL_DATE "2026-11-22"

void manual_text(FILE *file, const char *text)
{
    bool line_start = true;

    for (; *text != '\0'; text++) {
        if (line_start && (*text == '.' || *text == '\'')) {
            fputs("\\&", file);
        }
        line_start = *text == '\n';
        if (*text == '\\') {
            fputs("\\e", file);
        } else if (*text == '-') {
            fputs("\\-", file);
        } else if (line_start) {
            fputs("\n.br\n", file);
        } else {
            fputc(*text, file);
        }
    }
}

void manual_paragraph(FILE *file, const char *text)
{
    manual_text(file, text);
    fputc('\n', file);
}

void manual_head(FILE *file, const char *title, char section, const char *name, const char *summary)
{
    fprintf(file, ".\\\" Printed by `orderly document man`. Do not edit.\n");
    fprintf(file, ".TH %s %c %s \"Orderly %s\" \"Orderly manual\"\n", title, section, MANUAL_DATE,
            ORDERLY_VERSION);
    /* No hyphenation: a name that is cut in two is neither found nor copied. */
    fputs(".nh\n.SH NAME\n", file);
    manual_text(file, name);
    fputs(" \\- ", file);
    manual_paragraph(file, summary);
}

/* ---- A verb --------------------------------------------------------------------------------- */

static void manual_option(FILE *file, const struct option *option)
{
    char standard[80];

    fputs(".TP\n", file);
    if (option->letter != '\0') {
        fprintf(file, "\\fB\\-%c\\fR, ", option->letter);
    }
    fputs("\\fB\\-\\-", file);
    manual_text(file, option->name);
    fputs("\\fR", file);
    if (option->argument != NULL) {
        fputs(" \\fI", file);
        manual_text(file, option->argument);
        fputs("\\fR", file);
    }
    fputc('\n', file);
    manual_text(file, option->doc);
    document_standard(option, standard, sizeof standard);
    manual_text(file, standard);
    fputs(".\n", file);
}

static void manual_options(FILE *file, const struct option *table)
{
    for (; table != NULL && table->name != NULL; table++) {
        manual_option(file, table);
    }
}

static void manual_description(FILE *file, const struct verb *verb)
{
    fputs(".SH DESCRIPTION\n", file);
    if (verb->description == NULL || verb->description[0] == NULL) {
        manual_text(file, verb->summary);
        fputs(".\n", file);
        return;
    }
    for (size_t i = 0; verb->description[i] != NULL; i++) {
        if (i > 0) {
            fputs(".PP\n", file);
        }
        manual_paragraph(file, verb->description[i]);
    }
}

static void manual_statuses(FILE *file, const struct verb_status *status)
{
    fputs(".SH EXIT STATUS\n", file);
    for (; status->meaning != NULL; status++) {
        fprintf(file, ".TP\n.B %d\n", status->code);
        manual_text(file, status->meaning);
        fputs(".\n", file);
    }
}

static void manual_examples(FILE *file, const struct verb_example *example)
{
    if (example == NULL) {
        return;
    }
    fputs(".SH EXAMPLES\n", file);
    for (; example->command != NULL; example++) {
        fputs(".TP\n.B ", file);
        manual_paragraph(file, example->command);
        manual_text(file, example->says);
        fputs(".\n", file);
    }
}

static void manual_see_also(FILE *file, const struct verb *self)
{
    const char *comma = "";

    fputs(".SH SEE ALSO\n", file);
    if (self != NULL) {
        fputs(".BR orderly (1)", file);
        comma = ",\n";
    }
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        if (*v != self) {
            fprintf(file, "%s.BR orderly\\-%s (1)", comma, (*v)->name);
            comma = ",\n";
        }
    }
    fputc('\n', file);
}

void document_verb_manual(FILE *file, const struct verb *verb)
{
    char title[64];
    char name[64];

    (void)snprintf(title, sizeof title, "ORDERLY\\-%s", verb->name);
    for (char *p = title; *p != '\0'; p++) {
        *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
    }
    (void)snprintf(name, sizeof name, "orderly-%s", verb->name);
    manual_head(file, title, '1', name, verb->summary);
    fputs(".SH SYNOPSIS\n.B orderly ", file);
    manual_paragraph(file, verb->name);
    fputs("[\\fIOPTION\\fR]...\n", file);
    if (verb->usage[0] != '\0') {
        manual_paragraph(file, verb->usage);
    }
    manual_description(file, verb);
    fputs(".SH OPTIONS\n", file);
    manual_options(file, verb->options);
    manual_options(file, document_common_options);
    manual_statuses(file, verb->statuses != NULL ? verb->statuses : document_common_statuses);
    manual_examples(file, verb->examples);
    manual_see_also(file, verb);
}

/* ---- The program ---------------------------------------------------------------------------- */

static void manual_program_body(FILE *file)
{
    static const char *const paragraphs[] = {
        "orderly receives, sends and converts HL7 v2 messages. It is one program with several "
        "verbs; each has a manual page of its own.",
        "Messages are read from files, directories or standard input: one message or many, plain, "
        "as a batch (FHS, BHS) or as MLLP frames, with CR, LF or CR LF at the end of segments. "
        "What is printed on a terminal is made readable; what goes into a pipe or a file is the "
        "exact bytes.",
        NULL};

    fputs(".SH DESCRIPTION\n", file);
    for (size_t i = 0; paragraphs[i] != NULL; i++) {
        if (i > 0) {
            fputs(".PP\n", file);
        }
        manual_paragraph(file, paragraphs[i]);
    }
}

static void manual_verbs(FILE *file)
{
    fputs(".SH VERBS\n", file);
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        fprintf(file, ".TP\n.B %s\n", (*v)->name);
        manual_text(file, (*v)->summary);
        fputs(".\n", file);
    }
}

static void manual_options_of_program(FILE *file)
{
    static const struct option table[] = {
        {.name = "help", .letter = 'h', .doc = "Show what the verbs are"},
        {.name = "version", .letter = 'V', .doc = "Show the version"},
        {.name = NULL}};

    fputs(".SH OPTIONS\n", file);
    manual_options(file, table);
    fputs(".PP\n", file);
    manual_paragraph(file,
                     "A value is written as --name VALUE, --name=VALUE, -n VALUE or -nVALUE. "
                     "Options and operands may mix; -- ends the options; - is standard input.");
    fputs(".PP\n", file);
    manual_paragraph(file, "Sizes are bytes, or a number with K, M or G (powers of 1024). Times "
                           "are seconds, or a number with ms, s, m, h or d.");
}

static void manual_environment(FILE *file)
{
    static const char *const variables[][2] = {
        {"NO_COLOR", "If it is set and not empty, no colours are used."},
        {"TERM", "If it is \"dumb\", no colours are used."},
        {"COLUMNS", "The width of help where there is no terminal to ask."}};

    fputs(".SH ENVIRONMENT\n", file);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        fprintf(file, ".TP\n.B %s\n", variables[i][0]);
        manual_paragraph(file, variables[i][1]);
    }
}

void document_manual(FILE *file)
{
    static const struct verb_status statuses[] = {
        {VERB_DONE, "Done"},
        {VERB_NO, "The work was done and the answer was no"},
        {VERB_MISUSE, "Wrong use: a mistake on the command line or in a template"},
        {VERB_FAILED, "Could not reach, read or write something"},
        {0, NULL}};

    manual_head(file, "ORDERLY", '1', "orderly", "receive, send and convert HL7 v2 messages");
    fputs(".SH SYNOPSIS\n.B orderly\n\\fIVERB\\fR\n[\\fIOPTION\\fR]...\n[\\fIOPERAND\\fR]...\n",
          file);
    manual_program_body(file);
    manual_verbs(file);
    manual_options_of_program(file);
    manual_statuses(file, statuses);
    manual_environment(file);
    manual_see_also(file, NULL);
}
