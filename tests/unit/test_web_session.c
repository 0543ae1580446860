/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions: how they begin, are found, and end. */
#include "support.h"

#include <stdio.h>

#include "../web/session.h"

#define SECOND 1000000

static struct sessions sessions;

static int set_up(void **state)
{
    (void)state;
    sessions_init(&sessions, 10 * SECOND, 100 * SECOND);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sessions_release(&sessions);
    return 0;
}

static struct session begin(const char *name, enum role role, int64_t now)
{
    struct user user = {.role = role};
    struct session session;

    (void)snprintf(user.name, sizeof user.name, "%s", name);
    assert_true(sessions_begin(&sessions, &user, now, &session));
    return session;
}

static bool is_there(const struct session *session, int64_t now)
{
    struct session found;

    return sessions_find(&sessions, hl7_slice_of(session->id), now, &found);
}

static void a_session_is_found_by_its_id(void **state)
{
    const struct session made = begin("anna", ROLE_OPERATE, 1);
    struct session found;

    (void)state;
    assert_true(sessions_find(&sessions, hl7_slice_of(made.id), 2, &found));
    assert_string_equal(found.user, "anna");
    assert_int_equal(found.role, ROLE_OPERATE);
    assert_string_equal(found.token, made.token);
}

static void ids_and_tokens_are_never_alike(void **state)
{
    const struct session a = begin("anna", ROLE_ADMIN, 1);
    const struct session b = begin("anna", ROLE_ADMIN, 1);

    (void)state;
    assert_int_equal(strlen(a.id), SECRET_DIGITS);
    assert_string_not_equal(a.id, b.id);
    assert_string_not_equal(a.id, a.token);
    assert_string_not_equal(a.token, b.token);
}

static void what_is_no_id_finds_nothing(void **state)
{
    static const char zeros[] = "00000000000000000000000000000000000000000000000000000000000000000";
    const hl7_slice cases[] = {{"", 0}, {zeros, 1}, {zeros, 64}, {zeros, 65}};
    struct session found;

    (void)state;
    (void)begin("anna", ROLE_ADMIN, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_false(sessions_find(&sessions, cases[i], 2, &found));
    }
    assert_false(sessions_find(&sessions, (hl7_slice){NULL, 0}, 2, &found));
}

static void an_idle_session_ends(void **state)
{
    const struct session made = begin("anna", ROLE_ADMIN, 0);

    (void)state;
    assert_true(is_there(&made, 9 * SECOND));
    assert_true(is_there(&made, 18 * SECOND));
    assert_false(is_there(&made, 28 * SECOND));
}

static void a_session_in_use_ends_as_well(void **state)
{
    const struct session made = begin("anna", ROLE_ADMIN, 0);

    (void)state;
    for (int64_t at = 0; at < 100; at += 5) {
        assert_true(is_there(&made, at * SECOND));
    }
    assert_false(is_there(&made, 100 * SECOND));
}

static void a_user_has_so_many_sessions_and_loses_the_idlest(void **state)
{
    const struct session first = begin("anna", ROLE_ADMIN, 1);
    const struct session second = begin("anna", ROLE_ADMIN, 2);
    const struct session other = begin("bob", ROLE_ADMIN, 1);

    (void)state;
    assert_true(is_there(&first, 3));
    for (int64_t i = 0; i < SESSIONS_PER_USER - 1; i++) {
        (void)begin("anna", ROLE_ADMIN, 4 + i);
    }
    assert_true(is_there(&first, 20));
    assert_false(is_there(&second, 20));
    assert_true(is_there(&other, 20));
}

static void there_are_so_many_sessions_and_the_idlest_ends(void **state)
{
    const struct session first = begin("anna", ROLE_ADMIN, 1);
    char name[20];

    (void)state;
    for (int i = 0; i < SESSIONS_MAX; i++) {
        (void)snprintf(name, sizeof name, "user%d", i);
        (void)begin(name, ROLE_VIEW_FLOW, 2);
    }
    assert_false(is_there(&first, 3));
}

static void who_is_no_user_any_more_has_no_session(void **state)
{
    struct user user = {.name = "anna", .role = ROLE_ADMIN};
    const struct users users = {.items = &user, .count = 1};
    const struct session anna = begin("anna", ROLE_ADMIN, 1);
    const struct session bob = begin("bob", ROLE_ADMIN, 1);

    (void)state;
    sessions_keep(&sessions, &users);
    assert_true(is_there(&anna, 2));
    assert_false(is_there(&bob, 2));
    user.role = ROLE_VIEW_FLOW;
    sessions_keep(&sessions, &users);
    assert_false(is_there(&anna, 2));
}

static void secrets_are_compared_whole(void **state)
{
    (void)state;
    assert_true(secret_same(HL7_TEXT("abc"), HL7_TEXT("abc")));
    assert_false(secret_same(HL7_TEXT("abc"), HL7_TEXT("abd")));
    assert_false(secret_same(HL7_TEXT("abc"), HL7_TEXT("ab")));
    assert_false(secret_same((hl7_slice){NULL, 0}, HL7_TEXT("a")));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_session_is_found_by_its_id),
        TEST(ids_and_tokens_are_never_alike),
        TEST(what_is_no_id_finds_nothing),
        TEST(an_idle_session_ends),
        TEST(a_session_in_use_ends_as_well),
        TEST(a_user_has_so_many_sessions_and_loses_the_idlest),
        TEST(there_are_so_many_sessions_and_the_idlest_ends),
        TEST(who_is_no_user_any_more_has_no_session),
        TEST(secrets_are_compared_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
