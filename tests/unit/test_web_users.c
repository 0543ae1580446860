/* SPDX-License-Identifier: Apache-2.0
 *
 * The file of users: what is read, what is refused, how it is changed; passwords. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../web/users.h"

#define HASH "$y$j9T$salt$hash"

static char path[] = "/tmp/orderly-users-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/orderly-users-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(path);
}

static void put(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static const char *get(void)
{
    static char text[4096];
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

static void lines_are_users(void **state)
{
    struct users users;
    char reason[USERS_REASON_MAX];

    (void)state;
    put("# ours\n\nanna:operate:" HASH "\nbob@x:view-flow:" HASH "\n");
    assert_true(users_read(&users, path, reason));
    assert_int_equal(users.count, 2);
    assert_int_equal(users_find(&users, "anna")->role, ROLE_OPERATE);
    assert_string_equal(users_find(&users, "bob@x")->hash, HASH);
    assert_null(users_find(&users, "bob"));
    users_release(&users);
}

static void what_is_no_user_is_told_with_its_line(void **state)
{
    static const char *const lines[] = {"anna",
                                        "anna:operate",
                                        "anna:root:" HASH,
                                        "anna:none:" HASH,
                                        "An:operate:" HASH,
                                        ":operate:" HASH,
                                        "anna:operate:",
                                        "anna:operate:plain",
                                        "anna:operate:" HASH ":x"};
    struct users users;
    char reason[USERS_REASON_MAX];
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        (void)snprintf(text, sizeof text, "bob:admin:" HASH "\n%s\n", lines[i]);
        put(text);
        assert_false(users_read(&users, path, reason));
        assert_non_null(strstr(reason, ":2: "));
        assert_int_equal(users.count, 0);
    }
}

static void a_name_stands_there_once(void **state)
{
    struct users users;
    char reason[USERS_REASON_MAX];

    (void)state;
    put("anna:admin:" HASH "\nanna:operate:" HASH "\n");
    assert_false(users_read(&users, path, reason));
    assert_false(users_read(&users, "/nowhere/users", reason));
}

static void changes_leave_the_rest_alone(void **state)
{
    struct user user = {.name = "carl", .role = ROLE_ADMIN, .hash = HASH};
    char reason[USERS_REASON_MAX];

    (void)state;
    put("# ours\nanna:operate:" HASH "\nannabel:operate:" HASH "\n");
    assert_true(users_change(path, USERS_ADD, &user, reason));
    assert_string_equal(get(), "# ours\nanna:operate:" HASH "\nannabel:operate:" HASH
                               "\ncarl:admin:" HASH "\n");
    (void)snprintf(user.name, sizeof user.name, "anna");
    assert_true(users_change(path, USERS_REMOVE, &user, reason));
    assert_string_equal(get(), "# ours\nannabel:operate:" HASH "\ncarl:admin:" HASH "\n");
    (void)snprintf(user.name, sizeof user.name, "carl");
    user.role = ROLE_VIEW_FLOW;
    (void)snprintf(user.hash, sizeof user.hash, "$y$other");
    assert_true(users_change(path, USERS_ROLE, &user, reason));
    assert_non_null(strstr(get(), "carl:view-flow:" HASH "\n"));
    assert_true(users_change(path, USERS_PASSWORD, &user, reason));
    assert_non_null(strstr(get(), "carl:view-flow:$y$other\n"));
}

static void what_cannot_be_changed_changes_nothing(void **state)
{
    const struct user anna = {.name = "anna", .role = ROLE_ADMIN, .hash = HASH};
    const struct user bob = {.name = "bob", .role = ROLE_ADMIN, .hash = HASH};
    const struct user odd = {.name = "o:dd", .role = ROLE_ADMIN, .hash = HASH};
    char reason[USERS_REASON_MAX];

    (void)state;
    put("anna:operate:" HASH "\n");
    assert_false(users_change(path, USERS_ADD, &anna, reason));
    assert_false(users_change(path, USERS_REMOVE, &bob, reason));
    assert_false(users_change(path, USERS_PASSWORD, &bob, reason));
    assert_false(users_change(path, USERS_ADD, &odd, reason));
    assert_string_equal(get(), "anna:operate:" HASH "\n");
    put("damaged\n");
    assert_false(users_change(path, USERS_ADD, &bob, reason));
    assert_string_equal(get(), "damaged\n");
}

static void the_file_is_for_its_owner_alone(void **state)
{
    const struct user anna = {.name = "anna", .role = ROLE_ADMIN, .hash = HASH};
    char reason[USERS_REASON_MAX];
    struct stat found;

    (void)state;
    assert_int_equal(chmod(path, 0666), 0);
    assert_true(users_change(path, USERS_ADD, &anna, reason));
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0640);
}

static void passwords_are_yescrypt_with_their_own_salt(void **state)
{
    char a[USER_HASH_MAX + 1];
    char b[USER_HASH_MAX + 1];

    (void)state;
    assert_true(user_hash("correct horse", a));
    assert_true(user_hash("correct horse", b));
    assert_string_not_equal(a, b);
    assert_int_equal(strncmp(a, "$y$", 3), 0);
    assert_true(user_check(a, "correct horse"));
    assert_false(user_check(a, "correct horse "));
    assert_false(user_check(a, ""));
    assert_false(user_check("*", "correct horse"));
    assert_false(user_check("$y$nonsense", "correct horse"));
}

static void roles_are_in_their_order(void **state)
{
    (void)state;
    for (enum role role = ROLE_VIEW_FLOW; role <= ROLE_ADMIN; role++) {
        assert_int_equal(role_find(role_name(role)), role);
    }
    assert_int_equal(role_find("none"), ROLE_NONE);
    assert_int_equal(role_find(""), ROLE_NONE);
    assert_true(ROLE_VIEW_FLOW < ROLE_VIEW_MESSAGES);
    assert_true(ROLE_VIEW_MESSAGES < ROLE_OPERATE);
    assert_true(ROLE_OPERATE < ROLE_ADMIN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(lines_are_users),
        TEST(what_is_no_user_is_told_with_its_line),
        TEST(a_name_stands_there_once),
        TEST(changes_leave_the_rest_alone),
        TEST(what_cannot_be_changed_changes_nothing),
        TEST(the_file_is_for_its_owner_alone),
        TEST(passwords_are_yescrypt_with_their_own_salt),
        TEST(roles_are_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
