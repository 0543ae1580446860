/* SPDX-License-Identifier: Apache-2.0
 *
 * Whose certificates are taken, and what is said of the others: to the side that refuses, and to the one
 * that is refused. */
#include "tls_pair.h"

#include <stdio.h>

/* ---- What the client refuses --------------------------------------------------------------- */

/* The server shows the certificate NAME; the client refuses it, and the server hears that. */
static void check_server(struct tls_pair *pair, const char *name, enum stream_trouble trouble,
                         const char *says)
{
    const struct tls_settings server = pair_settings(pair, true, name, NULL);
    const struct tls_settings client = pair_settings(pair, false, NULL, "ca");

    pair_open(pair, &server, &client);
    pair_settle(pair);
    pair_expect(&pair->client, "F");
    if (pair->client.trouble != trouble || strstr(pair->client.text, says) == NULL) {
        fail_msg("%s: %s", stream_trouble_names[pair->client.trouble], pair->client.text);
    }
}

static void make(struct tls_pair *pair, const char *name, const struct tls_wish *wish, bool self)
{
    struct tls_identity *made = pair_make(pair, name, wish, self);

    tls_identity_free(&made);
}

static const char *const ris[] = {"ris.example"};

static void a_server_whose_certificate_has_expired_is_refused(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_wish wish = {.use = TLS_USE_SERVER,
                                  .names = ris,
                                  .name_count = 1,
                                  .begins = days_from_now(-9),
                                  .ends = days_from_now(-2)};

    make(pair, "old", &wish, false);
    check_server(pair, "old", STREAM_EXPIRED, "\"old\" expired at 20");
    assert_int_equal(pair->server.trouble, STREAM_REFUSED);
    assert_non_null(strstr(pair->server.text, "it has expired"));
}

static void a_server_whose_certificate_is_not_valid_yet_is_refused(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_wish wish = {
        .use = TLS_USE_SERVER, .names = ris, .name_count = 1, .begins = days_from_now(2)};

    make(pair, "young", &wish, false);
    check_server(pair, "young", STREAM_NOT_YET_VALID, "\"young\" is valid from 20");
}

static void a_server_of_an_unknown_ca_is_refused(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_wish wish = {.use = TLS_USE_SERVER, .names = ris, .name_count = 1};

    make(pair, "self", &wish, true);
    check_server(pair, "self", STREAM_UNKNOWN_CA, "the CA \"self\", which is not trusted here");
    assert_int_equal(pair->server.trouble, STREAM_REFUSED);
    assert_non_null(strstr(pair->server.text, "it does not know its CA"));
}

static void a_server_with_another_name_is_refused(void **state)
{
    struct tls_pair *pair = *state;

    pair->wanted = "pacs.example";
    check_server(pair, "server", STREAM_WRONG_NAME,
                 "the certificate is for ris.example, 127.0.0.1, and not for pacs.example");
    pair->wanted = "127.0.0.2";
    check_server(pair, "server", STREAM_WRONG_NAME, "and not for 127.0.0.2");
}

static void the_common_name_is_not_the_name_of_a_host(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_wish wish = {.use = TLS_USE_SERVER, .name = "ris.example"};

    make(pair, "plain", &wish, false);
    check_server(pair, "plain", STREAM_WRONG_NAME, "the certificate is for none, and not for ris");
}

static void an_address_and_a_wildcard_are_names(void **state)
{
    static const char *const stars[] = {"*.hospital.example"};
    struct tls_pair *pair = *state;
    const struct tls_wish wish = {.use = TLS_USE_SERVER, .names = stars, .name_count = 1};
    const struct tls_settings client = pair_settings(pair, false, NULL, "ca");

    make(pair, "star", &wish, false);
    for (int i = 0; i < 2; i++) {
        const struct tls_settings server =
            pair_settings(pair, true, i == 0 ? "server" : "star", NULL);
        pair->wanted = i == 0 ? "127.0.0.1" : "RIS.Hospital.Example";
        pair_open(pair, &server, &client);
        pair_settle(pair);
        pair_expect(&pair->client, "O");
    }
}

static void a_certificate_for_clients_does_not_make_a_server(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_wish wish = {.use = TLS_USE_CLIENT, .names = ris, .name_count = 1};

    make(pair, "wrong", &wish, false);
    check_server(pair, "wrong", STREAM_CERTIFICATE, "purpose");
}

static void names_of_a_stranger_are_cleaned(void **state)
{
    static const char *const nasty[] = {"a\nb\x1b[1m\"x"};
    struct tls_pair *pair = *state;
    const struct tls_wish wish = {.use = TLS_USE_SERVER, .names = nasty, .name_count = 1};

    make(pair, "nasty", &wish, false);
    check_server(pair, "nasty", STREAM_WRONG_NAME, "is for a?b?[1m?x, and not");
}

/* ---- What the server refuses --------------------------------------------------------------- */

/* The client shows the certificate NAME, or none; the server refuses it, and the client hears why. */
static void check_client(struct tls_pair *pair, const struct tls_settings *server, const char *name,
                         enum stream_trouble trouble, const char *told)
{
    const struct tls_settings client = pair_settings(pair, false, name, "ca");

    pair_open(pair, server, &client);
    pair_settle(pair);
    pair_expect(&pair->server, ""); /* the client is given time to read why */
    connection_close(&pair->client.connection);
    pair_settle(pair);
    pair_expect(&pair->server, "F");
    if (pair->server.trouble != trouble) {
        fail_msg("%s: %s", stream_trouble_names[pair->server.trouble], pair->server.text);
    }
    pair_expect(&pair->client, "OF");
    assert_int_equal(pair->client.trouble, STREAM_REFUSED);
    if (strstr(pair->client.text, told) == NULL) {
        fail_msg("the client hears: %s", pair->client.text);
    }
}

static void a_client_without_a_certificate_is_refused(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");

    check_client(pair, &server, NULL, STREAM_NO_CERTIFICATE, "we have shown none");
}

static void a_client_is_refused_for_its_time_and_its_ca(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_wish old = {
        .use = TLS_USE_CLIENT, .begins = days_from_now(-9), .ends = days_from_now(-2)};
    const struct tls_wish young = {.use = TLS_USE_CLIENT, .begins = days_from_now(2)};
    const struct tls_wish strange = {.use = TLS_USE_CLIENT};

    make(pair, "old", &old, false);
    make(pair, "young", &young, false);
    make(pair, "strange", &strange, true);
    check_client(pair, &server, "old", STREAM_EXPIRED, "it has expired");
    check_client(pair, &server, "young", STREAM_NOT_YET_VALID, "refuses our certificate");
    check_client(pair, &server, "strange", STREAM_UNKNOWN_CA, "does not know its CA");
}

static void only_clients_that_are_named_are_let_in(void **state)
{
    static const char *const names[] = {"modality-7", "CLIENT"};
    struct tls_pair *pair = *state;
    struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_settings client = pair_settings(pair, false, "client", "ca");

    server.clients = names;
    server.client_count = 1;
    check_client(pair, &server, "client", STREAM_NOT_ALLOWED, "refuses our certificate");
    assert_non_null(strstr(pair->server.text, "\"client\" (names: none) is good"));
    server.client_count = 2;
    pair_open(pair, &server, &client);
    pair_settle(pair);
    pair_expect(&pair->server, "O");
}

static void put_list(struct tls_pair *pair, const struct tls_identity *revoked, int until)
{
    const struct tls_identity *list[] = {revoked};
    char *text = tls_identity_revoke(pair->ca, list, revoked != NULL ? 1 : 0, days_from_now(-3),
                                     days_from_now(until));

    assert_non_null(text);
    folder_write_text(&pair->folder, "list.pem", text);
    free(text);
}

static void a_revoked_certificate_is_refused(void **state)
{
    struct tls_pair *pair = *state;
    struct tls_settings server = pair_settings(pair, true, "server", "ca");
    const struct tls_settings client = pair_settings(pair, false, "client", "ca");
    const struct tls_wish wish = {.use = TLS_USE_CLIENT};
    struct tls_identity *lost = pair_make(pair, "lost", &wish, false);

    server.files[TLS_CRL] = folder_path(&pair->folder, "list.pem");
    put_list(pair, lost, 3);
    check_client(pair, &server, "lost", STREAM_REVOKED, "has been revoked");
    pair_open(pair, &server, &client);
    pair_settle(pair);
    pair_expect(&pair->server, "O");
    put_list(pair, NULL, -1);
    check_client(pair, &server, "client", STREAM_CRL, "refuses our certificate");
    tls_identity_free(&lost);
}

static void a_minimum_of_1_3_is_kept(void **state)
{
    struct tls_pair *pair = *state;
    struct tls_settings server = pair_settings(pair, true, "server", "ca");
    struct tls_settings client = pair_settings(pair, false, "client", "ca");

    server.min = TLS_MIN_1_3;
    pair_open(pair, &server, &client);
    pair_settle(pair);
    pair_expect(&pair->server, "O");
    assert_string_equal(pair->server.connection.stream->version, "TLSv1.3");
}

int main(void)
{
#define PAIR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_pair, tear_down_pair)
    const struct CMUnitTest tests[] = {
        PAIR_TEST(a_server_whose_certificate_has_expired_is_refused),
        PAIR_TEST(a_server_whose_certificate_is_not_valid_yet_is_refused),
        PAIR_TEST(a_server_of_an_unknown_ca_is_refused),
        PAIR_TEST(a_server_with_another_name_is_refused),
        PAIR_TEST(the_common_name_is_not_the_name_of_a_host),
        PAIR_TEST(an_address_and_a_wildcard_are_names),
        PAIR_TEST(a_certificate_for_clients_does_not_make_a_server),
        PAIR_TEST(names_of_a_stranger_are_cleaned),
        PAIR_TEST(a_client_without_a_certificate_is_refused),
        PAIR_TEST(a_client_is_refused_for_its_time_and_its_ca),
        PAIR_TEST(only_clients_that_are_named_are_let_in),
        PAIR_TEST(a_revoked_certificate_is_refused),
        PAIR_TEST(a_minimum_of_1_3_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
