/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of a configuration: sections and keys that are known or not, included files in their
 * places, what files hold that values name. */
#include "config_try.h"

#include <stdio.h>
#include <sys/stat.h>

#define LISTENER "[listener in]\naddress = 2575\n"
#define DESTINATION "[destination out]\nmllp = ris:2575\n"
#define ROUTE "[route r]\nfrom = in\nto = out\n"
#define ALL LISTENER DESTINATION ROUTE

static int set_up(void **state)
{
    struct config_try *attempt = test_malloc(sizeof *attempt);

    config_try_open(attempt);
    *state = attempt;
    return 0;
}

static int tear_down(void **state)
{
    config_try_close(*state);
    test_free(*state);
    return 0;
}

static void unknown_sections_and_keys_suggest_the_known_one(void **state)
{
    static const struct {
        const char *text;
        const char *findings;
    } cases[] = {
        {ALL "[listner x]\nfoo = 1\n",
         "8:2: unknown section (did you mean 'listener'?); there are [orderly], [listener NAME], "
         "[destination NAME], [route NAME] and [defaults KIND]\n"},
        {ALL "[]\n",
         "8:1: unknown section; there are [orderly], [listener NAME], [destination NAME], "
         "[route NAME] and [defaults KIND]\n"},
        {ALL "[listener]\n", "8:1: this section needs a name: [listener NAME]\n"},
        {ALL "[listener two words]\n", "8:15: a name has no blanks; write '-' for them\n"},
        {ALL "[listener Orders]\n", "8:11: a name is made of a to z, 0 to 9, '-', '_' and '.'\n"},
        {ALL "[listener \"x\"]\n", "8:11: a name is made of a to z, 0 to 9, '-', '_' and '.'\n"},
        {ALL "[destination none]\n",
         "8:14: 'none' cannot be a name: it means that there is none\n"},
        {ALL "[orderly x]\n", "8:10: [orderly] has no name\n"},
        {ALL "[listener in]\n", "8:1: this section is there already, in line 1 of main.ini\n"},
        {"[orderly]\n" ALL "[orderly]\n",
         "9:1: this section is there already, in line 1 of main.ini\n"},
        {ALL "[defaults]\n", "8:1: defaults are for one kind: [defaults listener], [defaults "
                             "destination] or [defaults route]\n"},
        {ALL "[defaults orderly]\n",
         "8:1: defaults are for one kind: [defaults listener], [defaults "
         "destination] or [defaults route]\n"},
        {ALL "sotp = yes\n", "8:1: unknown key 'sotp' (did you mean 'stop'?)\n"},
        {ALL "STOP = yes\n", "8:1: unknown key 'STOP' (did you mean 'stop'?)\n"},
        {ALL "xyzzy = yes\n", "8:1: unknown key 'xyzzy'\n"},
        {ALL "max-message = 1M\n", "8:1: 'max-message' is a key of [listener], not of [route]\n"},
        {ALL "stop = no\nstop = yes\n", "9:1: 'stop' is given already, in line 8\n"},
        {"data = x\n" ALL,
         "1:1: 'data' stands before the first section; write [orderly] above it\n"},
        {"dta = x\n" ALL, "1:1: unknown key 'dta' (did you mean 'data'?)\n"},
        {"[listener in]\nadress = 2575\n" DESTINATION ROUTE,
         "2:1: unknown key 'adress' (did you mean 'address'?)\n"},
        {"junk\n" ALL,
         "1:1: there is no '=' in this line; write KEY = VALUE, or ';' before a comment\n"},
        {"[orderly]\ndata = a # b\n" ALL,
         "2:10: warning: this '#' is a part of the value; a comment behind a value begins with ';'\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config_try_expect(*state, cases[i].text, cases[i].findings);
    }
}

static void every_mistake_of_a_file_is_told_at_once(void **state)
{
    config_try_expect(
        *state,
        "[orderly]\r\n"
        "dta = /x\r\n"
        "keep = 30\r\n"
        "junk\r\n"
        "[listener in]\r\n"
        "address = 2575\r\n"
        "  ack = storde ; here\r\n"
        "[destination out]\r\n"
        "mllp = ris:99999\r\n"
        "[route r]\r\n"
        "from = inn\r\n"
        "when = uper(PID-5)\r\n",
        "2:1: unknown key 'dta' (did you mean 'data'?)\n"
        "3:8: '30' has no unit; write 30s, or another of ms, s, m, h, d\n"
        "4:1: there is no '=' in this line; write KEY = VALUE, or ';' before a comment\n"
        "7:9: 'storde' is none of received, stored, delivered, none (did you mean "
        "'stored'?)\n"
        "8:1: warning: no route leads to this destination\n"
        "9:8: the port has to be a number from 0 to 65535, as in localhost:2575\n"
        "10:1: a route needs 'to': destinations, or none for messages that go nowhere\n"
        "11:8: there is no listener 'inn' (did you mean 'in'?)\n"
        "12:8: unknown function 'uper' (did you mean 'upper'?)\n");
}

static void included_files_stand_where_they_are_included(void **state)
{
    struct config_try *attempt = *state;

    folder_write_text(&attempt->folder, "routes/b.ini", "[route b]\nfrom = in\nto = out\n");
    folder_write_text(&attempt->folder, "routes/a.ini",
                      "[route a]\nfrom = in\nto = out\n"
                      "template = a.hl7\n");
    folder_write_text(&attempt->folder, "routes/a.hl7", "MSH|^~\\&|A\n");
    folder_write_text(&attempt->folder, "peers.ini", DESTINATION);
    config_try_expect(attempt,
                      "include = peers.ini, routes/*.ini\n" LISTENER ROUTE
                      "[orderly]\ninclude = routes/*.none\n",
                      "8:11: warning: no file fits this pattern\n");
    assert_int_equal(attempt->config->route_count, 3);
    assert_string_equal(attempt->config->routes[0].name, "a");
    assert_string_equal(attempt->config->routes[1].name, "b");
    assert_string_equal(attempt->config->routes[2].name, "r");
    assert_string_equal(attempt->config->routes[0].template->path,
                        folder_path(&attempt->folder, "routes/a.hl7"));
    assert_string_equal(attempt->config->routes[1].place.file,
                        folder_path(&attempt->folder, "routes/b.ini"));
    assert_int_equal(attempt->config->routes[1].place.line, 1);
    assert_int_equal(attempt->config->file_count, 4);
}

static void mistakes_of_included_files_are_in_those(void **state)
{
    struct config_try *attempt = *state;

    folder_write_text(&attempt->folder, "r/x.ini", "[route x]\nfrom = inn\nto = out\nlanse = 2\n");
    config_try_expect(attempt, ALL "include = x\n[orderly]\ninclude = r/*\n",
                      "8:1: 'include' is a key of [orderly], not of [route]\n"
                      "r/x.ini:2:8: there is no listener 'inn' (did you mean 'in'?)\n"
                      "r/x.ini:4:1: unknown key 'lanse' (did you mean 'lanes'?)\n");
}

static void what_cannot_be_included_is_told_where_it_is_asked_for(void **state)
{
    struct config_try *attempt = *state;
    char text[500];

    folder_write_text(&attempt->folder, "self.ini", "include = self.ini\n");
    folder_write_text(&attempt->folder, "one.ini", "include = two.ini\n");
    folder_write_text(&attempt->folder, "two.ini", "include = one.ini\n");
    folder_write_text(&attempt->folder, "d/x", "");
    assert_int_equal(mkfifo(folder_path(&attempt->folder, "pipe"), 0600), 0);
    for (int i = 1; i <= 9; i++) {
        char name[20];
        (void)snprintf(name, sizeof name, "deep%d", i);
        (void)snprintf(text, sizeof text, i == 9 ? "; the end\n" : "include = deep%d\n", i + 1);
        folder_write_text(&attempt->folder, name, text);
    }
    config_try_expect(attempt,
                      "include = gone.ini\n"
                      "include = self.ini\n"
                      "include = one.ini\n"
                      "include = one.ini, d, pipe\n"
                      "include = main.ini\n"
                      "include = deep1\n" ALL,
                      "1:11: cannot read gone.ini: No such file or directory\n"
                      "4:11: one.ini is included twice\n"
                      "4:20: cannot read d: Is a directory\n"
                      "4:23: cannot read pipe: Invalid argument\n"
                      "5:11: main.ini would be included in itself\n"
                      "self.ini:1:11: self.ini would be included in itself\n"
                      "two.ini:1:11: one.ini would be included in itself\n"
                      "deep7:1:11: more than 8 files include each other\n");
}

static void a_folder_is_no_pattern_whatever_its_name(void **state)
{
    struct config_try *attempt = *state;
    struct config_report report = {.findings = NULL};
    struct config *config = NULL;

    folder_write_text(&attempt->folder, "a[b]*c/main.ini",
                      "include = *.inc\n" LISTENER DESTINATION);
    folder_write_text(&attempt->folder, "a[b]*c/r.inc", ROUTE);
    assert_int_equal(
        config_load(folder_path(&attempt->folder, "a[b]*c/main.ini"), &config, &report),
        CONFIG_LOADED);
    assert_int_equal(config->route_count, 1);
    assert_int_equal(report.count, 0);
    config_report_release(&report);
    config_free(&config);
}

static void defaults_hold_for_every_section_of_their_kind_wherever_they_stand(void **state)
{
    struct config_try *attempt = *state;

    config_try_expect(attempt,
                      LISTENER "max-message = 2M\n"
                               "[listener b]\naddress = 2576\nmax-message =\n"
                               "[listener c]\naddress = 2577\n" DESTINATION
                               "[route r]\nfrom = in, b, c\nto = out\n"
                               "[defaults listener]\nmax-message = 1M\nack = none\n",
                      "");
    assert_int_equal(attempt->config->listeners[0].max_message, 2 << 20);
    assert_int_equal(attempt->config->listeners[1].max_message, 16 << 20);
    assert_int_equal(attempt->config->listeners[2].max_message, 1 << 20);
    assert_int_equal(attempt->config->listeners[0].ack, CONFIG_ACK_NONE);
    config_try_expect(attempt, ALL "[defaults listener]\naddress = 2575\nack = x\n",
                      "9:1: 'address' is for each section to say, and cannot be a default\n"
                      "10:7: 'x' is none of received, stored, delivered, none\n");
    config_try_expect(attempt,
                      "[defaults destination]\ntimeout = 5\n"
                      "[destination out]\nmllp = ris:1\n[destination two]\nmllp = ris:2\n" LISTENER
                      "[route r]\nfrom = in\nto = out, two\n",
                      "2:11: '5' has no unit; write 5s, or another of ms, s, m, h, d\n");
    config_try_expect(attempt,
                      "[defaults route]\nfrom = in\nto = out\nwhen = XYZ-1\n" LISTENER DESTINATION
                      "[route a]\n[route b]\n",
                      "4:8: warning: HL7 up to 2.8.2 has no segment 'XYZ'\n");
}

static void a_value_may_be_what_a_file_holds(void **state)
{
    struct config_try *attempt = *state;

    folder_write_text(&attempt->folder, "s/host", "ris.example\n");
    folder_write_text(&attempt->folder, "s/two", "a\nb\n");
    folder_write_text(&attempt->folder, "s/empty", "\n");
    folder_write_text(&attempt->folder, "s/open", "1M\r\n");
    assert_int_equal(chmod(folder_path(&attempt->folder, "s/host"), 0600), 0);
    assert_int_equal(chmod(folder_path(&attempt->folder, "s/two"), 0600), 0);
    assert_int_equal(chmod(folder_path(&attempt->folder, "s/empty"), 0600), 0);
    assert_int_equal(chmod(folder_path(&attempt->folder, "s/open"), 0644), 0);
    config_try_expect(attempt,
                      LISTENER ROUTE "[destination out]\nmllp = ${file:s/host}:2575\n"
                                     "max-reply = ${file:s/open}\n",
                      "8:13: warning: every user of this machine may read this file; chmod o-r "
                      "helps\n");
    assert_string_equal(attempt->config->destinations[0].mllp.host, "ris.example");
    assert_int_equal(attempt->config->destinations[0].max_reply, 1 << 20);
    config_try_expect(
        attempt,
        LISTENER ROUTE "[destination out]\ncommand = a ${file:s/two} ${file:s/gone} ${HOME}\n"
                       "[destination b]\nmllp = ${file:s/empty}\n"
                       "[destination c]\nmllp = x${file:s\n",
        "7:13: this file has to hold one line of text, and nothing else\n"
        "7:27: cannot read s/gone: No such file or directory\n"
        "7:42: only ${file:NAME} is known, which stands for what the file holds; the environment is "
        "never looked at\n"
        "8:1: warning: no route leads to this destination\n"
        "9:8: this file has to hold one line of text, and nothing else\n"
        "10:1: warning: no route leads to this destination\n"
        "11:9: the '}' of this '${' is missing; $${ is how ${ is written\n");
    config_try_expect(
        attempt, LISTENER ROUTE "[destination out]\ncommand = echo $${file:s/gone} $HOME\n", "");
    assert_string_equal(attempt->config->destinations[0].command.words[1], "${file:s/gone}");
    assert_string_equal(attempt->config->destinations[0].command.words[2], "$HOME");
}

static void a_file_of_the_configuration_is_named_openly(void **state)
{
    struct config_try *attempt = *state;

    folder_write_text(&attempt->folder, "name", "t.hl7\n");
    config_try_expect(attempt, "include = ${file:name}\n" ALL "template = ${file:name}\n",
                      "1:11: cannot read ${file:name}: No such file or directory\n"
                      "9:12: cannot read ${file:name}: No such file or directory\n");
}

static void what_a_file_holds_is_in_no_message(void **state)
{
    struct config_try *attempt = *state;

    folder_write_text(&attempt->folder, "secret", "hunter2\n");
    assert_int_equal(chmod(folder_path(&attempt->folder, "secret"), 0600), 0);
    config_try_expect(
        attempt,
        LISTENER "ack = ${file:secret}\nmax-message = ${file:secret}\n"
                 "charset = ${file:secret}\nallow = ${file:secret}\n" DESTINATION
                 "retry = ${file:secret}\n[route r]\nfrom = ${file:secret}\nto = out\n",
        "3:7: what the file holds does not make one word\n"
        "4:15: what the file holds does not make a size: bytes, or a number with K, M, G "
        "or T, such as 16M\n"
        "5:11: what the file holds does not make a character set by its name in HL7 or "
        "elsewhere: 8859/1, UTF-8\n"
        "6:9: what the file holds does not make addresses or networks, such as "
        "10.1.0.0/16, separated by commas\n"
        "9:9: what the file holds does not make two times, such as 5s..5m, or one\n"
        "11:8: what the file holds does not make names of listeners, separated by "
        "commas\n");
}

static void a_first_file_that_cannot_be_read_is_a_finding(void **state)
{
    struct config_try *attempt = *state;
    struct config_report report = {.findings = NULL};
    struct config *config = NULL;
    const char *path = folder_path(&attempt->folder, "gone.ini");

    assert_int_equal(config_load(path, &config, &report), CONFIG_WRONG);
    assert_null(config);
    assert_int_equal(report.count, 1);
    assert_int_equal(report.unreadable, 1);
    assert_string_equal(report.findings[0].path, path);
    assert_non_null(strstr(report.findings[0].what.text, "No such file"));
    config_report_release(&report);
}

static void sizes_have_their_limits(void **state)
{
    struct config_try *attempt = *state;
    static char text[CONFIG_FILE_BYTES + 2];
    static const char head[] = LISTENER DESTINATION ROUTE "when = PID-5 = '";
    size_t len = sizeof head - 1;

    memcpy(text, head, len);
    memset(text + len, 'x', CONFIG_LINE_BYTES - sizeof "PID-5 = ''" + 1);
    len += CONFIG_LINE_BYTES - sizeof "PID-5 = ''" + 1;
    memcpy(text + len, "'\n", 3);
    config_try_load(attempt, text);
    assert_null(strstr(attempt->findings, "longer"));
    memcpy(text + len, "x'\n", 4);
    config_try_expect(attempt, text, "8:1: this value is longer than 16384 bytes\n");
    memset(text, '\n', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    config_try_expect(attempt, text, "1:1: cannot read main.ini: File too large\n");
    text[sizeof text - 2] = '\0';
    config_try_expect(attempt, text,
                      "1:1: warning: there is no [listener NAME]: no message will come in\n");
}

static void too_many_sections_are_told_once_each_is_over(void **state)
{
    struct config_try *attempt = *state;
    static char text[CONFIG_SECTIONS_MAX * 40];
    size_t len = 0;

    for (int i = 0; i <= CONFIG_SECTIONS_MAX; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, "[route r%d]\n", i);
    }
    config_try_load(attempt, text);
    assert_int_equal(attempt->answer, CONFIG_WRONG);
    assert_int_equal(attempt->report.count, CONFIG_FINDINGS_MAX + 1);
    /* Each lacks from and to; one is too many. */
    assert_int_equal(attempt->report.errors, 2 * CONFIG_SECTIONS_MAX + 1);
    assert_non_null(
        strstr(attempt->report.findings[CONFIG_FINDINGS_MAX].what.text, " more findings follow"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_sections_and_keys_suggest_the_known_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(every_mistake_of_a_file_is_told_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(included_files_stand_where_they_are_included, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(mistakes_of_included_files_are_in_those, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_included_is_told_where_it_is_asked_for,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_is_no_pattern_whatever_its_name, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            defaults_hold_for_every_section_of_their_kind_wherever_they_stand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_value_may_be_what_a_file_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_of_the_configuration_is_named_openly, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_a_file_holds_is_in_no_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_first_file_that_cannot_be_read_is_a_finding, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(sizes_have_their_limits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_sections_are_told_once_each_is_over, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
