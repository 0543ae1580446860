/* SPDX-License-Identifier: Apache-2.0
 *
 * main.c - the program `orderly`: finds the verb, reads its options, runs it, and makes sure that
 * what it printed has arrived. All state of the program lives in the verbs' own calls; this file
 * holds the one buffer of standard output.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/nearest.h"
#include "document.h"
#include "verb.h"

#define OUTPUT_BUFFER 65536

/* A descriptor 0, 1 or 2 that is closed would be given to the next file or socket, which would then
 * receive what is meant for a person. */
static bool main_open_standard(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd) {
            return false;
        }
    }
    return true;
}

/* Flushes standard output; the status is the verb's, or says that the output did not arrive. */
static int main_finish(const struct verb *verb, int status)
{
    bool failed = ferror(stdout) != 0;

    errno = 0;
    failed = fflush(stdout) != 0 || failed;
    if (failed) {
        return verb_failed(verb, "cannot write standard output: %s",
                           errno != 0 ? strerror(errno) : "a write failed");
    }
    return status;
}

static int main_check_operands(const struct verb *verb, const struct options_result *words)
{
    if (words->operand_count < verb->operands_min) {
        return verb_misuse(verb, "something is missing; use: orderly %s %s", verb->name,
                           verb->usage);
    }
    if (words->operand_count > verb->operands_max) {
        return verb_misuse(verb, "'%.60s' is too much; use: orderly %s %s",
                           words->operands[verb->operands_max], verb->name, verb->usage);
    }
    return VERB_DONE;
}

static int main_call(const struct verb *verb, int argc, char **argv, void *options)
{
    struct options_result words;
    struct verb_call call = {verb, options, NULL, 0};
    int status;

    switch (options_parse(verb->options, argc, argv, options, &words)) {
    case OPTIONS_HELP:
        document_help(stdout, verb);
        return VERB_DONE;
    case OPTIONS_WRONG:
        return verb_misuse(verb, "%s", words.error);
    case OPTIONS_READY:
        break;
    }
    status = main_check_operands(verb, &words);
    if (status == VERB_DONE) {
        call.operands = words.operands;
        call.operand_count = words.operand_count;
        status = verb->run(&call);
    }
    return status;
}

static int main_verb(const struct verb *verb, int argc, char **argv)
{
    void *options = calloc(1, verb->options_size + 1);
    int status;

    if (options == NULL) {
        return verb_failed(verb, "out of memory");
    }
    status = main_finish(verb, main_call(verb, argc, argv, options));
    free(options);
    return status;
}

/* `orderly --help` and the like are other spellings of a verb. */
static const char *main_verb_name(const char *word)
{
    static const char *const spellings[][2] = {
        {"--help", "help"}, {"-h", "help"}, {"--version", "version"}, {"-V", "version"}};

    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        if (strcmp(word, spellings[i][0]) == 0) {
            return spellings[i][1];
        }
    }
    return word;
}

static int main_unknown(const char *word)
{
    const char *names[65];
    const char *nearest;
    size_t count = 0;

    for (const struct verb *const *v = verb_table(); *v != NULL && count < 64; v++) {
        names[count++] = (*v)->name;
    }
    names[count] = NULL;
    nearest = nearest_word(word, names);
    fprintf(stderr, "orderly: unknown %s '%.60s'", word[0] == '-' ? "option" : "verb", word);
    if (nearest != NULL) {
        fprintf(stderr, " (did you mean '%s'?)", nearest);
    }
    fputs("\nsee 'orderly --help'\n", stderr);
    return VERB_MISUSE;
}

int main(int argc, char **argv)
{
    static char output[OUTPUT_BUFFER];
    const struct verb *verb;

    if (!main_open_standard()) {
        return VERB_FAILED;
    }
    /* All text is written as UTF-8; what the C library is asked for is how wide its characters are. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (isatty(STDOUT_FILENO) != 1) {
        (void)setvbuf(stdout, output, _IOFBF, sizeof output);
    }
    if (argc < 2) {
        document_overview(stdout);
        return VERB_MISUSE;
    }
    verb = verb_find(main_verb_name(argv[1]));
    if (verb == NULL) {
        return main_unknown(argv[1]);
    }
    return main_verb(verb, argc - 2, argv + 2);
}
