/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS of listeners and destinations, from configuration to configuration; and what a configuration with
 * it is told. */
#include "config_try.h"
#include "tls_pair.h"

#include "broker/secure/secure.h"

#include <stdio.h>

#define ROUTE "[route r]\nfrom = in\nto = none\n"
#define LISTENER "[listener in]\naddress = 127.0.0.1:0\n"

struct room {
    struct config_try attempt;
    struct config_try next; /* a configuration stays until another one is adopted */
    struct secure secure;
    struct tls_pair *pair;
};

static int set_up(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    void *pair = NULL;

    if (room == NULL || set_up_pair(&pair) != 0) {
        free(room);
        return -1;
    }
    room->pair = pair;
    config_try_open(&room->attempt);
    config_try_open(&room->next);
    *state = room;
    return 0;
}

static int tear_down(void **state)
{
    struct room *room = *state;
    void *pair = room->pair;

    secure_release(&room->secure);
    config_try_close(&room->attempt);
    config_try_close(&room->next);
    free(room);
    return tear_down_pair(&pair);
}

static const char *with_tls(const struct room *room, const char *own)
{
    static char text[1200];

    (void)snprintf(text, sizeof text,
                   LISTENER "tls = mutual\ntls-cert = %s/%s.pem\ntls-key = %s/%s.key\n"
                            "tls-ca = %s/ca.pem\ntls-clients = a.example, b\n" ROUTE,
                   room->pair->folder.path, own, room->pair->folder.path, own,
                   room->pair->folder.path);
    return text;
}

static void count(void *context, const struct secure_door *door, enum tls_file file, int64_t left)
{
    (void)door;
    (void)file;
    *(int *)context += left > 0 ? 1 : 100;
}

static void a_listener_with_tls_has_streams_and_one_without_has_none(void **state)
{
    struct room *room = *state;
    int ending = 0;

    config_try_expect(&room->attempt, with_tls(room, "server"), "");
    assert_true(secure_adopt(&room->secure, room->attempt.config));
    struct stream *stream = secure_stream(&room->secure, CONFIG_LISTENER, "in", NULL);
    assert_non_null(stream);
    stream->kind->free(stream);
    assert_null(secure_stream(&room->secure, CONFIG_DESTINATION, "in", "x"));
    secure_ending(&room->secure, 86400, count, &ending);
    assert_int_equal(ending, 0);
    secure_ending(&room->secure, 301 * 86400, count, &ending);
    assert_int_equal(ending, 2);
}

static void the_context_stays_when_a_reload_changes_nothing_of_it(void **state)
{
    struct room *room = *state;

    config_try_load(&room->attempt, with_tls(room, "server"));
    assert_true(secure_adopt(&room->secure, room->attempt.config));
    const struct tls_context *before = room->secure.doors[0].live.context;
    config_try_load(&room->next, with_tls(room, "server"));
    assert_true(secure_adopt(&room->secure, room->next.config));
    assert_ptr_equal(room->secure.doors[0].live.context, before);
    config_try_load(&room->attempt, LISTENER ROUTE);
    assert_true(secure_adopt(&room->secure, room->attempt.config));
    assert_int_equal(room->secure.count, 0);
}

/* What is said of a listener with these lines, after its address; line 3 is the first of them. */
static void check(struct room *room, const char *lines, const char *says)
{
    char text[1500];

    (void)snprintf(text, sizeof text, LISTENER "%s" ROUTE, lines);
    config_try_load(&room->attempt, text);
    if (strstr(room->attempt.findings, says) == NULL) {
        fail_msg("'%s' is not in '%s'", says, room->attempt.findings);
    }
}

static void what_is_wrong_with_tls_is_said_where_it_stands(void **state)
{
    struct room *room = *state;
    char lines[600];

    check(room, "tls = yes\n", "3:7: ");
    check(room, "tls = on\n", "1:1: with tls = on here, 'tls-cert' has to be given");
    check(room, "tls = on\ntls-cert = nothing.pem\n", "4:1: ");
    check(room, "tls = on\ntls-cert = nothing.pem\n", "nothing.pem: No such file or directory");
    check(room, "tls-cert = nothing.pem\n", "warning: this has no effect with tls = off");
    check(room, "tls-min = 1.1\n", "3:11: ");
    (void)snprintf(lines, sizeof lines,
                   "tls = on\ntls-cert = %s/server.pem\ntls-key = %s/client.key\n",
                   room->pair->folder.path, room->pair->folder.path);
    check(room, lines, "5:1: ");
    check(room, lines, "this is not the key of the certificate");
}

static void a_certificate_that_ends_is_a_warning(void **state)
{
    struct room *room = *state;
    const struct tls_wish soon = {.use = TLS_USE_SERVER, .ends = days_from_now(5) + 60};
    struct tls_identity *made = pair_make(room->pair, "soon", &soon, false);

    tls_identity_free(&made);
    config_try_load(&room->attempt, with_tls(room, "soon"));
    assert_int_equal(room->attempt.answer, CONFIG_LOADED);
    assert_non_null(strstr(room->attempt.findings,
                           "4:1: warning: a certificate in this file expires in 5 days"));
}

int main(void)
{
#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROOM_TEST(a_listener_with_tls_has_streams_and_one_without_has_none),
        ROOM_TEST(the_context_stays_when_a_reload_changes_nothing_of_it),
        ROOM_TEST(what_is_wrong_with_tls_is_said_where_it_stands),
        ROOM_TEST(a_certificate_that_ends_is_a_warning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
