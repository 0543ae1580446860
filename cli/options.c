/* SPDX-License-Identifier: Apache-2.0
 *
 * options.c - reads a command line by a table. Each kind of option has one row in `kinds`: the
 * width of its member and the function that reads a value into it.
 *
 * Errors name the option as it was typed, quote the value and say what would be right; the caller
 * puts "orderly VERB: " before them.
 */
#include "options.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../base/measure.h"
#include "../base/nearest.h"
#include "hl7.h"

#define SPELLING_MAX 80

/* A parse in progress. */
struct options_parser {
    const struct option *table;
    char *values;
    struct options_result *result;
};

/* An option and its value, as they were typed. */
struct options_given {
    const struct option *option;
    const char *spelling; /* "--max-message" or "-m" */
    const char *value;
};

static bool options_complain(struct options_result *result, const char *format, ...)
    HL7_FORMAT(2, 3);

static bool options_complain(struct options_result *result, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(result->error, sizeof result->error, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- One row for each kind of option -------------------------------------------------------- */

static bool options_put_flag(const struct options_given *given, void *slot,
                             struct options_result *result)
{
    (void)given;
    (void)result;
    *(bool *)slot = true;
    return true;
}

static bool options_put_text(const struct options_given *given, void *slot,
                             struct options_result *result)
{
    if (given->option->kind != OPTION_TEXT && given->value[0] == '\0') {
        return options_complain(result, "%s: the name is empty; give a %s", given->spelling,
                                given->option->argument);
    }
    if (given->option->many) {
        struct option_list *list = slot;

        if (list->count == OPTION_LIST_MAX) {
            return options_complain(result, "%s: given more than %d times", given->spelling,
                                    OPTION_LIST_MAX);
        }
        list->items[list->count++] = given->value;
    } else {
        *(const char **)slot = given->value;
    }
    return true;
}

/* Numbers, sizes and durations differ in how they are read, written and explained. */
static const struct options_scale {
    bool (*read)(const char *text, uint64_t *ret_number);
    void (*write)(uint64_t number, char *text, size_t size);
    uint64_t max;
    const char *what;
} options_scales[] = {
    [OPTION_NUMBER] = {measure_read_number, measure_write_number, OPTION_MAX_NUMBER,
                       "a whole number"},
    [OPTION_SIZE] = {measure_read_size, measure_write_size, OPTION_MAX_SIZE,
                     "a size; write bytes, or a number with K, M or G, such as 16M"},
    [OPTION_DURATION] = {measure_read_duration, measure_write_duration, OPTION_MAX_DURATION,
                         "a time; write a number with ms, s, m or h, such as 30s"},
};

static bool options_put_number(const struct options_given *given, void *slot,
                               struct options_result *result)
{
    const struct options_scale *scale = &options_scales[given->option->kind];
    uint64_t max = given->option->max == 0 ? scale->max : given->option->max;
    char bound[32];
    uint64_t number;

    if (!scale->read(given->value, &number)) {
        return options_complain(result, "%s: '%.60s' is not %s", given->spelling, given->value,
                                scale->what);
    }
    if (number < given->option->min) {
        scale->write(given->option->min, bound, sizeof bound);
        return options_complain(result, "%s: %.60s is too small; the smallest is %s",
                                given->spelling, given->value, bound);
    }
    if (number > max) {
        scale->write(max, bound, sizeof bound);
        return options_complain(result, "%s: %.60s is too large; the largest is %s",
                                given->spelling, given->value, bound);
    }
    *(uint64_t *)slot = number;
    return true;
}

static bool options_put_choice(const struct options_given *given, void *slot,
                               struct options_result *result)
{
    char words[200] = "";
    size_t used = 0;
    int i;

    for (i = 0; given->option->choices[i] != NULL; i++) {
        if (strcmp(given->option->choices[i], given->value) == 0) {
            *(int *)slot = i;
            return true;
        }
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%s", i > 0 ? ", " : "",
                                 given->option->choices[i]);
        assert(used < sizeof words);
    }
    return options_complain(result, "%s: '%.60s' is none of %s", given->spelling, given->value,
                            words);
}

static const struct {
    size_t width;
    bool (*put)(const struct options_given *given, void *slot, struct options_result *result);
} options_kinds[] = {
    [OPTION_FLAG] = {sizeof(bool), options_put_flag},
    [OPTION_TEXT] = {sizeof(const char *), options_put_text},
    [OPTION_FILE] = {sizeof(const char *), options_put_text},
    [OPTION_DIRECTORY] = {sizeof(const char *), options_put_text},
    [OPTION_NUMBER] = {sizeof(uint64_t), options_put_number},
    [OPTION_SIZE] = {sizeof(uint64_t), options_put_number},
    [OPTION_DURATION] = {sizeof(uint64_t), options_put_number},
    [OPTION_CHOICE] = {sizeof(int), options_put_choice},
};

static bool options_put(const struct options_parser *parser, const struct options_given *given)
{
    const struct option *option = given->option;
    size_t width = option->many ? sizeof(struct option_list) : options_kinds[option->kind].width;

    assert(option->width == width);
    assert((option->kind == OPTION_FLAG) == (option->argument == NULL));
    assert(option->letter != 'h');
    return options_kinds[option->kind].put(given, parser->values + option->place, parser->result);
}

/* ---- The walk over the words ---------------------------------------------------------------- */

static const struct option *options_by_name(const struct option *table, const char *name,
                                            size_t len)
{
    for (; table != NULL && table->name != NULL; table++) {
        if (strlen(table->name) == len && strncmp(table->name, name, len) == 0) {
            return table;
        }
    }
    return NULL;
}

static const struct option *options_by_letter(const struct option *table, char letter)
{
    for (; table != NULL && table->name != NULL; table++) {
        if (table->letter == letter && letter != '\0') {
            return table;
        }
    }
    return NULL;
}

static bool options_unknown(const struct options_parser *parser, const char *name)
{
    const char *words[65];
    const char *nearest;
    size_t count = 0;

    for (const struct option *o = parser->table; o != NULL && o->name != NULL; o++) {
        assert(count < 63);
        words[count++] = o->name;
    }
    words[count++] = "help";
    words[count] = NULL;
    nearest = nearest_word(name, words);
    if (nearest != NULL) {
        return options_complain(parser->result, "unknown option '--%.60s' (did you mean '--%s'?)",
                                name, nearest);
    }
    return options_complain(parser->result, "unknown option '--%.60s'", name);
}

static bool options_unknown_letter(const struct options_parser *parser, char letter,
                                   const char *word)
{
    if (word[2] == '\0') {
        return options_complain(parser->result, "unknown option '-%c'", letter);
    }
    if (options_by_name(parser->table, word + 1, strlen(word + 1)) != NULL) {
        return options_complain(parser->result, "unknown option '%.60s' (did you mean '-%.60s'?)",
                                word, word);
    }
    return options_complain(parser->result, "unknown option '-%c' in '%.60s'", letter, word);
}

static bool options_missing(const struct options_parser *parser, const struct option *option,
                            const char *spelling)
{
    return options_complain(parser->result, "%s needs a value: %s %s", spelling, spelling,
                            option->argument);
}

/* Reads the word `--name[=value]`; `next` is the word behind it or NULL. *ret_words is how many
 * words were used. */
static bool options_long(const struct options_parser *parser, const char *word, const char *next,
                         int *ret_words)
{
    const char *name = word + 2;
    size_t len = strcspn(name, "=");
    const struct option *option = options_by_name(parser->table, name, len);
    char spelling[SPELLING_MAX];
    struct options_given given = {option, spelling, NULL};

    (void)snprintf(spelling, sizeof spelling, "--%.*s", len > 60 ? 60 : (int)len, name);
    if (option == NULL) {
        return options_unknown(parser, spelling + 2);
    }
    if (option->kind == OPTION_FLAG) {
        if (name[len] == '=') {
            return options_complain(parser->result, "%s takes no value", spelling);
        }
    } else if (name[len] == '=') {
        given.value = name + len + 1;
    } else if (next != NULL) {
        given.value = next;
        *ret_words = 2;
    } else {
        return options_missing(parser, option, spelling);
    }
    return options_put(parser, &given);
}

/* The same for `-abc`: flags, of which the last may be an option with a value. */
static bool options_short(const struct options_parser *parser, const char *word, const char *next,
                          int *ret_words)
{
    for (const char *p = word + 1; *p != '\0'; p++) {
        const struct option *option = options_by_letter(parser->table, *p);
        char spelling[] = {'-', *p, '\0'};
        struct options_given given = {option, spelling, NULL};

        if (option == NULL) {
            return options_unknown_letter(parser, *p, word);
        }
        if (option->kind != OPTION_FLAG) {
            given.value = p[1] != '\0' ? p + 1 : next;
            if (given.value == NULL) {
                return options_missing(parser, option, spelling);
            }
            *ret_words = p[1] != '\0' ? 1 : 2;
            return options_put(parser, &given);
        }
        if (!options_put(parser, &given)) {
            return false;
        }
    }
    return true;
}

static bool options_want_help(int argc, char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static void options_put_standards(const struct options_parser *parser)
{
    for (const struct option *o = parser->table; o != NULL && o->name != NULL; o++) {
        struct options_given given = {o, o->name, o->standard};

        if (o->standard != NULL) {
            bool valid = options_put(parser, &given);

            assert(valid);
            (void)valid;
        }
    }
}

/* True for a word that is an operand even before `--`. */
static bool options_is_operand(const char *word)
{
    return word[0] != '-' || word[1] == '\0';
}

enum options_answer options_parse(const struct option *table, int argc, char **argv, void *values,
                                  struct options_result *ret_result)
{
    struct options_parser parser = {table, values, ret_result};
    bool only_operands = false;
    int words;

    ret_result->operands = argv;
    ret_result->operand_count = 0;
    ret_result->error[0] = '\0';
    if (options_want_help(argc, argv)) {
        return OPTIONS_HELP;
    }
    options_put_standards(&parser);
    for (int i = 0; i < argc; i += words) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool good = true;

        words = 1;
        if (only_operands || options_is_operand(argv[i])) {
            argv[ret_result->operand_count++] = argv[i];
        } else if (strcmp(argv[i], "--") == 0) {
            only_operands = true;
        } else if (argv[i][1] == '-') {
            good = options_long(&parser, argv[i], next, &words);
        } else {
            good = options_short(&parser, argv[i], next, &words);
        }
        if (!good) {
            return OPTIONS_WRONG;
        }
    }
    return OPTIONS_READY;
}
