/* SPDX-License-Identifier: Apache-2.0
 *
 * options.h - the table-driven parser of options.
 *
 * A verb declares a struct for its values and a table that says how each option is spelled, what it
 * takes, what it is by default, between which bounds it lies, what it does, and where its value
 * goes:
 *
 *     struct listen_options {
 *         uint64_t max_message;
 *         uint64_t idle;
 *         bool quiet;
 *         int color;
 *         const char *save;
 *         struct option_list headers;
 *     };
 *
 *     static const struct option listen_option_table[] = {
 *         {.name = "max-message", .argument = "SIZE", .kind = OPTION_SIZE, .standard = "16M",
 *          .min = 1024, .max = OPTION_MAX_SIZE, .doc = "Refuse a message longer than this",
 *          OPTION_PLACE(struct listen_options, max_message)},
 *         {.name = "idle", .argument = "TIME", .kind = OPTION_DURATION, .standard = "5m",
 *          .min = 1000, .max = OPTION_MAX_DURATION, .doc = "Close a connection silent this long",
 *          OPTION_PLACE(struct listen_options, idle)},
 *         {.name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .doc = "Print no messages",
 *          OPTION_PLACE(struct listen_options, quiet)},
 *         {.name = "color", .argument = "WHEN", .kind = OPTION_CHOICE, .choices = text_when_words,
 *          .standard = "auto", .doc = "Use colours", OPTION_PLACE(struct listen_options, color)},
 *         {.name = "save", .argument = "DIR", .kind = OPTION_DIRECTORY, .doc = "Save messages here",
 *          OPTION_PLACE(struct listen_options, save)},
 *         {.name = NULL}};
 *
 * Spellings accepted: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, -n=VALUE is VALUE "=VALUE";
 * several flags in one word (-qv); `--` ends the options; options and operands mix; a lone `-` is
 * an operand. --help and -h belong to every table without being listed.
 *
 * The parser allocates nothing: values point into argv, operands are moved to its front.
 */
#ifndef ORDERLY_OPTIONS_H
#define ORDERLY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {                   /* the type of the member that receives the value: */
                   OPTION_FLAG,      /* bool */
                   OPTION_TEXT,      /* const char * */
                   OPTION_FILE,      /* const char *; completion offers files */
                   OPTION_DIRECTORY, /* const char *; completion offers directories */
                   OPTION_NUMBER,    /* uint64_t */
                   OPTION_SIZE,      /* uint64_t, bytes: 512, 64K, 16M, 1G (powers of 1024) */
                   OPTION_DURATION, /* uint64_t, milliseconds: 250ms, 30s, 1.5m, 2h; a bare number: seconds */
                   OPTION_CHOICE /* int: the place of the word in `choices`, from 0 */
};

/* Bounds that stand for "no bound of our own". */
#define OPTION_MAX_NUMBER UINT64_MAX
#define OPTION_MAX_SIZE ((uint64_t)1 << 32)
#define OPTION_MAX_DURATION ((uint64_t)24 * 3600 * 1000 * 365)

/* For an option that may be repeated (.many): the values in the order given. */
#define OPTION_LIST_MAX 32

struct option_list {
    const char *items[OPTION_LIST_MAX];
    size_t count;
};

struct option {
    const char *name;     /* "max-message", without dashes; NULL ends the table */
    char letter;          /* 'm' for -m, or 0 */
    const char *argument; /* "SIZE"; NULL for a flag */
    enum option_kind kind;
    bool many;            /* TEXT, FILE, DIRECTORY: the member is a struct option_list */
    const char *standard; /* the default as a person would write it; NULL: zero, NULL, false */
    uint64_t min;         /* NUMBER, SIZE, DURATION: bounds, both included; */
    uint64_t max;         /* max 0 stands for the kind's own largest */
    const char *const *choices; /* CHOICE: the words, ended by NULL */
    const char *doc;            /* a sentence without a full stop; may be long, help wraps it */
    size_t place;               /* set place and width with OPTION_PLACE */
    size_t width;
};

/* Where the value goes. The width lets the parser assert that the member has the kind's type. */
#define OPTION_PLACE(type, member)                                                                 \
    .place = offsetof(type, member), .width = sizeof(((type *)NULL)->member)

enum options_answer {
    OPTIONS_READY,
    OPTIONS_HELP, /* --help or -h was there: nothing else counts */
    OPTIONS_WRONG /* `error` says what is wrong and what to do */
};

struct options_result {
    char **operands; /* the front of argv */
    size_t operand_count;
    char error[400];
};

/* Reads the words argv[0..argc) (the verb's name is not among them) by a table, which may be NULL.
 * `values` is the options struct, already cleared; defaults are put there first. */
enum options_answer options_parse(const struct option *table, int argc, char **argv, void *values,
                                  struct options_result *ret_result);

#endif
