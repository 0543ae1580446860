/* SPDX-License-Identifier: Apache-2.0
 *
 * manual.c - see manual.h. */
#include "manual.h"

#include "setup.h"

#ifndef ORDERLY_VERSION
#define ORDERLY_VERSION "0"
#endif

static const char head[] =
    ".TH ORDERLY\\-WEB 8 \"\" \"Orderly " ORDERLY_VERSION "\" \"Orderly\"\n"
    ".SH NAME\n"
    "orderly\\-web \\- the page of a running broker, its API and its metrics\n"
    ".SH SYNOPSIS\n"
    ".B orderly\\-web\n"
    "[\\fB\\-\\-check\\fR] \\fICONFIG\\fR\n"
    ".SH DESCRIPTION\n"
    "Serves the page on which people see what flows through a broker, find messages and try "
    "templates; the API under it; and metrics for Prometheus. It is a process of its own, which speaks "
    "to the broker's control socket and touches nothing else but its configuration, its users and its "
    "templates, so that what is exposed to browsers is not what holds the messages.\n"
    ".PP\n"
    "It runs in the foreground until SIGTERM or SIGINT ends it. Users are made with\n"
    ".BR \"orderly user\" (1);\n"
    "a changed file of users counts at once.\n"
    ".SH OPTIONS\n"
    ".TP\n.B \\-\\-check\nSay what is wrong with the configuration, and serve nothing.\n"
    ".TP\n.B \\-\\-version\nPrint the version.\n"
    ".TP\n.B \\-\\-help\nPrint a summary.\n"
    ".SH CONFIGURATION\n"
    "An INI file with the section [web] and a section [templates NAME] for each folder of "
    "templates. Relative paths count from where the file is.\n";

static const char tail[] = ".SH EXIT STATUS\n"
                           ".TP\n.B 0\nIt was ended by a signal; or the configuration is right.\n"
                           ".TP\n.B 2\nWrong use, or a configuration with mistakes.\n"
                           ".TP\n.B 3\nAn address, a file or memory could not be had.\n"
                           ".SH SEE ALSO\n"
                           ".BR orderly (1),\n.BR orderly\\-run (1),\n.BR orderly\\-user (1);\n"
                           "docs/web.md\n";

/* Text with what roff would take for its own. */
static void put_text(FILE *file, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\') {
            (void)fputs("\\e", file);
        } else if (*c == '-') {
            (void)fputs("\\-", file);
        } else if (*c == '\'' || *c == '`') {
            (void)fputs(*c == '`' ? "\\(ga" : "\\(aq", file);
        } else {
            (void)fputc(*c, file);
        }
    }
}

static void put_keys(FILE *file, enum setup_part part)
{
    for (const struct setup_key *key = setup_keys(); key->name != NULL; key++) {
        if (key->part != part) {
            continue;
        }
        (void)fputs(".TP\n.B ", file);
        put_text(file, key->name);
        if (key->standard[0] != '\0') {
            (void)fputs(" = ", file);
            put_text(file, key->standard);
        }
        (void)fputc('\n', file);
        put_text(file, key->doc);
        (void)fputs(".\n", file);
    }
}

void manual_print(FILE *file)
{
    (void)fputs(head, file);
    (void)fputs(".SS [web]\n", file);
    put_keys(file, PART_WEB);
    (void)fputs(".SS [templates NAME]\n", file);
    put_keys(file, PART_TEMPLATES);
    (void)fputs(tail, file);
}
