/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be said of a configuration when all of it is read: what is missing, what does not go
 * together, what is hardly meant. */
#include "config_try.h"

#define LISTENER "[listener in]\naddress = 2575\n"
#define DESTINATION "[destination out]\nmllp = ris:2575\n"
#define ROUTE "[route r]\nfrom = in\nto = out\n"

static const struct {
    const char *text;
    const char *findings;
} cases[] = {
    {LISTENER DESTINATION ROUTE, ""},
    {"", "1:1: warning: there is no [listener NAME]: no message will come in\n"},
    {DESTINATION "[listener in]\n" ROUTE,
     "3:1: a listener needs 'address', for MLLP, or 'directory', for files\n"},
    {DESTINATION LISTENER "directory = in\n" ROUTE,
     "5:1: 'address' is given already, in line 4; each listener is one of both\n"},
    {LISTENER ROUTE "[destination out]\ntimeout = 5s\n",
     "6:1: a destination needs 'mllp', 'directory' or 'command'\n"},
    {LISTENER ROUTE DESTINATION "command = mail\n",
     "8:1: 'mllp' is given already, in line 7; each destination is one of both\n"},
    {LISTENER "pattern = *.hl7\n" DESTINATION ROUTE,
     "3:1: warning: 'pattern' has no effect here; it goes with 'directory'\n"},
    {"[listener in]\ndirectory = in\nack = none\n" DESTINATION ROUTE,
     "3:1: warning: 'ack' has no effect here; it goes with 'address'\n"},
    {LISTENER "[listener two]\naddress = localhost:02575\n" DESTINATION
              "[route r]\nfrom = in, two\nto = out\n",
     "4:1: listener 'in', in line 1 of main.ini, takes this address already\n"},
    {"[listener in]\naddress = 10.0.0.1:2575\nallow-plaintext = yes\n"
     "[listener two]\naddress = [::]:2575\nallow-plaintext = yes\n" DESTINATION
     "[route r]\nfrom = in, two\nto = out\n",
     "5:1: listener 'in', in line 1 of main.ini, takes this address already\n"},
    {"[listener in]\naddress = 127.0.0.1:0\n[listener two]\naddress = 127.0.0.1:0\n" DESTINATION
     "[route r]\nfrom = in, two\nto = out\n",
     ""},
    {"[listener in]\ndirectory = x\n[listener two]\ndirectory = x\n" DESTINATION
     "[route r]\nfrom = in, two\nto = out\n",
     "4:1: listener 'in', in line 1 of main.ini, takes this folder already\n"},
    {"[listener in]\ndirectory = x\n" ROUTE "[destination out]\ndirectory = x\n",
     "6:1: warning: listener 'in' takes what is written to this folder\n"},
    {LISTENER DESTINATION ROUTE "[listener two]\naddress = 2576\n",
     "8:1: warning: no route takes from this listener; its messages are kept and go nowhere\n"},
    {LISTENER DESTINATION ROUTE "[destination two]\ndirectory = x\n",
     "8:1: warning: no route leads to this destination\n"},
    {"[listener in]\naddress = 2575\nack = delivered\n" DESTINATION ROUTE "copy = yes\n",
     "3:1: warning: no route delivers what 'ack = delivered' would wait for\n"},
    {"[listener in]\naddress = 2575\nack = delivered\n" DESTINATION ROUTE, ""},
    {LISTENER DESTINATION "[route r]\nto = out\n",
     "1:1: warning: no route takes from this listener; its messages are kept and go nowhere\n"
     "5:1: a route needs 'from': the listeners whose messages it takes\n"},
    {LISTENER DESTINATION "[route r]\nfrom = in\n",
     "3:1: warning: no route leads to this destination\n"
     "5:1: a route needs 'to': destinations, or none for messages that go nowhere\n"},
    {LISTENER DESTINATION ROUTE "lanes = 4\n",
     "5:1: several lanes need a 'key', such as PID-3.1, that says what has to stay in order\n"},
    {LISTENER DESTINATION ROUTE "lanes = 4\nkey = PID-3.1\n", ""},
    {LISTENER DESTINATION ROUTE "key = PID-3.1\n",
     "8:1: warning: a key has no effect with one lane; 'lanes' says how many\n"},
    {LISTENER DESTINATION ROUTE "stop = yes\n[route late]\nfrom = in\nto = out\n",
     "9:1: warning: no message comes to this route: 'r', in line 5 of main.ini, takes all and stops\n"},
    {LISTENER DESTINATION ROUTE
     "stop = yes\nwhen = MSH-9.1 = 'ADT'\n[route late]\nfrom = in\nto = out\n",
     ""},
    {LISTENER "[listener two]\naddress = 2576\n" DESTINATION ROUTE
              "stop = yes\n[route late]\nfrom = in, two\nto = out\n",
     ""},
};

static void each_mistake_has_its_sentence(void **state)
{
    struct config_try attempt;

    (void)state;
    config_try_open(&attempt);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config_try_expect(&attempt, cases[i].text, cases[i].findings);
    }
    config_try_close(&attempt);
}

static void what_follows_from_other_sections_is_put_in(void **state)
{
    struct config_try attempt;

    (void)state;
    config_try_open(&attempt);
    config_try_expect(&attempt,
                      "[listener b]\ndirectory = d\n" LISTENER DESTINATION ROUTE
                      "[route s]\nfrom = b\nto = out\n[route t]\nfrom = in, b\nto = none\n",
                      "");
    const struct config *config = attempt.config;
    const struct config_listener *b = &config->listeners[0];
    const struct config_listener *in = &config->listeners[1];
    assert_int_equal(b->routes.count, 2);
    assert_int_equal(b->routes.items[0], 1);
    assert_int_equal(b->routes.items[1], 2);
    assert_int_equal(in->routes.count, 2);
    assert_int_equal(in->routes.items[0], 0);
    assert_int_equal(in->routes.items[1], 2);
    assert_string_equal(b->error_directory, folder_path(&attempt.folder, "d/errors"));
    assert_true(config->destinations[0].used);
    assert_int_equal(config->routes[2].to.count, 0);
    assert_int_equal(config->routes[2].from.items[0], 1);
    config_try_close(&attempt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mistake_has_its_sentence),
        cmocka_unit_test(what_follows_from_other_sections_is_put_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
