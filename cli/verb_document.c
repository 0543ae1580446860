/* SPDX-License-Identifier: Apache-2.0
 *
 * verb_document.c - `orderly document WHAT`: prints manual pages and completions, so that what is
 * installed is always what the parser does.
 */
#include <string.h>

#include "document.h"
#include "verb.h"

static void document_verbs(FILE *file)
{
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        fprintf(file, "%s\n", (*v)->name);
    }
}

/* What can be asked for without saying of which verb. */
static const struct {
    const char *word;
    void (*print)(FILE *file);
} document_kinds[] = {{"verbs", document_verbs}, {"bash", document_bash}, {"zsh", document_zsh}};

/* What only a program with the broker can tell. */
static int document_broker(const struct verb_call *call, bool (*print)(FILE *file))
{
    if (!print(stdout)) {
        return verb_misuse(call->verb, "this program was built without the broker");
    }
    return VERB_DONE;
}

static int document_man(const struct verb_call *call)
{
    const char *name = call->operand_count > 1 ? call->operands[1] : "orderly";
    const struct verb *verb = verb_find(name);

    if (strcmp(name, "orderly") == 0) {
        document_manual(stdout);
    } else if (strcmp(name, "orderly.conf") == 0) {
        return document_broker(call, document_config_manual);
    } else if (verb != NULL) {
        document_verb_manual(stdout, verb);
    } else {
        return verb_misuse(call->verb, "there is no verb '%.60s'", name);
    }
    return VERB_DONE;
}

static int document_run(const struct verb_call *call)
{
    const char *word = call->operands[0];

    if (strcmp(word, "man") == 0) {
        return document_man(call);
    }
    if (call->operand_count > 1) {
        return verb_misuse(call->verb, "'%.60s' is too much behind '%.60s'", call->operands[1],
                           word);
    }
    for (size_t i = 0; i < sizeof document_kinds / sizeof document_kinds[0]; i++) {
        if (strcmp(document_kinds[i].word, word) == 0) {
            document_kinds[i].print(stdout);
            return VERB_DONE;
        }
    }
    if (strcmp(word, "config") == 0) {
        return document_broker(call, document_config_tables);
    }
    return verb_misuse(call->verb, "'%.60s' is none of verbs, bash, zsh, man, config", word);
}

static const char *const document_description[] = {
    "Prints what the installation puts in place: the names of the verbs, the completion for bash "
    "or zsh, or a manual page in roff. All of it is made from the tables that the program reads "
    "its command line and its configuration with; config prints the latter as Markdown. PAGE is orderly, orderly.conf or "
    "the name of a verb.",
    NULL};

static const char *const document_words[] = {"verbs",  "bash",    "zsh",          "man",
                                             "config", "orderly", "orderly.conf", NULL};

static const struct verb_example document_examples[] = {
    {"orderly document man send | man -l -", "Shows the manual page of send"},
    {"source <(orderly document bash)", "Completes orderly's verbs and options in this shell"},
    {NULL, NULL}};

const struct verb verb_document = {
    .name = "document",
    .summary = "Print manual pages and shell completions",
    .usage = "{verbs | bash | zsh | config | man [PAGE]}",
    .description = document_description,
    .operands = VERB_TAKES_WORDS,
    .operand_words = document_words,
    .operands_min = 1,
    .operands_max = 2,
    .examples = document_examples,
    .run = document_run,
};
