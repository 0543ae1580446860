/* SPDX-License-Identifier: Apache-2.0
 *
 * Looking things up in a configuration: sections by name, peers among networks. */
#include "config_try.h"

#include <arpa/inet.h>
#include <stdio.h>

static void sections_are_found_by_name(void **state)
{
    struct config_try attempt;

    (void)state;
    config_try_open(&attempt);
    config_try_expect(&attempt,
                      "[listener a]\naddress = 1\n[listener b]\naddress = 2\n"
                      "[destination x]\nmllp = x:1\n[route r]\nfrom = a, b\nto = x\n",
                      "");
    assert_int_equal(config_find_listener(attempt.config, "b"), 1);
    assert_int_equal(config_find_listener(attempt.config, "x"), HL7_NONE);
    assert_int_equal(config_find_destination(attempt.config, "x"), 0);
    assert_int_equal(config_find_destination(attempt.config, ""), HL7_NONE);
    assert_int_equal(config_find_route(attempt.config, "r"), 0);
    assert_int_equal(config_find_route(attempt.config, "R"), HL7_NONE);
    config_try_close(&attempt);
}

static bool allows(const struct config_listener *listener, const char *address)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        memcpy(&storage, &v4, sizeof v4);
    } else {
        assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
        memcpy(&storage, &v6, sizeof v6);
    }
    return config_allows(listener, (const struct sockaddr *)&storage);
}

static void a_peer_is_allowed_when_a_network_holds_it(void **state)
{
    static const struct {
        const char *allow;
        const char *address;
        bool allowed;
    } cases[] = {
        {"", "192.0.2.1", true},
        {"", "2001:db8::1", true},
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"10.0.0.0/8", "::ffff:10.1.2.3", true},
        {"10.0.0.0/8", "::ffff:11.1.2.3", false},
        {"10.128.0.0/9", "10.128.0.1", true},
        {"10.128.0.0/9", "10.127.255.255", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "10.0.0.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"10.0.0.0/8, 2001:db8::/32", "2001:db8::1", true},
        {"a00::/8", "10.1.2.3", false},
    };
    struct config_try attempt;
    char text[300];

    (void)state;
    config_try_open(&attempt);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(text, sizeof text,
                       "[listener a]\naddress = 1\nallow = %s\n[route r]\nfrom = a\nto = none\n",
                       cases[i].allow);
        config_try_expect(&attempt, text, "");
        assert_int_equal(allows(&attempt.config->listeners[0], cases[i].address), cases[i].allowed);
    }
    config_try_close(&attempt);
}

static void another_kind_of_peer_is_allowed_only_where_all_are(void **state)
{
    static const struct config_network network = {.family = AF_INET};
    static const struct config_listener some = {.allow = {&network, 1}};
    static const struct config_listener all = {.allow = {NULL, 0}};
    const struct sockaddr peer = {.sa_family = AF_UNIX};

    (void)state;
    assert_false(config_allows(&some, &peer));
    assert_true(config_allows(&all, &peer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_found_by_name),
        cmocka_unit_test(a_peer_is_allowed_when_a_network_holds_it),
        cmocka_unit_test(another_kind_of_peer_is_allowed_only_where_all_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
