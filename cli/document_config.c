/* SPDX-License-Identifier: Apache-2.0
 *
 * document_config.c - what a person reads about the configuration of `orderly run`, made from the table
 * its reader uses (broker/config/keys.tbl): the manual page orderly.conf(5), and the tables of
 * docs/configuration.md. See document.h.
 */
#include "document.h"

#ifdef ORDERLY_WITH_BROKER

#include <string.h>

#include "../base/measure.h"
#include "../broker/config/key.h"
#include "manual.h"

/* ---- A key in words ------------------------------------------------------------------------- */

struct words {
    char value[80];    /* "SIZE", "yes | no" */
    char standard[80]; /* "16M"; "": none */
    char bounds[80];   /* "from 64 to 1G"; "": none */
    const char *effect;
};

/* How the bounds of a number of this type are written; NULL: it has none. */
static void (*writer_of(const struct config_type *type))(uint64_t, char *, size_t)
{
    static const struct {
        const char *type;
        void (*write)(uint64_t number, char *text, size_t size);
    } writers[] = {{"NUMBER", measure_write_number},
                   {"SIZE", measure_write_size},
                   {"DURATION", measure_write_duration},
                   {"BACKOFF", measure_write_duration}};

    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        if (strcmp(writers[i].type, type->name) == 0) {
            return writers[i].write;
        }
    }
    return NULL;
}

static void write_value(const struct config_key *key, char *text, size_t size)
{
    size_t used = 0;

    for (size_t i = 0; key->type->words != NULL && key->type->words[i] != NULL; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? " | " : "",
                                 key->type->words[i]);
    }
    if (used == 0) {
        (void)snprintf(text, size, "%s%s%s", key->type->name, key->zero == NULL ? "" : " | ",
                       key->zero == NULL ? "" : key->zero);
    }
}

static void write_bounds(const struct config_key *key, char *text, size_t size)
{
    void (*write)(uint64_t, char *, size_t) = writer_of(key->type);
    char min[MEASURE_TEXT];
    char max[MEASURE_TEXT];

    if (write == NULL) {
        text[0] = '\0';
        return;
    }
    write(key->min, min, sizeof min);
    write(key->max, max, sizeof max);
    (void)snprintf(text, size, "from %s to %s", min, max);
}

static struct words words_of(const struct config_key *key)
{
    static const char *const effects[] = {
        [CONFIG_AT_ONCE] = "",
        [CONFIG_REOPEN] = "A reload that changes it opens the socket, folder or program anew.",
        [CONFIG_RESTART] = "A change takes effect at the next start.",
    };
    struct words words = {.effect = effects[key->effect]};

    write_value(key, words.value, sizeof words.value);
    write_bounds(key, words.bounds, sizeof words.bounds);
    (void)snprintf(words.standard, sizeof words.standard, "%s", key->standard);
    return words;
}

static const char *head_of(const struct config_section_kind *kind)
{
    return kind->section == CONFIG_ORDERLY ? "" : " NAME";
}

/* ---- orderly.conf(5) ------------------------------------------------------------------------ */

static const char *const syntax[] = {
    "The file consists of sections and, in each, keys with values. A line that begins with ; or # is "
    "a comment; so is what stands behind a blank and a ; in other lines, outside of quotes.",
    "A quote, ' or \", that has its partner in the same line encloses text in which ; is an ordinary "
    "character. A backslash at the end of a line continues the value in the next one. Lines may be "
    "indented; that means nothing. An empty value stands for the key's default.",
    "A section [defaults KIND], with KIND one of listener, destination and route, gives values to all "
    "sections of its kind that do not give their own, wherever it stands.",
    "Names of files count from the folder of the file that they are written in. ${file:NAME} within a "
    "value stands for the one line that the file holds, so that secrets can be kept out of the "
    "configuration; $${ writes ${. Environment variables are never looked at.",
    NULL};

static void manual_key(FILE *file, const struct config_key *key)
{
    struct words words = words_of(key);

    fputs(".TP\n\\fB", file);
    manual_text(file, key->name);
    fputs("\\fR = \\fI", file);
    manual_text(file, words.value);
    fputs("\\fR\n", file);
    manual_text(file, key->doc);
    fputs(".", file);
    if (key->door != NULL) {
        fputs(" Only with ", file);
        manual_text(file, key->door);
        fputs(".", file);
    }
    if (words.bounds[0] != '\0') {
        fputs(" F", file);
        manual_text(file, words.bounds + 1);
        fputs(".", file);
    }
    if (words.standard[0] != '\0') {
        fputs(" Default: ", file);
        manual_text(file, words.standard);
        fputs(".", file);
    }
    fprintf(file, "%s%s\n", words.effect[0] == '\0' ? "" : " ", words.effect);
}

static void manual_section(FILE *file, const struct config_section_kind *kind)
{
    fprintf(file, ".SH \"[%s%s]\"\n", kind->word, head_of(kind));
    manual_text(file, kind->doc);
    fputs(".\n", file);
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        if (key->section == kind->section) {
            manual_key(file, key);
        }
    }
}

/* ---- Types ---------------------------------------------------------------------------------- */

/* Whether it is the first key with a type that is not a list of words: each is told once. */
static bool tells_type(const struct config_key *key)
{
    for (const struct config_key *before = config_keys(); before != key; before++) {
        if (before->type == key->type) {
            return false;
        }
    }
    return key->type->words == NULL;
}

static void manual_types(FILE *file)
{
    fputs(".SH VALUES\n", file);
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        if (tells_type(key)) {
            fprintf(file, ".TP\n.I %s\n", key->type->name);
            manual_text(file, key->type->what);
            fputs(".\n", file);
        }
    }
}

bool document_config_manual(FILE *file)
{
    const struct config_section_kind *kinds = config_section_kinds();

    manual_head(file, "ORDERLY.CONF", '5', "orderly.conf", "configuration of orderly run");
    fputs(".SH SYNOPSIS\n.B orderly run\n\\fICONFIG\\fR\n.SH DESCRIPTION\n", file);
    for (size_t i = 0; syntax[i] != NULL; i++) {
        fputs(i > 0 ? ".PP\n" : "", file);
        manual_paragraph(file, syntax[i]);
    }
    fputs(".PP\n", file);
    manual_paragraph(file, "orderly check FILE tells all mistakes of a configuration at once.");
    for (size_t i = 0; i < CONFIG_SECTION_KINDS; i++) {
        manual_section(file, &kinds[i]);
    }
    manual_types(file);
    fputs(".SH SEE ALSO\n.BR orderly (1),\n.BR orderly\\-check (1)\n", file);
    return true;
}

/* ---- Markdown ------------------------------------------------------------------------------- */

/* Text of a table's cell, outside of code. */
static void cell(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("*_|<", *text) != NULL) {
            fputc('\\', file);
        }
        fputc(*text, file);
    }
}

/* Words in code, each by itself: "`retry` `dead`". */
static void code_words(FILE *file, const char *text)
{
    const char *blank = "";

    while (*text != '\0') {
        size_t len = strcspn(text, "|");
        size_t shown = len;
        while (shown > 0 && text[shown - 1] == ' ') {
            shown--;
        }
        fprintf(file, "%s`%.*s`", blank, (int)shown, text);
        blank = ", ";
        text += len;
        text += strspn(text, "| ");
    }
}

static void table_row(FILE *file, const struct config_key *key)
{
    struct words words = words_of(key);

    fprintf(file, "| `%s` | ", key->name);
    code_words(file, words.value);
    fputs(" | ", file);
    code_words(file, words.standard);
    fputs(" | ", file);
    cell(file, key->doc);
    fputs(".", file);
    if (key->door != NULL) {
        fprintf(file, " Only with `%s`.", key->door);
    }
    if (words.bounds[0] != '\0') {
        fprintf(file, " %c%s.", words.bounds[0] - 'a' + 'A', words.bounds + 1);
    }
    fprintf(file, "%s%s |\n", words.effect[0] == '\0' ? "" : " ", words.effect);
}

static void table_of(FILE *file, const struct config_section_kind *kind)
{
    fprintf(file, "### [%s%s]\n\n", kind->word, head_of(kind));
    cell(file, kind->doc);
    fputs(".\n\n| key | value | default | |\n|---|---|---|---|\n", file);
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        if (key->section == kind->section) {
            table_row(file, key);
        }
    }
    fputc('\n', file);
}

bool document_config_tables(FILE *file)
{
    const struct config_section_kind *kinds = config_section_kinds();

    for (size_t i = 0; i < CONFIG_SECTION_KINDS; i++) {
        table_of(file, &kinds[i]);
    }
    fputs("### Values\n\n| value | is |\n|---|---|\n", file);
    for (const struct config_key *key = config_keys(); key->name != NULL; key++) {
        if (tells_type(key)) {
            fprintf(file, "| `%s` | ", key->type->name);
            cell(file, key->type->what);
            fputs(" |\n", file);
        }
    }
    return true;
}

#else

bool document_config_manual(FILE *file)
{
    (void)file;
    return false;
}

bool document_config_tables(FILE *file)
{
    (void)file;
    return false;
}

#endif
