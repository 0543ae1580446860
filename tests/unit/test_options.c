/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser of options: every spelling, every kind of value, every complaint. */
#include "support.h"

#include <stdio.h>

#include "options.h"

struct values {
    uint64_t size;
    uint64_t time;
    uint64_t number;
    const char *text;
    const char *file;
    const char *folder;
    struct option_list headers;
    int color;
    bool quiet;
    bool verbose;
};

static const char *const colors[] = {"auto", "always", "never", NULL};

static const struct option table[] = {{.name = "max-message",
                                       .letter = 'm',
                                       .argument = "SIZE",
                                       .kind = OPTION_SIZE,
                                       .standard = "16M",
                                       .min = 1024,
                                       .max = (uint64_t)1 << 30,
                                       .doc = "size",
                                       OPTION_PLACE(struct values, size)},
                                      {.name = "idle",
                                       .argument = "TIME",
                                       .kind = OPTION_DURATION,
                                       .standard = "30s",
                                       .min = 100,
                                       .doc = "time",
                                       OPTION_PLACE(struct values, time)},
                                      {.name = "count",
                                       .letter = 'n',
                                       .argument = "N",
                                       .kind = OPTION_NUMBER,
                                       .max = 100,
                                       .doc = "number",
                                       OPTION_PLACE(struct values, number)},
                                      {.name = "text",
                                       .argument = "TEXT",
                                       .kind = OPTION_TEXT,
                                       .doc = "text",
                                       OPTION_PLACE(struct values, text)},
                                      {.name = "output",
                                       .letter = 'o',
                                       .argument = "FILE",
                                       .kind = OPTION_FILE,
                                       .doc = "file",
                                       OPTION_PLACE(struct values, file)},
                                      {.name = "save",
                                       .argument = "DIR",
                                       .kind = OPTION_DIRECTORY,
                                       .doc = "directory",
                                       OPTION_PLACE(struct values, folder)},
                                      {.name = "header",
                                       .argument = "TEXT",
                                       .kind = OPTION_TEXT,
                                       .many = true,
                                       .doc = "list",
                                       OPTION_PLACE(struct values, headers)},
                                      {.name = "color",
                                       .argument = "WHEN",
                                       .kind = OPTION_CHOICE,
                                       .choices = colors,
                                       .standard = "never",
                                       .doc = "choice",
                                       OPTION_PLACE(struct values, color)},
                                      {.name = "quiet",
                                       .letter = 'q',
                                       .kind = OPTION_FLAG,
                                       .doc = "flag",
                                       OPTION_PLACE(struct values, quiet)},
                                      {.name = "verbose",
                                       .letter = 'v',
                                       .kind = OPTION_FLAG,
                                       .doc = "flag",
                                       OPTION_PLACE(struct values, verbose)},
                                      {.name = NULL}};

#define WORDS_MAX 80

/* A command line in one string, words separated by blanks; `_` stands for an empty word. */
struct line {
    char text[2000];
    char *words[WORDS_MAX];
    int count;
    struct values values;
    struct options_result result;
};

static enum options_answer parse(struct line *line, const char *text)
{
    char *rest = NULL;

    memset(line, 0, sizeof *line);
    (void)snprintf(line->text, sizeof line->text, "%s", text);
    for (char *word = strtok_r(line->text, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        assert_true(line->count < WORDS_MAX);
        if (strcmp(word, "_") == 0) {
            word[0] = '\0';
        }
        line->words[line->count++] = word;
    }
    return options_parse(table, line->count, line->words, &line->values, &line->result);
}

static void defaults_are_in_place_when_nothing_is_given(void **state)
{
    struct line line;

    (void)state;
    assert_int_equal(parse(&line, ""), OPTIONS_READY);
    assert_int_equal(line.values.size, 16 << 20);
    assert_int_equal(line.values.time, 30000);
    assert_int_equal(line.values.number, 0);
    assert_int_equal(line.values.color, 2);
    assert_null(line.values.text);
    assert_int_equal(line.values.headers.count, 0);
    assert_false(line.values.quiet);
    assert_int_equal(line.result.operand_count, 0);
}

static void a_value_can_be_spelled_in_four_ways(void **state)
{
    static const char *const lines[] = {"--count 7", "--count=7", "-n 7", "-n7"};
    struct line line;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(parse(&line, lines[i]), OPTIONS_READY);
        assert_int_equal(line.values.number, 7);
        assert_int_equal(line.result.operand_count, 0);
    }
}

static void flags_can_share_a_word_with_a_value_behind_them(void **state)
{
    static const char *const lines[] = {"-q -v -n 7", "-qv -n7", "-qvn7", "-vqn 7"};
    struct line line;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(parse(&line, lines[i]), OPTIONS_READY);
        assert_true(line.values.quiet && line.values.verbose);
        assert_int_equal(line.values.number, 7);
    }
}

static void options_and_operands_mix_and_keep_their_order(void **state)
{
    struct line line;

    (void)state;
    assert_int_equal(parse(&line, "a -q b --count 3 - c"), OPTIONS_READY);
    assert_int_equal(line.result.operand_count, 4);
    assert_string_equal(line.result.operands[0], "a");
    assert_string_equal(line.result.operands[1], "b");
    assert_string_equal(line.result.operands[2], "-");
    assert_string_equal(line.result.operands[3], "c");
}

static void two_dashes_end_the_options(void **state)
{
    struct line line;

    (void)state;
    assert_int_equal(parse(&line, "-q -- -v --help --"), OPTIONS_READY);
    assert_true(line.values.quiet);
    assert_false(line.values.verbose);
    assert_int_equal(line.result.operand_count, 3);
    assert_string_equal(line.result.operands[0], "-v");
    assert_string_equal(line.result.operands[1], "--help");
    assert_string_equal(line.result.operands[2], "--");
}

static void the_last_of_two_values_counts(void **state)
{
    struct line line;

    (void)state;
    assert_int_equal(parse(&line, "--count 1 --count=2"), OPTIONS_READY);
    assert_int_equal(line.values.number, 2);
}

static void a_repeatable_option_keeps_all_values_in_order(void **state)
{
    struct line line;

    (void)state;
    assert_int_equal(parse(&line, "--header a x --header=b --header _"), OPTIONS_READY);
    assert_int_equal(line.values.headers.count, 3);
    assert_string_equal(line.values.headers.items[0], "a");
    assert_string_equal(line.values.headers.items[1], "b");
    assert_string_equal(line.values.headers.items[2], "");
}

static void help_is_found_wherever_it_stands(void **state)
{
    static const char *const lines[] = {"--help", "-h", "a --count x --help", "--nonsense -h"};
    struct line line;

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        assert_int_equal(parse(&line, lines[i]), OPTIONS_HELP);
    }
}

static void a_table_may_be_absent(void **state)
{
    char word[] = "a";
    char *words[] = {word};
    struct options_result result;

    (void)state;
    assert_int_equal(options_parse(NULL, 1, words, NULL, &result), OPTIONS_READY);
    assert_int_equal(result.operand_count, 1);
}

static void each_mistake_has_its_sentence(void **state)
{
    static const struct {
        const char *line;
        const char *error;
    } cases[] = {
        {"--cuont 3", "unknown option '--cuont' (did you mean '--count'?)"},
        {"--max 3", "unknown option '--max' (did you mean '--max-message'?)"},
        {"--halp", "unknown option '--halp' (did you mean '--help'?)"},
        {"--xyzzy=3", "unknown option '--xyzzy'"},
        {"-x", "unknown option '-x'"},
        {"-qx", "unknown option '-x' in '-qx'"},
        {"-count", "unknown option '-count' (did you mean '--count'?)"},
        {"--count", "--count needs a value: --count N"},
        {"-qn", "-n needs a value: -n N"},
        {"--quiet=yes", "--quiet takes no value"},
        {"--count three", "--count: 'three' is not a whole number"},
        {"-n -5", "-n: '-5' is not a whole number"},
        {"--count=", "--count: '' is not a whole number"},
        {"-n 101", "-n: 101 is too large; the largest is 100"},
        {"-m 12Q", "-m: '12Q' is not a size; write bytes, or a number with K, M or G, such as 16M"},
        {"-m 5", "-m: 5 is too small; the smallest is 1K"},
        {"-m 2G", "-m: 2G is too large; the largest is 1G"},
        {"-m 99999999999999999999",
         "-m: '99999999999999999999' is not a size; write bytes, or a number with K, M or G, such "
         "as 16M"},
        {"--idle 3x", "--idle: '3x' is not a time; write a number with ms, s, m or h, such as 30s"},
        {"--idle 10ms", "--idle: 10ms is too small; the smallest is 100ms"},
        {"--color blue", "--color: 'blue' is none of auto, always, never"},
        {"--output _", "--output: the name is empty; give a FILE"},
        {"--save=", "--save: the name is empty; give a DIR"},
    };
    struct line line;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(parse(&line, cases[i].line), OPTIONS_WRONG);
        assert_string_equal(line.result.error, cases[i].error);
    }
}

static void a_list_has_a_bound(void **state)
{
    static const char word[] = "--header=x ";
    char text[(OPTION_LIST_MAX + 1) * sizeof word];
    struct line line;
    size_t used = 0;

    (void)state;
    for (int i = 0; i < OPTION_LIST_MAX; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s", word);
    }
    assert_int_equal(parse(&line, text), OPTIONS_READY);
    assert_int_equal(line.values.headers.count, OPTION_LIST_MAX);
    (void)snprintf(text + used, sizeof text - used, "%s", word);
    assert_int_equal(parse(&line, text), OPTIONS_WRONG);
    assert_string_equal(line.result.error, "--header: given more than 32 times");
}

static void an_endless_word_makes_a_short_complaint(void **state)
{
    char text[1900];
    struct line line;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    text[0] = '-';
    text[1] = '-';
    assert_int_equal(parse(&line, text), OPTIONS_WRONG);
    assert_true(strlen(line.result.error) < 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_in_place_when_nothing_is_given),
        cmocka_unit_test(a_value_can_be_spelled_in_four_ways),
        cmocka_unit_test(flags_can_share_a_word_with_a_value_behind_them),
        cmocka_unit_test(options_and_operands_mix_and_keep_their_order),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(the_last_of_two_values_counts),
        cmocka_unit_test(a_repeatable_option_keeps_all_values_in_order),
        cmocka_unit_test(help_is_found_wherever_it_stands),
        cmocka_unit_test(a_table_may_be_absent),
        cmocka_unit_test(each_mistake_has_its_sentence),
        cmocka_unit_test(a_list_has_a_bound),
        cmocka_unit_test(an_endless_word_makes_a_short_complaint),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
