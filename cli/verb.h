/* SPDX-License-Identifier: Apache-2.0
 *
 * verb.h - what a verb of the program is: `orderly VERB [OPTION]... OPERAND...`.
 *
 * A verb is one file, cli/verb_NAME.c, that defines the constant `const struct verb verb_NAME` and
 * has one line in cli/verbs.tbl. Everything that a person can read about the verb - its help, its
 * manual page, its completion - is made from that constant, and so is the parsing of its options.
 *
 * Life of a call: main finds the verb, clears `options_size` bytes, lets options_parse() fill them
 * (defaults first), checks the number of operands, and calls run(). What run() returns is the
 * program's exit status. After run() main flushes standard output; a failed write ends in status 3.
 *
 * Output goes to standard output through stdio. Complaints go to standard error through the
 * functions below (a person's command line) or through log.h (what happens while a verb runs).
 */
#ifndef ORDERLY_VERB_H
#define ORDERLY_VERB_H

#include <stddef.h>

#include "hl7.h"
#include "options.h"

/* Exit statuses, the same for all verbs. When several apply the largest wins. */
enum verb_exit {
    VERB_DONE = 0,   /* all went well */
    VERB_NO = 1,     /* the work was done and the answer was no */
    VERB_MISUSE = 2, /* wrong use: options, operands, templates */
    VERB_FAILED = 3  /* could not reach or read (or write) something */
};

/* What an exit status means for one verb. */
struct verb_status {
    int code;
    const char *meaning;
};

/* A command a person can copy, and what it does. */
struct verb_example {
    const char *command;
    const char *says;
};

/* What the operands are: decides what completion offers. */
enum verb_operands {
    VERB_TAKES_NOTHING,           /* or what nobody can complete: numbers, ids */
    VERB_TAKES_FILES,             /* files and directories */
    VERB_TAKES_ADDRESS,           /* [HOST:]PORT */
    VERB_TAKES_ADDRESS_AND_FILES, /* HOST:PORT, then files */
    VERB_TAKES_PATHS_AND_FILES,   /* PID-5.1 and the like, then files */
    VERB_TAKES_VERBS,             /* names of verbs */
    VERB_TAKES_ACTION,            /* a word of `operand_words`, then what nobody can complete */
    VERB_TAKES_WORDS              /* the words of `operand_words` first, then names of verbs */
};

#define VERB_ANY_NUMBER SIZE_MAX

struct verb_call;

struct verb {
    const char *name;
    const char *summary;            /* one line without a full stop, begins with a capital */
    const char *usage;              /* the operands: "[HOST:]PORT", "" when there are none */
    const char *const *description; /* paragraphs, ended by NULL; lines are wrapped when printed */
    const struct option *options;   /* ended by an option without a name; NULL when it has none */
    size_t options_size;            /* sizeof the struct that the options fill */
    enum verb_operands operands;
    const char *const *operand_words; /* for VERB_TAKES_ACTION and _WORDS, ended by NULL */
    size_t operands_min;
    size_t operands_max;                 /* VERB_ANY_NUMBER for no bound */
    const struct verb_status *statuses;  /* ended by a NULL meaning */
    const struct verb_example *examples; /* ended by a NULL command */
    int (*run)(const struct verb_call *call);
};

struct verb_call {
    const struct verb *verb;
    const void *options; /* the verb's own options struct */
    char *const *operands;
    size_t operand_count;
};

/* verb_listen, verb_send, ... */
#define VERB(name) extern const struct verb verb_##name;
#include "verbs.tbl"
#undef VERB

/* The table of verbs (verbs.tbl), in the order help shows them; ended by NULL. */
const struct verb *const *verb_table(void);

/* The verb of this name, or NULL. */
const struct verb *verb_find(const char *name);

/* Complains about the command line: "orderly NAME: TEXT" and "see 'orderly NAME --help'" on
 * standard error. Returns VERB_MISUSE, so that a verb can `return verb_misuse(...)`. */
int verb_misuse(const struct verb *verb, const char *format, ...) HL7_FORMAT(2, 3);

/* Complains about what could not be reached, read or done: "orderly NAME: TEXT" on standard error.
 * Returns VERB_FAILED. Never pass message content. */
int verb_failed(const struct verb *verb, const char *format, ...) HL7_FORMAT(2, 3);

/* The larger of two exit statuses. */
int verb_worst(int a, int b);

#endif
