/* SPDX-License-Identifier: Apache-2.0
 *
 * completion.c - completion functions for bash and zsh, made from the tables of verbs and options.
 *
 * bash: plain, without the helper functions some systems install beside it. After an option that
 * takes a value its values are offered (words, files, directories, or nothing); after a dash the
 * verb's options; otherwise what its operands are. zsh: one _arguments call for each verb.
 */
#include "document.h"

#include <string.h>

/* ---- bash ----------------------------------------------------------------------------------- */

static void bash_words(FILE *file, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        fprintf(file, "%s%s", i > 0 ? " " : "", words[i]);
    }
}

static void bash_verb_names(FILE *file)
{
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        fprintf(file, "%s%s", v == verb_table() ? "" : " ", (*v)->name);
    }
}

/* One line of the case statement over VERB:OPTION. */
static void bash_value(FILE *file, const struct verb *verb, const struct option *option)
{
    fprintf(file, "    %s:--%s", verb->name, option->name);
    if (option->letter != '\0') {
        fprintf(file, " | %s:-%c", verb->name, option->letter);
    }
    fputs(") ", file);
    if (option->kind == OPTION_CHOICE) {
        fputs("_orderly_words '", file);
        bash_words(file, option->choices);
        fputs("'", file);
    } else if (option->kind == OPTION_FILE) {
        fputs("_orderly_files -f", file);
    } else if (option->kind == OPTION_DIRECTORY) {
        fputs("_orderly_files -d", file);
    }
    fputs(option->kind == OPTION_CHOICE || option->kind == OPTION_FILE ||
                  option->kind == OPTION_DIRECTORY
              ? "; return ;;\n"
              : "return ;;\n",
          file);
}

static void bash_values(FILE *file)
{
    fputs("    case $verb:$previous in\n", file);
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        for (const struct option *o = (*v)->options; o != NULL && o->name != NULL; o++) {
            if (o->kind != OPTION_FLAG) {
                bash_value(file, *v, o);
            }
        }
    }
    fputs("    esac\n", file);
}

static void bash_option_names(FILE *file)
{
    fputs("    if [[ $word == -* ]]; then\n        case $verb in\n", file);
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        fprintf(file, "        %s) _orderly_words '", (*v)->name);
        for (const struct option *o = (*v)->options; o != NULL && o->name != NULL; o++) {
            fprintf(file, "--%s ", o->name);
        }
        fputs("--help' ;;\n", file);
    }
    fputs("        esac\n        return\n    fi\n", file);
}

/* The words that may stand behind a verb. */
static void operand_words(FILE *file, const struct verb *verb)
{
    if (verb->operand_words != NULL) {
        bash_words(file, verb->operand_words);
        fputc(' ', file);
    }
    if (verb->operands != VERB_TAKES_ACTION) {
        bash_verb_names(file);
    }
}

static void bash_operands(FILE *file)
{
    fputs("    case $verb in\n", file);
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        switch ((*v)->operands) {
        case VERB_TAKES_NOTHING:
        case VERB_TAKES_ADDRESS:
            continue;
        case VERB_TAKES_FILES:
        case VERB_TAKES_ADDRESS_AND_FILES:
        case VERB_TAKES_PATHS_AND_FILES:
            fprintf(file, "    %s) _orderly_files -f ;;\n", (*v)->name);
            continue;
        case VERB_TAKES_VERBS:
        case VERB_TAKES_ACTION:
        case VERB_TAKES_WORDS:
            break;
        }
        fprintf(file, "    %s) _orderly_words '", (*v)->name);
        operand_words(file, *v);
        fputs("' ;;\n", file);
    }
    fputs("    esac\n", file);
}

void document_bash(FILE *file)
{
    fputs("# Completion of orderly for bash. Printed by `orderly document bash`; do not edit.\n\n"
          "_orderly_words()\n{\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$word\")\n}\n\n"
          "_orderly_files()\n{\n"
          "    compopt -o filenames 2>/dev/null\n"
          "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$word\")\n}\n\n"
          "_orderly()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local verb=${COMP_WORDS[1]}\n"
          "    COMPREPLY=()\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        _orderly_words '",
          file);
    bash_verb_names(file);
    fputs(" --help --version'\n        return\n    fi\n"
          "    # --name=value arrives as three words.\n"
          "    if [[ $word == = ]]; then\n"
          "        word=\n"
          "    elif [[ $previous == = ]]; then\n"
          "        previous=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n",
          file);
    bash_values(file);
    bash_option_names(file);
    bash_operands(file);
    fputs("}\n\ncomplete -F _orderly orderly\n", file);
}

/* ---- zsh ------------------------------------------------------------------------------------ */

/* Text inside single quotes inside a specification: brackets and colons mean something there. */
static void zsh_text(FILE *file, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            fputs("'\\''", file);
        } else {
            if (strchr("[]:\\", *text) != NULL) {
                fputc('\\', file);
            }
            fputc(*text, file);
        }
    }
}

static void zsh_value(FILE *file, const struct option *option)
{
    if (option->kind == OPTION_FLAG) {
        return;
    }
    fputc(':', file);
    zsh_text(file, option->argument);
    fputc(':', file);
    if (option->kind == OPTION_CHOICE) {
        fputc('(', file);
        bash_words(file, option->choices);
        fputc(')', file);
    } else if (option->kind == OPTION_FILE) {
        fputs("_files", file);
    } else if (option->kind == OPTION_DIRECTORY) {
        fputs("_files -/", file);
    } else {
        fputc(' ', file);
    }
}

/* '(-t --template)'{-t+,--template=}'[doc]:FILE:_files' */
static void zsh_option(FILE *file, const struct option *option)
{
    bool value = option->kind != OPTION_FLAG;

    fputs("            ", file);
    if (option->many) {
        fputs("'*'", file);
    } else if (option->letter != '\0') {
        fprintf(file, "'(-%c --%s)'", option->letter, option->name);
    }
    if (option->letter != '\0') {
        fprintf(file, "{-%c%s,--%s%s}", option->letter, value ? "+" : "", option->name,
                value ? "=" : "");
    } else {
        fprintf(file, "--%s%s", option->name, value ? "=" : "");
    }
    fputs("'[", file);
    zsh_text(file, option->doc);
    fputc(']', file);
    zsh_value(file, option);
    fputs("' \\\n", file);
}

static void zsh_options(FILE *file, const struct option *table)
{
    for (; table != NULL && table->name != NULL; table++) {
        zsh_option(file, table);
    }
}

static void zsh_operands(FILE *file, const struct verb *verb)
{
    switch (verb->operands) {
    case VERB_TAKES_NOTHING:
        fputs("            && return\n", file);
        return;
    case VERB_TAKES_ADDRESS:
        fputs("            '1:address: '\n", file);
        return;
    case VERB_TAKES_ADDRESS_AND_FILES:
        fputs("            '1:address: ' '*:file:_files'\n", file);
        return;
    case VERB_TAKES_FILES:
    case VERB_TAKES_PATHS_AND_FILES:
        fputs("            '*:file:_files'\n", file);
        return;
    case VERB_TAKES_VERBS:
    case VERB_TAKES_ACTION:
    case VERB_TAKES_WORDS:
        break;
    }
    fputs("            '*:word:(", file);
    operand_words(file, verb);
    fputs(")'\n", file);
}

void document_zsh(FILE *file)
{
    fputs("#compdef orderly\n"
          "# Completion of orderly for zsh. Printed by `orderly document zsh`; do not edit.\n\n"
          "_orderly()\n{\n"
          "    local curcontext=$curcontext state line\n"
          "    local -a verbs=(\n",
          file);
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        fprintf(file, "        '%s:", (*v)->name);
        zsh_text(file, (*v)->summary);
        fputs("'\n", file);
    }
    fputs("    )\n\n"
          "    _arguments -C \\\n"
          "        '(-h --help)'{-h,--help}'[show what the verbs are]' \\\n"
          "        '(-V --version)'{-V,--version}'[show the version]' \\\n"
          "        '1: :->verb' '*:: :->rest' && return\n"
          "    if [[ $state == verb ]]; then\n"
          "        _describe verb verbs\n"
          "        return\n"
          "    fi\n"
          "    case $words[1] in\n",
          file);
    for (const struct verb *const *v = verb_table(); *v != NULL; v++) {
        fprintf(file, "    %s)\n        _arguments -s \\\n", (*v)->name);
        zsh_options(file, (*v)->options);
        zsh_options(file, document_common_options);
        zsh_operands(file, *v);
        fputs("        ;;\n", file);
    }
    fputs("    esac\n}\n\n_orderly \"$@\"\n", file);
}
