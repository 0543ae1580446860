/* SPDX-License-Identifier: Apache-2.0
 *
 * The patterns of `like`. */
#include "support.h"

#include "template/glob.h"

static bool match(const char *pattern, const char *text)
{
    return glob_match(hl7_slice_of(pattern), hl7_slice_of(text), &(size_t){SIZE_MAX});
}

static void a_pattern_fits_the_whole_text(void **state)
{
    static const struct {
        const char *pattern;
        const char *text;
        bool fits;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"ADT", "ADT", true},
        {"ADT", "ADT^A01", false},
        {"ADT", "adt", false},
        {"*", "", true},
        {"*", "any", true},
        {"**", "any", true},
        {"ADT^A0?", "ADT^A04", true},
        {"ADT^A0?", "ADT^A0", false},
        {"ADT^A0?", "ADT^A041", false},
        {"ADT*", "ADT", true},
        {"*^A01", "ADT^A01", true},
        {"*^A01", "ADT^A01^ADT_A01", false},
        {"A*B*C", "AxBxBxC", true},
        {"A*B*C", "AxBxBx", false},
        {"*ab", "aab", true},
        {"?", "\xc3\xbc", true},
        {"??", "\xc3\xbc", false},
        {"?", "\xfc", true},
        {"\\*", "\\x", true},
        {"*?", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (match(cases[i].pattern, cases[i].text) != cases[i].fits) {
            fail_msg("'%s' and '%s'", cases[i].pattern, cases[i].text);
        }
    }
}

static void a_set_stands_for_one_of_its_characters(void **state)
{
    static const struct {
        const char *pattern;
        const char *yes;
        const char *no;
    } cases[] = {
        {"[abc]", "abc", "dA-]"},  {"[a-c]", "abc", "d-"},
        {"[!a-c]", "d!-", "abc"},  {"[]]", "]", "["},
        {"[!]]", "a[", "]"},       {"[]-a]", "]^_`a", "b\\"},
        {"[-a]", "-a", "b"},       {"[a-]", "-a", "b"},
        {"[^]", "^", "a"},         {"[*?]", "*?", "a"},
        {"[[]", "[", "]"},         {"[c-a]", "", "abc-"},
        {"[a!]", "a!", "b"},       {"[0-9A-F]", "09AF", "aG@:/"},
        {"[a-c-e]", "abc-e", "d"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char one[2] = {0};
        for (const char *c = cases[i].yes; *c != '\0'; c++) {
            one[0] = *c;
            if (!match(cases[i].pattern, one)) {
                fail_msg("%s does not fit %s", cases[i].pattern, one);
            }
        }
        for (const char *c = cases[i].no; *c != '\0'; c++) {
            one[0] = *c;
            if (match(cases[i].pattern, one)) {
                fail_msg("%s fits %s", cases[i].pattern, one);
            }
        }
        assert_false(match(cases[i].pattern, ""));
    }
    assert_true(match("[\xc3\xa4-\xc3\xbc]x", "\xc3\xb6x"));
    assert_false(match("[\xc3\xa4-\xc3\xbc]x", "\xc3\xbdx"));
}

static void a_set_without_its_end_is_named(void **state)
{
    static const struct {
        const char *pattern;
        size_t position;
    } cases[] = {{"[", 0}, {"a[bc", 1}, {"[]", 0}, {"[!]", 0}, {"[a][", 3}, {"[a-", 0}, {"*[!", 1}};
    size_t position;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        position = 77;
        assert_false(glob_valid(hl7_slice_of(cases[i].pattern), &position));
        assert_int_equal(position, cases[i].position);
        assert_true(match(cases[i].pattern, cases[i].pattern));
        assert_false(match(cases[i].pattern, "a"));
    }
    assert_true(glob_valid(hl7_slice_of("*?[a][!]]]"), &position));
}

enum { PATTERN_MAX = 6, TEXT_MAX = 8 };

/* Does each end of the pattern fit each end of the text? From the shortest ends to the whole, by the
 * meaning of the first element. Patterns without sets. */
static bool fits_by_definition(const char *pattern, const char *text)
{
    bool fits[PATTERN_MAX + 2][TEXT_MAX + 2] = {{false}};
    size_t patterns = strlen(pattern);
    size_t texts = strlen(text);

    fits[patterns][texts] = true;
    for (size_t p = patterns; p-- > 0;) {
        for (size_t t = texts + 1; t-- > 0;) {
            if (pattern[p] == '*') {
                fits[p][t] = fits[p + 1][t] || fits[p][t + 1];
            } else {
                bool one = t < texts && (pattern[p] == '?' || pattern[p] == text[t]);
                fits[p][t] = one && fits[p + 1][t + 1];
            }
        }
    }
    return fits[0][0];
}

static void random_patterns_fit_as_the_definition_says(void **state)
{
    struct random_state random;
    size_t fits = 0;

    (void)state;
    random_init(&random, 7);
    for (int i = 0; i < 50000; i++) {
        char pattern[PATTERN_MAX + 1] = {0};
        char text[TEXT_MAX + 1] = {0};
        random_fill_from(&random, pattern, random_below(&random, sizeof pattern), HL7_TEXT("ab*?"));
        random_fill_from(&random, text, random_below(&random, sizeof text), HL7_TEXT("ab"));
        bool expected = fits_by_definition(pattern, text);
        if (match(pattern, text) != expected) {
            fail_msg("'%s' and '%s'", pattern, text);
        }
        fits += expected ? 1 : 0;
    }
    assert_in_range(fits, 1000, 49000);
}

/* Exponential matchers never come back from this. */
static void many_stars_are_no_trouble(void **state)
{
    static char pattern[400];
    static char text[4000];

    (void)state;
    for (size_t i = 0; i < sizeof pattern; i++) {
        pattern[i] = i % 2 == 0 ? 'a' : '*';
    }
    memset(text, 'a', sizeof text);
    pattern[sizeof pattern - 1] = 'b';
    size_t left = SIZE_MAX;
    assert_false(
        glob_match((hl7_slice){pattern, sizeof pattern}, (hl7_slice){text, sizeof text}, &left));
    assert_true(SIZE_MAX - left <= 2 * sizeof pattern * sizeof text);
}

/* It costs what it is given, and not more than that. */
static void a_match_that_takes_too_long_is_given_up(void **state)
{
    static const hl7_slice pattern = {"*ab*c[a-f]*", 11};
    static const hl7_slice text = {"aaaaaaaaaaaaaaaaaaaabaaaaaaaaaaaacz--ce", 39};
    size_t left = SIZE_MAX;

    (void)state;
    assert_true(glob_match(pattern, text, &left));
    size_t cost = SIZE_MAX - left;
    assert_in_range(cost, text.len, pattern.len * text.len);
    for (size_t given = 0; given < cost; given++) {
        left = given;
        assert_false(glob_match(pattern, text, &left));
        assert_int_equal(left, 0);
    }
    left = cost;
    assert_true(glob_match(pattern, text, &left));
    assert_int_equal(left, 0);
}

static void nothing_is_read_past_the_end(void **state)
{
    static const char pattern[] = "*[a-c]?[!x]\xc3\xbc[";

    (void)state;
    for (size_t len = 0; len < sizeof pattern; len++) {
        char *copy = edge_copy(pattern, len);
        (void)glob_match((hl7_slice){copy, len}, hl7_slice_of("zzbay\xc3\xbc"),
                         &(size_t){SIZE_MAX});
        (void)glob_match(hl7_slice_of("*[*]?*"), (hl7_slice){copy, len}, &(size_t){SIZE_MAX});
        edge_free(copy, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_fits_the_whole_text),
        cmocka_unit_test(a_set_stands_for_one_of_its_characters),
        cmocka_unit_test(a_set_without_its_end_is_named),
        cmocka_unit_test(random_patterns_fit_as_the_definition_says),
        cmocka_unit_test(many_stars_are_no_trouble),
        cmocka_unit_test(a_match_that_takes_too_long_is_given_up),
        cmocka_unit_test(nothing_is_read_past_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
