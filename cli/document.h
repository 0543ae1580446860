/* SPDX-License-Identifier: Apache-2.0
 *
 * document.h - everything a person reads about the verbs, made from their tables: help for the
 * terminal (help.c), manual pages (manual.c), completion for shells (completion.c).
 */
#ifndef ORDERLY_DOCUMENT_H
#define ORDERLY_DOCUMENT_H

#include <stdbool.h>
#include <stdio.h>

#include "verb.h"

/* `orderly --help`: what the program is and its verbs. */
void document_overview(FILE *file);

/* `orderly VERB --help`. */
void document_help(FILE *file, const struct verb *verb);

/* The manual pages orderly(1) and orderly-VERB(1), in roff with the man macros. */
void document_manual(FILE *file);
void document_verb_manual(FILE *file, const struct verb *verb);

/* The manual page orderly.conf(5), and the tables of docs/configuration.md. False, with nothing written,
 * in a program without the broker. */
bool document_config_manual(FILE *file);
bool document_config_tables(FILE *file);

/* Completion functions. */
void document_bash(FILE *file);
void document_zsh(FILE *file);

/* The options every verb has without listing them (--help). Ended like a verb's own table. */
extern const struct option document_common_options[];

/* The sentence about an option's default: " (16M when not given)", "" when it has none. */
void document_standard(const struct option *option, char *text, size_t size);

/* Statuses of a verb that lists none. */
extern const struct verb_status document_common_statuses[];

#endif
