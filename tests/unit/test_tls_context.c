/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said of files that cannot be used, and how long contexts last. */
#include "tls_pair.h"

#include <stdio.h>
#include <sys/stat.h>

/* No context comes of these settings, because of this file, with this in the sentence. */
static void check_wrong(const struct tls_settings *settings, enum tls_file file, const char *says)
{
    struct tls_problem problem;

    assert_null(tls_context_new(settings, &problem));
    if (problem.file != file || strstr(problem.text, says) == NULL) {
        fail_msg("file %d: %s", (int)problem.file, problem.text);
    }
}

static void put(struct tls_pair *pair, const char *name, const char *text)
{
    folder_write_text(&pair->folder, name, text);
    assert_int_equal(fchmodat(pair->folder.fd, name, 0600, 0), 0);
}

static void each_file_that_cannot_be_used_is_named(void **state)
{
    static const struct {
        enum tls_file file;
        const char *name;
        const char *says;
    } cases[] = {
        {TLS_CERT, "absent", "No such file"},
        {TLS_CERT, ".", "it is no file"},
        {TLS_CERT, "empty", "there is no certificate in it"},
        {TLS_CERT, "broken", "there is no certificate in it"},
        {TLS_CERT, "twice.pem", "certificate 2 in it is not that of the CA"},
        {TLS_KEY, "absent", "No such file"},
        {TLS_KEY, "server.pem", "there is no private key in it"},
        {TLS_KEY, "client.key", "not the key of the certificate"},
        {TLS_CA, "absent", "No such file"},
        {TLS_CA, "empty", "there is no certificate in it"},
        {TLS_CRL, "ca.pem", "there is no revocation list in it"},
    };
    struct tls_pair *pair = *state;

    put(pair, "empty", "");
    put(pair, "broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    put(pair, "twice.pem", "");
    {
        char text[4096];
        hl7_slice one = folder_read(&pair->folder, "server.pem");
        (void)snprintf(text, sizeof text, "%.*s", (int)one.len, one.ptr);
        hl7_slice two = folder_read(&pair->folder, "client.pem");
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s", (int)two.len,
                       two.ptr);
        put(pair, "twice.pem", text);
    }
    assert_int_equal(fchmodat(pair->folder.fd, "server.pem", 0600, 0), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_settings settings = pair_settings(pair, true, "server", "ca");

        settings.files[cases[i].file] = folder_path(&pair->folder, cases[i].name);
        check_wrong(&settings, cases[i].file, cases[i].says);
    }
}

static void a_key_that_others_can_read_is_refused(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings settings = pair_settings(pair, true, "server", "ca");

    assert_int_equal(fchmodat(pair->folder.fd, "server.key", 0644, 0), 0);
    check_wrong(&settings, TLS_KEY, "others can read or change this key");
}

static void what_has_to_be_given_is_asked_for(void **state)
{
    struct tls_pair *pair = *state;
    struct tls_settings settings = pair_settings(pair, true, "server", NULL);

    settings.mutual = true;
    check_wrong(&settings, TLS_CA, "it is not given");
    settings.files[TLS_KEY] = NULL;
    check_wrong(&settings, TLS_KEY, "it is not given");
    settings = (struct tls_settings){.mutual = true};
    check_wrong(&settings, TLS_CERT, "it is not given");
}

static void a_context_knows_when_its_files_end(void **state)
{
    struct tls_pair *pair = *state;
    const struct tls_settings settings = pair_settings(pair, true, "server", "ca");
    struct tls_problem problem;
    struct tls_context *context = tls_context_new(&settings, &problem);

    assert_non_null(context);
    assert_in_range(tls_context_expires(context, TLS_CERT), days_from_now(299), days_from_now(301));
    assert_in_range(tls_context_expires(context, TLS_CA), days_from_now(299), days_from_now(301));
    assert_true(tls_context_expires(context, TLS_CRL) == INT64_MAX);
    assert_in_range(tls_context_begins(context), days_from_now(-2), days_from_now(0));
    tls_context_free(&context);
    assert_null(context);
}

static void a_client_without_files_trusts_what_the_system_trusts(void **state)
{
    const struct tls_settings settings = {.server = false};
    struct tls_problem problem;
    struct tls_context *context = tls_context_new(&settings, &problem);

    (void)state;
    assert_non_null(context);
    tls_context_free(&context);
}

int main(void)
{
#define PAIR_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_pair, tear_down_pair)
    const struct CMUnitTest tests[] = {
        PAIR_TEST(each_file_that_cannot_be_used_is_named),
        PAIR_TEST(a_key_that_others_can_read_is_refused),
        PAIR_TEST(what_has_to_be_given_is_asked_for),
        PAIR_TEST(a_context_knows_when_its_files_end),
        PAIR_TEST(a_client_without_files_trusts_what_the_system_trusts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
