/* SPDX-License-Identifier: Apache-2.0
 *
 * Addresses: what is one, what is not, and how one is written. */
#include "support.h"

#include "../net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>

static void an_address_is_split_into_host_and_port(void **state)
{
    static const struct {
        const char *text;
        const char *host;
        const char *port;
    } cases[] = {
        {"2575", "", "2575"},
        {":2575", "", "2575"},
        {"0", "", "0"},
        {"localhost:2575", "localhost", "2575"},
        {"127.0.0.1:65535", "127.0.0.1", "65535"},
        {"0.0.0.0:0", "0.0.0.0", "0"},
        {"[::1]:2575", "::1", "2575"},
        {"[fe80::1%lo]:02575", "fe80::1%lo", "02575"},
        {"[::]:1", "::", "1"},
        {"[]:1", "", "1"},
    };
    char host[32];
    char port[8];
    const char *reason = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(address_split(cases[i].text, host, sizeof host, port, sizeof port, &reason));
        assert_string_equal(host, cases[i].host);
        assert_string_equal(port, cases[i].port);
        assert_null(reason);
    }
}

static void what_is_no_address_is_refused_with_a_reason(void **state)
{
    static const char *const cases[] = {
        "",          "localhost", "localhost:",
        ":",         "host:http", "host:65536",
        "host:-1",   "host:+1",   "host: 1",
        "host:1 ",   "::1:2575",  "::1",
        "[::1]",     "[::1]2575", "[::1:2575",
        "[::1]:",    "a:b:1",     "host:99999999999999999999",
        "127.0.0.1", "[::1]x:25", "this-host-has-a-name-longer-than-the-room:1",
    };
    char host[32];
    char port[8];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *reason = NULL;
        if (address_split(cases[i], host, sizeof host, port, sizeof port, &reason)) {
            fail_msg("taken for an address: '%s'", cases[i]);
        }
        assert_non_null(reason);
    }
}

static void an_address_is_written_as_it_is_read(void **state)
{
    static const char *const cases[] = {"127.0.0.1:2575", "0.0.0.0:1", "[::1]:2575", "[::]:65535"};
    char host[64];
    char port[8];
    char text[ADDRESS_TEXT];
    const char *reason = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(address_split(cases[i], host, sizeof host, port, sizeof port, &reason));
        struct addrinfo *list = address_resolve(host, port, true, &reason);
        assert_non_null(list);
        address_write(list->ai_addr, list->ai_addrlen, text);
        assert_string_equal(text, cases[i]);
        freeaddrinfo(list);
    }
}

static void an_empty_host_is_this_machine_only(void **state)
{
    const char *reason = NULL;
    char text[ADDRESS_TEXT];
    struct addrinfo *list = address_resolve("", "99", true, &reason);

    (void)state;
    assert_non_null(list);
    address_write(list->ai_addr, list->ai_addrlen, text);
    assert_string_equal(text, "127.0.0.1:99");
    freeaddrinfo(list);
}

static void a_host_that_is_none_is_refused_with_a_reason(void **state)
{
    const char *reason = NULL;

    (void)state;
    assert_null(address_resolve("no such host", "99", false, &reason));
    assert_non_null(reason);
}

static void an_address_of_another_family_is_written_as_unknown(void **state)
{
    const struct sockaddr other = {.sa_family = AF_UNIX};
    char text[ADDRESS_TEXT];

    (void)state;
    address_write(&other, sizeof other, text);
    assert_non_null(strchr(text, '\0'));
}

static bool same(const char *a, const char *b)
{
    const char *reason = NULL;
    struct addrinfo *x = address_resolve(a, "1", false, &reason);
    struct addrinfo *y = address_resolve(b, "2", false, &reason);

    assert_non_null(x);
    assert_non_null(y);
    bool result = address_same_host(x->ai_addr, y->ai_addr);
    freeaddrinfo(x);
    freeaddrinfo(y);
    return result;
}

static void hosts_are_compared_without_their_ports(void **state)
{
    (void)state;
    assert_true(same("127.0.0.1", "127.0.0.1"));
    assert_false(same("127.0.0.1", "127.0.0.2"));
    assert_true(same("::1", "::1"));
    assert_false(same("::1", "::2"));
    assert_false(same("127.0.0.1", "::1"));
}

static void families_that_are_not_known_are_never_the_same(void **state)
{
    const struct sockaddr other = {.sa_family = AF_UNIX};

    (void)state;
    assert_false(address_same_host(&other, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_split_into_host_and_port),
        cmocka_unit_test(what_is_no_address_is_refused_with_a_reason),
        cmocka_unit_test(an_address_is_written_as_it_is_read),
        cmocka_unit_test(an_empty_host_is_this_machine_only),
        cmocka_unit_test(a_host_that_is_none_is_refused_with_a_reason),
        cmocka_unit_test(an_address_of_another_family_is_written_as_unknown),
        cmocka_unit_test(hosts_are_compared_without_their_ports),
        cmocka_unit_test(families_that_are_not_known_are_never_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
