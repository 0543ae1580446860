/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between two configurations: the meaning of values counts, not how they are written, nor
 * where sections stand. */
#include "config_try.h"

#include <stdio.h>
#include <stdlib.h>

#define BASE                                                                                       \
    "[listener a]\naddress = 1\n[listener b]\naddress = 2\n[destination x]\nmllp = x:1\n"          \
    "[destination y]\nmllp = y:1\n[route r]\nfrom = a, b\nto = x, y\n"

static const char *const section_words[] = {"orderly", "listener", "destination", "route"};
static const char *const effect_words[] = {"at once", "reopen", "restart"};

/* What differs, one a line; what is the same is left out. */
static void compare(struct config_try *attempt, const char *before, const char *after, char *text,
                    size_t size)
{
    struct config *old = NULL;
    size_t count = 0;
    size_t used = 0;

    config_try_load(attempt, before);
    assert_int_equal(attempt->answer, CONFIG_LOADED);
    old = attempt->config;
    attempt->config = NULL;
    config_try_load(attempt, after);
    assert_int_equal(attempt->answer, CONFIG_LOADED);
    struct config_difference *found = config_diff(old, attempt->config, &count);
    assert_non_null(found);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        const struct config_difference *d = &found[i];
        const char *word = section_words[d->section];
        if (d->change == CONFIG_ADDED) {
            assert_int_equal(d->before, HL7_NONE);
            used += (size_t)snprintf(text + used, size - used, "%s %s added\n", word, d->name);
        } else if (d->change == CONFIG_REMOVED) {
            assert_int_equal(d->after, HL7_NONE);
            used += (size_t)snprintf(text + used, size - used, "%s %s removed\n", word, d->name);
        } else if (d->change == CONFIG_CHANGED) {
            used += (size_t)snprintf(text + used, size - used, "%s %s: %s %s\n", word, d->name,
                                     d->key, effect_words[d->effect]);
        }
    }
    free(found);
    config_free(&old);
}

static void what_a_reload_cannot_replace_is_kept(void **state)
{
    struct config_try attempt;
    struct config *old = NULL;

    (void)state;
    config_try_open(&attempt);
    config_try_load(&attempt, BASE "key = PID-3\nlanes = 4\n[route s]\nfrom = a\nto = x\n");
    old = attempt.config;
    attempt.config = NULL;
    config_try_load(&attempt, "[route t]\nfrom = a\nto = x\nlanes = 3\nkey = PID-2\n" BASE
                              "key = PID-4\nlanes = 8\n");
    config_keep(attempt.config, old);
    assert_int_equal(attempt.config->routes[1].lanes, 4);
    assert_int_equal(attempt.config->routes[1].key.field, 3);
    assert_int_equal(attempt.config->routes[0].lanes, 3);
    config_free(&old);
    config_try_close(&attempt);
}

static void differences_are_those_of_meaning(void **state)
{
    static const struct {
        const char *before;
        const char *after;
        const char *differences;
    } cases[] = {
        {BASE, BASE, ""},
        {BASE "[orderly]\nkeep = 60m\n", "; another\n[orderly]\nkeep = 1h\n" BASE, ""},
        {BASE "[orderly]\ndata = /a\n", BASE "[orderly]\ndata = /b\nkeep = 1d\n",
         "orderly : data restart\n"},
        {BASE "[orderly]\nlog-level = debug\n", BASE, "orderly : log-level at once\n"},
        {BASE,
         "[listener b]\naddress = :2\n[listener a]\naddress = 00001\n[destination y]\nmllp = y:1\n"
         "[destination x]\nmllp = x:1\n[route r]\nfrom = a, b\nto = x, y\n",
         ""},
        {BASE,
         "[listener a]\naddress = 1\n[listener b]\naddress = 3\nack = none\n[destination x]\nmllp "
         "= x:1\n[destination y]\nmllp = y:1\n[route r]\nfrom = a, b\nto = x, y\n",
         "listener b: address reopen\n"},
        {BASE,
         "[listener a]\naddress = 1\n[listener b]\naddress = 2\nack = none\n[destination x]\nmllp "
         "= x:1\n[destination y]\nmllp = y:1\n[route r]\nfrom = b, a\nto = x\n",
         "listener b: ack at once\nroute r: from at once\n"},
        {BASE,
         "[listener c]\naddress = 3\n[listener b]\naddress = 2\n[destination y]\nmllp = y:1\n"
         "[route s]\nfrom = b, c\nto = y\n",
         "listener c added\nlistener a removed\ndestination x removed\nroute s added\nroute r "
         "removed\n"},
        {BASE "when = PID-5 = 'A'\n", BASE "when =  PID-5 = 'A' ; c\n", ""},
        {BASE "when = PID-5 = 'A'\n", BASE "when = PID-5 = 'B'\n", "route r: when at once\n"},
        {BASE "when = PID-5 = 'A'\n", BASE, "route r: when at once\n"},
        {BASE "lanes = 2\nkey = PID-3\n", BASE "lanes = 2\nkey = PID-3.1\n",
         "route r: key restart\n"},
        {BASE "template = t.hl7\n", BASE "template = ./t.hl7\n", "route r: template at once\n"},
        {BASE "template = t.hl7\n", BASE "template = t.hl7\n", ""},
    };
    struct config_try attempt;
    char text[1000];

    (void)state;
    config_try_open(&attempt);
    folder_write_text(&attempt.folder, "t.hl7", "MSH|^~\\&|A\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        compare(&attempt, cases[i].before, cases[i].after, text, sizeof text);
        assert_string_equal(text, cases[i].differences);
    }
    config_try_close(&attempt);
}

/* Two values of each key that differ, and the same key in two spellings that do not. */
static void every_kind_of_value_is_compared(void **state)
{
    static const struct {
        const char *head;
        const char *a;
        const char *same; /* as a */
        const char *other;
    } cases[] = {
        {"[orderly]\n", "control = /a", "control = \"/a\"", "control = /b"},
        {"[orderly]\n", "patient = PID-3.1, PID-2", "patient = PID-3.1,PID-2", "patient = PID-3.1"},
        {"[orderly]\n", "index = PV1-19 as v", "index = PV1-19  as v", "index = PV1-19"},
        {"[orderly]\n", "alert-command = a 'b'", "alert-command = a  b", "alert-command = a b c"},
        {"[orderly]\n", "alert-command = a", "alert-command = 'a'", "alert-command ="},
        {"[orderly]\n", "alert-disk-low = 5%", "alert-disk-low = 05%", "alert-disk-low = 1G"},
        {"[listener z]\naddress = 9\n", "allow = 10.0.0.0/8", "allow = 10.0.0.0/08",
         "allow = 10.0.0.0/9"},
        {"[listener z]\naddress = 9\n", "lenient-end = no", "lenient-end = no ; x",
         "lenient-end = yes"},
        {"[listener z]\naddress = 9\n", "charset = UTF-8", "charset = UNICODE UTF-8", "charset ="},
        {"[destination z]\nmllp = z:1\n", "retry = 60s", "retry = 1m..1m", "retry = 1m..2m"},
        {"[destination z]\nmllp = z:1\n", "retry-limit = 1h, 3", "retry-limit = 3, 60m",
         "retry-limit = 3"},
        {"[destination z]\ndirectory = z\n", "file-name = a{id}", "file-name = a{id}",
         "file-name = {id}a"},
        {"[destination z]\nmllp = z:1\n", "on-error = dead", "on-error = dead", "on-error = halt"},
    };
    struct config_try attempt;
    char before[800];
    char after[800];
    char text[400];

    (void)state;
    config_try_open(&attempt);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(before, sizeof before, BASE "%s%s\n", cases[i].head, cases[i].a);
        (void)snprintf(after, sizeof after, BASE "%s%s\n", cases[i].head, cases[i].other);
        compare(&attempt, before, after, text, sizeof text);
        assert_non_null(strchr(text, ':'));
        (void)snprintf(after, sizeof after, BASE "%s%s\n", cases[i].head, cases[i].same);
        compare(&attempt, before, after, text, sizeof text);
        assert_string_equal(text, "");
    }
    config_try_close(&attempt);
}

static void another_text_of_a_template_or_a_table_is_a_change(void **state)
{
    struct config_try attempt;
    struct config *old = NULL;
    size_t count = 0;
    static const char text[] = BASE "template = t.hl7\n[route s]\nfrom = a\nto = x\n"
                                    "when = map('sex', PID-8, '') = 'x'\n";

    (void)state;
    config_try_open(&attempt);
    folder_write_text(&attempt.folder, "t.hl7", "MSH|^~\\&|A\n{include 'p.hl7'}");
    folder_write_text(&attempt.folder, "p.hl7", "PID|1\n");
    folder_write_text(&attempt.folder, "sex.csv", "F,x\n");
    config_try_expect(&attempt, text, "");
    old = attempt.config;
    attempt.config = NULL;
    folder_write_text(&attempt.folder, "p.hl7", "PID|2\n");
    folder_write_text(&attempt.folder, "sex.csv", "M,x\n");
    config_try_expect(&attempt, text, "");
    struct config_difference *found = config_diff(old, attempt.config, &count);
    assert_int_equal(count, 7);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(found[i].change,
                         found[i].section == CONFIG_ROUTE ? CONFIG_CHANGED : CONFIG_SAME);
    }
    assert_string_equal(found[5].key, "template");
    assert_string_equal(found[6].key, "when");
    free(found);
    config_free(&old);
    config_try_close(&attempt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences_are_those_of_meaning),
        cmocka_unit_test(what_a_reload_cannot_replace_is_kept),
        cmocka_unit_test(every_kind_of_value_is_compared),
        cmocka_unit_test(another_text_of_a_template_or_a_table_is_a_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
